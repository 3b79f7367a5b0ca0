//! Holds the shape that ARCHITECTURE.md describes: arrows between modules point downward, the disk is touched in one
//! place, the YAML folder knows no Kubernetes, files stay short. Inside the folders, no circles (`circles`). Reads the sources
//! as text (`sources`).
#![allow(clippy::unwrap_used)]

mod circles;
mod sources;

use std::collections::BTreeSet;
use std::path::Path;

use sources::{Source, is_inside_path, paths, sources};

/// From the bottom to the top. A module may import those above it in this list, no others. `cli` and `main` are the
/// program; the rest is the library, which `lib` names.
const ORDER: [&str; 21] = [
    "yaml", "kube", "checks", "change", "outcome", "files", "profiles", "import", "config", "options", "survey",
    "context", "plan", "verify", "harden", "report", "explain", "run", "lib", "cli", "main",
];

/// Imports that the order would allow and the design does not.
const STRANGERS: [(&str, &str, &str); 6] = [
    ("files", "kube", "the disk holds bytes, not workloads"),
    ("verify", "plan", "the proof must not lean on what it proves"),
    ("verify", "kube", "the proof compares meaning, whatever it is about"),
    ("report", "plan", "a report renders outcomes"),
    ("report", "files", "a report renders outcomes"),
    ("plan", "files", "the planner decides on values"),
];

/// What `lib` passes on under its own name, and whose it is.
const PASSED_ON: [(&str, &str); 3] = [("harden_text", "harden"), ("Exit", "run"), ("Streams", "run")];

/// Words in code that only some modules may say.
const WORDS: [Word; 5] = [
    Word {
        words: &[
            "fs::",
            "File::",
            "OpenOptions",
            ".canonicalize()",
            "metadata()",
            "read_dir(",
        ],
        is_allowed: |module| ["files"].contains(&module),
        why: "`files` is the only place that touches the disk",
    },
    Word {
        words: &["anyhow"],
        is_allowed: |module| ["config", "context", "explain", "run", "main", "cli"].contains(&module),
        why: "everywhere else an error is a value that a caller may read",
    },
    Word {
        words: &[
            "kubernetes",
            "securitycontext",
            "\"containers\"",
            "\"pod",
            "deployment",
            "namespace",
        ],
        is_allowed: |module| !["yaml", "files", "verify"].contains(&module),
        why: "`yaml`, `files` and `verify` know nothing of Kubernetes",
    },
    Word {
        words: &["yaml_rust2"],
        is_allowed: |module| ["yaml", "config"].contains(&module),
        why: "its places serve the span tree, and the messages about a config; the proof's second reader is another",
    },
    Word {
        words: &["serde_yaml"],
        is_allowed: |module| ["verify", "config", "profiles", "survey"].contains(&module),
        why: "it reads config and profiles and is the second reader; it never sees a manifest that is edited",
    },
];

const LONGEST: usize = 400;

struct Word {
    /// Lower case; compared with the code in lower case.
    words: &'static [&'static str],
    is_allowed: fn(&str) -> bool,
    why: &'static str,
}

#[test]
fn the_order_names_every_module() {
    let modules: BTreeSet<String> = sources().iter().map(|source| source.module().to_string()).collect();
    assert_eq!(modules, ORDER.iter().map(|module| module.to_string()).collect());
}

#[test]
fn imports_point_downward() {
    let mut wrong = Vec::new();
    for source in sources() {
        for import in source.imports() {
            if rank(&import) >= rank(source.module()) && import != source.module() {
                wrong.push(format!("{}: imports {import}, which stands above it", source.name));
            }
            let stranger = STRANGERS
                .iter()
                .find(|(from, to, _)| *from == source.module() && *to == import);
            if let Some((_, _, why)) = stranger {
                wrong.push(format!("{}: imports {import}: {why}", source.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_only_one_place_does_is_done_there() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (number, line) in source.code() {
            let line = line.to_lowercase();
            for rule in &WORDS {
                let said = rule.words.iter().find(|word| says(&line, &word.to_lowercase()));
                if let Some(word) = said.filter(|_| !(rule.is_allowed)(source.module())) {
                    wrong.push(format!("{}:{number}: {word}: {}", source.name, rule.why));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a line contains a text that is not the end of a longer name (`profile::` is not `file::`).
fn says(line: &str, text: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let joins = |before: &str| text.starts_with(is_name) && before.ends_with(is_name);
    line.match_indices(text).any(|(at, _)| !joins(&line[..at]))
}

#[test]
fn files_are_short() {
    let lines = |source: &Source| source.text.lines().count();
    let long = sources().into_iter().filter(|source| lines(source) > LONGEST);
    let long: Vec<String> = long
        .map(|source| format!("{}: {} lines", source.name, lines(&source)))
        .collect();
    assert!(long.is_empty(), "more than {LONGEST} lines: {}", long.join(", "));
}

#[test]
fn each_file_says_first_what_it_is_responsible_for() {
    for source in sources() {
        assert!(source.text.starts_with("//! "), "{} has no header", source.name);
    }
}

fn rank(module: &str) -> usize {
    let rank = ORDER.iter().position(|name| *name == module);
    rank.unwrap_or_else(|| panic!("{module} is not in ORDER"))
}

impl Source {
    /// Other modules of the crate that the code names.
    fn imports(&self) -> BTreeSet<String> {
        let code = self.text_of_code();
        // How far below the root the module lies; that many `super` lead to the root.
        let is_folder = self.name.ends_with("/mod.rs");
        let depth = self.name.split('/').count() - usize::from(is_folder);
        let roots = ["crate::".to_string(), "super::".repeat(depth)];
        let program = ["main", "cli"].contains(&self.module()).then(|| "harden::".to_string());
        let mut found = BTreeSet::new();
        for root in roots.iter().chain(&program) {
            for (at, _) in code.match_indices(root.as_str()) {
                if is_inside_path(&code, at) {
                    continue;
                }
                let paths = paths(&code[at + root.len()..]);
                found.extend(paths.into_iter().filter_map(|path| path.into_iter().next()));
            }
        }
        for (name, module) in PASSED_ON {
            if found.remove(name) {
                found.insert(module.to_string());
            }
        }
        found.retain(|name| ORDER.contains(&name.as_str()) || self.name != "lib.rs" && is_module(name));
        found.remove(self.module());
        found
    }
}

/// Modules are lower case, and so are functions that `lib` passes on; only the former have a file.
fn is_module(name: &str) -> bool {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    src.join(format!("{name}.rs")).exists() || src.join(name).exists()
}

#[test]
fn imports_are_seen_in_every_spelling() {
    let source = |name: &str, text: &str| Source {
        name: name.to_string(),
        text: text.to_string(),
    };
    let cases = [
        ("yaml/node.rs", "use crate::plan::{Basis, Plan};", vec!["plan"]),
        (
            "yaml/node.rs",
            "use crate::{kube::pod::{Pod, Class}, plan};",
            vec!["kube", "plan"],
        ),
        ("yaml/node.rs", "fn f() -> crate::checks::Level {}", vec!["checks"]),
        ("yaml/node.rs", "use super::super::plan::Basis;", vec!["plan"]),
        ("yaml/mod.rs", "use super::plan;", vec!["plan"]),
        ("yaml/node.rs", "use super::plan;", vec![]),
        ("yaml/node.rs", "use crate::harden_text;", vec!["harden"]),
        ("yaml/edit/mod.rs", "use super::super::plan;", vec!["plan"]),
        (
            "yaml/node.rs",
            "// use crate::plan;\n#[cfg(test)]\nuse crate::plan;",
            vec![],
        ),
        (
            "main.rs",
            "use harden::report::Paint;\nuse harden::{Exit, run};",
            vec!["report", "run"],
        ),
    ];
    for (name, text, expected) in cases {
        let found: Vec<String> = source(name, text).imports().into_iter().collect();
        assert_eq!(found, expected, "{name}: {text}");
    }
}
