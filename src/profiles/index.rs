//! The built-in profiles: embedded texts and an index by repository, both made by `build.rs`.
//! Start-up parses nothing; a profile is parsed when an image first asks for it.

use std::sync::OnceLock;

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::schema::Profile;

// FILES: (name, text), sorted by name. REPOSITORIES: (repository, index in FILES), sorted. GLOBS: the same with `*`.
include!(concat!(env!("OUT_DIR"), "/profile_index.rs"));

static LOADED: [OnceLock<Option<Loaded>>; FILES.len()] = [const { OnceLock::new() }; FILES.len()];

/// A profile with its variants' tag globs compiled.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) profile: Profile,
    tags: Vec<GlobSet>,
}

impl Loaded {
    /// `None` where a tag glob is malformed; `validate` names it.
    pub(super) fn new(profile: Profile) -> Option<Loaded> {
        let tags: Option<Vec<GlobSet>> = profile.variants.iter().map(|variant| globs(&variant.tags)).collect();
        Some(Loaded { tags: tags?, profile })
    }

    /// The first variant that matches the tag; `None` for the base, and where only a digest is known.
    pub(super) fn variant(&self, tag: Option<&str>) -> Option<&Profile> {
        let tag = tag?;
        let matching = self.profile.variants.iter().zip(&self.tags).find(|(variant, globs)| {
            (variant.tags.is_empty() || globs.is_match(tag))
                && variant.versions.as_ref().is_none_or(|v| v.contains(tag))
        });
        matching.map(|(variant, _)| variant)
    }
}

/// `*` matches any run of characters, slashes included.
pub(super) fn globs(patterns: &[String]) -> Option<GlobSet> {
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        builder.add(Glob::new(pattern).ok()?);
    }
    builder.build().ok()
}

/// Whether a built-in profile says the whole name, not just a glob.
pub(super) fn is_listed(repository: &str) -> bool {
    listed(repository).is_some()
}

fn listed(repository: &str) -> Option<usize> {
    let exact = REPOSITORIES.binary_search_by(|(name, _)| (*name).cmp(repository)).ok();
    exact.and_then(|i| REPOSITORIES.get(i)).map(|(_, file)| *file)
}

/// The profile for a canonical repository name; an exact name wins over a glob.
pub(super) fn builtin(repository: &str) -> Option<&'static Loaded> {
    let file = match listed(repository) {
        Some(file) => file,
        None => {
            let starts = |glob: &str| {
                glob.strip_suffix('*')
                    .is_some_and(|prefix| repository.starts_with(prefix))
            };
            GLOBS.iter().find(|(glob, _)| starts(glob)).map(|(_, file)| *file)?
        }
    };
    load(file)
}

/// All built-in profiles by name, parsed; for listings and tests.
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static str, Option<&'static Loaded>)> {
    FILES
        .iter()
        .enumerate()
        .map(|(i, (name, text))| (*name, *text, load(i)))
}

fn load(file: usize) -> Option<&'static Loaded> {
    let (_, text) = FILES.get(file)?;
    let parsed = || serde_yaml::from_str(text).ok().and_then(Loaded::new);
    LOADED.get(file)?.get_or_init(parsed).as_ref()
}
