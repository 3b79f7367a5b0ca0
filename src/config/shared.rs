//! Profiles in files of their own: those of `profile-dirs`, and any that a person wants checked. Reads them within
//! limits, and names what is wrong with them by line.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::lines::{self, Lines, Place};
use super::message;
use crate::files;
use crate::outcome::ReasonCode;
use crate::profiles::{self, Profile};

/// The largest built-in profile has 3 KiB.
const MAX_PROFILE_BYTES: u64 = 256 * 1024;
/// In one folder.
const MAX_PROFILES: usize = 1000;

/// A profile of a shared folder.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedProfile {
    /// As shown to people.
    pub path: PathBuf,
    pub profile: Profile,
}

/// Reads and checks one profile; `shown` is its name in messages.
///
/// # Errors
/// Everything that is wrong with it, one line each: `PATH:LINE:COLUMN: what, and what to do`.
pub fn read_profile(path: &Path, shown: &Path) -> Result<Profile, Vec<String>> {
    let name = shown.display();
    let bytes = files::read_at_most(path, MAX_PROFILE_BYTES).map_err(|reason| {
        vec![match reason.code {
            ReasonCode::TooLarge => format!("{name}: is larger than 256 KiB, which no profile needs; split it"),
            _ => format!("{name}: {}", reason.message),
        }]
    })?;
    match lines::utf8(bytes) {
        Ok(text) => check(&text, shown),
        Err(place) => Err(vec![format!(
            "{name}:{place}: is not UTF-8 from here on; save it as UTF-8"
        )]),
    }
}

fn check(text: &str, shown: &Path) -> Result<Profile, Vec<String>> {
    let at = |place: Option<Place>, problem: &str| match place {
        Some(place) => format!("{}:{place}: {problem}", shown.display()),
        None => format!("{}: {problem}", shown.display()),
    };
    let lines = Lines::of(text);
    if let Some((place, problem)) = &lines.broken {
        return Err(vec![at(Some(*place), &format!("is not YAML from here on: {problem}"))]);
    }
    if !lines.duplicates.is_empty() {
        let twice = |(key, place, first): &(String, Place, usize)| {
            at(
                Some(*place),
                &format!("`{key}` is already on line {first}; keep one of them"),
            )
        };
        return Err(lines.duplicates.iter().map(twice).collect());
    }
    let profile: Profile = serde_yaml::from_str(text).map_err(|error| {
        let (place, problem) = message::of_reader(&error);
        vec![at(place, &problem)]
    })?;
    let problems = profiles::problems_of_file(&profile);
    let told: Vec<String> = problems
        .iter()
        .map(|problem| at(Some(lines.place(&problem.at)), &problem.to_string()))
        .collect();
    if told.is_empty() { Ok(profile) } else { Err(told) }
}

/// The profiles directly in a folder, by file name: `.yaml` and `.yml`, no links, no hidden files. `shown` is the
/// folder's name in messages.
///
/// # Errors
/// The first problem, as a line.
pub(super) fn read_folder(folder: &Path, shown: &Path) -> Result<Vec<SharedProfile>, String> {
    let entries = files::entries(folder).map_err(|reason| format!("{}: {}", shown.display(), reason.message))?;
    let profiles: Vec<files::Entry> = entries.into_iter().filter(|entry| is_profile(&entry.name)).collect();
    if profiles.len() > MAX_PROFILES {
        return Err(format!(
            "{}: holds {} profiles, more than {MAX_PROFILES}; remove some",
            shown.display(),
            profiles.len()
        ));
    }
    let mut read = Vec::with_capacity(profiles.len());
    for entry in profiles {
        let path = shown.join(&entry.name);
        if entry.is_link {
            return Err(format!("{}:1: is a link; put the file itself there", path.display()));
        }
        let profile = read_profile(&folder.join(&entry.name), &path);
        let profile = profile.map_err(|problems| problems.into_iter().next().unwrap_or_default())?;
        read.push(SharedProfile { path, profile });
    }
    Ok(read)
}

/// Two files that claim the same images, however each spells them, would hide each other.
pub(super) fn check_claims(profiles: &[SharedProfile]) -> Result<(), String> {
    let mut claimed: HashMap<String, &Path> = HashMap::new();
    for shared in profiles {
        for repository in &shared.profile.repositories {
            let earlier = claimed.insert(profiles::full_pattern(repository), &shared.path);
            if let Some(other) = earlier.filter(|other| *other != shared.path) {
                return Err(format!(
                    "{}: `{repository}` is also in {}; keep one of them",
                    shared.path.display(),
                    other.display()
                ));
            }
        }
    }
    Ok(())
}

fn is_profile(name: &str) -> bool {
    let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    is_yaml && !name.starts_with('.')
}
