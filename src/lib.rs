//! `harden`: rewrites Kubernetes manifests so that every workload passes Pod Security `restricted` and still boots.

pub mod checks;
pub mod config;
pub mod explain;
pub mod files;
pub mod kube;
pub mod options;
pub mod outcome;
pub mod plan;
pub mod profiles;
pub mod survey;
pub mod verify;
pub mod report;
pub mod run;
mod stub;
pub mod survey;
pub mod yaml;

use std::path::Path;

pub use run::{Exit, Streams, run};

/// One text through all stages: pure, so that files, standard input and other callers share one path.
///
/// `name` is the absolute path of the text, or what the caller calls it.
pub fn harden_text(name: &Path, text: &[u8], context: &survey::Context) -> outcome::Outcome {
    stub::harden_text(name, text, context)
}
