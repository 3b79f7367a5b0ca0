//! `harden`: rewrites Kubernetes manifests so that every workload passes Pod Security `restricted` and still boots.
//!
//! [`run`] does what the command line asks: find files, survey their repositories, harden each text, report. All of it
//! goes through [`harden_text`], which is pure. The folders follow the flow: `files` and `config` read, `survey` sees
//! the repository, `yaml` makes documents of text and edits of changes, `kube` finds workloads and views pods, `checks`
//! says what they violate, `profiles` knows images, `plan` decides, `verify` proves, `report` shows.

pub mod change;
pub mod checks;
pub mod config;
pub mod context;
pub mod explain;
pub mod files;
mod harden;
pub mod import;
pub mod kube;
pub mod options;
pub mod outcome;
pub mod plan;
pub mod profiles;
pub mod report;
pub mod run;
pub mod survey;
pub mod verify;
pub mod yaml;

pub use harden::{harden_text, holds_workload};
pub use run::{Exit, Streams, run};
