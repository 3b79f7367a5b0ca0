//! What `restricted` demands of every pod and breaks nobody: seccomp, no privilege escalation, no capabilities; and old
//! spellings of these.

use super::case::Case;
use super::draft::{Draft, Reasoned};
use super::seat::{self, Seat};
use super::superuser::{dropped, is_all, starts_as_non_root, stays_root};
use super::{Basis, Blocker, windows};
use crate::checks::{SECCOMP_CONTAINER_ANNOTATION_PREFIX, SECCOMP_POD_ANNOTATION};
use crate::yaml::{FieldPath, NodeRef, Value};

pub(super) const RUNTIME_DEFAULT: &str = "RuntimeDefault";
const ESCALATION: &str = "allowPrivilegeEscalation";
const CAPABILITIES: &str = "capabilities_restricted";
const SECCOMP: &str = "seccompProfile_restricted";

pub(super) fn write(case: &Case, draft: &mut Draft) {
    if case.is_windows() {
        say_windows(case, draft);
        block_on_windows(case, draft);
        return;
    }
    if case.violates(SECCOMP) {
        seccomp(case, draft);
    }
    for seat in &case.seats {
        if case.violates_in(ESCALATION, seat) {
            privilege_escalation(seat, draft);
        }
        if case.violates_in(CAPABILITIES, seat) && !seat.held {
            drop_all(case, seat, draft);
        }
    }
}

/// What is sent to Windows gets fields that Windows does not know, unless it says what it is.
fn say_windows(case: &Case, draft: &mut Draft) {
    if case.becomes_windows() {
        let why = Reasoned::new(Basis::Manifest, "its node selector or affinity sends it to Windows");
        draft.set_pod(case.pod, &["os", "name"], Value::str("windows"), why);
    }
}

/// Policy versions before v1.25 demand of Windows pods what the API server forbids there.
fn block_on_windows(case: &Case, draft: &mut Draft) {
    for check in [ESCALATION, CAPABILITIES, SECCOMP]
        .into_iter()
        .filter(|c| case.violates(c))
    {
        draft.block(Blocker {
            check,
            code: "windows-forbids",
            field: case.pod.path.key("os").key("name"),
            container: None,
            line: case.pod.scope().line(&["os", "name"]),
            message: "this policy version demands a field that Windows pods cannot have".into(),
            suggestion: windows::NEWER_POLICY.into(),
        });
    }
}

/// At the pod, from where every container without a profile of its own takes it. An annotation of old becomes the field
/// of the same meaning, since the API server refuses a pod in which the two differ.
fn seccomp(case: &Case, draft: &mut Draft) {
    let why = Reasoned::new(Basis::Standard, "restricted demands it");
    let has_own = |seat: &Seat| seat.context(&["seccompProfile", "type"]).is_some();
    // A profile without its type is none to the check, and hides the pod's.
    let is_typeless =
        |profile: Option<NodeRef>| profile.is_some_and(|profile| seat::present(profile.get("type")).is_none());
    let typeless = |seat: &Seat| is_typeless(seat.context(&["seccompProfile"]));
    let all_own = case.seats.iter().all(|seat| has_own(seat) || typeless(seat));
    let is_needed = case.pod_context(&["seccompProfile", "type"]).is_none()
        && (!all_own || is_typeless(case.pod_context(&["seccompProfile"])));
    let of_pod = is_needed
        .then(|| profile_of(case, SECCOMP_POD_ANNOTATION, None, draft))
        .flatten();
    // A container whose profile somebody wants to be left alone must not get one from the pod.
    let is_concerned = |seat: &&Seat| case.violates_in(SECCOMP, seat);
    let at_pod = case.takes(&["securityContext", "seccompProfile"])
        && case.seats.iter().all(|seat| has_own(seat) || is_concerned(&seat));
    if let Some((kind, file)) = of_pod.filter(|_| at_pod) {
        write_profile(kind, file, |keys, text| {
            draft.set_pod(case.pod, keys, text, why.clone())
        });
    }
    for seat in case.seats.iter().filter(|seat| !has_own(seat)).filter(is_concerned) {
        let name = format!("{SECCOMP_CONTAINER_ANNOTATION_PREFIX}{}", seat.name());
        let own = case.pod.annotation(&name).is_some();
        let profile = if own {
            profile_of(case, &name, Some(seat), draft)
        } else if typeless(seat) {
            // A file without `Localhost` beside it says two things, of which `validity` makes a blocker.
            let file = seat.context(&["seccompProfile", "localhostProfile"]);
            file.is_none().then_some((RUNTIME_DEFAULT, None))
        } else {
            of_pod.filter(|_| !at_pod)
        };
        if let Some((kind, file)) = profile {
            write_profile(kind, file, |keys, text| {
                draft.set_container(seat, keys, text, why.clone())
            });
        }
    }
}

fn write_profile(kind: &str, file: Option<&str>, mut set: impl FnMut(&[&'static str], Value)) {
    set(
        &["securityContext", "seccompProfile", "type"],
        Value::str(kind.to_string()),
    );
    if let Some(file) = file {
        set(
            &["securityContext", "seccompProfile", "localhostProfile"],
            Value::str(file.to_string()),
        );
    }
}

/// The profile that an annotation means, `RuntimeDefault` without one: its type, and the file of a `Localhost` profile.
/// `unconfined` is somebody's decision: `None`, unless asked to reverse it.
fn profile_of<'a>(
    case: &Case<'a>,
    name: &str,
    seat: Option<&Seat>,
    draft: &mut Draft,
) -> Option<(&'static str, Option<&'a str>)> {
    let Some((text, node)) = case.pod.annotation(name) else {
        return Some((RUNTIME_DEFAULT, None));
    };
    if let Some(file) = text.strip_prefix("localhost/") {
        return Some(("Localhost", Some(file)));
    }
    if text != "unconfined" {
        return Some((RUNTIME_DEFAULT, None));
    }
    let field = case.pod.metadata_path.key("annotations").key(name.to_string());
    let container = seat.map(|s| s.name().to_string());
    if case.accepts(Basis::Override) {
        let why = Reasoned::new(Basis::Override, "an explicit opposite, reversed on request");
        let to = Some(Value::str("runtime/default"));
        draft.push(field, container.as_deref(), node.value(), to, why, node.line());
        return Some((RUNTIME_DEFAULT, None));
    }
    draft.block(Blocker {
        check: SECCOMP,
        code: "unconfined-annotation",
        field,
        container,
        line: node.line(),
        message: "an annotation asks for no seccomp profile".into(),
        suggestion: "remove the annotation, or run with --accept override".into(),
    });
    None
}

/// `false` where nothing is said; the API server refuses it beside `privileged: true` or CAP_SYS_ADMIN, which the
/// checks report for themselves.
fn privilege_escalation(seat: &Seat, draft: &mut Draft) {
    if seat.context(&[ESCALATION]).is_some() || !takes_no_escalation(seat, draft) {
        return;
    }
    let why = Reasoned::new(Basis::Standard, "restricted demands it");
    draft.set_container(seat, &["securityContext", ESCALATION], Value::Bool(false), why);
}

/// Whether the API server accepts `allowPrivilegeEscalation: false` there, once the overrides of the config are applied.
fn takes_no_escalation(seat: &Seat, draft: &Draft) -> bool {
    let context = seat.container.path.key("securityContext");
    let is_overridden = |field: &FieldPath| draft.change(field).is_some();
    let privileged = seat.context(&["privileged"]).and_then(NodeRef::as_bool) == Some(true);
    let added = seat.context(&["capabilities", "add"]).into_iter();
    let position = added
        .flat_map(NodeRef::items)
        .position(|c| c.text() == Some("CAP_SYS_ADMIN"));
    let list = context.key("capabilities").key("add");
    let keeps_admin = position.is_some_and(|at| !is_overridden(&list) && !is_overridden(&list.index(at)));
    let keeps_privileged = privileged && !is_overridden(&context.key("privileged"));
    !keeps_privileged && !keeps_admin
}

fn drop_all(case: &Case, seat: &Seat, draft: &mut Draft) {
    if dropped(seat).any(|item| item.as_str() == Some("ALL")) {
        return;
    }
    let keys = ["securityContext", "capabilities", "drop"];
    match dropped(seat).enumerate().find(|(_, item)| is_all(*item)) {
        Some((index, item)) => {
            let field = seat.container.path.below(&keys).index(index);
            let why = Reasoned::new(Basis::Standard, "the standard spells it ALL");
            let (from, to) = (item.value(), Some(Value::str("ALL")));
            draft.push(field, Some(seat.name()), from, to, why, item.line());
        }
        None if stays_root(case, seat) && !starts_as_non_root(case, seat) => {
            draft.block(root_without_capabilities(seat))
        }
        None => {
            let why = Reasoned::new(Basis::Standard, "restricted demands it");
            let (node, path) = (seat.container.node, &seat.container.path);
            draft.append(node, path, &keys, Some(seat.name()), Value::str("ALL"), why);
        }
    }
}

/// What starts as root mostly changes owners or its own user first, and without capabilities root can do neither.
fn root_without_capabilities(seat: &Seat) -> Blocker {
    Blocker {
        check: CAPABILITIES,
        code: "root-without-capabilities",
        field: seat.container.path.below(&["securityContext", "capabilities"]),
        container: Some(seat.name().to_string()),
        line: seat.container.node.line(),
        message: format!(
            "container {} may stay root, and root that loses all capabilities may not start",
            seat.name()
        ),
        suggestion: "give it a `runAsUser`, or write `drop: [ALL]` yourself where it starts without them".into(),
    }
}
