//! Entries that go: with their lines, or out of a line of flow style. A comment of somebody else's among what would go
//! refuses that.

use super::super::document::NodeId;
use super::super::mark::without_marker;
use super::super::span::{after_line_end, line_end, line_start};
use super::{Editor, Refusal};

impl Editor<'_> {
    /// Removes some entries of a mapping, given in order.
    pub(super) fn remove_entries(&mut self, mapping: NodeId, indices: &[usize], depth: usize) -> Result<(), Refusal> {
        if !self.is_flow(mapping) {
            return indices
                .iter()
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

    fn remove_block_entry(&mut self, mapping: NodeId, index: usize, depth: usize) -> Result<(), Refusal> {
        let text = self.document.text;
        let (key, value) = self.entries(mapping)[index];
        let (key_start, value_end) = (self.node(key).start, self.node(value).end);
        let start = line_start(text, key_start);
        if text
            .get(start..key_start)
            .is_none_or(|head| !head.trim_matches(' ').is_empty())
        {
            return Err(self.unsupported(key, "a field that must go stands on the line of a dash"));
        }
        let end = after_line_end(text, line_end(text, value_end));
        let trailing = text.get(value_end..end).unwrap_or("");
        let inner = text.get(key_start..value_end).unwrap_or("");
        if !self.is_blank_but_marker(trailing) || inner.lines().any(|l| l.contains('#')) {
            return Err(self.carries_comment(key));
        }
        let at_end = end == text.len() && !text.ends_with('\n') && start > 0;
        let start = if at_end { start - self.eol(start).len() } else { start };
        self.push(depth, start, end, String::new());
        Ok(())
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
            && !text.get(key_start..value_end)?.contains('#');
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
        if self.document.text.get(start..end).is_none_or(|t| t.contains('#')) {
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
