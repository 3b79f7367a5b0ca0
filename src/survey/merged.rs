//! Mappings with their merge keys (`<<`) resolved, as the programs do that read compose files and those of skaffold.

use std::collections::BTreeMap;

use crate::yaml::NodeRef;

/// Mappings that are merged into each other; more is nothing that somebody wrote.
const MAX_DEPTH: usize = 20;

/// What a mapping says, its own keys before those that it merges.
#[derive(Debug, Default)]
pub(super) struct Merged<'d> {
    entries: BTreeMap<&'d str, NodeRef<'d>>,
    /// Whether it may say more, or something else.
    pub(super) is_open: bool,
}

impl<'d> Merged<'d> {
    pub(super) fn of(node: Option<NodeRef<'d>>) -> Merged<'d> {
        let mut merged = Merged::default();
        if let Some(node) = node {
            merged.add(node, MAX_DEPTH);
        }
        merged
    }

    pub(super) fn get(&self, key: &str) -> Option<NodeRef<'d>> {
        self.entries.get(key).copied()
    }

    /// The characters under a key; none for a collection and for nothing.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        let value = self.get(key).filter(|value| !value.is_null());
        value.and_then(NodeRef::text).map(str::to_string)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&'d str, NodeRef<'d>)> {
        self.entries.iter().map(|(key, value)| (*key, *value))
    }

    fn add(&mut self, node: NodeRef<'d>, depth: usize) {
        let is_merge = |key: NodeRef<'d>| key.key_text() == Some("<<");
        // Of a key that stands twice, the last counts.
        for (key, value) in node.entries().rev().filter(|(key, _)| !is_merge(*key)) {
            match key.key_text() {
                Some(key) => {
                    self.entries.entry(key).or_insert(value);
                }
                None => self.is_open = true,
            }
        }
        for (_, value) in node.entries().filter(|(key, _)| is_merge(*key)) {
            // In quotes it is a merge key for some readers and none for others.
            self.is_open |= node.merge_key().is_none();
            self.merge(value, depth);
        }
    }

    /// A mapping, or a list of them of which the first that says something counts.
    fn merge(&mut self, value: NodeRef<'d>, depth: usize) {
        let one = [value].into_iter().filter(|value| !value.is_sequence());
        for source in one.chain(value.items()) {
            match depth.checked_sub(1) {
                Some(depth) if source.is_mapping() => self.add(source, depth),
                _ => self.is_open = true,
            }
        }
    }
}
