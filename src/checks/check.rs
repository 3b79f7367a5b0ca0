//! The shape of a check and of what it finds. Which checks there are, `mod` says; what they look at, one file each.

use super::Level;
use crate::kube::pod::{Pod, Scope};
use crate::yaml::{FieldPath, NodeRef};

/// One check of the standard. The constants serve the evaluation and `harden explain` alike.
#[derive(Debug)]
pub struct Check {
    /// The upstream id; it also sorts the checks of a level.
    pub id: &'static str,
    /// `Baseline` checks are part of `restricted` too, unless overridden.
    pub level: Level,
    /// Baseline checks that are left out at `restricted` wherever this one is active.
    pub overrides: &'static [&'static str],
    /// In ascending order of `since`; before the first one the check does not exist.
    pub revisions: &'static [Revision],
    pub guide: Guide,
}

/// What a check demands from one policy version on, until the next revision.
#[derive(Debug)]
pub struct Revision {
    /// The minor of the first policy version: 25 is `v1.25`.
    pub since: u32,
    /// Pods to which this revision does not apply.
    pub exempt: Option<Exemption>,
    /// The values that pass, where the check compares with a list; `""` stands for an empty value.
    pub allowed: &'static [&'static str],
    pub evaluate: Evaluate,
}

/// Finds what is wrong; the second argument is [`Revision::allowed`].
pub type Evaluate = fn(&Pod, &[&str]) -> Option<Forbidden>;

/// Why a check passes a pod without looking at its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exemption {
    /// `os.name: windows`: the API forbids the fields there.
    Windows,
    /// `hostUsers: false`: root in the container is nobody on the node.
    UserNamespace,
}

/// What people want to know about a check; one or two sentences each.
#[derive(Debug)]
pub struct Guide {
    /// What has to hold, in terms of the fields.
    pub demands: &'static str,
    /// What `harden` does about a violation.
    pub remedy: &'static str,
    /// How meeting the demand can break an application.
    pub risk: &'static str,
    /// The file of the upstream package `policy` that defines the check.
    pub source: &'static str,
}

/// A check's verdict on a pod that fails it, in the upstream evaluator's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forbidden {
    pub reason: &'static str,
    pub detail: String,
    pub sites: Vec<Site>,
}

/// One check that a pod fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The upstream id, e.g. `runAsNonRoot`.
    pub check: &'static str,
    pub reason: &'static str,
    pub detail: String,
    /// The places that have to change for the check to pass; what the change may be, the planner decides.
    pub sites: Vec<Site>,
}

/// A field that makes a check fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The offending or missing field, relative to the object.
    pub path: FieldPath,
    /// The container it belongs to; `None` for the pod.
    pub container: Option<String>,
    /// 1-based line of the field, or of the nearest thing around it that is written.
    pub line: usize,
    pub fault: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The field is absent or null. Of `capabilities.drop`: it may be there, but `ALL` is not in it.
    Missing,
    /// The field has a value that violates.
    Explicit,
}

impl Check {
    /// The revision that applies at a minor version, if the check exists there.
    pub fn revision(&self, minor: u32) -> Option<&'static Revision> {
        self.revisions.iter().rfind(|revision| revision.since <= minor)
    }

    /// What a pod violates of one of its revisions.
    pub(super) fn violation(&self, revision: &Revision, pod: &Pod) -> Option<Violation> {
        let forbidden = (revision.evaluate)(pod, revision.allowed)?;
        Some(Violation {
            check: self.id,
            reason: forbidden.reason,
            detail: forbidden.detail,
            sites: forbidden.sites,
        })
    }
}

impl Exemption {
    pub fn applies_to(self, pod: &Pod) -> bool {
        match self {
            Exemption::Windows => pod.is_windows(),
            Exemption::UserNamespace => pod.has_user_namespace(),
        }
    }

    /// The field that exempts, as a manifest has it.
    pub fn field(self) -> &'static str {
        match self {
            Exemption::Windows => "os.name: windows",
            Exemption::UserNamespace => "hostUsers: false",
        }
    }
}

impl Violation {
    /// `reason (detail)`, as the API server prints it; the bare reason where a nameless sysctl leaves no detail.
    pub fn message(&self) -> String {
        if self.detail.is_empty() {
            return self.reason.to_string();
        }
        format!("{} ({})", self.reason, self.detail)
    }
}

impl Site {
    /// A field of a scope: missing where it is absent, otherwise wrong as it is.
    pub(super) fn field(scope: &Scope, keys: &[&'static str]) -> Site {
        let fault = match scope.get(keys) {
            Some(_) => Fault::Explicit,
            None => Fault::Missing,
        };
        Site {
            path: scope.field(keys),
            container: scope.container.map(str::to_string),
            line: scope.line(keys),
            fault,
        }
    }

    /// A value that stands somewhere below a scope, such as an item of a list.
    pub(super) fn value(scope: &Scope, path: FieldPath, node: NodeRef) -> Site {
        Site {
            path,
            container: scope.container.map(str::to_string),
            line: node.line(),
            fault: Fault::Explicit,
        }
    }
}

/// An annotation of the pod; `container` is the name of the container that it is about, or empty.
pub(super) fn annotation_site(pod: &Pod, key: &str, container: &str) -> Site {
    let line = pod.annotation(key).map(|(_, node)| node.line());
    Site {
        path: pod.metadata_path.key("annotations").key(key.to_string()),
        container: (!container.is_empty()).then(|| container.to_string()),
        line: line.unwrap_or_else(|| pod.spec.line()),
        fault: Fault::Explicit,
    }
}
