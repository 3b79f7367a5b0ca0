//! How the workloads of one text stand to the labels that their namespaces are to get, once they are hardened. Reads the
//! text that hardening leaves and asks the checks; what follows from it, the planner says.

use std::collections::BTreeSet;
use std::path::Path;

use memchr::memmem;

use super::{Documents, harden_text, read};
use crate::checks::{self, Level, Policy, PolicyVersion};
use crate::context::{Context, Labels, Standings};
use crate::kube::namespace;
use crate::kube::schema::wrong_types;
use crate::kube::workload::{self, Carrier, Workload};
use crate::outcome::{Failing, FileStatus, Outcome, Place, WorkloadStatus};

/// The labels that the Namespace objects of a text are to get.
pub(crate) fn labels(text: &[u8], context: &Context) -> Labels {
    let mut labels = Labels::new();
    let Ok((_, documents)) = read(text, context) else {
        return labels;
    };
    for (_, document) in &documents {
        for found in document.root().into_iter().flat_map(namespace::find) {
            let name = context.name_of(&found);
            let target = context.target_in(Some(name));
            let label = (target.level, target.version);
            labels.entry(name.to_string()).or_default().insert(label);
        }
    }
    labels
}

/// How the workloads of a text stand. `is_excluded`: it is not to be hardened, so it counts as it is.
pub(crate) fn standings(shown: &Path, text: &[u8], context: &Context, is_excluded: bool, labels: &Labels) -> Standings {
    // A patch is no workload of its own.
    if context.survey.patched_by(context.relative).is_some() {
        return Standings::default();
    }
    let mut outcome = harden_text(shown, text, context);
    if is_excluded {
        outcome.hardened = None;
    }
    if outcome.status == FileStatus::Failed {
        let line = outcome.reason.as_ref().and_then(|reason| reason.line);
        let why = outcome.reason.map_or(String::new(), |reason| reason.message);
        let failing = unread(shown, line.unwrap_or(1), why);
        return against(
            labels.iter().filter(|(name, _)| may_be_in(name, text, context)),
            &failing,
        );
    }
    let new = outcome.hardened.take();
    let text = new.as_ref().map_or(text, |hardened| hardened.new.as_bytes());
    let Ok((_, documents)) = read(text, context) else {
        return Standings::default();
    };
    let look = Look {
        shown,
        context,
        labels,
        outcome: &outcome,
        is_excluded,
    };
    look.at(&documents)
}

/// A file of which nobody knows whether its workloads pass.
pub(crate) fn unread(shown: &Path, line: usize, why: String) -> Failing {
    Failing {
        place: Place {
            path: shown.to_path_buf(),
            line,
        },
        workload: String::new(),
        why,
    }
}

/// Something that stands against some labels.
pub(crate) fn against<'l>(
    labels: impl Iterator<Item = (&'l String, &'l BTreeSet<(Level, PolicyVersion)>)>,
    failing: &Failing,
) -> Standings {
    let mut standings = Standings::default();
    for (name, targets) in labels {
        for (level, version) in targets {
            standings.entry(name, *level, *version).failing.push(failing.clone());
        }
    }
    standings
}

/// Whether an object of a text that cannot be read may be in a namespace: the text or a kustomization would say its name.
fn may_be_in(name: &str, text: &[u8], context: &Context) -> bool {
    if context.survey.kustomize_namespace(context.relative) == Some(name) {
        return true;
    }
    // Every other byte of a name in UTF-16 is a zero.
    let plain: Vec<u8> = text.iter().copied().filter(|byte| *byte != 0).collect();
    memmem::find(&plain, name.as_bytes()).is_some()
}

struct Look<'a> {
    shown: &'a Path,
    context: &'a Context<'a>,
    labels: &'a Labels,
    /// Of the text as it was.
    outcome: &'a Outcome,
    is_excluded: bool,
}

impl Look<'_> {
    fn at(&self, documents: &Documents) -> Standings {
        let mut standings = Standings::default();
        let mut number = 0;
        for root in documents.iter().filter_map(|(_, document)| document.root()) {
            let found = workload::find_with(root, &self.context.config.kinds);
            for workload in &found.workloads {
                self.workload(workload, number, &mut standings);
                number += 1;
            }
            for carrier in &found.unknown_carriers {
                self.carrier(carrier, &mut standings);
            }
        }
        standings
    }

    fn workload(&self, workload: &Workload, number: usize, standings: &mut Standings) {
        let name = self.context.namespace_of(workload).unwrap_or("");
        let before = self.outcome.workloads.get(number);
        let was = |status| before.is_some_and(|before| before.status == status);
        let is_new = !self.is_excluded && (was(WorkloadStatus::Hardened) || was(WorkloadStatus::Partial));
        let line = before.map_or(workload.line, |before| before.line);
        for (level, version) in self.labels.get(name).into_iter().flatten() {
            let policy = Policy {
                level: *level,
                version: *version,
                server: self.context.release().map(|release| release.minor),
            };
            let standing = standings.entry(name, *level, *version);
            standing.seen += 1;
            match why_not(workload, policy) {
                None => standing.to_harden += usize::from(is_new),
                Some(why) => standing
                    .failing
                    .push(self.failing(workload.kind_name, name, workload.name, line, why)),
            }
        }
    }

    fn carrier(&self, carrier: &Carrier, standings: &mut Standings) {
        let survey = self.context.survey;
        let name = survey.namespace_of(self.context.relative, carrier.namespace.as_deref());
        for (level, version) in self.labels.get(name).into_iter().flatten() {
            let why = "it makes pods in a shape that harden does not know".to_string();
            let standing = standings.entry(name, *level, *version);
            standing.seen += 1;
            standing
                .failing
                .push(self.failing(&carrier.kind, name, &carrier.name, carrier.line, why));
        }
    }

    fn failing(&self, kind: &str, namespace: &str, name: &str, line: usize, why: String) -> Failing {
        let path = self.shown.to_path_buf();
        Failing {
            place: Place { path, line },
            workload: format!("{kind} {namespace}/{name}"),
            why,
        }
    }
}

/// What keeps a workload as it is from passing a policy.
fn why_not(workload: &Workload, policy: Policy) -> Option<String> {
    let Some(pod) = workload.pod() else {
        return Some("it has no pod spec".to_string());
    };
    if let Some(wrong) = wrong_types(&pod).into_iter().next() {
        return Some(format!("{}: {}", wrong.path, wrong.what));
    }
    let violations = policy.violations(&pod);
    (!violations.is_empty()).then(|| checks::reasons(&violations))
}
