//! One document: its workloads, what is planned for each, the edits, and the proof of the new text.

use crate::checks;
use crate::context::{Context, Target};
use crate::kube::kinds::Update;
use crate::kube::pod::Pod;
use crate::kube::schema::{WrongType, wrong_types};
use crate::kube::workload::{self, Workload};
use crate::outcome::{Finding, Reason, ReasonCode, WorkloadOutcome, WorkloadStatus};
use crate::plan::{self, Apply, MARKED, MARKER, Plan};
use crate::verify::{self, Doubt, EditedDocument};
use crate::yaml::{self, Change, Chunk, Document, EditRules, NodeRef, Placement, Refusal, RefusalKind, Step};

/// New `securityContext`s go where most manifests have them.
const RULES: EditRules = EditRules {
    placements: &[Placement {
        key: "securityContext",
        before: &["initContainers", "containers", "volumeMounts"],
    }],
    marker: MARKER,
    marked: MARKED,
};

/// What became of a document.
pub(super) struct Done<'t> {
    pub(super) workloads: Vec<WorkloadOutcome>,
    pub(super) unknown_carriers: Vec<(String, usize)>,
    /// An error is a failed proof: the file must not be written.
    pub(super) rewritten: Result<Option<Rewritten<'t>>, Reason>,
}

/// A document's new text in place of its old.
pub(super) struct Rewritten<'t> {
    pub(super) chunk: Chunk<'t>,
    pub(super) text: String,
}

/// A workload with its outcome so far and the changes it needs.
struct Judged {
    outcome: WorkloadOutcome,
    /// From the document's root.
    changes: Vec<Change>,
    /// Checks that may still be violated afterwards.
    ignored: Vec<&'static str>,
}

pub(super) fn harden<'t>(index: usize, document: &Document<'t>, context: &Context) -> Done<'t> {
    let Some(root) = document.root() else {
        return Done {
            workloads: Vec::new(),
            unknown_carriers: Vec::new(),
            rewritten: Ok(None),
        };
    };
    let found = workload::find_with(root, &context.config.kinds);
    let mut judged: Vec<Judged> = found.workloads.iter().map(|w| judge(index, w, context)).collect();
    let rewritten = rewrite(document, &mut judged, context);
    Done {
        workloads: judged.into_iter().map(|j| j.outcome).collect(),
        unknown_carriers: found.unknown_carriers,
        rewritten,
    }
}

fn judge(index: usize, workload: &Workload, context: &Context) -> Judged {
    let target = context.target(workload);
    let mut outcome = blank_outcome(index, workload, &target, context);
    let readable = readable_pod(workload, context);
    let pod = match readable {
        Ok(pod) => pod,
        Err(reason) => {
            leave_alone(&mut outcome, reason);
            return Judged {
                outcome,
                changes: Vec::new(),
                ignored: Vec::new(),
            };
        }
    };
    let violations = checks::evaluate(target.level, target.version, &pod);
    outcome.before = violations
        .iter()
        .map(|v| Finding {
            check: v.check,
            message: v.message(),
        })
        .collect();
    let plan = plan::plan(workload, &pod, &target, &violations, context);
    take_plan(outcome, plan, workload)
}

fn blank_outcome(index: usize, workload: &Workload, target: &Target, context: &Context) -> WorkloadOutcome {
    WorkloadOutcome {
        document: index,
        item: workload.item,
        api_version: workload.api_version.to_string(),
        kind: workload.kind_name.to_string(),
        namespace: context.namespace_of(workload).map(str::to_string),
        name: workload.name.to_string(),
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
        changes: Vec::new(),
        blockers: Vec::new(),
        images: Vec::new(),
        assumed_users: Vec::new(),
        notes: Vec::new(),
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
    if let Some(what) = plan::incomplete(&pod) {
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

/// A mapping with `<<` on the way to anything that is read or written.
fn merge_key<'d>(workload: &Workload<'d>, pod: &Pod<'d>) -> Option<NodeRef<'d>> {
    let context = |node: NodeRef<'d>| node.get("securityContext");
    let nested = |node: NodeRef<'d>| context(node).into_iter().flat_map(|c| c.entries().map(|(_, v)| v));
    let containers = pod.containers().map(|c| c.node);
    let volumes = pod.spec.get("volumes").into_iter().flat_map(NodeRef::items);
    let mut looked_at = [workload.object, workload.template, pod.spec]
        .into_iter()
        .chain(workload.object.get("spec"))
        .chain(context(pod.spec))
        .chain(nested(pod.spec))
        .chain(volumes)
        .chain(containers.flat_map(|c| std::iter::once(c).chain(context(c)).chain(nested(c))));
    looked_at.find(|node| node.has_merge_key())
}

fn take_plan(mut outcome: WorkloadOutcome, plan: Plan, workload: &Workload) -> Judged {
    outcome.images = plan.images;
    outcome.notes = plan.notes;
    outcome.after.clone_from(&outcome.before);
    if let Some((reason, place)) = plan.exempt {
        outcome.status = WorkloadStatus::Exempt;
        outcome.reason = Some(reason);
        outcome.decided_by = place;
        return Judged {
            outcome,
            changes: Vec::new(),
            ignored: Vec::new(),
        };
    }
    outcome.status = match (plan.changes.is_empty(), plan.blockers.is_empty()) {
        (true, true) if outcome.before.is_empty() => WorkloadStatus::Compliant,
        // All that is violated is ignored; what could be planned for the rest was nothing.
        (true, true) => WorkloadStatus::Exempt,
        (false, true) => WorkloadStatus::Hardened,
        (true, false) => WorkloadStatus::Blocked,
        (false, false) => WorkloadStatus::Partial,
    };
    outcome.assumed_users = plan.assumed_users;
    let changes = plan.changes.iter().map(|planned| Change {
        path: workload.object_path.join(&planned.field),
        to: planned.to.clone(),
        comment: planned.marker(),
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

/// Turns an outcome into one that nothing is done for.
pub(super) fn leave_alone(outcome: &mut WorkloadOutcome, reason: Reason) {
    outcome.status = WorkloadStatus::Skipped;
    outcome.reason = Some(reason);
    outcome.after.clone_from(&outcome.before);
    outcome.changes.clear();
    outcome.assumed_users.clear();
}

/// The new text of a document. Workloads whose changes cannot be written are left alone, the others go on.
fn rewrite<'t>(
    document: &Document<'t>,
    judged: &mut [Judged],
    context: &Context,
) -> Result<Option<Rewritten<'t>>, Reason> {
    if !context.config.assumed_comment {
        drop_markers(judged);
    }
    let has_markers = |judged: &[Judged]| judged.iter().flat_map(|one| &one.changes).any(|c| c.comment.is_some());
    match rewrite_once(document, judged, context) {
        // On a line of flow style a marker would speak for somebody's explicit value too; then none is written.
        Err(_) if has_markers(judged) => {
            drop_markers(judged);
            rewrite_once(document, judged, context)
        }
        done => done,
    }
}

fn rewrite_once<'t>(
    document: &Document<'t>,
    judged: &mut [Judged],
    context: &Context,
) -> Result<Option<Rewritten<'t>>, Reason> {
    let Some((changes, edits)) = plan_edits(document, judged) else {
        return Ok(None);
    };
    let new = yaml::splice(document.text, &edits);
    let edited = EditedDocument {
        old: document,
        changes: &changes,
        edits: &edits,
    };
    let chunk = Chunk {
        text: &new,
        offset: document.offset,
        line: document.line,
        content_on_separator: false,
    };
    let parsed = yaml::parse(&chunk).map_err(|e| defect(&format!("the new text is not YAML: {}", e.what), e.line))?;
    match verify::verify(&edited, &parsed, MARKER) {
        Ok(()) => {}
        Err(Doubt::SecondReader { line, what }) => {
            let message = format!("a second YAML reader cannot read the document: {what}");
            leave_all_alone(judged, ReasonCode::SecondReader, &message, line);
            return Ok(None);
        }
        Err(Doubt::Mismatch { line, what }) => return Err(defect(&what, line)),
    }
    let ambiguous = ambiguous_marker(&parsed, judged);
    if let Err(reason) = prove_plan(&parsed, judged, context) {
        let line = ambiguous.ok_or(reason)?;
        let message = format!(
            "on a line of several values `# {MARKER}` would speak for known ones too; give the securityContext lines of its own"
        );
        leave_all_alone(judged, ReasonCode::Unsupported, &message, line);
        return Ok(None);
    }
    drop(parsed);
    let chunk = Chunk {
        text: document.text,
        offset: document.offset,
        line: document.line,
        content_on_separator: false,
    };
    Ok(Some(Rewritten { chunk, text: new }))
}

fn leave_all_alone(judged: &mut [Judged], code: ReasonCode, message: &str, line: usize) {
    for one in judged.iter_mut().filter(|one| !one.changes.is_empty()) {
        let reason = Reason {
            code,
            message: message.to_string(),
            line: Some(line),
        };
        leave_alone(&mut one.outcome, reason);
    }
}

/// The line of a value that was written as a fact and reads as an assumption, since it shares its line with one.
fn ambiguous_marker(new: &Document, judged: &[Judged]) -> Option<usize> {
    let is_markable = |change: &&Change| {
        let key = change.path.0.last();
        change.comment.is_none() && matches!(key, Some(Step::Key(key)) if MARKED.contains(&key.as_str()))
    };
    let facts = judged.iter().flat_map(|one| &one.changes).filter(is_markable);
    facts
        .filter_map(|change| new.root()?.at_path(&change.path))
        .find(|node| node.rest_of_line().trim_end().ends_with(MARKER))
        .map(NodeRef::line)
}

fn drop_markers(judged: &mut [Judged]) {
    judged
        .iter_mut()
        .flat_map(|one| &mut one.changes)
        .for_each(|change| change.comment = None);
}

/// Edits for all workloads together, or for those whose own changes can be written.
fn plan_edits(document: &Document, judged: &mut [Judged]) -> Option<(Vec<Change>, Vec<yaml::Edit>)> {
    let all = |judged: &[Judged]| {
        judged
            .iter()
            .flat_map(|one| one.changes.iter().cloned())
            .collect::<Vec<_>>()
    };
    let changes = all(judged);
    if changes.is_empty() {
        return None;
    }
    let refusal = match yaml::edit(document, &changes, RULES) {
        Ok(edits) => return Some((changes, edits)),
        Err(refusal) => refusal,
    };
    for one in judged.iter_mut().filter(|one| !one.changes.is_empty()) {
        if let Err(own) = yaml::edit(document, &one.changes, RULES) {
            refuse(one, &own);
        }
    }
    let changes = all(judged);
    if changes.is_empty() {
        return None;
    }
    match yaml::edit(document, &changes, RULES) {
        Ok(edits) => Some((changes, edits)),
        Err(_) => {
            judged
                .iter_mut()
                .filter(|one| !one.changes.is_empty())
                .for_each(|one| refuse(one, &refusal));
            None
        }
    }
}

fn refuse(one: &mut Judged, refusal: &Refusal) {
    let code = match refusal.kind {
        RefusalKind::Alias => ReasonCode::Alias,
        RefusalKind::MergeKey => ReasonCode::MergeKey,
        RefusalKind::DuplicateKey => ReasonCode::DuplicateKey,
        RefusalKind::Unsupported => ReasonCode::Unsupported,
    };
    let reason = Reason {
        code,
        message: refusal.what.clone(),
        line: Some(refusal.line),
    };
    leave_alone(&mut one.outcome, reason);
    one.changes.clear();
}

fn defect(what: &str, line: usize) -> Reason {
    let message = format!("{what}; this is a defect of harden, please report it; nothing is written");
    Reason {
        code: ReasonCode::Verification,
        message,
        line: Some(line),
    }
}

/// The new text must pass the target (but for what is ignored or blocked) and need nothing more.
fn prove_plan(new: &Document, judged: &mut [Judged], context: &Context) -> Result<(), Reason> {
    let line = new.line;
    let Some(root) = new.root() else {
        return Err(defect("the new text is empty", line));
    };
    let found = workload::find_with(root, &context.config.kinds);
    if found.workloads.len() != judged.len() {
        return Err(defect("the new text holds other workloads", line));
    }
    for (workload, one) in found.workloads.iter().zip(judged.iter_mut()) {
        if one.changes.is_empty() {
            continue;
        }
        let again = judge(one.outcome.document, workload, context);
        let name = format!("{} {}", one.outcome.kind, one.outcome.name);
        if !again.changes.is_empty() {
            let more = again
                .outcome
                .changes
                .first()
                .map(|c| c.field.to_string())
                .unwrap_or_default();
            return Err(defect(&format!("a second run would change {more} of {name}"), line));
        }
        let left = |f: &&Finding| one.outcome.status == WorkloadStatus::Hardened && !one.ignored.contains(&f.check);
        if let Some(finding) = again.outcome.before.iter().find(left) {
            return Err(defect(&format!("{name} would still violate {}", finding.check), line));
        }
        one.outcome.after = again.outcome.before;
    }
    Ok(())
}
