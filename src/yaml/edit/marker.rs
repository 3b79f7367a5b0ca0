//! The comment that marks values of this program's own. It stands at the end of a line and speaks for all values of the
//! marked keys on it, so a line gets it only where it belongs to all of these.

use std::collections::BTreeSet;

use super::super::document::{Kind, NodeId};
use super::super::mark::without_marker;
use super::super::span::line_start;
use super::editor::{Editor, Rank};

impl Editor<'_> {
    /// Writes `# comment` at the end of the line of `at`, behind a comment that is there.
    pub(super) fn comment_line(&mut self, at: usize, comment: &str, depth: usize) {
        if self.is_json() {
            return;
        }
        let end = self.line_content_end(at);
        let rest = self.document.text.get(at..end).unwrap_or("");
        let text = format!(" # {comment}");
        let written = !self.lines.marked.insert(end);
        if written || without_marker(rest, comment).is_some() {
            return;
        }
        self.push_ranked(Rank::Comment, depth, end, end, text);
    }

    /// Lines whose new marker would also speak for values that it does not belong to, or that have no room for it, since
    /// they end inside a scalar.
    pub(super) fn crowded_lines(&self) -> BTreeSet<usize> {
        let marked = &self.lines.marked;
        if marked.is_empty() {
            return BTreeSet::new();
        }
        let scalars = self.document.scalar_spans().filter(|(start, end)| start + 1 < *end);
        let closed = scalars.flat_map(|(start, end)| marked.range(start + 1..end));
        let others = self.lines_of_marked_keys(|id| self.replaced.get(&id) == Some(&true));
        let is_shared = |end: &&usize| self.lines.plain.contains(end) || others.contains(end);
        let shared = marked
            .iter()
            .filter(|end| !self.is_marked_line(**end))
            .filter(is_shared);
        closed.chain(shared).copied().collect()
    }

    pub(super) fn is_crowded(&self, at: usize) -> bool {
        self.crowded.contains(&self.line_content_end(at))
    }

    fn is_marked_line(&self, end: usize) -> bool {
        without_marker(self.line_head(end), self.rules.marker).is_some()
    }

    /// What stands on a line before `at`.
    fn line_head(&self, at: usize) -> &str {
        let text = self.document.text;
        text.get(line_start(text, at)..at).unwrap_or("")
    }

    /// Removes the markers of lines on which nothing is left for them to mark.
    pub(super) fn drop_markers(&mut self) {
        let unmarked = self.replaced.iter().filter(|(_, is_marked)| !**is_marked);
        let ends: BTreeSet<usize> = unmarked
            .map(|(id, _)| self.line_content_end(self.node(*id).end))
            .collect();
        if ends.is_empty() {
            return;
        }
        let others = self.lines_of_marked_keys(|id| self.replaced.contains_key(&id));
        for end in ends.difference(&self.lines.marked.clone()) {
            let line = self.line_head(*end);
            if let Some(head) = without_marker(line, self.rules.marker).filter(|_| !others.contains(end)) {
                self.push(0, end - line.len() + head.trim_end().len(), *end, String::new());
            }
        }
    }

    /// The ends of the lines on which a value of a marked key stands already, but for the values `beside`.
    fn lines_of_marked_keys(&self, beside: impl Fn(NodeId) -> bool) -> BTreeSet<usize> {
        let entries = self.document.nodes.iter().flat_map(|node| match &node.kind {
            Kind::Mapping { entries, .. } => entries.as_slice(),
            _ => &[],
        });
        let marked = |key: NodeId| self.key_text(key).is_some_and(|key| self.rules.marked.contains(&key));
        entries
            .filter(|(key, value)| marked(*key) && !beside(*value))
            .map(|(_, value)| self.line_content_end(self.node(*value).end))
            .collect()
    }
}
