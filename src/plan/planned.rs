//! The values a plan is made of: changes with what they rest on, blockers with their way out. Decides nothing.

use super::{MARKED, MARKER};
use crate::yaml::{FieldPath, Step, Value};

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
    /// The way out.
    pub suggestion: String,
}

/// How the change reaches a running object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apply {
    InPlace,
    Recreate,
}

impl Planned {
    /// The comment that goes behind the value, if it is one that a person should confirm.
    pub fn marker(&self) -> Option<&'static str> {
        let Some(Step::Key(key)) = self.field.0.last() else {
            return None;
        };
        (self.basis == Basis::Assumed && MARKED.contains(&key.as_str())).then_some(MARKER)
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
