//! Pods of Windows: which are meant for it without saying so, and as whom their containers run. Windows has names and no
//! uids; the kubelet takes one of them for root, and whoever runs as nobody in particular is mostly that one.

use super::case::Case;
use super::draft::{Draft, Reasoned};
use super::seat::{Seat, is_replaceable};
use super::superuser::demands_non_root;
use super::{Basis, Blocker};
use crate::yaml::{FieldPath, Meaning, NodeRef, Value};

const USER_NAME: &[&str] = &["securityContext", "windowsOptions", "runAsUserName"];
const HOST_PROCESS: &[&str] = &["securityContext", "windowsOptions", "hostProcess"];
const NON_ROOT: &str = "runAsNonRoot";
/// An account of all base images of Windows.
const USER: &str = "ContainerUser";
/// Whom the kubelet takes for root, and as whom most images of Windows run.
const ADMINISTRATOR: &str = "ContainerAdministrator";

pub(super) const NOT_ON_THIS_OS: &str = "not-on-this-os";

/// What a pod of Windows must not have, whatever the value; of the pod's spec and of its `securityContext`.
pub(super) const NOT_ON_WINDOWS: &[&[&str]] = &[
    &["hostUsers"],
    &["shareProcessNamespace"],
    &["securityContext", "appArmorProfile"],
    &["securityContext", "fsGroup"],
    &["securityContext", "fsGroupChangePolicy"],
    &["securityContext", "runAsGroup"],
    &["securityContext", "runAsUser"],
    &["securityContext", "seLinuxChangePolicy"],
    &["securityContext", "seLinuxOptions"],
    &["securityContext", "seccompProfile"],
    &["securityContext", "supplementalGroups"],
    &["securityContext", "supplementalGroupsPolicy"],
    &["securityContext", "sysctls"],
];

/// The same of a container.
pub(super) const NOT_IN_CONTAINERS: &[&[&str]] = &[
    &["securityContext", "allowPrivilegeEscalation"],
    &["securityContext", "appArmorProfile"],
    &["securityContext", "capabilities"],
    &["securityContext", "privileged"],
    &["securityContext", "procMount"],
    &["securityContext", "readOnlyRootFilesystem"],
    &["securityContext", "runAsGroup"],
    &["securityContext", "runAsUser"],
    &["securityContext", "seLinuxOptions"],
    &["securityContext", "seccompProfile"],
];

/// The way out where the policy demands of pods of Windows what they cannot have.
pub(super) const NEWER_POLICY: &str = "use policy version v1.25 or later, or another level for Windows";

/// A name for each container that is told not to run as root and would not say as whom else.
pub(super) fn write(case: &Case, draft: &mut Draft) {
    if !case.is_windows() {
        return;
    }
    replace_administrators(case, draft);
    let unnamed: Vec<&Seat> = case.seats.iter().filter(|seat| is_unnamed(case, seat, draft)).collect();
    if !case.accepts(Basis::Assumed) {
        for seat in unnamed {
            draft.block(assumption_blocker(seat));
        }
        return;
    }
    let has_own = |seat: &Seat| draft.value(&seat.container.scope(), USER_NAME).is_some();
    let shares = |seat: &Seat| has_own(seat) || is_unnamed(case, seat, draft);
    let at_pod = case.takes(USER_NAME) && case.seats.iter().all(shares);
    let why = Reasoned::new(
        Basis::Assumed,
        format!("most images of Windows run as {ADMINISTRATOR}, which is root to the kubelet; all have {USER}"),
    );
    let user = || Value::str(USER);
    for seat in &unnamed {
        draft.assumed_users.insert(seat.name().to_string());
        if !at_pod {
            draft.set_container(seat, USER_NAME, user(), why.clone());
        }
    }
    if at_pod && !unnamed.is_empty() {
        draft.set_pod(case.pod, USER_NAME, user(), why);
    }
}

/// Whether a container gets a user that is assumed.
pub(super) fn is_unnamed(case: &Case, seat: &Seat, draft: &Draft) -> bool {
    becomes_non_root(case, seat, draft) && will_be(case, seat, USER_NAME, draft).is_none()
}

/// Whether an earlier run assumed the user of a container.
pub(super) fn is_assumed(case: &Case, seat: &Seat) -> bool {
    let (of_container, of_pod) = (seat.container.scope(), case.pod.scope());
    let name = of_container.get(USER_NAME).or_else(|| of_pod.get(USER_NAME));
    name.is_some_and(is_replaceable)
}

/// A container that goes on as whom it runs today is nobody's concern; nor is a process of the host, which blocks.
fn becomes_non_root(case: &Case, seat: &Seat, draft: &Draft) -> bool {
    let keeps_user = seat.held || demands_non_root(case, seat) || is_host_process(case, seat, draft);
    case.violates_in(NON_ROOT, seat) && !keeps_user
}

pub(super) fn is_host_process(case: &Case, seat: &Seat, draft: &Draft) -> bool {
    will_be(case, seat, HOST_PROCESS, draft) == Some(Meaning::Bool(true))
}

/// A value of a container's own, else of the pod, as far as it is planned.
fn will_be<'a>(case: &Case<'a>, seat: &Seat<'a>, keys: &[&'static str], draft: &Draft) -> Option<Meaning<'a>> {
    let own = draft.value(&seat.container.scope(), keys);
    own.or_else(|| draft.value(&case.pod.scope(), keys))
}

pub(super) fn is_administrator(case: &Case, seat: &Seat, draft: &Draft) -> bool {
    let name = will_be(case, seat, USER_NAME, draft);
    matches!(name, Some(Meaning::Str(name)) if name.eq_ignore_ascii_case(ADMINISTRATOR))
}

/// Who runs as root by name is somebody's decision, as uid 0 is.
fn replace_administrators(case: &Case, draft: &mut Draft) {
    for seat in &case.seats {
        if !is_administrator(case, seat, draft) || !becomes_non_root(case, seat, draft) {
            continue;
        }
        let own = Some(seat.container.scope()).filter(|scope| draft.value(scope, USER_NAME).is_some());
        let scope = own.unwrap_or(case.pod.scope());
        let (field, line) = (scope.field(USER_NAME), scope.line(USER_NAME));
        if case.accepts(Basis::Override) {
            let why = Reasoned::new(Basis::Override, "an explicit opposite, reversed on request");
            let from = scope.get(USER_NAME).and_then(NodeRef::value);
            draft.push(field, scope.container, from, Some(Value::str(USER)), why, line);
        } else {
            draft.block(administrator_blocker(field, scope.container, line));
        }
    }
}

fn administrator_blocker(field: FieldPath, container: Option<&str>, line: usize) -> Blocker {
    Blocker {
        check: NON_ROOT,
        code: "runs-as-root",
        field,
        container: container.map(str::to_string),
        line,
        message: format!("{ADMINISTRATOR} is root to the kubelet, which refuses it under `runAsNonRoot: true`"),
        suggestion: format!("set `runAsUserName: {USER}`, or run with --accept override").into(),
    }
}

fn assumption_blocker(seat: &Seat) -> Blocker {
    Blocker {
        check: NON_ROOT,
        code: "needs-assumption",
        field: seat.container.path.below(USER_NAME),
        container: Some(seat.name().to_string()),
        line: seat.container.node.line(),
        message: format!("the user of {} would have to be assumed", seat.image_name()),
        suggestion: format!("write `windowsOptions.runAsUserName: {USER}`, or allow `--accept assumed`").into(),
    }
}

/// A pod that is meant for Windows without saying so would get fields that Windows does not know.
pub(super) fn check_os(case: &Case, draft: &mut Draft) {
    let Some((what, line)) = hidden_sign(case) else { return };
    let suggestion = match case.context.release().filter(|release| !release.knows("os")) {
        Some(release) => format!("Kubernetes {release} cannot be told so: hold its namespace to another level"),
        None if !case.spares_windows() => NEWER_POLICY.to_string(),
        None => "set `os.name: windows`; then only what Windows allows is asked of it".to_string(),
    };
    draft.block(Blocker {
        check: "boot",
        code: "windows-without-os",
        field: case.pod.path.key("os"),
        container: None,
        line,
        message: what,
        suggestion: suggestion.into(),
    });
}

/// What shows that a pod is meant for Windows which does not say so, and which the plan does not make say it; with its
/// line.
pub(super) fn hidden_sign(case: &Case) -> Option<(String, usize)> {
    if case.is_windows() {
        return None;
    }
    let image = case.seats.iter().find(|seat| seat.is_of_windows).map(|seat| {
        let what = format!(
            "{} is an image of Windows, and the pod does not say so",
            seat.image_name()
        );
        (what, seat.container.node.line())
    });
    if image.is_some() || case.pod.scope().str(&["os", "name"]).is_some() {
        return image;
    }
    let mut scopes = case.pod.scopes();
    let options = scopes.find_map(|scope| scope.get(&["securityContext", "windowsOptions"]));
    let node = options.or(case.pod.windows_selector())?;
    Some(("the pod is meant for Windows and does not say so".into(), node.line()))
}
