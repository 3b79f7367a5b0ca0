//! Ports below 1024 of containers that become non-root, and file capabilities that their binaries need.

use super::case::Case;
use super::draft::{Draft, Reasoned};
use super::seat::Seat;
use super::users::{User, basis};
use super::{Basis, Blocker};
use crate::kube::pod::Class;
use crate::profiles::ImageUser;
use crate::survey::TargetPort;
use crate::yaml::{NodeRef, Value};

/// Below it, Linux lets only root listen; safe for `restricted` at every version.
const SYSCTL: &str = "net.ipv4.ip_unprivileged_port_start";
const FIRST_UNPRIVILEGED: i128 = 1024;

pub(super) fn write(case: &Case, users: &[User], draft: &mut Draft) {
    if case.pod.is_windows() {
        return;
    }
    write_capabilities(case, users, draft);
    let mut becoming = case
        .seats
        .iter()
        .zip(users)
        .filter(|(seat, user)| becomes_non_root(case, seat, user));
    let Some((seat, port, basis)) = becoming.find_map(|(seat, user)| low_port(case, seat, user)) else {
        return;
    };
    if has_sysctl(case) {
        return;
    }
    if case.pod_flag("hostNetwork") {
        draft.block(Blocker {
            check: "boot",
            code: "low-port-on-host",
            field: case.pod.path.key("hostNetwork"),
            container: Some(seat.name().to_string()),
            line: seat.container.node.line(),
            message: format!(
                "container {} listens on port {port}, which a non-root process cannot do on the host's network",
                seat.name()
            ),
            suggestion: "let it listen on a port from 1024 on, or give up hostNetwork".into(),
        });
        return;
    }
    if case.pod.spec.get("runtimeClassName").is_some_and(|n| !n.is_null()) {
        draft.note(format!(
            "container {} listens on port {port}; whether its runtime class takes the sysctl {SYSCTL} is not known, so it is not set",
            seat.name()
        ));
        return;
    }
    let why = Reasoned::new(
        basis,
        format!(
            "container {} listens on port {port} and is not root any more",
            seat.name()
        ),
    );
    if !case.takes(&["securityContext", "sysctls"]) {
        draft.block(case.refused("boot", &["securityContext", "sysctls"], &why.because));
        return;
    }
    let sysctl = Value::map([("name", Value::str(SYSCTL)), ("value", Value::str("0"))]);
    draft.append(
        case.pod.spec,
        &case.pod.path,
        &["securityContext", "sysctls"],
        None,
        sysctl,
        why,
    );
}

/// Whether a container may have run as root before and does not after the plan.
pub(super) fn becomes_non_root(case: &Case, seat: &Seat, user: &User) -> bool {
    let numeric = seat.known.as_ref().and_then(|known| known.facts.image_user.as_ref());
    let was_non_root = case.effective(seat, "runAsNonRoot").and_then(NodeRef::as_bool) == Some(true)
        || numeric.is_some_and(|fact| fact.value == ImageUser::Numeric);
    match user {
        User::Given(_) => !was_non_root,
        User::Unsaid => case.is_openshift() && !was_non_root,
        User::Own | User::Explicit { .. } => false,
    }
}

/// The first port below 1024 on which a container listens, and what says so.
fn low_port<'s, 'a>(case: &Case<'a>, seat: &'s Seat<'a>, user: &User) -> Option<(&'s Seat<'a>, i128, Basis)> {
    let from_manifest = manifest_ports(case, seat).into_iter().find(|port| is_low(*port));
    if let Some(port) = from_manifest {
        return Some((seat, port, Basis::Manifest));
    }
    let facts = &seat.known.as_ref()?.facts;
    let port = facts
        .ports_in(&seat.setting(user, false))
        .into_iter()
        .map(i128::from)
        .find(|port| is_low(*port))?;
    Some((
        seat,
        port,
        facts.ports.as_ref().map_or(Basis::Profile, |fact| basis(fact.origin)),
    ))
}

fn is_low(port: i128) -> bool {
    (1..FIRST_UNPRIVILEGED).contains(&port)
}

/// Ports that the manifest says the container listens on: its own list, its probes, Services that point at the pod.
fn manifest_ports(case: &Case, seat: &Seat) -> Vec<i128> {
    let node = seat.container.node;
    let listed = node
        .get("ports")
        .into_iter()
        .flat_map(NodeRef::items)
        .filter_map(|p| p.get("containerPort"));
    let probes = ["livenessProbe", "readinessProbe", "startupProbe"]
        .iter()
        .filter_map(|p| node.get(p));
    let probed = probes.flat_map(|p| {
        ["httpGet", "tcpSocket", "grpc"]
            .iter()
            .filter_map(move |kind| p.at(&[kind, "port"]))
    });
    let mut ports: Vec<i128> = listed.chain(probed).filter_map(NodeRef::as_int).collect();
    // A number in a Service names a port of the pod, not of a container: it counts for the only regular one.
    let alone = case.seats.iter().filter(|s| s.is_regular()).count() == 1;
    if seat.is_regular() && alone {
        let labels: Vec<(&str, &str)> = labels(case);
        let services = case.context.survey.service_ports(case.namespace(), &labels);
        let near = services.iter().filter(|service| case.is_neighbour(&service.place.path));
        ports.extend(near.filter_map(|service| match &service.target {
            TargetPort::Number(number) => Some(i128::from(*number)),
            // A name stands for a port that the container lists itself.
            TargetPort::Name(_) => None,
        }));
    }
    ports
}

fn labels<'a>(case: &Case<'a>) -> Vec<(&'a str, &'a str)> {
    let labels = case.pod.metadata.and_then(|m| m.get("labels"));
    labels
        .into_iter()
        .flat_map(NodeRef::entries)
        .filter_map(|(k, v)| Some((k.text()?, v.text()?)))
        .collect()
}

fn has_sysctl(case: &Case) -> bool {
    let sysctls = case.pod_context(&["sysctls"]).into_iter().flat_map(NodeRef::items);
    sysctls
        .filter_map(|s| s.get("name").and_then(NodeRef::text))
        .any(|name| name == SYSCTL)
}

/// A binary with a file capability cannot be executed once the capability has left the bounding set.
fn write_capabilities(case: &Case, users: &[User], draft: &mut Draft) {
    for (seat, user) in case.seats.iter().zip(users) {
        let Some(fact) = seat.known.as_ref().and_then(|known| known.facts.capabilities.as_ref()) else {
            continue;
        };
        if seat.container.class == Class::Ephemeral || matches!(user, User::Explicit { .. }) {
            continue;
        }
        for capability in &fact.value {
            let added = seat
                .context(&["capabilities", "add"])
                .into_iter()
                .flat_map(NodeRef::items);
            if added.filter_map(NodeRef::text).any(|c| c == capability.as_str()) {
                continue;
            }
            let because = format!(
                "the binary of {} carries the file capability {capability}",
                seat.image_name()
            );
            let why = Reasoned::new(basis(fact.origin), because);
            let keys = ["securityContext", "capabilities", "add"];
            let to = Value::str(capability.as_str());
            draft.append(
                seat.container.node,
                &seat.container.path,
                &keys,
                Some(seat.name()),
                to,
                why,
            );
        }
    }
}
