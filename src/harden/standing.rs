//! How the workloads of one text stand to the labels that their namespaces are to get, once they are hardened. Reads the
//! text that hardening leaves and asks the checks; what nobody can judge, `doubts` says, and what follows, the planner.

use super::doubts;
use super::look::Look;
use super::{Documents, harden_text, read};
use crate::checks::{self, Policy};
use crate::context::{Context, Labels, Standings};
use crate::kube::installers;
use crate::kube::namespace;
use crate::kube::schema::wrong_types;
use crate::kube::workload::{self, Carrier, Workload};
use crate::outcome::{FileStatus, Lenient, Outcome, ReasonCode, WorkloadOutcome, WorkloadStatus};
use crate::plan;
use crate::survey::Patched;

/// The labels that the Namespace objects of a text are to get.
pub(crate) fn labels(text: &[u8], context: &Context) -> Labels {
    let mut labels = Labels::new();
    let Ok((_, documents)) = read(text, context) else {
        return labels;
    };
    for (_, document) in &documents {
        for found in document.root().into_iter().flat_map(namespace::find) {
            let target = context.target_in(Some(context.name_of(&found)));
            for name in context.names_of(&found) {
                let wanted = labels.entry(name.to_string()).or_default();
                wanted.targets.insert(plan::enforced(&found, &target));
                wanted
                    .manifests
                    .insert((context.root.to_path_buf(), context.relative.to_path_buf()));
            }
        }
    }
    labels
}

impl Look<'_> {
    /// How the workloads of the text stand.
    pub(crate) fn standings(&self) -> Standings {
        let context = self.context;
        let mut standings = Standings::default();
        // A patch is no workload of its own.
        if context.survey.patched_by(context.relative).is_some() {
            return standings;
        }
        doubts::kustomization(self, &mut standings);
        let mut outcome = harden_text(self.shown, self.text, context);
        if self.as_it_is.is_some() {
            outcome.hardened = None;
        }
        if let (FileStatus::Failed | FileStatus::Skipped, Some(reason)) = (outcome.status, &outcome.reason) {
            doubts::unread(self, reason, &mut standings);
            return standings;
        }
        doubts::installers(self, &mut standings);
        let new = outcome.hardened.take();
        let text = new.as_ref().map_or(self.text, |hardened| hardened.new.as_bytes());
        if let Ok((_, documents)) = read(text, context) {
            self.documents(&documents, &outcome, &mut standings);
        }
        standings
    }

    /// `outcome`: of the text as it was.
    fn documents(&self, documents: &Documents, outcome: &Outcome, standings: &mut Standings) {
        for (index, document) in documents {
            let mut before = outcome.workloads.iter().filter(|workload| workload.document == *index);
            let Some(root) = document.root() else { continue };
            let found = workload::find_with(root, &self.context.config.kinds);
            for workload in &found.workloads {
                self.workload(workload, before.next(), standings);
            }
            for carrier in &found.unknown_carriers {
                self.carrier(carrier, standings);
            }
        }
    }

    fn workload(&self, workload: &Workload, before: Option<&WorkloadOutcome>, standings: &mut Standings) {
        let was = |status| before.is_some_and(|before| before.status == status);
        let is_new = was(WorkloadStatus::Hardened) || was(WorkloadStatus::Partial);
        let line = before.map_or(workload.line, |before| before.line);
        let unread = before.and_then(why_unread);
        let is_fragment = before.is_some_and(is_fragment);
        for name in self.names(workload.namespace, line, !is_fragment, standings) {
            for (level, version) in self.labels.get(name).into_iter().flat_map(|wanted| &wanted.targets) {
                let policy = Policy {
                    level: *level,
                    version: *version,
                    server: self.context.release().map(|release| release.minor),
                };
                let title = format!("{} {name}/{}", workload.kind_name, workload.name);
                let why = unread.clone().or_else(|| why_not(workload, policy));
                let standing = standings.entry(name, *level, *version);
                standing.seen += 1;
                let Some(why) = why.or_else(|| self.why_not_patched(workload)) else {
                    let is_to_harden = is_new && self.as_it_is.is_none();
                    standing.to_harden += usize::from(is_to_harden);
                    standing.elsewhere += usize::from(is_to_harden && !self.is_named);
                    standing.relaxed.extend(self.lenient(workload, policy, line, title));
                    continue;
                };
                let as_it_is = self.as_it_is.filter(|_| was(WorkloadStatus::Hardened));
                standing.as_it_is += usize::from(as_it_is.is_some());
                let why = as_it_is.map_or(why.clone(), |how| format!("as it is, since it is {how}: {why}"));
                standing.failing.push(self.failing(title, line, why));
            }
        }
    }

    fn carrier(&self, carrier: &Carrier, standings: &mut Standings) {
        if installers::is_installer(&carrier.api_version, &carrier.kind) {
            return;
        }
        for name in self.names(carrier.namespace.as_deref(), carrier.line, true, standings) {
            let title = format!("{} {name}/{}", carrier.kind, carrier.name);
            let why = "it makes pods in a shape that harden does not know".to_string();
            self.against(name, &self.failing(title, carrier.line, why), standings);
        }
    }

    /// What keeps it from passing once kustomize has patched it.
    fn why_not_patched(&self, workload: &Workload) -> Option<String> {
        let pod = workload.pod()?;
        let containers: Vec<&str> = pod.containers().map(|container| container.name).collect();
        let object = Patched {
            kind: workload.kind_name,
            name: workload.name,
            labels: workload.object.at(&["metadata", "labels"]),
            containers: &containers,
        };
        self.context.survey.patched_badly(self.context.relative, object)
    }

    /// Where nobody says what the cluster is: the release before which it would refuse the pod.
    fn lenient(&self, workload: &Workload, policy: Policy, line: usize, title: String) -> Option<Lenient> {
        let pod = workload.pod()?;
        let relaxed = policy.relaxed(&pod).into_iter().max_by_key(|relaxed| relaxed.since)?;
        Some(Lenient {
            place: self.place(line),
            workload: title,
            since: relaxed.since,
            because: relaxed.exemption.map_or("", |exemption| exemption.field()).to_string(),
        })
    }
}

/// Why nobody knows what a workload says.
fn why_unread(before: &WorkloadOutcome) -> Option<String> {
    use ReasonCode as R;
    let reason = before.reason.as_ref()?;
    let is_unread = matches!(
        reason.code,
        R::PartialObject | R::MergeKey | R::DuplicateKey | R::WrongType
    );
    (before.status == WorkloadStatus::Skipped && is_unread).then(|| reason.message.clone())
}

/// A fragment that names no namespace is most likely a patch.
fn is_fragment(before: &WorkloadOutcome) -> bool {
    let code = before.reason.as_ref().map(|reason| reason.code);
    code == Some(ReasonCode::PartialObject)
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
