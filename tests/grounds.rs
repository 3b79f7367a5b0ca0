//! The summary and the JSON report count what it rests on who runs each container. Runs the real program on a small
//! tree in which every ground occurs.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

/// Path and text; the comments say how the containers count.
const TREE: &[(&str, &str)] = &[
    (
        "harden.yaml",
        "images:\n- {repositories: [acme/stated], user: 1500, group: 1500}\n",
    ),
    (
        "compose.yaml",
        "services:\n  web: {image: acme/built, build: web}\n  any: {image: acme/guessed, build: any}\n",
    ),
    ("web/Dockerfile", "FROM scratch\nUSER 1001:1001\n"),
    // Its program is not the base's, so that the base's uid is a guess here.
    ("any/Dockerfile", "FROM nginx:1.27\nCMD [\"mine\"]\n"),
    // manifest twice (its own uid; demanded non-root), profile, profile (any uid, follows a known one)
    (
        "k8s/a.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  initContainers:\n  - {name: i, image: busybox}\n  containers:\n  - {name: own, image: acme/x, securityContext: {runAsUser: 1234}}\n  - {name: non-root, image: acme/x, securityContext: {runAsNonRoot: true, runAsUser: 1}}\n  - {name: known, image: 'redis:7'}\n",
    ),
    // config, Dockerfile, assumed (a guess), assumed (unknown)
    (
        "k8s/b.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: b}\nspec:\n  containers:\n  - {name: config, image: acme/stated}\n  - {name: built, image: 'acme/built:2'}\n  - {name: guessed, image: acme/guessed}\n  - {name: unknown, image: acme/unknown}\n",
    ),
    // a workload that passes: manifest
    (
        "k8s/c.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: c}\nspec:\n  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}\n  containers:\n  - {name: own, image: acme/x, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}\n",
    ),
    // a blocked one: undecided, whatever is known of its image
    (
        "k8s/d.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: d}\nspec:\n  hostNetwork: true\n  containers:\n  - {name: known, image: 'redis:7'}\n",
    ),
    // not counted: left alone, and at a level that asks for no user
    (
        "k8s/e.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: e, annotations: {harden.dev/ignore: 'true'}}\nspec:\n  containers:\n  - {name: c, image: acme/x}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: low, labels: {pod-security.kubernetes.io/enforce: baseline}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: f, namespace: low}\nspec:\n  containers:\n  - {name: c, image: acme/x}\n",
    ),
];

fn harden(cwd: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_harden"));
    command.args(arguments).current_dir(cwd).output().unwrap()
}

fn tree() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in TREE {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    // What other files say counts within a repository.
    fs::create_dir(folder.path().join(".git")).unwrap();
    folder
}

fn report(cwd: &Path) -> Value {
    serde_json::from_slice(&harden(cwd, &["--output-format", "json"]).stdout).unwrap()
}

#[test]
fn containers_are_counted_by_what_their_user_rests_on() {
    let here = tree();
    let expected = json!({"manifest": 3, "config": 1, "profile": 2, "dockerfile": 1, "assumed": 2, "undecided": 1});
    let report = report(here.path());
    assert_eq!(report["summary"]["containers"], expected, "{report:#}");
    let said = String::from_utf8(harden(here.path(), &[]).stderr).unwrap();
    let line = "10 containers by what their user rests on: 3 manifest, 1 config, 2 profile, 1 dockerfile, 2 assumed, \
                1 undecided; 77% of the 9 decided rest on facts: review the lines marked `# harden: assumed`, or state the image \
                in harden.yaml";
    assert!(said.lines().any(|l| l == line), "{said}");
    let of = |container: &str| {
        let files = report["files"].as_array().unwrap().iter();
        let workloads = files.flat_map(|file| file["workloads"].as_array().unwrap());
        let mut images = workloads.flat_map(|workload| workload["images"].as_array().unwrap());
        images.find(|image| image["container"] == container).unwrap()["user_rests_on"].clone()
    };
    for (container, ground) in [
        ("i", json!("profile")),
        ("own", json!("manifest")),
        ("config", json!("config")),
        ("built", json!("dockerfile")),
        ("guessed", json!("assumed")),
    ] {
        assert_eq!(of(container), ground, "{container}");
    }
}

#[test]
fn a_second_run_counts_what_is_written_as_it_was_decided() {
    let here = tree();
    harden(here.path(), &["--write"]);
    let after = report(here.path());
    let assumed = &after["summary"]["containers"]["assumed"];
    assert_eq!(*assumed, 2, "the marker is the memory between runs: {after:#}");
}

#[test]
fn best_effort_leaves_the_user_of_a_container_that_stays_root_undecided() {
    let here = tree();
    fs::write(
        here.path().join("k8s/a.yaml"),
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - {name: root, image: 'redis:7', securityContext: {privileged: true}}\n  - {name: known, image: 'redis:7'}\n",
    )
    .unwrap();
    let output = harden(here.path(), &["--best-effort", "--output-format", "json", "k8s/a.yaml"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = json!({"manifest": 0, "config": 0, "profile": 1, "dockerfile": 0, "assumed": 0, "undecided": 1});
    assert_eq!(report["summary"]["containers"], expected, "{report:#}");
}
