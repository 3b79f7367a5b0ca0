//! How the workloads of a run stand to the labels that its namespaces are to get: a verdict over whole repositories, and
//! what else was named, so that it does not depend on which of their files were. Holds; `harden` looks, `run` gathers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::checks::{Level, PolicyVersion};
use crate::outcome::{Doubt, Loose, Place, Standing};

/// The labels that are to be written, by namespace.
pub type Labels = BTreeMap<String, Wanted>;

/// What the labels of one namespace are to say.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub targets: BTreeSet<(Level, PolicyVersion)>,
    /// The files of its manifests: the root of the repository, and the path below.
    pub manifests: BTreeSet<(PathBuf, PathBuf)>,
}

/// A verdict for each label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standings {
    by_label: BTreeMap<(String, Level, PolicyVersion), Standing>,
    /// What may belong to any namespace: how many, and the first.
    loose: BTreeMap<Doubt, Loose>,
}

impl Standings {
    /// How the workloads of a namespace, under all of its names, stand to a label.
    pub fn of<'n>(&self, names: impl IntoIterator<Item = &'n str>, level: Level, version: PolicyVersion) -> Standing {
        let mut standing = Standing::default();
        for name in names {
            if let Some(found) = self.by_label.get(&(name.to_string(), level, version)) {
                standing.add(found.clone());
            }
        }
        standing.loose = self
            .loose
            .iter()
            .map(|(doubt, loose)| (*doubt, loose.clone()))
            .collect();
        standing
    }

    /// Where to add what is seen of a label.
    pub fn entry(&mut self, namespace: &str, level: Level, version: PolicyVersion) -> &mut Standing {
        self.by_label
            .entry((namespace.to_string(), level, version))
            .or_default()
    }

    /// Adds something that may belong to any namespace.
    pub fn doubt(&mut self, doubt: Doubt, place: Place) {
        let loose = self.loose.entry(doubt).or_insert(Loose { count: 0, first: place });
        loose.count += 1;
    }

    /// Adds what another file says.
    pub fn extend(&mut self, other: Standings) {
        for (label, more) in other.by_label {
            self.by_label.entry(label).or_default().add(more);
        }
        for (doubt, more) in other.loose {
            let first = more.first;
            let loose = self.loose.entry(doubt).or_insert(Loose { count: 0, first });
            loose.count += more.count;
        }
    }
}
