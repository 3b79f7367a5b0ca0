//! What the API server accepts, it still accepts once hardened: asked of the API server's own decoding, defaults and
//! validation (`conformance/api`, which takes minutes to build: hence `--ignored`, as `.ci/run` does).
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "properties/choices.rs"]
mod choices;
#[path = "properties/layout.rs"]
#[allow(dead_code)] // what the properties need besides
mod layout;
#[path = "properties/manifest.rs"]
mod manifest;
mod shared_data;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use choices::Choices;
use flate2::read::GzDecoder;
use layout::Layout;
use serde::Deserialize;

/// Random manifests of a run.
const RANDOM: usize = 2000;

/// A file before and after, and what it is called in a failure.
struct Pair {
    name: String,
    before: String,
    after: String,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    unknown: bool,
    #[serde(default)]
    errors: Option<Vec<String>>,
}

#[test]
#[ignore = "builds the API server's validation: minutes"]
fn what_the_api_server_accepts_it_accepts_hardened() {
    let Some(server) = build() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut pairs = byte_fixtures();
    pairs.extend(hardened("random", &random_files(), folder.path()));
    pairs.extend(hardened(
        "examples",
        &texts_below(&root().join("examples")),
        folder.path(),
    ));
    if let Some(archive) = shared_data::shared("data/corpus.tar.gz") {
        let corpus = folder.path().join("corpus");
        let archive = fs::File::open(archive).unwrap();
        tar::Archive::new(GzDecoder::new(archive)).unpack(&corpus).unwrap();
        pairs.extend(hardened("real", &texts_below(&corpus), folder.path()));
    }
    compare(&server, &pairs);
}

/// Builds the program; where Go or the modules are not to be had, prints a counted skip.
fn build() -> Option<PathBuf> {
    let go = |arguments: &[&str]| {
        let mut command = Command::new("go");
        command.args(arguments).current_dir(root().join("conformance/api"));
        command
    };
    let available = go(&["mod", "download"]).output().is_ok_and(|o| o.status.success());
    if !available {
        println!("skipped: 1 (needs Go and k8s.io/kubernetes; see conformance/README.md)");
        return None;
    }
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("api-server");
    let built = go(&["build", "-o"]).arg(&program).arg(".").output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    Some(program)
}

/// Every object that was changed must have no error that it had not before.
fn compare(server: &Path, pairs: &[Pair]) {
    let mut documents = Vec::new();
    for pair in pairs.iter().filter(|pair| pair.before != pair.after) {
        let (before, after) = (harden::yaml::split(&pair.before), harden::yaml::split(&pair.after));
        assert_eq!(before.len(), after.len(), "{}", pair.name);
        let both = before.iter().zip(&after).filter(|(b, a)| b.text != a.text);
        documents.extend(both.map(|(b, a)| (&pair.name, b.text.to_string(), a.text.to_string())));
    }
    let texts = documents.iter().flat_map(|(_, before, after)| [before, after]);
    let answers = ask(server, texts.map(String::as_str));
    let (mut known, mut accepted) = (0, 0);
    for ((name, before, after), answers) in documents.iter().zip(answers.chunks(2)) {
        let errors = |answer: &Answer| answer.errors.clone().unwrap_or_default();
        let (old, new) = (errors(&answers[0]), errors(&answers[1]));
        let more: Vec<&String> = new.iter().filter(|error| !old.contains(error)).collect();
        assert!(more.is_empty(), "{name}: {more:?}\n{before}\n=>\n{after}");
        known += usize::from(!answers[0].unknown);
        accepted += usize::from(!answers[0].unknown && old.is_empty());
    }
    println!("API server: {known} hardened objects asked about, {accepted} accepted before, each of them after");
    assert!(accepted > 500 && known > accepted, "{accepted} of {known}");
}

fn ask<'t>(server: &Path, texts: impl Iterator<Item = &'t str>) -> Vec<Answer> {
    let lines = texts.map(|text| serde_json::json!({ "text": text }).to_string() + "\n");
    let input = server.with_extension("jsonl");
    fs::write(&input, lines.collect::<String>()).unwrap();
    let output = Command::new(server)
        .stdin(Stdio::from(fs::File::open(&input).unwrap()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = std::str::from_utf8(&output.stdout).unwrap().lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn byte_fixtures() -> Vec<Pair> {
    let folders = fs::read_dir(root().join("tests/bytes")).unwrap();
    let mut pairs = Vec::new();
    for folder in folders.map(|entry| entry.unwrap().path()) {
        for ending in ["yaml", "json"] {
            let read = |name: &str| fs::read_to_string(folder.join(name).with_extension(ending)).ok();
            if let (Some(before), Some(after)) = (read("before"), read("after")) {
                let name = folder.display().to_string();
                pairs.push(Pair { name, before, after });
            }
        }
    }
    assert!(pairs.len() > 100);
    pairs
}

fn random_files() -> Vec<(PathBuf, String)> {
    let mut state: u64 = std::env::var("HARDEN_SEED").map_or(1, |seed| seed.parse().unwrap());
    let mut bytes = vec![0u8; RANDOM * 400];
    for byte in &mut bytes {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        *byte = (state >> 32) as u8;
    }
    // One source for all of them, so that no two share a claim.
    let choices = &mut Choices::new(&bytes);
    let mut file = |number: usize| {
        let documents = [manifest::workload(choices)];
        let text = Layout::random(choices).write(&documents).text;
        (PathBuf::from(format!("{number}.yaml")), text)
    };
    (0..RANDOM).map(&mut file).collect()
}

fn texts_below(folder: &Path) -> Vec<(PathBuf, String)> {
    let files = ignore::WalkBuilder::new(folder)
        .build()
        .map(|entry| entry.unwrap().into_path());
    let manifests = files.filter(|path| {
        path.extension()
            .is_some_and(|e| e == "yaml" || e == "yml" || e == "json")
    });
    let named = manifests.map(|path| {
        (
            path.strip_prefix(folder).unwrap().to_path_buf(),
            fs::read_to_string(&path),
        )
    });
    named.filter_map(|(name, text)| Some((name, text.ok()?))).collect()
}

/// Writes the files below a folder of that name, hardens them in place, and reads them again.
fn hardened(name: &str, files: &[(PathBuf, String)], below: &Path) -> Vec<Pair> {
    let folder = below.join(name);
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mut harden = Command::new(env!("CARGO_BIN_EXE_harden"));
    harden.arg("--write").arg("-q").arg(&folder).stdin(Stdio::null());
    let output = harden.output().unwrap();
    assert!(
        !output.status.success() || files.is_empty() || name == "examples",
        "{name}"
    );
    let after = files.iter().map(|(path, before)| Pair {
        name: format!("{name}/{}", path.display()),
        before: before.clone(),
        after: fs::read_to_string(folder.join(path)).unwrap(),
    });
    after.collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
