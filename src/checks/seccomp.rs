//! `seccompProfile_baseline` and `seccompProfile_restricted`: system calls are filtered. Up to v1.18 annotations count,
//! from v1.19 on only the fields.

use std::collections::BTreeMap;

use super::check::{Check, Exemption, Forbidden, Guide, Revision, Site, annotation_site};
use super::level::Level;
use super::text::{Offenders, go_literal, plural};
use crate::kube::pod::Pod;

const PROFILE: &[&str] = &["securityContext", "seccompProfile"];
const TYPE: &[&str] = &["securityContext", "seccompProfile", "type"];
const FILTERED: &[&str] = &["RuntimeDefault", "Localhost"];

pub const POD_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/pod";
/// This, then a container's name.
pub const CONTAINER_ANNOTATION_PREFIX: &str = "container.seccomp.security.alpha.kubernetes.io/";
const FILTERED_ANNOTATIONS: &[&str] = &["runtime/default", "docker/default", "localhost/*"];

const RISK: &str = "The runtime's filter denies rare system calls: io_uring, mounting, new user namespaces (the sandbox of \
                    browsers, rootless builders), ptrace on old kernels.";

pub(super) const BASELINE: Check = Check {
    id: "seccompProfile_baseline",
    level: Level::Baseline,
    overrides: &[],
    revisions: &[
        Revision {
            since: 0,
            exempt: None,
            allowed: FILTERED_ANNOTATIONS,
            evaluate: evaluate_annotations,
        },
        Revision {
            since: 19,
            exempt: None,
            allowed: FILTERED,
            evaluate: evaluate_explicit,
        },
    ],
    guide: Guide {
        demands: "No pod or container turns seccomp off: `securityContext.seccompProfile.type` is unset or one of the \
                  allowed values.",
        remedy: "Reported; `Unconfined` becomes `RuntimeDefault` only with `--accept override`.",
        risk: RISK,
        source: "check_seccompProfile_baseline.go",
    },
};

pub(super) const RESTRICTED: Check = Check {
    id: "seccompProfile_restricted",
    level: Level::Restricted,
    overrides: &["seccompProfile_baseline"],
    revisions: &[
        Revision {
            since: 19,
            exempt: None,
            allowed: FILTERED,
            evaluate: evaluate_effective,
        },
        Revision {
            since: 25,
            exempt: Some(Exemption::Windows),
            allowed: FILTERED,
            evaluate: evaluate_effective,
        },
    ],
    guide: Guide {
        demands: "Every container has one of the allowed `securityContext.seccompProfile.type`, its own or the pod's; \
                  none has another.",
        remedy: "Sets `seccompProfile: {type: RuntimeDefault}` at the pod; legacy annotations are converted. `Unconfined` \
                 is reversed only with `--accept override`.",
        risk: RISK,
        source: "check_seccompProfile_restricted.go",
    },
};

/// The annotations of the pod and of containers that exist; others are ignored.
fn evaluate_annotations(pod: &Pod, allowed: &[&str]) -> Option<Forbidden> {
    let of_pod = (POD_ANNOTATION.to_string(), "");
    let of_container = |name| (format!("{CONTAINER_ANNOTATION_PREFIX}{name}"), name);
    let keys = std::iter::once(of_pod).chain(pod.containers().map(|container| of_container(container.name)));
    let mut bad = BTreeMap::new();
    for (key, name) in keys {
        if let Some((value, _)) = pod.annotation(&key).filter(|(value, _)| !matches(value, allowed)) {
            let text = format!("{key}={}", go_literal(value));
            bad.insert(text, annotation_site(pod, &key, name));
        }
    }
    let annotations = plural(bad.len(), "annotation", "annotations");
    let (texts, sites): (Vec<String>, Vec<Site>) = bad.into_iter().unzip();
    (!sites.is_empty()).then(|| Forbidden {
        reason: "seccompProfile",
        detail: format!("forbidden {annotations} {}", texts.join(", ")),
        sites,
    })
}

/// Whether a value is one of the allowed ones, where a final `*` stands for any rest.
fn matches(value: &str, allowed: &[&str]) -> bool {
    allowed.iter().any(|allowed| match allowed.strip_suffix('*') {
        Some(prefix) => value.starts_with(prefix),
        None => value == *allowed,
    })
}

/// Nobody says anything but an allowed value; saying nothing is fine.
fn evaluate_explicit(pod: &Pod, allowed: &[&str]) -> Option<Forbidden> {
    let bad = explicit(pod, allowed);
    (!bad.is_empty()).then(|| explicitly_forbidden(&bad, Vec::new()))
}

/// Nobody says anything but an allowed value, and every container has one.
fn evaluate_effective(pod: &Pod, allowed: &[&str]) -> Option<Forbidden> {
    let bad = explicit(pod, allowed);
    let mut without = Offenders::default();
    // A profile of the pod is either allowed and covers the containers without one, or reported itself.
    if pod.scope().get(PROFILE).is_none() {
        for scope in pod.container_scopes().filter(|scope| scope.get(PROFILE).is_none()) {
            without.add(&scope, [Site::field(&scope, TYPE)]);
        }
    }
    if !bad.is_empty() {
        return Some(explicitly_forbidden(&bad, without.sites));
    }
    (!without.is_empty()).then(|| Forbidden {
        reason: "seccompProfile",
        detail: format!(
            "pod or {} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"",
            without.containers()
        ),
        sites: without.sites,
    })
}

fn explicit<'d>(pod: &Pod<'d>, allowed: &[&str]) -> Offenders<'d> {
    let mut bad = Offenders::default();
    for scope in pod.scopes().filter(|scope| scope.get(PROFILE).is_some()) {
        let profile = scope.str(TYPE).unwrap_or("");
        if !allowed.contains(&profile) {
            bad.values.insert(profile);
            bad.add(&scope, [Site::field(&scope, TYPE)]);
        }
    }
    bad
}

fn explicitly_forbidden(bad: &Offenders, missing: Vec<Site>) -> Forbidden {
    Forbidden {
        reason: "seccompProfile",
        detail: format!(
            "{} must not set securityContext.seccompProfile.type to {}",
            bad.setters(),
            bad.quoted_values()
        ),
        sites: bad.sites.iter().cloned().chain(missing).collect(),
    }
}
