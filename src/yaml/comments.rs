//! The comments of a document: every `#` that starts one lies outside all scalars.

use super::NodeRef;
use super::document::Document;
use super::span;

impl Document<'_> {
    /// Takes down where comments start, once all scalars are known.
    pub(super) fn find_comments(&mut self) {
        let mut scalars = self.scalar_spans().peekable();
        let (mut signs, mut behind_last) = (Vec::new(), 0);
        for sign in memchr::memchr_iter(b'#', self.text.as_bytes()) {
            while scalars.next_if(|(_, end)| *end <= sign).is_some() {}
            let is_inside = scalars.peek().is_some_and(|(start, _)| *start <= sign);
            if !is_inside && sign >= behind_last {
                signs.push(sign);
                behind_last = span::line_end(self.text, sign);
            }
        }
        drop(scalars);
        self.comments = signs;
    }

    /// Comments from the line of `first` to that of `last`, 1-based lines of the file: their lines and texts, from `#` on.
    pub fn comments(&self, first: usize, last: usize) -> impl Iterator<Item = (usize, &str)> {
        let before = self.comments.partition_point(|sign| self.line_at(*sign) < first);
        let later = self.comments.iter().skip(before);
        let later = later.map(|sign| (self.line_at(*sign), self.comment(*sign)));
        later.take_while(move |(line, _)| *line <= last)
    }

    /// The comment that starts at an offset.
    fn comment(&self, sign: usize) -> &str {
        let comment = self.text.get(sign..span::line_end(self.text, sign)).unwrap_or("");
        comment.strip_suffix('\r').unwrap_or(comment)
    }
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

    /// The comment on the line on which the node ends, behind it; empty where there is none.
    pub fn comment_behind(self) -> &'d str {
        let (document, end) = (self.document(), self.end());
        let before = document.comments.partition_point(|sign| *sign < end);
        let next = document.comments.get(before);
        let next = next.filter(|sign| document.line_at(**sign) == document.line_at(end));
        next.map_or("", |sign| document.comment(*sign))
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
        let comments = |first, last| document.comments(first, last).collect::<Vec<_>>();
        assert_eq!(comments(0, usize::MAX), all);
        assert_eq!(comments(2, 6), all[1..3]);
        let behind = |key: &str| {
            document
                .root()
                .and_then(|root| root.get(key))
                .map(|node| node.comment_behind())
        };
        assert_eq!(["k", "s", "t", "u"].map(behind), ["# b", "", "", "# c"].map(Some));
        assert_eq!(document.root().map(|root| root.last_line()), Some(6));
    }
}
