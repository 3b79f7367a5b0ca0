//! Merge keys (`<<`) through the real program: what they bring is judged, and no mode passes what violates with it.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const PASSES: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
      - &base
        name: one
        image: example.com/app:1
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
      - <<: *base
        name: two
";

fn violates() -> String {
    PASSES.replace(
        "        name: two\n",
        "        name: two\n        securityContext: {}\n",
    )
}

fn unclear() -> String {
    PASSES.replace(
        "      - <<: *base\n        name: two\n",
        "      - securityContext: {}\n        name: two\n        <<: *base\n",
    )
}

/// Aliases of aliases, merged.
fn bomb() -> String {
    let levels = (1..9).map(|i| format!("- &a{i} {{<<: [{}]}}\n", vec![format!("*a{}", i - 1); 200].join(", ")));
    let fields: Vec<String> = (0..100).map(|i| format!("k{i}: x")).collect();
    format!(
        "{PASSES}extra:\n- &a0 {{{}}}\n{}",
        fields.join(", "),
        levels.collect::<String>()
    )
}

fn harden(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_harden"));
    let piped = command.args(arguments).current_dir(folder).stdin(Stdio::piped());
    let mut child = piped.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that reads files only does not read it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn every_mode_answers_for_what_is_merged() {
    let merging = |what: &str| violates().replace("<<: *base", what);
    for (name, text, code) in [
        ("passes", PASSES.to_string(), 0),
        ("violates", violates(), 1),
        ("unclear", unclear(), 1),
        (
            "in quotes",
            PASSES.replace("<<: *base", "\"<<\": {}\n        image: example.com/app:1"),
            1,
        ),
        ("no mapping", merging("<<: 1"), 2),
        ("nothing", merging("<<:"), 2),
        ("an unknown anchor", merging("<<: *nothing"), 2),
        ("too much", bomb(), 2),
    ] {
        let here = tempfile::tempdir().unwrap();
        fs::write(here.path().join("web.yaml"), &text).unwrap();
        for arguments in [&["."][..], &["--check", "."], &["--write", "."], &["-"]] {
            let output = harden(here.path(), arguments, &text);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(code), "{name}: {arguments:?}: {said}");
        }
        let after = fs::read_to_string(here.path().join("web.yaml")).unwrap();
        assert_eq!(after, text, "{name}: the file is not edited");
    }
}

#[test]
fn labels_that_are_merged_are_in_nobodys_way() {
    let labelled = "metadata:\n  name: web\n  labels: &labels {app: web}\n  annotations: {<<: *labels}\n";
    let text = violates()
        .replace("metadata: {name: web, namespace: shop}\n", labelled)
        .replace(
            "      - <<: *base\n        name: two\n        securityContext: {}\n",
            "",
        )
        .replace("drop: [ALL]", "drop: []");
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("web.yaml"), &text).unwrap();
    assert_eq!(harden(here.path(), &["--write", "."], "").status.code(), Some(0));
    let after = fs::read_to_string(here.path().join("web.yaml")).unwrap();
    assert_eq!(after, text.replace("drop: []", "drop: [ALL]"));
}

#[test]
fn reports_name_what_violates_and_why_it_stays() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("unclear.yaml"), unclear()).unwrap();
    fs::write(here.path().join("violates.yaml"), violates()).unwrap();
    let mut shown = String::new();
    for arguments in [&["--check"][..], &["--write"], &["--output-format", "text"]] {
        let output = harden(here.path(), arguments, "");
        let (stdout, stderr) = (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        );
        writeln!(
            shown,
            "$ harden {}\n{stdout}--- standard error\n{stderr}",
            arguments.join(" ")
        )
        .unwrap();
    }
    insta::assert_snapshot!(shown);
    let report = harden(here.path(), &["--output-format", "json"], "").stdout;
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    for file in report["files"].as_array().unwrap() {
        let workload = &file["workloads"][0];
        assert_eq!(
            (&workload["status"], &workload["reason"]["code"]),
            (&"skipped".into(), &"merge-key".into())
        );
        assert_eq!(workload["before"], workload["after"]);
        assert_eq!(workload["before"].as_array().unwrap().len(), 2, "{workload}");
    }
}
