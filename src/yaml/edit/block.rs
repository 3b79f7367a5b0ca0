//! Edits in block syntax: new entries and items on lines of their own, empty values filled, entries removed.

use super::super::document::{Kind, Node, NodeId, Style};
use super::super::span::{after_colon, after_line_end, line_end, line_start};
use super::editor::{Editor, Rank, Refusal};
use super::emit::{self, Emit};

impl Editor<'_> {
    pub(super) fn add_block_entries(
        &mut self,
        mapping: NodeId,
        additions: &[(&str, Emit)],
        depth: usize,
    ) -> Result<(), Refusal> {
        let column = self.column(mapping);
        self.check_line_head(mapping)?;
        for (key, value) in additions {
            let at = self.place_for(mapping, key);
            let layout = self.block_layout(mapping, at);
            self.insert_lines(at, emit::block_entry(key, value, column, layout), depth)?;
        }
        Ok(())
    }

    /// Where the lines of a new key go: before the key that the rules name, else after the last entry; before that one
    /// where nothing can be written behind it.
    fn place_for(&self, mapping: NodeId, key: &str) -> usize {
        let entries = self.entries(mapping);
        let before = self
            .rules
            .placements
            .iter()
            .find(|p| p.key == key)
            .map_or(&[][..], |p| p.before);
        let next = entries
            .iter()
            .position(|(k, _)| self.key_text(*k).is_some_and(|text| before.contains(&text)));
        let place = next.and_then(|index| self.place_above(mapping, index));
        let place = place.unwrap_or_else(|| self.place_below(mapping, entries.len()));
        if !self.is_open(place) {
            return place;
        }
        let last = entries.len().saturating_sub(1);
        self.place_above(mapping, last).unwrap_or(place)
    }

    /// Above an entry and what belongs to it; `None` for the first where it stands on the line of a dash.
    fn place_above(&self, mapping: NodeId, index: usize) -> Option<usize> {
        match index {
            0 => self.line_below_parent_key(mapping),
            _ => Some(self.place_below(mapping, index)),
        }
    }

    /// Below as many entries.
    fn place_below(&self, mapping: NodeId, count: usize) -> usize {
        let last = count.checked_sub(1).and_then(|index| self.entries(mapping).get(index));
        let end = last.map_or(self.node(mapping).start, |(_, value)| self.node(*value).end);
        self.end_of_entry(end, self.column(mapping))
    }

    /// The line after the key whose value a mapping is; `None` where the mapping starts on the line of a dash.
    fn line_below_parent_key(&self, mapping: NodeId) -> Option<usize> {
        let parent = self.node(mapping).parent?;
        let (key, _) = self.entries(parent).iter().find(|(_, v)| *v == mapping)?;
        let (text, start) = (self.document.text, self.node(mapping).start);
        let below = after_line_end(text, line_end(text, self.node(*key).end));
        let between = text.get(below..start)?;
        // An anchor or a tag on a line of its own belongs to the mapping.
        let is_comment = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
        let lines = between.split_inclusive('\n').rev();
        let head: usize = lines.take_while(|line| is_comment(line)).map(str::len).sum();
        Some(start - head)
    }

    /// Start of the line after an entry that ends at `end`: behind its comment, and behind comment lines that are
    /// indented deeper than its key (commented-out children). What follows belongs to the next entry.
    fn end_of_entry(&self, end: usize, column: usize) -> usize {
        let text = self.document.text;
        let mut place = after_line_end(text, line_end(text, end));
        let mut next = place;
        while next < text.len() {
            let stop = line_end(text, next);
            let line = text.get(next..stop).unwrap_or("");
            let body = line.trim_start_matches([' ', '\t']);
            next = after_line_end(text, stop);
            if body.starts_with('#') && line.len() - body.len() > column {
                place = next;
            } else if !body.trim_end().is_empty() {
                break;
            }
        }
        place
    }

    /// Inserts whole lines at the start of a line, or at the text's end where the last line has no line end: then the
    /// text still has none.
    fn insert_lines(&mut self, at: usize, lines: String, depth: usize) -> Result<(), Refusal> {
        let text = self.document.text;
        if at < text.len() || text.ends_with('\n') {
            self.push_ranked(Rank::Lines, depth, at, at, lines);
            return Ok(());
        }
        if self.is_open(at) {
            let what = "a block of text that the file ends in, so that nothing can be written behind it; end the file with \
                        a line end";
            return Err(self.unsupported_at(at, what));
        }
        let eol = self.eol(at);
        let lines = format!("{eol}{}", lines.trim_end_matches(['\r', '\n']));
        self.push_ranked(Rank::Lines, depth, at, at, lines);
        Ok(())
    }

    /// Whether a block of text ends at a byte which is the last of the text. kubectl reads a line end there that is not
    /// written, and others do not; with one, all do. So lines behind it would change the block, whatever its header says.
    fn is_open(&self, at: usize) -> bool {
        let text = self.document.text;
        at == text.len() && self.ends_in_line_end(at)
    }

    /// Whether a line end right behind a byte would be part of the block of text before it.
    pub(super) fn ends_in_line_end(&self, at: usize) -> bool {
        let text = self.document.text;
        let is_block = |n: &&Node| {
            let style = Style::Block;
            matches!(n.kind, Kind::Scalar { style: s, .. } if s == style) && n.end == at
        };
        let Some(block) = self.document.nodes.iter().find(is_block) else {
            return false;
        };
        let header = text.get(block.start..line_end(text, block.start)).unwrap_or("");
        let strips = header.split('#').next().is_some_and(|signs| signs.contains('-'));
        let last = text.get(line_start(text, at)..at).unwrap_or("");
        !strips || last.trim().is_empty()
    }

    pub(super) fn append_block_items(&mut self, list: NodeId, items: &[Emit], depth: usize) -> Result<(), Refusal> {
        self.check_line_head(list)?;
        let (column, end) = (self.column(list), self.node(list).end);
        let at = self.end_of_entry(end, column);
        let layout = self.block_layout(list, at);
        for item in items {
            self.insert_lines(at, emit::block_item(item, column, layout), depth)?;
        }
        Ok(())
    }

    /// `key:`, `key: {}`, `key: null`: what was written goes, the comment stays, the block follows on its own lines.
    pub(super) fn fill_block(
        &mut self,
        mapping: NodeId,
        key: NodeId,
        value: NodeId,
        emit: &Emit,
        depth: usize,
    ) -> Result<(), Refusal> {
        self.check_line_head(mapping)?;
        let text = self.document.text;
        let (start, end) = (after_colon(text, self.node(key).end), self.node(value).end);
        if start == self.node(key).end || self.has_line_end(self.node(value).start, end) {
            return Err(self.unsupported(value, "an empty value over several lines; put it on one"));
        }
        let is_below = self.has_line_end(start, end);
        if let Emit::Scalar { value: scalar, comment } = emit {
            let scalar = emit::scalar(scalar, false);
            if is_below {
                self.push(depth, self.node(value).start, end, scalar);
            } else {
                self.push(depth, start, end, format!(" {scalar}"));
            }
            if let Some(comment) = comment {
                self.comment_line(end, comment, depth);
            }
            return Ok(());
        }
        let column = self.column(mapping);
        let line = after_line_end(text, line_end(text, end));
        let block = emit::block_inside(emit, column, self.block_layout(mapping, line));
        if is_below && self.is_alone_on_line(value) {
            return self.replace_line(value, block, depth);
        }
        let (start, end) = if is_below {
            let rest = text.get(end..).unwrap_or("");
            (
                self.node(value).start,
                text.len() - rest.trim_start_matches([' ', '\t']).len(),
            )
        } else {
            (start, end)
        };
        if start < end {
            self.push(depth, start, end, String::new());
        }
        self.insert_lines(line, block, depth + 1)
    }

    /// Whether nothing but blanks stands beside a node.
    fn is_alone_on_line(&self, id: NodeId) -> bool {
        let (text, node) = (self.document.text, self.node(id));
        let beside = [
            line_start(text, node.start)..node.start,
            node.end..line_end(text, node.end),
        ];
        beside
            .into_iter()
            .all(|range| text.get(range).is_some_and(|part| part.trim().is_empty()))
    }

    /// Lines in place of the one on which a node stands alone.
    fn replace_line(&mut self, id: NodeId, lines: String, depth: usize) -> Result<(), Refusal> {
        let (text, node) = (self.document.text, self.node(id));
        let (start, end) = (line_start(text, node.start), line_end(text, node.end));
        let (end, lines) = if end < text.len() {
            (end + 1, lines)
        } else {
            (end, lines.trim_end_matches(['\r', '\n']).to_string())
        };
        self.push(depth, start, end, lines);
        Ok(())
    }

    /// Before the first key or dash of a collection only spaces and dashes may stand: then its column is the indentation.
    fn check_line_head(&self, id: NodeId) -> Result<(), Refusal> {
        let (text, start) = (self.document.text, self.node(id).start);
        let head = text.get(line_start(text, start)..start).unwrap_or("?");
        if head.bytes().all(|b| matches!(b, b' ' | b'-')) {
            return Ok(());
        }
        if head.contains('\t') {
            return Err(self.unsupported(id, "a tab in the indentation; write spaces"));
        }
        Err(self.unsupported(
            id,
            "an anchor or a tag before the first key of a block; put it on the line above",
        ))
    }
}
