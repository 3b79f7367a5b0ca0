//! `privileged`: no container has the node's devices and all capabilities.

use super::check::{Check, Forbidden, Guide, Revision, Site};
use super::level::Level;
use super::text::Offenders;
use crate::kube::pod::Pod;

const PRIVILEGED_FIELD: &[&str] = &["securityContext", "privileged"];

pub(super) const PRIVILEGED: Check = Check {
    id: "privileged",
    level: Level::Baseline,
    overrides: &[],
    revisions: &[Revision {
        since: 0,
        exempt: None,
        allowed: &[],
        evaluate,
    }],
    guide: Guide {
        demands: "`securityContext.privileged` of every container is false or unset.",
        remedy: "Reported; reversed only where harden.yaml names the workload and the field.",
        risk: "Devices, kernel settings under /proc/sys and all capabilities are gone. Set sysctls on the node, replace \
               a chown init container by `fsGroup`, build images with a rootless builder.",
        source: "check_privileged.go",
    },
};

fn evaluate(pod: &Pod, _: &[&str]) -> Option<Forbidden> {
    let mut bad = Offenders::default();
    for scope in pod.container_scopes() {
        if scope.bool(PRIVILEGED_FIELD) == Some(true) {
            bad.add(&scope, [Site::field(&scope, PRIVILEGED_FIELD)]);
        }
    }
    (!bad.is_empty()).then(|| Forbidden {
        reason: "privileged",
        detail: format!("{} must not set securityContext.privileged=true", bad.containers()),
        sites: bad.sites,
    })
}
