//! What the API server would refuse after the plan although Pod Security lets it pass: a blocker each.

use super::Blocker;
use super::case::Case;
use super::draft::Draft;
use crate::checks::{SECCOMP_CONTAINER_ANNOTATION_PREFIX, SECCOMP_POD_ANNOTATION};
use crate::kube::pod::Scope;
use crate::yaml::{NodeRef, Value};

const PROFILE: &[&str] = &["securityContext", "seccompProfile"];
/// Node labels that send a pod to Windows.
const OS_LABELS: &[&str] = &["kubernetes.io/os", "beta.kubernetes.io/os"];

pub(super) fn check(case: &Case, draft: &mut Draft) {
    windows_without_os(case, draft);
    seccomp_annotations(case, draft);
}

/// A pod that is meant for Windows without saying so would get fields that Windows does not know.
fn windows_without_os(case: &Case, draft: &mut Draft) {
    if case.pod.scope().str(&["os", "name"]).is_some() {
        return;
    }
    let options = case
        .pod
        .scopes()
        .find_map(|scope| scope.get(&["securityContext", "windowsOptions"]));
    let selector = |label: &&str| case.pod.scope().get(&["nodeSelector", label]);
    let selected = OS_LABELS
        .iter()
        .find_map(selector)
        .filter(|os| os.as_str() == Some("windows"));
    let Some(node) = options.or(selected) else { return };
    draft.block(Blocker {
        check: "boot",
        code: "windows-without-os",
        field: case.pod.path.key("os"),
        container: None,
        line: node.line(),
        message: "the pod is meant for Windows and does not say so".into(),
        suggestion: "set `os.name: windows`; then only what Windows allows is asked of it".into(),
    });
}

/// An annotation of old and the field beside it must say the same.
fn seccomp_annotations(case: &Case, draft: &mut Draft) {
    let of_pod = (SECCOMP_POD_ANNOTATION.to_string(), case.pod.scope());
    let of_container = |scope: Scope<'_, '_>| {
        let name = scope.container.unwrap_or_default();
        format!("{SECCOMP_CONTAINER_ANNOTATION_PREFIX}{name}")
    };
    let of_containers = case.pod.container_scopes().map(|scope| (of_container(scope), scope));
    for (name, scope) in std::iter::once(of_pod).chain(of_containers) {
        let Some((text, node)) = case.pod.annotation(&name) else {
            continue;
        };
        let field = case.pod.metadata_path.key("annotations").key(&name);
        let planned = draft.change(&field).and_then(|change| change.to.as_ref());
        let text = match planned {
            Some(Value::Str(planned)) => planned.as_str(),
            _ => text,
        };
        if agrees(text, &scope, draft) {
            continue;
        }
        draft.block(Blocker {
            check: "boot",
            code: "seccomp-mismatch",
            field,
            container: scope.container.map(str::to_string),
            line: node.line(),
            message: format!(
                "the annotation says `{text}` and `seccompProfile` something else, which the API server refuses"
            ),
            suggestion: "remove the annotation; the field is what counts".into(),
        });
    }
}

/// Whether an annotation says what the field will say; a field that will not be there does not contradict.
fn agrees(annotation: &str, scope: &Scope, draft: &Draft) -> bool {
    let value = |key: &str| -> Option<String> {
        let keys = [PROFILE, &[key]].concat();
        match draft.change(&scope.field(&keys)).and_then(|change| change.to.as_ref()) {
            Some(Value::Str(planned)) => Some(planned.clone()),
            _ => scope.get(&keys).and_then(NodeRef::as_str).map(str::to_string),
        }
    };
    match value("type").as_deref() {
        None => true,
        Some("Unconfined") => annotation == "unconfined",
        Some("Localhost") => annotation.strip_prefix("localhost/") == value("localhostProfile").as_deref(),
        Some(_) => matches!(annotation, "runtime/default" | "docker/default"),
    }
}
