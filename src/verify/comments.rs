//! The comments of a document, found without the editor: every `#` that starts one lies outside all scalars.

use crate::yaml::{self, Document};

/// Texts of the comments in order, without trailing blanks. A comment that is the marker, or ends in it behind another
/// comment, counts without the marker.
pub(super) fn comments<'t>(document: &Document<'t>, marker: &str) -> Vec<&'t str> {
    let text = document.text;
    let mut found = Vec::new();
    let mut at = 0;
    for (start, end) in document.scalar_spans() {
        collect(text, at, start, marker, &mut found);
        at = at.max(end);
    }
    collect(text, at, text.len(), marker, &mut found);
    found
}

/// Comments between two offsets that lie outside scalars.
fn collect<'t>(text: &'t str, from: usize, to: usize, marker: &str, found: &mut Vec<&'t str>) {
    let mut at = from;
    while let Some(hash) = text.get(at..to).and_then(|gap| gap.find('#')).map(|i| at + i) {
        let end = text
            .get(hash..)
            .and_then(|t| t.find('\n'))
            .map_or(text.len(), |i| hash + i);
        let comment = text.get(hash..end).unwrap_or("").trim_end();
        let own = yaml::without_marker(comment, marker).map_or(comment, str::trim_end);
        if !own.is_empty() {
            found.push(own);
        }
        at = end;
    }
}
