//! Patches of kustomizations that decide otherwise than the plan, for what they build and nothing else: a note each, and a
//! warning where that will not start. What is built from this file elsewhere does not depend on them.

use super::case::Case;
use super::draft::Draft;
use super::laid;
use super::seat::Seat;
use super::superuser::changes_user;
use super::torn::{last_word, losses, whose};
use super::user::User;
use super::{Planned, commands};
use crate::kube::pod::Class;
use crate::survey::{Does, Over};
use crate::yaml::{Meaning, Step, Value};

/// More of them nobody reads.
const MAX_NOTES: usize = 12;

pub(super) fn note(case: &Case, users: &[User], draft: &mut Draft) {
    if case.laid.is_empty() || draft.changes.is_empty() || !draft.blockers.is_empty() {
        return;
    }
    let (mut warnings, mut notes) = (Vec::new(), Vec::new());
    warnings.extend(roots(case, None, draft));
    notes.extend(decisions(case, None, None));
    for (seat, user) in case.seats.iter().zip(users) {
        warnings.extend(roots(case, Some(seat), draft));
        if changes_user(case, seat, user) {
            warnings.extend(laid::over(case, Some(seat)).filter_map(|over| command(seat, over)));
        }
        notes.extend(decisions(case, Some(seat), user.uid()));
    }
    notes.extend(newcomers(case, draft));
    notes.extend(lost(case, draft));
    for note in warnings.iter().chain(&notes).take(MAX_NOTES) {
        draft.note(note);
    }
    draft.warnings = warnings;
}

/// Who becomes root by a patch, where the plan has just demanded that nobody is.
fn roots(case: &Case, seat: Option<&Seat>, draft: &Draft) -> Vec<String> {
    let demands = draft.changes.iter().any(|change| last_word(change) == "runAsNonRoot");
    let stays_root = |over: Over| {
        let beside = laid::over(case, seat).filter(|other| other.by == over.by);
        beside
            .filter(|other| other.laid.keys.last().is_some_and(|key| key == "runAsNonRoot"))
            .any(is_false)
    };
    let is_root = |over: &Over| {
        over.laid.keys == ["securityContext", "runAsUser"] && over.laid.does == Does::Replaces(Some(Value::Int(0)))
    };
    let roots = laid::over(case, seat).filter(|over| demands && is_root(over) && !stays_root(*over));
    let warning = |over| {
        format!(
            "{} sets `runAsUser` of {} to 0, and under `runAsNonRoot: true` the kubelet starts nothing as root: set \
             `runAsNonRoot: false` there, too, or take it out",
            laid::place(over),
            whose(seat)
        )
    };
    roots.map(warning).collect()
}

/// Values that patches set in a `securityContext`, and fields of the host.
fn decisions(case: &Case, seat: Option<&Seat>, uid: Option<i128>) -> Vec<String> {
    let decision = |over: Over| {
        let (Some(key), Does::Replaces(Some(value))) = (over.laid.keys.last(), &over.laid.does) else {
            return None;
        };
        let consequence = match (key.as_str(), value) {
            ("runAsUser", Value::Int(other)) if *other != 0 && uid.is_some_and(|uid| uid != *other) => {
                "that is who runs what is built there"
            }
            (_, value) if is_weak(key, value) => "what is built there does not pass",
            _ => return None,
        };
        let (place, field, shown) = (laid::place(over), over.laid.keys.join("."), shown(value));
        Some(format!(
            "{place} sets `{field}` of {} to {shown}: {consequence}",
            whose(seat)
        ))
    };
    laid::over(case, seat).filter_map(decision).collect()
}

fn is_false(over: Over) -> bool {
    matches!(over.laid.does, Does::Replaces(Some(Value::Bool(false))))
}

/// Whether a value is none that `restricted` takes.
fn is_weak(key: &str, value: &Value) -> bool {
    match key {
        "runAsNonRoot" => *value == Value::Bool(false),
        "privileged" | "allowPrivilegeEscalation" | "hostNetwork" | "hostPID" | "hostIPC" => {
            *value == Value::Bool(true)
        }
        "type" => value.is("Unconfined"),
        "procMount" => !value.is("Default"),
        "add" => matches!(value, Value::List(added) if added.iter().any(|one| !one.is("NET_BIND_SERVICE"))),
        "drop" => !matches!(value, Value::List(dropped) if dropped.iter().any(|one| one.is("ALL"))),
        _ => false,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Meaning::Bool(value) => value.to_string(),
        Meaning::Int(value) => value.to_string(),
        Meaning::Str(text) => text.to_string(),
        Meaning::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        _ => "another value".to_string(),
    }
}

/// A command that only root can run, in a container that is not root any more.
fn command(seat: &Seat, over: Over) -> Option<String> {
    let is_command = over.laid.keys == ["command"] || over.laid.keys == ["args"];
    let words: Vec<&str> = over.items().iter().filter_map(|word| laid::text(word, &[])).collect();
    let (program, row) = commands::root_program(&words).filter(|_| is_command)?;
    Some(format!(
        "{} lets container {} run `{program}`, which {} and needs root: {}",
        laid::place(over),
        seat.name(),
        row.what,
        row.instead
    ))
}

/// Containers that only patches bring, and that get the ids of the pod.
fn newcomers(case: &Case, draft: &Draft) -> Vec<String> {
    let uid = draft.change(&case.pod.path.below(&["securityContext", "runAsUser"]));
    let Some(uid) = uid.and_then(|change| change.to.as_ref()) else {
        return Vec::new();
    };
    let lists = Class::ALL
        .iter()
        .flat_map(|class| laid::over_field(case, None, class.field()));
    let new = lists.flat_map(laid::each_item);
    let new = new.filter_map(|(over, item)| {
        let name = laid::text(item, &["name"])?;
        let is_known = case.seats.iter().any(|seat| seat.name() == name);
        let way = ["securityContext", "runAsUser"].map(|key| Step::Key(key.into()));
        (!is_known && item.at(&way).is_none()).then(|| {
            let place = laid::place(over);
            format!(
                "{place} adds container {name}, which gets the pod's uid {} unless it has its own",
                shown(uid)
            )
        })
    });
    new.collect()
}

/// The field of a `securityContext` that a change is in, or else its last key.
fn field_word(change: &Planned) -> &str {
    let steps = &change.field.0;
    let is_context = |step: &Step| matches!(step, Step::Key(key) if key == "securityContext");
    match steps.iter().position(is_context).and_then(|at| steps.get(at + 1)) {
        Some(Step::Key(key)) => key,
        _ => last_word(change),
    }
}

/// What patches take away without harm to the start.
fn lost(case: &Case, draft: &Draft) -> Vec<String> {
    let mut by_patch: Vec<(String, Vec<&str>)> = Vec::new();
    for (change, seat, over, _) in losses(case, draft) {
        let keys = over.laid.keys.join(".");
        let field = if keys.is_empty() {
            String::new()
        } else {
            format!("`{keys}` of ")
        };
        let what = format!("{} replaces {field}{} as a whole", laid::place(over), whose(seat));
        let word = field_word(change);
        match by_patch.iter_mut().find(|(known, _)| *known == what) {
            Some((_, words)) if words.contains(&word) => {}
            Some((_, words)) => words.push(word),
            None => by_patch.push((what, vec![word])),
        }
    }
    let note =
        |(what, words): (String, Vec<&str>)| format!("{what}: what is built there goes without {}", words.join(", "));
    by_patch.into_iter().map(note).collect()
}
