//! Splits a file into documents exactly where kubectl does: at lines that start with `---`, whatever
//! surrounds them. What is in a document, `parse` says.

use super::json;

/// One document's text within its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk<'t> {
    /// Without a byte order mark and without the separator line.
    pub text: &'t str,
    /// Byte offset of `text` in the file.
    pub offset: usize,
    /// 1-based line of the file on which `text` starts.
    pub line: usize,
    /// The separator line before this chunk carries content (`--- {a: b}`), which kubectl rejects.
    pub content_on_separator: bool,
    /// It is all there is in the file: there is no separator.
    pub whole: bool,
}

impl Chunk<'_> {
    /// Whether a `%` directive stands before the content: kubectl rejects the whole file.
    pub fn has_directive(&self) -> bool {
        let is_content = |line: &&str| !line.trim_start().is_empty() && !line.trim_start().starts_with('#');
        self.text
            .lines()
            .find(is_content)
            .is_some_and(|line| line.starts_with('%'))
    }
}

pub(super) const MARK: char = '\u{feff}';

impl Chunk<'_> {
    /// Whether kubectl reads the file as JSON.
    pub fn is_json(&self) -> bool {
        self.whole && json::is_json(self.text)
    }

    /// 1-based line of a byte order mark at the start of a line, but for the one that may stand before a document: libyaml
    /// passes over it, to others it is part of a key.
    pub fn stray_mark(&self) -> Option<usize> {
        if self.text.starts_with(MARK) {
            return Some(self.line);
        }
        let at = memchr::memmem::find(self.text.as_bytes(), "\n\u{feff}".as_bytes())?;
        Some(self.line + newlines(self.text.get(..=at)?))
    }
}

/// The documents of a file in order. A chunk before the first separator that holds only comments and blank
/// lines is no document, as for every other reader.
pub fn split(text: &str) -> Vec<Chunk<'_>> {
    let mut chunks = Vec::new();
    let (mut start, mut line, mut content_on_separator) = (0, 1, false);
    for separator in separators(text) {
        chunks.push(chunk(text, start, separator, line, content_on_separator));
        let after = line_end(text, separator);
        line += newlines(&text[start..after]);
        content_on_separator = !is_bare(&text[separator + 3..after]);
        start = after;
    }
    chunks.push(chunk(text, start, text.len(), line, content_on_separator));
    if let [only] = chunks.as_mut_slice() {
        only.whole = true;
    }
    if chunks.len() > 1 && is_empty(chunks[0].text) {
        chunks.remove(0);
    }
    chunks
}

/// Offsets of the lines that start with `---`.
fn separators(text: &str) -> impl Iterator<Item = usize> + '_ {
    let first = text.starts_with("---").then_some(0);
    let bom = text.starts_with("\u{feff}---").then_some('\u{feff}'.len_utf8());
    let later = memchr::memmem::find_iter(text.as_bytes(), b"\n---").map(|i| i + 1);
    first.into_iter().chain(bom).chain(later)
}

fn chunk(text: &str, start: usize, end: usize, line: usize, content_on_separator: bool) -> Chunk<'_> {
    let whole = text.get(start..end).unwrap_or("");
    let bare = whole.strip_prefix(MARK).unwrap_or(whole);
    Chunk {
        text: bare,
        offset: end - bare.len(),
        line,
        content_on_separator,
        whole: false,
    }
}

fn is_bare(rest: &str) -> bool {
    let rest = rest.trim_start_matches([' ', '\t']);
    rest.trim_end().is_empty() || rest.starts_with('#')
}

/// Whether a chunk holds nothing but comments and blank lines.
pub fn is_empty(chunk: &str) -> bool {
    chunk
        .lines()
        .map(str::trim_start)
        .all(|line| line.is_empty() || line.starts_with('#'))
}

/// Offset just after the line end that follows `from`, or the end of the text.
fn line_end(text: &str, from: usize) -> usize {
    memchr::memchr(b'\n', &text.as_bytes()[from..]).map_or(text.len(), |i| from + i + 1)
}

fn newlines(text: &str) -> usize {
    memchr::memchr_iter(b'\n', text.as_bytes()).count()
}

#[cfg(test)]
mod tests {
    use super::split;

    fn texts(text: &str) -> Vec<(&str, usize)> {
        split(text).iter().map(|c| (c.text, c.line)).collect()
    }

    #[test]
    fn documents_lie_between_lines_that_start_with_three_dashes() {
        assert_eq!(texts("a: 1\n---\nb: 2\n"), [("a: 1\n", 1), ("b: 2\n", 3)]);
        assert_eq!(texts("---\na: 1\n---\n"), [("a: 1\n", 2), ("", 4)]);
        assert_eq!(texts("# c\n--- # d\na: 1"), [("a: 1", 3)]);
        assert_eq!(
            texts("a: |\n  ---\nb: '\n---\n'"),
            [("a: |\n  ---\nb: '\n", 1), ("'", 5)]
        );
        assert_eq!(texts(""), [("", 1)]);
    }

    #[test]
    fn a_byte_order_mark_is_no_text() {
        assert_eq!(texts("\u{feff}a: 1\n---\n\u{feff}b: 2"), [("a: 1\n", 1), ("b: 2", 3)]);
        assert_eq!(texts("\u{feff}---\na: 1"), [("a: 1", 2)]);
        assert_eq!(split("\u{feff}a: 1")[0].offset, 3);
    }

    #[test]
    fn content_on_a_separator_is_noted() {
        let found: Vec<bool> = split("a: 1\n--- {b: 2}\n---\t# c\n---x\n")
            .iter()
            .map(|c| c.content_on_separator)
            .collect();
        assert_eq!(found, [false, true, false, true]);
    }
}
