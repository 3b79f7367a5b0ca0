//! `windowsHostProcess`: no container runs on a Windows node itself.

use super::check::{Check, Forbidden, Guide, Revision, Site};
use super::level::Level;
use super::text::Offenders;
use crate::kube::pod::Pod;

const HOST_PROCESS: &[&str] = &["securityContext", "windowsOptions", "hostProcess"];

pub(super) const HOST_PROCESS_CHECK: Check = Check {
    id: "windowsHostProcess",
    level: Level::Baseline,
    overrides: &[],
    revisions: &[Revision {
        since: 0,
        exempt: None,
        allowed: &[],
        evaluate,
    }],
    guide: Guide {
        demands: "`securityContext.windowsOptions.hostProcess` of pod and containers is false or unset.",
        remedy: "Reported: what needs it is an agent of the node and belongs into a namespace of its own.",
        risk: "The process no longer sees the node's files, services and network.",
        source: "check_windowsHostProcess.go",
    },
};

fn evaluate(pod: &Pod, _: &[&str]) -> Option<Forbidden> {
    let mut bad = Offenders::default();
    for scope in pod.scopes() {
        if scope.bool(HOST_PROCESS) == Some(true) {
            bad.add(&scope, [Site::field(&scope, HOST_PROCESS)]);
        }
    }
    (!bad.is_empty()).then(|| Forbidden {
        reason: "hostProcess",
        detail: format!(
            "{} must not set securityContext.windowsOptions.hostProcess=true",
            bad.setters()
        ),
        sites: bad.sites,
    })
}
