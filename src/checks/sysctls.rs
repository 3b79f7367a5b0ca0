//! `sysctls`: only kernel parameters that are confined to the pod.

use super::check::{Check, Forbidden, Guide, Revision, Site};
use super::level::Level;
use crate::kube::pod::Pod;

const SYSCTLS: &[&str] = &["securityContext", "sysctls"];

/// The allowed parameters in the order in which policy versions came to allow them.
const SAFE: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
    "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_notsent_lowat",
];

pub(super) const SYSCTLS_CHECK: Check = Check {
    id: "sysctls",
    level: Level::Baseline,
    overrides: &[],
    revisions: &[first(0, 5), first(27, 6), first(29, 10), first(32, 12), first(37, 14)],
    guide: Guide {
        demands: "`securityContext.sysctls[*].name` is one of the allowed values.",
        remedy: "Reported; removed only where harden.yaml names the workload and the field.",
        risk: "The application runs with the node's value of the parameter. Set it on the node where it matters.",
        source: "check_sysctls.go",
    },
};

/// The revision that allows the first `count` parameters.
const fn first(since: u32, count: usize) -> Revision {
    Revision {
        since,
        exempt: None,
        allowed: SAFE.split_at(count).0,
        evaluate,
    }
}

fn evaluate(pod: &Pod, allowed: &[&str]) -> Option<Forbidden> {
    let scope = pod.scope();
    let path = scope.field(SYSCTLS);
    let mut names = Vec::new();
    let mut sites = Vec::new();
    for (index, item) in scope.list(SYSCTLS) {
        let node = item.get("name").unwrap_or(item);
        let name = item.get("name").and_then(|name| name.as_str()).unwrap_or("");
        if !allowed.contains(&name) {
            names.push(name);
            sites.push(Site::value(&scope, path.index(index).key("name"), node));
        }
    }
    (!sites.is_empty()).then(|| Forbidden {
        reason: "forbidden sysctls",
        detail: names.join(", "),
        sites,
    })
}
