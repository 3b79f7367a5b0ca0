//! Pod Security: what a workload violates, in the words of the upstream evaluator.
//!
//! Checks say what is wrong and where; they never edit and know no image. Specification: the Go module
//! k8s.io/pod-security-admission, package policy, v0.37 (Apache-2.0); `conformance/` holds them to it.

mod level;

use crate::kube::pod::Pod;
use crate::yaml::FieldPath;

pub use level::{Level, PolicyVersion};

/// One check that a pod fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The upstream id, e.g. `runAsNonRoot`.
    pub check: &'static str,
    pub reason: String,
    pub detail: String,
    /// Every place that has to change for the check to pass; what a change may be, the planner decides.
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
    /// The field is absent (or null); for `capabilities.drop`: does not list `ALL`.
    Missing,
    /// The field has a value that violates.
    Explicit,
}

impl Violation {
    /// `reason (detail)`, as the API server prints it.
    pub fn message(&self) -> String {
        format!("{} ({})", self.reason, self.detail)
    }
}

/// What a pod violates at a level of a policy version, in the upstream order.
pub fn evaluate(_level: Level, _version: PolicyVersion, _pod: &Pod) -> Vec<Violation> {
    Vec::new()
}
