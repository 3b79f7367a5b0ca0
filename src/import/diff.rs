//! `docker diff`: what a container changed in its root, collapsed to the folders that must be writable.

use std::collections::{BTreeMap, BTreeSet};

use super::found::Found;
use crate::profiles::{Class, Evidence, Field, ReadOnlyRoot, WritablePath};

/// Folders that the runtime itself fills.
const RUNTIME: [&str; 3] = ["/dev", "/proc", "/sys"];

/// Too broad to be covered as a whole: each folder in them is taken for itself.
const BROAD: [&str; 8] = [
    "/etc",
    "/usr",
    "/usr/local",
    "/usr/share",
    "/var",
    "/var/lib",
    "/home",
    "/opt",
];

/// More paths than this are no list to act on.
const MAX_PATHS: usize = 100;

/// The lines are `A` (added), `C` (changed) or `D` (deleted) and a path.
pub(super) fn of_list(text: &str, source: &str) -> Found {
    let changes: BTreeMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.trim().split_once(' '))
        .map(|(kind, path)| (path.trim(), kind))
        .filter(|(path, _)| is_sound(path))
        .collect();
    let mut found = Found {
        // Somebody ran the image: that it writes there was seen, not read.
        evidence: Some(Evidence {
            class: Class::Tested,
            sources: vec![format!("docker diff: {source}")],
            facts: BTreeMap::new(),
        }),
        ..Found::default()
    };
    let mut folders: BTreeMap<&str, bool> = BTreeMap::new();
    for (path, kind) in leaves(&changes) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        // In the root there is no folder that a volume could be mounted at.
        if folder.is_empty() || BROAD.contains(&folder) && kind == "A" {
            found.remarks.push(format!(
                "{path} is written in {}, which cannot be covered; make the program write elsewhere",
                if folder.is_empty() { "/" } else { folder }
            ));
            continue;
        }
        *folders.entry(folder).or_default() |= kind != "A";
    }
    state(&mut found, &outermost(&folders));
    found
}

fn is_sound(path: &str) -> bool {
    let clean = path
        .strip_prefix('/')
        .is_some_and(|rest| rest.split('/').all(|part| !matches!(part, "" | "." | "..")));
    clean && !RUNTIME.iter().any(|root| is_below(path, root))
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The changes that are not merely the folder of another one. Sorted text has what is below a folder behind it, though
/// perhaps not at once (`/a`, `/a-b`, `/a/c`).
fn leaves<'t>(changes: &BTreeMap<&'t str, &'t str>) -> Vec<(&'t str, &'t str)> {
    let parents: BTreeSet<&str> = changes
        .keys()
        .flat_map(|path| path.match_indices('/').filter_map(|(at, _)| path.get(..at)))
        .collect();
    let is_leaf = |(path, _): &(&&'t str, &&'t str)| !parents.contains(**path);
    changes
        .iter()
        .filter(is_leaf)
        .map(|(path, kind)| (*path, *kind))
        .collect()
}

/// Without those that lie in another one, whose files count for it.
fn outermost<'t>(folders: &BTreeMap<&'t str, bool>) -> BTreeMap<&'t str, bool> {
    let mut kept: BTreeMap<&str, bool> = BTreeMap::new();
    for (folder, has_content) in folders {
        let inside = folder.match_indices('/').filter_map(|(at, _)| folder.get(..at));
        let outer = inside
            .filter(|outer| !outer.is_empty())
            .find(|outer| kept.contains_key(outer));
        *kept.entry(outer.unwrap_or(folder)).or_default() |= has_content;
    }
    kept
}

fn state(found: &mut Found, folders: &BTreeMap<&str, bool>) {
    let profile = &mut found.profile;
    profile.writable = folders
        .iter()
        .take(MAX_PATHS)
        .map(|(folder, has_content)| WritablePath {
            why: Some("a container wrote here".to_string()),
            ships_content: *has_content,
            ..WritablePath::plain(folder)
        })
        .collect();
    if folders.len() > MAX_PATHS {
        let more = folders.len() - MAX_PATHS;
        found.remarks.push(format!("{more} more paths were written"));
    }
    if folders.values().any(|has_content| *has_content) {
        let remark = "where `ships-content` stands, files of the image were changed; an empty volume would hide them";
        found.remarks.push(remark.to_string());
    }
    profile.read_only_root = Some(ReadOnlyRoot::Possible);
    profile.read_only_root_reason =
        Some("the paths are those of one container; start it read-only before you recommend it".to_string());
    if let Some(evidence) = &mut found.evidence {
        evidence.facts = BTreeMap::from([(Field::ReadOnlyRoot, Class::Guess)]);
    }
}
