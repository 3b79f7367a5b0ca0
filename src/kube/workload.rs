//! The workloads of a document: which objects carry a pod, and where it is. Whether a pod is sound, the checks say.

use super::kinds::{self, Kind, OwnKind, Shape};
use super::objects::{Object, objects};
use super::pod::Pod;
use crate::yaml::{FieldPath, NodeRef};

/// An object that carries a pod.
#[derive(Debug, Clone)]
pub struct Workload<'d> {
    /// Its row; [`kinds::OWN`] for a kind that a config adds.
    pub kind: &'static Kind,
    /// The kind as the object says it.
    pub kind_name: &'d str,
    /// Index in the `items` of a list object.
    pub item: Option<usize>,
    pub object: NodeRef<'d>,
    /// From the document's root to the object.
    pub object_path: FieldPath,
    /// From the object to what holds the pod's `metadata` and `spec`, or to the spec itself, as `shape` says.
    pub template_path: FieldPath,
    pub template: NodeRef<'d>,
    /// Never [`Shape::Either`].
    pub shape: Shape,
    pub api_version: &'d str,
    pub namespace: Option<&'d str>,
    pub name: &'d str,
    pub line: usize,
}

/// What a document holds.
#[derive(Debug, Default)]
pub struct Found<'d> {
    pub workloads: Vec<Workload<'d>>,
    pub unknown_carriers: Vec<Carrier>,
}

/// An object that runs containers in a shape of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    pub api_version: String,
    pub kind: String,
    /// As the object says it.
    pub namespace: Option<String>,
    pub name: String,
    pub line: usize,
}

impl<'d> Workload<'d> {
    /// Whether the API server itself knows the kind, so that the pod spec is all that its pods are made of.
    pub fn is_builtin(&self) -> bool {
        !kinds::group(self.api_version).contains('.')
    }

    /// The `apiVersion` it should have, where no API server has its kind in the group it says.
    pub fn right_api_version(&self) -> Option<&'static str> {
        let groups = self.kind.groups;
        match groups {
            _ if groups.contains(&kinds::group(self.api_version)) => None,
            [] => None,
            ["", ..] => Some("v1"),
            ["batch", ..] => Some("batch/v1"),
            _ => Some("apps/v1"),
        }
    }

    /// What stands at a way from the object, keys joined by dots, and is not null.
    pub fn at(&self, way: &str) -> Option<NodeRef<'d>> {
        let keys: Vec<&str> = way.split('.').collect();
        self.object.at(&keys).filter(|node| !node.is_null())
    }

    /// The pod that the object carries here; `None` where there is no spec.
    pub fn pod(&self) -> Option<Pod<'d>> {
        // Only the object itself is a pod; its template may be reached by the same empty way elsewhere.
        let is_pod_kind = self.kind.kind == "Pod";
        let mut pod = match self.shape {
            Shape::Spec => {
                let spec = Some(self.template).filter(|spec| spec.is_mapping())?;
                let metadata_path = self.template_path.key("metadata");
                Pod::new((spec, self.template_path.clone()), (None, metadata_path), false)
            }
            Shape::Template | Shape::Either => Pod::in_template(self.template, &self.template_path, is_pod_kind)?,
        };
        if let Some(name) = self.kind.names_containers {
            pod.name_first_container(name);
        }
        Some(pod)
    }
}

/// Finds the workloads of a document: its object, or the items of a list of objects.
pub fn find<'d>(root: NodeRef<'d>) -> Found<'d> {
    find_with(root, &[])
}

/// The same with the kinds that a config adds; they win over [`kinds::UNKNOWN_CARRIERS`].
pub fn find_with<'d>(root: NodeRef<'d>, own: &[OwnKind]) -> Found<'d> {
    let mut found = Found::default();
    for object in objects(root) {
        collect(&object, own, &mut found);
    }
    found
}

fn collect<'d>(found_object: &Object<'d>, own: &[OwnKind], found: &mut Found<'d>) {
    let object = found_object.node;
    let Some((api_version, kind_name)) = found_object.api_version().zip(found_object.kind()) else {
        return;
    };
    let own = own.iter().find(|own| own.is(api_version, kind_name));
    if own.is_none() && kinds::is_unknown_carrier(api_version, kind_name) {
        found.unknown_carriers.push(carrier(object, api_version, kind_name));
        return;
    }
    let listed = || kinds::find(api_version, kind_name).or_else(|| kinds::find_misplaced(api_version, kind_name));
    let Some(kind) = own.map(|_| &kinds::OWN).or_else(listed) else {
        if kinds::holds_a_pod(api_version, object) {
            found.unknown_carriers.push(carrier(object, api_version, kind_name));
        }
        return;
    };
    let ways = own.into_iter().flat_map(|own| own.pods.iter().map(String::as_str));
    let (mut is_carrier, before) = (false, found.workloads.len());
    for (template_path, template) in ways.chain(kind.pods.iter().copied()).flat_map(|way| reach(object, way)) {
        if kind.shape == Shape::Spec && template.get("containers").is_none() {
            // A model server whose pod the operator makes, for one. An object is named once.
            if !std::mem::replace(&mut is_carrier, true) {
                found.unknown_carriers.push(carrier(object, api_version, kind_name));
            }
            continue;
        }
        found.workloads.push(Workload {
            kind,
            kind_name,
            item: found_object.item,
            object,
            object_path: found_object.path.clone(),
            template_path,
            template,
            shape: shape(kind, template),
            api_version,
            namespace: object.at(&["metadata", "namespace"]).and_then(NodeRef::as_str),
            name: name(object),
            line: object.line(),
        });
    }
    // A Job whose containers stand where a Pod has them, for one: whatever it is meant to be, somebody should look.
    if !is_carrier && found.workloads.len() == before && kinds::holds_containers(object) {
        found.unknown_carriers.push(carrier(object, api_version, kind_name));
    }
}

fn name<'d>(object: NodeRef<'d>) -> &'d str {
    let text = |key| object.at(&["metadata", key]).and_then(NodeRef::as_str);
    text("name").or_else(|| text("generateName")).unwrap_or("")
}

fn carrier(object: NodeRef, api_version: &str, kind: &str) -> Carrier {
    let namespace = object.at(&["metadata", "namespace"]).and_then(NodeRef::as_str);
    Carrier {
        api_version: api_version.to_string(),
        kind: kind.to_string(),
        namespace: namespace.map(str::to_string),
        name: name(object).to_string(),
        line: object.line(),
    }
}

fn shape(kind: &Kind, template: NodeRef) -> Shape {
    match kind.shape {
        Shape::Either if template.get("spec").is_none() && template.get("containers").is_some() => Shape::Spec,
        Shape::Either => Shape::Template,
        stated => stated,
    }
}

/// The nodes at the end of a way, `*` being every item of a list or entry of a mapping.
fn reach<'d>(object: NodeRef<'d>, way: &str) -> Vec<(FieldPath, NodeRef<'d>)> {
    let mut reached = vec![(FieldPath::default(), object)];
    for step in way.split('.').filter(|step| !step.is_empty()) {
        reached = reached
            .into_iter()
            .flat_map(|(path, node)| step_into(&path, node, step))
            .collect();
    }
    reached
}

fn step_into<'d>(path: &FieldPath, node: NodeRef<'d>, step: &str) -> Vec<(FieldPath, NodeRef<'d>)> {
    if step != "*" {
        return node
            .get(step)
            .map(|child| (path.key(step.to_string()), child))
            .into_iter()
            .collect();
    }
    let items = node.items().enumerate().map(|(i, item)| (path.index(i), item));
    let entries = node
        .entries()
        .filter_map(|(k, v)| Some((path.key(k.text()?.to_string()), v)));
    items.chain(entries).collect()
}
