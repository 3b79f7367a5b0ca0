//! A pod and its containers as the API server's decoder sees them: null is absent, keys are case-sensitive, and some
//! absent fields get defaults. Says what stands where; whether it is allowed, `checks` says.

use std::collections::BTreeMap;

use crate::yaml::{FieldPath, NodeRef};

/// Node labels that say the operating system.
const OS_LABELS: &[&str] = &["kubernetes.io/os", "beta.kubernetes.io/os"];
/// Where a pod says to which nodes alone it goes, beside its node selector: it may go where one of these terms holds.
const NODE_TERMS: &[&str] = &[
    "affinity",
    "nodeAffinity",
    "requiredDuringSchedulingIgnoredDuringExecution",
    "nodeSelectorTerms",
];

/// Which view of the manifest is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defaults {
    /// What admission sees: after the API server's defaulting. The view for everything but tests.
    ApiServer,
    /// The bare decoded object, as the upstream evaluator alone would see it.
    None,
}

/// A pod spec with what surrounds it. Paths are relative to the object that carries the pod.
#[derive(Debug, Clone)]
pub struct Pod<'d> {
    pub spec: NodeRef<'d>,
    pub metadata: Option<NodeRef<'d>>,
    /// Of `spec`.
    pub path: FieldPath,
    pub metadata_path: FieldPath,
    /// The object is a `Pod` itself, not a template: the API server defaults more.
    pub is_pod_kind: bool,
    pub defaults: Defaults,
    containers: Vec<Container<'d>>,
    annotations: BTreeMap<&'d str, (&'d str, NodeRef<'d>)>,
}

/// The list a container stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    Init,
    Regular,
    Ephemeral,
}

#[derive(Debug, Clone)]
pub struct Container<'d> {
    pub node: NodeRef<'d>,
    pub path: FieldPath,
    pub class: Class,
    /// In its list.
    pub index: usize,
    /// Empty where absent.
    pub name: &'d str,
}

/// A place that has a `securityContext` of its own: the pod or one container.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'p, 'd> {
    pub node: NodeRef<'d>,
    pub path: &'p FieldPath,
    /// `None` for the pod.
    pub container: Option<&'d str>,
}

impl Class {
    /// In the order in which Pod Security visits them.
    pub const ALL: [Class; 3] = [Class::Init, Class::Regular, Class::Ephemeral];

    /// The field of the pod spec that lists them.
    pub fn field(self) -> &'static str {
        match self {
            Class::Init => "initContainers",
            Class::Regular => "containers",
            Class::Ephemeral => "ephemeralContainers",
        }
    }

    /// Whether a field of the pod spec lists containers.
    pub fn is_list(key: &str) -> bool {
        Class::ALL.iter().any(|class| class.field() == key)
    }
}

impl<'d> Pod<'d> {
    /// The pod of a template (or of a `Pod`, which is its own template) at `path` of its object; `None` without a spec.
    pub fn in_template(template: NodeRef<'d>, path: &FieldPath, is_pod_kind: bool) -> Option<Pod<'d>> {
        let spec = template.get("spec").filter(|spec| spec.is_mapping())?;
        let metadata = template.get("metadata").filter(|metadata| !metadata.is_null());
        Some(Pod::new(
            (spec, path.key("spec")),
            (metadata, path.key("metadata")),
            is_pod_kind,
        ))
    }

    pub fn new(
        (spec, path): (NodeRef<'d>, FieldPath),
        (metadata, metadata_path): (Option<NodeRef<'d>>, FieldPath),
        is_pod_kind: bool,
    ) -> Pod<'d> {
        let containers = Class::ALL
            .into_iter()
            .flat_map(|class| containers_of(spec, &path, class))
            .collect();
        Pod {
            spec,
            metadata,
            path,
            metadata_path,
            is_pod_kind,
            defaults: Defaults::ApiServer,
            containers,
            annotations: metadata.map(annotations_of).unwrap_or_default(),
        }
    }

    /// Gives the first regular container the name that its API gives it where it has none.
    pub fn name_first_container(&mut self, name: &'d str) {
        let is_taken = self.containers.iter().any(|container| container.name == name);
        let first = self.containers.iter_mut().find(|c| c.class == Class::Regular);
        if let Some(first) = first.filter(|first| first.name.is_empty() && !is_taken) {
            first.name = name;
        }
    }

    /// The same pod without the API server's defaults.
    #[must_use]
    pub fn without_defaults(mut self) -> Pod<'d> {
        self.defaults = Defaults::None;
        self
    }

    /// All containers in the order in which Pod Security visits them: init, regular, ephemeral.
    pub fn containers(&self) -> impl Iterator<Item = &Container<'d>> {
        self.containers.iter()
    }

    /// The pod as the scope of its own `securityContext`.
    pub fn scope(&self) -> Scope<'_, 'd> {
        Scope {
            node: self.spec,
            path: &self.path,
            container: None,
        }
    }

    /// The scopes of all containers, in visiting order.
    pub fn container_scopes(&self) -> impl Iterator<Item = Scope<'_, 'd>> {
        self.containers().map(Container::scope)
    }

    /// The pod, then its containers.
    pub fn scopes(&self) -> impl Iterator<Item = Scope<'_, 'd>> {
        std::iter::once(self.scope()).chain(self.container_scopes())
    }

    pub fn is_windows(&self) -> bool {
        self.scope().str(&["os", "name"]) == Some("windows")
    }

    /// The label of nodes, or the required affinity to nodes, that sends the pod to Windows, whether or not the pod says
    /// that it is one.
    pub fn windows_selector(&self) -> Option<NodeRef<'d>> {
        let mut selected = OS_LABELS
            .iter()
            .filter_map(|label| self.spec.at(&["nodeSelector", label]));
        let label = selected.find(|os| os.as_str() == Some("windows"));
        label.or_else(|| {
            let terms = self.scope().get(NODE_TERMS)?;
            let asks = |term: NodeRef| term.list("matchExpressions").any(asks_for_windows);
            (terms.items().next().is_some() && terms.items().all(asks)).then_some(terms)
        })
    }

    /// Runs in a user namespace of its own (`hostUsers: false`).
    pub fn has_user_namespace(&self) -> bool {
        self.scope().bool(&["hostUsers"]) == Some(false)
    }

    /// One annotation: its value (null reads as empty) and the value's node.
    pub fn annotation(&self, key: &str) -> Option<(&'d str, NodeRef<'d>)> {
        self.annotations.get(key).copied()
    }

    /// `metadata.annotations` of the pod, sorted by key: key, value (null reads as empty), the value's node.
    pub fn annotations(&self) -> impl Iterator<Item = (&'d str, &'d str, NodeRef<'d>)> {
        self.annotations
            .iter()
            .map(|(key, (value, node))| (*key, *value, *node))
    }
}

/// Whether an expression about the labels of nodes leaves those of Windows alone.
fn asks_for_windows(expression: NodeRef) -> bool {
    let text = |key| expression.get(key).and_then(NodeRef::text).unwrap_or("");
    let values: Vec<&str> = expression.list("values").filter_map(NodeRef::text).collect();
    OS_LABELS.contains(&text("key"))
        && match text("operator") {
            "In" => !values.is_empty() && values.iter().all(|value| *value == "windows"),
            "NotIn" => values.contains(&"linux"),
            _ => false,
        }
}

/// Where a key stands twice, the last one counts.
fn annotations_of(metadata: NodeRef<'_>) -> BTreeMap<&str, (&str, NodeRef<'_>)> {
    let entries = metadata.get("annotations").into_iter().flat_map(NodeRef::entries);
    let read = entries.filter_map(|(key, node)| {
        let text = if node.is_null() { Some("") } else { node.as_str() };
        Some((key.key_text()?, (text?, node)))
    });
    read.collect()
}

fn containers_of<'d>(spec: NodeRef<'d>, path: &FieldPath, class: Class) -> Vec<Container<'d>> {
    let Some(list) = spec.get(class.field()) else {
        return Vec::new();
    };
    let list_path = path.key(class.field());
    let container = |(index, node): (usize, NodeRef<'d>)| Container {
        node,
        path: list_path.index(index),
        class,
        index,
        name: node.get("name").and_then(NodeRef::as_str).unwrap_or(""),
    };
    list.items().enumerate().map(container).collect()
}

impl<'d> Container<'d> {
    pub fn scope(&self) -> Scope<'_, 'd> {
        Scope {
            node: self.node,
            path: &self.path,
            container: Some(self.name),
        }
    }
}

impl<'p, 'd> Scope<'p, 'd> {
    /// A field by its keys; null counts as absent.
    pub fn get(&self, keys: &[&str]) -> Option<NodeRef<'d>> {
        self.node.at(keys).filter(|node| !node.is_null())
    }

    pub fn bool(&self, keys: &[&str]) -> Option<bool> {
        self.get(keys)?.as_bool()
    }

    pub fn int(&self, keys: &[&str]) -> Option<i128> {
        self.get(keys)?.as_int()
    }

    pub fn str(&self, keys: &[&str]) -> Option<&'d str> {
        self.get(keys)?.as_str()
    }

    /// The items of a list with their indices; nothing where it is absent. Items may be null.
    pub fn list(&self, keys: &[&str]) -> impl Iterator<Item = (usize, NodeRef<'d>)> + use<'d> {
        self.get(keys).into_iter().flat_map(NodeRef::items).enumerate()
    }

    /// The path of a field of this scope, relative to the object.
    pub fn field(&self, keys: &[&'static str]) -> FieldPath {
        self.path.below(keys)
    }

    /// The line of a field, or of the nearest thing around it that is written.
    pub fn line(&self, keys: &[&str]) -> usize {
        let mut node = self.node;
        for key in keys {
            match node.get(key) {
                Some(child) => node = child,
                None => break,
            }
        }
        node.line()
    }
}
