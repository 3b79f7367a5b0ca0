//! Namespace objects, and the labels by which a namespace tells Pod Security what it asks of its pods. What the values
//! mean, `checks` says.

use std::str::FromStr;

use super::kinds;
use super::objects::{Object, objects};
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
    objects(root).into_iter().filter_map(read).collect()
}

fn read(found: Object<'_>) -> Option<Namespace<'_>> {
    if found.kind() != Some("Namespace") || found.api_version() != Some("v1") {
        return None;
    }
    let object = found.node;
    Some(Namespace {
        object,
        object_path: found.path,
        item: found.item,
        name: object.at(&["metadata", "name"]).and_then(NodeRef::as_str)?,
        line: object.line(),
    })
}
