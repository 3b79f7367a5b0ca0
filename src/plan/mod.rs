//! The only place where violations meet facts: what a workload gets (changes) or why it cannot (blockers).
//! Knows no bytes; `yaml` turns changes into text.
//!
//! One file per rule: `decisions` (explicit values against the target, with `overrides` of the config, `host_paths` that
//! cannot become emptyDirs, and `confinement` for profiles), `standard` (what breaks nobody), `superuser` (who may stay
//! root), `users` and `ids` (who runs; `ground`: what that rests on), `volumes` (groups; `claims`: whose group it is where
//! workloads share one), `root` (read-only root and emptyDirs), `environment` (variables), `ports`, `commands` (with
//! `programs` that need root, and `words`, `writes` and `shell` to read scripts), `home` (what only root reaches), `moved`
//! (what is to lie elsewhere), `probes` (that break under a foreign uid), `operators` (what the kind's operator adds),
//! `windows` (which has no uids), `validity` and `invalid` (what the API server would refuse: beside the plan, and whatever
//! it is), `torn` and `overruled` (what patches of kustomizations would take away or decide otherwise; `laid` reads them),
//! `releases` (what the cluster does not know), `assumptions` (what an earlier run assumed), `exempt` (who wants an
//! object left alone) and `ignore` (requests for that), `labels` (of a Namespace).
//! `case` holds what they read, `seat` one container of it, `user` who that runs as, `draft` what they decided.

mod assumptions;
mod case;
mod claims;
mod commands;
mod confinement;
mod decisions;
mod draft;
mod environment;
mod exempt;
mod ground;
mod home;
mod host_paths;
mod ids;
mod ignore;
mod invalid;
mod labels;
mod laid;
mod moved;
mod operators;
mod overrides;
mod overruled;
mod ports;
mod probes;
mod programs;
mod releases;
mod root;
mod seat;
mod served;
mod shell;
mod standard;
mod superuser;
mod torn;
mod user;
mod users;
mod validity;
mod volumes;
mod windows;
mod words;
mod writes;

use crate::checks::{Level, Violation};
use crate::context::{Context, Target};
use crate::kube::pod::{Class, Pod};
use crate::kube::workload::Workload;
use crate::outcome::{Ground, ImageUse, Place, Reason};
use crate::yaml::NodeRef;

use case::Case;
use draft::Draft;

pub use labels::{LabelPlan, enforced, labels};
pub use overrides::Effect;

pub use crate::change::{Action, Apply, Basis, Blocker, MARKED, MARKER, Planned, WayOut};

/// What is to become of a workload.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Sorted by field.
    pub changes: Vec<Planned>,
    pub blockers: Vec<Blocker>,
    /// Why it, or what is in `ignored`, is left alone, where somebody asked for that.
    pub exempt: Option<(Reason, Option<Place>)>,
    /// Checks whose violations stay because somebody asked for that.
    pub ignored: Vec<&'static str>,
    pub images: Vec<ImageUse>,
    /// Names of containers that run on an assumed uid afterwards.
    pub assumed_users: Vec<String>,
    pub notes: Vec<String>,
    /// Of the notes, those about what will not start where a patch decides otherwise.
    pub warnings: Vec<String>,
}

/// Plans for a workload that violates `violations` at its target; for one that passes, only what replaces marked
/// assumptions by facts, and improvements where asked.
pub fn plan(workload: &Workload, pod: &Pod, target: &Target, violations: &[Violation], context: &Context) -> Plan {
    if let Some(exempt) = exempt::by_target(target) {
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
    let split = ignore::split(&requests, violations);
    let exempt = exempt::by_request(&requests, violations, &split);
    let notes = ignore::notes(&requests, violations, &split.rest);
    if exempt.is_some() && split.rest.is_empty() {
        return Plan {
            exempt,
            notes,
            ..Plan::default()
        };
    }
    let mut case = Case::new(workload, pod, context, target, &split.rest);
    if let Some(renewed) = renewed(&case) {
        case = renewed;
    }
    let mut draft = Draft::default();
    if split.rest.is_empty() {
        maintain(&case, &mut draft);
        invalid::note(&case, &mut draft);
    } else {
        apply_rules(&case, &mut draft);
        if !draft.blockers.is_empty() && context.rules.best_effort {
            keep_best_effort(&mut case, &mut draft);
        }
    }
    assumptions::note_lookalikes(&case, &mut draft);
    // Each names its line; there may be more than can be compared with one another.
    draft.notes.extend(notes);
    Plan {
        exempt,
        ignored: split.ignored,
        ..finish(&case, draft)
    }
}

/// Of the overrides that name a workload: their index in the config, and what each does.
pub fn overrides(
    workload: &Workload,
    pod: &Pod,
    target: &Target,
    violations: &[Violation],
    context: &Context,
) -> Vec<(usize, Effect)> {
    let case = Case::new(workload, pod, context, target, violations);
    let named = context.overrides_of(workload);
    named
        .map(|(index, decided)| (index, overrides::effect(&case, decided)))
        .collect()
}

/// The workload without what an earlier run assumed, where facts speak about some of that.
fn renewed<'a>(case: &Case<'a>) -> Option<Case<'a>> {
    if !case.has_marker() {
        return None;
    }
    let renewed = case.without_assumptions();
    let mut trial = Draft::default();
    apply_rules(&renewed, &mut trial);
    assumptions::are_moved(&renewed, &trial).then_some(renewed)
}

/// The rules, each building on what the former decided.
fn apply_rules(case: &Case, draft: &mut Draft) {
    decisions::write(case, draft);
    if case.level == Level::Restricted {
        apply_restricted_rules(case, draft);
    }
    releases::check(case, draft);
    invalid::check(case, draft);
}

fn apply_restricted_rules(case: &Case, draft: &mut Draft) {
    standard::write(case, draft);
    let users = users::decide(case, draft);
    draft.grounds = ground::of(case, &users, draft);
    ids::write(case, &users, draft);
    windows::write(case, draft);
    volumes::write(case, &users, draft);
    root::write(case, &users, draft);
    environment::write(case, &users, draft);
    ports::write(case, &users, draft);
    commands::check(case, &users, draft);
    home::check(case, &users, draft);
    moved::check(case, &users, draft);
    probes::note(case, &users, draft);
    operators::check(case, &users, draft);
    validity::check(case, draft);
    torn::check(case, draft);
    overruled::note(case, &users, draft);
    assumptions::settle(case, &users, draft);
}

/// A workload that passes keeps its bytes, but that facts replace assumptions, and that a read-only root is added on
/// request.
fn maintain(case: &Case, draft: &mut Draft) {
    if case.level != Level::Restricted {
        return;
    }
    if case.has_marker() {
        let mut facts = Draft::default();
        apply_rules(case, &mut facts);
        if facts.blockers.is_empty() && case.is_renewed() {
            *draft = facts;
            return;
        }
        let by_fact = |blocker: &Blocker| blocker.code != "needs-assumption";
        for blocker in facts.blockers.into_iter().filter(by_fact) {
            draft.note(format!(
                "line {}: what was assumed cannot stay: {}",
                blocker.line, blocker.message
            ));
        }
        draft.assumed_users = facts.assumed_users;
        draft.grounds = facts.grounds;
    } else {
        draft.grounds = ground::of_manifest(case);
    }
    if case.context.rules.improve {
        root::improve(case, draft);
    }
}

/// Beside blockers: seccomp and no escalation for every container; the rest only for containers that end up non-root and
/// mount no hostPath.
fn keep_best_effort(case: &mut Case, draft: &mut Draft) {
    if draft.blockers.iter().any(|b| b.code == windows::NOT_ON_THIS_OS) {
        case.leave_windows_unsaid();
    }
    let held: Vec<bool> = case.seats.iter().map(|seat| is_held(case, seat, draft)).collect();
    for (seat, held) in case.seats.iter_mut().zip(held) {
        seat.held = held;
    }
    let mut rest = Draft::default();
    apply_rules(case, &mut rest);
    draft.changes = rest.changes;
    draft.assumed_users = rest.assumed_users;
    draft.grounds = rest.grounds;
}

/// Codes of blockers that keep a container root, or that take from it what only root has.
const KEEPS_ROOT: &[&str] = &[
    "privileged",
    "capabilities",
    "privilege-escalation",
    "runs-as-root",
    "root-without-capabilities",
    "image-needs-root",
    "own-uid-on-openshift",
    "command-needs-root",
    "home-of-root",
    "place-of-root",
    "needs-account",
    "needs-assumption",
    "low-port-on-host",
    torn::CODE,
];

/// Whether a container keeps its user, its capabilities and its root under best effort.
fn is_held(case: &Case, seat: &seat::Seat, draft: &Draft) -> bool {
    let own = |b: &Blocker| b.container.as_deref() == Some(seat.name()) && KEEPS_ROOT.contains(&b.code);
    let of_pod = |b: &Blocker| b.container.is_none() && b.code == torn::CODE;
    let runs_as_root = case.effective(seat, "runAsUser").and_then(NodeRef::as_int) == Some(0)
        || case.effective(seat, "runAsNonRoot").and_then(NodeRef::as_bool) == Some(false);
    let on_host = seat.mounts.iter().any(|m| m.source == seat::Source::HostPath);
    let keeps_name = windows::is_host_process(case, seat, draft) || windows::is_administrator(case, seat, draft);
    let is_blocked = draft.blockers.iter().any(|b| own(b) || of_pod(b));
    runs_as_root || keeps_name || windows::hidden_sign(case).is_some() || on_host || is_blocked
}

fn finish(case: &Case, mut draft: Draft) -> Plan {
    draft.drop_idle();
    if !case.accepts(Basis::Assumed) {
        block_assumptions(case, &mut draft);
    }
    if !draft.blockers.is_empty() && !case.context.rules.best_effort {
        draft.changes.clear();
        draft.assumed_users.clear();
        draft.grounds.clear();
    }
    draft.changes.sort_by(|a, b| a.field.cmp(&b.field));
    if !draft.changes.is_empty() {
        advise(case, &mut draft);
    }
    Plan {
        changes: draft.changes,
        blockers: draft.blockers,
        images: images(case, &draft.grounds),
        assumed_users: draft.assumed_users.into_iter().collect(),
        notes: draft.notes,
        warnings: draft.warnings,
        ..Plan::default()
    }
}

/// Users block their own assumptions; this is for what else a profile only guesses, such as a path or a group.
fn block_assumptions(case: &Case, draft: &mut Draft) {
    let (assumed, rest): (Vec<Planned>, Vec<Planned>) = std::mem::take(&mut draft.changes)
        .into_iter()
        .partition(|change| change.basis == Basis::Assumed);
    draft.changes = rest;
    for change in assumed {
        draft.block(Blocker {
            check: "boot",
            code: "needs-assumption",
            message: format!("{} would have to be assumed: {}", change.field, change.because),
            field: change.field,
            container: change.container,
            line: change.line.max(case.workload.line),
            suggestion: "state it under `images:` in harden.yaml, or allow `--accept assumed`".into(),
        });
    }
}

/// What the profiles have to say to a person who reads the change, and what no manifest of a pod shows.
fn advise(case: &Case, draft: &mut Draft) {
    operators::note(case, draft);
    for known in case.seats.iter().filter_map(|seat| seat.known.as_ref()) {
        for advice in &known.facts.advice {
            draft.note(format!("{}: {advice}", known.profile));
        }
    }
}

fn images(case: &Case, grounds: &[Option<Ground>]) -> Vec<ImageUse> {
    let grounds = grounds.iter().copied().chain(std::iter::repeat(None));
    let seats = case.seats.iter().zip(grounds);
    seats
        .map(|(seat, ground)| ImageUse {
            container: seat.name().to_string(),
            image: seat.image.to_string(),
            profile: seat.known.as_ref().map(|known| known.profile.clone()),
            user_rests_on: ground,
        })
        .collect()
}

/// Why an object cannot be planned for at all: a patch, a fragment, a container without a name or image.
pub fn incomplete(workload: &Workload, pod: &Pod) -> Option<String> {
    if pod.spec.get("containers").is_none_or(|c| c.items().next().is_none()) {
        return Some("it has no containers: a patch or a fragment".into());
    }
    pod.containers()
        .filter(|c| c.class != Class::Ephemeral)
        .find_map(|container| {
            // The API server takes an empty text for none: somebody fills it in later.
            let is_absent = |node: NodeRef| node.is_null() || node.text() == Some("");
            let missing = |key: &&&str| container.node.get(key).is_none_or(is_absent);
            let needed = if workload.kind.names_containers.is_some() {
                &["image"][..]
            } else {
                &["name", "image"]
            };
            needed
                .iter()
                .find(missing)
                .map(|key| format!("{} has no {key}: a patch or a fragment", container.path))
        })
}
