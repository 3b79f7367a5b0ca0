//! Proves, before anything is written or shown, that the new text says the old one plus the plan and nothing else.
//!
//! Two readers judge, each on its own: the arena (`yaml`) and serde_yaml. Both must see `old + changes == new`. The
//! comments must all be there, in order, and no document but the edited ones may differ by a byte. Whether the new
//! text also passes the checks and plans nothing more is asked by `harden_text`, which knows the target.

mod apply;
mod comments;
mod reader;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::yaml::{self, Change, Chunk, Document, Edit, Meaning};

/// More values than this, aliases expanded, are not compared.
pub const MAX_VALUES: usize = 1_000_000;

/// One edited document and what was meant to happen to it.
#[derive(Debug)]
pub struct EditedDocument<'a> {
    pub old: &'a Document<'a>,
    pub changes: &'a [Change],
    pub edits: &'a [Edit],
}

/// Why a rewrite was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// The second reader does not accept the *input*: the document is left alone.
    SecondReader { line: usize, what: String },
    /// The input holds more than [`MAX_VALUES`], or aliases of aliases nest deeper than can be followed: the same.
    TooLarge { line: usize },
    /// The output is not what was planned: a defect of this program.
    Mismatch { line: usize, what: String },
}

/// Judges the rewrite of one document; `new` is its new text, parsed.
pub fn verify(edited: &EditedDocument, new: &Document, marker: &str) -> Result<(), Doubt> {
    let line = edited.old.line;
    let mismatch = |what: &str| {
        Err(Doubt::Mismatch {
            line,
            what: what.to_string(),
        })
    };
    if edited
        .edits
        .iter()
        .any(|e| e.start > e.end || e.end > edited.old.text.len())
    {
        return mismatch("an edit lies outside its document");
    }
    if let Some(what) = torn_comment(edited) {
        return mismatch(what);
    }
    if comments::comments(edited.old, marker) != comments::comments(new, marker) {
        return mismatch("a comment would be lost or moved");
    }
    let (mut old_limit, mut new_limit) = (MAX_VALUES, MAX_VALUES);
    let old_value = edited.old.root().and_then(|root| root.to_value(&mut old_limit));
    let new_value = new.root().and_then(|root| root.to_value(&mut new_limit));
    let (Some(old_value), Some(new_value)) = (old_value, new_value) else {
        return Err(Doubt::TooLarge { line });
    };
    agree(old_value, edited.changes, new_value, line, "the first reader")?;
    second_reading(edited, new).map_err(|doubt| match edited.old.repeated_anchor() {
        // serde_yaml mixes up anchors once a name has been given twice.
        Some((at, name)) => Doubt::SecondReader {
            line: edited.old.line_at(at),
            what: format!("the anchor `{name}` stands twice, and an alias may mean either"),
        },
        None => doubt,
    })
}

fn second_reading(edited: &EditedDocument, new: &Document) -> Result<(), Doubt> {
    let (old, new) = (edited.old.text, new.text);
    second_reading_of(edited, old, new)?;
    if old.ends_with('\n') && new.ends_with('\n') {
        return Ok(());
    }
    // As kubectl reads a text: it adds the line end that is missing, and a block of text may get it.
    second_reading_of(edited, &ended(old), &ended(new))
}

fn ended(text: &str) -> Cow<'_, str> {
    match text.ends_with('\n') {
        true => Cow::Borrowed(text),
        false => Cow::Owned(format!("{text}\n")),
    }
}

fn second_reading_of(edited: &EditedDocument, old: &str, new: &str) -> Result<(), Doubt> {
    let (line, json) = (edited.old.line, edited.old.json);
    let old_value = reader::read(old, json).map_err(|rejection| Doubt::SecondReader {
        line: line + rejection.line - 1,
        what: rejection.what,
    })?;
    let new_value = reader::read(new, json).map_err(|_| Doubt::Mismatch {
        line,
        what: "the second reader rejects the new text".to_string(),
    })?;
    agree(old_value, edited.changes, new_value, line, "the second reader")
}

/// Whether the second reader, too, says that a document cannot be read.
pub fn is_broken(document: &str) -> bool {
    reader::read(document, false).is_err()
}

fn agree(old: Meaning, changes: &[Change], new: Meaning, line: usize, reader: &str) -> Result<(), Doubt> {
    let wanted = apply::apply(old, changes).map_err(|path| Doubt::Mismatch {
        line,
        what: format!("{reader} cannot reach {path}"),
    })?;
    if apply::same(&wanted, &new) {
        return Ok(());
    }
    Err(Doubt::Mismatch {
        line,
        what: format!("{reader} sees something else than was planned"),
    })
}

/// An insertion between a comment line and the line of the same indentation that it belongs to.
fn torn_comment(edited: &EditedDocument) -> Option<&'static str> {
    let text = edited.old.text;
    let indent = |line: &str| line.len() - line.trim_start().len();
    let is_line = |e: &&Edit| {
        e.start == e.end && !e.text.is_empty() && (e.start == 0 || text.as_bytes().get(e.start - 1) == Some(&b'\n'))
    };
    let torn = edited.edits.iter().filter(is_line).any(|edit| {
        let (before, after) = text.split_at_checked(edit.start).unwrap_or((text, ""));
        let previous = before.lines().next_back().unwrap_or("");
        let next = after.lines().next().unwrap_or("");
        let is_torn =
            previous.trim_start().starts_with('#') && !next.trim().is_empty() && indent(previous) == indent(next);
        // In a string over several lines that is no comment.
        let hash = before.rfind('#').unwrap_or(0);
        let mut scalars = edited.old.scalar_spans();
        is_torn && !scalars.any(|(start, end)| start < hash && hash < end)
    });
    torn.then_some("a comment would be torn from the line it belongs to")
}

/// That the new file is the old one outside the edited documents: `rewritten` gives the new text of some of them.
pub fn untouched_elsewhere(old: &str, new: &str, rewritten: &[(Chunk, &str)]) -> bool {
    let (mut old_rest, mut new_rest, mut old_at) = (old, new, 0);
    for (chunk, text) in rewritten {
        let Some(between) = chunk.offset.checked_sub(old_at).and_then(|n| old_rest.get(..n)) else {
            return false;
        };
        let Some(after) = new_rest.strip_prefix(between).and_then(|rest| rest.strip_prefix(*text)) else {
            return false;
        };
        new_rest = after;
        old_rest = old.get(chunk.offset + chunk.text.len()..).unwrap_or("");
        old_at = chunk.offset + chunk.text.len();
    }
    old_rest == new_rest && yaml::split(old).len() == yaml::split(new).len()
}
