//! The program on the manifests of twelve real repositories: nothing may break, a second run may find nothing to do, and
//! README.md states the share of containers that rests on facts. How many can be hardened is the exam's matter (`.ci/run`).
#![allow(clippy::unwrap_used)]

mod shared_data;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::read::GzDecoder;
use serde_json::Value;

#[test]
fn real_repositories_are_hardened_once_and_for_all() {
    let Some(archive) = shared_data::shared("data/corpus.tar.gz") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    unpack(&archive, folder.path());
    let before = texts(folder.path());
    assert!(before.len() > 2000, "the corpus has {} files", before.len());

    let dry = report(folder.path(), &[]);
    assert_eq!(before, texts(folder.path()), "a run without --write wrote");
    let first = report(folder.path(), &["--write"]);
    assert_eq!(
        dry["files"], first["files"],
        "--write did something else than was shown"
    );
    let after = texts(folder.path());
    let second = report(folder.path(), &["--write"]);
    assert_eq!(after, texts(folder.path()), "the second run changed something");

    for report in [&first, &second] {
        assert_eq!(bugs(report), Vec::<String>::new());
    }
    let changed: Vec<&str> = before
        .keys()
        .filter(|path| before[*path] != after[*path])
        .map(String::as_str)
        .collect();
    assert_eq!(
        changed,
        with_status(&first, "hardened"),
        "the report names what was written"
    );
    assert_eq!(with_status(&second, "hardened"), Vec::<&str>::new());
    assert!(!changed.is_empty());
    // What passed before or passes now passes for good; the others are told why, each time.
    let workloads = |report: &Value, status: &str| report["summary"]["workloads"][status].as_u64().unwrap();
    assert_eq!(
        workloads(&first, "compliant") + workloads(&first, "hardened"),
        workloads(&second, "compliant")
    );
    for status in ["blocked", "exempt", "skipped"] {
        assert_eq!(workloads(&first, status), workloads(&second, status), "{status}");
    }
}

/// README.md states how many containers rest on what, as this command prints it. `HARDEN_README=write` writes it anew.
#[test]
fn the_page_says_how_much_rests_on_facts() {
    let Some(archive) = shared_data::shared("data/corpus.tar.gz") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    unpack(&archive, folder.path());
    let mut harden = Command::new(env!("CARGO_BIN_EXE_harden"));
    let output = harden
        .args(["--output-format", "json", "."])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let line = said.lines().find(|line| line.contains("containers by")).unwrap();
    let line = line.split(": review").next().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let files = report["files"].as_array().unwrap().iter();
    let workloads = files.flat_map(|file| file["workloads"].as_array().unwrap());
    let images = workloads.flat_map(|workload| workload["images"].as_array().unwrap());
    let assumed = images.filter(|image| image["user_rests_on"] == "assumed");
    let (known, unknown): (Vec<_>, Vec<_>) = assumed.partition(|image| !image["profile"].is_null());
    let fresh = format!(
        "```text\n{line}\n```\n\nOf the {} assumed, {} have an image that nobody knows. The other {} have a profile, most of which say that any\n\
         uid will do (busybox, for one): then only the number is an assumption.\n",
        known.len() + unknown.len(),
        unknown.len(),
        known.len()
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let page = fs::read_to_string(&path).unwrap();
    let start = page.find("<!-- measured: corpus -->\n").unwrap() + "<!-- measured: corpus -->\n".len();
    let end = start + page[start..].find("<!-- end -->").unwrap();
    if std::env::var_os("HARDEN_README").is_some_and(|word| word == "write") {
        let page = format!("{}{fresh}{}", &page[..start], &page[end..]);
        fs::write(&path, page).unwrap();
        return;
    }
    assert_eq!(page[start..end], fresh, "HARDEN_README=write cargo test --test corpus");
}

/// Reasons that mean a mistake of ours, with their files.
fn bugs(report: &Value) -> Vec<String> {
    let ours = ["panic", "verification", "second-reader"];
    let files = report["files"].as_array().unwrap().iter();
    let is_bug = |file: &&Value| ours.iter().any(|code| file["reason"]["code"] == *code);
    files
        .filter(is_bug)
        .map(|file| format!("{}: {}", file["path"], file["reason"]["message"]))
        .collect()
}

fn with_status<'a>(report: &'a Value, status: &str) -> Vec<&'a str> {
    let files = report["files"].as_array().unwrap().iter();
    let mut paths: Vec<&str> = files
        .filter(|file| file["status"] == status)
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    paths.sort_unstable();
    paths
}

fn report(folder: &Path, arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_harden"))
        .args(["--output-format", "json", "--level", "restricted"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0..=2)), "{}: {said}", output.status);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// Path below `folder`, with `/`, and bytes.
fn texts(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut texts = BTreeMap::new();
    let mut folders: Vec<PathBuf> = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if entry.file_type().unwrap().is_file() {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                texts.insert(name, fs::read(path).unwrap());
            }
        }
    }
    texts
}

/// With the system's tar, which every platform that builds this has.
fn unpack(archive: &Path, folder: &Path) {
    let mut tar = Command::new("tar")
        .args(["-xf", "-", "-C"])
        .arg(folder)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut unzipped = GzDecoder::new(File::open(archive).unwrap());
    std::io::copy(&mut unzipped, &mut tar.stdin.take().unwrap()).unwrap();
    assert!(tar.wait().unwrap().success());
}
