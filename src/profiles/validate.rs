//! What is wrong with a profile that reads: contradictions and missing evidence. Says, never repairs.

use std::fmt;

use super::index;
use super::paths::{is_within, same_place};
use super::schema::{Profile, ReadOnlyRoot};

/// One thing that is wrong with a profile that reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The entry below the profile, as serde_yaml spells paths (`variants[0].writable[1]`); empty for the whole.
    pub at: String,
    pub what: String,
}

impl Problem {
    fn new(at: impl Into<String>, what: impl Into<String>) -> Problem {
        Problem {
            at: at.into(),
            what: what.into(),
        }
    }

    /// The same of a profile that is itself an entry of something.
    #[must_use]
    pub fn below(self, entry: &str) -> Problem {
        let at = if self.at.is_empty() {
            entry.to_string()
        } else {
            format!("{entry}.{}", self.at)
        };
        Problem { at, ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at.as_str() {
            "" => f.write_str(&self.what),
            at => write!(f, "{at}: {}", self.what),
        }
    }
}

/// Problems of an `images:` entry or of any profile.
pub fn problems(profile: &Profile) -> Vec<Problem> {
    let mut found = Vec::new();
    if profile.repositories.is_empty() && profile.name.is_none() {
        found.push(Problem::new("", "say `repositories`, or `name` for a built-in profile"));
    }
    statements(profile, &mut found);
    for (i, variant) in profile.variants.iter().enumerate() {
        let mut inner = Vec::new();
        if variant.tags.is_empty() && variant.versions.is_none() {
            inner.push(Problem::new("", "a variant needs `tags` or `versions`"));
        }
        if !variant.repositories.is_empty() || !variant.variants.is_empty() || variant.dockerfile.is_some() {
            let what = "a variant has neither `repositories` nor `variants` nor `dockerfile`";
            inner.push(Problem::new("", what));
        }
        statements(variant, &mut inner);
        found.extend(
            inner
                .into_iter()
                .map(|problem| problem.below(&format!("variants[{i}]"))),
        );
    }
    found
}

/// Problems of a profile in a file of its own, built in or shared: beyond [`problems`], it says what it rests on.
pub fn problems_of_file(profile: &Profile) -> Vec<Problem> {
    let mut found = problems(profile);
    match &profile.evidence {
        None => found.push(Problem::new(
            "",
            "no evidence; say `evidence` with a `class` and its `sources`",
        )),
        Some(e) if e.sources.is_empty() && e.class != super::Class::Guess => {
            found.push(Problem::new("evidence", "evidence without a source; add `sources`"));
        }
        Some(_) => {}
    }
    if profile.dockerfile.is_some() {
        let what = "a Dockerfile is named in `images:` of a config; import it for a profile of its own";
        found.push(Problem::new("dockerfile", what));
    }
    let variants = profile.variants.iter().enumerate();
    let parts = variants.map(|(i, variant)| (format!("variants[{i}]"), variant));
    for (entry, p) in [(String::new(), profile)].into_iter().chain(parts) {
        let mut inner = Vec::new();
        for (i, w) in p.writable.iter().enumerate() {
            if w.why.is_none() && w.when != super::When::Never {
                let what = format!("{} does not say why", w.path);
                inner.push(Problem::new(format!("writable[{i}]"), what));
            }
        }
        if p.read_only_root.is_some_and(|r| r != ReadOnlyRoot::Recommended) && p.read_only_root_reason.is_none() {
            let what = "a read-only root that is not recommended needs a reason";
            inner.push(Problem::new("read-only-root", what));
        }
        let below = |problem: Problem| {
            if entry.is_empty() {
                problem
            } else {
                problem.below(&entry)
            }
        };
        found.extend(inner.into_iter().map(below));
    }
    found
}

/// Names, texts and parsed profiles of the whole library; `None` where a text does not read.
pub fn builtin_profiles() -> impl Iterator<Item = (&'static str, &'static str, Option<&'static Profile>)> {
    index::all().map(|(name, text, loaded)| (name, text, loaded.map(|l| &l.profile)))
}

fn statements(p: &Profile, found: &mut Vec<Problem>) {
    places(p, found);
    variables(p, found);
    moves(p, found);
    for (at, patterns) in [("tags", &p.tags), ("repositories", &p.repositories)] {
        if index::globs(patterns).is_none() {
            found.push(Problem::new(at, "a glob is malformed"));
        }
    }
    if p.user == Some(0) {
        let what = "user 0 is root; say `root-only` with the reason and what to use instead";
        found.push(Problem::new("user", what));
    }
    for (at, id) in [("user", p.user), ("group", p.group), ("fs-group", p.fs_group)] {
        if let Some(id) = id.filter(|id| i32::try_from(*id).is_err()) {
            let what = format!("{id} is no id: the API server takes 0 to {}", i32::MAX);
            found.push(Problem::new(at, what));
        }
    }
    if p.root_only.is_some() && p.user.is_some() {
        found.push(Problem::new(
            "root-only",
            "`root-only` and `user` contradict each other",
        ));
    }
    for (i, c) in p.capabilities.iter().flatten().enumerate() {
        if c != "NET_BIND_SERVICE" {
            let what = format!("capability `{c}`: Pod Security restricted allows NET_BIND_SERVICE only");
            found.push(Problem::new(format!("capabilities[{i}]"), what));
        }
    }
    for (i, port) in p.ports.iter().flatten().enumerate() {
        if !(1..1024).contains(&port.port) {
            let what = format!("port {} is not below 1024 and needs no statement", port.port);
            found.push(Problem::new(format!("ports[{i}]"), what));
        }
    }
}

fn places(p: &Profile, found: &mut Vec<Problem>) {
    mounted(p, found);
    // The root says that the files are where the configuration puts them.
    let files = p.owner_only.iter().map(|files| &files.path);
    for path in files.filter(|path| *path != "/" && !is_clean(path)) {
        found.push(not_clean("owner-only.path", path));
    }
    if let Some(data) = &p.data {
        if !is_clean(&data.path) {
            found.push(not_clean("data.path", &data.path));
        }
        if !is_clean_below(&data.subdirectory) {
            let what = format!(
                "`{}` is no path below another; write it without `/` at its ends and without `..`",
                data.subdirectory
            );
            found.push(Problem::new("data.subdirectory", what));
        }
    }
}

fn not_clean(at: impl Into<String>, path: &str) -> Problem {
    let what = format!("`{path}` is not an absolute, clean path; write one like `/var/lib/app`");
    Problem::new(at, what)
}

/// Paths that become empty directories.
fn mounted(p: &Profile, found: &mut Vec<Problem>) {
    let writable = p
        .writable
        .iter()
        .enumerate()
        .map(|(i, w)| (format!("writable[{i}]"), &w.path));
    let volumes = p.volumes.iter().flatten().enumerate();
    let volumes = volumes.map(|(i, path)| (format!("volumes[{i}]"), path));
    for (at, path) in writable.chain(volumes) {
        if !is_clean(path) {
            found.push(not_clean(at, path));
        } else if is_taken(path) {
            let what = format!(
                "`{path}` is the kernel's, the runtime's or full of programs; an empty directory there hides them"
            );
            found.push(Problem::new(at, what));
        }
    }
    for (i, w) in p.writable.iter().enumerate() {
        if p.writable
            .iter()
            .take(i)
            .any(|earlier| same_place(&earlier.path, &w.path))
        {
            found.push(Problem::new(
                format!("writable[{i}]"),
                format!("`{}` is writable twice", w.path),
            ));
        }
    }
}

fn variables(p: &Profile, found: &mut Vec<Problem>) {
    let env = p
        .env
        .iter()
        .enumerate()
        .map(|(i, var)| (format!("env[{i}].name"), &var.name));
    let data = p.data.iter().map(|data| ("data.env".to_string(), &data.env));
    for (at, name) in env.chain(data).filter(|(_, name)| !is_variable(name)) {
        let what = format!("`{name}` is no name of a variable; use letters, digits and `_`");
        found.push(Problem::new(at, what));
    }
}

fn moves(p: &Profile, found: &mut Vec<Problem>) {
    let is_flag = |flag: &String| !flag.is_empty() && !flag.contains(|c: char| c == '=' || c.is_whitespace());
    for (i, one) in p.moves.iter().flatten().enumerate() {
        let at = format!("moves[{i}]");
        if one.what.is_empty() {
            found.push(Problem::new(at.clone(), "say `what` lies there, such as `its data`"));
        }
        if one.env.is_some() != one.flags.is_empty() {
            found.push(Problem::new(at.clone(), "say either `env` or `flags`"));
        }
        if !one.flags.is_empty() && one.of.is_empty() {
            found.push(Problem::new(
                at.clone(),
                "say `of` which programs `flags` are the options",
            ));
        }
        if let Some(name) = one.env.as_ref().filter(|name| !is_variable(name)) {
            let what = format!("`{name}` is no name of a variable; use letters, digits and `_`");
            found.push(Problem::new(format!("{at}.env"), what));
        }
        if let Some(flag) = one.flags.iter().find(|flag| !is_flag(flag)) {
            let what = format!("`{flag}` is no option; write it without its value");
            found.push(Problem::new(format!("{at}.flags"), what));
        }
    }
}

/// Where no container starts, or has its token, with an empty directory over it.
fn is_taken(path: &str) -> bool {
    const WITH_ALL_BELOW: [&str; 4] = ["/proc", "/sys", "/dev", "/var/run/secrets/kubernetes.io"];
    const ALONE: [&str; 9] = [
        "/usr",
        "/bin",
        "/sbin",
        "/lib",
        "/lib64",
        "/etc",
        "/usr/bin",
        "/usr/sbin",
        "/usr/lib",
    ];
    // Shared memory is a directory like any other.
    let is_memory = is_within(path, "/dev/shm");
    ALONE.contains(&path) || !is_memory && WITH_ALL_BELOW.iter().any(|root| is_within(path, root))
}

/// As every API server takes it.
fn is_variable(name: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    !name.is_empty() && name.chars().all(is_of_name) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Absolute, and no `.`, `..`, empty component or trailing slash; the root itself is nothing to mount.
fn is_clean(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(is_clean_below)
}

fn is_clean_below(path: &str) -> bool {
    path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}
