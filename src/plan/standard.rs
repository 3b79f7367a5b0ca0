//! What `restricted` demands of every pod and breaks nobody: seccomp, no privilege escalation, no capabilities; and old
//! spellings of these.

use super::case::Case;
use super::draft::{Draft, Reasoned, line_near};
use super::seat::Seat;
use super::{Basis, Blocker};
use crate::yaml::{NodeRef, Value};

const RUNTIME_DEFAULT: &str = "RuntimeDefault";
/// The annotation that named a pod's seccomp profile before Kubernetes 1.19.
const POD_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/pod";
/// The same for one container, whose name follows.
const CONTAINER_ANNOTATION: &str = "container.seccomp.security.alpha.kubernetes.io/";

pub(super) fn write(case: &Case, draft: &mut Draft) {
    let violated = |check: &str| case.violations.iter().any(|v| v.check == check);
    if violated("seccompProfile_restricted") {
        seccomp(case, draft);
    }
    if violated("allowPrivilegeEscalation") {
        for seat in &case.seats {
            privilege_escalation(case, seat, draft);
        }
    }
    if violated("capabilities_restricted") {
        for seat in &case.seats {
            drop_all(seat, draft);
        }
    }
}

/// `runAsNonRoot`, at the pod where its API takes it.
pub(super) fn non_root(case: &Case, draft: &mut Draft) {
    let says = |node: Option<NodeRef>| node.and_then(NodeRef::as_bool);
    let all_say = !case.seats.is_empty()
        && case
            .seats
            .iter()
            .all(|seat| says(seat.context(&["runAsNonRoot"])) == Some(true));
    if case.pod_context(&["runAsNonRoot"]).is_some() || all_say {
        return;
    }
    let why = Reasoned::new(Basis::Standard, "restricted demands it");
    let keys = ["securityContext", "runAsNonRoot"];
    if case.takes(&keys) {
        draft.set_pod(case.pod, &keys, Value::Bool(true), why);
        return;
    }
    for seat in case
        .seats
        .iter()
        .filter(|seat| seat.context(&["runAsNonRoot"]).is_none())
    {
        draft.set_container(seat, &keys, Value::Bool(true), why.clone());
    }
}

/// At the pod, from where every container without a profile of its own takes it. An annotation of old becomes the field
/// of the same meaning, since the API server refuses a pod in which the two differ.
fn seccomp(case: &Case, draft: &mut Draft) {
    let why = Reasoned::new(Basis::Standard, "restricted demands it");
    if case.pod_context(&["seccompProfile", "type"]).is_none() {
        let annotation = annotation(case, POD_ANNOTATION);
        match profile_of(annotation) {
            Some(profile) if case.takes(&["securityContext", "seccompProfile"]) => {
                write_profile(&profile, |keys, value| {
                    draft.set_pod(case.pod, &[&["securityContext"], keys].concat(), value, why.clone());
                })
            }
            Some(profile) => {
                for seat in case
                    .seats
                    .iter()
                    .filter(|s| s.context(&["seccompProfile", "type"]).is_none())
                {
                    write_profile(&profile, |keys, value| {
                        draft.set_container(seat, &[&["securityContext"], keys].concat(), value, why.clone());
                    });
                }
            }
            None => unconfined(case, None, draft),
        }
    }
    for seat in &case.seats {
        let name = format!("{CONTAINER_ANNOTATION}{}", seat.name());
        let Some(text) = annotation(case, &name) else { continue };
        if seat.context(&["seccompProfile", "type"]).is_some() {
            continue;
        }
        match profile_of(Some(text)) {
            Some(profile) => write_profile(&profile, |keys, value| {
                draft.set_container(seat, &[&["securityContext"], keys].concat(), value, why.clone());
            }),
            None => unconfined(case, Some(seat), draft),
        }
    }
}

/// `type`, and the file of a `Localhost` profile.
type Profile = (&'static str, Option<String>);

fn write_profile((kind, file): &Profile, mut set: impl FnMut(&[&str], Value)) {
    set(&["seccompProfile", "type"], Value::str(*kind));
    if let Some(file) = file {
        set(&["seccompProfile", "localhostProfile"], Value::str(file.as_str()));
    }
}

/// The field's meaning of an annotation; `None` for `unconfined`.
fn profile_of(annotation: Option<&str>) -> Option<Profile> {
    match annotation {
        Some("unconfined") => None,
        Some(text) => match text.strip_prefix("localhost/") {
            Some(file) => Some(("Localhost", Some(file.to_string()))),
            None => Some((RUNTIME_DEFAULT, None)),
        },
        None => Some((RUNTIME_DEFAULT, None)),
    }
}

fn annotation<'a>(case: &Case<'a>, name: &str) -> Option<&'a str> {
    case.pod.metadata?.get("annotations")?.get(name)?.as_str()
}

fn unconfined(case: &Case, seat: Option<&Seat>, draft: &mut Draft) {
    draft.block(Blocker {
        check: "seccompProfile_restricted",
        code: "unconfined-annotation",
        field: case.pod.metadata_path.key("annotations"),
        container: seat.map(|s| s.name().to_string()),
        line: case
            .pod
            .metadata
            .map_or(case.workload.line, |m| line_near(m, &["annotations"])),
        message: "an annotation asks for no seccomp profile".into(),
        suggestion: "remove the annotation".into(),
    });
}

/// `false` where nothing is said; the API server refuses it beside `privileged: true` or CAP_SYS_ADMIN, which the
/// checks report for themselves.
fn privilege_escalation(case: &Case, seat: &Seat, draft: &mut Draft) {
    if seat.context(&["allowPrivilegeEscalation"]).is_some() || !takes_no_escalation(seat) {
        return;
    }
    let _ = case;
    let why = Reasoned::new(Basis::Standard, "restricted demands it");
    draft.set_container(
        seat,
        &["securityContext", "allowPrivilegeEscalation"],
        Value::Bool(false),
        why,
    );
}

/// Whether the API server accepts `allowPrivilegeEscalation: false` there.
pub(super) fn takes_no_escalation(seat: &Seat) -> bool {
    let privileged = seat.context(&["privileged"]).and_then(NodeRef::as_bool) == Some(true);
    let mut added = seat
        .context(&["capabilities", "add"])
        .into_iter()
        .flat_map(NodeRef::items);
    !privileged && !added.any(|c| c.text() == Some("CAP_SYS_ADMIN"))
}

fn drop_all(seat: &Seat, draft: &mut Draft) {
    let why = Reasoned::new(Basis::Standard, "restricted demands it");
    let dropped = seat.context(&["capabilities", "drop"]);
    let items = || dropped.into_iter().flat_map(NodeRef::items).enumerate();
    if items().any(|(_, item)| item.as_str() == Some("ALL")) {
        return;
    }
    let keys = ["securityContext", "capabilities", "drop"];
    match items().find(|(_, item)| item.as_str().is_some_and(|s| s.eq_ignore_ascii_case("all"))) {
        Some((index, item)) => {
            let field = seat
                .container
                .path
                .join(&crate::yaml::FieldPath::keys(&keys))
                .index(index);
            let why = Reasoned::new(Basis::Standard, "the capability is spelled ALL");
            draft.push(
                field,
                Some(seat.name()),
                item.scalar(),
                Some(Value::str("ALL")),
                why,
                item.line(),
            );
        }
        None => {
            let (node, path) = (seat.container.node, &seat.container.path);
            draft.append(node, path, &keys, Some(seat.name()), Value::str("ALL"), why);
        }
    }
}
