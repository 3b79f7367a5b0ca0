//! `hostNamespaces`: the pod shares no namespace of its node.

use super::check::{Check, Forbidden, Guide, Revision, Site};
use super::level::Level;
use crate::kube::pod::Pod;

/// In the order in which they are reported.
const FIELDS: [&str; 3] = ["hostNetwork", "hostPID", "hostIPC"];

pub(super) const HOST_NAMESPACES: Check = Check {
    id: "hostNamespaces",
    level: Level::Baseline,
    overrides: &[],
    revisions: &[Revision {
        since: 0,
        exempt: None,
        allowed: &[],
        evaluate,
    }],
    guide: Guide {
        demands: "`hostNetwork`, `hostPID` and `hostIPC` are false or unset.",
        remedy: "Reported; reversed only where harden.yaml names the workload and the field.",
        risk: "Agents that watch the node's network or processes stop seeing them; ports are no longer open on the node.",
        source: "check_hostNamespaces.go",
    },
};

fn evaluate(pod: &Pod, _: &[&str]) -> Option<Forbidden> {
    let scope = pod.scope();
    let set: Vec<&str> = FIELDS
        .into_iter()
        .filter(|field| scope.bool(&[field]) == Some(true))
        .collect();
    let details: Vec<String> = set.iter().map(|field| format!("{field}=true")).collect();
    (!set.is_empty()).then(|| Forbidden {
        reason: "host namespaces",
        detail: details.join(", "),
        sites: set.iter().map(|field| Site::field(&scope, &[field])).collect(),
    })
}
