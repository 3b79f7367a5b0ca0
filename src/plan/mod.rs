//! The only place where violations meet facts: what a workload gets (changes) or why it cannot (blockers).
//! Knows no bytes; `yaml` turns changes into text.
//!
//! One file per rule: `decisions` (explicit values against the target), `standard` (what breaks nobody), `users`,
//! `volumes` (groups), `root` (read-only root, emptyDirs, env), `ports`, `commands`. `case` holds what they read, `seat`
//! one container of it, `draft` what they decided.

mod case;
mod commands;
mod decisions;
mod draft;
mod ignore;
mod ports;
mod root;
mod seat;
mod standard;
mod users;
mod volumes;

use crate::checks::{Level, Violation};
use crate::config::{Accept, Platform};
use crate::context::{Context, Target};
use crate::kube::pod::{Class, Pod};
use crate::kube::workload::Workload;
use crate::outcome::{ImageUse, Place, Reason, ReasonCode};
use crate::yaml::NodeRef;

use case::Case;
use draft::Draft;
use ignore::Ignore;

pub use crate::change::{Action, Apply, Basis, Blocker, MARKED, MARKER, Planned};

/// What is to become of a workload.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Sorted by field.
    pub changes: Vec<Planned>,
    pub blockers: Vec<Blocker>,
    /// Why it is left alone, where somebody asked for that.
    pub exempt: Option<(Reason, Option<Place>)>,
    /// Checks whose violations stay because somebody asked for that.
    pub ignored: Vec<&'static str>,
    pub images: Vec<ImageUse>,
    /// Names of containers that run on an assumed uid afterwards.
    pub assumed_users: Vec<String>,
    pub notes: Vec<String>,
}

/// Plans for a workload that violates `violations` at its target; for one that passes, only what replaces marked
/// assumptions by facts, and improvements where asked.
pub fn plan(workload: &Workload, pod: &Pod, target: &Target, violations: &[Violation], context: &Context) -> Plan {
    if let Some(exempt) = by_target(target) {
        return Plan {
            exempt: Some(exempt),
            ..Plan::default()
        };
    }
    let requests = if context.rules.no_ignore {
        Vec::new()
    } else {
        ignore::requests(workload, pod)
    };
    if let Some(exempt) = by_request(&requests, violations) {
        return Plan {
            exempt: Some(exempt),
            ..Plan::default()
        };
    }
    let ignored = |v: &&Violation| requests.iter().any(|request| request.covers(v.check));
    let ignored_checks: Vec<&'static str> = violations.iter().filter(ignored).map(|v| v.check).collect();
    let violations: Vec<Violation> = violations.iter().filter(|v| !ignored(v)).cloned().collect();
    let case = Case::new(workload, pod, context, target, &violations);
    let mut draft = Draft::default();
    if violations.is_empty() {
        maintain(&case, &mut draft);
    } else {
        harden(&case, &mut draft);
    }
    note_unused(&requests, &ignored_checks, &mut draft);
    finish(&case, draft, ignored_checks)
}

/// The rules, each building on what the former decided.
fn harden(case: &Case, draft: &mut Draft) {
    decisions::write(case, draft);
    if case.level == Level::Restricted {
        standard::write(case, draft);
        let users = users::decide(case, draft);
        users::write(case, &users, draft);
        volumes::write(case, &users, draft);
        root::write(case, &users, draft);
        root::write_env(case, &users, draft);
        ports::write(case, &users, draft);
        commands::check(case, &users, draft);
        decisions::check_validity(case, draft);
    }
    if !draft.blockers.is_empty() && case.context.rules.best_effort {
        keep_best_effort(case, draft);
    }
}

/// A workload that passes keeps its bytes, but that facts replace assumptions, and that a read-only root is added on
/// request.
fn maintain(case: &Case, draft: &mut Draft) {
    if case.level == Level::Restricted && case.has_marker() {
        let mut facts = Draft::default();
        harden(case, &mut facts);
        if facts.blockers.is_empty() && facts.changes.iter().any(|c| c.replaces_assumption()) {
            *draft = facts;
            return;
        }
        draft.assumed_users = facts.assumed_users;
    }
    if case.level == Level::Restricted && case.context.rules.improve {
        root::improve(case, draft);
    }
}

/// Beside blockers: seccomp and no escalation for every container; the rest only for containers that end up non-root and
/// mount no hostPath.
fn keep_best_effort(case: &Case, draft: &mut Draft) {
    let blocked = |name: &str| {
        draft
            .blockers
            .iter()
            .any(|b| b.container.as_deref().is_none_or(|c| c == name))
    };
    let hindered: Vec<&str> = case
        .seats
        .iter()
        .filter(|seat| blocked(seat.name()) || seat.mounts.iter().any(|m| m.source == seat::Source::HostPath))
        .map(seat::Seat::name)
        .collect();
    draft.changes.retain(|change| {
        let field = change.field.to_string();
        let harmless = field.contains("seccompProfile") || field.ends_with("allowPrivilegeEscalation");
        match &change.container {
            Some(container) => harmless || !hindered.contains(&container.as_str()),
            None => harmless || hindered.is_empty(),
        }
    });
    draft.assumed_users.retain(|name| !hindered.contains(&name.as_str()));
}

fn by_target(target: &Target) -> Option<(Reason, Option<Place>)> {
    let choice = target
        .chosen_by
        .as_ref()
        .filter(|_| target.level == Level::Privileged)?;
    let by = match choice.code {
        ReasonCode::FlagLevel => "the command line",
        ReasonCode::ConfigLevel => "the config",
        _ => "the labels of its namespace",
    };
    let message = format!("its level is `privileged`, chosen by {by}");
    Some((
        Reason {
            code: choice.code,
            message,
            line: None,
        },
        choice.place.clone(),
    ))
}

/// A request exempts a workload where it covers all that is violated.
fn by_request(requests: &[Ignore], violations: &[Violation]) -> Option<(Reason, Option<Place>)> {
    let covered = |v: &Violation| requests.iter().any(|request| request.covers(v.check));
    let request = requests
        .first()
        .filter(|_| !violations.is_empty() && violations.iter().all(covered))?;
    let by = match request.code {
        ReasonCode::IgnoreAnnotation => "an annotation asks to leave it alone",
        _ => "a comment asks to leave it alone",
    };
    Some((
        Reason {
            code: request.code,
            message: by.into(),
            line: Some(request.line),
        },
        None,
    ))
}

fn note_unused(requests: &[Ignore], used: &[&str], draft: &mut Draft) {
    for request in requests
        .iter()
        .filter(|request| !used.iter().any(|check| request.covers(check)))
    {
        draft.note(format!(
            "line {}: this request to ignore covers nothing that is violated; remove it",
            request.line
        ));
    }
}

fn finish(case: &Case, mut draft: Draft, ignored: Vec<&'static str>) -> Plan {
    if !draft.blockers.is_empty() && !case.context.rules.best_effort {
        draft.changes.clear();
        draft.assumed_users.clear();
    }
    draft
        .changes
        .retain(|change| change.from.is_none() || change.from != change.to);
    draft.changes.sort_by(|a, b| a.field.cmp(&b.field));
    if !draft.changes.is_empty() {
        advise(case, &mut draft);
    }
    Plan {
        changes: draft.changes,
        blockers: draft.blockers,
        exempt: None,
        ignored,
        images: case.seats.iter().map(image_use).collect(),
        assumed_users: draft.assumed_users.into_iter().collect(),
        notes: draft.notes,
    }
}

/// What the profiles have to say to a person who reads the change.
fn advise(case: &Case, draft: &mut Draft) {
    for known in case.seats.iter().filter_map(|seat| seat.known.as_ref()) {
        draft.notes.extend(known.undecided.iter().cloned());
        draft.notes.extend(
            known
                .facts
                .advice
                .iter()
                .map(|advice| format!("{}: {advice}", known.profile)),
        );
    }
    draft.notes.dedup();
}

fn image_use(seat: &seat::Seat) -> ImageUse {
    ImageUse {
        container: seat.name().to_string(),
        image: seat.image.to_string(),
        profile: seat.known.as_ref().map(|known| known.profile.clone()),
    }
}

/// Why an object cannot be planned for at all: a patch, a fragment, a container without a name or image.
pub fn incomplete(pod: &Pod) -> Option<String> {
    if pod.spec.get("containers").is_none_or(|c| c.items().next().is_none()) {
        return Some("it has no containers: a patch or a fragment".into());
    }
    pod.containers()
        .filter(|c| c.class != Class::Ephemeral)
        .find_map(|container| {
            let missing = |key: &&&str| container.node.get(key).is_none_or(NodeRef::is_null);
            ["name", "image"]
                .iter()
                .find(missing)
                .map(|key| format!("{} has no {key}: a patch or a fragment", container.path))
        })
}
