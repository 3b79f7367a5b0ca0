//! `hostProbesAndHostLifecycle`: probes and lifecycle handlers name no host, so that the kubelet cannot be made to call
//! arbitrary addresses.

use std::collections::BTreeSet;

use super::check::{Check, Forbidden, Guide, Revision, Site};
use super::level::Level;
use super::text::{Offenders, plural, quoted};
use crate::kube::pod::Pod;

/// Everything that can name a host.
const HOSTS: &[&[&str]] = &[
    &["livenessProbe", "httpGet", "host"],
    &["livenessProbe", "tcpSocket", "host"],
    &["readinessProbe", "httpGet", "host"],
    &["readinessProbe", "tcpSocket", "host"],
    &["startupProbe", "httpGet", "host"],
    &["startupProbe", "tcpSocket", "host"],
    &["lifecycle", "postStart", "httpGet", "host"],
    &["lifecycle", "postStart", "tcpSocket", "host"],
    &["lifecycle", "preStop", "httpGet", "host"],
    &["lifecycle", "preStop", "tcpSocket", "host"],
];

pub(super) const HOST_PROBES: Check = Check {
    id: "hostProbesAndHostLifecycle",
    level: Level::Baseline,
    overrides: &[],
    revisions: &[Revision {
        since: 34,
        exempt: None,
        allowed: &[],
        evaluate,
    }],
    guide: Guide {
        demands: "`httpGet.host` and `tcpSocket.host` are empty or unset in all probes and lifecycle handlers.",
        remedy: "Reported; removed only where harden.yaml names the workload and the field.",
        risk: "Without it the kubelet calls the pod's own address: the application has to listen there, not only on \
               localhost. A virtual host belongs into `httpHeaders`.",
        source: "check_hostProbesAndhostLifecycle.go",
    },
};

fn evaluate(pod: &Pod, _: &[&str]) -> Option<Forbidden> {
    let mut bad = Offenders::default();
    let mut names = BTreeSet::new();
    for scope in pod.container_scopes() {
        let mut sites = Vec::new();
        for field in HOSTS {
            if let Some(host) = scope.str(field).filter(|host| !host.is_empty()) {
                bad.values.insert(host);
                names.extend(scope.container);
                sites.push(Site::field(&scope, field));
            }
        }
        bad.add(&scope, sites);
    }
    // Unlike everywhere else, the containers are named once and in byte order.
    (!bad.is_empty()).then(|| Forbidden {
        reason: "probe or lifecycle host",
        detail: format!(
            "{} {} {} {} {}",
            plural(names.len(), "container", "containers"),
            quoted(&names),
            plural(names.len(), "uses", "use"),
            plural(bad.values.len(), "probe or lifecycle host", "probe or lifecycle hosts"),
            bad.quoted_values()
        ),
        sites: bad.sites,
    })
}
