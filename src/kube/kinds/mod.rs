//! What can be said of a kind of object that carries pods: where they are, which pod fields its API takes, what its
//! operator adds, and how a change reaches what runs. The KINDS table is in `rows`; `kinds:` in a config adds more at run
//! time. What runs pods and is not edited is in `others`; `filter` tells from bytes what is worth reading.

mod escapes;
mod filter;
mod others;
mod rows;

pub use filter::{may_hold_workload, may_hold_workload_of, names_kind, shows_pods, shows_workload};
pub use others::{UNKNOWN_CARRIERS, holds_a_pod, holds_containers, is_unknown_carrier};
pub use rows::{KINDS, find, find_misplaced};

/// How a changed pod template reaches a running object (facts: what the API server lets an update change).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update {
    /// The controller rolls the change out, or uses it for what it starts next.
    Rolls,
    /// The pod template is immutable or only read once: the object must be deleted and created again.
    Recreate,
}

/// What stands at the end of a row's paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// What holds the pod's `metadata` and `spec`.
    Template,
    /// The pod spec itself; the pod's metadata, if any, is not the author's.
    Spec,
    /// One or the other: the spec is where `containers` is. For kinds of a config.
    Either,
}

/// One kind of object that carries pods.
#[derive(Debug)]
pub struct Kind {
    pub kind: &'static str,
    /// API groups it lives or lived in, whatever the version; the core group is empty.
    pub groups: &'static [&'static str],
    /// Ways from the object to its pods: keys joined by dots, `*` for every item of a list or entry of a mapping. The
    /// empty way is the object itself.
    pub pods: &'static [&'static str],
    pub shape: Shape,
    pub update: Update,
    /// Fields of the pod spec that the kind's API refuses, or takes only where the cluster's administrator allows it.
    pub refuses: &'static [Refused],
    /// Containers and pods of the kind's operator, which no manifest of a pod shows.
    pub adds: &'static [Added],
    pub ssh: Option<Ssh>,
    /// Claims that the kind's operator mounts into all regular containers: a list of `mountPath` with, for a claim that
    /// is there already, `volumeClaimName`. Keys from the object, joined by dots.
    pub claims: Option<&'static str>,
    /// What the kind's API calls the first container where it has no name; others get one too.
    pub names_containers: Option<&'static str>,
    /// No other platform has the kind.
    pub is_of_openshift: bool,
}

/// A field of the pod spec, keys joined by dots, with all below it.
#[derive(Debug)]
pub struct Refused {
    pub field: &'static str,
    /// Fields that show, where a manifest has one of them, that the cluster takes it.
    pub unless: &'static [&'static str],
}

/// What an operator adds beside the pods of the manifest; ways are keys from the object, joined by dots.
#[derive(Debug)]
pub struct Added {
    pub what: &'static str,
    /// All of these ask for it.
    pub when: &'static [Asked],
    /// Way to what says its `securityContext`, or, in words, where else that is said.
    pub context: &'static str,
}

/// What asks an operator to add something.
#[derive(Debug)]
pub enum Asked {
    On(&'static str),
    Present(&'static str),
    /// The field is absent or has another value.
    Not(&'static str, &'static [&'static str]),
}

/// The keys of ssh that an operator mounts into the first container of each pod, which logs in to the others by them.
#[derive(Debug)]
pub struct Ssh {
    /// How the versions of the API begin that do it.
    pub version: &'static str,
    /// Way to the field that says where; in the home of root where nothing does.
    pub path: &'static str,
}

/// A kind that a config adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnKind {
    pub group: String,
    pub kind: String,
    /// As in [`Kind::pods`].
    pub pods: Vec<String>,
}

/// The row of all kinds that a config adds; group, kind and ways are in the config.
pub const OWN: Kind = row("", &[], &[], Update::Rolls).shaped(Shape::Either);

const fn row(
    kind: &'static str,
    groups: &'static [&'static str],
    pods: &'static [&'static str],
    update: Update,
) -> Kind {
    Kind {
        kind,
        groups,
        pods,
        shape: Shape::Template,
        update,
        refuses: &[],
        adds: &[],
        ssh: None,
        claims: None,
        names_containers: None,
        is_of_openshift: false,
    }
}

impl Kind {
    const fn shaped(mut self, shape: Shape) -> Kind {
        self.shape = shape;
        self
    }

    const fn refusing(mut self, fields: &'static [Refused]) -> Kind {
        self.refuses = fields;
        self
    }

    const fn adding(mut self, added: &'static [Added]) -> Kind {
        self.adds = added;
        self
    }

    const fn logging_in(mut self, ssh: Ssh) -> Kind {
        self.ssh = Some(ssh);
        self
    }

    const fn mounting(mut self, claims: &'static str) -> Kind {
        self.claims = Some(claims);
        self
    }

    const fn naming_containers(mut self, first: &'static str) -> Kind {
        self.names_containers = Some(first);
        self
    }

    const fn of_openshift(mut self) -> Kind {
        self.is_of_openshift = true;
        self
    }
}

impl OwnKind {
    pub fn is(&self, api_version: &str, kind: &str) -> bool {
        self.kind == kind && self.group == group(api_version)
    }
}

/// Of an `apiVersion`; empty for the core group.
pub(super) fn group(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn kinds_are_found_by_group_and_exact_name() {
        assert!(find("apps/v1", "Deployment").is_some());
        assert!(find("extensions/v1beta1", "Deployment").is_some());
        assert!(find("v1", "Deployment").is_none());
        assert!(find("apps/v1", "deployment").is_none());
        assert!(find("v1", "Pod").is_some());
        assert!(find_misplaced("v1", "Deployment").is_some());
        assert!(find_misplaced("apps/v1", "Deployment").is_none());
        assert!(find_misplaced("v1", "Service").is_none());
        assert!(find("serving.knative.dev/v1", "Service").is_some());
        assert!(find("v1", "Service").is_none());
        assert!(find("batch.volcano.sh/v9", "Job").is_some());
        assert!(is_unknown_carrier("tekton.dev/v1beta1", "Task"));
    }

    #[test]
    fn no_kind_has_two_rows() {
        let rows = KINDS.iter().flat_map(|k| k.groups.iter().map(|group| (*group, k.kind)));
        let carriers = UNKNOWN_CARRIERS
            .iter()
            .flat_map(|(group, kinds)| kinds.iter().map(|kind| (*group, *kind)));
        let mut seen = BTreeSet::new();
        for row in rows.chain(carriers) {
            assert!(seen.insert(row), "{row:?}");
        }
    }
}
