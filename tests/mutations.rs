//! Breaks the checks and the proof on purpose, one change at a time (`conformance/mutations.txt`): the tests must notice
//! each.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One change to a source file.
struct Mutation {
    file: String,
    old: String,
    new: String,
}

/// What the checks and the proof stand on; the mutants are built from these alone, which takes seconds instead of minutes.
const MODULES: [&str; 4] = ["checks", "kube", "verify", "yaml"];

/// Whose own tests must notice its mutations; the golden file and tests/checks.rs notice the others.
const PROOF: &str = "src/verify/";

#[test]
fn every_mutation_still_has_its_place() {
    let mutations = mutations();
    assert!(mutations.len() >= 60, "{}", mutations.len());
    for mutation in &mutations {
        let source = fs::read_to_string(root().join(&mutation.file)).unwrap();
        let places = source.matches(&mutation.old).count();
        assert_eq!(places, 1, "{}: {}", mutation.file, mutation.old);
        assert_ne!(mutation.old, mutation.new);
    }
}

#[test]
#[ignore = "builds the checks or the proof once per mutation: about ten minutes"]
fn every_mutation_is_caught() {
    let mutant = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutant");
    copy_sources(&mutant);
    for file in ["src/checks/mod.rs", PROOF] {
        assert!(build(&mutant, file), "the copy does not build");
        assert!(!is_caught(&mutant, file), "the tests fail without a mutation");
    }

    let mutations = selected();
    let mut escaped = Vec::new();
    for (number, mutation) in mutations.iter().enumerate() {
        let path = mutant.join(&mutation.file);
        let source = fs::read_to_string(&path).unwrap();
        fs::write(&path, source.replacen(&mutation.old, &mutation.new, 1)).unwrap();
        let verdict = match build(&mutant, &mutation.file) {
            false => "does not build",
            true if is_caught(&mutant, &mutation.file) => "caught",
            true => "ESCAPED",
        };
        println!("{:3} {verdict}: {}: {}", number + 1, mutation.file, mutation.old);
        if verdict != "caught" {
            escaped.push(format!("{}: {} ==> {}", mutation.file, mutation.old, mutation.new));
        }
        fs::write(&path, source).unwrap();
    }
    println!(
        "mutations: {} of {} caught",
        mutations.len() - escaped.len(),
        mutations.len()
    );
    assert!(escaped.is_empty(), "{escaped:#?}");
}

/// All mutations, or those whose place contains `HARDEN_MUTATION`.
fn selected() -> Vec<Mutation> {
    let wanted = std::env::var("HARDEN_MUTATION").unwrap_or_default();
    let is_wanted = |mutation: &Mutation| format!("{}: {}", mutation.file, mutation.old).contains(&wanted);
    mutations().into_iter().filter(is_wanted).collect()
}

fn mutations() -> Vec<Mutation> {
    let list = fs::read_to_string(root().join("conformance/mutations.txt")).unwrap();
    let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (file, change) = line.split_once(": ").unwrap();
            let (old, new) = change.split_once(" ==>").unwrap_or_else(|| panic!("{line}"));
            let new = new.strip_prefix(' ').unwrap_or(new);
            Mutation {
                file: file.to_string(),
                old: old.replace("\\n", "\n"),
                new: new.replace("\\n", "\n"),
            }
        })
        .collect()
}

/// A crate of the same name and dependencies with nothing but what the checks stand on, and their tests.
fn copy_sources(mutant: &Path) {
    let _ = fs::remove_dir_all(mutant.join("src"));
    for folder in MODULES
        .map(|module| format!("src/{module}"))
        .iter()
        .chain(&["benches", "conformance", "tests/conformance"].map(str::to_string))
    {
        copy_folder(&root().join(folder), &mutant.join(folder));
    }
    for file in ["Cargo.toml", "Cargo.lock", "tests/checks.rs"] {
        fs::copy(root().join(file), mutant.join(file)).unwrap();
    }
    let lib = MODULES.map(|module| format!("pub mod {module};\n")).concat();
    fs::write(mutant.join("src/lib.rs"), lib).unwrap();
    fs::write(mutant.join("src/main.rs"), "fn main() {}\n").unwrap();
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// Builds the tests that are asked about a file.
fn build(mutant: &Path, file: &str) -> bool {
    let tests: &[&str] = match file.starts_with(PROOF) {
        true => &["--lib"],
        false => &["--test", "conformance"],
    };
    let built = cargo(mutant).arg("--no-run").args(tests).output().unwrap();
    built.status.success()
}

/// Whether a test that needs neither Go nor anything outside the repository fails.
fn is_caught(mutant: &Path, file: &str) -> bool {
    let fails = |tests: &[&str]| {
        let skip = ["--", "--skip", "random", "--skip", "fixtures"];
        !cargo(mutant).args(tests).args(skip).output().unwrap().status.success()
    };
    if file.starts_with(PROOF) {
        return fails(&["--lib", "verify::"]);
    }
    fails(&["--test", "conformance", "golden"]) || fails(&["--test", "checks", ""])
}

fn cargo(mutant: &Path) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["test", "--quiet", "--offline"])
        .current_dir(mutant)
        .env("CARGO_TARGET_DIR", mutant.join("target"))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("HARDEN_SHARED", "/nonexistent");
    command
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
