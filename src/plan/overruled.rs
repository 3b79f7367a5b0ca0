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
use crate::survey::Over;
use crate::yaml::{Meaning, Step, Value};

/// More of them nobody reads.
const MAX_NOTES: usize = 12;

pub(super) fn note(case: &Case, users: &[User], draft: &mut Draft) {
    if case.laid.is_empty() || draft.changes.is_empty() || !draft.blockers.is_empty() {
        return;
    }
    let (mut warnings, mut notes) = (Vec::new(), Vec::new());
    warnings.extend(clashes(case, None, draft));
    notes.extend(decisions(case, None, None));
    for (seat, user) in case.seats.iter().zip(users) {
        warnings.extend(clashes(case, Some(seat), draft));
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

/// A value of a patch that does not go with one that the plan writes.
struct Clash {
    keys: &'static [&'static str],
    is_meant: fn(&Value) -> bool,
    /// The last key of what is written.
    with: &'static str,
    /// What the same patches can say to mean it.
    unless: Option<(&'static str, bool)>,
    so: &'static str,
}

const CLASHES: &[Clash] = &[
    Clash {
        keys: &["securityContext", "runAsUser"],
        is_meant: |value| *value == Value::Int(0),
        with: "runAsNonRoot",
        unless: Some(("runAsNonRoot", false)),
        so: "under `runAsNonRoot: true` the kubelet starts nothing as root",
    },
    Clash {
        keys: &["securityContext", "privileged"],
        is_meant: |value| *value == Value::Bool(true),
        with: "allowPrivilegeEscalation",
        unless: Some(("allowPrivilegeEscalation", true)),
        so: "the API server refuses that beside `allowPrivilegeEscalation: false`",
    },
    Clash {
        keys: &["securityContext", "capabilities", "add"],
        is_meant: |value| {
            let is_meant = |one: &Value| one.is("SYS_ADMIN") || one.is("CAP_SYS_ADMIN");
            matches!(value, Value::List(added) if added.iter().any(is_meant))
        },
        with: "allowPrivilegeEscalation",
        unless: Some(("allowPrivilegeEscalation", true)),
        so: "the API server refuses that beside `allowPrivilegeEscalation: false`",
    },
    Clash {
        keys: &["hostNetwork"],
        is_meant: |value| *value == Value::Bool(true),
        with: "sysctls",
        unless: None,
        so: "on the host's network the kubelet refuses the sysctl for low ports",
    },
];

/// What patches say that does not go with what is written: the API server or the kubelet will refuse it.
fn clashes(case: &Case, seat: Option<&Seat>, draft: &Draft) -> Vec<String> {
    let mut found = Vec::new();
    for clash in CLASHES {
        let is_written = |change: &Planned| {
            let is_own = change
                .container
                .as_deref()
                .is_none_or(|name| seat.is_none_or(|seat| seat.name() == name));
            is_own && last_word(change) == clash.with
        };
        if !draft.changes.iter().any(is_written) {
            continue;
        }
        let own = laid::over(case, seat).filter(|over| over.laid.keys == clash.keys);
        found.extend(own.filter_map(|over| {
            let value = over.sets().filter(|value| (clash.is_meant)(value))?;
            (!is_intended(case, seat, over, clash)).then(|| describe(clash, seat, over, value))
        }));
    }
    found
}

fn describe(clash: &Clash, seat: Option<&Seat>, over: Over, value: &Value) -> String {
    let way_out = clash
        .unless
        .map(|(key, value)| format!(": set `{key}: {value}` there, too, or take it out"));
    format!(
        "{} sets `{}` of {} to {}, and {}{}",
        laid::place(over),
        clash.keys.join("."),
        whose(seat),
        shown(value),
        clash.so,
        way_out.unwrap_or_default()
    )
}

/// Whether the patches of the same kustomization say the other half, too.
fn is_intended(case: &Case, seat: Option<&Seat>, over: Over, clash: &Clash) -> bool {
    let says = |other: Over| {
        let is_half = |(key, value): (&str, bool)| {
            other.laid.keys.last().is_some_and(|last| last == key) && other.sets() == Some(&Value::Bool(value))
        };
        other.by == over.by && clash.unless.is_some_and(is_half)
    };
    laid::over(case, seat).any(says)
}

/// Values that patches set in a `securityContext`, and fields of the host.
fn decisions(case: &Case, seat: Option<&Seat>, uid: Option<i128>) -> Vec<String> {
    let decision = |over: Over| {
        let (key, value) = (over.laid.keys.last()?, over.sets()?);
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
        let what = format!("{} {}", laid::place(over), laid::displaces(over, &whose(seat)));
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
