//! The comments of a document: every `#` that starts one lies outside all scalars.

use super::NodeRef;
use super::document::Document;

impl Document<'_> {
    /// Comments from the line of `first` to that of `last`, 1-based lines of the file: their lines and texts, from `#` on.
    pub fn comments(&self, first: usize, last: usize) -> Vec<(usize, &str)> {
        let (mut found, mut at, mut seen, mut line) = (Vec::new(), 0, 0, self.line);
        for (start, end) in self.scalar_spans().chain([(self.text.len(), self.text.len())]) {
            while let Some(hash) = self.hash(at, start) {
                line += newlines(self.text, seen, hash);
                seen = hash;
                let comment = self.text.get(hash..).and_then(|rest| rest.lines().next()).unwrap_or("");
                if (first..=last).contains(&line) {
                    found.push((line, comment));
                }
                at = hash + comment.len();
            }
            at = at.max(end);
        }
        found
    }

    fn hash(&self, from: usize, to: usize) -> Option<usize> {
        Some(from + self.text.get(from..to)?.find('#')?)
    }
}

fn newlines(text: &str, from: usize, to: usize) -> usize {
    let between = text.as_bytes().get(from..to).unwrap_or_default();
    memchr::memchr_iter(b'\n', between).count()
}

impl<'d> NodeRef<'d> {
    /// The lines of comment above the node's line, nearest first, each with its 1-based line of the file. A blank line may
    /// lie between.
    pub fn comment_lines_above(self) -> impl Iterator<Item = (usize, &'d str)> {
        let text = self.document().text;
        let head = text.get(..self.start()).unwrap_or("");
        let above = head.rfind('\n').and_then(|end| head.get(..end)).unwrap_or("");
        let above = above.strip_suffix('\r').unwrap_or(above);
        let nearest = self.line().saturating_sub(1 + usize::from(above.ends_with('\n')));
        let lines = above.lines().rev().enumerate();
        lines
            .map(move |(index, line)| (nearest.saturating_sub(index), line))
            .take_while(|(_, line)| line.trim_start().starts_with('#'))
    }

    /// The 1-based line of the file on which the node ends.
    pub fn last_line(self) -> usize {
        self.document().line_at(self.end())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{parse, split};

    #[test]
    fn comments_above_have_their_lines() {
        let table: [(&str, &[(usize, &str)]); 6] = [
            ("a: 1\n", &[]),
            ("# x\na: 1\n", &[(1, "# x")]),
            ("# x\r\n # y\r\na: 1\r\n", &[(2, " # y"), (1, "# x")]),
            ("# x\n\na: 1\n", &[(1, "# x")]),
            ("# x\r\n\r\na: 1\r\n", &[(1, "# x")]),
            ("# x\n\n# y\na: 1\n", &[(3, "# y")]),
        ];
        for (text, wanted) in table {
            let document = parse(&split(text)[0]).expect(text);
            let above = document
                .root()
                .map(|root| root.comment_lines_above().collect::<Vec<_>>());
            assert_eq!(above.as_deref(), Some(wanted), "{text:?}");
        }
    }

    #[test]
    fn comments_are_told_from_texts_that_look_like_them() {
        let text = "# a\nk: v # b\ns: '# no'\nt: |\n  # no\nu: \"x\" # c\n# d\n";
        let chunks = split(text);
        let document = parse(&chunks[0]).expect(text);
        let all = [(1, "# a"), (2, "# b"), (6, "# c"), (7, "# d")];
        assert_eq!(document.comments(0, usize::MAX), all);
        assert_eq!(document.comments(2, 6), all[1..3]);
        assert_eq!(document.root().map(|root| root.last_line()), Some(6));
    }
}
