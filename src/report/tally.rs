//! Counts over all outcomes of a run: what the summary says, what JSON totals, what decides the exit code.
//! Holds numbers and a few places, never a text.

use std::collections::BTreeMap;

use crate::change::Basis;
use crate::checks::{Level, PolicyVersion};
use crate::kube::namespace::Mode;
use crate::outcome::{
    FileStatus, Ground, NamespaceOutcome, NamespaceStatus, Outcome, Place, WorkloadOutcome, WorkloadStatus,
};
use crate::yaml::{FieldPath, Step};

#[derive(Debug, Default, Clone)]
pub struct Tally {
    /// Files read, those without a workload included.
    pub seen: usize,
    files: BTreeMap<FileStatus, usize>,
    workloads: BTreeMap<WorkloadStatus, usize>,
    namespaces: BTreeMap<NamespaceStatus, usize>,
    uneditable_namespaces: usize,
    changes: BTreeMap<Basis, usize>,
    /// Files whose change somebody needs, in other words all but mere improvements.
    pub needed: usize,
    /// Containers by what their user rests on; `None` where a blocker leaves it open.
    containers: BTreeMap<Option<Ground>, usize>,
    /// Workloads that were left alone, by the line that exempts them.
    pub exempt: BTreeMap<Place, usize>,
    /// Exempt workloads that were hardened but for what they are exempt from.
    pub partly_exempt: usize,
    /// Skipped files by the code of the reason.
    pub skipped_files: BTreeMap<&'static str, usize>,
    /// The same of workloads.
    pub skipped_workloads: BTreeMap<&'static str, usize>,
    /// Workloads that violate their level and cannot be edited.
    pub uneditable: usize,
    /// Kinds that hold pods in a shape `harden` does not know: how many, and where the first is.
    pub carriers: BTreeMap<String, (usize, Place)>,
    /// Workloads that pass only where the cluster is new enough.
    pub relaxed: usize,
    /// The first of those that need the newest cluster, and the release.
    pub newest: Option<(PolicyVersion, Place)>,
    /// Workloads that `enforce` labels count on and that the run does not harden; those of the namespace with most.
    pub counted_on: usize,
    /// Whether a label waits for what would pass, were it not hidden, excluded or hard-linked.
    pub waits_for_as_it_is: bool,
    /// Workloads that must be recreated for the change to reach them.
    pub recreate: usize,
}

impl Tally {
    pub fn add(&mut self, outcome: &Outcome) {
        self.seen += 1;
        *self.files.entry(outcome.status).or_default() += 1;
        if let Some(reason) = outcome
            .reason
            .as_ref()
            .filter(|_| outcome.status == FileStatus::Skipped)
        {
            *self.skipped_files.entry(reason.code.code()).or_default() += 1;
        }
        let is_labelled = outcome.namespaces.iter().any(|namespace| !namespace.changes.is_empty());
        if is_labelled || outcome.workloads.iter().any(is_needed) {
            self.needed += 1;
        }
        for workload in &outcome.workloads {
            self.add_workload(outcome, workload);
        }
        for namespace in &outcome.namespaces {
            self.add_namespace(outcome, namespace);
        }
        for carrier in &outcome.unknown_carriers {
            let place = Place {
                path: outcome.path.clone(),
                line: carrier.line,
            };
            self.carriers.entry(carrier.kind.clone()).or_insert((0, place)).0 += 1;
        }
    }

    fn add_workload(&mut self, outcome: &Outcome, workload: &WorkloadOutcome) {
        *self.workloads.entry(workload.status).or_default() += 1;
        for change in &workload.changes {
            *self.changes.entry(change.basis).or_default() += 1;
        }
        self.add_containers(workload);
        self.add_relaxed(outcome, workload);
        if !workload.changes.is_empty() && workload.apply == crate::change::Apply::Recreate {
            self.recreate += 1;
        }
        self.uneditable += usize::from(outcome.leaves(workload));
        if let Some(reason) = workload
            .reason
            .as_ref()
            .filter(|_| workload.status == WorkloadStatus::Skipped)
        {
            *self.skipped_workloads.entry(reason.code.code()).or_default() += 1;
        }
        if workload.status == WorkloadStatus::Exempt && !workload.changes.is_empty() {
            self.partly_exempt += 1;
        } else if workload.status == WorkloadStatus::Exempt {
            let said = workload.reason.as_ref().and_then(|reason| reason.line);
            let own = Place {
                path: outcome.path.clone(),
                line: said.unwrap_or(workload.line),
            };
            *self
                .exempt
                .entry(workload.decided_by.clone().unwrap_or(own))
                .or_default() += 1;
        }
    }

    fn add_relaxed(&mut self, outcome: &Outcome, workload: &WorkloadOutcome) {
        let Some(since) = workload.relaxed.iter().map(|relaxed| relaxed.since).max() else {
            return;
        };
        self.relaxed += 1;
        if self.newest.as_ref().is_none_or(|(newest, _)| since > *newest) {
            let place = Place {
                path: outcome.path.clone(),
                line: workload.line,
            };
            self.newest = Some((since, place));
        }
    }

    fn add_namespace(&mut self, outcome: &Outcome, namespace: &NamespaceOutcome) {
        *self.namespaces.entry(namespace.status).or_default() += 1;
        self.uneditable_namespaces += usize::from(outcome.leaves_namespace(namespace));
        let enforce = Mode::Enforce.level_label();
        let is_enforce = |field: &FieldPath| matches!(field.0.last(), Some(Step::Key(key)) if *key == enforce);
        if namespace.changes.iter().any(|change| is_enforce(&change.field)) {
            self.counted_on = self.counted_on.max(namespace.standing.elsewhere);
        }
        let waits = namespace.blockers.iter().any(|blocker| is_enforce(&blocker.field));
        self.waits_for_as_it_is |= waits && namespace.standing.as_it_is > 0;
    }

    /// Those of workloads that were judged, at the level that asks who runs them.
    fn add_containers(&mut self, workload: &WorkloadOutcome) {
        use WorkloadStatus as S;
        let judged = matches!(workload.status, S::Compliant | S::Hardened | S::Partial | S::Blocked);
        if judged && workload.level == Level::Restricted.name() {
            for image in &workload.images {
                *self.containers.entry(image.user_rests_on).or_default() += 1;
            }
        }
    }

    /// Containers whose user rests on this; `None`: is left open by a blocker.
    pub fn containers(&self, ground: Option<Ground>) -> usize {
        self.containers.get(&ground).copied().unwrap_or_default()
    }

    pub fn files(&self, status: FileStatus) -> usize {
        self.files.get(&status).copied().unwrap_or_default()
    }

    pub fn workloads(&self, status: WorkloadStatus) -> usize {
        self.workloads.get(&status).copied().unwrap_or_default()
    }

    pub fn namespaces(&self, status: NamespaceStatus) -> usize {
        self.namespaces.get(&status).copied().unwrap_or_default()
    }

    pub fn changes(&self, basis: Basis) -> usize {
        self.changes.get(&basis).copied().unwrap_or_default()
    }

    /// All workloads, whatever became of them.
    pub fn all_workloads(&self) -> usize {
        self.workloads.values().sum()
    }

    /// Namespaces that lack a label which was asked for, and need somebody's decision.
    pub fn unlabelled(&self) -> usize {
        let blocked = self.namespaces(NamespaceStatus::Blocked) + self.namespaces(NamespaceStatus::Partial);
        blocked + self.uneditable_namespaces
    }

    /// Workloads that cannot pass without somebody's decision.
    pub fn unsolved(&self) -> usize {
        self.workloads(WorkloadStatus::Blocked) + self.workloads(WorkloadStatus::Partial)
    }

    /// Everything that is left to a person: a gate must not take it for what passes.
    pub fn left(&self) -> usize {
        self.unsolved() + self.uneditable + self.unlabelled()
    }
}

/// A change of a workload that passes already is a mere improvement and decides no exit code, unless it replaces a
/// value: only values marked as assumed are replaced there, and a better fact about one is a needed change.
fn is_needed(workload: &WorkloadOutcome) -> bool {
    let replaces = || workload.changes.iter().any(|change| change.from.is_some());
    !workload.changes.is_empty() && (!workload.before.is_empty() || replaces())
}
