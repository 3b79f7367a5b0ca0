//! The workloads of a document: which objects carry a pod, and where it is. Whether a pod is sound, the checks say.

use super::kinds::{self, Kind};
use crate::yaml::{FieldPath, NodeRef};

/// An object that carries a pod.
#[derive(Debug, Clone)]
pub struct Workload<'d> {
    pub kind: &'static Kind,
    /// Index in the `items` of a list object.
    pub item: Option<usize>,
    pub object: NodeRef<'d>,
    /// From the document's root to the object.
    pub object_path: FieldPath,
    /// From the object to what holds the pod's `metadata` and `spec`.
    pub template_path: FieldPath,
    pub template: NodeRef<'d>,
    pub api_version: &'d str,
    pub namespace: Option<&'d str>,
    pub name: &'d str,
    pub line: usize,
}

/// What a document holds.
#[derive(Debug, Default)]
pub struct Found<'d> {
    pub workloads: Vec<Workload<'d>>,
    /// Objects that run containers in a shape of their own: kind and line.
    pub unknown_carriers: Vec<(String, usize)>,
}

/// Finds the workloads of a document: its object, or the items of a list of objects.
pub fn find<'d>(root: NodeRef<'d>) -> Found<'d> {
    let mut found = Found::default();
    let kind = root.get("kind").and_then(NodeRef::as_str).unwrap_or("");
    match root
        .get("items")
        .filter(|items| kind.ends_with("List") && items.is_sequence())
    {
        Some(items) => {
            for (index, item) in items.items().enumerate() {
                let path = FieldPath::default().key("items").index(index);
                collect(item, Some(index), &path, &mut found);
            }
        }
        None => collect(root, None, &FieldPath::default(), &mut found),
    }
    found
}

fn collect<'d>(object: NodeRef<'d>, item: Option<usize>, path: &FieldPath, found: &mut Found<'d>) {
    let text = |keys: &[&str]| object.at(keys).and_then(NodeRef::as_str);
    let (Some(api_version), Some(kind_name)) = (text(&["apiVersion"]), text(&["kind"])) else {
        return;
    };
    if kinds::is_unknown_carrier(api_version, kind_name) {
        found.unknown_carriers.push((kind_name.to_string(), object.line()));
        return;
    }
    let Some(kind) = kinds::find(api_version, kind_name) else {
        return;
    };
    for (template_path, template) in templates(object, kind.template) {
        found.workloads.push(Workload {
            kind,
            item,
            object,
            object_path: path.clone(),
            template_path,
            template,
            api_version,
            namespace: text(&["metadata", "namespace"]),
            name: text(&["metadata", "name"])
                .or_else(|| text(&["metadata", "generateName"]))
                .unwrap_or(""),
            line: object.line(),
        });
    }
}

/// The nodes at a path, `*` being every item of a list or entry of a mapping.
fn templates<'d>(object: NodeRef<'d>, path: &[&str]) -> Vec<(FieldPath, NodeRef<'d>)> {
    let mut reached = vec![(FieldPath::default(), object)];
    for step in path {
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
            .map(|child| (path.key(step), child))
            .into_iter()
            .collect();
    }
    let items = node.items().enumerate().map(|(i, item)| (path.index(i), item));
    let entries = node.entries().filter_map(|(k, v)| Some((path.key(k.text()?), v)));
    items.chain(entries).collect()
}
