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
    /// What a list of a kind, such as `PodList`, says of its items: their API version, if it has one, and their kind.
    listed_as: Option<(Option<&'d str>, &'d str)>,
}

impl<'d> Object<'d> {
    /// As it says it, or the list of a kind in which it stands.
    pub fn api_version(&self) -> Option<&'d str> {
        self.text("apiVersion")
            .or_else(|| self.listed_as.and_then(|(api_version, _)| api_version))
    }

    /// The same for its kind.
    pub fn kind(&self) -> Option<&'d str> {
        self.text("kind").or_else(|| self.listed_as.map(|(_, kind)| kind))
    }

    fn text(&self, key: &str) -> Option<&'d str> {
        self.node.get(key).and_then(NodeRef::as_str)
    }

    /// The `items` of a list of objects, and what it says of them.
    fn list(&self) -> Option<(NodeRef<'d>, Option<(Option<&'d str>, &'d str)>)> {
        let of_kind = self.kind()?.strip_suffix("List")?;
        let items = self.node.get("items").filter(|items| items.is_sequence())?;
        Some((items, (!of_kind.is_empty()).then(|| (self.api_version(), of_kind))))
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
        let Some((items, listed_as)) = object.list() else {
            found.push(object);
            continue;
        };
        if !walked.insert(object.node.id()) {
            continue;
        }
        let list = object.path.key("items");
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
