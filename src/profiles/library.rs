//! Finds what is known of an image: the built-in profile, the variant its tag names, and the config's entries
//! over both. Says how sure it is that the image is that one.

use globset::GlobSet;

use super::error::ProfileError;
use super::facts::{Facts, Layer, Source};
use super::index::{self, Loaded, globs};
use super::mirrors;
use super::schema::{Evidence, Profile};
use super::undecided::{self, Tag};
use super::validate;
use super::windows;
use crate::kube::image::ImageRef;

/// Built-in profiles, those of a config's `profile-dirs:` and its `images:` over them, and its `mirrors:`.
#[derive(Debug, Default)]
pub struct Library {
    shared: Vec<Entry>,
    /// With the sentence that decides about each.
    built: Vec<(Entry, String)>,
    config: Vec<Entry>,
    mirrors: Vec<String>,
}

/// What is known of one image.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// The profile's name; for an image that only config knows, the entry's name or repository.
    pub profile: String,
    /// The variant's name or tags; `None` for the profile's base.
    pub variant: Option<String>,
    /// False where only the name is known and the registry or the tag is not: then no fact is better than `Assumed`.
    pub exact: bool,
    /// Whether an entry of `images:` contributed.
    pub config: bool,
    /// The line of a Dockerfile of the repository that decides on the user.
    pub says: Option<String>,
    /// A sentence where the tag leaves open which variant it is and their uids differ.
    pub undecided: Option<String>,
    pub facts: Facts,
}

/// What a Dockerfile says of an image that is built from it.
#[derive(Debug, Clone)]
pub struct Built {
    pub profile: Profile,
    /// `web/Dockerfile:12 says USER 1000`.
    pub says: String,
}

/// An `images:` entry, ready to match.
#[derive(Debug)]
struct Entry {
    loaded: Loaded,
    repositories: GlobSet,
    tags: GlobSet,
}

/// The names under which an image is looked up.
struct Names {
    /// As written, with Docker's defaults.
    written: String,
    /// What it is known as, and whether that is certain.
    known: String,
    exact: bool,
}

impl Match {
    /// Another image may be meant: what is said here is no more than an assumption.
    pub fn doubt(&mut self, why: String) {
        self.facts.doubt();
        self.undecided = Some(why);
    }
}

impl Library {
    /// The built-in profiles alone.
    pub fn builtin() -> Library {
        Library::default()
    }

    /// Lays `images:` entries over the built-in profiles, a later entry over an earlier one; `mirrors` are prefixes
    /// (`harbor.corp/hub`) behind which images stand under their usual names.
    ///
    /// # Errors
    /// The first entry that contradicts itself, named by its index.
    pub fn with_config(images: Vec<Profile>, mirrors: Vec<String>) -> Result<Library, ProfileError> {
        let mut config = Vec::new();
        for (i, profile) in images.into_iter().enumerate() {
            if let Some(problem) = validate::problems(&profile).into_iter().next() {
                return Err(ProfileError::new(problem.below(&format!("images[{i}]")).to_string()));
            }
            let entry = Entry::new(profile);
            config.push(entry.ok_or_else(|| ProfileError::new(format!("images[{i}]: a glob is malformed")))?);
        }
        Ok(Library {
            shared: Vec::new(),
            built: Vec::new(),
            config,
            mirrors,
        })
    }

    /// Lays the profiles of shared folders between the built-in ones and `images:`, a later one over an earlier one.
    /// They count by their evidence, as built-in ones do. A malformed one, which [`validate::problems`] names, is
    /// left out.
    #[must_use]
    pub fn sharing(mut self, profiles: Vec<Profile>) -> Library {
        self.shared = profiles.into_iter().filter_map(Entry::new).collect();
        self
    }

    /// Lays what Dockerfiles say over built-in and shared profiles, below `images:`, a later one over an earlier one.
    #[must_use]
    pub fn building(mut self, built: Vec<Built>) -> Library {
        let entries = built.into_iter().map(|b| (Entry::new(b.profile), b.says));
        self.built = entries.filter_map(|(entry, says)| Some((entry?, says))).collect();
        self
    }

    /// What is known of an image as a manifest writes it. Of one with a placeholder for its tag only the name is known.
    pub fn find_written(&self, text: &str) -> Option<Match> {
        match ImageRef::parse(text) {
            Some(image) => self.find(&image),
            None => self.look_up(&ImageRef::parse_name(text)?, Tag::placeholder()),
        }
    }

    /// What is known of this image; `None` if nothing is.
    pub fn find(&self, image: &ImageRef) -> Option<Match> {
        self.look_up(image, Tag::of(image))
    }

    fn look_up(&self, image: &ImageRef, written: Tag<'_>) -> Option<Match> {
        let names = self.names(image);
        let builtin = index::builtin(&names.known).filter(|_| !windows::is_of_windows(image));
        let tag = written.text;
        let base_name = builtin.and_then(|b| b.profile.name.as_deref());
        let (exact, wide): (Vec<_>, Vec<_>) = self.shared.iter().enumerate().partition(|(_, e)| e.says(&names));
        let shared = wide.into_iter().chain(exact).map(|(i, e)| (Source::Shared(i), e));
        let built = self.built.iter().enumerate().map(|(i, (e, _))| (Source::Built(i), e));
        let config = self.config.iter().enumerate().map(|(i, e)| (Source::Entry(i), e));
        let entries: Vec<(Source, &Entry)> = shared
            .chain(built)
            .chain(config)
            .filter(|(_, e)| e.matches(&names, base_name, tag))
            .collect();
        let first = builtin.or_else(|| entries.first().map(|(_, e)| &e.loaded))?;

        let mut facts = Facts::default();
        if let Some(builtin) = builtin {
            let is_doubtful = !names.exact || written.is_placeholder;
            lay(&mut facts, builtin, tag, Source::Builtin, is_doubtful);
            if written.is_placeholder && undecided::is_root_open(&builtin.profile) {
                facts.read_only_root = None;
            }
            if tag.is_none() {
                undecided::lay_data(&mut facts, &builtin.profile);
            }
        }
        let undecided = builtin.and_then(|b| undecided::sentence(&b.profile, b.variant(tag), written));
        if undecided.is_some() && tag.is_none() {
            facts.doubt_ids();
        }
        for (source, entry) in &entries {
            let is_open = written.is_placeholder && !entry.loaded.profile.variants.is_empty();
            let doubt = is_open || !names.exact && !entry.names(&names.written);
            lay(&mut facts, &entry.loaded, tag, *source, doubt);
        }
        facts.settle();
        let settled = facts.user.as_ref().is_some_and(|user| user.source != Source::Builtin);
        let says = facts.user.as_ref().and_then(|user| self.says(user.source));
        Some(Match {
            says,
            profile: first.profile.shown(),
            variant: first.variant(tag).map(Profile::shown_as_variant),
            exact: names.exact && !written.is_placeholder,
            config: entries.iter().any(|(source, _)| matches!(source, Source::Entry(_))),
            undecided: undecided.filter(|_| !settled),
            facts,
        })
    }

    fn says(&self, source: Source) -> Option<String> {
        match source {
            Source::Built(i) => self.built.get(i).map(|(_, says)| says.clone()),
            _ => None,
        }
    }

    /// A profile found under the image's own name is certain, one behind a configured mirror too; one found by a
    /// tail of the path in some private registry is not.
    fn names(&self, image: &ImageRef) -> Names {
        let written = image.name();
        let canonical = mirrors::canonical(&written);
        if let Some(known) = mirrors::behind_configured(&written, &self.mirrors) {
            return Names {
                written,
                known,
                exact: true,
            };
        }
        let is_shared = |name: &str| self.shared.iter().any(|entry| entry.names(name));
        let is_known = |name: &String| index::builtin(name).is_some() || is_shared(name);
        if !is_known(&canonical)
            && !is_shared(&written)
            && let Some(known) = mirrors::copies(image).into_iter().find(is_known)
        {
            return Names {
                written,
                known,
                exact: false,
            };
        }
        Names {
            written,
            known: canonical,
            exact: true,
        }
    }
}

impl Entry {
    fn new(profile: Profile) -> Option<Entry> {
        let patterns: Vec<String> = profile.repositories.iter().map(|r| full_pattern(r)).collect();
        Some(Entry {
            repositories: globs(&patterns)?,
            tags: globs(&profile.tags)?,
            loaded: Loaded::new(profile)?,
        })
    }

    fn names(&self, repository: &str) -> bool {
        self.repositories.is_match(repository)
    }

    /// Whether it says the whole name, which counts more than a glob.
    fn says(&self, names: &Names) -> bool {
        let patterns = self.loaded.profile.repositories.iter().map(|r| full_pattern(r));
        patterns
            .into_iter()
            .any(|pattern| pattern == names.written || pattern == names.known)
    }

    /// By repository; an entry without repositories speaks of the built-in profile of its name.
    fn matches(&self, names: &Names, builtin: Option<&str>, tag: Option<&str>) -> bool {
        let p = &self.loaded.profile;
        let repository = match p.repositories.is_empty() {
            true => p.name.is_some() && p.name.as_deref() == builtin,
            false => self.names(&names.written) || self.names(&names.known),
        };
        repository
            && (p.tags.is_empty() || tag.is_some_and(|t| self.tags.is_match(t)))
            && p.versions.as_ref().is_none_or(|v| tag.is_some_and(|t| v.contains(t)))
    }
}

/// The base first, then its variant.
fn lay(facts: &mut Facts, loaded: &Loaded, tag: Option<&str>, source: Source, doubt: bool) {
    let parent: Option<&Evidence> = loaded.profile.evidence.as_ref();
    facts.lay(Layer {
        profile: &loaded.profile,
        parent,
        source,
        variant: false,
        doubt,
    });
    if let Some(variant) = loaded.variant(tag) {
        facts.lay(Layer {
            profile: variant,
            parent,
            source,
            variant: true,
            doubt,
        });
    }
}

/// The one spelling of a pattern: `postgres` -> `docker.io/library/postgres`, `acme/*` -> `docker.io/acme/*`; what starts
/// with a host or a glob stays.
pub fn full_pattern(pattern: &str) -> String {
    match pattern.split_once('/') {
        None if pattern.starts_with('*') => pattern.to_string(),
        None => format!("docker.io/library/{pattern}"),
        Some((first, _)) if first.contains(['.', ':', '*']) || first == "localhost" => pattern.to_string(),
        Some(_) => mirrors::canonical(&format!("docker.io/{pattern}")),
    }
}
