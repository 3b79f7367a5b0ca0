//! Input that cannot be worked with, through the real program: one clear line each, the right exit code, the good file
//! beside it done all the same, nothing lost, nothing left behind.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const GOOD: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: app
    image: example.com/app:1
";
/// Far above what any of these takes, far below a hang.
const PATIENCE: Duration = Duration::from_secs(300);

/// A repository of its own, in which `home` is the working directory.
struct Scene {
    guard: TempDir,
}

impl Scene {
    fn new() -> Scene {
        let guard = tempfile::tempdir().unwrap();
        fs::set_permissions(guard.path(), Permissions::from_mode(0o755)).unwrap();
        Scene { guard }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.guard.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> &Scene {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
        self
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.run_behind(&[], arguments).unwrap()
    }

    /// With the words of a wrapper before the program, which is copied to where everybody can reach it.
    fn run_behind(&self, wrapper: &[&str], arguments: &[&str]) -> Option<Output> {
        let place = tempfile::tempdir().unwrap();
        fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
        let mut program = PathBuf::from(env!("CARGO_BIN_EXE_harden"));
        if !wrapper.is_empty() {
            let copy = place.path().join("harden");
            // By another process: a program cannot be started while it is open for writing, and a test that starts one just
            // now hands on whatever is open here.
            let copied = Command::new("cp").arg(&program).arg(&copy).status().unwrap();
            assert!(copied.success());
            program = copy;
        }
        let words: Vec<&str> = wrapper.iter().copied().chain([program.to_str().unwrap()]).collect();
        let started = Instant::now();
        let output = Command::new(words[0])
            .args(&words[1..])
            .args(arguments)
            .current_dir(self.guard.path())
            .output();
        assert!(
            started.elapsed() < PATIENCE,
            "{arguments:?} took {:?}",
            started.elapsed()
        );
        match output {
            Ok(output) => Some(output),
            Err(error) => {
                println!("skipped: 1 ({} cannot be run: {error})", words[0]);
                None
            }
        }
    }

    /// Every name below the working directory, with its bytes where it is a file.
    fn contents(&self) -> Vec<(PathBuf, Option<Vec<u8>>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.guard.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let metadata = path.symlink_metadata().unwrap();
                if metadata.is_dir() {
                    folders.push(path.clone());
                }
                let bytes = metadata.is_file().then(|| fs::read(&path).unwrap());
                found.push((path, bytes));
            }
        }
        found.sort();
        found
    }
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let code = output.status.code().map_or("a signal".into(), |code| code.to_string());
    format!("{}{}exit {code}\n", text(&output.stdout), text(&output.stderr))
}

/// Runs `harden --write .`, where a good file lies beside the bad one: the good one is written, all else stays.
fn beside_a_good_file(scene: &Scene) -> String {
    scene.write("good.yaml", GOOD);
    let before = scene.contents();
    let output = scene.run(&["--write", "."]);
    let changed: Vec<PathBuf> = before
        .iter()
        .zip(scene.contents())
        .filter(|(old, new)| **old != *new)
        .map(|(_, (path, _))| path.clone())
        .collect();
    assert_eq!(
        scene.contents().len(),
        before.len(),
        "something was left behind or lost"
    );
    assert_eq!(changed, [scene.path("good.yaml")]);
    said(&output)
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

#[test]
fn broken_texts() {
    let bomb: String = (0..12)
        .map(|i| {
            if i == 0 {
                "a0: &a0 [x, x]\n".into()
            } else {
                format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(", "))
            }
        })
        .collect();
    let deep_block: String = (0..10_000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    let brackets = format!("kind: Pod\ncontainers: {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    let garbage: Vec<u8> = (0..=255_u8).cycle().take(4096).collect();
    let looks_like_one: Vec<u8> = [GOOD.as_bytes(), &garbage].concat();
    let cases: [(&str, Vec<u8>); 12] = [
        ("unclosed bracket", GOOD.replace("- name: app", "- name: [app").into()),
        ("wrong indentation", GOOD.replace("    image", "   image").into()),
        ("tabs", GOOD.replace("    image", "\timage").into()),
        ("not a manifest, and broken", "a: [\n".into()),
        ("broken, of no known kind", "kind: Thing\ncontainers: [\n".into()),
        ("garbage", garbage),
        ("garbage behind a manifest", looks_like_one),
        (
            "UTF-16",
            GOOD.encode_utf16()
                .flat_map(u16::to_le_bytes)
                .fold(vec![0xFF, 0xFE], |mut all, b| {
                    all.push(b);
                    all
                }),
        ),
        (
            "deep block nesting",
            format!("{GOOD}---\nkind: Pod\ncontainers:\n{deep_block}").into(),
        ),
        ("deep brackets", brackets.into()),
        ("alias bomb", format!("{bomb}{GOOD}").into()),
        ("recursive alias", GOOD.replace("spec:\n", "spec: &s\n  x: *s\n").into()),
    ];
    let mut shown = String::new();
    for (what, text) in cases {
        let scene = Scene::new();
        scene.write("bad.yaml", text);
        shown += &format!("# {what}\n{}", beside_a_good_file(&scene));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn huge_files() {
    let mut shown = String::new();
    // 50 MB: a pod of 2 MB, and a great deal of text beside it.
    let scene = Scene::new();
    let line = "    some text, and more of it\n";
    let note = format!(
        "metadata:\n  annotations:\n    note: |\n{}",
        format!("  {line}").repeat(2_000_000 / line.len())
    );
    let text = format!(
        "{}---\nkind: ConfigMap\ndata:\n  a: |\n{}",
        GOOD.replace("metadata:\n", &note),
        line.repeat(48_000_000 / line.len())
    );
    scene.write("big.yaml", &text);
    let output = scene.run(&["--write", "big.yaml"]);
    shown += &format!("# 50 MB\n{}", said(&output));
    let new = fs::read_to_string(scene.path("big.yaml")).unwrap();
    assert!(new.len() > text.len() && new.contains("runAsNonRoot: true"));
    // More than that is not even read.
    let scene = Scene::new();
    fs::File::create(scene.path("huge.yaml"))
        .unwrap()
        .set_len(65 << 20)
        .unwrap();
    shown += &format!("# 65 MiB\n{}", beside_a_good_file(&scene));
    insta::assert_snapshot!(shown);
}

#[test]
fn a_pod_of_more_values_than_anybody_writes_is_judged_and_left_alone() {
    let scene = Scene::new();
    let text = format!("{GOOD}    args:\n{}", "    - word\n".repeat(20_001));
    scene.write("many.yaml", &text);
    let output = scene.run(&["--check", "-v", "."]);
    insta::assert_snapshot!(said(&output));
    assert_eq!(scene.contents()[0].1.as_deref(), Some(text.as_bytes()));
}

#[test]
fn half_a_million_comments_that_ask_for_something_are_answered_in_time() {
    let scene = Scene::new();
    let text = GOOD.replace(
        "  containers:",
        &format!("{}  containers:", "  # harden: ignore\n".repeat(500_000)),
    );
    scene.write("many.yaml", &text);
    let output = scene.run(&["--check", "."]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "many.yaml\n");
}

#[test]
fn a_document_of_more_values_than_are_compared_is_said_to_be_that() {
    let scene = Scene::new();
    let words = "x, ".repeat(18_000);
    let container = format!("{{name: web, image: nginx, args: [{words}]}}");
    let pod =
        format!("- {{apiVersion: v1, kind: Pod, metadata: {{name: web}}, spec: {{containers: [{container}]}}}}\n");
    scene.write("many.yaml", format!("kind: List\nitems:\n{}", pod.repeat(56)));
    let output = scene.run(&["--write", "."]);
    let said = said(&output);
    let wanted =
        "its document holds more than 1000000 values, aliases followed, which are not compared; split the document";
    assert!(said.contains(wanted), "{}", &said[..said.len().min(2000)]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn paths_that_are_no_manifests() {
    let mut shown = String::new();
    let mut add = |what: &str, output: &Output| shown += &format!("# {what}\n{}", said(output));
    let scene = Scene::new();
    scene.write("good.yaml", GOOD).write("empty/notes.txt", "no manifest");
    symlink("nowhere.yaml", scene.path("broken-link.yaml")).unwrap();
    symlink("good.yaml", scene.path("link.yaml")).unwrap();
    scene.write("twin.yaml", GOOD);
    fs::hard_link(scene.path("twin.yaml"), scene.path("twin2.yaml")).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(scene.path("pipe.yaml"))
            .status()
            .unwrap()
            .success()
    );
    let before = scene.contents();
    for (what, arguments) in [
        (
            "a missing path, named beside a good one",
            &["--write", "good.yaml", "missing.yaml"][..],
        ),
        ("a folder without manifests", &["--write", "empty"]),
        ("a file of another kind", &["--write", "empty/notes.txt"]),
        ("a broken link", &["--write", "broken-link.yaml"]),
        ("a link", &["--write", "link.yaml"]),
        ("two names of one file", &["--write", "twin.yaml"]),
        ("a pipe", &["--write", "pipe.yaml"]),
        ("a file as a folder", &["--write", "good.yaml/x.yaml"]),
        ("an empty path", &["--write", ""]),
    ] {
        add(what, &scene.run(arguments));
        assert!(scene.contents() == before, "{what}");
    }
    insta::assert_snapshot!(shown.replace(scene.guard.path().canonicalize().unwrap().to_str().unwrap(), "HERE"));
}

/// What `--write` refuses by the nature of a file, the other modes do not promise.
#[test]
fn every_mode_says_the_same_of_a_file_that_is_never_written() {
    let scene = Scene::new();
    scene.write("good.yaml", GOOD).write("twin.yaml", GOOD);
    symlink("good.yaml", scene.path("link.yaml")).unwrap();
    fs::hard_link(scene.path("twin.yaml"), scene.path("twin2.yaml")).unwrap();
    for name in ["twin.yaml", "link.yaml"] {
        let modes = [&["--write"][..], &["--check"], &[]];
        let said: Vec<String> = modes
            .iter()
            .map(|mode| said(&scene.run(&[mode, &[name][..]].concat())))
            .collect();
        assert!(said[0].contains("exit 2"), "{}", said[0]);
        assert!(said.iter().all(|other| *other == said[0]), "{said:#?}");
        let reports = ["--write", "--check"].map(|mode| scene.run(&[mode, "--output-format", "json", name]).stdout);
        assert_eq!(reports[0], reports[1], "{name}");
    }
    // Who may write is not asked: a check works on a read-only copy.
    let locked = Permissions::from_mode(0o444);
    fs::set_permissions(scene.path("good.yaml"), locked).unwrap();
    assert_eq!(scene.run(&["--check", "good.yaml"]).status.code(), Some(1));
}

#[test]
fn broken_configs() {
    let mut shown = String::new();
    for (what, config) in [
        ("not YAML", "images: [\n"),
        ("an unknown key", "levl: baseline\n"),
        ("a wrong value", "level: strict\n"),
        ("of another type", "images: nginx\n"),
        ("binary", "\0\u{1}"),
    ] {
        let scene = Scene::new();
        scene.write("good.yaml", GOOD).write("harden.yaml", config);
        let before = scene.contents();
        shown += &format!("# {what}\n{}", said(&scene.run(&["--write", "."])));
        assert!(scene.contents() == before, "{what}");
    }
    insta::assert_snapshot!(shown);
}

const AS_NOBODY: [&str; 5] = [
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    "--inh-caps=-all",
];

#[test]
fn missing_permissions() {
    let scene = Scene::new();
    scene
        .write("secret.yaml", GOOD)
        .write("read-only.yaml", GOOD)
        .write("folder/a.yaml", GOOD)
        .write("shut/a.yaml", GOOD);
    let mode = |name: &str, bits: u32| fs::set_permissions(scene.path(name), Permissions::from_mode(bits)).unwrap();
    mode("read-only.yaml", 0o444);
    mode("folder/a.yaml", 0o666);
    let before = scene.contents();
    mode("secret.yaml", 0);
    mode("folder", 0o555);
    mode("shut", 0);
    let output = if is_root() {
        scene.run_behind(&AS_NOBODY, &["--write", "."])
    } else {
        Some(scene.run(&["--write", "."]))
    };
    let Some(output) = output else { return };
    mode("secret.yaml", 0o644);
    mode("folder", 0o755);
    mode("shut", 0o755);
    assert!(scene.contents() == before, "{}", said(&output));
    if !is_root() {
        // The owner may replace what another user may not; the messages below are the other user's.
        println!("skipped: 1 (only root can become another user)");
        return;
    }
    insta::assert_snapshot!(said(&output));
}

/// A limit on the size of files stands for the full disk: the same write fails, for any user.
#[test]
fn a_full_disk() {
    let scene = Scene::new();
    scene.write("a.yaml", format!("{GOOD}{}", "# padding\n".repeat(1000)));
    let before = scene.contents();
    let wrapper = ["sh", "-c", "trap '' XFSZ; ulimit -f 4; exec \"$@\"", "sh"];
    let Some(output) = scene.run_behind(&wrapper, &["--write", "."]) else {
        return;
    };
    assert!(scene.contents() == before, "{}", said(&output));
    insta::assert_snapshot!(said(&output));
}

/// Writing the report must not be what is silently lost.
#[test]
fn a_full_standard_output() {
    if !Path::new("/dev/full").exists() {
        println!("skipped: 1 (this system has no /dev/full)");
        return;
    }
    let scene = Scene::new();
    scene.write("a.yaml", GOOD);
    let output = Command::new(env!("CARGO_BIN_EXE_harden"))
        .arg("a.yaml")
        .current_dir(scene.guard.path())
        .stdout(fs::OpenOptions::new().write(true).open("/dev/full").unwrap())
        .output()
        .unwrap();
    insta::assert_snapshot!(said(&output));
}
