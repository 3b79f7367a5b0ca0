//! What one document is once it was read: an arena of nodes, each with its byte span. `parse` makes it; `node` reads it
//! by key; `edit` asks where things stand.

use std::collections::HashSet;

/// Index of a node in its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(super) usize);

/// One parsed document. Offsets are relative to `text`.
#[derive(Debug, Clone)]
pub struct Document<'t> {
    pub text: &'t str,
    /// Byte offset of `text` in the file.
    pub offset: usize,
    /// 1-based line of the file on which `text` starts.
    pub line: usize,
    /// Whether kubectl reads its file as JSON.
    pub json: bool,
    /// Where its lines start, the first left out.
    pub(super) lines: Vec<usize>,
    /// Where its comments start, in the order of the text.
    pub(super) comments: Vec<usize>,
    pub(super) nodes: Vec<Node>,
    pub(super) root: Option<NodeId>,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// First byte of the content, after anchor and tag.
    pub(super) start: usize,
    /// Just after the last byte; a block scalar ends before the line end of its last line.
    pub(super) end: usize,
    pub(super) parent: Option<NodeId>,
    pub(super) anchored: bool,
    /// The tag as written in long form, without `!` or `tag:yaml.org,2002:` for YAML's own (`!!str` is `(true, "str")`).
    pub(super) tag: Option<(bool, Box<str>)>,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// `value` is `None` where it is the source slice itself.
    Scalar {
        style: Style,
        value: Option<Box<str>>,
    },
    Sequence {
        flow: bool,
        items: Vec<NodeId>,
    },
    Mapping {
        flow: bool,
        entries: Vec<(NodeId, NodeId)>,
    },
    Alias {
        target: NodeId,
    },
}

impl Kind {
    /// Whether it is a collection in brackets.
    pub(super) fn is_flow(&self) -> bool {
        matches!(
            self,
            Kind::Mapping { flow: true, .. } | Kind::Sequence { flow: true, .. }
        )
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Nothing is written: `key:` and no value.
    Absent,
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Block,
}

impl Document<'_> {
    /// 1-based line of the file at an offset of this document.
    pub fn line_at(&self, at: usize) -> usize {
        self.line + self.lines.partition_point(|start| *start <= at)
    }

    /// Byte column of an offset, from 0.
    pub(super) fn column_at(&self, at: usize) -> usize {
        let before = self.lines.partition_point(|start| *start <= at);
        let line_start = before.checked_sub(1).and_then(|last| self.lines.get(last));
        at - line_start.copied().unwrap_or(0)
    }

    /// Spans of the scalars in the order of the text.
    pub fn scalar_spans(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.nodes
            .iter()
            .filter(|n| matches!(n.kind, Kind::Scalar { .. }))
            .map(|n| (n.start, n.end))
    }

    /// 1-based line of a mapping used as a key, or of a collection that opens with `{{` or `{%`: no manifest but a
    /// template has these.
    pub fn template_line(&self) -> Option<usize> {
        let opens_template = |n: &Node| {
            let open = self.text.get(n.start..n.start + 2);
            matches!(n.kind, Kind::Mapping { flow: true, .. }) && matches!(open, Some("{{" | "{%"))
        };
        let is_collection = |id: &NodeId| !matches!(self.nodes[id.0].kind, Kind::Scalar { .. } | Kind::Alias { .. });
        let has_collection_key = |n: &Node| match &n.kind {
            Kind::Mapping { entries, .. } => entries.iter().any(|(k, _)| is_collection(k)),
            _ => false,
        };
        self.nodes
            .iter()
            .find(|n| opens_template(n) || has_collection_key(n))
            .map(|n| self.line_at(n.start))
    }

    /// Where an anchor has a name that another had before it, and the name.
    pub fn repeated_anchor(&self) -> Option<(usize, &str)> {
        let mut names = HashSet::new();
        let mut at = 0;
        let ends = self.scalar_spans().chain([(self.text.len(), self.text.len())]);
        ends.flat_map(|(start, end)| {
            let gap = anchors(self.text, at, start);
            at = at.max(end);
            gap
        })
        .find(|(_, name)| !names.insert(*name))
    }
}

/// The anchors in a part of a text that holds no scalar.
fn anchors(text: &str, from: usize, to: usize) -> Vec<(usize, &str)> {
    let is_end = |c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '{' | '}');
    let (mut found, mut at) = (Vec::new(), from);
    while let Some(rest) = text.get(at..to).filter(|rest| !rest.is_empty()) {
        let word = rest.find(is_end).unwrap_or(rest.len());
        at += match rest.as_bytes()[0] {
            b'#' => rest.find('\n').unwrap_or(rest.len()),
            b'&' => {
                found.push((at, &rest[1..word]));
                word
            }
            // A quoted key may have it without a blank behind.
            b':' => 1,
            _ => word.max(rest.chars().next().map_or(1, char::len_utf8)),
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::{parse, split};

    #[test]
    fn anchors_are_told_from_what_looks_like_them() {
        let table: [(&str, Option<&str>); 7] = [
            ("a: &x 1\nb: &y 2\n", None),
            ("a: &x 1 # &x\n# &x\nb: '&x'\nc: R&x\n", None),
            ("a: &x 1\nb: *x\nc: !t&x 2\n", None),
            ("a: &x 1\nb:\n  &x\n  - 2\n", Some("x")),
            ("a: &x 1\nb: {c: [&y {\"d\":&x 2}]}\n", Some("x")),
            ("&x a: &y 1\nb: |\n  &y\nc: !t &y 2\n", Some("y")),
            ("a: &é 1\nb: &é 2\n", Some("é")),
        ];
        for (text, wanted) in table {
            let document = parse(&split(text)[0]).expect(text);
            assert_eq!(document.repeated_anchor().map(|(_, name)| name), wanted, "{text:?}");
        }
    }
}
