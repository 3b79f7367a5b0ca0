//! Reads the local style: indentation, dashes, line ends, quotes; and small questions about nodes.

use super::super::Meaning;
use super::super::document::{Kind, Node, NodeId, Style};
use super::super::scalar::resolve_plain;
use super::super::span::{line_end, line_start};
use super::editor::{Editor, Refusal, RefusalKind};
use super::emit::{BlockLayout, FlowLayout};

const LF: &str = "\n";
const CRLF: &str = "\r\n";
const DEFAULT_STEP: usize = 2;
const DEFAULT_GAP: usize = 2;

impl Editor<'_> {
    /// The style nearest to a block collection: its own children's, else that of the mappings around it.
    pub(super) fn block_layout(&self, near: NodeId, at: usize) -> BlockLayout {
        let is_list = |node: &Node| matches!(node.kind, Kind::Sequence { flow: false, .. });
        let step = self.step(near);
        let dash = self.nearest(near, |k, v| self.columns_below(k, v).filter(|_| is_list(v)));
        let dash = dash.unwrap_or(step);
        let own_gap = self.gap(self.node(near));
        let gap = own_gap
            .or_else(|| self.nearest(near, |_, value| self.gap(value)))
            .unwrap_or(DEFAULT_GAP);
        let (quoted_keys, quoted_strings) = self.block_quotes(near);
        BlockLayout {
            step,
            dash,
            gap,
            quoted_keys,
            quoted_strings,
            eol: self.eol(at),
        }
    }

    /// Columns from the keys of a mapping to those of a mapping below one.
    fn step(&self, near: NodeId) -> usize {
        let is_mapping = |node: &Node| matches!(node.kind, Kind::Mapping { flow: false, .. });
        let step = self.nearest(near, |k, v| self.columns_below(k, v).filter(|_| is_mapping(v)));
        step.unwrap_or(DEFAULT_STEP)
    }

    /// The blanks of one step.
    pub(super) fn unit(&self, near: NodeId) -> String {
        " ".repeat(self.step(near))
    }

    /// Whether all keys of the nearest block mapping are in double quotes, and all of its strings too.
    fn block_quotes(&self, near: NodeId) -> (bool, bool) {
        let mut place = Some(near);
        while let Some(id) = place.filter(|id| self.entries(*id).is_empty()) {
            place = self.node(id).parent;
        }
        let entries = place.map_or(&[][..], |id| self.entries(id));
        let is_quoted = |id: &NodeId| self.style(*id) == Some(Style::DoubleQuoted);
        let keys = !entries.is_empty() && entries.iter().all(|(key, _)| is_quoted(key));
        let is_plain_string = |id: &NodeId| {
            let text = self.key_text(*id).filter(|_| self.style(*id) == Some(Style::Plain));
            text.is_some_and(|text| matches!(resolve_plain(text), Meaning::Str(_)))
        };
        let strings = keys && entries.iter().any(|(_, value)| is_quoted(value));
        (
            keys,
            strings && !entries.iter().any(|(_, value)| is_plain_string(value)),
        )
    }

    /// Columns from a block list's dashes to its items, where the first item starts on the line of its dash.
    fn gap(&self, list: &Node) -> Option<usize> {
        let Kind::Sequence { items, flow: false } = &list.kind else {
            return None;
        };
        let item = self.node(*items.first()?);
        let between = self.document.text.get(list.start + 1..item.start)?;
        (!between.is_empty() && between.bytes().all(|b| b == b' ')).then_some(between.len() + 1)
    }

    /// The nearest answer among the entries of the block mappings at and around `near` whose values start below their
    /// keys, else the first in the document.
    fn nearest(&self, near: NodeId, ask: impl Fn(&Node, &Node) -> Option<usize>) -> Option<usize> {
        let ask = |id: NodeId| {
            let mut entries = self.entries(id).iter().filter(|_| !self.is_flow(id));
            entries.find_map(|(key, value)| {
                let (key, value) = (self.node(*key), self.node(*value));
                self.starts_below(value).then(|| ask(key, value)).flatten()
            })
        };
        let around = std::iter::successors(Some(near), |id| self.node(*id).parent);
        let anywhere = (0..self.document.nodes.len()).map(NodeId);
        around.chain(anywhere).find_map(ask)
    }

    /// Whether only blanks stand before a node on its line.
    fn starts_below(&self, node: &Node) -> bool {
        self.document
            .text
            .get(line_start(self.document.text, node.start)..node.start)
            .is_some_and(|p| p.trim().is_empty())
    }

    /// The line end used just before `at`, else the first of the document.
    pub(super) fn eol(&self, at: usize) -> &'static str {
        let text = self.document.text;
        let before = text.get(..at).unwrap_or(text);
        let crlf = match before.rfind('\n').or_else(|| text.find('\n')) {
            Some(i) => i > 0 && text.as_bytes().get(i - 1) == Some(&b'\r'),
            None => false,
        };
        if crlf { CRLF } else { LF }
    }

    /// How a flow collection is written; an empty one borrows from the collections around it.
    pub(super) fn flow_layout(&self, id: NodeId) -> FlowLayout {
        let model = self.flow_model(id);
        let unit = self.is_multiline(id).then(|| self.flow_unit(id));
        let quoted_keys = model.is_some_and(|(key, _)| self.style(key) == Some(Style::DoubleQuoted));
        let many_lines = unit.is_some();
        let tight = |between: Option<&str>, sign: &str| between.is_some_and(|b| b.trim_start() == sign);
        let colon = model.and_then(|(k, v)| self.document.text.get(self.node(k).end..self.node(v).start));
        let comma = self.between_entries(id);
        FlowLayout {
            quoted_keys,
            quoted_strings: quoted_keys || self.flow_quotes(id).unwrap_or(many_lines),
            trailing_comma: many_lines && !quoted_keys,
            comments: !self.is_json(),
            colon: if tight(colon, ":") && quoted_keys { ":" } else { ": " },
            comma: if tight(comma, ",") { "," } else { ", " },
            unit,
            only_comments: false,
            eol: self.eol(self.node(id).end),
        }
    }

    /// Whether the nearest string in the flow collections at and around a node is in double quotes.
    fn flow_quotes(&self, id: NodeId) -> Option<bool> {
        let mut place = Some(id);
        while let Some(id) = place.filter(|id| self.is_flow(*id)) {
            let children = self.children(id);
            let found = children.iter().find_map(|(_, value)| match self.style(*value)? {
                Style::DoubleQuoted => Some(true),
                Style::SingleQuoted => Some(false),
                Style::Plain => matches!(resolve_plain(self.key_text(*value)?), Meaning::Str(_)).then_some(false),
                Style::Absent | Style::Block => None,
            });
            if found.is_some() {
                return found;
            }
            place = self.node(id).parent;
        }
        None
    }

    /// An entry of the nearest flow mapping at or around a node.
    fn flow_model(&self, id: NodeId) -> Option<(NodeId, NodeId)> {
        let mut place = Some(id);
        while let Some(id) = place.filter(|id| self.is_flow(*id)) {
            if let Some(entry) = self.entries(id).first() {
                return Some(*entry);
            }
            place = self.node(id).parent;
        }
        None
    }

    fn between_entries(&self, id: NodeId) -> Option<&str> {
        let mut place = Some(id);
        while let Some(id) = place.filter(|id| self.is_flow(*id)) {
            let children = self.children(id);
            if let [.., (_, last), (next, _)] = children.as_slice() {
                return self.document.text.get(self.node(*last).end..self.node(*next).start);
            }
            place = self.node(id).parent;
        }
        None
    }

    /// First and last node of each entry or item.
    pub(super) fn children(&self, id: NodeId) -> Vec<(NodeId, NodeId)> {
        match &self.node(id).kind {
            Kind::Mapping { entries, .. } => entries.clone(),
            Kind::Sequence { items, .. } => items.iter().map(|i| (*i, *i)).collect(),
            Kind::Scalar { .. } | Kind::Alias { .. } => Vec::new(),
        }
    }

    /// Whether a flow collection has its entries on lines of their own.
    pub(super) fn is_multiline(&self, id: NodeId) -> bool {
        let children = self.children(id);
        let node = self.node(id);
        match (children.first(), children.last()) {
            (Some((first, _)), Some((_, last))) => {
                self.has_line_end(node.start, self.node(*first).start)
                    && self.has_line_end(self.node(*last).end, node.end)
            }
            _ => node
                .parent
                .is_some_and(|parent| self.is_flow(parent) && self.is_multiline(parent)),
        }
    }

    pub(super) fn has_line_end(&self, from: usize, to: usize) -> bool {
        self.document.text.get(from..to).is_some_and(|t| t.contains('\n'))
    }

    /// One level of indentation, from a collection's line to its first entry's.
    fn flow_unit(&self, id: NodeId) -> String {
        let mut place = Some(id);
        while let Some(around) = place {
            if let Some((first, _)) = self.children(around).first().filter(|_| self.is_multiline(around)) {
                let (inner, outer) = (
                    self.line_indent(self.node(*first).start),
                    self.line_indent(self.node(around).start),
                );
                if let Some(unit) = inner.strip_prefix(outer).filter(|u| !u.is_empty()) {
                    return unit.to_string();
                }
            }
            place = self.node(around).parent;
        }
        self.unit(id)
    }

    /// The blanks at the head of the line of `at`.
    pub(super) fn line_indent(&self, at: usize) -> &str {
        let line = self
            .document
            .text
            .get(line_start(self.document.text, at)..)
            .unwrap_or("");
        line.get(..line.len() - line.trim_start_matches([' ', '\t']).len())
            .unwrap_or("")
    }

    /// Whether strings beside a node are in double quotes.
    pub(super) fn quotes_strings(&self, id: NodeId) -> bool {
        match self.node(id).parent {
            Some(parent) if self.is_flow(parent) => self.flow_layout(parent).quoted_strings,
            _ => false,
        }
    }

    /// Whether the document is JSON, which has no comments.
    pub(super) fn is_json(&self) -> bool {
        let Some(root) = self.document.root.filter(|root| self.is_flow(*root)) else {
            return false;
        };
        self.flow_model(root)
            .is_some_and(|(key, _)| self.style(key) == Some(Style::DoubleQuoted))
    }

    /// End of the line of `at` without its line end.
    pub(super) fn line_content_end(&self, at: usize) -> usize {
        let end = line_end(self.document.text, at);
        let line = self.document.text.get(at..end).unwrap_or("");
        at + line.trim_end_matches([' ', '\t', '\r']).len()
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.document.nodes[id.0]
    }

    /// Byte column in which a node starts, from 0.
    pub(super) fn column(&self, id: NodeId) -> usize {
        self.document.column_at(self.node(id).start)
    }

    fn columns_below(&self, key: &Node, value: &Node) -> Option<usize> {
        let column = |node: &Node| self.document.column_at(node.start);
        column(value).checked_sub(column(key))
    }

    /// The node behind an alias.
    pub(super) fn target(&self, id: NodeId) -> NodeId {
        match self.node(id).kind {
            Kind::Alias { target } => target,
            _ => id,
        }
    }

    pub(super) fn entries(&self, id: NodeId) -> &[(NodeId, NodeId)] {
        match &self.node(self.target(id)).kind {
            Kind::Mapping { entries, .. } => entries,
            _ => &[],
        }
    }

    pub(super) fn is_flow(&self, id: NodeId) -> bool {
        self.node(id).kind.is_flow()
    }

    fn style(&self, id: NodeId) -> Option<Style> {
        match self.node(id).kind {
            Kind::Scalar { style, .. } => Some(style),
            _ => None,
        }
    }

    pub(super) fn key_text(&self, id: NodeId) -> Option<&str> {
        let node = self.node(id);
        match &node.kind {
            Kind::Scalar { value: Some(value), .. } => Some(value),
            Kind::Scalar { value: None, .. } => self.document.text.get(node.start..node.end),
            _ => None,
        }
    }

    /// Null, or a collection without entries.
    pub(super) fn is_blank(&self, id: NodeId) -> bool {
        let node = self.node(id);
        match &node.kind {
            Kind::Scalar {
                style: Style::Absent, ..
            } => true,
            Kind::Scalar {
                style: Style::Plain, ..
            } => {
                matches!(self.key_text(id), Some("~" | "null" | "Null" | "NULL"))
            }
            Kind::Scalar { .. } | Kind::Alias { .. } => false,
            Kind::Mapping { entries, .. } => entries.is_empty(),
            Kind::Sequence { items, .. } => items.is_empty(),
        }
    }

    /// The entry of a key, which must be the only one and not hidden behind a merge.
    pub(super) fn entry_index(&self, mapping: NodeId, key: &str) -> Result<Option<usize>, Refusal> {
        let mut found = None;
        for (index, (k, _)) in self.entries(mapping).iter().enumerate() {
            let text = self.key_text(*k);
            if text == Some("<<") {
                return Err(self.merging(*k));
            }
            let key_node = self.node(*k);
            let is_odd = key_node.anchored || key_node.tag.is_some() || self.is_explicit_key(*k);
            if text.is_none() || is_odd {
                return Err(self.unsupported(
                    *k,
                    "a key that is not a plain word; write it without anchor, tag or `?`",
                ));
            }
            if text == Some(key) && found.replace(index).is_some() {
                let what = format!("the key `{key}` stands twice here; remove one of them");
                return Err(self.refuse(RefusalKind::DuplicateKey, self.node(*k).start, &what));
            }
        }
        Ok(found)
    }

    fn merging(&self, key: NodeId) -> Refusal {
        let at = self.node(key).start;
        if self.document.is_merge_key(key) {
            let what = "a merge key (`<<`) on the way to a field that must change; write the merged fields out";
            return self.refuse(RefusalKind::MergeKey, at, what);
        }
        let what = "a `<<` in quotes, which merges nothing, on the way to a field that must change; remove it";
        self.unsupported_at(at, what)
    }

    /// A key behind a question mark.
    fn is_explicit_key(&self, id: NodeId) -> bool {
        let head = self.document.text.get(..self.node(id).start).unwrap_or("");
        let head = head.trim_end().strip_suffix('?');
        head.is_some_and(|head| head.is_empty() || head.ends_with(|c: char| c.is_whitespace() || "-,{[".contains(c)))
    }

    pub(super) fn unsupported(&self, id: NodeId, what: &str) -> Refusal {
        self.unsupported_at(self.node(id).start, what)
    }

    pub(super) fn unsupported_at(&self, at: usize, what: &str) -> Refusal {
        self.refuse(RefusalKind::Unsupported, at, what)
    }

    fn refuse(&self, kind: RefusalKind, at: usize, what: &str) -> Refusal {
        Refusal {
            kind,
            line: self.document.line_at(at),
            what: what.to_string(),
        }
    }
}
