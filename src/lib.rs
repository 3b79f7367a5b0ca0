//! `harden`: rewrites Kubernetes manifests so that every workload passes Pod Security `restricted` and still boots.

pub mod checks;
pub mod config;
pub mod files;
pub mod kube;
pub mod outcome;
pub mod plan;
pub mod profiles;
pub mod survey;
pub mod verify;
pub mod yaml;
