//! The closed word lists of a config and of the command line, each with an error that names all its words.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::checks::{Level, PolicyVersion};
use crate::kube::release::Release;

/// How far `harden` may go beyond what is known; each step includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Accept {
    /// Nothing assumed: a workload that needs an assumption is blocked.
    Safe,
    /// Guesses are made where no fact is at hand, and marked.
    #[default]
    Assumed,
    /// Explicit opposites are reversed where something gives the replacement.
    Override,
}

/// What the manifests are applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Platform {
    #[default]
    Kubernetes,
    /// Gives each namespace its own uids and groups, so none is written.
    Openshift,
}

/// Where the root filesystem becomes read-only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ReadOnlyRoot {
    /// Where a profile or the config says so, and for unknown images that run on an assumed uid.
    #[default]
    Auto,
    /// Only where a profile or the config says so.
    Known,
    Never,
}

impl Accept {
    pub const WORDS: &[(&str, Accept)] = &[
        ("safe", Accept::Safe),
        ("assumed", Accept::Assumed),
        ("override", Accept::Override),
    ];

    pub fn name(self) -> &'static str {
        let mut words = Accept::WORDS.iter();
        words.find(|(_, value)| *value == self).map_or("", |(name, _)| name)
    }
}

impl Platform {
    pub const WORDS: &[(&str, Platform)] = &[("kubernetes", Platform::Kubernetes), ("openshift", Platform::Openshift)];
}

impl ReadOnlyRoot {
    pub const WORDS: &[(&str, ReadOnlyRoot)] = &[
        ("auto", ReadOnlyRoot::Auto),
        ("known", ReadOnlyRoot::Known),
        ("never", ReadOnlyRoot::Never),
    ];
}

impl FromStr for Accept {
    type Err = String;

    fn from_str(text: &str) -> Result<Accept, String> {
        word(text, Accept::WORDS)
    }
}

impl FromStr for Platform {
    type Err = String;

    fn from_str(text: &str) -> Result<Platform, String> {
        word(text, Platform::WORDS)
    }
}

impl FromStr for ReadOnlyRoot {
    type Err = String;

    fn from_str(text: &str) -> Result<ReadOnlyRoot, String> {
        word(text, ReadOnlyRoot::WORDS)
    }
}

fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    found.ok_or_else(|| unknown(text, &any_of(words.iter().map(|(name, _)| *name))))
}

/// `` `a`, `b` or `c` ``.
fn any_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// Reads text that `parse` understands. Its error arises while the reader still knows where the text stands.
struct Text<T>(fn(&str) -> Result<T, String>);

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Accept {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Accept, D::Error> {
        reader.deserialize_str(Text(str::parse))
    }
}

impl<'de> Deserialize<'de> for Platform {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Platform, D::Error> {
        reader.deserialize_str(Text(str::parse))
    }
}

impl<'de> Deserialize<'de> for ReadOnlyRoot {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<ReadOnlyRoot, D::Error> {
        reader.deserialize_str(Text(str::parse))
    }
}

/// The reader hands over the spelling, so that `1.30` without quotes is not the number 1.3.
impl<'de> Deserialize<'de> for Release {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Release, D::Error> {
        reader.deserialize_str(Text(|text| {
            text.parse()
                .map_err(|_| unknown(text, "a release of Kubernetes such as `\"1.30\"`"))
        }))
    }
}

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Level, D::Error> {
        reader.deserialize_str(Text(|text| {
            let names = || any_of(Level::ALL.iter().map(|level| level.name()));
            text.parse().map_err(|_| unknown(text, &names()))
        }))
    }
}

impl<'de> Deserialize<'de> for PolicyVersion {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<PolicyVersion, D::Error> {
        reader.deserialize_str(Text(|text| {
            text.parse()
                .map_err(|_| unknown(text, "`latest` or a release such as `v1.29`"))
        }))
    }
}

fn unknown(text: &str, expected: &str) -> String {
    format!("`{text}` is unknown; write {expected}")
}
