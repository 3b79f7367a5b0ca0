//! Reading a parsed document: by key, by index, as a type. Follows aliases; types scalars as kubectl does.

use super::document::{Document, Kind, Node, NodeId, Style};
use super::scalar::{resolve_plain, resolve_tagged};
use super::{FieldPath, Meaning, Step, Value};

/// The second reader stops far earlier; aliases of aliases may nest beyond the parser's own limit.
const MAX_EXPANDED_DEPTH: usize = 512;

/// A node of a document. Cheap to copy; reading through an alias reads its target.
#[derive(Debug, Clone, Copy)]
pub struct NodeRef<'d> {
    document: &'d Document<'d>,
    id: NodeId,
}

impl<'t> Document<'t> {
    /// The document's root, unless it is empty.
    pub fn root(&'t self) -> Option<NodeRef<'t>> {
        self.root.map(|id| self.node(id))
    }

    pub(super) fn node(&'t self, id: NodeId) -> NodeRef<'t> {
        NodeRef { document: self, id }
    }
}

impl<'d> NodeRef<'d> {
    /// Identity of the node that holds the content (an alias has its target's).
    pub fn id(self) -> NodeId {
        match self.document.nodes[self.id.0].kind {
            Kind::Alias { target } => target,
            _ => self.id,
        }
    }

    pub(super) fn start(self) -> usize {
        self.document.nodes[self.id.0].start
    }

    pub(super) fn end(self) -> usize {
        self.document.nodes[self.id.0].end
    }

    /// 1-based line of the file on which the node stands (an alias: where the alias stands).
    pub fn line(self) -> usize {
        self.document.line_at(self.start())
    }

    pub fn document(self) -> &'d Document<'d> {
        self.document
    }

    pub fn is_mapping(self) -> bool {
        matches!(self.node().kind, Kind::Mapping { .. })
    }

    pub fn is_sequence(self) -> bool {
        matches!(self.node().kind, Kind::Sequence { .. })
    }

    pub fn is_null(self) -> bool {
        matches!(self.scalar(), Some(Meaning::Null))
    }

    /// Entries of a mapping in order; nothing for anything else.
    pub fn entries(self) -> impl DoubleEndedIterator<Item = (NodeRef<'d>, NodeRef<'d>)> + 'd {
        let entries = match &self.node().kind {
            Kind::Mapping { entries, .. } => entries.as_slice(),
            _ => &[],
        };
        let document = self.document;
        entries
            .iter()
            .map(move |(k, v)| (NodeRef { document, id: *k }, NodeRef { document, id: *v }))
    }

    /// Items of a sequence in order; nothing for anything else.
    pub fn items(self) -> impl Iterator<Item = NodeRef<'d>> + 'd {
        let items = match &self.node().kind {
            Kind::Sequence { items, .. } => items.as_slice(),
            _ => &[],
        };
        let document = self.document;
        items.iter().map(move |id| NodeRef { document, id: *id })
    }

    /// The value under a key; where the key stands twice, the last one, as kubectl reads it. Merge keys (`<<`) are keys
    /// like others here: [`Document::merged`] resolves them.
    pub fn get(self, key: &str) -> Option<NodeRef<'d>> {
        self.entries().rev().find(|(k, _)| k.reads_as(key)).map(|(_, v)| v)
    }

    /// [`NodeRef::get`] along several keys.
    pub fn at(self, keys: &[&str]) -> Option<NodeRef<'d>> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The items of the list under a key; nothing where it is absent.
    pub fn list(self, key: &str) -> impl Iterator<Item = NodeRef<'d>> + use<'d> {
        self.get(key).into_iter().flat_map(NodeRef::items)
    }

    /// The node at a path of keys and indices.
    pub fn at_path(self, path: &FieldPath) -> Option<NodeRef<'d>> {
        path.0.iter().try_fold(self, |node, step| match step {
            Step::Key(key) => node.get(key),
            Step::Index(index) => node.items().nth(*index),
        })
    }

    /// The typed scalar; `None` for a collection.
    pub fn scalar(self) -> Option<Meaning<'d>> {
        let node = self.node();
        let Kind::Scalar { style, .. } = &node.kind else {
            return None;
        };
        let text = self.text()?;
        Some(match (&node.tag, style) {
            (Some((true, suffix)), _) => resolve_tagged(suffix, text),
            (Some((false, tag)), _) => Meaning::Tagged(tag.as_ref().into(), Box::new(Meaning::str(text))),
            (None, Style::Absent | Style::Plain) => resolve_plain(text),
            (None, _) => Meaning::str(text),
        })
    }

    /// [`NodeRef::scalar`] as a value of its own.
    pub fn value(self) -> Option<Value> {
        self.scalar().map(Meaning::into_owned)
    }

    pub fn as_bool(self) -> Option<bool> {
        match self.scalar()? {
            Meaning::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// An integer, or a float without a fraction, as the API server's decoder takes it.
    pub fn as_int(self) -> Option<i128> {
        match self.scalar()? {
            Meaning::Int(value) => Some(value),
            Meaning::Float(text) => whole_number(&text),
            _ => None,
        }
    }

    /// A string; not a number or a boolean that happens to be spelled out.
    pub fn as_str(self) -> Option<&'d str> {
        match self.scalar()? {
            Meaning::Str(_) => self.text(),
            _ => None,
        }
    }

    /// The characters of a scalar, whatever its type.
    pub fn text(self) -> Option<&'d str> {
        let node = self.node();
        match &node.kind {
            Kind::Scalar { value: Some(value), .. } => Some(value),
            Kind::Scalar { value: None, .. } => self.document.text.get(node.start..node.end),
            _ => None,
        }
    }

    /// [`NodeRef::text`] compared, byte by byte: most keys that are looked at are not the one asked for.
    fn reads_as(self, text: &str) -> bool {
        let node = self.node();
        match &node.kind {
            Kind::Scalar { value: Some(value), .. } => **value == *text,
            Kind::Scalar { value: None, .. } => {
                self.document.text.as_bytes().get(node.start..node.end) == Some(text.as_bytes())
            }
            _ => false,
        }
    }

    /// The text of a key; `None` for a collection as a key.
    pub fn key_text(self) -> Option<&'d str> {
        self.text()
    }

    fn node(self) -> &'d Node {
        &self.document.nodes[self.id().0]
    }

    /// Whether more than so many values are in it, aliases followed.
    pub fn holds_more_than(self, limit: usize) -> bool {
        let mut left = limit;
        let mut pending = vec![self];
        while let Some(node) = pending.pop() {
            let Some(fewer) = left.checked_sub(1) else {
                return true;
            };
            left = fewer;
            pending.extend(node.items());
            pending.extend(node.entries().map(|(_, value)| value));
        }
        false
    }

    /// The whole value with aliases expanded; `None` where that takes more than `limit` nodes (an alias bomb) or goes
    /// deeper than recursion may.
    pub fn to_value(self, limit: &mut usize) -> Option<Meaning<'d>> {
        self.expand(limit, MAX_EXPANDED_DEPTH)
    }

    fn expand(self, limit: &mut usize, depth: usize) -> Option<Meaning<'d>> {
        *limit = limit.checked_sub(1)?;
        let depth = depth.checked_sub(1)?;
        let node = self.node();
        let value = match &node.kind {
            Kind::Sequence { .. } => {
                let items = self.items().map(|item| item.expand(limit, depth));
                Meaning::List(items.collect::<Option<Vec<_>>>()?)
            }
            Kind::Mapping { .. } => {
                let entries = self
                    .entries()
                    .map(|(k, v)| Some((k.expand(limit, depth)?, v.expand(limit, depth)?)));
                Meaning::Map(entries.collect::<Option<Vec<_>>>()?)
            }
            Kind::Scalar { .. } | Kind::Alias { .. } => return self.scalar(),
        };
        Some(match &node.tag {
            Some((false, tag)) => Meaning::Tagged(tag.as_ref().into(), Box::new(value)),
            _ => value,
        })
    }
}

fn whole_number(text: &str) -> Option<i128> {
    let number: f64 = text.parse().ok()?;
    #[allow(clippy::cast_possible_truncation)] // in range by the check before
    (number.fract() == 0.0 && number.abs() < 9.0e18).then_some(number as i128)
}

#[cfg(test)]
mod tests {
    use super::super::{parse, split};

    #[test]
    fn spans_cover_what_is_written() {
        let table: [(&str, &[&str], &str); 17] = [
            ("a: b # c\n", &["a"], "b"),
            ("a: é日 # c\n", &["a"], "é日"),
            ("a: one\n  two\nb: 1\n", &["a"], "one\n  two"),
            ("a: 'it''s'\n", &["a"], "'it''s'"),
            ("a: \"x\\\"y\" \n", &["a"], "\"x\\\"y\""),
            ("a:\n  # c\n\nb: x\n", &["b"], "x"),
            ("a: |\n  x\n\n  y\n\n\nb: 1\n", &["a"], "|\n  x\n\n  y"),
            ("a: |+ # c\n  x\n\n\nb: 1\n", &["a"], "|+ # c\n  x\n\n"),
            ("a: |2-\n    x\n  y\n# z\n", &["a"], "|2-\n    x\n  y"),
            ("a: |\n  日本 0123\nb: c\n", &["b"], "c"),
            ("a: >-\n\n  x\n    \n", &["a"], ">-\n\n  x\n    "),
            ("a: {b: [c, d]} # e\n", &["a"], "{b: [c, d]}"),
            ("a:\n- [b]\n- - c\n# d\n", &["a"], "- [b]\n- - c"),
            ("a: &x\n  - b: 1\n    c: 2\n", &["a"], "- b: 1\n    c: 2"),
            (
                "{\n  a: [{\n    b: 1,\n  }, # c\n  ],\n}\n",
                &["a"],
                "[{\n    b: 1,\n  }, # c\n  ]",
            ),
            ("{\"a\":[1,{\"b\":2}]}", &["a"], "[1,{\"b\":2}]"),
            ("a: |\r\n  x\r\nb: 1\r\n", &["a"], "|\r\n  x"),
        ];
        for (text, keys, wanted) in table {
            let chunks = split(text);
            let document = parse(&chunks[0]).expect(text);
            let node = document.root().expect(text).at(keys).expect(text);
            let raw = &document.nodes[node.id().0];
            assert_eq!(&text[raw.start..raw.end], wanted, "{text:?}");
        }
    }

    #[test]
    fn absent_values_stand_after_their_colon_or_dash() {
        let text = "a:\n# c\nb:\n-\n- x\n-   # d\n";
        let chunks = split(text);
        let document = parse(&chunks[0]).expect("parses");
        let root = document.root().expect("root");
        let position = |node: super::NodeRef| document.nodes[node.id().0].start;
        assert_eq!(position(root.get("a").expect("a")), 2);
        let items: Vec<usize> = root.get("b").expect("b").items().map(position).collect();
        assert_eq!(items, [11, 14, 17]);
    }

    #[test]
    fn values_are_rebuilt_behind_the_lens() {
        let chunks = split("a: \"\u{1f600}\\tz\"\nb: one\n  zwé\nü: 1\né: 2\nc: | # é\n  ß\n");
        let document = parse(&chunks[0]).expect("parses");
        let root = document.root().expect("root");
        assert_eq!(root.get("a").and_then(|n| n.as_str()), Some("\u{1f600}\tz"));
        assert_eq!(root.get("b").and_then(|n| n.as_str()), Some("one zwé"));
        assert_eq!(root.get("é").and_then(|n| n.as_int()), Some(2));
        assert_eq!(root.get("c").and_then(|n| n.as_str()), Some("ß\n"));
    }

    #[test]
    fn blocks_of_text_at_the_end_read_as_anywhere() {
        let table = [
            ("|", ""),
            ("|\n", ""),
            ("|\n\n", ""),
            (">\n  \n", ""),
            ("|+\n", ""),
            ("|+\n\n", "\n"),
            ("|+\r\n\r\n\r\n", "\n\n"),
            ("|-\n\n", ""),
            ("|\n  x", "x"),
            ("|\n  x\n", "x\n"),
            ("|+\n  x\n\n", "x\n\n"),
            ("|\n  x\n   ", "x\n "),
            ("|\n  x\n\n  ", "x\n"),
            ("|-\n  x\n\n  ", "x"),
            ("|+\n  x\n\n  ", "x\n\n"),
        ];
        for (block, wanted) in table {
            let text = format!("a: {block}");
            let document = parse(&split(&text)[0]).expect(&text);
            let a = document.root().and_then(|root| root.get("a"));
            assert_eq!(a.and_then(|a| a.as_str()), Some(wanted), "{text:?}");
        }
    }

    #[test]
    fn aliases_are_expanded_within_bounds() {
        let nested: String = (1..600).fold("a0: &a0 x\n".into(), |t, i| format!("{t}a{i}: &a{i} [*a{}]\n", i - 1));
        let bomb: String = (1..12).fold("a0: &a0 x\n".into(), |t, i| {
            let uses = vec![format!("*a{}", i - 1); 9].join(", ");
            format!("{t}a{i}: &a{i} [{uses}]\n")
        });
        for text in [nested, bomb] {
            let chunks = split(&text);
            let document = parse(&chunks[0]).expect("parses");
            assert_eq!(document.root().expect("root").to_value(&mut 1_000_000), None);
        }
    }

    #[test]
    fn what_cannot_be_read_safely_is_refused() {
        use super::super::ParseErrorKind::{Syntax, TooDeep, Unsupported};
        let deep = "[".repeat(600);
        let block: String = (0..600).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
        let table = [
            ("a: [", Syntax, 2),
            ("a: 1\n b: 2\n", Syntax, 2),
            (deep.as_str(), TooDeep, 1),
            (block.as_str(), TooDeep, 513),
            ("a: 1\n...\nb: 2\n", Unsupported, 3),
            ("%YAML 1.2\n---\na: 1\n", Unsupported, 1),
            ("a: &x\n  b: *x\n", Unsupported, 2),
            ("--- {a: b}\n", Unsupported, 1),
        ];
        for (text, kind, line) in table {
            let chunk = *split(text).first().expect("a chunk");
            let error = parse(&chunk).expect_err(text);
            assert_eq!((error.kind, error.line), (kind, line), "{text:.40?}: {}", error.what);
        }
    }
}
