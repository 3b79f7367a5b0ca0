//! `allowPrivilegeEscalation`: no process gains more privileges than its parent has.

use super::check::{Check, Exemption, Forbidden, Guide, Revision, Site};
use super::level::Level;
use super::text::Offenders;
use crate::kube::pod::Pod;

const FIELD: &[&str] = &["securityContext", "allowPrivilegeEscalation"];

pub(super) const ALLOW_PRIVILEGE_ESCALATION: Check = Check {
    id: "allowPrivilegeEscalation",
    level: Level::Restricted,
    overrides: &[],
    revisions: &[
        Revision {
            since: 8,
            exempt: None,
            allowed: &[],
            evaluate,
        },
        Revision {
            since: 25,
            exempt: Some(Exemption::Windows),
            allowed: &[],
            evaluate,
        },
    ],
    guide: Guide {
        demands: "`securityContext.allowPrivilegeEscalation` of every container is false.",
        remedy: "Adds `allowPrivilegeEscalation: false`. An explicit `true` is reversed only with `--accept override`.",
        risk: "sudo, su, setuid programs and file capabilities have no effect any more.",
        source: "check_allowPrivilegeEscalation.go",
    },
};

fn evaluate(pod: &Pod, _: &[&str]) -> Option<Forbidden> {
    let mut bad = Offenders::default();
    for scope in pod.container_scopes() {
        if scope.bool(FIELD) != Some(false) {
            bad.add(&scope, [Site::field(&scope, FIELD)]);
        }
    }
    (!bad.is_empty()).then(|| Forbidden {
        reason: "allowPrivilegeEscalation != false",
        detail: format!(
            "{} must set securityContext.allowPrivilegeEscalation=false",
            bad.containers()
        ),
        sites: bad.sites,
    })
}
