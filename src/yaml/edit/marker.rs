//! The comment that marks values of this program's own. It stands at the end of a line and speaks for all values of the
//! marked keys on it, so a line gets it only where it belongs to all of these.

use std::collections::BTreeSet;

use super::super::parse::{Kind, Node, NodeId};
use super::super::span::line_start;
use super::{Editor, Rank};

/// What was put on lines that are there already, by the ends of these lines.
#[derive(Default)]
pub(super) struct Lines {
    /// Values that the marker belongs to.
    pub(super) marked: BTreeSet<usize>,
    /// Values of keys that it might belong to, but does not.
    pub(super) plain: BTreeSet<usize>,
    /// Nothing can be written at their ends.
    closed: BTreeSet<usize>,
}

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
        if written || rest.ends_with(&text) {
            return;
        }
        let goes_on = |n: &Node| matches!(n.kind, Kind::Scalar { .. }) && n.start < end && end < n.end;
        if self.document.nodes.iter().any(goes_on) {
            self.lines.closed.insert(end);
        }
        self.push_ranked(Rank::Comment, depth, end, end, text);
    }

    /// Lines whose new marker would also speak for values that it does not belong to, or that have no room for it.
    pub(super) fn crowded_lines(&self) -> Vec<usize> {
        let is_crowded = |end: &usize| {
            self.lines.closed.contains(end)
                || !self.is_marked_line(*end)
                    && (self.lines.plain.contains(end)
                        || self.speaks_for_others(*end, |id| self.replaced.get(&id) == Some(&true)))
        };
        self.lines.marked.iter().copied().filter(is_crowded).collect()
    }

    pub(super) fn is_crowded(&self, at: usize) -> bool {
        self.crowded.contains(&self.line_content_end(at))
    }

    fn is_marked_line(&self, end: usize) -> bool {
        let head = self.line_head(end).strip_suffix(self.rules.marker).map(str::trim_end);
        head.is_some_and(|head| head.ends_with('#'))
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
        for end in ends.difference(&self.lines.marked.clone()) {
            let line = self.line_head(*end);
            if self.is_marked_line(*end) && !self.speaks_for_others(*end, |id| self.replaced.contains_key(&id)) {
                let head = line.strip_suffix(self.rules.marker).unwrap_or(line).trim_end();
                let kept = head.strip_suffix('#').unwrap_or(head).trim_end().len();
                self.push(0, end - line.len() + kept, *end, String::new());
            }
        }
    }

    /// Whether a marker at the end of a line speaks for a value that is there already, but for those `beside`.
    fn speaks_for_others(&self, end: usize, beside: impl Fn(NodeId) -> bool) -> bool {
        let (entries, marked) = (self.document.nodes.iter(), self.rules.marked);
        let mut entries = entries.flat_map(|node| match &node.kind {
            Kind::Mapping { entries, .. } => entries.as_slice(),
            _ => &[],
        });
        entries.any(|(key, value)| {
            self.key_text(*key).is_some_and(|key| marked.contains(&key))
                && !beside(*value)
                && self.line_content_end(self.node(*value).end) == end
        })
    }
}
