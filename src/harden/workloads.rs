//! A workload as it stands and what is planned for it. How that becomes text, `rewrite` says.

use crate::context::{Context, Target};
use crate::kube::kinds::Update;
use crate::kube::pod::Pod;
use crate::kube::schema::{WrongType, wrong_types};
use crate::kube::workload::Workload;
use crate::outcome::{Finding, Reason, ReasonCode, WorkloadOutcome, WorkloadStatus};
use crate::plan::{self, Apply, Effect, Plan};
use crate::yaml::{Change, NodeRef};

/// A workload with its outcome so far and the changes it needs.
pub(super) struct Judged {
    pub(super) outcome: WorkloadOutcome,
    /// From the document's root.
    pub(super) changes: Vec<Change>,
    /// Checks that may still be violated afterwards.
    pub(super) ignored: Vec<&'static str>,
}

pub(super) fn judge(index: usize, workload: &Workload, context: &Context) -> Judged {
    let target = context.target(workload);
    let mut outcome = blank_outcome(index, workload, &target, context);
    let readable = readable_pod(workload, context);
    let pod = match readable {
        Ok(pod) => pod,
        Err(reason) => {
            outcome.leave_alone(reason);
            return Judged {
                outcome,
                changes: Vec::new(),
                ignored: Vec::new(),
            };
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
    let plan = plan::plan(workload, &pod, &target, &violations, context);
    take_plan(outcome, plan, workload, context)
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
    if let Some(node) = merge_key(workload, &pod) {
        let message = "a merge key (`<<`) stands in the pod; write the merged fields out".to_string();
        return Err(reason(ReasonCode::MergeKey, message, node.line()));
    }
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

/// A `<<` on the way to anything that is read or written.
fn merge_key<'d>(workload: &Workload<'d>, pod: &Pod<'d>) -> Option<NodeRef<'d>> {
    let context = |node: NodeRef<'d>| node.get("securityContext");
    let nested = |node: NodeRef<'d>| context(node).into_iter().flat_map(|c| c.entries().map(|(_, v)| v));
    let containers = pod.containers().map(|c| c.node);
    let volumes = pod.spec.list("volumes");
    let mut looked_at = [workload.object, workload.template, pod.spec]
        .into_iter()
        .chain(workload.object.get("spec"))
        .chain(context(pod.spec))
        .chain(nested(pod.spec))
        .chain(volumes)
        .chain(containers.flat_map(|c| std::iter::once(c).chain(context(c)).chain(nested(c))));
    looked_at.find_map(NodeRef::merge_key)
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
