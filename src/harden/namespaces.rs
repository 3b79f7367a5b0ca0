//! The Namespace objects of a document and the labels they are to get. What a label needs, the planner says.

use crate::context::Context;
use crate::kube::namespace::{self, Namespace};
use crate::outcome::{NamespaceOutcome, NamespaceStatus, Reason, ReasonCode};
use crate::plan::{self, LabelPlan};
use crate::yaml::{Change, NodeRef};

/// A Namespace with its outcome so far and the labels it gets.
pub(super) struct Labelled {
    pub(super) outcome: NamespaceOutcome,
    /// From the document's root.
    pub(super) changes: Vec<Change>,
}

/// What becomes of the Namespace objects of a document, where labels are asked for.
pub(super) fn label(index: usize, root: NodeRef, context: &Context) -> Vec<Labelled> {
    if !context.labels_namespaces() {
        return Vec::new();
    }
    let found = namespace::find(root);
    found
        .iter()
        .map(|namespace| label_one(index, namespace, context))
        .collect()
}

fn label_one(index: usize, namespace: &Namespace, context: &Context) -> Labelled {
    let name = context.name_of(namespace);
    let target = context.target_in(Some(name));
    let (level, version) = plan::enforced(namespace, &target);
    let standing = context
        .standings
        .map(|s| s.of(context.names_of(namespace), level, version));
    let mut outcome = NamespaceOutcome {
        document: index,
        item: namespace.item,
        name: name.to_string(),
        line: namespace.line,
        status: NamespaceStatus::Unchanged,
        reason: None,
        decided_by: None,
        level: level.to_string(),
        policy_version: version.to_string(),
        changes: Vec::new(),
        blockers: Vec::new(),
        standing: standing.clone().unwrap_or_default(),
    };
    if let Some(reason) = unreadable(namespace, context) {
        outcome.leave_alone(reason);
        return Labelled {
            outcome,
            changes: Vec::new(),
        };
    }
    let plan = plan::labels(namespace, &target, standing.as_ref(), context);
    let changes = plan.changes.iter().map(|planned| Change {
        path: namespace.object_path.join(&planned.field),
        to: planned.to.clone(),
        comment: None,
    });
    let changes = changes.collect();
    take_plan(&mut outcome, plan);
    Labelled { outcome, changes }
}

fn take_plan(outcome: &mut NamespaceOutcome, plan: LabelPlan) {
    outcome.status = match (plan.changes.is_empty(), plan.blockers.is_empty()) {
        _ if plan.exempt.is_some() => NamespaceStatus::Exempt,
        (true, true) => NamespaceStatus::Unchanged,
        (false, true) => NamespaceStatus::Labelled,
        (true, false) => NamespaceStatus::Blocked,
        (false, false) => NamespaceStatus::Partial,
    };
    if let Some((reason, place)) = plan.exempt {
        outcome.reason = Some(reason);
        outcome.decided_by = place;
    }
    outcome.changes = plan.changes;
    outcome.blockers = plan.blockers;
}

/// Why nothing can be said about the labels of a Namespace.
fn unreadable(namespace: &Namespace, context: &Context) -> Option<Reason> {
    let reason = |code, message: String, line| {
        Some(Reason {
            code,
            message,
            line: Some(line),
        })
    };
    if let Some(place) = context.survey.patched_by(context.relative) {
        let message = format!(
            "the file is a patch of {}:{}; label what it patches",
            place.path.display(),
            place.line
        );
        return reason(ReasonCode::PatchFile, message, namespace.line);
    }
    let labels = namespace.labels().filter(|labels| !labels.is_mapping())?;
    let message = "metadata.labels: expected a mapping of strings; the API server would refuse it".to_string();
    reason(ReasonCode::WrongType, message, labels.line())
}
