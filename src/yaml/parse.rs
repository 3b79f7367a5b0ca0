//! One document's text -> an arena of nodes with byte spans.
//!
//! yaml-rust2 gives the events and says what is YAML; where a node ends is computed in `span`, because events
//! do not say it. The parser reads the text through a lens that shows every non-ASCII byte as one DEL, so that its
//! markers are byte offsets; the gate has refused real DELs, so values can be rebuilt. What scalars mean is in
//! `scalar`, reading by key is in `node`.

use std::borrow::Cow;
use std::collections::HashMap;

use yaml_rust2::parser::{Event, Parser, Tag};
use yaml_rust2::scanner::{ScanError, TScalarStyle};

use super::document::{Document, Kind, Node, NodeId, Style};
use super::json;
use super::pads::Pads;
use super::span::{self, lens};
use super::split::Chunk;

/// Deeper documents are refused: everything after the parser may then recurse over depth without risk.
const MAX_DEPTH: usize = 512;

/// About how much text one node takes: room for most, so that few are moved while they become more.
const BYTES_PER_NODE: usize = 24;

/// Why a document was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    pub kind: ParseErrorKind,
    /// 1-based line of the file.
    pub line: usize,
    pub what: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseErrorKind {
    /// Not YAML.
    Syntax,
    /// Nested deeper than is safe.
    TooDeep,
    /// YAML of a kind that is left alone: directives, text after `...`, recursive aliases.
    Unsupported,
}

/// Reads one document.
pub fn parse<'t>(chunk: &Chunk<'t>) -> Result<Document<'t>, ParseError> {
    if chunk.content_on_separator {
        return Err(unsupported(
            chunk.line.saturating_sub(1),
            "content on the `---` line; move it to the next line",
        ));
    }
    if chunk.has_directive() {
        let what = "a `%` directive, which kubectl rejects; remove it";
        return Err(unsupported(chunk.line, what));
    }
    if let Some(line) = chunk.stray_mark() {
        return Err(unsupported(line, "a byte order mark within a document; remove it"));
    }
    let json = chunk.is_json();
    let readable = match json {
        true => json::readable(chunk.text),
        false => Cow::Borrowed(chunk.text.as_bytes()),
    };
    let mut pads = Pads::new(chunk.text, readable);
    let mut first_error = None;
    loop {
        let error = match Builder::new(chunk, json).build(&pads) {
            Ok(Ok(document)) => return Ok(document),
            Ok(Err(refused)) => return Err(refused),
            Err(error) => error,
        };
        let in_vain = !pads.make_room(&error);
        let first = first_error.get_or_insert_with(|| scan_error(&error, chunk.line));
        if in_vain {
            return Err(first.clone());
        }
    }
}

fn unsupported(line: usize, what: &str) -> ParseError {
    ParseError {
        kind: ParseErrorKind::Unsupported,
        line,
        what: what.to_string(),
    }
}

/// What the parser says; it has a limit of its own on how deep flow collections nest.
fn scan_error(error: &ScanError, first_line: usize) -> ParseError {
    let (kind, what) = match error.info() {
        "recursion limit exceeded" => (ParseErrorKind::TooDeep, "brackets nested too deep"),
        what => (ParseErrorKind::Syntax, what),
    };
    ParseError {
        kind,
        line: first_line + error.marker().line().saturating_sub(1),
        what: what.to_string(),
    }
}

struct Builder<'t> {
    document: Document<'t>,
    /// Collections that are still open, outermost first, each with the key that waits for its value.
    open: Vec<(NodeId, Option<NodeId>)>,
    anchors: HashMap<usize, NodeId>,
    /// Documents started.
    seen: usize,
}

impl<'t> Builder<'t> {
    fn new(chunk: &Chunk<'t>, json: bool) -> Builder<'t> {
        let document = Document {
            text: chunk.text,
            offset: chunk.offset,
            line: chunk.line,
            json,
            lines: memchr::memchr_iter(b'\n', chunk.text.as_bytes())
                .map(|end| end + 1)
                .collect(),
            comments: Vec::new(),
            nodes: Vec::with_capacity(chunk.text.len() / BYTES_PER_NODE),
            root: None,
        };
        Builder {
            document,
            open: Vec::new(),
            anchors: HashMap::new(),
            seen: 0,
        }
    }

    /// The outer error is the parser's, the inner one ours.
    fn build(mut self, pads: &Pads) -> Result<Result<Document<'t>, ParseError>, ScanError> {
        let mut parser = Parser::new(pads.shown().iter().copied().map(lens));
        loop {
            let (event, marker) = parser.next_token()?;
            if matches!(event, Event::StreamEnd) {
                self.document.find_comments();
                return Ok(Ok(self.document));
            }
            if let Err(refused) = self.take(event, pads.offset(marker.index())) {
                return Ok(Err(refused));
            }
        }
    }

    fn take(&mut self, event: Event, at: usize) -> Result<(), ParseError> {
        match event {
            Event::DocumentStart => {
                self.seen += 1;
                if self.seen > 1 {
                    return Err(self.unsupported(at, "text after `...`, which kubectl ignores; remove it"));
                }
                Ok(())
            }
            Event::Scalar(value, style, anchor, tag) => self.scalar(&value, style, at, anchor, tag),
            Event::SequenceStart(anchor, tag) => {
                let (start, flow) = self.sequence_start(at);
                let items = Vec::new();
                self.open_collection(Kind::Sequence { flow, items }, start, anchor, tag)
            }
            Event::MappingStart(anchor, tag) => {
                let flow = self.byte(at) == Some(b'{');
                let entries = Vec::new();
                self.open_collection(Kind::Mapping { flow, entries }, at, anchor, tag)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.close_collection(at);
                Ok(())
            }
            Event::Alias(anchor) => self.alias(anchor, at),
            Event::Nothing | Event::StreamStart | Event::DocumentEnd | Event::StreamEnd => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        value: &str,
        style: TScalarStyle,
        at: usize,
        anchor: usize,
        tag: Option<Tag>,
    ) -> Result<(), ParseError> {
        let text = self.document.text;
        if matches!(style, TScalarStyle::Plain) && self.is_key_sign(at) {
            let what = "a `?` before a word in brackets, which kubectl reads as a sign; remove it, or quote the word";
            return Err(self.unsupported(at, what));
        }
        // Most scalars are words that stand in the text as they read.
        if matches!(style, TScalarStyle::Plain) && !value.is_empty() && span::stands_at(text, at, value) {
            let style = Style::Plain;
            let id = self.add(Kind::Scalar { style, value: None }, (at, at + value.len()), anchor, tag);
            self.attach(id);
            return Ok(());
        }
        let (style, span) = match style {
            TScalarStyle::Plain if value.is_empty() => (Style::Absent, Some(self.absent_value(at))),
            TScalarStyle::Plain => (Style::Plain, span::plain(text, at, value).map(|end| (at, end))),
            TScalarStyle::SingleQuoted => (Style::SingleQuoted, span::single_quoted(text, at).map(|end| (at, end))),
            TScalarStyle::DoubleQuoted => (Style::DoubleQuoted, span::double_quoted(text, at).map(|end| (at, end))),
            TScalarStyle::Literal | TScalarStyle::Folded => {
                (Style::Block, span::block_scalar(text, self.value_position(at), value))
            }
        };
        let Some((start, end)) = span else {
            return Err(self.unsupported(at, "a scalar whose end cannot be found; quote it"));
        };
        let source = text.get(start..end).unwrap_or("");
        let value = match style {
            Style::Block => span::block_value(text, (start, end), value),
            _ => value,
        };
        let value = if source.bytes().map(lens).eq(value.chars()) {
            None
        } else if self.document.json && style == Style::DoubleQuoted {
            let what = "half of a surrogate pair, which kubectl replaces; write the whole character";
            Some(json::string(source).ok_or_else(|| self.unsupported(at, what))?)
        } else {
            // The header of a block scalar may carry a comment.
            let body = match style {
                Style::Block => source.split_once('\n').map_or("", |(_, body)| body),
                _ => source,
            };
            let rebuilt = span::rebuild(value, body);
            Some(rebuilt.ok_or_else(|| self.unsupported(at, "a scalar that cannot be read back; quote it"))?)
        };
        let id = self.add(Kind::Scalar { style, value }, (start, end), anchor, tag);
        self.attach(id);
        Ok(())
    }

    /// Whether libyaml takes the start of a plain scalar for the sign of an explicit key: every `?` there, inside brackets.
    fn is_key_sign(&self, at: usize) -> bool {
        let is_flow = |(id, _): &(NodeId, _)| self.document.nodes[id.0].kind.is_flow();
        self.byte(at) == Some(b'?') && self.open.last().is_some_and(is_flow)
    }

    /// Where the value that is about to be attached may start: after the key's colon or the item's dash.
    fn value_position(&self, at: usize) -> usize {
        match self.open.last() {
            Some((_, Some(key))) => span::after_colon(self.document.text, self.document.nodes[key.0].end),
            Some((parent, None)) => match &self.document.nodes[parent.0].kind {
                Kind::Sequence { items, flow: false } => {
                    let from = items
                        .last()
                        .map_or(self.document.nodes[parent.0].start, |i| self.document.nodes[i.0].end);
                    span::after_dash(self.document.text, from)
                }
                _ => at,
            },
            None => 0,
        }
    }

    /// The empty span of a value that is not written.
    fn absent_value(&self, at: usize) -> (usize, usize) {
        let position = self.value_position(at).min(at);
        (position, position)
    }

    /// A block sequence starts at its first dash (its marker may stand after it); a flow sequence at its bracket.
    fn sequence_start(&self, at: usize) -> (usize, bool) {
        let dash = span::content_after(self.document.text, self.value_position(at));
        if dash <= at && self.byte(dash) == Some(b'-') {
            (dash, false)
        } else {
            (at, true)
        }
    }

    fn open_collection(&mut self, kind: Kind, start: usize, anchor: usize, tag: Option<Tag>) -> Result<(), ParseError> {
        if self.open.len() >= MAX_DEPTH {
            let line = self.line_of(start);
            let what = format!("nesting deeper than {MAX_DEPTH} levels");
            return Err(ParseError {
                kind: ParseErrorKind::TooDeep,
                line,
                what,
            });
        }
        let id = self.add(kind, (start, start), anchor, tag);
        self.attach(id);
        self.open.push((id, None));
        Ok(())
    }

    /// Block collections end with their last child and start with their first; flow collections end at the bracket.
    fn close_collection(&mut self, at: usize) {
        let Some((id, _)) = self.open.pop() else { return };
        let node = &self.document.nodes[id.0];
        let (start, end) = match &node.kind {
            Kind::Mapping { flow: false, entries } => match (entries.first(), entries.last()) {
                (Some((key, _)), Some((_, value))) => {
                    (self.document.nodes[key.0].start, self.document.nodes[value.0].end)
                }
                _ => (node.start, node.start),
            },
            Kind::Sequence { flow: false, items } => (
                node.start,
                items.last().map_or(node.start, |i| self.document.nodes[i.0].end),
            ),
            _ => (node.start, span::closing_bracket(self.document.text, at) + 1),
        };
        let node = &mut self.document.nodes[id.0];
        (node.start, node.end) = (start, end);
    }

    fn alias(&mut self, anchor: usize, at: usize) -> Result<(), ParseError> {
        let Some(target) = self.anchors.get(&anchor).copied() else {
            return Err(self.unsupported(at, "an alias without its anchor; write the value out"));
        };
        if self.open.iter().any(|(id, _)| *id == target) {
            return Err(self.unsupported(at, "an alias inside its own anchor; write the value out"));
        }
        let end = span::alias(self.document.text, at);
        let id = self.add(Kind::Alias { target }, (at, end), 0, None);
        self.attach(id);
        Ok(())
    }

    fn add(&mut self, kind: Kind, (start, end): (usize, usize), anchor: usize, tag: Option<Tag>) -> NodeId {
        let id = NodeId(self.document.nodes.len());
        let parent = self.open.last().map(|(parent, _)| *parent);
        let tag = tag.map(|t| match t.handle.as_str() {
            "tag:yaml.org,2002:" => (true, t.suffix.into_boxed_str()),
            handle => (false, format!("{handle}{}", t.suffix).into_boxed_str()),
        });
        self.document.nodes.push(Node {
            kind,
            start,
            end,
            parent,
            anchored: anchor > 0,
            tag,
        });
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        id
    }

    fn attach(&mut self, id: NodeId) {
        let Some((parent, waiting_key)) = self.open.last_mut() else {
            self.document.root = Some(id);
            return;
        };
        match &mut self.document.nodes[parent.0].kind {
            Kind::Sequence { items, .. } => items.push(id),
            Kind::Mapping { entries, .. } => match waiting_key.take() {
                Some(key) => entries.push((key, id)),
                None => *waiting_key = Some(id),
            },
            Kind::Scalar { .. } | Kind::Alias { .. } => {}
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.document.text.as_bytes().get(at).copied()
    }

    fn line_of(&self, at: usize) -> usize {
        self.document.line_at(at)
    }

    fn unsupported(&self, at: usize, what: &str) -> ParseError {
        unsupported(self.line_of(at), what)
    }
}
