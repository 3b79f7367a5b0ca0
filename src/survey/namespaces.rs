//! The Pod Security labels of Namespace manifests, and the target they add up to.

use super::{Place, Remark};
use crate::checks::{Level, PolicyVersion};

/// What all Namespace manifests of one name ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceTarget {
    pub name: String,
    /// The strictest over all labels and manifests.
    pub level: Level,
    pub version: PolicyVersion,
    /// The label that decided.
    pub from: Place,
    /// Other manifests of the same name that ask for something else.
    pub conflicts: Vec<Remark>,
    /// Labels that the API server would not take as they are.
    pub invalid: Vec<Remark>,
}
