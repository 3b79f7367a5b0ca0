//! Documents that become far larger where their aliases are followed.

use crate::yaml::NodeRef;

/// Nodes that aliases may add to those in the text.
const ALIASED_NODES: usize = 10_000;

/// Whether following aliases visits far more nodes than the text can hold: what reads such a document takes its time.
pub(super) fn is_alias_bomb(root: NodeRef<'_>, text_bytes: usize) -> bool {
    let mut allowed = text_bytes.saturating_add(ALIASED_NODES);
    let mut pending = vec![root];
    while let Some(node) = pending.pop() {
        if allowed == 0 {
            return true;
        }
        allowed -= 1;
        pending.extend(node.items());
        pending.extend(node.entries().map(|(_, value)| value));
    }
    false
}
