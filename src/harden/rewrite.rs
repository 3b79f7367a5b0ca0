//! The new text of a document and its proof: edits for what was planned, both readers, the checks and the plan once
//! more. What is planned, `document` says.

use super::document::{Judged, judge};
use crate::context::Context;
use crate::kube::workload;
use crate::outcome::{Finding, Reason, ReasonCode, WorkloadStatus};
use crate::plan::{Basis, MARKED, MARKER};
use crate::verify::{self, Doubt, EditedDocument};
use crate::yaml::{self, Change, Chunk, Document, EditRules, Placement, Refusal, RefusalKind};

/// New `securityContext`s go where most manifests have them.
const RULES: EditRules = EditRules {
    placements: &[Placement {
        key: "securityContext",
        before: &["initContainers", "containers", "volumeMounts"],
    }],
    marker: MARKER,
    marked: MARKED,
};

/// A document's new text in place of its old.
pub(super) struct Rewritten<'t> {
    pub(super) chunk: Chunk<'t>,
    pub(super) text: String,
}

/// The new text of a document. Workloads whose changes cannot be written are left alone, the others go on.
pub(super) fn rewrite<'t>(
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
    let parsed = yaml::parse(&chunk(document, &new))
        .map_err(|e| defect(&format!("the new text is not YAML: {}", e.what), e.line))?;
    match verify::verify(&edited, &parsed, MARKER) {
        Ok(()) => {}
        Err(Doubt::SecondReader { line, what }) => {
            let message =
                format!("a second YAML reader, which reads as kubectl does, rejects the document: {what}; mend it");
            leave_all_alone(judged, ReasonCode::SecondReader, &message, line);
            return Ok(None);
        }
        Err(Doubt::Mismatch { line, what }) => return Err(defect(&what, line)),
    }
    prove_plan(&parsed, judged, context)?;
    drop(parsed);
    Ok(Some(Rewritten {
        chunk: chunk(document, document.text),
        text: new,
    }))
}

/// A text in the place of a document: its own, or the one to put there.
fn chunk<'c>(document: &Document, text: &'c str) -> Chunk<'c> {
    Chunk {
        text,
        offset: document.offset,
        line: document.line,
        content_on_separator: false,
    }
}

fn leave_all_alone(judged: &mut [Judged], code: ReasonCode, message: &str, line: usize) {
    for one in judged.iter_mut().filter(|one| !one.changes.is_empty()) {
        let reason = Reason {
            code,
            message: message.to_string(),
            line: Some(line),
        };
        one.outcome.leave_alone(reason);
    }
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
    one.outcome.leave_alone(reason);
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
        let left = |f: &&Finding| one.outcome.status != WorkloadStatus::Partial && !one.ignored.contains(&f.check);
        if let Some(finding) = again.outcome.before.iter().find(left) {
            let overridden = one.outcome.changes.iter().any(|c| c.basis == Basis::Override);
            return Err(if overridden {
                half_override(&name, finding, line)
            } else {
                still_violates(&name, finding, line)
            });
        }
        one.outcome.after = again.outcome.before;
    }
    Ok(())
}

fn still_violates(name: &str, finding: &Finding, line: usize) -> Reason {
    defect(&format!("{name} would still violate {}", finding.check), line)
}

/// What config or `--accept override` put in place of a decision is not enough: that is not ours to mend.
fn half_override(name: &str, finding: &Finding, line: usize) -> Reason {
    let message = format!(
        "what overrides {name} leaves this: {}; mend the override; nothing is written",
        finding.message
    );
    Reason {
        code: ReasonCode::Verification,
        message,
        line: Some(line),
    }
}
