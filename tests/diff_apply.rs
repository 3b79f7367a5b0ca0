//! The diff is taken by the two programs that people have: `git apply` and GNU `patch -p1`.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use harden::report::{Paint, diff::unified};
use proptest::prelude::*;

const PROGRAMS: [(&str, &[&str]); 2] = [("git", &["apply", "-"]), ("patch", &["-p1", "-s"])];

/// Applies `patch` in `folder` with one of the programs; the error is what it said.
fn apply(program: (&str, &[&str]), folder: &Path, patch: &[u8]) -> Result<(), String> {
    let output = feed(Command::new(program.0).args(program.1).current_dir(folder), patch);
    let said = [output.stdout, output.stderr].concat();
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("{}: {}", program.0, String::from_utf8_lossy(&said)))
    }
}

fn feed(command: &mut Command, input: &[u8]) -> Output {
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

/// `old` becomes `new` under both programs, in a folder with nothing else.
fn check(name: &str, old: &str, new: &str) -> Result<(), String> {
    let patch = unified(Path::new(name), old, new, Paint::OFF);
    for program in PROGRAMS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, old).unwrap();
        apply(program, folder.path(), &patch)?;
        let got = fs::read(&path).unwrap();
        if got != new.as_bytes() {
            let got = String::from_utf8_lossy(&got).into_owned();
            return Err(format!("{}: {name:?} became {got:?}", program.0));
        }
    }
    Ok(())
}

#[test]
fn every_name_is_found_by_both_programs() {
    let names = [
        "plain.yaml",
        "with space.yaml",
        "two  spaces and.more/in side.yaml",
        "naïve.yaml",
        "日本/漢字 と.yaml",
        "q\"uote.yaml",
        "back\\slash.yaml",
        "tab\there.yaml",
        "new\nline.yaml",
        "control\u{1}.yaml",
        " leading.yaml",
        "trailing ",
        "a/b/c.yaml",
        "b/x.yaml",
        "-dash.yaml",
        "dev/null.yaml",
        "$HOME.yaml",
        "2026-01-01 00:00:00.yaml",
        "x.yaml\t",
        "it's.yaml",
    ];
    let try_name = |name: &&str| check(name, "a: 1\nb: 2\n", "a: 1\nx: 3\nb: 2\n").err();
    let failures: Vec<String> = names.iter().filter_map(try_name).collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn every_line_ending_and_shape_survives() {
    let long: String = (0..200).map(|n| format!("key{n}: value\n")).collect();
    let longer = long.replace("key7:", "new: 1\nkey7:").replace("key150: value\n", "");
    let cases = [
        ("crlf", "a\r\nb\r\nc\r\n", "a\r\nx\r\nb\r\nc\r\n"),
        ("mixed endings", "a\r\nb\nc\r\n", "a\r\nx\nb\nc\r\n"),
        ("no final newline, kept", "a\nb", "x\na\nb"),
        ("no final newline, last line changed", "a\nb", "a\nc"),
        ("final newline added", "a\nb", "a\nb\n"),
        ("final newline lost", "a\nb\n", "a\nb"),
        ("crlf without final newline", "a\r\nb", "a\r\nb\r\nc"),
        (
            "lines like headers",
            "-- a/x\n++ b/x\n@@ -1 +1 @@\n",
            "++ b/x\n@@ -1 +1 @@\n-- a/y\n",
        ),
        (
            "document marks",
            "---\na: 1\n---\nb: 1\n",
            "---\na: 1\nc: 2\n---\nb: 1\nd: 2\n",
        ),
        ("blank lines", "\n\n\na\n\n\n", "\n\nx\n\na\n\n"),
        ("byte order mark", "\u{feff}a: 1\n", "\u{feff}b: 2\na: 1\n"),
        ("two hunks", &long, &longer),
        ("one line", "a", "b"),
    ];
    let mut failures = Vec::new();
    for (case, old, new) in cases {
        failures.extend(check("f.yaml", old, new).err().map(|error| format!("{case}: {error}")));
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn equal_texts_make_no_diff() {
    assert!(unified(Path::new("x.yaml"), "a\nb", "a\nb", Paint::OFF).is_empty());
}

#[test]
fn ten_times_the_edits_take_little_more_than_ten_times_as_long() {
    let compared = |edits: usize| {
        let old = "- name: c\n  image: x\n".repeat(edits);
        let new = old.replace("  image: x\n", "  image: x\n  securityContext: {}\n");
        let started = std::time::Instant::now();
        let patch = unified(Path::new("x.yaml"), &old, &new, Paint::OFF);
        let took = started.elapsed();
        let inserted = patch.split(|&b| b == b'\n').filter(|line| line.starts_with(b"+ "));
        assert_eq!(inserted.count(), edits);
        took
    };
    let (tenth, whole) = (compared(20_000), compared(200_000));
    // Were it quadratic, it would be a hundred times; other work on the machine may slow one of the two.
    assert!(whole < tenth * 50, "{tenth:?}, {whole:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn random_texts_survive(old in text(), new in text()) {
        prop_assume!(old != new);
        if let Err(error) = check("dir x/f.yaml", &old, &new) {
            prop_assert!(false, "{error}\nold {old:?}\nnew {new:?}");
        }
    }
}

/// A text of at least one byte, with repeated lines, both line endings, and sometimes no newline at its end.
fn text() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "[ab]{0,2}\n",
        "[ab]{0,2}\r\n",
        Just("- x: é\n".to_string()),
        Just("--- a\n".to_string()),
        Just("\\ No newline\n".to_string())
    ];
    (proptest::collection::vec(line, 1..30), any::<bool>()).prop_map(|(lines, cut)| {
        let text = lines.concat();
        let shorter = text.strip_suffix('\n');
        let shorter = shorter.filter(|rest| cut && !rest.is_empty() && !rest.ends_with('\r'));
        shorter.unwrap_or(&text).to_string()
    })
}

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: a
spec:
  containers:
  - name: c
    image: example.com/app:1
";

/// A folder with two folders of manifests side by side, and those manifests.
fn two_folders() -> (tempfile::TempDir, [PathBuf; 3]) {
    let top = tempfile::tempdir().unwrap();
    let names = ["shop/k8s/a.yaml", "shop/b b.yaml", "other/deep/ü.yaml"];
    let files = names.map(|name| top.path().join(name));
    for file in &files {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, POD).unwrap();
    }
    (top, files)
}

fn harden(top: &Path, cwd: &str, flags: &[&str], paths: &[&str]) -> Output {
    let top_text = top.to_str().unwrap();
    let paths = paths.iter().map(|path| path.replace("TOP", top_text));
    let mut command = Command::new(env!("CARGO_BIN_EXE_harden"));
    command
        .args(flags)
        .args(paths)
        .current_dir(top.join(cwd))
        .output()
        .unwrap()
}

/// However a path is spelled, its diff applies in the working directory, or in the folder that was named where that
/// is outside. The judge is the other way to harden: `--write`.
#[test]
fn arguments_of_every_spelling_give_a_diff_that_applies() {
    let spellings: [(&str, &[&str], &str); 9] = [
        ("shop", &[], "shop"),
        ("shop", &["."], "shop"),
        ("shop", &["./k8s/../k8s", "b b.yaml"], "shop"),
        ("shop/k8s", &["a.yaml"], "shop/k8s"),
        ("shop", &["TOP/shop"], "shop"),
        (".", &["shop", "TOP/other/deep/ü.yaml"], "."),
        ("shop", &["../other"], "other"),
        ("shop", &["../other/deep/ü.yaml"], "other/deep"),
        ("shop/k8s", &[".."], "shop"),
    ];
    for (cwd, paths, apply_in) in spellings {
        for program in PROGRAMS {
            let (diffed, files) = two_folders();
            let (written, expected) = two_folders();
            let patch = harden(diffed.path(), cwd, &[], paths);
            let write = harden(written.path(), cwd, &["--write"], paths);
            assert_eq!(write.status.code(), Some(0), "{cwd} {paths:?}");
            if let Err(error) = apply(program, &diffed.path().join(apply_in), &patch.stdout) {
                panic!("{cwd} {paths:?}: {error}{}", String::from_utf8_lossy(&patch.stdout));
            }
            let mut changed = 0;
            for (file, expected) in files.iter().zip(&expected) {
                let got = fs::read_to_string(file).unwrap();
                assert_eq!(got, fs::read_to_string(expected).unwrap(), "{cwd} {paths:?} {file:?}");
                changed += usize::from(got.contains("securityContext"));
            }
            assert!(changed > 0, "{cwd} {paths:?} changed nothing");
        }
    }
}

#[test]
fn a_diff_of_a_folder_elsewhere_says_where_to_apply_it() {
    let (top, _) = two_folders();
    let inside = harden(top.path(), "shop", &[], &["k8s"]);
    assert!(!String::from_utf8_lossy(&inside.stderr).contains("patch -p1 -d"));
    let outside = harden(top.path(), "shop", &[], &["../other"]);
    let said = String::from_utf8_lossy(&outside.stderr).into_owned();
    let command = said.split('`').find(|part| part.starts_with("patch -p1 -d")).unwrap();
    let mut words: Vec<&str> = command.split(' ').collect();
    words.push("-s");
    let program = (words.remove(0), &words[..]);
    apply(program, &top.path().join("shop"), &outside.stdout).unwrap();
    let got = fs::read_to_string(top.path().join("other/deep/ü.yaml")).unwrap();
    assert!(got.contains("securityContext"));
}
