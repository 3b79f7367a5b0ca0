//! The sources as text: their files, their code without comments and tests, the paths in it.

use std::fs;
use std::path::Path;

pub(crate) struct Source {
    /// Below `src`, with `/`.
    pub(crate) name: String,
    pub(crate) text: String,
}

pub(crate) fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                sources.push(Source {
                    name: below(&root, &path),
                    text: fs::read_to_string(&path).unwrap(),
                });
            }
        }
    }
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(sources.len() > 50, "only {} sources found", sources.len());
    sources
}

fn below(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap();
    let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

impl Source {
    /// The first part of the module's path: `plan` for `plan/users.rs`.
    pub(crate) fn module(&self) -> &str {
        let first = self.name.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Numbered lines without comments and without items that only tests see.
    pub(crate) fn code(&self) -> Vec<(usize, &str)> {
        let mut code = Vec::new();
        let mut in_tests = false;
        for (index, line) in self.text.lines().enumerate() {
            in_tests |= line == "#[cfg(test)]";
            if !in_tests {
                code.push((index + 1, line.split("//").next().unwrap()));
            }
            let ends = line == "}" || line.ends_with(';') && !line.starts_with(' ');
            in_tests &= !ends;
        }
        code
    }

    /// The same in one piece.
    pub(crate) fn text_of_code(&self) -> String {
        let code: Vec<&str> = self.code().into_iter().map(|(_, line)| line).collect();
        code.join("\n")
    }
}

/// Whether what stands at a place is the end of a longer name or path.
pub(crate) fn is_inside_path(code: &str, at: usize) -> bool {
    let before = code[..at].chars().next_back();
    before.is_some_and(|c| is_of_name(c) || c == ':')
}

pub(crate) fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The paths that a text begins with, name by name: those of `a::{b, c::d}` are `a::b` and `a::c::d`.
pub(crate) fn paths(text: &str) -> Vec<Vec<String>> {
    if let Some(group) = text.strip_prefix('{') {
        return parts(group).into_iter().flat_map(|part| paths(part.trim())).collect();
    }
    let (name, behind) = text.split_at(text.find(|c| !is_of_name(c)).unwrap_or(text.len()));
    if name.is_empty() {
        return Vec::new();
    }
    let mut longer = behind.strip_prefix("::").map(paths).unwrap_or_default();
    if longer.is_empty() {
        longer.push(Vec::new());
    }
    for path in &mut longer {
        path.insert(0, name.to_string());
    }
    longer
}

/// What the commas of a group in braces separate, up to its end.
fn parts(group: &str) -> Vec<&str> {
    let (mut depth, mut start) = (0, 0);
    let mut parts = Vec::new();
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&group[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts
}
