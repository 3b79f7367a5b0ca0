//! Releases of Kubernetes: how they are spelled, and which of the fields that `harden` may write each of them knows. An
//! API server drops a field that it does not know, silently.

use std::fmt;
use std::str::FromStr;

use crate::yaml::{FieldPath, Step};

/// The release of a cluster, `1.N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    pub minor: u32,
}

/// Keys of pods and containers, with the minor of the first release that knows them without being told to.
const SINCE: &[(&str, u32)] = &[
    ("allowPrivilegeEscalation", 8),
    ("appArmorProfile", 30),
    ("fsGroupChangePolicy", 20),
    ("hostProcess", 22),
    ("hostUsers", 33),
    ("os", 24),
    ("procMount", 12),
    ("runAsGroup", 14),
    ("seLinuxChangePolicy", 32),
    ("seccompProfile", 19),
    ("supplementalGroupsPolicy", 33),
    ("sysctls", 11),
    ("windowsOptions", 14),
];

impl Release {
    /// Whether an API server of this release keeps a field of a pod or container, given by its key.
    pub fn knows(self, key: &str) -> bool {
        self.first_to_know(key).is_none()
    }

    /// The key on the way to a field that this release does not know yet, and the first release that does.
    pub fn unknown_in(self, field: &FieldPath) -> Option<(&str, Release)> {
        field.0.iter().find_map(|step| match step {
            Step::Key(key) => Some((key.as_ref(), self.first_to_know(key)?)),
            Step::Index(_) => None,
        })
    }

    fn first_to_know(self, key: &str) -> Option<Release> {
        let (_, minor) = SINCE.iter().find(|(known, _)| *known == key)?;
        (self.minor < *minor).then_some(Release { minor: *minor })
    }
}

/// `1.30`, also as clusters call themselves: `v1.30`, `v1.30.2`, `v1.30.2-eks-1234567`.
impl FromStr for Release {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Release, Self::Err> {
        const EXPECTED: &str = "must be a release of Kubernetes such as \"1.30\"";
        let numbers = text.strip_prefix('v').unwrap_or(text);
        let (numbers, _) = numbers.split_once(['-', '+']).unwrap_or((numbers, ""));
        let mut parts = numbers.split('.');
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let (major, minor, patch, more) = (parts.next(), parts.next(), parts.next(), parts.next());
        let minor = minor.filter(|minor| is_number(minor) && (*minor == "0" || !minor.starts_with('0')));
        if major != Some("1") || !patch.is_none_or(is_number) || more.is_some() {
            return Err(EXPECTED);
        }
        let minor = minor.and_then(|minor| minor.parse().ok()).ok_or(EXPECTED)?;
        Ok(Release { minor })
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_as_clusters_call_themselves() {
        for text in [
            "1.30",
            "v1.30",
            "1.30.2",
            "v1.30.2-eks-1234567",
            "v1.30.2+k3s1",
            "1.30.2-gke.100",
        ] {
            assert_eq!(text.parse(), Ok(Release { minor: 30 }), "{text}");
        }
        for text in [
            "", "1", "1.", "30", "2.30", "1.030", "1.x", "1.30.", "1.30.2.1", "latest", " 1.30", "1.30.x",
        ] {
            assert!(text.parse::<Release>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_field_is_known_from_its_first_release_on() {
        let old = Release { minor: 18 };
        let field = FieldPath::keys(&["spec", "securityContext", "seccompProfile", "type"]);
        assert_eq!(old.unknown_in(&field), Some(("seccompProfile", Release { minor: 19 })));
        assert_eq!(Release { minor: 19 }.unknown_in(&field), None);
        assert!(old.knows("runAsUser") && !old.knows("appArmorProfile"));
    }
}
