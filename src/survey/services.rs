//! The ports at which Services expect the pods they select.

use std::collections::HashMap;
use std::path::Path;

use super::Place;
use crate::kube::objects::Object;
use crate::yaml::NodeRef;

/// Further ports of one Service are left out: to say on which line each stands takes time in proportion to the text.
const MAX_PORTS: usize = 256;

/// One port of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePort {
    /// Where the pod must listen: `targetPort`, or `port` where that is absent.
    pub target: TargetPort,
    /// `TCP` unless the manifest says otherwise.
    pub protocol: String,
    /// The Service's name.
    pub service: String,
    pub place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetPort {
    Number(u16),
    /// The name of a container's port.
    Name(String),
}

/// A Service that selects pods.
#[derive(Debug)]
pub(super) struct Service {
    /// As the manifest declares it.
    pub(super) namespace: Option<String>,
    /// Not empty.
    selector: Vec<(String, String)>,
    ports: Vec<ServicePort>,
}

/// `None` for any other object, and for a Service that selects no pods.
pub(super) fn read(found: &Object<'_>, path: &Path) -> Option<Service> {
    if found.kind() != Some("Service") || found.api_version() != Some("v1") {
        return None;
    }
    let object = found.node;
    let text = |keys: &[&str]| object.at(keys).and_then(NodeRef::as_str);
    if text(&["spec", "type"]) == Some("ExternalName") {
        return None;
    }
    let pair = |(key, value): (NodeRef<'_>, NodeRef<'_>)| Some((key.text()?.to_string(), value.text()?.to_string()));
    let selector: Vec<_> = object.at(&["spec", "selector"])?.entries().filter_map(pair).collect();
    let name = text(&["metadata", "name"]).unwrap_or("");
    let ports = object.at(&["spec", "ports"])?.items().take(MAX_PORTS);
    let ports: Vec<_> = ports.filter_map(|node| port(node, name, path)).collect();
    (!selector.is_empty() && !ports.is_empty()).then(|| Service {
        namespace: text(&["metadata", "namespace"]).map(str::to_string),
        selector,
        ports,
    })
}

fn port(node: NodeRef<'_>, service: &str, path: &Path) -> Option<ServicePort> {
    let number = |key: &str| node.get(key)?.as_int().filter(|number| *number != 0);
    let named = node
        .get("targetPort")
        .and_then(NodeRef::as_str)
        .filter(|name| !name.is_empty());
    // As the API server defaults it: 0 and the empty name are absent too.
    let target = match (named, number("targetPort").or_else(|| number("port"))) {
        (Some(name), _) => TargetPort::Name(name.to_string()),
        (None, Some(number)) => TargetPort::Number(u16::try_from(number).ok()?),
        (None, None) => return None,
    };
    Some(ServicePort {
        target,
        protocol: node
            .get("protocol")
            .and_then(NodeRef::as_str)
            .unwrap_or("TCP")
            .to_string(),
        service: service.to_string(),
        place: Place {
            path: path.to_path_buf(),
            line: node.line(),
        },
    })
}

/// All Services, to be asked by the labels of a pod.
#[derive(Debug, Default)]
pub(super) struct Services {
    /// By namespace, then by the first pair of the selector: a pod that is selected has it.
    by_pair: HashMap<String, HashMap<String, Vec<Service>>>,
}

impl Services {
    pub(super) fn add(&mut self, namespace: String, service: Service) {
        let Some((key, value)) = service.selector.first() else {
            return;
        };
        let pair = pair(key, value);
        let pairs = self.by_pair.entry(namespace).or_default();
        pairs.entry(pair).or_default().push(service);
    }

    pub(super) fn ports(&self, namespace: &str, labels: &[(&str, &str)]) -> Vec<&ServicePort> {
        let Some(pairs) = self.by_pair.get(namespace) else {
            return Vec::new();
        };
        let candidates = labels.iter().filter_map(|(key, value)| pairs.get(&pair(key, value)));
        let mut ports: Vec<&ServicePort> = candidates
            .flatten()
            .filter(|service| service.selects(labels))
            .flat_map(|service| &service.ports)
            .collect();
        ports.sort_by_key(|port| &port.place);
        ports
    }
}

impl Service {
    fn selects(&self, labels: &[(&str, &str)]) -> bool {
        self.selector
            .iter()
            .all(|(key, value)| labels.contains(&(key.as_str(), value.as_str())))
    }
}

/// Neither keys nor values of labels can hold `=`.
fn pair(key: &str, value: &str) -> String {
    format!("{key}={value}")
}
