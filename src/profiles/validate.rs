//! What is wrong with a profile that reads: contradictions and missing evidence. Says, never repairs.

use super::index;
use super::schema::{Profile, ReadOnlyRoot, WritablePath};

/// Problems of an `images:` entry or of any profile, one sentence each.
pub fn problems(profile: &Profile) -> Vec<String> {
    let mut found = Vec::new();
    if profile.repositories.is_empty() && profile.name.is_none() {
        found.push("say `repositories`, or `name` for a built-in profile".to_string());
    }
    statements(profile, &mut found);
    for (i, variant) in profile.variants.iter().enumerate() {
        let mut inner = Vec::new();
        if variant.tags.is_empty() && variant.versions.is_none() {
            inner.push("a variant needs `tags` or `versions`".to_string());
        }
        if !variant.repositories.is_empty() || !variant.variants.is_empty() {
            inner.push("a variant has neither `repositories` nor `variants`".to_string());
        }
        statements(variant, &mut inner);
        found.extend(inner.into_iter().map(|problem| format!("variants[{i}]: {problem}")));
    }
    found
}

/// What a built-in profile must say beyond that.
pub fn problems_of_builtin(profile: &Profile) -> Vec<String> {
    let mut found = problems(profile);
    match &profile.evidence {
        None => found.push("no evidence".to_string()),
        Some(e) if e.sources.is_empty() && e.class != super::Class::Guess => {
            found.push("evidence without a source".to_string());
        }
        Some(_) => {}
    }
    for p in [profile].into_iter().chain(&profile.variants) {
        let silent = p
            .writable
            .iter()
            .filter(|w| w.why.is_none() && w.when != super::When::Never);
        found.extend(silent.map(|w| format!("{} does not say why", w.path)));
        if p.read_only_root.is_some_and(|r| r != ReadOnlyRoot::Recommended) && p.read_only_root_reason.is_none() {
            found.push("a read-only root that is not recommended needs a reason".to_string());
        }
    }
    found
}

/// Names, texts and parsed profiles of the whole library; `None` where a text does not read.
pub fn builtin_profiles() -> impl Iterator<Item = (&'static str, &'static str, Option<&'static Profile>)> {
    index::all().map(|(name, text, loaded)| (name, text, loaded.map(|l| &l.profile)))
}

fn statements(p: &Profile, found: &mut Vec<String>) {
    let paths = p.writable.iter().map(|w| &w.path).chain(p.volumes.iter().flatten());
    found.extend(
        paths
            .filter(|path| !is_clean(path))
            .map(|path| format!("`{path}` is not an absolute, clean path")),
    );
    found.extend(
        p.writable
            .iter()
            .filter_map(doubled(p))
            .map(|path| format!("`{path}` is writable twice")),
    );
    if index::globs(&p.tags).is_none() || index::globs(&p.repositories).is_none() {
        found.push("a glob is malformed".to_string());
    }
    if p.user == Some(0) {
        found.push("user 0 is root; say `root-only` with the reason and what to use instead".to_string());
    }
    if p.root_only.is_some() && p.user.is_some() {
        found.push("`root-only` and `user` contradict each other".to_string());
    }
    let caps = p.capabilities.iter().flatten();
    found.extend(
        caps.filter(|c| *c != "NET_BIND_SERVICE")
            .map(|c| format!("capability `{c}`: Pod Security restricted allows NET_BIND_SERVICE only")),
    );
    let ports = p.ports.iter().flatten().filter(|port| !(1..1024).contains(&port.port));
    found.extend(ports.map(|port| format!("port {} is not below 1024 and needs no statement", port.port)));
}

fn doubled(p: &Profile) -> impl Fn(&WritablePath) -> Option<&String> {
    let times = |path: &String| p.writable.iter().filter(|w| w.path == *path).count();
    move |w| (times(&w.path) > 1).then_some(&w.path)
}

/// Absolute, and no `.`, `..`, empty component or trailing slash; the root itself is nothing to mount.
fn is_clean(path: &str) -> bool {
    path.strip_prefix('/')
        .is_some_and(|rest| rest.split('/').all(|part| !matches!(part, "" | "." | "..")))
}
