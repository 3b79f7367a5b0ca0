//! `appArmorProfile`: the field at pod and containers, and the annotations that came before it.

use super::check::{Check, Forbidden, Guide, Revision, Site};
use super::level::Level;
use super::text::{Offenders, go_literal, plural, quoted};
use crate::kube::pod::{Defaults, Pod, Scope};

const PROFILE: &[&str] = &["securityContext", "appArmorProfile"];
const TYPE: &[&str] = &["securityContext", "appArmorProfile", "type"];

/// Annotation keys: this, then a container's name.
pub const ANNOTATION_PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";
const ANNOTATION_UNCONFINED: &str = "unconfined";

pub(super) const APP_ARMOR_PROFILE: Check = Check {
    id: "appArmorProfile",
    level: Level::Baseline,
    overrides: &[],
    revisions: &[Revision {
        since: 0,
        exempt: None,
        allowed: &["RuntimeDefault", "Localhost"],
        evaluate,
    }],
    guide: Guide {
        demands: "No pod or container turns AppArmor off: `securityContext.appArmorProfile.type` is unset or one of the \
                  allowed values, and annotations `container.apparmor.security.beta.kubernetes.io/NAME` are \
                  `runtime/default` or `localhost/PROFILE`.",
        remedy: "Reported; becomes `RuntimeDefault`, an annotation `runtime/default`, only with `--accept override`. From \
                 `--kube-version 1.30` on the field replaces such an annotation.",
        risk: "The runtime's profile denies mounts, ptrace across containers and writes to parts of /proc and /sys.",
        source: "check_appArmorProfile.go",
    },
};

fn evaluate(pod: &Pod, allowed: &[&str]) -> Option<Forbidden> {
    let mut bad = Offenders::default();
    for scope in pod.scopes() {
        if scope.get(PROFILE).is_some() {
            let profile = scope.str(TYPE).unwrap_or("");
            if !allowed.contains(&profile) {
                bad.values.insert(profile);
                bad.add(&scope, [Site::field(&scope, TYPE)]);
            }
        } else if let Some(site) = copied_from_annotation(pod, &scope) {
            bad.values.insert("Unconfined");
            bad.add(&scope, [site]);
        }
    }
    let annotations = bad_annotations(pod);
    if bad.is_empty() && annotations.is_empty() {
        return None;
    }

    let mut setters = bad.setters();
    let mut values: Vec<String> = bad.values.iter().map(|value| (*value).to_string()).collect();
    let mut sites = bad.sites;
    if !annotations.is_empty() {
        let annotation = plural(annotations.len(), "annotation", "annotations");
        let and = if setters.is_empty() { "" } else { " and " };
        setters = format!("{setters}{and}{annotation}");
    }
    for (text, site) in annotations {
        values.push(text);
        if !sites.contains(&site) {
            sites.push(site);
        }
    }
    Some(Forbidden {
        reason: reason(values.len()),
        detail: format!("{setters} must not set AppArmor profile type to {}", quoted(&values)),
        sites,
    })
}

/// What servers did that knew no field.
pub(super) fn evaluate_annotations(pod: &Pod, _: &[&str]) -> Option<Forbidden> {
    let (texts, sites): (Vec<String>, Vec<Site>) = bad_annotations(pod).into_iter().unzip();
    (!sites.is_empty()).then(|| Forbidden {
        reason: reason(sites.len()),
        detail: texts.join(", "),
        sites,
    })
}

fn reason(count: usize) -> &'static str {
    plural(count, "forbidden AppArmor profile", "forbidden AppArmor profiles")
}

/// Annotations with a bad value, sorted by how they are printed.
fn bad_annotations(pod: &Pod) -> Vec<(String, Site)> {
    let mut bad: Vec<(String, Site)> = pod
        .annotations()
        .filter(|(key, value, _)| key.starts_with(ANNOTATION_PREFIX) && !annotation_is_allowed(value))
        .map(|(key, value, _)| (format!("{key}={}", go_literal(value)), annotation_site(pod, key)))
        .collect();
    bad.sort_by(|(a, _), (b, _)| a.cmp(b));
    bad
}

fn annotation_is_allowed(value: &str) -> bool {
    value.is_empty() || value == "runtime/default" || value.starts_with("localhost/")
}

/// On creating a Pod (no template, not Windows) the API server copies a container's annotation into the field that the
/// container lacks, unless the pod's field says the same. Of all values only this one changes a verdict.
fn copied_from_annotation(pod: &Pod, scope: &Scope) -> Option<Site> {
    let copies = pod.defaults == Defaults::ApiServer && pod.is_pod_kind && !pod.is_windows();
    if !copies || pod.scope().str(TYPE) == Some("Unconfined") {
        return None;
    }
    let key = format!("{ANNOTATION_PREFIX}{}", scope.container?);
    let (value, _) = pod.annotation(&key)?;
    (value == ANNOTATION_UNCONFINED).then(|| annotation_site(pod, &key))
}

fn annotation_site(pod: &Pod, key: &str) -> Site {
    let name = key.strip_prefix(ANNOTATION_PREFIX).unwrap_or("");
    super::check::annotation_site(pod, key, name)
}
