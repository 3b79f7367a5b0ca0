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

    /// Whether nothing is set here or below.
    pub(super) fn only_removes(&self) -> bool {
        match self {
            Want::Remove => true,
            Want::Set { .. } => false,
            Want::Fields(fields) => fields.iter().all(|(_, want)| want.only_removes()),
        }
    }

    /// As fields that further changes can go below; a collection that was to be set becomes its entries.
    fn opened(&mut self) -> &mut Want {
        let entry = |step: Step, value: &Value| {
            let value = value.clone();
            (step, Want::Set { value, comment: None })
        };
        let fields = match self {
            Want::Fields(_) => return self,
            Want::Set {
                value: Value::Map(entries),
                ..
            } => entries
                .iter()
                .filter_map(|(key, value)| match key {
                    Value::Str(key) => Some(entry(Step::Key(key.clone()), value)),
                    _ => None,
                })
                .collect(),
            Want::Set {
                value: Value::List(items),
                ..
            } => items
                .iter()
                .enumerate()
                .map(|(i, item)| entry(Step::Index(i), item))
                .collect(),
            Want::Set { .. } | Want::Remove => Vec::new(),
        };
        *self = Want::Fields(fields);
        self
    }

    /// A later change of the same field replaces the earlier one.
    fn insert(&mut self, path: &[Step], leaf: Want) {
        let Some((step, rest)) = path.split_first() else {
            *self = leaf;
            return;
        };
        let Want::Fields(fields) = self.opened() else { return };
        let index = fields.iter().rposition(|(s, _)| s == step).unwrap_or_else(|| {
            fields.push((step.clone(), Want::Fields(Vec::new())));
            fields.len() - 1
        });
        fields[index].1.insert(rest, leaf);
    }
}
