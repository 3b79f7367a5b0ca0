//! `procMount` and `procMount_restricted`: /proc keeps its masked parts.

use super::check::{Check, Exemption, Forbidden, Guide, Revision, Site};
use super::level::Level;
use super::text::Offenders;
use crate::kube::pod::Pod;

const PROC_MOUNT: &[&str] = &["securityContext", "procMount"];
const DEFAULT: &[&str] = &["Default"];

const RISK: &str = "A container that starts containers of its own can no longer mount a fresh /proc in them.";
const REMEDY: &str = "Reported; removed only where harden.yaml names the workload and the field.";

pub(super) const BASELINE: Check = Check {
    id: "procMount",
    level: Level::Baseline,
    overrides: &[],
    revisions: &[
        Revision {
            since: 0,
            exempt: None,
            allowed: DEFAULT,
            evaluate,
        },
        Revision {
            since: 35,
            exempt: Some(Exemption::UserNamespace),
            allowed: DEFAULT,
            evaluate,
        },
    ],
    guide: Guide {
        demands: "`securityContext.procMount` of every container is the allowed value or unset.",
        remedy: REMEDY,
        risk: RISK,
        source: "check_procMount_baseline.go",
    },
};

pub(super) const RESTRICTED: Check = Check {
    id: "procMount_restricted",
    level: Level::Restricted,
    overrides: &["procMount"],
    revisions: &[Revision {
        since: 35,
        exempt: None,
        allowed: DEFAULT,
        evaluate,
    }],
    guide: Guide {
        demands: "`securityContext.procMount` of every container is the allowed value or unset, in a user namespace too.",
        remedy: REMEDY,
        risk: RISK,
        source: "check_procMount_restricted.go",
    },
};

fn evaluate(pod: &Pod, allowed: &[&str]) -> Option<Forbidden> {
    let mut bad = Offenders::default();
    for scope in pod.container_scopes() {
        if let Some(value) = scope.str(PROC_MOUNT).filter(|value| !allowed.contains(value)) {
            bad.values.insert(value);
            bad.add(&scope, [Site::field(&scope, PROC_MOUNT)]);
        }
    }
    (!bad.is_empty()).then(|| Forbidden {
        reason: "procMount",
        detail: format!(
            "{} must not set securityContext.procMount to {}",
            bad.containers(),
            bad.quoted_values()
        ),
        sites: bad.sites,
    })
}
