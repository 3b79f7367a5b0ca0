//! Bases and their overlays, the whole program in a repository: nothing falls apart without a word.
#![allow(clippy::unwrap_used)]

mod repository;

use std::fs;

use repository::{harden, repository};

const BASE: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      \
    containers:\n        - name: web\n          image: nginx:1.27\n";
const LISTED: &str = "resources: [app.yaml]\n";
const PATCHED: &str =
    "resources: [../base]\npatches:\n  - path: patch.yaml\n    target: {kind: Deployment, name: web}\n";
const WHOLE: &str = "- op: add\n  path: /spec/template/spec/volumes\n  value:\n    - {name: c, configMap: {name: c}}\n";
const ROOT: &str = "spec: {template: {spec: {securityContext: {runAsUser: 0}}}}\n";

#[test]
fn a_base_that_a_patch_would_tear_apart_stays_as_it_is_alone_and_in_a_walk() {
    let files = [
        ("base/kustomization.yaml", LISTED),
        ("base/app.yaml", BASE),
        ("ov/kustomization.yaml", PATCHED),
        ("ov/patch.yaml", WHOLE),
    ];
    for arguments in [&["--write"][..], &["--write", "base/app.yaml"]] {
        let folder = repository(&files);
        let output = harden(folder.path(), arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert_eq!(fs::read_to_string(folder.path().join("base/app.yaml")).unwrap(), BASE);
        let wanted = "blocked: base/app.yaml:8: Deployment web: ov/patch.yaml:4 replaces `volumes` of the pod as a whole, \
            which does not go with the emptyDir that it needs at /var/cache/nginx\n    \
            way out: write what it adds into the manifest, or make it a strategic merge patch without `$patch: replace`\n";
        assert!(said.contains(wanted), "{said}");
    }
}

#[test]
fn what_a_patch_takes_away_is_not_said_to_be_replaced() {
    let patch = "- op: remove\n  path: /spec/template/spec/securityContext\n";
    let files = [
        ("base/kustomization.yaml", LISTED),
        ("base/app.yaml", BASE),
        ("ov/kustomization.yaml", PATCHED),
        ("ov/patch.yaml", patch),
    ];
    let output = harden(repository(&files).path(), &["--write"]);
    let said = String::from_utf8(output.stderr).unwrap();
    let wanted = "blocked: base/app.yaml:7: Deployment web: ov/patch.yaml:1 takes away `securityContext` of the pod, which does \
        not go with `runAsUser`\n    way out: let it take away single items, or take the whole out of the manifest\n";
    assert!(said.contains(wanted), "{said}");
}

#[test]
fn best_effort_writes_nothing_that_a_patch_would_tear_apart() {
    let files = [
        ("base/kustomization.yaml", LISTED),
        ("base/app.yaml", BASE),
        ("ov/kustomization.yaml", PATCHED),
        ("ov/patch.yaml", WHOLE),
    ];
    let folder = repository(&files);
    harden(folder.path(), &["--write", "--best-effort"]);
    let written = fs::read_to_string(folder.path().join("base/app.yaml")).unwrap();
    assert!(written.contains("allowPrivilegeEscalation: false"), "{written}");
    for lost in ["volume", "runAsUser", "readOnlyRootFilesystem"] {
        assert!(!written.contains(lost), "{written}");
    }
}

#[test]
fn an_overlay_that_will_not_start_is_named_wherever_nobody_sees_the_notes() {
    let files = [
        ("base/kustomization.yaml", LISTED),
        ("base/app.yaml", BASE),
        ("ov/kustomization.yaml", PATCHED),
        ("ov/patch.yaml", ROOT),
    ];
    let folder = repository(&files);
    let warned = |arguments: &[&str]| {
        let output = harden(folder.path(), arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        said.matches("ov/patch.yaml:1 sets `securityContext.runAsUser` of the pod to 0")
            .count()
    };
    assert_eq!(warned(&[]), 1);
    assert_eq!(warned(&["-v"]), 1);
    assert_eq!(warned(&["--output-format", "json"]), 0);
    assert_eq!(warned(&["--write"]), 1);
}

#[test]
fn a_kustomization_that_cannot_be_read_is_told_of_and_its_base_is_planned_as_it_stands() {
    let files = [
        ("base/kustomization.yaml", "resources: [app.yaml\npatches: [\n"),
        ("base/app.yaml", BASE),
    ];
    for arguments in [&["--check"][..], &["--check", "base/app.yaml"]] {
        let folder = repository(&files);
        let output = harden(folder.path(), arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "base/app.yaml\n");
        let wanted = "warning: base/kustomization.yaml:2: nobody can tell what this kustomization builds and patches (";
        assert!(said.contains(wanted), "{said}");
    }
    let unsafe_bytes = [("kustomization.yaml", "resources: [app.yaml]\0\n"), ("app.yaml", BASE)];
    let output = harden(repository(&unsafe_bytes).path(), &["--check"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("warning: kustomization.yaml:1: nobody can tell"),
        "{said}"
    );
}
