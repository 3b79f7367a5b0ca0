//! Namespace objects, and the labels by which a namespace tells Pod Security what it asks of its pods. What the values
//! mean, `checks` says.

use std::str::FromStr;

use super::kinds;
use crate::yaml::{FieldPath, NodeRef};

/// All labels of Pod Security begin with it.
pub const LABEL_PREFIX: &str = "pod-security.kubernetes.io/";

/// What becomes of a pod that violates: it is refused, noted in the audit log, or warned of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    Enforce,
    Audit,
    Warn,
}

/// A Namespace object of a document.
#[derive(Debug, Clone)]
pub struct Namespace<'d> {
    pub object: NodeRef<'d>,
    /// From the document's root to the object.
    pub object_path: FieldPath,
    /// Index in the `items` of the outermost list object.
    pub item: Option<usize>,
    /// As the object says it.
    pub name: &'d str,
    pub line: usize,
}

impl Mode {
    /// In the order in which they are written.
    pub const ALL: [Mode; 3] = [Mode::Enforce, Mode::Audit, Mode::Warn];

    pub fn name(self) -> &'static str {
        match self {
            Mode::Enforce => "enforce",
            Mode::Audit => "audit",
            Mode::Warn => "warn",
        }
    }

    /// The label that says the level.
    pub fn level_label(self) -> String {
        format!("{LABEL_PREFIX}{}", self.name())
    }

    /// The label that says the policy version.
    pub fn version_label(self) -> String {
        format!("{LABEL_PREFIX}{}-version", self.name())
    }
}

impl FromStr for Mode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Mode, Self::Err> {
        let mut all = Mode::ALL.into_iter();
        all.find(|mode| mode.name() == text)
            .ok_or("must be one of enforce, audit, warn")
    }
}

impl<'d> Namespace<'d> {
    pub fn labels(&self) -> Option<NodeRef<'d>> {
        self.object
            .at(&["metadata", "labels"])
            .filter(|labels| !labels.is_null())
    }

    /// One label: its text, and the value's node; null reads as empty.
    pub fn label(&self, label: &str) -> Option<(&'d str, NodeRef<'d>)> {
        let node = self.labels()?.get(label)?;
        Some((node.as_str().or(node.text()).unwrap_or(""), node))
    }
}

/// Whether bytes may hold a Namespace object. May say yes too often.
pub fn shows_namespace(bytes: &[u8]) -> bool {
    kinds::names_kind(bytes, "Namespace") || kinds::names_kind(bytes, "NamespaceList")
}

/// The Namespace objects of a document that have a name: its object, or the items of a list of objects, lists in them
/// included. The items of a typed list need not say what they are.
pub fn find<'d>(root: NodeRef<'d>) -> Vec<Namespace<'d>> {
    let mut found = Vec::new();
    let mut pending = vec![(root, FieldPath::default(), None, false)];
    while let Some((object, path, item, is_typed)) = pending.pop() {
        let kind = object.get("kind").and_then(NodeRef::as_str).unwrap_or("");
        match object
            .get("items")
            .filter(|items| kind.ends_with("List") && items.is_sequence())
        {
            Some(items) => {
                let inside = items.items().enumerate().map(|(index, object)| {
                    let path = path.key("items").index(index);
                    (object, path, item.or(Some(index)), kind == "NamespaceList")
                });
                let inside: Vec<_> = inside.collect();
                pending.extend(inside.into_iter().rev());
            }
            None => found.extend(read(object, path, item, is_typed)),
        }
    }
    found
}

fn read(object: NodeRef<'_>, object_path: FieldPath, item: Option<usize>, is_typed: bool) -> Option<Namespace<'_>> {
    let is = |key: &str, wanted: &str| match object.get(key) {
        Some(node) => node.as_str() == Some(wanted),
        None => is_typed,
    };
    if !is("kind", "Namespace") || !is("apiVersion", "v1") {
        return None;
    }
    Some(Namespace {
        object,
        object_path,
        item,
        name: object.at(&["metadata", "name"]).and_then(NodeRef::as_str)?,
        line: object.line(),
    })
}
