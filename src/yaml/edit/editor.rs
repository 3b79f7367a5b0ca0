//! What an edit is, why one may be refused, and what the parts of the editor work on together: one document, and the list
//! of edits that they put into it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::document::{Document, NodeId};
use super::want::Want;

/// Bytes `start..end` of the document's text become `text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub start: usize,
    pub end: usize,
    pub text: String,
}

/// What the editor is told about the objects it edits, so that it need not know them.
#[derive(Debug, Clone, Copy)]
pub struct EditRules {
    /// Where new keys go; a key that is not listed goes last.
    pub placements: &'static [Placement],
    /// The comment that marks values of this program's own; it goes when its values are replaced by unmarked ones.
    pub marker: &'static str,
    /// The keys whose values it may mark: on a line of several values it speaks for all of these.
    pub marked: &'static [&'static str],
}

/// A new `key` goes before the first of `before` that the mapping has.
#[derive(Debug, Clone, Copy)]
pub struct Placement {
    pub key: &'static str,
    pub before: &'static [&'static str],
}

/// Why the changes cannot be written into this document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub kind: RefusalKind,
    /// 1-based line of the file.
    pub line: usize,
    pub what: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// An anchored node whose users need different changes.
    Alias,
    /// `<<` on the path of a change.
    MergeKey,
    /// A key on the path of a change stands twice.
    DuplicateKey,
    /// A layout that cannot be edited surely.
    Unsupported,
}

/// What may follow what at one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Part of the line.
    Inline,
    /// At the end of the line, behind all that belongs to it.
    Comment,
    /// Lines below it.
    Lines,
}

pub(super) struct Editor<'d> {
    pub(super) document: &'d Document<'d>,
    pub(super) rules: EditRules,
    /// With what decides on their order at the same byte: inner insertions come first.
    pub(super) edits: Vec<(Rank, usize, Edit)>,
    /// Anchored nodes that changes reached: what they want, and through which of their uses.
    pub(super) shared: BTreeMap<NodeId, (Want, BTreeSet<NodeId>)>,
    /// Scalars that got a new value, and whether the marker belongs to it.
    pub(super) replaced: BTreeMap<NodeId, bool>,
    pub(super) lines: Lines,
    /// Ends of the lines on which a marker would speak for too much: marked values stand on lines of their own there.
    pub(super) crowded: &'d BTreeSet<usize>,
}

/// What was put on lines that are there already, by the ends of these lines.
#[derive(Default)]
pub(super) struct Lines {
    /// Values that the marker belongs to.
    pub(super) marked: BTreeSet<usize>,
    /// Values of keys that it might belong to, but does not.
    pub(super) plain: BTreeSet<usize>,
}

impl Editor<'_> {
    pub(super) fn push(&mut self, depth: usize, start: usize, end: usize, text: String) {
        self.push_ranked(Rank::Inline, depth, start, end, text);
    }

    pub(super) fn push_ranked(&mut self, rank: Rank, depth: usize, start: usize, end: usize, text: String) {
        self.edits.push((rank, depth, Edit { start, end, text }));
    }
}
