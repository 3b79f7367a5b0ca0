//! The changes of a document as a tree, so that fields with a common missing parent are written together.

use super::super::{Change, Step, Value};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Want {
    Set {
        value: Value,
        comment: Option<&'static str>,
    },
    Remove,
    /// Changes below; in the order in which they were planned.
    Fields(Vec<(Step, Want)>),
}

impl Want {
    pub(super) fn from_changes(changes: &[Change]) -> Want {
        let mut root = Want::Fields(Vec::new());
        for change in changes {
            let leaf = match &change.to {
                Some(value) => Want::Set {
                    value: value.clone(),
                    comment: change.comment,
                },
                None => Want::Remove,
            };
            root.insert(&change.path.0, leaf);
        }
        root
    }

    /// A later change of the same field replaces the earlier one.
    fn insert(&mut self, path: &[Step], leaf: Want) {
        let Some((step, rest)) = path.split_first() else {
            *self = leaf;
            return;
        };
        if !matches!(self, Want::Fields(_)) {
            *self = Want::Fields(Vec::new());
        }
        let Want::Fields(fields) = self else { return };
        let index = fields.iter().rposition(|(s, _)| s == step).unwrap_or_else(|| {
            fields.push((step.clone(), Want::Fields(Vec::new())));
            fields.len() - 1
        });
        fields[index].1.insert(rest, leaf);
    }
}
