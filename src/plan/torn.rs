//! What patches of kustomizations would tear apart of the plan: a list or mapping that a patch replaces as a whole loses
//! what is written here, while the rest of it stays. Where what is built would then be refused or not start, a blocker.

use super::Blocker;
use super::Planned;
use super::case::Case;
use super::draft::Draft;
use super::laid;
use super::seat::Seat;
use crate::kube::pod::Class;
use crate::survey::Over;
use crate::yaml::{FieldPath, Meaning, Step, Value};

pub(super) const CODE: &str = "patch-conflict";

/// By what an item of a list is known.
const NAMES: &[&str] = &["name", "mountPath"];

pub(super) fn check(case: &Case, draft: &mut Draft) {
    if case.laid.is_empty() {
        return;
    }
    for seat in &case.seats {
        for path in planned_mounts(seat, draft) {
            if let Some((over, does)) = laid::hinders(case, seat, &path) {
                let lost = format!("the emptyDir that it needs at {path}");
                let field = seat.container.path.below(&["volumeMounts"]);
                draft.block(blocker(case, over, &does, &lost, field, Some(seat)));
            }
        }
    }
    let mut blockers = Vec::new();
    for (change, seat, over, value) in losses(case, draft) {
        if is_needed(change, over, value) {
            let does = laid::displaces(over, &whose(seat));
            let field = base(case, seat).join(&FieldPath(keys(over).collect()));
            let lost = format!("`{}`", last_word(change));
            blockers.push(blocker(case, over, &does, &lost, field, seat));
        }
    }
    for blocker in blockers {
        draft.block(blocker);
    }
}

fn blocker(case: &Case, over: Over, does: &str, lost: &str, field: FieldPath, seat: Option<&Seat>) -> Blocker {
    let node = seat.map_or(case.pod.spec, |seat| seat.container.node);
    Blocker {
        check: "boot",
        code: CODE,
        field,
        container: seat.map(|seat| seat.name().to_string()),
        line: node.line(),
        message: format!("{} {does}, which does not go with {lost}", laid::place(over)),
        suggestion: laid::way_out(case, over).into(),
    }
}

pub(super) fn whose(seat: Option<&Seat>) -> String {
    seat.map_or("the pod".to_string(), |seat| format!("container {}", seat.name()))
}

/// Where the plan mounts something into a container.
fn planned_mounts(seat: &Seat, draft: &Draft) -> Vec<String> {
    let list = seat.container.path.below(&["volumeMounts"]);
    let changes = draft
        .changes
        .iter()
        .filter(|change| change.field.0.starts_with(&list.0));
    let mounts = changes.filter_map(|change| change.to.as_ref()).flat_map(|to| match to {
        Value::List(mounts) => mounts.as_slice(),
        mount => std::slice::from_ref(mount),
    });
    mounts
        .filter_map(|mount| laid::text(mount, &["mountPath"]).map(str::to_string))
        .collect()
}

fn base(case: &Case, seat: Option<&Seat>) -> FieldPath {
    seat.map_or(&case.pod.path, |seat| &seat.container.path).clone()
}

fn keys(over: Over<'_>) -> impl Iterator<Item = Step> {
    over.laid.keys.iter().map(|key| Step::Key(key.clone().into()))
}

/// A change that a patch takes away with what it is a part of: whose it is, the patch, and what it puts there.
type Loss<'c, 'a> = (&'c Planned, Option<&'c Seat<'a>>, Over<'a>, Option<&'a Value>);

/// The changes that patches take away, but volumes and their mounts.
pub(super) fn losses<'c, 'a>(case: &'c Case<'a>, draft: &'c Draft) -> Vec<Loss<'c, 'a>> {
    let mut found = Vec::new();
    for change in draft.changes.iter().filter(|change| change.to.is_some()) {
        let is_of = |seat: &&Seat| change.field.0.starts_with(&seat.container.path.0);
        let seat = case.seats.iter().find(is_of);
        let scope = seat.map_or(&case.pod.path, |seat| &seat.container.path);
        let Some(below) = change.field.0.strip_prefix(scope.0.as_slice()) else {
            continue;
        };
        let is_mount = matches!(below.first(), Some(Step::Key(key)) if key == "volumes" || key == "volumeMounts");
        for over in laid::over(case, seat).filter(|_| !is_mount) {
            let (Some(value), Some(rest)) = (over.replaces(), rest(over, below)) else {
                continue;
            };
            if !rest.is_empty() && !keeps(value, rest, change.to.as_ref()) {
                found.push((change, seat, over, value));
            }
        }
    }
    found
}

/// The way from what a patch is about to a field.
fn rest<'s>(over: Over, mut below: &'s [Step]) -> Option<&'s [Step]> {
    for key in keys(over) {
        below = below.split_first().filter(|(first, _)| **first == key)?.1;
    }
    Some(below)
}

/// Whether what a patch puts there has the field, or the item, all the same.
fn keeps(value: Option<&Value>, rest: &[Step], to: Option<&Value>) -> bool {
    let Some((value, (last, before))) = value.zip(rest.split_last()) else {
        return false;
    };
    if matches!(last, Step::Key(_)) {
        return value.at(rest).is_some_and(|there| *there != Value::Null);
    }
    let Some(Value::List(items)) = value.at(before) else {
        return false;
    };
    let name = |item: &Value| {
        NAMES
            .iter()
            .find_map(|key| laid::text(item, &[key]).map(str::to_string))
    };
    items
        .iter()
        .any(|item| Some(item) == to || name(item).is_some() && name(item) == to.and_then(name))
}

/// Whether what is built needs the change, beside what it keeps of the others.
fn is_needed(change: &Planned, over: Over, value: Option<&Value>) -> bool {
    let is_container = over.laid.keys.first().is_none_or(|key| Class::is_list(key));
    let states = |key: &'static str| value.and_then(|value| value.at(&[Step::Key(key.into())]));
    let has = |key| states(key).is_some_and(|value| *value != Meaning::Null);
    match last_word(change) {
        _ if is_container => false,
        "env" | "sysctls" | "supplementalGroups" | "add" => true,
        // An image that runs as non-root by itself, or as somebody else: as it did before.
        "runAsUser" => states("runAsNonRoot") != Some(&Value::Bool(true)),
        "fsGroup" => !has("runAsUser"),
        _ => false,
    }
}

/// The last key on the way to a field: of an item, that of its list.
pub(super) fn last_word(change: &Planned) -> &str {
    let mut steps = change.field.0.iter().rev();
    let last = steps.find(|step| matches!(step, Step::Key(_)));
    match last {
        Some(Step::Key(key)) => key,
        _ => "",
    }
}
