//! The command line as a user meets it: modes, streams, exit codes. Runs the real program; leaves the exact wording of
//! plans to others.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const NEEDS: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: needs
spec:
  containers:
  - name: c
    image: example.com/app:1
";
const BLOCKED: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: blocked
spec:
  hostNetwork: true
  containers:
  - name: c
    image: example.com/app:1
";
const COMPLIANT: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: compliant
spec:
  securityContext:
    runAsNonRoot: true
    runAsUser: 1000
    seccompProfile:
      type: RuntimeDefault
  containers:
  - name: c
    image: example.com/app:1
    securityContext:
      allowPrivilegeEscalation: false
      capabilities:
        drop: [ALL]
";
const BROKEN: &str = "apiVersion: v1\nkind: Pod\nspec:\n  containers: [\n";

fn harden(cwd: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_harden"))
        .args(arguments)
        .current_dir(cwd)
        .output()
        .unwrap()
}

fn harden_stdin(cwd: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_harden"));
    let piped = command.args(arguments).current_dir(cwd).stdin(Stdio::piped());
    let mut child = piped.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn read(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

#[test]
fn help_is_the_contract_with_people() {
    let here = tempfile::tempdir().unwrap();
    for (name, argument) in [("long", "--help"), ("short", "-h")] {
        let help = harden(here.path(), &[argument]);
        assert_eq!(help.status.code(), Some(0));
        insta::assert_snapshot!(format!("help_{name}"), text(&help.stdout));
    }
    insta::assert_snapshot!(
        "help_profile",
        text(&harden(here.path(), &["profile", "--help"]).stdout)
    );
}

/// Design: the table of modes. Columns: what is in the folder, and the exit code of diff, check, write.
#[test]
fn exit_codes_of_the_modes() {
    type Files<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Files<'_>, [i32; 3]); 6] = [
        (&[], [0, 0, 0]),
        (&[("ok.yaml", COMPLIANT)], [0, 0, 0]),
        (&[("a.yaml", NEEDS)], [1, 1, 0]),
        (&[("a.yaml", NEEDS), ("b.yaml", BLOCKED)], [1, 1, 1]),
        (&[("b.yaml", BLOCKED)], [1, 1, 1]),
        (&[("a.yaml", NEEDS), ("b.yaml", BLOCKED), ("c.yaml", BROKEN)], [2, 2, 2]),
    ];
    for (files, codes) in cases {
        for (flag, code) in [None, Some("--check"), Some("--write")].iter().zip(codes) {
            let here = folder(files);
            let flags: Vec<&str> = flag.iter().copied().collect();
            let zero = [&flags[..], &["--exit-zero"]].concat();
            let lenient = if code == 1 { 0 } else { code };
            let said = |output: &Output| text(&output.stderr);
            // With --write the second run finds less to do, never more.
            let first = harden(here.path(), &flags);
            assert_eq!(first.status.code(), Some(code), "{files:?} {flags:?} {}", said(&first));
            let second = harden(here.path(), &zero);
            assert_eq!(
                second.status.code(),
                Some(lenient),
                "{files:?} {zero:?} {}",
                said(&second)
            );
        }
    }
}

#[test]
fn only_write_touches_files_and_each_mode_has_its_output() {
    let files = [("a.yaml", NEEDS), ("b.yaml", BLOCKED), ("d/ok.yaml", COMPLIANT)];
    let here = folder(&files);
    let unchanged = || files.iter().all(|(name, text)| read(&here, name) == *text);

    let diff = harden(here.path(), &[]);
    assert!(text(&diff.stdout).starts_with("--- a/a.yaml\n+++ b/a.yaml\n@@ "));
    assert!(!text(&diff.stdout).contains("b.yaml") && unchanged());
    assert!(
        text(&diff.stderr).contains("blocked: b.yaml:6: Pod"),
        "{}",
        text(&diff.stderr)
    );

    let check = harden(here.path(), &["--check"]);
    let lines = text(&check.stdout);
    let paths: Vec<&str> = lines.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(paths, ["a.yaml", "b.yaml"]);
    assert!(lines.contains("blocked") && unchanged());

    let write = harden(here.path(), &["--write"]);
    assert_eq!(text(&write.stdout), "");
    assert!(read(&here, "a.yaml").contains("securityContext"));
    assert_eq!(
        (read(&here, "b.yaml"), read(&here, "d/ok.yaml")),
        (BLOCKED.to_string(), COMPLIANT.to_string())
    );

    let again = harden(here.path(), &["--write", "a.yaml"]);
    assert_eq!(again.status.code(), Some(0));
    assert!(text(&again.stderr).contains("nothing to do"));
}

#[test]
fn a_format_replaces_the_output_and_never_the_effect() {
    for (format, start) in [
        ("diff", "--- a/a.yaml"),
        ("text", "a.yaml: hardened"),
        ("json", "{\"version\":1,"),
    ] {
        let here = folder(&[("a.yaml", NEEDS)]);
        let arguments = ["--output-format", format];
        for mode in [&["--check"][..], &[]] {
            let output = harden(here.path(), &[mode, &arguments].concat());
            assert!(text(&output.stdout).starts_with(start), "{mode:?} {format}");
            assert_eq!((read(&here, "a.yaml").as_str(), output.status.code()), (NEEDS, Some(1)));
        }
        let output = harden(here.path(), &["--write", "--output-format", format]);
        assert!(text(&output.stdout).starts_with(start), "--write {format}");
        assert_eq!(output.status.code(), Some(0));
        assert!(read(&here, "a.yaml").contains("securityContext"));
    }
}

#[test]
fn standard_input_is_filtered() {
    let here = tempfile::tempdir().unwrap();
    let hardened = harden_stdin(here.path(), &["-"], NEEDS.as_bytes());
    assert_eq!(hardened.status.code(), Some(0));
    assert!(text(&hardened.stdout).contains("securityContext") && text(&hardened.stdout).starts_with("apiVersion"));

    for (input, code, output) in [
        (COMPLIANT, 0, COMPLIANT),
        (BLOCKED, 1, BLOCKED),
        (BROKEN, 2, ""),
        ("a: 1\r\nb: 2", 0, "a: 1\r\nb: 2"),
        ("", 0, ""),
    ] {
        let got = harden_stdin(here.path(), &["-"], input.as_bytes());
        assert_eq!(
            (got.status.code(), text(&got.stdout)),
            (Some(code), output.to_string()),
            "{input}"
        );
    }
    let diff = harden_stdin(
        here.path(),
        &["-", "--output-format", "diff", "--stdin-filename", "./k8s/x y.yaml"],
        NEEDS.as_bytes(),
    );
    assert!(
        text(&diff.stdout).starts_with("--- a/k8s/x y.yaml\t\n"),
        "{}",
        text(&diff.stdout)
    );
    let check = harden_stdin(
        here.path(),
        &["--check", "-", "--stdin-filename", "x.yaml"],
        NEEDS.as_bytes(),
    );
    assert_eq!(
        (check.status.code(), text(&check.stdout)),
        (Some(1), "x.yaml\n".to_string())
    );
}

#[test]
fn a_file_of_any_bytes_comes_out_of_standard_input_as_it_went_in_or_not_at_all() {
    let here = tempfile::tempdir().unwrap();
    for input in [&b"\xff\xfe\x00a"[..], b"a\0b", b"\xef\xbb\xbfa: 1\n"] {
        let got = harden_stdin(here.path(), &["-"], input);
        match got.status.code() {
            Some(0) => assert_eq!(got.stdout, input),
            Some(2) => assert!(got.stdout.is_empty()),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn wrong_usage_is_one_clear_message_and_exit_2_with_nothing_written() {
    let here = folder(&[("a.yaml", NEEDS), ("explain/a.yaml", NEEDS), ("config/a.yaml", NEEDS)]);
    let cases: [&[&str]; 22] = [
        &["-", "--write"],
        &["-", "a.yaml"],
        &["--write", "--check", "a.yaml"],
        &["--stdin-filename", "x.yaml", "a.yaml"],
        &["--write", "a.yaml", "missing.yaml"],
        &["missing.yaml"],
        &["explian"],
        &["explain"],
        &["config"],
        &["render"],
        &["post-render"],
        &["fn"],
        &["--level", "strict"],
        &["--policy-version", "1.29"],
        &["--accept", "everything"],
        &["--output-format", "xml"],
        &["--config", "x.yaml", "--no-config"],
        &["--write", "--config", "missing.yaml", "a.yaml"],
        &["--wirte"],
        &["-q", "-v"],
        &["--write", "a.yaml", "--output-file", "no/such/folder/x"],
        &["--output-file", "a.yaml", "."],
    ];
    let mut all = String::new();
    for arguments in cases {
        let output = harden(here.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        all.push_str(&format!("$ harden {}\n{}\n", arguments.join(" "), text(&output.stderr)));
    }
    assert_eq!(read(&here, "a.yaml"), NEEDS);
    let place = here.path().canonicalize().unwrap();
    insta::assert_snapshot!(all.replace(place.to_str().unwrap(), "HERE"));
}

#[test]
fn the_word_after_dot_slash_is_always_a_path() {
    let here = folder(&[("explain/a.yaml", COMPLIANT), ("render/a.yaml", COMPLIANT)]);
    for path in ["./explain", "./render", "render/a.yaml"] {
        assert_eq!(harden(here.path(), &[path]).status.code(), Some(0), "{path}");
    }
}

#[test]
fn a_broken_config_stops_the_run_before_anything_is_written() {
    let here = folder(&[
        ("a.yaml", NEEDS),
        ("sub/b.yaml", NEEDS),
        ("sub/harden.yaml", "levle: baseline\n"),
    ]);
    let output = harden(here.path(), &["--write"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).starts_with("error: sub/harden.yaml:1:"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(read(&here, "a.yaml"), NEEDS);
    assert_eq!(harden(here.path(), &["--write", "--no-config"]).status.code(), Some(0));
}

#[test]
fn excluded_files_are_left_alone_even_when_named() {
    let here = folder(&[
        ("a.yaml", NEEDS),
        ("vendor/b.yaml", BROKEN),
        ("harden.yaml", "exclude: [vendor]\n"),
    ]);
    for arguments in [&["--check", "."][..], &["--check", "vendor/b.yaml", "a.yaml"]] {
        let output = harden(here.path(), arguments);
        assert_eq!(
            (output.status.code(), text(&output.stdout)),
            (Some(1), "a.yaml\n".to_string())
        );
    }
    let told = harden(here.path(), &["-v", "vendor/b.yaml"]);
    assert!(
        text(&told.stderr).contains("vendor/b.yaml: is excluded by harden.yaml:1"),
        "{}",
        text(&told.stderr)
    );
}

#[test]
fn a_failed_write_fails_that_file_alone() {
    let here = folder(&[("a.yaml", NEEDS), ("b.yaml", NEEDS), ("c.yaml", NEEDS)]);
    fs::hard_link(here.path().join("b.yaml"), here.path().join("twin.txt")).unwrap();
    let output = harden(here.path(), &["--write", "--output-format", "json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).starts_with("error: b.yaml: "),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(read(&here, "b.yaml"), NEEDS);
    assert!(read(&here, "a.yaml").contains("securityContext") && read(&here, "c.yaml").contains("securityContext"));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (
            report["files"][1]["status"].as_str(),
            report["files"][2]["status"].as_str()
        ),
        (Some("failed"), Some("hardened"))
    );
    assert_eq!(report["files"][1]["workloads"][0]["status"], "skipped");
    assert_eq!(report["summary"]["workloads"]["hardened"], 2);
}

#[test]
fn output_goes_to_a_file_that_is_never_read_as_input() {
    let here = folder(&[("a.yaml", NEEDS)]);
    let arguments = ["--output-format", "json", "--output-file", "report.json"];
    let first = harden(here.path(), &arguments);
    assert_eq!((first.status.code(), text(&first.stdout)), (Some(1), String::new()));
    let report = read(&here, "report.json");
    assert!(report.starts_with("{\"version\":1,"));
    harden(here.path(), &arguments);
    assert_eq!(read(&here, "report.json"), report);
    harden(here.path(), &["-o", "out.patch", "--color", "always"]);
    assert!(read(&here, "out.patch").starts_with("--- a/a.yaml\n"));
}

#[cfg(unix)]
#[test]
fn a_report_is_never_written_over_a_manifest_nor_through_a_link() {
    const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
    let here = folder(&[("a.yaml", NEEDS), ("ns.yaml", NAMESPACE), ("pod.json", "")]);
    let pod =
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"name":"a","image":"b"}]}}"#;
    fs::write(here.path().join("pod.json"), pod).unwrap();
    fs::write(here.path().join("notes"), "kept").unwrap();
    let at = |name: &str| here.path().join(name);
    fs::hard_link(at("a.yaml"), at("hard.diff")).unwrap();
    std::os::unix::fs::symlink("notes", at("soft.diff")).unwrap();
    std::os::unix::fs::symlink("nothing", at("dangling.diff")).unwrap();
    for output in ["hard.diff", "soft.diff", "dangling.diff", "ns.yaml", "pod.json"] {
        let done = harden(here.path(), &["--output-file", output, "a.yaml"]);
        assert_eq!(done.status.code(), Some(2), "{output}");
        let said = text(&done.stderr);
        assert!(said.starts_with(&format!("error: {output}: ")), "{said}");
    }
    assert_eq!(
        ["a.yaml", "ns.yaml", "pod.json", "notes"].map(|name| read(&here, name)),
        [NEEDS, NAMESPACE, pod, "kept"]
    );
    assert!(!at("nothing").exists());
    // What standard input becomes may take its own place.
    let out = ["-", "--output-file", "a.yaml"];
    assert_eq!(
        harden_stdin(here.path(), &out, NEEDS.as_bytes()).status.code(),
        Some(2),
        "a.yaml has two names"
    );
    fs::remove_file(at("hard.diff")).unwrap();
    assert_eq!(harden_stdin(here.path(), &out, NEEDS.as_bytes()).status.code(), Some(0));
    assert!(read(&here, "a.yaml").contains("securityContext"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_writing_goes_on() {
    let here = folder(&[("a.yaml", NEEDS)]);
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_harden"));
        command
            .args(arguments)
            .current_dir(here.path())
            .stdout(full())
            .output()
            .unwrap()
    };
    let diff = run(&[]);
    assert_eq!(diff.status.code(), Some(2));
    assert!(
        text(&diff.stderr).contains("error: standard output cannot be written"),
        "{}",
        text(&diff.stderr)
    );
    assert_eq!(
        harden(here.path(), &["--output-file", "/dev/full"]).status.code(),
        Some(2)
    );
    assert_eq!(run(&["--write", "--output-format", "diff"]).status.code(), Some(2));
    assert!(read(&here, "a.yaml").contains("securityContext"));
}

/// A reader that leaves early ends a diff without a word; files are written all the same.
#[test]
fn a_reader_that_leaves_is_no_error() {
    let names: Vec<String> = (0..600).map(|n| format!("d{}/{n:04}.yaml", n % 7)).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), NEEDS)).collect();
    let here = folder(&files);
    for (arguments, written) in [(&[][..], false), (&["--write", "--output-format", "diff"], true)] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_harden"));
        command
            .args(arguments)
            .current_dir(here.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let code = child.wait().unwrap().code();
        assert_eq!(said, "", "{arguments:?}");
        assert_eq!(code, Some(i32::from(!written)), "{arguments:?}");
        assert!(
            names
                .iter()
                .all(|name| read(&here, name).contains("securityContext") == written)
        );
    }
}

#[test]
fn output_is_in_path_order_and_the_same_every_time() {
    let names: Vec<String> = (0..700)
        .map(|n| format!("{}/{}.yaml", ["a", "a-b", "b", "a.b"][n % 4], (n * 7919) % 701))
        .collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), NEEDS)).collect();
    let here = folder(&files);
    let first = harden(here.path(), &["--check"]);
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(text(&first.stdout).lines().collect::<Vec<_>>(), sorted);
    for arguments in [&["--check"][..], &["--check", "b", ".", &names[0], "./a"]] {
        let again = harden(here.path(), arguments);
        assert!(again.stdout == first.stdout, "{arguments:?}");
    }
    let json = harden(here.path(), &["--output-format", "json"]).stdout;
    assert!(json == harden(here.path(), &["--output-format", "json"]).stdout);
}

#[test]
fn colour_is_for_terminals_or_for_those_who_ask() {
    let here = folder(&[("a.yaml", NEEDS)]);
    let run = |arguments: &[&str], name: &str, value: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_harden"));
        command
            .args(arguments)
            .current_dir(here.path())
            .env_remove("NO_COLOR")
            .env(name, value);
        text(&command.output().unwrap().stdout)
    };
    assert!(!run(&[], "X", "").contains('\u{1b}'));
    assert!(run(&[], "CLICOLOR_FORCE", "1").contains('\u{1b}'));
    assert!(run(&["--color", "always"], "NO_COLOR", "1").contains('\u{1b}'));
    assert!(!run(&["--color", "never"], "CLICOLOR_FORCE", "1").contains('\u{1b}'));
}

#[test]
fn quiet_says_errors_only_and_verbose_says_what_was_left_alone() {
    let template = "kind: Pod\nspec:\n  containers:\n  - name: {{ .x }}\n";
    let here = folder(&[
        ("a.yaml", NEEDS),
        ("b.yaml", BLOCKED),
        ("c.yaml", BROKEN),
        ("t.yaml", template),
    ]);
    let lines = |arguments: &[&str]| text(&harden(here.path(), arguments).stderr);
    let quiet = lines(&["-q"]);
    assert!(
        quiet.lines().count() == 1 && quiet.starts_with("error: c.yaml:"),
        "{quiet}"
    );
    assert!(!lines(&[]).contains("t.yaml") && lines(&["-v"]).contains("skipped: t.yaml:"));
}

#[test]
fn many_blocked_workloads_are_counted_rather_than_listed() {
    let names: Vec<String> = (0..14).map(|n| format!("{n:02}.yaml")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), BLOCKED)).collect();
    let here = folder(&files);
    let said = text(&harden(here.path(), &[]).stderr);
    assert_eq!(
        said.lines().filter(|line| line.starts_with("blocked: ")).count(),
        11,
        "{said}"
    );
    assert!(said.contains("blocked: and 4 more"), "{said}");
    let all = text(&harden(here.path(), &["-v"]).stderr);
    assert_eq!(all.lines().filter(|line| line.starts_with("blocked: ")).count(), 14);
}

#[test]
fn completions_know_the_flags() {
    let here = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = harden(here.path(), &["completions", shell]);
        assert_eq!(script.status.code(), Some(0));
        assert!(text(&script.stdout).contains("output-format"), "{shell}");
    }
}

#[test]
fn an_ignored_check_leaves_an_exempt_workload_that_is_hardened_but_for_it() {
    let manifest = BLOCKED.replace("kind: Pod", "kind: Pod # harden: ignore[hostNamespaces] node agent");
    let folder = folder(&[("a.yaml", &manifest)]);
    let workload = |arguments: &[&str]| {
        let output = harden(folder.path(), arguments);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (
            output.status.code(),
            report["files"][0].clone(),
            report["summary"].clone(),
        )
    };
    let (code, file, summary) = workload(&["--output-format", "json"]);
    assert_eq!((code, &file["status"]), (Some(1), &"hardened".into()));
    let exempt = &file["workloads"][0];
    assert_eq!(
        (&exempt["status"], &exempt["reason"]["code"]),
        (&"exempt".into(), &"ignore-comment".into())
    );
    assert!(!exempt["changes"].as_array().unwrap().is_empty());
    assert_eq!(exempt["after"][0]["check"], "hostNamespaces");
    assert_eq!(exempt["after"].as_array().unwrap().len(), 1);
    assert_eq!(summary["workloads"]["exempt"], 1);
    assert!(text(&harden(folder.path(), &[]).stderr).contains("hardened but for the checks"));

    let (code, ..) = workload(&["--write", "--output-format", "json"]);
    assert_eq!(code, Some(0));
    let (code, file, _) = workload(&["--output-format", "json"]);
    assert_eq!((code, &file["status"]), (Some(0), &"unchanged".into()));
    assert_eq!(file["workloads"][0]["status"], "exempt");
    let gate = harden(folder.path(), &["--check", "--no-ignore"]);
    assert_eq!(gate.status.code(), Some(1));
}

#[test]
fn a_flag_without_its_dashes_is_told_from_a_path() {
    let folder = folder(&[("a.yaml", NEEDS), ("-b.yaml", NEEDS)]);
    for (word, meant) in [
        ("check", "--check"),
        ("chekc", "--check"),
        ("wirte", "--write"),
        ("exlain", "explain"),
    ] {
        let output = harden(folder.path(), &[word, "."]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            said.contains("did you mean the") && said.contains(&format!("`harden {meant}`?")),
            "{said}"
        );
    }
    let output = harden(folder.path(), &["--", "-b.yaml"]);
    assert!(text(&output.stderr).contains("`harden --write ./-b.yaml`"));
}

#[test]
fn what_to_do_next_with_standard_input_is_to_print_it() {
    let folder = folder(&[]);
    let checked = harden_stdin(folder.path(), &["-", "--check"], NEEDS.as_bytes());
    assert!(text(&checked.stderr).contains("next: `harden -` prints it hardened"));
    let template = NEEDS.replace("- name: c", "{{ . }}");
    let filtered = harden_stdin(folder.path(), &["-"], template.as_bytes());
    assert_eq!(text(&filtered.stdout), template);
    assert!(
        text(&filtered.stderr).contains("harden what it renders to"),
        "{}",
        text(&filtered.stderr)
    );
}

/// There is no second look at it, and a file that broken shows its error to whoever applies it.
#[test]
fn standard_input_that_cannot_be_read_is_told_once_and_passed_on() {
    let folder = folder(&[]);
    for (broken, line) in [
        ("a: [\n", 2),
        ("kind: ConfigMap\ndata:\n  a: 1\n b: 2\n", 4),
        ("a: 1\n---\nspec:\n  containers:\n  - a\n b: 2\n", 6),
        ("%YAML 1.2\n---\na: 1\n", 1),
        ("a: \u{0}\n", 1),
    ] {
        for arguments in [&["-"][..], &["-", "--check"], &["-", "-v"]] {
            let output = harden_stdin(folder.path(), arguments, broken.as_bytes());
            assert_eq!(output.status.code(), Some(0), "{broken:?}");
            let passed_on = if arguments.contains(&"--check") { "" } else { broken };
            assert_eq!(text(&output.stdout), passed_on);
            let said = text(&output.stderr);
            let about = said
                .lines()
                .filter(|said| said.starts_with(&format!("skipped: <stdin>:{line}: it ")));
            assert_eq!(about.count(), 1, "{said}");
            assert!(
                said.ends_with("nothing to harden beside what was left alone\n"),
                "{said}"
            );
        }
    }
    let fine = harden_stdin(folder.path(), &["-"], b"a: 1\n---\n- b\n");
    assert_eq!(text(&fine.stderr), "nothing to do\n");
}

#[test]
fn an_object_without_a_name_has_none_in_json() {
    let manifest = BLOCKED.replace("  name:", "  generateName:");
    assert!(manifest.contains("generateName"), "{manifest}");
    let folder = folder(&[("a.yaml", &manifest)]);
    let output = harden(folder.path(), &["--output-format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let workload = &report["files"][0]["workloads"][0];
    assert_eq!(
        (&workload["name"], &workload["status"]),
        (&serde_json::Value::Null, &"blocked".into())
    );
}

#[test]
fn ignored_workloads_are_told_of_where_no_index_knows_better() {
    let here = folder(&[
        (".gitignore", "base\n"),
        ("base/job.yaml", NEEDS),
        ("base/values.yaml", "a: 1\n"),
    ]);
    let output = harden(here.path(), &["--write", "-v", "."]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(read(&here, "base/job.yaml"), NEEDS);
    let told = "skipped: base/job.yaml: is ignored by a .gitignore; name it to include it\n";
    assert!(text(&output.stderr).starts_with(told), "{}", text(&output.stderr));
    let named = harden(here.path(), &["--check", "base/job.yaml"]);
    assert_eq!(text(&named.stdout), "base/job.yaml\n");
}

#[test]
fn hidden_workloads_are_told_of_and_left_alone() {
    let here = folder(&[
        ("a.yaml", COMPLIANT),
        (".github/tests/job.yaml", NEEDS),
        (".github/workflows/ci.yaml", "on: push\n"),
        (".github/broken.yaml", BROKEN),
        (".git/b.yaml", NEEDS),
    ]);
    let output = harden(here.path(), &["--write", "-v", "."]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(read(&here, ".github/tests/job.yaml"), NEEDS);
    insta::assert_snapshot!(text(&output.stderr));
    let json = text(&harden(here.path(), &["--output-format", "json", "."]).stdout);
    assert!(json.contains(r#""code":"hidden""#), "{json}");
    // What is named, or lies in a named folder, is a file like any other.
    let named = harden(here.path(), &["--check", ".", ".github/tests"]);
    assert_eq!(text(&named.stdout), ".github/tests/job.yaml\n");
}

#[test]
fn what_violates_and_cannot_be_edited_does_not_pass_a_gate() {
    let config = "overrides: [{kind: Pod, name: blocked, field: hostNetwork, remove: true}]\n";
    let commented = BLOCKED.replace("hostNetwork: true", "hostNetwork: true # why");
    let here = folder(&[("harden.yaml", config), ("a.yaml", &commented)]);
    for (arguments, wanted) in [
        (&["."][..], 1),
        (&["--check", "."], 1),
        (&["--write", "."], 1),
        (&["--check", "--exit-zero", "."], 0),
    ] {
        let output = harden(here.path(), arguments);
        let said = text(&output.stderr);
        assert!(said.contains("1 skipped (unsupported)"), "{said}");
        let named = text(&output.stdout) + &said;
        assert_eq!(
            named.matches("a.yaml:6: Pod blocked").count(),
            1,
            "{arguments:?}: {named}"
        );
        assert_eq!(output.status.code(), Some(wanted), "{arguments:?}");
    }
}

/// What a shell makes of a command line with the program in `$HARDEN`.
fn in_shell(cwd: &Path, script: &str) -> Output {
    let mut command = Command::new("bash");
    let command = command.args(["-c", script]).env("HARDEN", env!("CARGO_BIN_EXE_harden"));
    command.current_dir(cwd).output().unwrap()
}

#[test]
fn a_pipe_of_the_shell_is_called_a_pipe() {
    let here = TempDir::new().unwrap();
    fs::write(here.path().join("a.yaml"), NEEDS).unwrap();
    let done = in_shell(here.path(), "\"$HARDEN\" --check <(cat a.yaml)");
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(
        said.contains("is not a regular file; to read a pipe, use `harden -`"),
        "{said}"
    );
}

#[test]
fn standard_output_may_be_named_as_the_output_file() {
    let here = TempDir::new().unwrap();
    fs::write(here.path().join("a.yaml"), NEEDS).unwrap();
    for script in ["-o /dev/stdout >> out", "-o /dev/stdout | cat >> out"] {
        fs::write(here.path().join("out"), "before\n").unwrap();
        let done = in_shell(here.path(), &format!("\"$HARDEN\" --check a.yaml {script}"));
        let said = String::from_utf8(done.stderr).unwrap();
        let out = fs::read_to_string(here.path().join("out")).unwrap();
        assert_eq!(out, "before\na.yaml\n", "{script}: {said}");
    }
}

#[test]
fn names_that_are_not_unicode_are_told_apart() {
    use std::os::unix::ffi::OsStrExt;
    let here = TempDir::new().unwrap();
    for name in [&b"\xe8.yaml"[..], b"\xe9.yaml"] {
        fs::write(here.path().join(std::ffi::OsStr::from_bytes(name)), NEEDS).unwrap();
    }
    let done = harden(here.path(), &["--check"]);
    assert_eq!(done.stdout, b"\\xe8.yaml\n\\xe9.yaml\n");
    let report = harden(here.path(), &["--check", "--output-format", "json"]).stdout;
    let report = String::from_utf8(report).unwrap();
    assert!(
        report.contains(r#""\\xe8.yaml""#) && report.contains(r#""\\xe9.yaml""#),
        "{report}"
    );
}

#[test]
fn a_folder_that_is_no_repository_is_said_to_fall_apart() {
    let top = TempDir::new().unwrap();
    let tree = top.path().join("tree");
    for folder in ["here", "tree/one", "tree/two"] {
        fs::create_dir_all(top.path().join(folder)).unwrap();
    }
    fs::write(tree.join("one/a.yaml"), NEEDS).unwrap();
    let here = top.path().join("here");
    let said = |cwd: &Path, paths: &[&str]| {
        let mut arguments = vec!["--check", "--output-format", "json"];
        arguments.extend(paths);
        let done = harden(cwd, &arguments);
        let report = String::from_utf8(done.stdout).unwrap();
        let (count, talk) = (report.matches("no-repository").count(), done.stderr);
        assert_eq!(
            String::from_utf8(talk).unwrap().matches("is no repository").count(),
            count
        );
        count
    };
    assert_eq!(said(&here, &["../tree"]), 0, "one folder");
    fs::write(tree.join("two/b.yaml"), NEEDS).unwrap();
    assert_eq!(said(&here, &["../tree", "../tree", "../tree/one"]), 1);
    assert_eq!(
        said(&here, &["../tree/one/a.yaml", "../tree/two/b.yaml"]),
        0,
        "no folder"
    );
    assert_eq!(said(&tree, &["."]), 0, "run in it");
    fs::write(tree.join("harden.yaml"), "{}\n").unwrap();
    assert_eq!(said(&here, &["../tree"]), 0, "a config");
}

#[test]
fn the_command_that_is_suggested_asks_the_same_question() {
    let here = folder(&[
        ("a.yaml", NEEDS),
        ("b.yaml", BLOCKED),
        ("my facts.yaml", "images: []\n"),
    ]);
    let asked = "--level restricted --policy-version v1.30 --kube-version 1.31 --accept override --best-effort --improve \
        --no-ignore --label-namespaces audit,warn --config";
    let arguments: Vec<&str> = asked.split(' ').chain(["my facts.yaml", "--check", "."]).collect();
    let said = text(&harden(here.path(), &arguments).stderr);
    for wanted in [
        format!("next: `harden {asked} 'my facts.yaml' .` shows the changes,"),
        format!("`harden --write {asked} 'my facts.yaml' .` writes them\n"),
        format!("`harden --output-format text {asked} 'my facts.yaml' .` names each way out\n"),
    ] {
        assert!(said.contains(&wanted), "{wanted} {said}");
    }
    let said = text(&harden(here.path(), &["--no-config", "a.yaml"]).stderr);
    assert!(
        said.contains("next: `harden --write --no-config a.yaml` writes this"),
        "{said}"
    );
    let named = ["--check", "--accept", "safe", "--stdin-filename", "x/a.yaml", "-"];
    let said = text(&harden_stdin(here.path(), &named, BLOCKED.as_bytes()).stderr);
    let wanted = "`harden --output-format text --accept safe --stdin-filename x/a.yaml -` names each way out";
    assert!(said.contains(wanted), "{said}");
}
