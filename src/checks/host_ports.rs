//! `hostPorts`: no container takes a port of its node.

use std::collections::BTreeSet;

use super::check::{Check, Forbidden, Guide, Revision, Site};
use super::level::Level;
use super::text::{Offenders, plural};
use crate::kube::pod::{Class, Container, Defaults, Pod};
use crate::yaml::NodeRef;

const HOST_NETWORK: &[&str] = &["hostNetwork"];
const PORTS: &[&str] = &["ports"];

pub(super) const HOST_PORTS: Check = Check {
    id: "hostPorts",
    level: Level::Baseline,
    overrides: &[],
    revisions: &[Revision {
        since: 0,
        exempt: None,
        allowed: &[],
        evaluate,
    }],
    guide: Guide {
        demands: "No `ports[*].hostPort` other than 0. A Pod with `hostNetwork: true` has one for each of its ports.",
        remedy: "Reported; removed only where harden.yaml names the workload and the field.",
        risk: "Clients that reach the application at the node's address need a Service, NodePort or Ingress.",
        source: "check_hostPorts.go",
    },
};

fn evaluate(pod: &Pod, _: &[&str]) -> Option<Forbidden> {
    let mut bad = Offenders::default();
    let mut ports = BTreeSet::new();
    for container in pod.containers() {
        let scope = container.scope();
        let path = scope.field(PORTS);
        let mut sites = Vec::new();
        for (index, node) in scope.list(PORTS) {
            if let Some(port) = port(node, "hostPort") {
                ports.insert(port.to_string());
                let at = node.get("hostPort").unwrap_or(node);
                sites.push(Site::value(&scope, path.index(index).key("hostPort"), at));
            } else if let Some(port) = port(node, "containerPort").filter(|_| gets_host_port(pod, container)) {
                ports.insert(port.to_string());
                let cause = Site::field(&pod.scope(), HOST_NETWORK);
                sites.push(Site {
                    container: Some(container.name.to_string()),
                    ..cause
                });
            }
        }
        bad.add(&scope, sites);
    }
    (!bad.is_empty()).then(|| Forbidden {
        reason: "hostPort",
        detail: format!(
            "{} {} {} {}",
            bad.containers(),
            plural(bad.count(), "uses", "use"),
            plural(ports.len(), "hostPort", "hostPorts"),
            ports.into_iter().collect::<Vec<_>>().join(", ")
        ),
        sites: bad.sites,
    })
}

/// Whether the API server sets `hostPort` to `containerPort`: in Pods on the host's network, not in templates.
fn gets_host_port(pod: &Pod, container: &Container) -> bool {
    pod.defaults == Defaults::ApiServer
        && pod.is_pod_kind
        && container.class != Class::Ephemeral
        && pod.scope().bool(HOST_NETWORK) == Some(true)
}

/// A port number that is set and not 0.
fn port(port: NodeRef, field: &str) -> Option<i128> {
    port.get(field)?.as_int().filter(|number| *number != 0)
}
