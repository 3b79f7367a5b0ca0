//! One cheap pass over a repository for what its files say about each other: the labels of namespaces, charts,
//! kustomizations, claims and Services. Says what was found; what follows from it, the planner decides.
//!
//! All paths are relative to the repository's root and use lexical parts only. Files that cannot be read, documents
//! that cannot be parsed and templates are without facts here: that they are broken is said where they are hardened.

mod charts;
mod claims;
mod kustomize;
mod namespaces;
mod scan;
mod services;

use std::path::{Path, PathBuf};

use crate::files::Repository;

pub use claims::{ClaimContainer, ClaimUser, Mount};
pub use namespaces::NamespaceTarget;
pub use services::{ServicePort, TargetPort};

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Relative to the repository's root.
    pub path: PathBuf,
    /// 1-based.
    pub line: usize,
}

/// Something a person should know about a line that the survey read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    pub place: Place,
    /// A sentence without the place.
    pub what: String,
}

/// What the files of one repository say about each other. Immutable, and the same on every run.
#[derive(Debug, Default)]
pub struct Survey {}

impl Survey {
    /// Of files at hand; paths are relative to the repository's root. Needs no disk.
    pub fn of_texts(_files: &[(PathBuf, &[u8])]) -> Survey {
        Survey::default()
    }

    /// Of all manifests on disk that belong to `repository`.
    pub fn of_repository(_repository: &Repository) -> Survey {
        Survey::default()
    }

    /// Of a repository in which one file (by its path relative to the root) reads as `text`, whatever the disk says:
    /// a text on standard input that names the place where it belongs.
    pub fn of_repository_with(_repository: &Repository, _path: &Path, _text: &[u8]) -> Survey {
        Survey::default()
    }

    /// Of a repository about which nothing is known.
    pub fn empty() -> Survey {
        Survey::default()
    }

    /// Whether the bytes of a file show the word `containers`, without which no workload is in it; `None` for a file
    /// that was not surveyed (hidden, ignored, unreadable, without a manifest's name).
    pub fn may_hold_workload(&self, _path: &Path) -> Option<bool> {
        None
    }

    /// What the labels of the Namespace manifests of that name ask for; `None` where none has a level label.
    pub fn namespace(&self, _name: &str) -> Option<&NamespaceTarget> {
        None
    }

    /// All of them by name, for their conflicts and remarks.
    pub fn namespaces(&self) -> impl Iterator<Item = &NamespaceTarget> {
        std::iter::empty()
    }

    /// The namespace in which an object of this file ends up: that of its kustomizations, or else its own, or else
    /// the empty name. This is the name by which [`Survey::namespace`], [`Survey::claim_users`] and
    /// [`Survey::service_ports`] know it.
    pub fn namespace_of<'a>(&'a self, path: &Path, declared: Option<&'a str>) -> &'a str {
        self.kustomize_namespace(path).or(declared).unwrap_or("")
    }

    /// The one namespace that every kustomization which lists this file, itself or through others, gives it. The
    /// nearest counts, since bases set it for all their overlays; `None` where they differ or some set none.
    pub fn kustomize_namespace(&self, _path: &Path) -> Option<&str> {
        None
    }

    /// The line of a kustomization that lists this file as a patch.
    pub fn patched_by(&self, _path: &Path) -> Option<&Place> {
        None
    }

    /// Whether the file lies in the `templates` folder of a Helm chart.
    pub fn is_chart_template(&self, _path: &Path) -> bool {
        false
    }

    /// The workloads that mount the claim, in the order of path, document and item.
    pub fn claim_users(&self, _namespace: &str, _claim: &str) -> &[ClaimUser] {
        &[]
    }

    /// The ports of the Services that select pods with these labels, in the order of path and line.
    pub fn service_ports(&self, _namespace: &str, _labels: &[(&str, &str)]) -> Vec<&ServicePort> {
        Vec::new()
    }
}
