//! The two halves of a Pod Security target: a level and a policy version, spelled as the API server spells them.

use std::fmt;
use std::str::FromStr;

/// The minor of the newest policy version that brought anything new; later ones and `latest` are evaluated as this one.
pub const NEWEST_MINOR: u32 = 37;

/// A Pod Security level, weakest first, so that `max` is the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    Privileged,
    Baseline,
    Restricted,
}

/// The release whose rules apply; ordered from old to new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyVersion {
    /// `v1.N`.
    Minor(u32),
    /// The newest rules this build knows.
    Latest,
}

impl Level {
    pub const ALL: [Level; 3] = [Level::Privileged, Level::Baseline, Level::Restricted];

    pub fn name(self) -> &'static str {
        match self {
            Level::Privileged => "privileged",
            Level::Baseline => "baseline",
            Level::Restricted => "restricted",
        }
    }
}

impl PolicyVersion {
    /// Whether it is newer than all that are known, and is evaluated as the newest of them.
    pub fn is_unknown(self) -> bool {
        matches!(self, PolicyVersion::Minor(minor) if minor > NEWEST_MINOR)
    }

    /// The minor version that decides: newer ones than are known count as the newest.
    pub(super) fn effective_minor(self) -> u32 {
        match self {
            PolicyVersion::Minor(minor) => minor.min(NEWEST_MINOR),
            PolicyVersion::Latest => NEWEST_MINOR,
        }
    }
}

/// The API server compares exactly: no other case, no surrounding blanks.
impl FromStr for Level {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Level, Self::Err> {
        Level::ALL
            .into_iter()
            .find(|level| level.name() == text)
            .ok_or("must be one of privileged, baseline, restricted")
    }
}

/// `latest`, or `v1.N` without leading zeros and without a patch release; nothing else.
impl FromStr for PolicyVersion {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<PolicyVersion, Self::Err> {
        const EXPECTED: &str = "must be \"latest\" or \"v1.x\"";
        if text == "latest" {
            return Ok(PolicyVersion::Latest);
        }
        let minor = text.strip_prefix("v1.").ok_or(EXPECTED)?;
        let digits_only = minor.bytes().all(|b| b.is_ascii_digit());
        if !digits_only || (minor.len() > 1 && minor.starts_with('0')) {
            return Err(EXPECTED);
        }
        minor.parse().map(PolicyVersion::Minor).map_err(|_| EXPECTED)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for PolicyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PolicyVersion::Minor(minor) => write!(f, "v1.{minor}"),
            PolicyVersion::Latest => f.write_str("latest"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_api_server_reads_them() {
        for (text, minor) in [("v1.0", 0), ("v1.9", 9), ("v1.37", 37), ("v1.1000", 1000)] {
            assert_eq!(text.parse(), Ok(PolicyVersion::Minor(minor)));
            assert_eq!(PolicyVersion::Minor(minor).to_string(), text);
        }
        assert_eq!("latest".parse(), Ok(PolicyVersion::Latest));
        for text in [
            "",
            "v1.",
            "v1.01",
            "v1.+1",
            "v1.1.0",
            "v2.0",
            "1.29",
            "Latest",
            " latest",
            "v1.99999999999",
        ] {
            assert!(text.parse::<PolicyVersion>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn levels_are_exact_words_ordered_by_strictness() {
        for level in Level::ALL {
            assert_eq!(level.name().parse(), Ok(level));
        }
        assert!(Level::Privileged < Level::Baseline && Level::Baseline < Level::Restricted);
        for text in ["", "Restricted", "restricted ", "strict"] {
            assert!(text.parse::<Level>().is_err(), "{text:?}");
        }
    }
}
