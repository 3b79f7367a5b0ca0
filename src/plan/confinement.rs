//! Seccomp or AppArmor turned off: reversed on request. Of AppArmor an annotation may speak too, which came before the
//! field; since the API server wants both to say the same, the annotation goes where a field counts.

use super::Basis;
use super::case::Case;
use super::draft::{Draft, Reasoned};
use super::seat::Seat;
use crate::checks::{APPARMOR_ANNOTATION_PREFIX, SECCOMP_CONTAINER_ANNOTATION_PREFIX, SECCOMP_POD_ANNOTATION, Site};
use crate::yaml::{FieldPath, NodeRef, Step, Value};

const APP_ARMOR: &str = "appArmorProfile";
const TYPE: &[&str] = &["securityContext", APP_ARMOR, "type"];
const RUNTIME_DEFAULT: &str = "RuntimeDefault";

/// Puts the runtime's profile in place of what violates; the caller knows that it may.
pub(super) fn reverse(case: &Case, site: &Site, draft: &mut Draft) {
    match site.path.0.last() {
        Some(Step::Key(key)) if key.starts_with(APPARMOR_ANNOTATION_PREFIX) => annotation(case, site, draft),
        // What counts of seccomp before policy version v1.19.
        Some(Step::Key(key))
            if key == SECCOMP_POD_ANNOTATION || key.starts_with(SECCOMP_CONTAINER_ANNOTATION_PREFIX) =>
        {
            push(case, site, Some(Value::str("runtime/default")), draft);
        }
        _ => field(case, site, draft),
    }
}

fn why() -> Reasoned {
    Reasoned::new(Basis::Override, "an explicit opposite, reversed on request")
}

fn push(case: &Case, site: &Site, to: Option<Value>, draft: &mut Draft) {
    let from = case.workload.object.at_path(&site.path).and_then(NodeRef::value);
    draft.push(site.path.clone(), site.container.as_deref(), from, to, why(), site.line);
}

fn field(case: &Case, site: &Site, draft: &mut Draft) {
    push(case, site, Some(Value::str(RUNTIME_DEFAULT)), draft);
    // Only a profile of a file has a file.
    let profile = FieldPath(
        site.path
            .0
            .split_last()
            .map_or(Vec::new(), |(_, profile)| profile.to_vec()),
    );
    let file = profile.key("localhostProfile");
    if let Some(node) = case.workload.object.at_path(&file) {
        draft.push(file, site.container.as_deref(), node.value(), None, why(), node.line());
    }
}

fn annotation(case: &Case, site: &Site, draft: &mut Draft) {
    let is_meant = |seat: &&Seat| site.container.as_deref() == Some(seat.name());
    // The API server refuses an annotation about a container that does not exist.
    let Some(seat) = case.seats.iter().find(is_meant) else {
        return push(case, site, None, draft);
    };
    let has_field = case.effective(seat, APP_ARMOR).is_some();
    let takes_field = case.context.release().is_some_and(|release| release.knows(APP_ARMOR));
    if has_field || takes_field {
        push(case, site, None, draft);
    } else {
        push(case, site, Some(Value::str("runtime/default")), draft);
    }
    if takes_field && !has_field {
        draft.set_container(seat, TYPE, Value::str(RUNTIME_DEFAULT), why());
    }
}
