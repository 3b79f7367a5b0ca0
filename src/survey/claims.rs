//! Which workloads mount which claim, with what decides on the group they share.

use super::Place;

/// A workload that mounts a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimUser {
    /// Of the object.
    pub place: Place,
    /// Index among the file's documents as `yaml::split` counts them.
    pub document: usize,
    /// Index in the `items` of a list object.
    pub item: Option<usize>,
    pub kind: &'static str,
    pub name: String,
    /// Init containers, then regular ones, each in their order; ephemeral ones are left out.
    pub containers: Vec<ClaimContainer>,
    /// Of the pod's `securityContext`.
    pub run_as_user: Option<i64>,
    pub run_as_group: Option<i64>,
    pub fs_group: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimContainer {
    pub name: String,
    pub image: String,
    pub init: bool,
    /// Of its own `securityContext`.
    pub run_as_user: Option<i64>,
    pub mount: Mount,
}

/// How a container reaches the claim; as a block device counts as not at all, since no group applies there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mount {
    None,
    ReadOnly,
    Writable,
}
