//! What kubectl reads and yaml-rust2 does not: lines inside brackets or quotes that stand no deeper than the key before
//! them, and a tab behind a colon. The parser is shown such a line with blanks before it, which mean nothing there, and
//! its offsets are taken back to the text; such a tab as a blank. Only where the parser itself says that it is inside
//! brackets or quotes, or behind the colon of a key.

use std::borrow::Cow;

use yaml_rust2::scanner::ScanError;

use super::span;

/// Deeper than any line should be; a line that needs more stays an error.
const WIDTH: usize = 128;

/// Every round is another parse: longer documents, and more rounds, are not worth it.
const LONGEST: usize = 1 << 20;
const ROUNDS: usize = 64;

/// What the parser says of lines inside brackets, and of quotes; the latter with the place where they open.
const IN_BRACKETS: [&str; 2] = ["invalid indentation", "invalid indentation in flow construct"];
const IN_QUOTES: &str = "invalid indentation in quoted scalar";

/// What the parser says of a tab behind the colon at its marker.
const BEHIND_COLON: &str = "':' must be followed by a valid YAML whitespace";

/// A document as it is shown to the parser.
pub(super) struct Pads<'t> {
    text: &'t str,
    /// The text, or bytes that stand for it, one for one.
    readable: Cow<'t, [u8]>,
    /// With room made, if there was need.
    roomy: Option<Vec<u8>>,
    /// Starts of the lines with blanks before them, in the text; sorted.
    lines: Vec<usize>,
    /// Tabs in the text that are shown as blanks.
    tabs: Vec<usize>,
    rounds: usize,
}

impl<'t> Pads<'t> {
    pub(super) fn new(text: &'t str, readable: Cow<'t, [u8]>) -> Pads<'t> {
        Pads {
            text,
            readable,
            roomy: None,
            lines: Vec::new(),
            tabs: Vec::new(),
            rounds: 0,
        }
    }

    pub(super) fn shown(&self) -> &[u8] {
        self.roomy.as_deref().unwrap_or(&self.readable)
    }

    /// The offset in the text of an offset in what is shown.
    pub(super) fn offset(&self, shown: usize) -> usize {
        let (mut from, mut to) = (0, self.lines.len());
        while from < to {
            let middle = from.midpoint(to);
            if self.lines[middle] + middle * WIDTH < shown {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        match from.checked_sub(1) {
            Some(last) => shown.saturating_sub(from * WIDTH).max(self.lines[last]),
            None => shown,
        }
    }

    /// Makes room for what the parser stumbled over; says whether that is something new.
    pub(super) fn make_room(&mut self, error: &ScanError) -> bool {
        self.rounds += 1;
        if self.text.len() > LONGEST || self.rounds > ROUNDS {
            return false;
        }
        let at = self.offset(error.marker().index());
        let known = self.lines.len() + self.tabs.len();
        if IN_BRACKETS.contains(&error.info()) {
            self.lines.push(span::line_start(self.text, at));
        } else if error.info() == IN_QUOTES {
            let end = match self.text.as_bytes().get(at) {
                Some(b'"') => span::double_quoted(self.text, at),
                Some(b'\'') => span::single_quoted(self.text, at),
                _ => None,
            };
            let quoted = self.text.get(at..end.unwrap_or(at)).unwrap_or("");
            self.lines.extend(quoted.match_indices('\n').map(|(i, _)| at + i + 1));
        } else if error.info() == BEHIND_COLON {
            let before = self.text.get(..at).unwrap_or("");
            let tab = before.trim_end_matches('\t').len();
            self.tabs.extend((tab < at).then_some(tab));
        }
        self.lines.sort_unstable();
        self.lines.dedup();
        self.tabs.sort_unstable();
        self.tabs.dedup();
        self.show();
        self.lines.len() + self.tabs.len() > known
    }

    fn show(&mut self) {
        let mut text = self.readable.to_vec();
        for tab in &self.tabs {
            text[*tab] = b' ';
        }
        let mut shown = Vec::with_capacity(text.len() + self.lines.len() * WIDTH);
        let mut from = 0;
        for line in &self.lines {
            shown.extend_from_slice(text.get(from..*line).unwrap_or_default());
            shown.resize(shown.len() + WIDTH, b' ');
            from = *line;
        }
        shown.extend_from_slice(text.get(from..).unwrap_or_default());
        self.roomy = Some(shown);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{parse, split};
    use super::{Cow, Pads, WIDTH};

    #[test]
    fn offsets_are_those_of_the_text() {
        let mut pads = Pads::new("a\nb\nc\n", Cow::Borrowed(b"a\nb\nc\n"));
        pads.lines = vec![2, 4];
        pads.show();
        assert_eq!(pads.shown().len(), 6 + 2 * WIDTH);
        let expected = [(0, 0), (1, 1), (2, 2), (3, 2), (2 + WIDTH, 2), (3 + WIDTH, 3)];
        for (shown, offset) in expected {
            assert_eq!(pads.offset(shown), offset, "{shown}");
        }
        assert_eq!(pads.offset(4 + WIDTH), 4);
        assert_eq!(pads.offset(4 + WIDTH + 7), 4);
        assert_eq!(pads.offset(5 + 2 * WIDTH), 5);
    }

    #[test]
    fn lines_inside_brackets_and_quotes_may_stand_at_their_key() {
        let table = [
            ("a:\n  b: [\n  \"x\", # c\n  y,\n  ]\n  c: {\n  d: é\n  }\n", "x"),
            ("a:\n  b: [\"x\n  y\"]\n  c: {d: é}\n", "x y"),
            ("a:\n  b:\n  - 'x\n\n  y'\n  c: {d: é}\n", "x\ny"),
        ];
        for (text, first) in table {
            let chunks = split(text);
            let document = parse(&chunks[0]).expect(text);
            let a = document.root().and_then(|root| root.get("a")).expect("a");
            let item = a.get("b").and_then(|b| b.items().next()).expect("item");
            assert_eq!(item.as_str(), Some(first), "{text:?}");
            assert_eq!(a.at(&["c", "d"]).and_then(|d| d.as_str()), Some("é"), "{text:?}");
        }
    }

    #[test]
    fn a_tab_behind_a_colon_is_a_blank() {
        let text = "a:\t\tx\nb:\n  c:\tx # :\tz\n  d: |\n    e:\tf\n  \"g\":\t-1\n";
        let chunks = split(text);
        let document = parse(&chunks[0]).expect("parses");
        let root = document.root().expect("root");
        let str = |keys: &[&str]| root.at(keys).and_then(|node| node.as_str());
        assert_eq!(str(&["a"]), Some("x"));
        assert_eq!(str(&["b", "c"]), Some("x"));
        assert_eq!(str(&["b", "d"]), Some("e:\tf\n"));
        assert_eq!(root.at(&["b", "g"]).and_then(|node| node.as_int()), Some(-1));
    }

    #[test]
    fn nothing_else_is_let_through() {
        for text in [
            "a:\n  b: 1\n c: 2\n",
            "a: [\n---\n]\n",
            "a:\n  b: [\n c",
            "a: \"\nb: c\n",
        ] {
            assert!(split(text).iter().any(|chunk| parse(chunk).is_err()), "{text:?}");
        }
    }
}
