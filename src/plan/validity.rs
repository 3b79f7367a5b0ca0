//! What in a manifest would contradict what the plan makes of it, so that the API server would refuse the pod although
//! Pod Security lets it pass: a blocker each. What it refuses anyway is the matter of `invalid`.

use super::Blocker;
use super::case::Case;
use super::draft::Draft;
use crate::checks::{APPARMOR_ANNOTATION_PREFIX, SECCOMP_CONTAINER_ANNOTATION_PREFIX, SECCOMP_POD_ANNOTATION};
use crate::kube::pod::Scope;
use crate::yaml::{Meaning, NodeRef, Value};

const PROFILE: &[&str] = &["securityContext", "seccompProfile"];
const APP_ARMOR: &[&str] = &["securityContext", "appArmorProfile"];
/// Node labels that send a pod to Windows.
const OS_LABELS: &[&str] = &["kubernetes.io/os", "beta.kubernetes.io/os"];

pub(super) fn check(case: &Case, draft: &mut Draft) {
    windows_without_os(case, draft);
    seccomp_annotations(case, draft);
    app_armor_annotations(case, draft);
    profile_files(case, draft);
}

/// An annotation about a container that does not exist, or that says something else than the field that counts for it.
fn app_armor_annotations(case: &Case, draft: &mut Draft) {
    for (key, text, node) in case.pod.annotations() {
        let Some(name) = key.strip_prefix(APPARMOR_ANNOTATION_PREFIX) else {
            continue;
        };
        let field = case.pod.metadata_path.key("annotations").key(key.to_string());
        if draft.change(&field).is_some() {
            continue;
        }
        let scopes = || {
            case.pod
                .container_scopes()
                .filter(|scope| scope.container == Some(name))
        };
        let own = scopes().find(|scope| scope.get(APP_ARMOR).is_some());
        let counts = own.unwrap_or(case.pod.scope());
        let (what, instead) = match scopes().next() {
            None => (
                format!("the annotation is about a container {name:?} that does not exist"),
                "remove it",
            ),
            Some(_) if counts.get(APP_ARMOR).is_some() && !agrees(text, APP_ARMOR, &counts, draft) => (
                format!("the annotation says `{text}` and `appArmorProfile` something else"),
                "remove the annotation; the field is what counts",
            ),
            Some(_) => continue,
        };
        draft.block(Blocker {
            check: "boot",
            code: "app-armor-annotation",
            field,
            container: None,
            line: node.line(),
            message: format!("{what}, which the API server refuses"),
            suggestion: instead.into(),
        });
    }
}

/// A profile has a file where it is `Localhost`, and only there.
fn profile_files(case: &Case, draft: &mut Draft) {
    for scope in case.pod.scopes() {
        for profile in [PROFILE, APP_ARMOR] {
            let at = |key| [profile, &[key]].concat();
            let planned = draft
                .change(&scope.field(&at("type")))
                .and_then(|change| change.to.clone());
            let is_local = match &planned {
                Some(to) => *to == Value::str("Localhost"),
                None => scope.str(&at("type")) == Some("Localhost"),
            };
            let file = scope.field(&at("localhostProfile"));
            let has_file = match draft.change(&file) {
                Some(change) => change.to.is_some(),
                None => scope.get(&at("localhostProfile")).is_some(),
            };
            if is_local && has_file {
                outside_its_folder(&scope, profile, draft);
            }
            if is_local == has_file {
                continue;
            }
            let message = if has_file {
                "`localhostProfile` names a file and `type` is not `Localhost`, which the API server refuses"
            } else {
                "`type: Localhost` needs `localhostProfile`, without which the API server refuses it"
            };
            draft.block(Blocker {
                check: "boot",
                code: "profile-file",
                field: file,
                container: scope.container.map(str::to_string),
                line: scope.line(profile),
                message: message.into(),
                suggestion: "name the file of the profile with `type: Localhost`, or neither".into(),
            });
        }
    }
}

/// The file of a seccomp profile lies below a folder of the node's; an AppArmor profile is named, not filed.
fn outside_its_folder(scope: &Scope, profile: &[&'static str], draft: &mut Draft) {
    let keys = [profile, &["localhostProfile"]].concat();
    let Some(Meaning::Str(file)) = draft.value(scope, &keys).filter(|_| profile == PROFILE) else {
        return;
    };
    let is_below = !file.is_empty() && !file.starts_with('/') && file.split('/').all(|part| part != "..");
    if !is_below {
        draft.block(Blocker {
            check: "boot",
            code: "profile-file",
            field: scope.field(&keys),
            container: scope.container.map(str::to_string),
            line: scope.line(&keys),
            message: format!(
                "`{file}` is no path below the kubelet's folder of profiles, and the API server refuses it"
            ),
            suggestion: "write a relative path without `..`".into(),
        });
    }
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
    let suggestion = match case.context.release().filter(|release| !release.knows("os")) {
        Some(release) => format!("Kubernetes {release} cannot be told so: hold its namespace to another level"),
        None => "set `os.name: windows`; then only what Windows allows is asked of it".to_string(),
    };
    draft.block(Blocker {
        check: "boot",
        code: "windows-without-os",
        field: case.pod.path.key("os"),
        container: None,
        line: node.line(),
        message: "the pod is meant for Windows and does not say so".into(),
        suggestion: suggestion.into(),
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
        let field = case.pod.metadata_path.key("annotations").key(name.clone());
        let planned = draft.change(&field).and_then(|change| change.to.as_ref());
        let text = match planned {
            Some(Value::Str(planned)) => planned.as_ref(),
            _ => text,
        };
        if agrees(text, PROFILE, &scope, draft) {
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
fn agrees(annotation: &str, profile: &[&'static str], scope: &Scope, draft: &Draft) -> bool {
    let value = |key: &'static str| -> Option<String> {
        let keys = [profile, &[key]].concat();
        match draft.change(&scope.field(&keys)).and_then(|change| change.to.as_ref()) {
            Some(Value::Str(planned)) => Some(planned.to_string()),
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
