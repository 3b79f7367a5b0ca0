//! What an earlier run assumed and marked, once facts are known: values that facts move are planned as if they did not
//! stand there, and those that the new plan does not want any more go. Without such facts all of them stay.

use std::collections::BTreeSet;

use super::case::Case;
use super::draft::{Draft, Reasoned, basis};
use super::seat::{Seat, Source, is_replaceable};
use super::user::User;
use super::{Basis, MARKED, MARKER, Planned, volumes};
use crate::config::ReadOnlyRoot as Mode;
use crate::yaml::{FieldPath, NodeRef, Value};

const ROOT: &str = "readOnlyRootFilesystem";

/// A value that carries the marker.
struct Mark<'c, 'a> {
    key: &'static str,
    node: NodeRef<'a>,
    field: FieldPath,
    /// `None` for the pod.
    seat: Option<&'c Seat<'a>>,
}

/// Whether facts speak about one of the assumptions: `trial` is what the rules decide on `renewed`, the workload without
/// them.
pub(super) fn are_moved(renewed: &Case, trial: &Draft) -> bool {
    let marks = marks(renewed);
    let rests_on_fact = |change: &Planned| change.basis != Basis::Assumed && !trial.is_idle(change);
    let mut moved = marks.iter().filter_map(|mark| trial.change(&mark.field));
    trial.moves_user || moved.any(rests_on_fact)
}

fn marks<'c, 'a>(case: &'c Case<'a>) -> Vec<Mark<'c, 'a>> {
    let contexts = std::iter::once((None, case.pod.spec, &case.pod.path)).chain(
        case.seats
            .iter()
            .map(|seat| (Some(seat), seat.container.node, &seat.container.path)),
    );
    let mut marks = Vec::new();
    for (seat, node, path) in contexts {
        for key in MARKED {
            let keys = ["securityContext", *key];
            if let Some(node) = node.at(&keys).filter(|node| is_replaceable(*node)) {
                marks.push(Mark {
                    key,
                    node,
                    field: path.below(&keys),
                    seat,
                });
            }
        }
    }
    marks
}

/// Comments that somebody may take for the marker and that are none.
pub(super) fn note_lookalikes(case: &Case, draft: &mut Draft) {
    let contexts = std::iter::once(case.pod.spec).chain(case.seats.iter().map(|seat| seat.container.node));
    for node in contexts {
        for key in MARKED {
            let looks_alike = |node: &NodeRef| {
                let comment = node.comment_behind().to_ascii_lowercase();
                comment.contains("harden") && comment.contains("assumed") && !is_replaceable(*node)
            };
            if let Some(node) = node.at(&["securityContext", key]).filter(looks_alike) {
                draft.note(format!(
                    "line {}: the comment is not read as `# {MARKER}`, so {key} is yours; end the line with these words \
                     for facts to replace it",
                    node.line()
                ));
            }
        }
    }
}

/// Takes away or replaces what was assumed and what the rules, as if it did not stand there, did not write again.
pub(super) fn settle(case: &Case, users: &[User], draft: &mut Draft) {
    if !case.is_renewed() {
        return;
    }
    for mark in marks(case) {
        if draft.change(&mark.field).is_some() {
            continue;
        }
        let Some((to, why)) = instead(case, users, &mark) else {
            continue;
        };
        if mark.key == ROOT && to.is_none() {
            note_scratch(&mark, draft);
        }
        let container = mark.seat.map(Seat::name);
        let (from, line) = (mark.node.value(), mark.node.line());
        draft.push(mark.field, container, from, to, why, line);
    }
    // Where others share its value, the change rests on an assumption about them.
    let differs = |seat, key, id: Option<u32>| {
        let stated = case.stated(seat, key).filter(|node| is_replaceable(*node));
        stated.is_some_and(|node| node.as_int() != id.map(i128::from))
    };
    draft.moves_user = case.seats.iter().zip(users).any(|(seat, user)| match user {
        User::Given(ids) if ids.why.basis != Basis::Assumed => {
            differs(seat, "runAsUser", Some(ids.user)) || differs(seat, "runAsGroup", ids.gid())
        }
        _ => false,
    });
    confirm(case, draft);
}

/// What comes in place of a marked value; `None` where nobody knows better.
fn instead(case: &Case, users: &[User], mark: &Mark) -> Option<(Option<Value>, Reasoned)> {
    if mark.key == ROOT {
        let seat = mark.seat?;
        let user = case
            .seats
            .iter()
            .zip(users)
            .find(|(one, _)| one.container.path == seat.container.path);
        return Some((None, root_is_unfounded(case, seat, user.map(|(_, user)| user))?));
    }
    let is_meant = |seat: &Seat| match mark.seat {
        Some(own) => own.container.path == seat.container.path,
        None => mark.key == "fsGroup" || seat.context(&[mark.key]).is_none(),
    };
    let meant = || case.seats.iter().zip(users).filter(|(seat, _)| is_meant(seat));
    let gone = meant().find_map(|(_, user)| match user {
        User::Platform => Some(Reasoned::new(Basis::Config, "the platform gives the ids")),
        User::Given(ids) if ids.why.basis != Basis::Assumed => Some(ids.why.clone()),
        _ => None,
    });
    if let Some(why) = gone {
        return Some((None, why));
    }
    // The uid stands there as somebody's decision: its group is a fact where the facts have that uid too.
    let is_open = |seat: &Seat| mark.key == "fsGroup" && volumes::spoiled(seat).is_some();
    let mut deciding = meant().filter(|(seat, _)| seat.is_regular() && !is_open(seat));
    deciding.find_map(|(seat, user)| {
        let User::Explicit { user, .. } = user else { return None };
        let facts = &seat.known.as_ref()?.facts;
        facts.user.as_ref().filter(|known| i128::from(known.value) == *user)?;
        let group = match mark.key {
            "fsGroup" => facts.fs_group.as_ref().or(facts.group.as_ref()),
            _ => facts.group.as_ref(),
        }?;
        let because = format!("the group that goes with uid {user}");
        let why = Reasoned::new(basis(group.origin), because);
        (why.basis != Basis::Assumed && mark.key != "runAsUser").then(|| (Some(Value::Int(group.value.into())), why))
    })
}

/// Why a root is no longer assumed to work read-only: the image or its user is known now, or the config says so.
fn root_is_unfounded(case: &Case, seat: &Seat, user: Option<&User>) -> Option<Reasoned> {
    if user == Some(&User::Platform) {
        return Some(Reasoned::new(
            Basis::Config,
            "the platform gives a user that the image may count on",
        ));
    }
    if case.read_only_root() != Mode::Auto {
        return Some(Reasoned::new(
            Basis::Config,
            "the config wants no root assumed to be read-only",
        ));
    }
    let facts = &seat.known.as_ref()?.facts;
    let of_root = facts.read_only_root.as_ref().map(|fact| fact.origin);
    let origin = of_root.or(facts.user.as_ref().map(|fact| fact.origin));
    let basis = basis(origin.or(facts.any_user.as_ref().map(|fact| fact.origin))?);
    let because = format!(
        "{}, and nobody says that its root may be read-only",
        who_knows(seat, &basis)
    );
    (basis != Basis::Assumed).then(|| Reasoned::new(basis, because))
}

/// A read-only root was assumed since a foreign uid can write little; the image's own may count on writing.
fn who_knows(seat: &Seat, basis: &Basis) -> String {
    let image = seat.image_name();
    match basis {
        Basis::Config => format!("the config knows {image}, whose own user may write what the image gives it"),
        _ => format!("{image} is known now"),
    }
}

/// Nobody can tell the emptyDir of an earlier run from the author's own.
fn note_scratch(mark: &Mark, draft: &mut Draft) {
    let seat = mark.seat.filter(|seat| {
        seat.mounts
            .iter()
            .any(|m| m.path == "/tmp" && m.source == Source::Empty)
    });
    if let Some(seat) = seat {
        draft.note(format!(
            "container {}: its root is no longer read-only; the emptyDir at /tmp stays, remove it if it came with that",
            seat.name()
        ));
    }
}

/// A fact that says what was assumed takes the marker away, where nothing else on the line is still assumed.
fn confirm(case: &Case, draft: &mut Draft) {
    let marks = marks(case);
    let is_fact = |mark: &Mark| draft.change(&mark.field).is_some_and(|c| c.basis != Basis::Assumed);
    let assumed: BTreeSet<usize> = marks
        .iter()
        .filter(|mark| !is_fact(mark))
        .map(|mark| mark.node.line())
        .collect();
    let confirmed = marks.iter().filter(|mark| !assumed.contains(&mark.node.line()));
    draft.confirmed = confirmed.map(|mark| mark.field.clone()).collect();
}
