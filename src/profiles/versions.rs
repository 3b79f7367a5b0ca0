//! Version ranges over tags: `>=18`, `<18`, `>=1.11 <2`.
//! A tag's version is the dotted number it starts with, with or without `v`; a release before the release (`17rc1`) is
//! laid out as that one. Nothing else is read into a tag.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Comparisons separated by spaces, all of which must hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Versions {
    text: String,
    bounds: Vec<(Comparison, Vec<u64>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    AtLeast,
    Above,
    AtMost,
    Below,
    Equal,
}

/// Longer operators first: `>=` starts with `>`.
const OPERATORS: [(&str, Comparison); 5] = [
    (">=", Comparison::AtLeast),
    ("<=", Comparison::AtMost),
    (">", Comparison::Above),
    ("<", Comparison::Below),
    ("=", Comparison::Equal),
];

impl Versions {
    /// Whether the tag starts with a version and it is in the range. Only as many parts as the range names are
    /// compared: `17.4` is `<18` and `=17`.
    pub fn contains(&self, tag: &str) -> bool {
        version_of(tag).is_some_and(|version| self.bounds.iter().all(|(op, bound)| op.holds(&version, bound)))
    }
}

impl Comparison {
    fn holds(self, version: &[u64], bound: &[u64]) -> bool {
        let part = |i| version.get(i).copied().unwrap_or(0);
        let order = (0..bound.len()).map(part).cmp(bound.iter().copied());
        match self {
            Comparison::AtLeast => order != Ordering::Less,
            Comparison::Above => order == Ordering::Greater,
            Comparison::AtMost => order != Ordering::Greater,
            Comparison::Below => order == Ordering::Less,
            Comparison::Equal => order == Ordering::Equal,
        }
    }
}

/// What may follow a number at once and announce its release, longest first. None of them is hexadecimal, so that a
/// commit is not taken for one.
const ANNOUNCED: [&str; 5] = ["alpha", "beta", "pre", "dev", "rc"];

/// Python's short forms, which a commit may contain: only behind a number with a dot.
const ANNOUNCED_SHORT: [&str; 2] = ["a", "b"];

/// `v1.27.3-alpine` -> 1, 27, 3; `17rc1` -> 17. A number that runs on into other letters (`3rd`, a commit) is no
/// version.
fn version_of(tag: &str) -> Option<Vec<u64>> {
    let rest = tag.strip_prefix(['v', 'V']).unwrap_or(tag);
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(rest.len());
    let (number, behind) = rest.split_at_checked(end)?;
    if !ends_a_number(behind) && !is_announced(number, behind) {
        return None;
    }
    let parts = number.trim_end_matches('.').split('.');
    parts.map(|part| part.parse().ok()).collect()
}

fn ends_a_number(behind: &str) -> bool {
    !behind.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// Whether a number and what follows it is a release before the release.
fn is_announced(number: &str, behind: &str) -> bool {
    let word_end = behind.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(behind.len());
    let (word, count) = behind.split_at(word_end);
    let is_one_of = |words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
    let is_word = is_one_of(&ANNOUNCED) || number.contains('.') && is_one_of(&ANNOUNCED_SHORT);
    let rest = count.trim_start_matches(|c: char| c.is_ascii_digit());
    is_word && ends_a_number(rest)
}

impl FromStr for Versions {
    type Err = String;

    fn from_str(text: &str) -> Result<Versions, String> {
        let bad = || format!("`{text}` in `versions` is no range; write for example `>=18` or `>=1.11 <2`");
        let bounds: Option<Vec<_>> = text.split_whitespace().map(bound).collect();
        match bounds {
            Some(bounds) if !bounds.is_empty() => Ok(Versions {
                text: text.to_string(),
                bounds,
            }),
            _ => Err(bad()),
        }
    }
}

fn bound(text: &str) -> Option<(Comparison, Vec<u64>)> {
    let (operator, comparison) = OPERATORS.iter().find(|(operator, _)| text.starts_with(operator))?;
    let parts: Option<Vec<u64>> = text
        .strip_prefix(operator)?
        .split('.')
        .map(|part| part.parse().ok())
        .collect();
    Some((*comparison, parts?))
}

impl TryFrom<String> for Versions {
    type Error = String;

    fn try_from(text: String) -> Result<Versions, String> {
        text.parse()
    }
}

impl From<Versions> for String {
    fn from(versions: Versions) -> String {
        versions.text
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Versions;

    #[test]
    fn ranges_compare_the_number_a_tag_starts_with() {
        let cases = [
            (">=18", "18", true),
            (">=18", "18.1-alpine", true),
            (">=18", "17.9", false),
            (">=18", "alpine", false),
            (">=18", "latest", false),
            ("<18", "v17", true),
            ("<18", "9.6-alpine3.15", true),
            ("=17", "17.4", true),
            ("=17", "18", false),
            (">=1.11 <2", "v1.13.1", true),
            (">=1.11 <2", "1.9", false),
            (">=1.11 <2", "2.0", false),
            ("<=1.8", "1.8.3", true),
            (">1.8", "1.8.3", false),
            (">1.8", "1.9", true),
            (">=1", "3rd", false),
            (">=1", "20230407", true),
            (">=1", "9f3a1c", false),
            // Announced releases are laid out as the release.
            ("<18", "17rc1", true),
            ("<18", "17beta2-alpine3.20", true),
            (">=18", "18beta1", true),
            (">=18", "18-rc1-alpine", true),
            ("<18", "18rc1", false),
            ("=8.0", "8.0.0-rc.1", true),
            ("=8.4", "8.4.0RC3-fpm", true),
            ("=3.13", "3.13.0b1", true),
            ("=3.13", "3.13.0a6-slim", true),
            ("=13", "13.0.alpha1", true),
            (">=1", "7b12345", false),
            (">=1", "123a456", false),
            (">=1", "17rc1x", false),
            (">=1", "17rcx", false),
        ];
        for (range, tag, expected) in cases {
            assert_eq!(
                range.parse::<Versions>().unwrap().contains(tag),
                expected,
                "{range} {tag}"
            );
        }
    }

    #[test]
    fn nonsense_is_no_range() {
        for text in ["", " ", "18", ">=", ">=x", "~1", ">= 18", ">=1..2"] {
            assert!(text.parse::<Versions>().is_err(), "{text:?}");
        }
    }
}
