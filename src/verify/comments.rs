//! The comments of a document, found without the editor: every `#` that starts one lies outside all scalars.

use crate::yaml::{self, Document};

/// Texts of the comments in order, without trailing blanks. A comment that is the marker, or ends in it behind another
/// comment, counts without the marker.
pub(super) fn comments<'t>(document: &Document<'t>, marker: &str) -> Vec<&'t str> {
    let text = document.text;
    let mut scalars = document.scalar_spans().peekable();
    let (mut found, mut behind_last) = (Vec::new(), 0);
    for hash in memchr::memchr_iter(b'#', text.as_bytes()) {
        while scalars.next_if(|(_, end)| *end <= hash).is_some() {}
        let is_inside = scalars.peek().is_some_and(|(start, _)| *start <= hash);
        if is_inside || hash < behind_last {
            continue;
        }
        let rest = text.get(hash..).unwrap_or("");
        let line = rest.split('\n').next().unwrap_or("");
        let comment = line.trim_end();
        let own = yaml::without_marker(comment, marker).map_or(comment, str::trim_end);
        if !own.is_empty() {
            found.push(own);
        }
        behind_last = hash + line.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{parse, split};

    #[test]
    fn a_comment_begins_outside_scalars_and_ends_with_its_line() {
        let table: [(&str, &[&str]); 5] = [
            ("a: 1\n", &[]),
            ("# x # y\na: b # z  \r\n", &["# x # y", "# z"]),
            ("a: '# no' # x\nb: \"#\"\nc: d#e\n", &["# x"]),
            ("t: |\n  # no\n  b # no\n# x\nu: >-\n  #\n#y", &["# x", "#y"]),
            ("{a: '#', # x\n b: 1} # y # mark\n# mark", &["# x", "# y"]),
        ];
        for (text, wanted) in table {
            let chunks = split(text);
            let document = parse(&chunks[0]).expect(text);
            assert_eq!(comments(&document, "mark"), wanted, "{text:?}");
        }
    }
}
