//! Inside a folder, too, arrows go one way: no modules of it need each other in a circle, its own file (`mod.rs`) among
//! them. What a folder's file only passes on is the business of whose it is.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::{Source, is_inside_path, is_of_name, paths, sources};

/// From the root: `[plan, users]`.
type Module = Vec<String>;

/// What a folder's own file is called among its modules.
const OWN_FILE: &str = "mod";

#[test]
fn no_modules_of_a_folder_need_each_other() {
    let circles = circles(&sources());
    assert!(circles.is_empty(), "in a circle:\n{}", circles.join("\n"));
}

/// One circle of each folder that has any: its modules, each of which needs the next.
fn circles(sources: &[Source]) -> Vec<String> {
    let tree = Tree::of(sources);
    let mut folders: BTreeMap<Module, BTreeSet<(String, String)>> = BTreeMap::new();
    for module in tree.code.keys() {
        for needed in tree.needs(module) {
            let shared = module.iter().zip(&needed).take_while(|(a, b)| a == b).count();
            let child = |module: &Module| module.get(shared).map_or(OWN_FILE, String::as_str).to_string();
            let arrows = folders.entry(module[..shared].to_vec()).or_default();
            arrows.insert((child(module), child(&needed)));
        }
    }
    // The order of the top is another test's.
    folders.remove(&Vec::new());
    let found = folders.into_iter().filter_map(|(folder, arrows)| {
        let circle = circle(arrows)?.join(" -> ");
        Some(format!("{}: {circle}", folder.join("/")))
    });
    found.collect()
}

fn circle(mut arrows: BTreeSet<(String, String)>) -> Option<Vec<String>> {
    // What needs nothing stands in no circle, and neither does what needs only such.
    let mut before = 0;
    while before != arrows.len() {
        before = arrows.len();
        let starts: BTreeSet<String> = arrows.iter().map(|(from, _)| from.clone()).collect();
        arrows.retain(|(_, to)| starts.contains(to));
    }
    let mut way = vec![arrows.first()?.0.clone()];
    loop {
        let (_, next) = arrows.iter().find(|(from, _)| Some(from) == way.last())?;
        let known = way.iter().position(|module| module == next);
        way.push(next.clone());
        if let Some(start) = known {
            return Some(way.split_off(start));
        }
    }
}

/// The modules with their code.
struct Tree {
    code: BTreeMap<Module, String>,
}

impl Tree {
    /// Without the program, which sees the library from outside.
    fn of(sources: &[Source]) -> Tree {
        let library = sources.iter().filter(|s| !["main", "cli"].contains(&s.module()));
        let module = |source: &Source| {
            let path = source.name.strip_suffix(".rs").unwrap();
            let path = path.strip_suffix("/mod").unwrap_or(path);
            let names = path.split('/').map(str::to_string);
            names.filter(|name| name != "lib").collect()
        };
        Tree {
            code: library.map(|source| (module(source), source.text_of_code())).collect(),
        }
    }

    /// The modules whose items the code of a module names, but for those that it only passes on.
    fn needs(&self, module: &Module) -> BTreeSet<Module> {
        let (passed_on, own) = split(&self.code[module]);
        let is_used = |name: &str| {
            let mut places = own.match_indices(name);
            places.any(|(at, _)| {
                let behind = own[at + name.len()..].chars().next();
                !own[..at].ends_with("mod ")
                    && !own[..at].chars().next_back().is_some_and(is_of_name)
                    && !behind.is_some_and(is_of_name)
            })
        };
        let passed_on = self.paths(module, &passed_on).into_iter();
        let used = passed_on.filter(|path| path.last().is_some_and(|name| is_used(name)));
        let named = self.paths(module, &own).into_iter().chain(used);
        let mut needed: BTreeSet<Module> = named.filter_map(|path| self.owner(module, &path)).collect();
        needed.remove(module);
        needed
    }

    /// The paths in a code that may lead to a module of the crate.
    fn paths(&self, module: &Module, code: &str) -> Vec<Vec<String>> {
        let children = self
            .code
            .keys()
            .filter(|child| child.split_last().is_some_and(|(_, m)| m == module));
        let children = children.filter_map(|child| child.last()).map(String::as_str);
        let mut found = Vec::new();
        for start in ["crate", "super", "self"].into_iter().chain(children) {
            let places = code.match_indices(start);
            let places =
                places.filter(|(at, _)| code[at + start.len()..].starts_with("::") && !is_inside_path(code, *at));
            found.extend(places.flat_map(|(at, _)| paths(&code[at..])));
        }
        found
    }

    /// The module in which the item at the end of a path stands.
    fn owner(&self, from: &Module, path: &[String]) -> Option<Module> {
        let mut module = from.clone();
        let mut names = path.iter().peekable();
        while let Some(name) = names.peek() {
            match name.as_str() {
                "crate" => module.clear(),
                "super" => drop(module.pop()?),
                "self" => {}
                name => {
                    let child: Module = module.iter().cloned().chain([name.to_string()]).collect();
                    if !self.code.keys().any(|known| known.starts_with(&child)) {
                        break;
                    }
                    module = child;
                }
            }
            names.next();
        }
        match names.next() {
            Some(item) => Some(self.passed_on_from(&module, item).unwrap_or(module)),
            None => Some(module),
        }
    }

    /// Where an item comes from that a module only imports: others may name it through that module.
    fn passed_on_from(&self, module: &Module, item: &String) -> Option<Module> {
        let code = self.code.get(module)?;
        let mut imports = uses(code).into_iter().flat_map(|line| self.paths(module, line));
        let path = imports.find(|path| path.last() == Some(item))?;
        self.owner(module, &path).filter(|owner| owner != module)
    }
}

/// The statements that pass items on, and the rest of the code.
fn split(code: &str) -> (String, String) {
    let mut rest = code.to_string();
    let mut passed_on = String::new();
    for line in uses(code).into_iter().filter(|line| line.starts_with("pub")) {
        rest = rest.replace(line, "");
        passed_on.push_str(line);
        passed_on.push('\n');
    }
    (passed_on, rest)
}

/// The `use` statements at the top level of a code.
fn uses(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in code.split_inclusive('\n') {
        let words = line
            .strip_prefix("pub")
            .map_or(line, |rest| rest.trim_start_matches(|c| c != ' ').trim_start());
        if words.starts_with("use ")
            && let Some(end) = code[at..].find(';')
        {
            found.push(&code[at..=at + end]);
        }
        at += line.len();
    }
    found
}

/// Files by name and text, and the circle among them.
const SPELLINGS: &[(&[(&str, &str)], &str)] = &[
    (
        &[
            ("a/b.rs", "use super::c::{C, D};"),
            ("a/c.rs", "fn f(b: super::b::B) {}"),
        ],
        "a: b -> c -> b",
    ),
    (
        &[
            ("a/b.rs", "use crate::a::c;"),
            ("a/c.rs", "use super::{Other, d::D};"),
            ("a/d.rs", "use super::b::B;"),
            ("a/e.rs", "use super::b::B;"),
        ],
        "a: b -> c -> d -> b",
    ),
    // Through what the folder's file passes on, or imports for itself.
    (
        &[
            ("a/mod.rs", "mod b;\nmod c;\npub use c::{C, D};"),
            ("a/b.rs", "use super::C;"),
            ("a/c.rs", "use super::b;"),
        ],
        "a: b -> c -> b",
    ),
    // What passes items on needs none of them, unless it names them.
    (
        &[("a/mod.rs", "mod b;\npub use b::B;"), ("a/b.rs", "use super::A;")],
        "",
    ),
    (
        &[
            ("a/mod.rs", "mod b;\npub(crate) use b::{B, C};\nstruct A(B);"),
            ("a/b.rs", "use super::A;"),
        ],
        "a: b -> mod -> b",
    ),
    (
        &[
            ("a/mod.rs", "fn f() {\n    b::f()\n}"),
            ("a/b.rs", "use super::A::{self, One};"),
        ],
        "a: b -> mod -> b",
    ),
    // Between a file and a folder beside it.
    (
        &[
            ("a/b/mod.rs", "mod c;"),
            ("a/b/c.rs", "use super::super::d::D;"),
            ("a/d.rs", "use super::b::c::C;"),
        ],
        "a: b -> d -> b",
    ),
    (
        &[
            ("a/b.rs", "use super::c;\nuse crate::d::D;"),
            ("d/e.rs", "use crate::a::b;"),
        ],
        "",
    ),
    (
        &[
            ("a/b.rs", "use super::c;"),
            ("a/c.rs", "#[cfg(test)]\nuse super::b;\n// super::b::B\n"),
        ],
        "",
    ),
];

#[test]
fn circles_are_seen_in_every_spelling() {
    for (files, expected) in SPELLINGS {
        let source = |(name, text): &(&str, &str)| Source {
            name: (*name).to_string(),
            text: (*text).to_string(),
        };
        let sources: Vec<Source> = files.iter().map(source).collect();
        assert_eq!(circles(&sources).join("\n"), *expected, "{files:?}");
    }
}
