//! What a plan consists of: changes, each with its basis, and blockers. Values only; `plan` decides on them, `outcome`
//! carries them to the reports.

use std::fmt;

use crate::yaml::{FieldPath, NodeRef, Step, Value, without_marker};

/// The comment behind every assumed value.
pub const MARKER: &str = "harden: assumed";

/// Fields whose assumed values are marked in the text: on a line of several values the marker speaks for these.
pub const MARKED: &[&str] = &[
    "runAsUser",
    "runAsUserName",
    "runAsGroup",
    "fsGroup",
    "readOnlyRootFilesystem",
];

/// Whether the last comment behind a value is the marker.
pub fn is_marked(node: NodeRef) -> bool {
    without_marker(node.comment_behind(), MARKER).is_some()
}

/// One field that is set or removed, with what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// Relative to the object (not to the document), e.g. `spec.template.spec.securityContext.runAsUser`.
    pub field: FieldPath,
    /// The container it belongs to; `None` for pod-level fields.
    pub container: Option<String>,
    pub action: Action,
    pub from: Option<Value>,
    /// `None` for a removal.
    pub to: Option<Value>,
    pub basis: Basis,
    /// One sentence: what the value rests on.
    pub because: String,
    /// 1-based line in the original text near which the change is made.
    pub line: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Set,
    Remove,
}

/// What a change rests on; strongest first. `Override` reverses an explicit opposite and needs `--accept override`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    Standard,
    Manifest,
    Config,
    Profile,
    Assumed,
    Override,
}

/// Why a workload cannot pass without somebody's decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Blocker {
    /// Upstream check id, or `boot` where the pod would be admitted and not start.
    pub check: &'static str,
    /// Stable kebab-case code, e.g. `host-path`.
    pub code: &'static str,
    pub field: FieldPath,
    pub container: Option<String>,
    pub line: usize,
    pub message: String,
    pub suggestion: WayOut,
}

/// What a person can do about a blocker.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WayOut {
    /// Mostly to the manifest.
    pub what: String,
    /// The entry of `overrides:` in the config that decides it.
    pub entry: Option<String>,
}

/// How the change reaches a running object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apply {
    InPlace,
    Recreate,
}

impl Planned {
    /// Whether a fact takes the place of a marked assumption.
    pub fn replaces_assumption(&self) -> bool {
        self.from.is_some() && matches!(self.basis, Basis::Config | Basis::Profile)
    }

    /// The comment that goes behind the value, if it is one that a person should confirm.
    pub fn marker(&self) -> Option<&'static str> {
        let key = match self.field.0.last() {
            Some(Step::Key(key)) => key.as_ref(),
            _ => return None,
        };
        (self.basis == Basis::Assumed && MARKED.contains(&key)).then_some(MARKER)
    }
}

impl fmt::Display for WayOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.entry {
            Some(entry) => write!(f, "; or decide it under `overrides:` in harden.yaml: `{entry}`"),
            None => Ok(()),
        }
    }
}

impl<T: Into<String>> From<T> for WayOut {
    fn from(what: T) -> WayOut {
        WayOut {
            what: what.into(),
            entry: None,
        }
    }
}

impl Basis {
    pub fn name(self) -> &'static str {
        match self {
            Basis::Standard => "standard",
            Basis::Manifest => "manifest",
            Basis::Config => "config",
            Basis::Profile => "profile",
            Basis::Assumed => "assumed",
            Basis::Override => "override",
        }
    }
}

impl Apply {
    pub fn name(self) -> &'static str {
        match self {
            Apply::InPlace => "in-place",
            Apply::Recreate => "recreate",
        }
    }
}
