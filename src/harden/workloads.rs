//! A workload as it stands and what is planned for it. How that becomes text, `rewrite` says.

use crate::context::{Context, Target};
use crate::kube::kinds::Update;
use crate::kube::pod::Pod;
use crate::kube::schema::{WrongType, wrong_types};
use crate::kube::workload::{self, Carrier, Workload};
use crate::outcome::{Finding, Reason, ReasonCode, WorkloadOutcome, WorkloadStatus};
use crate::plan::{self, Apply, Effect, Plan};
use crate::yaml::{Change, NodeRef};

use super::parsed::Parsed;

/// A workload with its outcome so far and the changes it needs.
pub(super) struct Judged {
    pub(super) outcome: WorkloadOutcome,
    /// From the document's root.
    pub(super) changes: Vec<Change>,
    /// Checks that may still be violated afterwards.
    pub(super) ignored: Vec<&'static str>,
}

impl Judged {
    /// One that nothing is to be done for.
    fn of(outcome: WorkloadOutcome) -> Judged {
        Judged {
            outcome,
            changes: Vec::new(),
            ignored: Vec::new(),
        }
    }

    pub(super) fn leave_alone(&mut self, reason: Reason) {
        self.outcome.leave_alone(reason);
        self.changes.clear();
    }
}

/// Of a pod spec: several times as many as the largest that people write. Rules look at pairs of what lists hold, and that
/// many more would take minutes.
const MAX_VALUES: usize = 20_000;

/// All workloads of a document, and what else runs pods in it.
pub(super) fn judge_all(index: usize, document: &Parsed, context: &Context) -> (Vec<Judged>, Vec<Carrier>) {
    let read = |root: NodeRef| {
        let found = workload::find_with(root, &context.config.kinds);
        let judged = found.workloads.iter().map(|workload| judge(index, workload, context));
        (judged.collect::<Vec<Judged>>(), found.unknown_carriers)
    };
    let (mut judged, carriers) = document.root().map(read).unwrap_or_default();
    if let Some((root, line)) = document.otherwise() {
        agree(&mut judged, read(root).0, line);
    }
    (judged, carriers)
}

/// Leaves alone what is not the same in two readings of a document, with what it violates in one of them.
fn agree(judged: &mut Vec<Judged>, others: Vec<Judged>, line: usize) {
    let mut others = others.into_iter();
    for (one, other) in judged.iter_mut().zip(&mut others) {
        let is_same = one.outcome.before == other.outcome.before && one.outcome.blockers == other.outcome.blockers;
        if is_same || one.outcome.status == WorkloadStatus::Exempt {
            continue;
        }
        if one.outcome.before.is_empty() {
            *one = other;
        }
        one.leave_alone(unclear(line));
    }
    judged.extend(others.map(|mut other| {
        other.leave_alone(unclear(line));
        other
    }));
}

fn unclear(line: usize) -> Reason {
    let message = "kubectl and kustomize make different things of this merge key (`<<`): to kubectl it hides the keys \
                   before it; put it before them";
    Reason {
        code: ReasonCode::MergeKey,
        message: message.to_string(),
        line: Some(line),
    }
}

fn judge(index: usize, workload: &Workload, context: &Context) -> Judged {
    let target = context.target(workload);
    let mut outcome = blank_outcome(index, workload, &target, context);
    let readable = readable_pod(workload, context);
    let pod = match readable {
        Ok(pod) => pod,
        Err(reason) => {
            outcome.leave_alone(reason);
            return Judged::of(outcome);
        }
    };
    let policy = context.policy(&target);
    let violations = policy.violations(&pod);
    if violations.is_empty() {
        outcome.relaxed = policy.relaxed(&pod);
    }
    outcome.before = violations
        .iter()
        .map(|v| Finding {
            check: v.check,
            message: v.message(),
        })
        .collect();
    if pod.spec.holds_more_than(MAX_VALUES) {
        outcome.leave_alone(too_large(workload));
        return Judged::of(outcome);
    }
    let plan = plan::plan(workload, &pod, &target, &violations, context);
    take_plan(outcome, plan, workload, context)
}

fn too_large(workload: &Workload) -> Reason {
    Reason {
        code: ReasonCode::TooLarge,
        message: format!("its pod spec holds more than {MAX_VALUES} values; shorten its lists, or harden it by hand"),
        line: Some(workload.line),
    }
}

/// What the overrides that name a workload do to it.
pub(super) fn overrides(workload: &Workload, context: &Context) -> Vec<(usize, Effect)> {
    let Ok(pod) = readable_pod(workload, context) else {
        let named = context.overrides_of(workload);
        return named.map(|(index, _)| (index, Effect::Some)).collect();
    };
    let target = context.target(workload);
    let violations = context.policy(&target).violations(&pod);
    plan::overrides(workload, &pod, &target, &violations, context)
}

fn blank_outcome(index: usize, workload: &Workload, target: &Target, context: &Context) -> WorkloadOutcome {
    WorkloadOutcome {
        document: index,
        item: workload.item,
        api_version: workload.api_version.to_string(),
        kind: workload.kind_name.to_string(),
        namespace: context.namespace_of(workload).map(str::to_string),
        name: workload.name.to_string(),
        has_name: workload.object.at(&["metadata", "name"]).is_some(),
        line: workload.line,
        status: WorkloadStatus::Compliant,
        reason: None,
        decided_by: None,
        level: target.level.name().to_string(),
        policy_version: target.version.to_string(),
        apply: match workload.kind.update {
            Update::Rolls => Apply::InPlace,
            Update::Recreate => Apply::Recreate,
        },
        before: Vec::new(),
        after: Vec::new(),
        relaxed: Vec::new(),
        changes: Vec::new(),
        blockers: Vec::new(),
        images: Vec::new(),
        assumed_users: Vec::new(),
        notes: Vec::new(),
        warnings: Vec::new(),
    }
}

/// The pod of a workload, or why it cannot be judged.
fn readable_pod<'d>(workload: &Workload<'d>, context: &Context) -> Result<Pod<'d>, Reason> {
    let reason = |code, message: String, line| Reason {
        code,
        message,
        line: Some(line),
    };
    if let Some(place) = context.survey.patched_by(context.relative) {
        let message = format!(
            "the file is a patch of {}:{}; harden what it patches",
            place.path.display(),
            place.line
        );
        return Err(reason(ReasonCode::PatchFile, message, workload.line));
    }
    let Some(pod) = workload.pod() else {
        let message = "it has no pod spec: a patch or a fragment".to_string();
        return Err(reason(ReasonCode::PartialObject, message, workload.line));
    };
    if let Some(what) = plan::incomplete(workload, &pod) {
        return Err(reason(ReasonCode::PartialObject, what, workload.line));
    }
    match wrong_types(&pod).into_iter().next() {
        Some(WrongType { path, line, what }) => Err(reason(
            ReasonCode::WrongType,
            format!("{path}: {what}; the API server would refuse it"),
            line,
        )),
        None => Ok(pod),
    }
}

fn take_plan(mut outcome: WorkloadOutcome, plan: Plan, workload: &Workload, context: &Context) -> Judged {
    outcome.images = plan.images;
    outcome.notes = plan.notes;
    outcome.warnings = plan.warnings;
    outcome.after.clone_from(&outcome.before);
    outcome.status = match (plan.changes.is_empty(), plan.blockers.is_empty()) {
        // Whatever is done for the rest of it, it does not pass, and somebody wants that.
        (_, true) if plan.exempt.is_some() => WorkloadStatus::Exempt,
        (true, true) => WorkloadStatus::Compliant,
        (false, true) => WorkloadStatus::Hardened,
        (true, false) => WorkloadStatus::Blocked,
        (false, false) => WorkloadStatus::Partial,
    };
    if let Some((reason, place)) = plan.exempt.filter(|_| outcome.status == WorkloadStatus::Exempt) {
        outcome.reason = Some(reason);
        outcome.decided_by = place;
    }
    outcome.assumed_users = plan.assumed_users;
    let changes = plan.changes.iter().map(|planned| Change {
        path: workload.object_path.join(&planned.field),
        to: planned.to.clone(),
        comment: planned.marker().filter(|_| context.config.assumed_comment),
    });
    let changes = changes.collect();
    outcome.changes = plan.changes;
    outcome.blockers = plan.blockers;
    Judged {
        outcome,
        changes,
        ignored: plan.ignored,
    }
}
