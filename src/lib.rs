//! `harden`: rewrites Kubernetes manifests so that every workload passes Pod Security `restricted` and still boots.

pub mod options;
pub mod outcome;
pub mod plan;
pub mod yaml;
