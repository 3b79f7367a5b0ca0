//! Documents that become far larger where their aliases are followed.

use crate::yaml::NodeRef;

/// Nodes that aliases may add to those in the text.
const ALIASED_NODES: usize = 10_000;

/// Whether following aliases visits far more nodes than the text can hold: what reads such a document takes its time.
pub(super) fn is_alias_bomb(root: NodeRef<'_>, text_bytes: usize) -> bool {
    root.holds_more_than(text_bytes.saturating_add(ALIASED_NODES))
}
