//! README.md says what is so: its commands run, its outputs are the program's, its tables repeat the code, its config is
//! one. `HARDEN_README=write cargo test --test readme` writes outputs and tables anew.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use harden::config::Config;
use harden::explain;
use harden::kube::kinds::KINDS;
use harden::profiles;

/// The only command of the page that is not run here: it is what runs this. `.ci/run` runs it.
const NOT_RUN: &str = "cargo test";

#[test]
fn the_page_is_what_the_program_says() {
    let path = root().join("README.md");
    let page = fs::read_to_string(&path).unwrap();
    let fresh = with_tables(&with_outputs(&page));
    if std::env::var_os("HARDEN_README").is_some_and(|word| word == "write") {
        fs::write(&path, fresh).unwrap();
        return;
    }
    for (is, should) in page.lines().zip(fresh.lines()) {
        assert_eq!(
            is, should,
            "README.md is out of date; HARDEN_README=write cargo test --test readme"
        );
    }
    assert_eq!(page.len(), fresh.len(), "README.md is out of date");
}

#[test]
fn every_command_of_the_page_runs() {
    let page = fs::read_to_string(root().join("README.md")).unwrap();
    let mut run = 0;
    for command in blocks(&page, "sh").iter().flat_map(|block| block.lines()) {
        let command = command.split(" #").next().unwrap().trim();
        if command.is_empty() || command == NOT_RUN {
            continue;
        }
        let (code, _, stderr) = shell(command);
        assert!(matches!(code, Some(0 | 1)), "{command}: {code:?}\n{stderr}");
        run += 1;
    }
    assert!(run >= 4, "only {run} commands found");
}

#[test]
fn the_config_of_the_page_is_one_and_names_every_key() {
    let page = fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = blocks(&page, "yaml");
    let config = blocks.iter().find(|block| block.starts_with("# harden.yaml")).unwrap();
    Config::parse(config, Path::new("harden.yaml")).unwrap();
    let shown: serde_yaml::Mapping = serde_yaml::from_str(config).unwrap();
    let shown: BTreeSet<String> = shown.keys().map(|key| key.as_str().unwrap().to_string()).collect();
    // The program lists its keys where one is unknown.
    let error = Config::parse("no-such-key-at-all: 1\n", Path::new("harden.yaml")).unwrap_err();
    let schema = fs::read_to_string(root().join("src/config/schema.rs")).unwrap();
    let written = schema
        .split("struct Written {")
        .nth(1)
        .unwrap()
        .split("\n}")
        .next()
        .unwrap();
    let keys = written
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub(super) "));
    let keys: BTreeSet<String> = keys
        .map(|key| key.split(':').next().unwrap().replace('_', "-"))
        .collect();
    assert_eq!(shown, keys, "{error}");
}

#[test]
fn the_hooks_name_commands_that_exist() {
    let hooks = fs::read_to_string(root().join(".pre-commit-hooks.yaml")).unwrap();
    let hooks: Vec<serde_yaml::Value> = serde_yaml::from_str(&hooks).unwrap();
    assert_eq!(hooks.len(), 2);
    for hook in hooks {
        let entry = hook["entry"].as_str().unwrap();
        let (code, _, stderr) = shell(&format!("{entry} examples/bookstore"));
        assert!(matches!(code, Some(0 | 1)), "{entry}: {stderr}");
    }
}

#[test]
fn links_lead_somewhere() {
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        let page = fs::read_to_string(root().join(name)).unwrap();
        for (at, _) in page.match_indices("](") {
            let target = page[at + 2..].split(')').next().unwrap();
            let file = target.split('#').next().unwrap();
            let is_file = !file.is_empty() && !file.contains("://");
            assert!(!is_file || root().join(file).exists(), "{name}: {target}");
        }
    }
}

#[test]
fn the_map_is_short_and_names_every_module() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    assert!(map.lines().count() <= 100);
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let name = if path.is_dir() { format!("{name}/") } else { name };
        assert!(map.contains(&name), "ARCHITECTURE.md does not name {name}");
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Exit code, standard output, standard error; in a copy of the examples, with the program on the path. What the shell
/// runs may write there.
fn shell(command: &str) -> (Option<i32>, String, String) {
    let program = Path::new(env!("CARGO_BIN_EXE_harden"));
    let here = tempfile::tempdir().unwrap();
    copy(&root().join("examples"), &here.path().join("examples"));
    let path = std::env::join_paths(
        std::iter::once(program.parent().unwrap().to_path_buf())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let output = Command::new("sh")
        .args(["-c", &command.replace("cargo run --release --", "harden")])
        .env("PATH", path.unwrap())
        .current_dir(here.path())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::write(target, fs::read(path).unwrap()).unwrap();
        }
    }
}

/// The texts of all fenced blocks of a language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let open = format!("```{language}\n");
    let starts = page.match_indices(&open).map(|(at, _)| at + open.len());
    starts
        .map(|at| page[at..].split("```").next().unwrap().to_string())
        .collect()
}

/// The page with what each command of a `console` block prints now.
fn with_outputs(page: &str) -> String {
    let mut fresh = page.to_string();
    for block in blocks(page, "console") {
        let mut now = String::new();
        for command in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
            let (code, stdout, stderr) = shell(command);
            assert!(matches!(code, Some(0 | 1)), "{command}: {code:?}\n{stderr}");
            write!(now, "$ {command}\n{stdout}").unwrap();
        }
        assert_eq!(fresh.matches(&block).count(), 1);
        fresh = fresh.replacen(&block, &now, 1);
    }
    fresh
}

/// The page with the tables that repeat the code.
fn with_tables(page: &str) -> String {
    let tables = [
        ("checks", explain::checks_table()),
        ("kinds", kinds()),
        ("profiles", profiles_table()),
    ];
    let mut fresh = page.to_string();
    for (name, table) in tables {
        let open = format!("<!-- generated: {name} -->\n");
        let start = fresh.find(&open).unwrap_or_else(|| panic!("no table of {name}")) + open.len();
        let end = start + fresh[start..].find("<!-- end -->").unwrap();
        fresh.replace_range(start..end, &table);
    }
    fresh
}

fn kinds() -> String {
    let mut table = "| API group | kinds |\n|---|---|\n".to_string();
    let mut groups: Vec<&str> = Vec::new();
    for kind in KINDS {
        let last = kind.groups.first().unwrap();
        if !groups.contains(last) {
            groups.push(last);
        }
    }
    for group in groups {
        let is_here = |kind: &&harden::kube::kinds::Kind| kind.groups.first() == Some(&group);
        let names: Vec<&str> = KINDS.iter().filter(is_here).map(|kind| kind.kind).collect();
        let older: BTreeSet<&str> = KINDS
            .iter()
            .filter(is_here)
            .flat_map(|kind| kind.groups)
            .copied()
            .collect();
        let older: Vec<&str> = older.into_iter().filter(|name| *name != group).collect();
        let named = |group: &str| if group.is_empty() { "(core)" } else { group }.to_string();
        let group = std::iter::once(group)
            .chain(older)
            .map(named)
            .collect::<Vec<_>>()
            .join(", ");
        writeln!(table, "| {group} | {} |", names.join(", ")).unwrap();
    }
    table
}

/// Folded away, because it is long.
fn profiles_table() -> String {
    let count = profiles::builtin_profiles().count();
    let table = explain::profiles_table();
    format!("<details><summary>{count} profiles</summary>\n\n{table}\n</details>\n")
}
