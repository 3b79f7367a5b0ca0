//! How the workloads of a repository stand to the labels that its namespaces are to get: a verdict over all of its files,
//! so that it does not depend on which of them were named. Holds; `harden` looks, `run` gathers.

use std::collections::{BTreeMap, BTreeSet};

use crate::checks::{Level, PolicyVersion};
use crate::outcome::Standing;

/// The levels and versions that labels are to say, by namespace.
pub type Labels = BTreeMap<String, BTreeSet<(Level, PolicyVersion)>>;

/// A verdict for each label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standings {
    by_label: BTreeMap<(String, Level, PolicyVersion), Standing>,
}

impl Standings {
    /// How the workloads of a namespace stand to a label.
    pub fn of(&self, namespace: &str, level: Level, version: PolicyVersion) -> Standing {
        let found = self.by_label.get(&(namespace.to_string(), level, version));
        found.cloned().unwrap_or_default()
    }

    /// Where to add what is seen of a label.
    pub fn entry(&mut self, namespace: &str, level: Level, version: PolicyVersion) -> &mut Standing {
        self.by_label
            .entry((namespace.to_string(), level, version))
            .or_default()
    }

    /// Adds what another file says.
    pub fn extend(&mut self, other: Standings) {
        for (label, more) in other.by_label {
            let standing = self.by_label.entry(label).or_default();
            standing.seen += more.seen;
            standing.to_harden += more.to_harden;
            standing.failing.extend(more.failing);
        }
    }
}
