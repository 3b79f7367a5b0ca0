//! Embeds `profiles/*.yaml` and indexes them by repository, so that the program parses none of them at start-up.
//! Refuses what would make the index ambiguous; `tests/profiles` checks the rest.

#![allow(clippy::print_stdout)] // how a build script talks to cargo

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_yaml::Value;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=profiles");
    println!("cargo::rerun-if-changed=build.rs");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let files = profile_files(&root.join("profiles"))?;
    let mut repositories: BTreeMap<String, usize> = BTreeMap::new();
    let mut texts = String::new();
    for (index, path) in files.iter().enumerate() {
        let name = path
            .file_stem()
            .and_then(|n| n.to_str())
            .ok_or("a profile's name is not text")?;
        writeln!(texts, "    ({name:?}, include_str!({:?})),", path.display().to_string())?;
        for repository in repositories_of(path)? {
            if let Some(other) = repositories.insert(repository.clone(), index) {
                let other = files.get(other).map(|p| p.display().to_string()).unwrap_or_default();
                return Err(format!("{}: {repository} is also in {other}", path.display()).into());
            }
        }
    }
    let mut out = format!("const FILES: &[(&str, &str)] = &[\n{texts}];\n");
    let entries = |glob: bool| repositories.iter().filter(move |(name, _)| name.contains('*') == glob);
    for (table, glob) in [("REPOSITORIES", false), ("GLOBS", true)] {
        writeln!(out, "static {table}: &[(&str, usize)] = &[")?;
        for (name, index) in entries(glob) {
            writeln!(out, "    ({name:?}, {index}),")?;
        }
        writeln!(out, "];")?;
    }
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("profile_index.rs"), out)?;
    Ok(())
}

/// Sorted, so that the same folder always builds the same program.
fn profile_files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "yaml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn repositories_of(path: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    let value: Value = serde_yaml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
    let list = value.get("repositories").and_then(Value::as_sequence);
    let list = list.ok_or_else(|| format!("{}: no list of repositories", path.display()))?;
    let names = list.iter().map(|v| v.as_str().map(str::to_string));
    let names: Option<Vec<String>> = names.collect();
    Ok(names.ok_or_else(|| format!("{}: a repository is not text", path.display()))?)
}
