//! The objects of a document: its own, or the items of a list of objects, lists in them included. What they are, the
//! readers of kinds say.

use std::collections::BTreeSet;

use crate::yaml::{FieldPath, NodeRef};

/// An object of a document.
#[derive(Debug, Clone)]
pub struct Object<'d> {
    pub node: NodeRef<'d>,
    /// From the document's root.
    pub path: FieldPath,
    /// Index in the `items` of the outermost list.
    pub item: Option<usize>,
    listed_as: Option<Listed<'d>>,
}

/// What a list of a kind, such as `PodList`, says of its items.
#[derive(Debug, Clone, Copy)]
struct Listed<'d> {
    api_version: Option<&'d str>,
    kind: &'d str,
}

impl<'d> Object<'d> {
    /// As it says it, or the list of a kind in which it stands.
    pub fn api_version(&self) -> Option<&'d str> {
        self.text("apiVersion").or_else(|| self.listed_as?.api_version)
    }

    /// The same for its kind.
    pub fn kind(&self) -> Option<&'d str> {
        self.text("kind").or_else(|| Some(self.listed_as?.kind))
    }

    fn text(&self, key: &str) -> Option<&'d str> {
        self.node.get(key).and_then(NodeRef::as_str)
    }

    /// The `items` of a list of objects.
    fn items(&self) -> Option<NodeRef<'d>> {
        self.kind().filter(|kind| kind.ends_with("List"))?;
        self.node.get("items").filter(|items| items.is_sequence())
    }

    /// What a list says of its items; nothing where it may hold any.
    fn of_items(&self) -> Option<Listed<'d>> {
        let kind = self.kind()?.strip_suffix("List").filter(|kind| !kind.is_empty())?;
        let api_version = self.api_version();
        Some(Listed { api_version, kind })
    }
}

/// All objects of a document, in the order of the text. A list to which several aliases lead is walked once, so that
/// aliases of aliases cost no more than their text.
pub fn objects(root: NodeRef<'_>) -> Vec<Object<'_>> {
    let mut found = Vec::new();
    let mut walked = BTreeSet::new();
    let mut pending = vec![Object {
        node: root,
        path: FieldPath::default(),
        item: None,
        listed_as: None,
    }];
    while let Some(object) = pending.pop() {
        let Some(items) = object.items() else {
            found.push(object);
            continue;
        };
        if !walked.insert(object.node.id()) {
            continue;
        }
        let (list, listed_as) = (object.path.key("items"), object.of_items());
        let inside = items.items().enumerate().map(|(index, node)| Object {
            node,
            path: list.index(index),
            item: object.item.or(Some(index)),
            listed_as,
        });
        // The last comes off first.
        let inside: Vec<Object<'_>> = inside.collect();
        pending.extend(inside.into_iter().rev());
    }
    found
}
