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
