//! What became of one file: the values that every rendering (diff, text, JSON) and the writer read.
//! Decides nothing; the planner and `harden_text` fill it.

mod reason;
mod standing;

use std::path::{Path, PathBuf};

use crate::change::{Apply, Blocker, Planned};
use crate::checks::Relaxed;
use crate::kube::workload::Carrier;

pub use reason::{Diagnostic, Place, Reason, ReasonCode};
pub use standing::{Doubt, Failing, Lenient, Loose, Standing};

/// Everything there is to say about one file after a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// As shown to people: relative to the working directory where possible, `/` as separator.
    pub path: PathBuf,
    pub status: FileStatus,
    /// Why the file was skipped or failed; `None` otherwise.
    pub reason: Option<Reason>,
    pub workloads: Vec<WorkloadOutcome>,
    /// The Namespace objects, where labels for them are asked for.
    pub namespaces: Vec<NamespaceOutcome>,
    /// Objects that hold pods in a shape `harden` does not know (`Workflow`, `HelmRelease`, ...).
    pub unknown_carriers: Vec<Carrier>,
    /// The new text where `status` is `Hardened`; proven by `verify` before it gets here.
    pub hardened: Option<Hardened>,
}

impl Outcome {
    /// Of a file in which there is nothing to do.
    pub fn unchanged(path: &Path) -> Outcome {
        Outcome {
            path: path.to_path_buf(),
            status: FileStatus::Unchanged,
            reason: None,
            workloads: Vec::new(),
            namespaces: Vec::new(),
            unknown_carriers: Vec::new(),
            hardened: None,
        }
    }

    /// Whether a person has to edit a workload of the file, and nobody would hear of it otherwise: of a file that failed,
    /// the file is what there is to see to.
    pub fn leaves(&self, workload: &WorkloadOutcome) -> bool {
        self.status != FileStatus::Failed && workload.is_uneditable()
    }

    /// The same of a namespace.
    pub fn leaves_namespace(&self, namespace: &NamespaceOutcome) -> bool {
        self.status != FileStatus::Failed && namespace.is_uneditable()
    }

    /// Turns it into that of a file of which nothing is written, so that nothing in it may claim to be hardened.
    pub fn refuse(&mut self, status: FileStatus, reason: Reason) {
        for workload in &mut self.workloads {
            if !workload.changes.is_empty() {
                workload.leave_alone(reason.clone());
            }
        }
        for namespace in &mut self.namespaces {
            if !namespace.changes.is_empty() {
                namespace.leave_alone(reason.clone());
            }
        }
        self.status = status;
        self.reason = Some(reason);
        self.hardened = None;
    }
}

/// A proven rewrite of one file.
#[derive(Debug, Clone)]
pub struct Hardened {
    pub old: String,
    pub new: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileStatus {
    /// Nothing to change: no workload, all compliant, all blocked, ...
    Unchanged,
    /// At least one workload was hardened (or partially, with best effort), or a namespace labelled.
    Hardened,
    /// Left alone for what it is: a template, unparsable without a sign of a workload, ...
    Skipped,
    /// Left alone although it shows a workload: unparsable, unsafe bytes, I/O, verification. Exit code 2.
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WorkloadStatus {
    Compliant,
    Hardened,
    /// Best effort wrote what it could; blockers remain.
    Partial,
    Blocked,
    /// Somebody asked that it, or what it is exempt from, be left alone; it may have changes for the rest.
    Exempt,
    Skipped,
}

#[derive(Debug, Clone)]
pub struct WorkloadOutcome {
    /// Index of the document in the file, from 0.
    pub document: usize,
    /// Index in `items` of a `kind: List`.
    pub item: Option<usize>,
    pub api_version: String,
    pub kind: String,
    pub namespace: Option<String>,
    /// For people: also a `generateName`, with which the object has no name yet.
    pub name: String,
    pub has_name: bool,
    /// 1-based line of the object's first key.
    pub line: usize,
    pub status: WorkloadStatus,
    pub reason: Option<Reason>,
    /// The place elsewhere that decided `reason` (a Namespace's label, a config entry): the summary says
    /// "left alone because of FILE:LINE". `None` where the workload's own text decided.
    pub decided_by: Option<Place>,
    /// `privileged`, `baseline` or `restricted`.
    pub level: String,
    /// `latest` or `v1.N`.
    pub policy_version: String,
    pub apply: Apply,
    pub before: Vec<Finding>,
    pub after: Vec<Finding>,
    /// Where it passes in the end: the checks for which it needs a cluster that is not too old.
    pub relaxed: Vec<Relaxed>,
    pub changes: Vec<Planned>,
    pub blockers: Vec<Blocker>,
    pub images: Vec<ImageUse>,
    /// Names of containers that run on an assumed uid afterwards.
    pub assumed_users: Vec<String>,
    /// Remarks that change nothing (advice of a profile, a runtimeClass that decides on ports, ...).
    pub notes: Vec<String>,
    /// Of the notes, those about what will not start where a patch of a kustomization decides otherwise.
    pub warnings: Vec<String>,
}

impl WorkloadOutcome {
    /// Turns it into one that nothing is done for.
    pub fn leave_alone(&mut self, reason: Reason) {
        self.status = WorkloadStatus::Skipped;
        self.reason = Some(reason);
        self.after.clone_from(&self.before);
        self.relaxed.clear();
        self.changes.clear();
        self.assumed_users.clear();
    }

    /// Whether it violates its level and its text cannot be edited: somebody has to do it by hand.
    fn is_uneditable(&self) -> bool {
        self.status == WorkloadStatus::Skipped && !self.before.is_empty()
    }
}

/// What became of a Namespace object that was to get labels.
#[derive(Debug, Clone)]
pub struct NamespaceOutcome {
    /// Index of the document in the file, from 0.
    pub document: usize,
    /// Index in `items` of a `kind: List`.
    pub item: Option<usize>,
    /// By which the cluster knows it.
    pub name: String,
    /// 1-based line of the object's first key.
    pub line: usize,
    pub status: NamespaceStatus,
    pub reason: Option<Reason>,
    /// The place elsewhere that decided `reason`.
    pub decided_by: Option<Place>,
    /// What the labels say: `baseline` or `restricted`.
    pub level: String,
    /// `latest` or `v1.N`.
    pub policy_version: String,
    pub changes: Vec<Planned>,
    pub blockers: Vec<Blocker>,
    pub standing: Standing,
}

impl NamespaceOutcome {
    /// Turns it into one that nothing is done for.
    pub fn leave_alone(&mut self, reason: Reason) {
        self.status = NamespaceStatus::Skipped;
        self.reason = Some(reason);
        self.changes.clear();
    }

    /// Whether it lacks a label that was asked for and its text cannot be edited: somebody has to do it by hand.
    fn is_uneditable(&self) -> bool {
        use ReasonCode as R;
        let is_of_the_text = |reason: &Reason| {
            matches!(
                reason.code,
                R::Alias | R::MergeKey | R::DuplicateKey | R::Unsupported | R::SecondReader | R::TooLarge
            )
        };
        self.status == NamespaceStatus::Skipped && self.reason.as_ref().is_some_and(is_of_the_text)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NamespaceStatus {
    /// It has the labels that were asked for, or stricter ones.
    Unchanged,
    Labelled,
    /// Some of the labels were written, others need a decision.
    Partial,
    Blocked,
    Exempt,
    Skipped,
}

/// A violation as it is printed: the upstream id and the upstream sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub check: &'static str,
    pub message: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageUse {
    pub container: String,
    pub image: String,
    /// Name of the profile (or `config`) that was used, if any.
    pub profile: Option<String>,
    /// `None` where a blocker leaves the user open, or the level does not ask for one.
    pub user_rests_on: Option<Ground>,
}

/// What it rests on who a container runs as after the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    Manifest,
    Config,
    Profile,
    /// A Dockerfile of the same repository.
    Dockerfile,
    Assumed,
}

impl Ground {
    pub fn name(self) -> &'static str {
        match self {
            Ground::Manifest => "manifest",
            Ground::Config => "config",
            Ground::Profile => "profile",
            Ground::Dockerfile => "dockerfile",
            Ground::Assumed => "assumed",
        }
    }
}

impl FileStatus {
    pub fn name(self) -> &'static str {
        match self {
            FileStatus::Unchanged => "unchanged",
            FileStatus::Hardened => "hardened",
            FileStatus::Skipped => "skipped",
            FileStatus::Failed => "failed",
        }
    }
}

impl NamespaceStatus {
    pub const ALL: [NamespaceStatus; 6] = [
        NamespaceStatus::Unchanged,
        NamespaceStatus::Labelled,
        NamespaceStatus::Partial,
        NamespaceStatus::Blocked,
        NamespaceStatus::Exempt,
        NamespaceStatus::Skipped,
    ];

    pub fn name(self) -> &'static str {
        match self {
            NamespaceStatus::Unchanged => "unchanged",
            NamespaceStatus::Labelled => "labelled",
            NamespaceStatus::Partial => "partial",
            NamespaceStatus::Blocked => "blocked",
            NamespaceStatus::Exempt => "exempt",
            NamespaceStatus::Skipped => "skipped",
        }
    }
}

impl WorkloadStatus {
    pub fn name(self) -> &'static str {
        match self {
            WorkloadStatus::Compliant => "compliant",
            WorkloadStatus::Hardened => "hardened",
            WorkloadStatus::Partial => "partial",
            WorkloadStatus::Blocked => "blocked",
            WorkloadStatus::Exempt => "exempt",
            WorkloadStatus::Skipped => "skipped",
        }
    }
}
