//! `seLinuxOptions`: the SELinux type is one of the container types; user and role are the runtime's.

use super::check::{Check, Forbidden, Guide, Revision, Site};
use super::level::Level;
use super::text::{Offenders, plural};
use crate::kube::pod::{Pod, Scope};

const OPTIONS: &[&str] = &["securityContext", "seLinuxOptions"];
const TYPE: &[&str] = &["securityContext", "seLinuxOptions", "type"];
const USER: &[&str] = &["securityContext", "seLinuxOptions", "user"];
const ROLE: &[&str] = &["securityContext", "seLinuxOptions", "role"];

/// The allowed types in the order in which policy versions came to allow them.
const TYPES: &[&str] = &[
    "",
    "container_t",
    "container_init_t",
    "container_kvm_t",
    "container_engine_t",
];

pub(super) const SE_LINUX_OPTIONS: Check = Check {
    id: "seLinuxOptions",
    level: Level::Baseline,
    overrides: &[],
    revisions: &[
        Revision {
            since: 0,
            exempt: None,
            allowed: TYPES.split_at(4).0,
            evaluate,
        },
        Revision {
            since: 31,
            exempt: None,
            allowed: TYPES,
            evaluate,
        },
    ],
    guide: Guide {
        demands: "`securityContext.seLinuxOptions` of pod and containers: `type` is one of the allowed values, `user` and \
                  `role` are empty or unset. `level` is free.",
        remedy: "Reported; removed only where harden.yaml names the workload and the field.",
        risk: "On nodes that enforce SELinux, files with other labels can no longer be reached.",
        source: "check_seLinuxOptions.go",
    },
};

fn evaluate(pod: &Pod, allowed: &[&str]) -> Option<Forbidden> {
    let mut bad = Offenders::default();
    let (mut user_set, mut role_set) = (false, false);
    for scope in pod.scopes().filter(|scope| scope.get(OPTIONS).is_some()) {
        let mut sites = Vec::new();
        let label = scope.str(TYPE).unwrap_or("");
        if !allowed.contains(&label) {
            bad.values.insert(label);
            sites.push(Site::field(&scope, TYPE));
        }
        for (field, set) in [(USER, &mut user_set), (ROLE, &mut role_set)] {
            if is_set(&scope, field) {
                *set = true;
                sites.push(Site::field(&scope, field));
            }
        }
        bad.add(&scope, sites);
    }
    (!bad.is_empty()).then(|| Forbidden {
        reason: "seLinuxOptions",
        detail: format!(
            "{} set forbidden securityContext.seLinuxOptions: {}",
            bad.setters(),
            parts(&bad, user_set, role_set)
        ),
        sites: bad.sites,
    })
}

fn is_set(scope: &Scope, field: &[&str]) -> bool {
    scope.str(field).is_some_and(|value| !value.is_empty())
}

fn parts(bad: &Offenders, user_set: bool, role_set: bool) -> String {
    let mut parts = Vec::new();
    if !bad.values.is_empty() {
        let types = plural(bad.values.len(), "type", "types");
        parts.push(format!("{types} {}", bad.quoted_values()));
    }
    if user_set {
        parts.push("user may not be set".to_string());
    }
    if role_set {
        parts.push("role may not be set".to_string());
    }
    parts.join("; ")
}
