//! Fields that the cluster's release does not know: what nothing depends on is left out, what the target demands is a
//! blocker. An API server drops an unknown field without a word, and the pod would be refused or run without it.

use super::Blocker;
use super::case::Case;
use super::draft::Draft;
use crate::checks::{Site, Violation};
use crate::kube::release::Release;
use crate::yaml::{FieldPath, NodeRef, Step};

/// Without these a pod starts later or with another group, but it passes and starts.
const DISPENSABLE: &[&str] = &["fsGroupChangePolicy", "runAsGroup"];

pub(super) fn check(case: &Case, draft: &mut Draft) {
    let Some(release) = case.context.release() else { return };
    let mut lacking = Vec::new();
    for change in draft.changes.iter().filter(|change| change.to.is_some()) {
        if let Some((key, since)) = release.unknown_in(&change.field)
            && !is_there(case, &change.field, key)
        {
            lacking.push((change.field.clone(), key.to_string(), since));
        }
    }
    for (field, key, since) in lacking {
        let planned = draft.remove(&field);
        if DISPENSABLE.contains(&key.as_str()) {
            draft.note(format!(
                "`{key}` is left out: Kubernetes {release} does not know it; {since} is the first that does"
            ));
        } else if let Some(planned) = planned {
            draft.block(Blocker {
                check: check_that_demands(case, &field),
                code: "field-unknown",
                message: format!(
                    "Kubernetes {release} does not know `{key}` and would drop it; {since} is the first that does"
                ),
                field,
                container: planned.container,
                line: planned.line,
                suggestion: way_out(&key, since).into(),
            });
        }
    }
}

/// The way out for a volume that is an image, which only a newer cluster admits.
pub(super) fn way_out_of_image(case: &Case, site: &Site) -> Option<String> {
    let release = case.context.release()?;
    let volume = case.workload.object.at_path(&site.path)?;
    volume.get("image").filter(|image| image.is_mapping())?;
    Some(format!(
        "Kubernetes {release} has no image volumes, 1.33 is the first that admits them: let an init container copy the \
         files into an emptyDir, or upgrade the cluster and say so in `kube-version`"
    ))
}

/// What a manifest has already, its cluster takes.
fn is_there(case: &Case, field: &FieldPath, key: &str) -> bool {
    let end = field
        .0
        .iter()
        .position(|step| matches!(step, Step::Key(own) if own == key));
    let upto = FieldPath(field.0.iter().take(end.map_or(0, |at| at + 1)).cloned().collect());
    case.workload
        .object
        .at_path(&upto)
        .is_some_and(|node: NodeRef| !node.is_null())
}

/// The check that the change was made for, `boot` where it was none.
fn check_that_demands(case: &Case, field: &FieldPath) -> &'static str {
    let last = field.last_key();
    let names = |violation: &&Violation| {
        let is_last = |step: &Step| matches!((step, last), (Step::Key(key), Some(last)) if key == last);
        violation
            .sites
            .iter()
            .any(|site| site.path == *field || site.path.0.iter().any(is_last))
    };
    case.violations
        .iter()
        .find(names)
        .map_or("boot", |violation| violation.check)
}

fn way_out(key: &str, since: Release) -> String {
    let target = match key {
        "seccompProfile" => ", ask for policy version v1.18, which does not demand it",
        _ => "",
    };
    format!("upgrade the cluster to {since} or later and say so in `kube-version`{target}, or ask for another level")
}
