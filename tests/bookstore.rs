//! A whole small shop, twice: our own example, as people see it, and the acceptance data, whose authors hardened it by
//! hand. Judges what the program made of them with serde_yaml alone.
#![allow(clippy::unwrap_used)]

mod shared_data;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize;
use serde_yaml::Value;
use tempfile::TempDir;

const POD_SPEC: [&[&str]; 2] = [
    &["spec", "template", "spec"],
    &["spec", "jobTemplate", "spec", "template", "spec"],
];
/// What the hand-hardened manifests say about the images that the shop builds itself.
const HOME_MADE: &str = "\
images:
  - repositories: [bookstore/*]
    user: 65532
    group: 65532
    read-only-root: recommended
    writable: [/tmp]
    evidence: {class: tested}
  - repositories: [bookstore/storefront]
    user: 101
    group: 101
    read-only-root: recommended
    writable: [/tmp]
    evidence: {class: tested}
";

#[test]
fn the_example_is_shown_like_this() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let show = |arguments: &[&str]| harden(repository, &[arguments, &["examples/bookstore"]].concat());
    let diff = show(&[]);
    assert_eq!(diff.status.code(), Some(1));
    insta::assert_snapshot!("diff", text(&diff.stdout));
    insta::assert_snapshot!("summary", text(&diff.stderr));
    insta::assert_snapshot!("text", text(&show(&["--output-format", "text"]).stdout));
    insta::assert_snapshot!("json", text(&show(&["--output-format", "json"]).stdout));
}

#[test]
fn the_example_is_hardened_in_one_run() {
    let shop = copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/bookstore"));
    let before = manifests(&shop.path().join("k8s"));
    assert_eq!(harden(shop.path(), &["--write"]).status.code(), Some(0));
    let after = manifests(&shop.path().join("k8s"));
    for (old, new) in before.iter().zip(&after) {
        assert_only_adds(old, new);
    }
    let again = harden(shop.path(), &[]);
    assert_eq!((again.status.code(), text(&again.stdout).as_str()), (Some(0), ""));
    let pods: usize = after.iter().map(|file| file.pods.len()).sum();
    assert_eq!(pods, 11, "ten kinds of workload, one of them twice");
}

/// The authors of the acceptance data decided by hand; with the same facts we decide the same.
#[test]
fn the_hand_hardened_shop_is_met() {
    let Some(data) = shared_data::shared("data/bookstore") else {
        return;
    };
    let shop = copy(&data.join("before"));
    fs::write(shop.path().join("harden.yaml"), HOME_MADE).unwrap();
    assert_eq!(harden(shop.path(), &["--write"]).status.code(), Some(0));
    fs::remove_file(shop.path().join("harden.yaml")).unwrap();
    let (before, theirs) = (manifests(&data.join("before")), manifests(&data.join("after")));
    let ours = manifests(shop.path());
    assert_eq!((before.len(), ours.len()), (theirs.len(), theirs.len()));
    let mut pods = 0;
    for ((old, ours), theirs) in before.iter().zip(&ours).zip(&theirs) {
        assert_only_adds(old, ours);
        assert_eq!(ours.pods.len(), theirs.pods.len(), "{}", ours.name);
        for (mine, hers) in ours.pods.iter().zip(&theirs.pods) {
            assert_same_pod(&ours.name, mine, hers);
            pods += 1;
        }
    }
    assert_eq!(pods, 11);
}

struct Manifest {
    name: String,
    text: String,
    /// Pod specs in the order of the documents.
    pods: Vec<Value>,
}

fn manifests(folder: &Path) -> Vec<Manifest> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let documents = serde_yaml::Deserializer::from_str(&text).map(|d| Value::deserialize(d).unwrap());
        Manifest {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            pods: documents.filter_map(|document| pod_spec(&document)).collect(),
            text,
        }
    };
    paths.iter().map(read).collect()
}

fn pod_spec(document: &Value) -> Option<Value> {
    let at = |path: &&[&str]| path.iter().try_fold(document, |node, key| node.get(key)).cloned();
    POD_SPEC
        .iter()
        .filter_map(at)
        .find(|spec| spec.get("containers").is_some())
}

fn assert_same_pod(file: &str, ours: &Value, theirs: &Value) {
    assert_eq!(
        pod_context(ours, theirs),
        theirs["securityContext"],
        "{file}: pod securityContext"
    );
    let (mine, hers) = (containers(ours), containers(theirs));
    assert_eq!(mine.len(), hers.len(), "{file}");
    for (mine, hers) in mine.iter().zip(&hers) {
        let name = mine["name"].as_str().unwrap();
        assert_eq!(
            mine["securityContext"], hers["securityContext"],
            "{file}: container {name}"
        );
        for path in writable_mounts(theirs, hers) {
            assert!(is_writable(ours, mine, &path), "{file}: {name} cannot write {path}");
        }
    }
}

/// Ours, without a `fsGroupChangePolicy` that they left out.
fn pod_context(ours: &Value, theirs: &Value) -> Value {
    let mut context = ours["securityContext"].clone();
    if theirs["securityContext"].get("fsGroupChangePolicy").is_none() {
        let policy = context.as_mapping_mut().unwrap().remove("fsGroupChangePolicy");
        assert!(policy.is_none_or(|p| p == "OnRootMismatch"));
    }
    context
}

fn containers(spec: &Value) -> Vec<Value> {
    let list = |key| spec.get(key).and_then(Value::as_sequence).cloned().unwrap_or_default();
    [list("initContainers"), list("containers")].concat()
}

/// Where a volume that pods may write is mounted: an emptyDir, or a claim (which has no entry in `volumes`, or has one).
fn writable_mounts(spec: &Value, container: &Value) -> BTreeSet<String> {
    let read_only_kinds = ["downwardAPI", "configMap", "secret", "projected"];
    let volumes = spec
        .get("volumes")
        .and_then(Value::as_sequence)
        .cloned()
        .unwrap_or_default();
    let is_read_only = |name: &Value| {
        let volume = volumes.iter().find(|volume| volume["name"] == *name);
        volume.is_some_and(|volume| read_only_kinds.iter().any(|kind| volume.get(kind).is_some()))
    };
    let mounts = container.get("volumeMounts").and_then(Value::as_sequence);
    let mounts = mounts.into_iter().flatten();
    let writable = mounts.filter(|mount| mount["readOnly"] != true && !is_read_only(&mount["name"]));
    writable
        .map(|mount| mount["mountPath"].as_str().unwrap().to_string())
        .collect()
}

fn is_writable(spec: &Value, container: &Value, path: &str) -> bool {
    let root_is_writable = container["securityContext"]["readOnlyRootFilesystem"] != true;
    let covers = |mount: &String| Path::new(path).starts_with(mount);
    root_is_writable || writable_mounts(spec, container).iter().any(covers)
}

/// Every old line is there, unchanged and in order.
fn assert_only_adds(old: &Manifest, new: &Manifest) {
    let mut lines = new.text.split_inclusive('\n');
    for line in old.text.split_inclusive('\n') {
        assert!(lines.any(|l| l == line), "{}: lost {line:?}", old.name);
    }
}

fn copy(folder: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    copy_into(folder, to.path());
    to
}

fn copy_into(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs::create_dir(&target).unwrap();
            copy_into(&path, &target);
        } else {
            // Read and written, not copied: the data may be read-only, the copy must not be.
            fs::write(target, fs::read(path).unwrap()).unwrap();
        }
    }
}

fn harden(cwd: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_harden"));
    command.args(arguments).current_dir(cwd).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
