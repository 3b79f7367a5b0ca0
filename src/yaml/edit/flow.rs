//! Edits in flow syntax (`{}`, `[]`, JSON, KYAML): new entries behind the last one, on its line or on their own.

use super::super::document::{Kind, NodeId, Style};
use super::super::span::line_end;
use super::editor::{Editor, Rank, Refusal};
use super::emit::{self, Emit, FlowLayout};

impl Editor<'_> {
    pub(super) fn add_flow_entries(
        &mut self,
        mapping: NodeId,
        additions: &[(&str, Emit)],
        depth: usize,
    ) -> Result<(), Refusal> {
        let layout = self.addition_layout(mapping);
        let indent = self.addition_indent(mapping, &layout);
        let entries: Vec<(String, &Emit)> = additions
            .iter()
            .map(|(key, value)| (emit::flow_pair(key, value, &indent, &layout), value))
            .collect();
        let plain = additions
            .iter()
            .any(|(key, value)| value.has_plain(key, self.rules.marked));
        self.add_behind_last(mapping, &entries, plain, &layout, depth)
    }

    pub(super) fn append_flow_items(&mut self, list: NodeId, items: &[Emit], depth: usize) -> Result<(), Refusal> {
        let (layout, indent) = self.item_layout(list);
        let entries: Vec<(String, &Emit)> = items
            .iter()
            .map(|item| (emit::flow_value(item, &indent, &layout), item))
            .collect();
        let plain = items.iter().any(|item| item.has_plain("", self.rules.marked));
        self.add_behind_last(list, &entries, plain, &layout, depth)
    }

    /// One list becomes another as a whole.
    pub(super) fn replace_flow_list(&mut self, list: NodeId, to: &Emit, depth: usize) -> Result<(), Refusal> {
        let (start, end) = (self.node(list).start, self.node(list).end);
        if self.node(list).tag.is_some() || self.document.text.get(start..end).is_none_or(|t| t.contains('#')) {
            return Err(self.unsupported(
                list,
                "a list that must become another carries a comment or a tag; move or remove it",
            ));
        }
        let (layout, indent) = (self.flow_layout(list), self.line_indent(start).to_string());
        let text = emit::flow_value(to, &indent, &layout);
        self.push(depth, start, end, text);
        Ok(())
    }

    /// How entries behind the last one of a collection are written.
    fn addition_layout(&self, id: NodeId) -> FlowLayout {
        let layout = self.flow_layout(id);
        let last = self.children(id).last().map_or(id, |(_, last)| *last);
        self.spaced_where_crowded(id, layout, self.node(last).end)
    }

    /// How items behind the last one of a list are written, and their indentation: like a last one over several lines
    /// that opens on the line of the bracket.
    fn item_layout(&self, list: NodeId) -> (FlowLayout, String) {
        let last = self.children(list).last().map(|(_, last)| *last);
        match last.filter(|last| self.is_flow(*last) && self.is_multiline(*last) && !self.is_multiline(list)) {
            Some(last) => {
                let indent = self.line_indent(self.node(last).end);
                let unit = self
                    .entry_indent(last)
                    .strip_prefix(indent)
                    .filter(|unit| !unit.is_empty());
                let unit = unit.map_or_else(|| self.unit(list), str::to_string);
                let layout = self.flow_layout(last);
                (
                    FlowLayout {
                        unit: Some(unit),
                        ..layout
                    },
                    indent.to_string(),
                )
            }
            None => {
                let layout = self.addition_layout(list);
                let indent = self.addition_indent(list, &layout);
                (layout, indent)
            }
        }
    }

    /// On a crowded line what has a comment goes on lines of its own, and nothing else does.
    fn spaced_where_crowded(&self, id: NodeId, layout: FlowLayout, at: usize) -> FlowLayout {
        if layout.unit.is_some() || !self.is_crowded(at) {
            return layout;
        }
        FlowLayout {
            unit: Some(self.unit(id)),
            only_comments: true,
            ..layout
        }
    }

    fn addition_indent(&self, id: NodeId, layout: &FlowLayout) -> String {
        deepened(self.entry_indent(id), layout)
    }

    /// Indentation of the lines on which the entries of a collection stand.
    fn entry_indent(&self, id: NodeId) -> &str {
        let first = self
            .children(id)
            .first()
            .map_or(self.node(id).start, |(first, _)| self.node(*first).start);
        self.line_indent(first)
    }

    fn add_behind_last(
        &mut self,
        id: NodeId,
        entries: &[(String, &Emit)],
        plain: bool,
        layout: &FlowLayout,
        depth: usize,
    ) -> Result<(), Refusal> {
        let Some((_, last)) = self.children(id).last().copied() else {
            return Err(self.unsupported(id, "an empty list or mapping in an unusual place"));
        };
        if matches!(
            self.node(last).kind,
            Kind::Scalar {
                style: Style::Absent,
                ..
            }
        ) {
            return Err(self.unsupported(last, "a key without a value in `{}`"));
        }
        let end = self.node(last).end;
        if layout.only_comments && entries.iter().any(|(_, emit)| emit::own_comment(emit).is_some()) {
            let text = spaced(entries, &self.addition_indent(id, layout), layout.eol);
            self.push(depth, end, end, text);
            return Ok(());
        }
        if self.is_multiline(id) {
            return self.add_on_own_lines(id, end, entries, layout, depth);
        }
        let text: String = entries
            .iter()
            .map(|(text, _)| format!("{}{text}", layout.comma))
            .collect();
        self.push(depth, end, end, text);
        if layout.unit.is_none() {
            self.note_on_line(end, plain, entries.iter().find_map(|(_, emit)| emit.comment()), depth);
        }
        Ok(())
    }

    /// What new text on a line means for the line's marker.
    fn note_on_line(&mut self, at: usize, plain: bool, comment: Option<&str>, depth: usize) {
        if plain {
            self.lines.plain.insert(self.line_content_end(at));
        }
        if let Some(comment) = comment {
            self.comment_line(at, comment, depth);
        }
    }

    /// A value between line ends, so that a comment behind it is its own.
    pub(super) fn on_its_own_line(&self, id: NodeId, text: &str, comment: &str) -> String {
        let at = self.node(id).start;
        let (eol, indent, unit) = (self.eol(at), self.line_indent(at), self.unit(id));
        format!("{eol}{indent}{unit}{text} # {comment}{eol}{indent}{unit}")
    }

    /// The comma goes behind the last entry, the new entries on lines below it (and below its comment).
    fn add_on_own_lines(
        &mut self,
        id: NodeId,
        end: usize,
        entries: &[(String, &Emit)],
        layout: &FlowLayout,
        depth: usize,
    ) -> Result<(), Refusal> {
        let comma = self.comma_after(end, self.node(id).end);
        let at = self.line_content_end_raw(comma.map_or(end, |c| c + 1));
        if at >= self.node(id).end {
            return Err(self.unsupported_at(at, "a comma on the line of the bracket behind it; move it to its entry"));
        }
        if comma.is_none() {
            self.push(depth, end, end, ",".into());
        }
        let indent = self.entry_indent(id);
        let mut text = String::new();
        for (i, (entry, emit)) in entries.iter().enumerate() {
            let separator = if i + 1 < entries.len() || comma.is_some() {
                ","
            } else {
                ""
            };
            let comment = emit::own_comment(emit).filter(|_| layout.comments);
            let comment = comment.map(|c| format!(" # {c}")).unwrap_or_default();
            text.push_str(&format!("{}{indent}{entry}{separator}{comment}", layout.eol));
        }
        self.push_ranked(Rank::Lines, depth, at, at, text);
        Ok(())
    }

    /// End of a line before its line end, trailing blanks included.
    fn line_content_end_raw(&self, at: usize) -> usize {
        let end = line_end(self.document.text, at);
        if end > at && self.document.text.as_bytes().get(end - 1) == Some(&b'\r') {
            end - 1
        } else {
            end
        }
    }

    /// The comma that follows the last entry, past blanks and comments.
    fn comma_after(&self, from: usize, to: usize) -> Option<usize> {
        let bytes = self.document.text.as_bytes();
        let mut at = from;
        while at < to {
            match bytes.get(at)? {
                b',' => return Some(at),
                b'#' => at = line_end(self.document.text, at),
                b' ' | b'\t' | b'\r' | b'\n' => at += 1,
                _ => return None,
            }
        }
        None
    }

    /// An empty value inside `{}`: replaced where it stands.
    pub(super) fn fill_flow(
        &mut self,
        mapping: NodeId,
        key: NodeId,
        value: NodeId,
        emit: &Emit,
        depth: usize,
    ) -> Result<(), Refusal> {
        let node = self.node(value);
        if matches!(
            node.kind,
            Kind::Scalar {
                style: Style::Absent,
                ..
            }
        ) {
            return Err(self.unsupported(value, "a key without a value in `{}`"));
        }
        if self
            .document
            .text
            .get(node.start..node.end)
            .is_none_or(|t| t.contains('#'))
        {
            return Err(self.unsupported(value, "an empty value with a comment inside; move the comment"));
        }
        let (start, end) = (node.start, node.end);
        let layout = self.spaced_where_crowded(mapping, self.flow_layout(mapping), end);
        let indent = deepened(self.line_indent(start), &layout);
        let text = emit::flow_value(emit, &indent, &layout);
        let own_comment = emit::own_comment(emit);
        if let Some(comment) = own_comment.filter(|_| self.is_crowded(end)) {
            let text = self.on_its_own_line(value, &text, comment);
            self.push(depth, start, end, text);
            return Ok(());
        }
        self.push(depth, start, end, text);
        // What goes on lines of its own says nothing about this one.
        let stays = layout.unit.is_none() || matches!(emit, Emit::Scalar { .. });
        let comment = if stays { emit.comment() } else { None };
        let plain = stays && emit.has_plain(self.key_text(key).unwrap_or(""), self.rules.marked);
        self.note_on_line(end, plain, comment, depth);
        Ok(())
    }
}

/// Indentation of new entries. Where there are no lines of entries, deeper than the line, as all readers want it.
fn deepened(indent: &str, layout: &FlowLayout) -> String {
    let unit = layout.unit.as_deref().filter(|_| layout.only_comments);
    format!("{indent}{}", unit.unwrap_or(""))
}

/// Entries on lines of their own behind one that is not, each with its comment.
fn spaced(entries: &[(String, &Emit)], indent: &str, eol: &str) -> String {
    let mut out = ",".to_string();
    for (i, (entry, emit)) in entries.iter().enumerate() {
        let is_last = i + 1 == entries.len();
        let comment = emit::own_comment(emit).map(|comment| format!(" # {comment}"));
        let after = if is_last && comment.is_some() {
            format!("{eol}{indent}")
        } else {
            String::new()
        };
        let comma = if is_last { "" } else { "," };
        out += &format!("{eol}{indent}{entry}{comma}{}{after}", comment.unwrap_or_default());
    }
    out
}
