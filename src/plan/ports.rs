//! Ports below 1024 of containers that become non-root, and file capabilities that their binaries need.

use super::case::Case;
use super::draft::{Draft, Reasoned, basis};
use super::laid;
use super::seat::Seat;
use super::superuser::becomes_non_root;
use super::user::User;
use super::{Basis, Blocker};
use crate::kube::pod::Class;
use crate::kube::release::Release;
use crate::survey::TargetPort;
use crate::yaml::{FieldPath, NodeRef, Step, Value};

/// Below it, Linux lets only root listen; safe for `restricted` at every version.
const SYSCTL: &str = "net.ipv4.ip_unprivileged_port_start";
/// The minor of the first release whose kubelets take it without being told to.
const SAFE_SINCE: u32 = 22;
const FIRST_UNPRIVILEGED: i128 = 1024;
const BIND: &str = "NET_BIND_SERVICE";
const SYSCTLS: &[&str] = &["securityContext", "sysctls"];

/// Why a container has a port below 1024: the end of a sentence about it, and what says so.
struct Low {
    what: String,
    basis: Basis,
}

pub(super) fn write(case: &Case, users: &[User], draft: &mut Draft) {
    if case.is_windows() {
        return;
    }
    write_capabilities(case, users, draft);
    let start = sysctl(case);
    if start.is_some_and(|first| first < FIRST_UNPRIVILEGED) {
        return;
    }
    let concerned = |(seat, user): &(&Seat, &User)| {
        !seat.held && (becomes_non_root(case, seat, user) || loses_file_capability(seat, draft))
    };
    let concerned: Vec<_> = case.seats.iter().zip(users).filter(concerned).collect();
    let mut concerned = concerned.into_iter();
    if let Some((seat, low)) = concerned
        .clone()
        .find_map(|(seat, user)| Some((seat, low_port(case, seat, user)?)))
    {
        open(case, seat, &low, start, draft);
    } else if let Some((seat, low)) = concerned.find_map(|(seat, user)| Some((seat, other_port(case, seat, user)?))) {
        let is_plain = start.is_none() && !case.pod_flag("hostNetwork", draft) && runtime_class(case).is_none();
        if is_plain && case.takes(SYSCTLS) && too_old(case).is_none() {
            set_sysctl(case, seat, &low, draft);
        }
    }
}

/// Lets a container listen on a low port that it surely opens, or says why that cannot be.
fn open(case: &Case, seat: &Seat, low: &Low, start: Option<i128>, draft: &mut Draft) {
    let name = seat.name();
    if let Some(first) = start {
        draft.block(kept_by_sysctl(case, seat, low, first));
    } else if case.pod_flag("hostNetwork", draft) {
        draft.block(on_host_network(case, seat, low));
    } else if let Some(runtime) = runtime_class(case) {
        draft.note(format!(
            "container {name} {}, which a non-root process may do where the pod sets the sysctl {SYSCTL} to \"0\"; it \
             is not set, because not every runtime class takes it: see whether {runtime} does",
            low.what
        ));
    } else if !case.takes(SYSCTLS) {
        draft.block(case.refused("boot", SYSCTLS, &because(seat, low)));
    } else if let Some(release) = too_old(case) {
        draft.block(unsafe_sysctl(case, seat, low, release));
    } else {
        set_sysctl(case, seat, low, draft);
    }
}

fn set_sysctl(case: &Case, seat: &Seat, low: &Low, draft: &mut Draft) {
    let sysctl = Value::map([("name", Value::str(SYSCTL)), ("value", Value::str("0"))]);
    let (pod, path) = (case.pod.spec, &case.pod.path);
    draft.append(
        pod,
        path,
        SYSCTLS,
        None,
        sysctl,
        Reasoned::new(low.basis, because(seat, low)),
    );
}

fn because(seat: &Seat, low: &Low) -> String {
    format!("container {} {} and is not root any more", seat.name(), low.what)
}

fn runtime_class<'d>(case: &Case<'d>) -> Option<&'d str> {
    let runtime = case.pod.spec.get("runtimeClassName").and_then(NodeRef::text);
    runtime.filter(|name| !name.is_empty())
}

fn too_old(case: &Case) -> Option<Release> {
    case.context.release().filter(|release| release.minor < SAFE_SINCE)
}

fn on_host_network(case: &Case, seat: &Seat, low: &Low) -> Blocker {
    Blocker {
        check: "boot",
        code: "low-port-on-host",
        field: case.pod.path.key("hostNetwork"),
        container: Some(seat.name().to_string()),
        line: seat.container.node.line(),
        message: format!(
            "container {} {}, which a non-root process cannot do on the host's network",
            seat.name(),
            low.what
        ),
        suggestion: "let it listen on a port from 1024 on, or give up hostNetwork".into(),
    }
}

/// Without escalation a binary's file capability gives its process nothing, whoever it runs as. A manifest that adds the
/// capability to a process of somebody but root counts on a binary with it, whatever the image.
fn loses_file_capability(seat: &Seat, draft: &Draft) -> bool {
    let field = FieldPath::keys(&["securityContext", "allowPrivilegeEscalation"]);
    let had = adds(seat, BIND) || file_capabilities(seat).any(|capability| capability == BIND);
    had && draft.change(&seat.container.path.join(&field)).is_some()
}

/// The first port below 1024 on which a container listens.
fn low_port(case: &Case, seat: &Seat, user: &User) -> Option<Low> {
    let listens = |port, basis| Low {
        what: format!("listens on port {port}"),
        basis,
    };
    if let Some(port) = own_ports(seat).into_iter().find(|port| is_low(*port)) {
        return Some(listens(port, Basis::Manifest));
    }
    if let Some(low) = service_port(case, seat) {
        return Some(low);
    }
    let facts = seat.known.as_ref().map(|known| &known.facts);
    let ports = facts
        .map(|f| f.ports_in(&user.setting(seat, false)))
        .unwrap_or_default();
    if let Some(port) = ports.into_iter().map(i128::from).find(|port| is_low(*port)) {
        let origin = facts.and_then(|f| f.ports.as_ref()).map(|fact| fact.origin);
        return Some(listens(port, origin.map_or(Basis::Profile, basis)));
    }
    adds(seat, BIND).then(|| Low {
        what: format!("adds {BIND} to listen on a port below {FIRST_UNPRIVILEGED}"),
        basis: Basis::Manifest,
    })
}

/// One on which it may listen, or does so where a patch says it: the sysctl costs nothing.
fn other_port(case: &Case, seat: &Seat, user: &User) -> Option<Low> {
    possible_port(seat, user).or_else(|| patched_port(case, seat))
}

/// A port that a patch of a kustomization lists.
fn patched_port(case: &Case, seat: &Seat) -> Option<Low> {
    let ports = laid::over_field(case, Some(seat), "ports").flat_map(laid::each_item);
    let mut ports = ports.filter_map(|(over, port)| match port.at(&[Step::Key("containerPort".into())])? {
        Value::Int(port) if is_low(*port) => Some((over, *port)),
        _ => None,
    });
    ports.next().map(|(over, port)| Low {
        what: format!("listens on port {port} where {} says so,", laid::place(over)),
        basis: Basis::Manifest,
    })
}

/// A port of the image's that a configuration or command of somebody's own may have left as it is. The sysctl costs
/// nothing; a container that names other ports needs none.
fn possible_port(seat: &Seat, user: &User) -> Option<Low> {
    if !own_ports(seat).is_empty() {
        return None;
    }
    let facts = &seat.known.as_ref()?.facts;
    let port = facts.possible_ports_in(&user.setting(seat, false)).into_iter().next()?;
    let origin = facts.ports.as_ref().map(|fact| fact.origin);
    Some(Low {
        what: format!("may listen on port {port}"),
        basis: origin.map_or(Basis::Profile, basis),
    })
}

fn is_low(port: i128) -> bool {
    (1..FIRST_UNPRIVILEGED).contains(&port)
}

/// Ports that the container names itself: its own list, its probes, its words and variables. A probe or a Service that
/// names a port by a word means one of the list.
fn own_ports(seat: &Seat) -> Vec<i128> {
    let node = seat.container.node;
    let probes = ["livenessProbe", "readinessProbe", "startupProbe"]
        .iter()
        .filter_map(|p| node.get(p));
    let probed = probes.flat_map(|p| {
        ["httpGet", "tcpSocket", "grpc"]
            .iter()
            .filter_map(move |kind| p.at(&[kind, "port"]))
    });
    let listed = listed_ports(seat);
    let written = seat.words.iter().copied().filter_map(address_port);
    listed
        .chain(probed.filter_map(NodeRef::as_int))
        .chain(variable_port(seat))
        .chain(written)
        .collect()
}

/// `PORT: "80"`, which is what programs are mostly told by a variable of that name.
fn variable_port(seat: &Seat) -> Option<i128> {
    seat.variable("PORT")?
        .get("value")
        .and_then(NodeRef::text)?
        .parse()
        .ok()
}

/// The port of an address to listen on, which names no other host: `:80`, `--listen=0.0.0.0:80`, `[::]:80/tcp`.
fn address_port(word: &str) -> Option<i128> {
    let address = word.rsplit('=').next().unwrap_or(word);
    let address = address
        .strip_suffix("/tcp")
        .or_else(|| address.strip_suffix("/udp"))
        .unwrap_or(address);
    let (host, port) = address.rsplit_once(':')?;
    let is_own = matches!(host, "" | "*" | "0.0.0.0" | "[::]");
    port.parse().ok().filter(|_| is_own)
}

fn listed_ports<'d>(seat: &Seat<'d>) -> impl Iterator<Item = i128> + use<'d> {
    let ports = seat.container.node.list("ports");
    ports.filter_map(|p| p.get("containerPort").and_then(NodeRef::as_int))
}

/// A low port to which a Service sends traffic: some regular container's that does not say otherwise.
fn service_port(case: &Case, seat: &Seat) -> Option<Low> {
    let metadata = case.pod.metadata.and_then(|m| m.get("labels"));
    let labels = metadata.into_iter().flat_map(NodeRef::entries);
    let labels: Vec<(&str, &str)> = labels.filter_map(|(k, v)| Some((k.text()?, v.text()?))).collect();
    let is_elsewhere = |port: i128| case.seats.iter().any(|other| listed_ports(other).any(|p| p == port));
    let services = case.context.survey.service_ports(case.namespace(), &labels);
    let near = services.iter().filter(|service| case.is_neighbour(&service.place.path));
    let mut low = near.filter_map(|service| match service.target {
        TargetPort::Number(number) => {
            let port = i128::from(number);
            (is_low(port) && !is_elsewhere(port)).then(|| Low {
                what: format!("gets traffic on port {port} from the Service {}", service.service),
                basis: Basis::Manifest,
            })
        }
        TargetPort::Name(_) => None,
    });
    low.next().filter(|_| seat.is_regular())
}

/// The first port that needs no privilege, where the manifest says it.
fn sysctl(case: &Case) -> Option<i128> {
    let mut sysctls = case.pod_context(&["sysctls"]).into_iter().flat_map(NodeRef::items);
    let own = sysctls.find(|s| s.get("name").and_then(NodeRef::text) == Some(SYSCTL))?;
    own.get("value").and_then(NodeRef::text)?.trim().parse().ok()
}

/// An explicit value is somebody's decision, and the pod would not start with it.
fn kept_by_sysctl(case: &Case, seat: &Seat, low: &Low, first: i128) -> Blocker {
    let field = FieldPath::keys(SYSCTLS);
    Blocker {
        check: "boot",
        code: "low-port-sysctl",
        field: case.pod.path.join(&field),
        container: Some(seat.name().to_string()),
        line: case.pod_context(&["sysctls"]).unwrap_or(seat.container.node).line(),
        message: format!(
            "container {} {}, and the sysctl {SYSCTL} is {first} here",
            seat.name(),
            low.what
        ),
        suggestion: "set the sysctl to \"0\", or let the container listen on a higher port".into(),
    }
}

/// Pod Security allows the sysctl at every version, and old kubelets do not.
fn unsafe_sysctl(case: &Case, seat: &Seat, low: &Low, release: Release) -> Blocker {
    let field = FieldPath::keys(SYSCTLS);
    Blocker {
        check: "boot",
        code: "unsafe-sysctl",
        field: case.pod.path.join(&field),
        container: Some(seat.name().to_string()),
        line: seat.container.node.line(),
        message: format!(
            "container {} {}, which needs the sysctl {SYSCTL}, and the kubelets of Kubernetes {release} refuse it",
            seat.name(),
            low.what
        ),
        suggestion: format!(
            "let it listen on a port from {FIRST_UNPRIVILEGED} on, allow the sysctl on the nodes \
             (--allowed-unsafe-sysctls) and write it yourself, or upgrade to 1.{SAFE_SINCE}"
        )
        .into(),
    }
}

/// Whether the manifest adds a capability.
fn adds(seat: &Seat, capability: &str) -> bool {
    let added = seat.context(&["capabilities", "add"]).into_iter();
    added.flat_map(NodeRef::items).any(|c| c.text() == Some(capability))
}

/// Capabilities that the image's binary carries.
fn file_capabilities<'s>(seat: &'s Seat) -> impl Iterator<Item = &'s str> {
    let fact = seat.known.as_ref().and_then(|known| known.facts.capabilities.as_ref());
    fact.into_iter().flat_map(|fact| &fact.value).map(String::as_str)
}

/// A binary with a file capability cannot be executed once the capability has left the bounding set, so that whoever
/// drops ALL must add it back.
fn write_capabilities(case: &Case, users: &[User], draft: &mut Draft) {
    for (seat, user) in case.seats.iter().zip(users) {
        let drops = draft.appends(seat, &["securityContext", "capabilities", "drop"]);
        if seat.container.class == Class::Ephemeral || !(drops || user.is_new()) {
            continue;
        }
        let origin = seat
            .known
            .as_ref()
            .and_then(|k| k.facts.capabilities.as_ref())
            .map(|f| f.origin);
        for capability in file_capabilities(seat).filter(|capability| !adds(seat, capability)) {
            let image = seat.image_name();
            let because = format!("the binary of {image} carries the file capability {capability}");
            let why = Reasoned::new(origin.map_or(Basis::Profile, basis), because);
            let (node, path) = (seat.container.node, &seat.container.path);
            let keys = ["securityContext", "capabilities", "add"];
            draft.append(
                node,
                path,
                &keys,
                Some(seat.name()),
                Value::str(capability.to_string()),
                why,
            );
        }
    }
}
