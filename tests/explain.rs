//! `harden explain`: checks from their own constants, images from what the planner would do. Runs the real program.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use harden::checks::CHECKS;
use tempfile::TempDir;

fn explain(cwd: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_harden"));
    command
        .arg("explain")
        .args(arguments)
        .current_dir(cwd)
        .output()
        .unwrap()
}

/// The answer; there must be no complaint.
fn answer(cwd: &Path, arguments: &[&str]) -> String {
    let got = explain(cwd, arguments);
    assert_eq!(String::from_utf8(got.stderr).unwrap(), "", "{arguments:?}");
    assert_eq!(got.status.code(), Some(0), "{arguments:?}");
    String::from_utf8(got.stdout).unwrap()
}

fn complaint(cwd: &Path, word: &str) -> String {
    let got = explain(cwd, &[word]);
    assert_eq!(got.status.code(), Some(2), "{word}");
    assert!(got.stdout.is_empty(), "{word}");
    String::from_utf8(got.stderr).unwrap()
}

fn empty() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Text without its line breaks, which depend on the width.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn without_a_word_all_checks_are_listed_and_images_are_mentioned() {
    let here = empty();
    let text = answer(here.path(), &[]);
    let lines: Vec<&str> = text.lines().collect();
    for check in CHECKS {
        let start = format!("{} ", check.id);
        assert!(lines.iter().any(|line| line.starts_with(&start)), "{}", check.id);
    }
    assert!(text.contains("harden explain IMAGE"));
    assert!(lines.iter().all(|line| line.chars().count() <= 100), "{text}");
}

#[test]
fn every_check_says_all_that_its_constants_say() {
    let here = empty();
    for check in CHECKS {
        let text = flat(&answer(here.path(), &[check.id]));
        let guide = &check.guide;
        for part in [guide.demands, guide.remedy, guide.risk] {
            assert!(text.contains(&flat(part)), "{}: {part}", check.id);
        }
        assert!(text.ends_with(&format!("policy/{}", guide.source)), "{}", check.id);
        for revision in check.revisions {
            assert!(text.contains(&format!("v1.{}", revision.since)), "{}", check.id);
            let exempt = revision.exempt.map_or("", |exemption| exemption.field());
            assert!(text.contains(exempt), "{}", check.id);
        }
        for value in check
            .revisions
            .last()
            .unwrap()
            .allowed
            .iter()
            .filter(|value| !value.is_empty())
        {
            assert!(text.contains(&format!("`{value}`")), "{}: {value}", check.id);
        }
        for other in check.overrides {
            assert!(text.contains(&format!("takes the place of {other}")), "{}", check.id);
            assert!(flat(&answer(here.path(), &[other])).contains(&format!("{} takes its place", check.id)));
        }
    }
}

#[test]
fn checks_are_found_in_any_case_and_by_their_common_stem() {
    let here = empty();
    assert_eq!(
        answer(here.path(), &["RUNASNONROOT"]),
        answer(here.path(), &["runAsNonRoot"])
    );
    let both = answer(here.path(), &["capabilities"]);
    assert!(both.contains("capabilities_baseline (baseline)") && both.contains("capabilities_restricted (restricted)"));
    insta::assert_snapshot!(answer(here.path(), &["seLinuxOptions"]));
}

#[test]
fn a_slip_gets_a_suggestion() {
    let here = empty();
    for (word, near) in [
        ("runAsNonRot", "runAsNonRoot"),
        ("privilged", "privileged"),
        ("postgre", "postgres"),
        ("ngnix", "nginx"),
    ] {
        let told = complaint(here.path(), word);
        assert!(told.contains(&format!("did you mean `{near}`?")), "{told}");
    }
    let told = complaint(here.path(), "No Such Thing");
    assert!(
        told.contains("neither a check nor an image") && told.contains("harden explain"),
        "{told}"
    );
}

#[test]
fn an_image_gets_what_a_run_would_write() {
    let here = empty();
    let text = answer(here.path(), &["postgres:16-alpine"]);
    assert!(text.contains("variant `alpine up to 17`"));
    for written in [
        "securityContext.runAsUser: 70\n",
        "securityContext.fsGroup: 70\n",
        "drop[0]: \"ALL\"\n",
    ] {
        assert!(text.contains(written), "{written}{text}");
    }
    assert!(
        text.contains("read-only-root: recommended"),
        "what one line of config would do"
    );
    let flat = flat(&text);
    assert!(flat.contains("/var/run/postgresql: the Unix socket"), "{flat}");
    assert!(
        flat.contains("user 70 [profile postgres, variant `alpine up to 17`; dockerfile]"),
        "{flat}"
    );
}

#[test]
fn an_image_that_needs_root_says_what_to_use() {
    let text = flat(&answer(empty().path(), &["gitea/gitea:1.22"]));
    assert!(
        text.contains("cannot pass as it is") && text.contains("use the -rootless tag"),
        "{text}"
    );
}

/// The entry to paste is a config that this very program takes, and it turns assumptions into facts.
#[test]
fn an_unknown_image_gets_an_entry_that_works_when_pasted() {
    let here = empty();
    let before = answer(here.path(), &["ghcr.io/acme/web:1.2@sha256:0f"]);
    assert!(
        before.contains("securityContext.runAsUser: 65532\n      assumed: "),
        "{before}"
    );
    let entry = before.split_once("\nimages:\n").unwrap().1;
    fs::write(here.path().join("harden.yaml"), format!("images:\n{entry}")).unwrap();
    let after = answer(here.path(), &["ghcr.io/acme/web:1.2"]);
    assert!(
        after.contains("securityContext.runAsUser: 65532\n      config: "),
        "{after}"
    );
    assert!(after.contains("[harden.yaml:2]"), "{after}");
    assert!(!after.contains("assumed"), "{after}");
    assert!(answer(here.path(), &["--no-config", "ghcr.io/acme/web:1.2"]).contains("assumed"));
}

#[test]
fn a_broken_config_is_told() {
    let here = empty();
    fs::write(here.path().join("harden.yaml"), "imges: []\n").unwrap();
    let told = complaint(here.path(), "nginx");
    assert!(
        told.contains("harden.yaml:1:1: unknown key `imges`; did you mean `images`?"),
        "{told}"
    );
}
