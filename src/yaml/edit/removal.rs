//! Entries that go: with their lines, or out of a line of flow style. A comment of somebody else's among what would go
//! refuses that.

use super::super::document::{Kind, Node, NodeId, Style};
use super::super::mark::without_marker;
use super::super::span::{after_line_end, line_end, line_start};
use super::editor::{Edit, Editor, Refusal};

impl Editor<'_> {
    /// Removes some entries of a mapping, given in order.
    pub(super) fn remove_entries(&mut self, mapping: NodeId, indices: &[usize], depth: usize) -> Result<(), Refusal> {
        if !self.is_flow(mapping) {
            let head = self.length_of_head(mapping, indices);
            if head > 0 {
                self.remove_head(mapping, head, depth)?;
            }
            return indices
                .iter()
                .skip(head)
                .try_for_each(|index| self.remove_block_entry(mapping, *index, depth));
        }
        let mut rest = Vec::new();
        for index in indices {
            match self.lines_of_entry(mapping, *index) {
                Some((start, end)) => self.push(depth, start, end, String::new()),
                None => rest.push(*index),
            }
        }
        for run in rest.chunk_by(|a, b| a + 1 == *b) {
            self.remove_flow_run(mapping, run, depth)?;
        }
        Ok(())
    }

    /// How many of the entries that go are the first of a mapping that starts on the line of a dash.
    fn length_of_head(&self, mapping: NodeId, indices: &[usize]) -> usize {
        let Some((first, _)) = self.entries(mapping).first() else {
            return 0;
        };
        match self.stands_alone(self.node(*first).start) {
            true => 0,
            false => indices.iter().enumerate().take_while(|(n, index)| n == *index).count(),
        }
    }

    /// The entry that comes behind those that go moves up to the line of the dash.
    fn remove_head(&mut self, mapping: NodeId, count: usize, depth: usize) -> Result<(), Refusal> {
        let text = self.document.text;
        let (key, _) = self.entries(mapping)[0];
        let start = self.node(key).start;
        let next = self.entries(mapping).get(count).map(|(next, _)| self.node(*next).start);
        let head = text.get(line_start(text, start)..start).unwrap_or("?");
        let is_plain = head.bytes().all(|b| matches!(b, b' ' | b'-'));
        let Some(next) = next.filter(|next| is_plain && self.stands_alone(*next)) else {
            return Err(self.unsupported(key, "a field that must go stands on the line of a dash"));
        };
        if self.has_comment(start, next) {
            return Err(self.carries_comment(key));
        }
        self.push(depth, start, next, String::new());
        Ok(())
    }

    /// Whether nothing but its indentation stands before what starts at a byte.
    fn stands_alone(&self, start: usize) -> bool {
        let text = self.document.text;
        let head = text.get(line_start(text, start)..start);
        head.is_some_and(|head| head.trim_matches(' ').is_empty())
    }

    fn remove_block_entry(&mut self, mapping: NodeId, index: usize, depth: usize) -> Result<(), Refusal> {
        let text = self.document.text;
        let (key, value) = self.entries(mapping)[index];
        let (key_start, value_end) = (self.node(key).start, self.node(value).end);
        if !self.stands_alone(key_start) {
            return Err(self.unsupported(key, "a field that must go stands on the line of a dash"));
        }
        let end = after_line_end(text, line_end(text, value_end));
        let trailing = text.get(value_end..end).unwrap_or("");
        if !self.is_blank_but_marker(trailing) || self.has_comment(key_start, value_end) {
            return Err(self.carries_comment(key));
        }
        self.push(depth, line_start(text, key_start), end, String::new());
        Ok(())
    }

    /// Whether there is a `#` that is no part of a value. The header of a block of text may have a comment.
    fn has_comment(&self, start: usize, end: usize) -> bool {
        let text = self.document.text;
        let hashes = text.get(start..end).unwrap_or("#").match_indices('#');
        let is_word = |node: &&Node| matches!(&node.kind, Kind::Scalar { style, .. } if *style != Style::Block);
        let words = || self.document.nodes.iter().filter(is_word);
        hashes
            .map(|(at, _)| start + at)
            .any(|at| !words().any(|word| word.start <= at && at < word.end))
    }

    /// Lines that go at the end of a text without a final newline take the newline before them along, so that it still
    /// has none. `edits` are sorted.
    pub(super) fn drop_last_newline(&self, edits: &mut [Edit]) {
        let text = self.document.text;
        let (mut start, mut first_gone) = (text.len(), None);
        if text.ends_with('\n') {
            return;
        }
        for index in (0..edits.len()).rev() {
            let edit = &mut edits[index];
            if edit.end != start {
                break;
            }
            if edit.text.is_empty() {
                (start, first_gone) = (edit.start, Some(index));
            } else if first_gone.is_some() {
                // Lines that come before those that go are the last then.
                let kept = edit.text.trim_end_matches(['\r', '\n']).len();
                edit.text.truncate(kept);
                return;
            }
        }
        let is_line = start > 0 && line_start(text, start) == start;
        if let Some(index) = first_gone.filter(|_| is_line) {
            let before = start - self.eol(start).len();
            // Not one that is part of a value.
            if !self.ends_in_line_end(before) {
                edits[index].start = before;
            }
        }
    }

    /// The lines of an entry of flow style that shares them with nothing but its comma and the marker. JSON wants no comma
    /// behind the entry that is the last then.
    fn lines_of_entry(&self, mapping: NodeId, index: usize) -> Option<(usize, usize)> {
        let text = self.document.text;
        let (key, value) = *self.entries(mapping).get(index)?;
        let (key_start, value_end) = (self.node(key).start, self.node(value).end);
        let start = line_start(text, key_start);
        let end = line_end(text, value_end);
        let tail = text.get(value_end..end)?.trim_start();
        let is_alone = text.get(start..key_start)?.trim().is_empty()
            && self.is_blank_but_marker(tail.strip_prefix(',').unwrap_or(tail))
            && !self.has_comment(key_start, value_end);
        (is_alone && !self.is_json()).then(|| (start, after_line_end(text, end)))
    }

    /// Entries that follow each other, with the comma before them or, for the first of all, the one behind.
    fn remove_flow_run(&mut self, mapping: NodeId, run: &[usize], depth: usize) -> Result<(), Refusal> {
        let entries = self.entries(mapping).to_vec();
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return Ok(());
        };
        let (key, value) = (entries[*first].0, entries[*last].1);
        let previous = first.checked_sub(1).and_then(|i| entries.get(i));
        let (start, end) = match (previous, entries.get(last + 1)) {
            (Some((_, previous)), _) => (self.node(*previous).end, self.node(value).end),
            (None, Some((next, _))) => (self.node(key).start, self.node(*next).start),
            (None, None) => (self.node(key).start, self.node(value).end),
        };
        if self.has_comment(start, end) {
            return Err(self.carries_comment(key));
        }
        // With them the marker of their line may go.
        self.replaced.extend(run.iter().map(|index| (entries[*index].1, false)));
        self.push(depth, start, end, String::new());
        Ok(())
    }

    fn is_blank_but_marker(&self, tail: &str) -> bool {
        let tail = tail.trim();
        tail.is_empty() || without_marker(tail, self.rules.marker).is_some_and(str::is_empty)
    }

    fn carries_comment(&self, key: NodeId) -> Refusal {
        self.unsupported(
            key,
            "a field that must go carries a comment; move or remove the comment",
        )
    }
}
