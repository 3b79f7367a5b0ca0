//! The profiles as a whole: their list, their table, and whether files are valid ones.

use std::collections::BTreeSet;
use std::path::Path;

use super::facts;
use super::layout::{columns, markdown};
use super::surroundings::Surroundings;
use crate::config;
use crate::files;
use crate::profiles::{Profile, builtin_profiles};

/// Prefixes that nobody writes.
const DEFAULT_PREFIXES: [&str; 2] = ["docker.io/library/", "docker.io/"];

/// The built-in profiles, then those of the config's folders.
pub(super) fn list(surroundings: &Surroundings) -> String {
    let head = ["NAME", "IMAGE", "VARIANTS", "UID", "READ-ONLY ROOT", "EVIDENCE"];
    let mut rows = vec![head.map(String::from).to_vec()];
    let builtin = builtin_profiles().filter_map(|(name, _, profile)| Some((name.to_string(), profile?)));
    let shared = surroundings.config.shared.iter();
    let shared = shared.map(|shared| (shared.path.display().to_string(), &shared.profile));
    for (name, profile) in builtin.chain(shared) {
        let variants = match profile.variants.len() {
            0 => "-".to_string(),
            count => count.to_string(),
        };
        let row = [
            name,
            first_image(profile),
            variants,
            uids(profile),
            root(profile),
            evidence(profile),
        ];
        rows.push(row.to_vec());
    }
    columns(&rows)
}

/// The built-in profiles as a Markdown table, for the README.
pub fn profiles_table() -> String {
    let row = |name: &str, profile: &Profile| {
        let variants: Vec<String> = profile.variants.iter().map(Profile::shown_as_variant).collect();
        vec![
            format!("[{}](profiles/{name}.yaml)", first_image(profile)),
            variants.join("; "),
            uids(profile),
            root(profile),
            evidence(profile),
        ]
    };
    let rows: Vec<Vec<String>> = builtin_profiles()
        .filter_map(|(name, _, profile)| Some(row(name, profile?)))
        .collect();
    markdown(&["image", "variants", "uid", "read-only root", "evidence"], &rows)
}

/// Whether a file is a valid profile: the line that says so, or what is wrong.
pub(super) fn check(path: &Path) -> Result<String, Vec<String>> {
    if !files::exists(path) {
        return Err(vec![format!(
            "{}: there is no such file; check the path",
            path.display()
        )]);
    }
    if files::is_directory(path) {
        let shown = path.display();
        return Err(vec![format!(
            "{shown}: is a folder; name its files: `harden profile check {shown}/*.yaml`"
        )]);
    }
    config::read_profile(path, path).map(|profile| valid(path, &profile))
}

fn valid(path: &Path, profile: &Profile) -> String {
    let variants = match profile.variants.len() {
        0 => String::new(),
        1 => ", 1 variant".to_string(),
        count => format!(", {count} variants"),
    };
    format!("{}: valid, {}{variants}\n", path.display(), first_image(profile))
}

fn first_image(profile: &Profile) -> String {
    let name = profile.repositories.first().or(profile.name.as_ref());
    let name = name.map_or("", String::as_str);
    let short = DEFAULT_PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix));
    short.unwrap_or(name).to_string()
}

/// Of the base, then what variants have instead.
fn uids(profile: &Profile) -> String {
    let own = match (profile.user, profile.any_user, &profile.root_only) {
        (Some(uid), ..) => uid.to_string(),
        (None, _, Some(_)) => "root only".to_string(),
        (None, Some(true), None) => "any".to_string(),
        (None, ..) => "-".to_string(),
    };
    let others: BTreeSet<u32> = profile.variants.iter().filter_map(|v| v.user).collect();
    let others = others.into_iter().filter(|uid| Some(*uid) != profile.user);
    let all: Vec<String> = std::iter::once(own).chain(others.map(|uid| uid.to_string())).collect();
    all.join(", ")
}

fn root(profile: &Profile) -> String {
    profile.read_only_root.map_or("-", facts::root_name).to_string()
}

/// The class of the whole, and of statements that rest on another.
fn evidence(profile: &Profile) -> String {
    let Some(evidence) = &profile.evidence else {
        return "-".to_string();
    };
    let mut classes: BTreeSet<_> = evidence.facts.values().copied().collect();
    classes.remove(&evidence.class);
    let all: Vec<&str> = std::iter::once(evidence.class)
        .chain(classes)
        .map(facts::class_name)
        .collect();
    all.join(", ")
}
