//! Changes -> edits of bytes, all planned on one parse. Never re-serialises: what no change names keeps its bytes.
//!
//! This file walks the wanted changes down the document and decides per node; `block` and `flow` know where text goes
//! in either syntax, `removal` takes entries away, `emit` writes new values, `marker` marks them, `layout` reads the
//! local style; `editor` is what all of them work on. Whether the result says what it should is not judged here but by verify.

mod block;
mod editor;
mod emit;
mod flow;
mod layout;
mod marker;
mod removal;
mod want;

pub use editor::{Edit, EditRules, Placement, Refusal, RefusalKind};
pub use emit::on_one_line;

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Document, Kind, NodeId, Style};
use super::span;
use super::{Change, Step, Value};
use editor::{Editor, Lines};
use emit::Emit;
use want::Want;

/// The edits that make `changes` true, sorted, not overlapping.
pub fn edit(document: &Document, changes: &[Change], rules: EditRules) -> Result<Vec<Edit>, Refusal> {
    let want = Want::from_changes(changes);
    let Some(root) = document.root else {
        return Err(Refusal {
            kind: RefusalKind::Unsupported,
            line: document.line,
            what: "an empty document".into(),
        });
    };
    let mut crowded = BTreeSet::new();
    loop {
        let mut editor = Editor {
            document,
            rules,
            edits: Vec::new(),
            shared: BTreeMap::new(),
            replaced: BTreeMap::new(),
            lines: Lines::default(),
            crowded: &crowded,
        };
        editor.visit(root, &want, 0)?;
        editor.check_shared()?;
        // Rare: only in one-line flow style does a line have room for values of both kinds.
        let more = editor.crowded_lines();
        if more.is_empty() {
            editor.drop_markers();
            return editor.finish();
        }
        if let Some(end) = more.iter().find(|end| crowded.contains(*end)) {
            return Err(editor.unsupported_at(*end, "no room for a comment; give the values lines of their own"));
        }
        crowded.extend(more);
    }
}

impl Editor<'_> {
    /// Makes `want` true of the node at `id`, which may be an alias.
    fn visit(&mut self, id: NodeId, want: &Want, depth: usize) -> Result<(), Refusal> {
        let target = self.target(id);
        if self.node(target).anchored {
            let known = self.shared.get_mut(&target);
            if let Some((first, uses)) = known {
                if first != want {
                    let other = uses.iter().copied().find(|other| *other != target).unwrap_or(target);
                    return Err(self.disagreement(target, if id == target { other } else { id }));
                }
                uses.insert(id);
                return Ok(());
            }
            self.shared.insert(target, (want.clone(), BTreeSet::from([id])));
        }
        if self.node(target).tag.as_ref().is_some_and(|(is_core, _)| !is_core) {
            return Err(self.unsupported(
                target,
                "a tag of one's own on the way to a field that must change; remove it",
            ));
        }
        match (&self.node(target).kind, want) {
            (Kind::Mapping { .. }, Want::Fields(fields)) => self.mapping(target, fields, depth),
            (Kind::Sequence { .. }, Want::Fields(fields)) => self.sequence(target, fields, depth),
            (Kind::Scalar { .. }, Want::Set { value, comment }) => self.replace_scalar(target, value, *comment, depth),
            (
                Kind::Sequence { flow: true, .. },
                Want::Set {
                    value: Value::List(_), ..
                },
            ) => self.replace_flow_list(target, &Emit::from_want(want), depth),
            (_, Want::Remove) => Err(self.unsupported(id, "an item of a list cannot be removed")),
            _ => Err(self.unsupported(id, "the value here is of another kind than the change needs")),
        }
    }

    fn mapping(&mut self, id: NodeId, fields: &[(Step, Want)], depth: usize) -> Result<(), Refusal> {
        let (mut additions, mut removals) = (Vec::new(), Vec::new());
        for (step, want) in fields {
            let Step::Key(key) = step else {
                return Err(self.unsupported(id, "a mapping where a list is expected"));
            };
            match self.entry_index(id, key)? {
                None if matches!(want, Want::Remove) => {}
                None => additions.push((key.as_ref(), want)),
                Some(index) if self.is_removed(self.entries(id)[index].1, want) => removals.push(index),
                Some(index) if self.is_other_list(self.entries(id)[index].1, want) => {
                    removals.push(index);
                    additions.push((key.as_ref(), want));
                }
                Some(index) => self.entry(id, index, want, depth)?,
            }
        }
        let is_emptied = !removals.is_empty() && removals.len() == self.entries(id).len();
        if is_emptied && !additions.is_empty() && self.is_flow(id) {
            return Err(self.unsupported(
                id,
                "every entry of a `{}` would go and others come; give them lines of their own",
            ));
        }
        removals.sort_unstable();
        self.remove_entries(id, &removals, depth)?;
        if additions.is_empty() {
            return Ok(());
        }
        let additions: Vec<(&str, Emit)> = additions.into_iter().map(|(k, w)| (k, Emit::from_want(w))).collect();
        if self.is_flow(id) {
            self.add_flow_entries(id, &additions, depth)
        } else {
            self.add_block_entries(id, &additions, depth)
        }
    }

    /// Whether the value of an entry goes altogether: removed, or emptied by the removals inside it.
    fn is_removed(&self, value: NodeId, want: &Want) -> bool {
        let Want::Fields(fields) = want else {
            return matches!(want, Want::Remove);
        };
        let entries = self.entries(value);
        !entries.is_empty()
            && entries.iter().all(|(k, v)| {
                let key = self.key_text(*k);
                fields
                    .iter()
                    .any(|(step, w)| matches!(step, Step::Key(s) if Some(s.as_ref()) == key) && self.is_removed(*v, w))
            })
            && fields.iter().all(|(_, w)| w.only_removes())
    }

    /// Whether a list in block style becomes another one as a whole: its lines go and new ones come.
    fn is_other_list(&self, value: NodeId, want: &Want) -> bool {
        let Want::Set { value: to, .. } = want else {
            return false;
        };
        let node = self.node(value);
        matches!(to, Value::List(_))
            && matches!(node.kind, Kind::Sequence { .. })
            && !self.is_flow(value)
            && !node.anchored
            && node.tag.is_none()
    }

    fn entry(&mut self, mapping: NodeId, index: usize, want: &Want, depth: usize) -> Result<(), Refusal> {
        let (key, value) = self.entries(mapping)[index];
        if self.target(value) != value && self.is_blank(self.target(value)) {
            return Err(self.unsupported(value, "an alias of an empty value; write the values out"));
        }
        if !self.is_blank(value) {
            return self.visit(value, want, depth + 1);
        }
        let node = self.node(value);
        if node.anchored || node.tag.is_some() {
            return Err(self.unsupported(value, "an empty value with an anchor or a tag; write it without"));
        }
        let emit = Emit::from_want(want);
        if self.is_flow(mapping) {
            self.fill_flow(mapping, key, value, &emit, depth)
        } else {
            self.fill_block(mapping, key, value, &emit, depth)
        }
    }

    fn sequence(&mut self, id: NodeId, fields: &[(Step, Want)], depth: usize) -> Result<(), Refusal> {
        let Kind::Sequence { items, flow } = &self.node(id).kind else {
            return Ok(());
        };
        let (items, flow) = (items.clone(), *flow);
        let mut additions = Vec::new();
        for (step, want) in fields {
            match step {
                Step::Key(_) => return Err(self.unsupported(id, "a list where a mapping is expected")),
                Step::Index(n) => match items.get(*n) {
                    Some(item) => self.visit(*item, want, depth + 1)?,
                    None => additions.push(Emit::from_want(want)),
                },
            }
        }
        match (additions.is_empty(), flow) {
            (true, _) => Ok(()),
            (false, true) => self.append_flow_items(id, &additions, depth),
            (false, false) => self.append_block_items(id, &additions, depth),
        }
    }

    fn replace_scalar(
        &mut self,
        id: NodeId,
        value: &Value,
        comment: Option<&'static str>,
        depth: usize,
    ) -> Result<(), Refusal> {
        let node = self.node(id);
        let Kind::Scalar { style, .. } = &node.kind else {
            return Ok(());
        };
        let text = match (style, value) {
            (Style::Block | Style::Absent, _) => return Err(self.unsupported(id, "a value over several lines")),
            _ if node.tag.is_some() => return Err(self.unsupported(id, "a value with a tag")),
            (_, Value::Map(_) | Value::List(_) | Value::Tagged(..)) => {
                return Err(self.unsupported(id, "a plain value where a collection is expected"));
            }
            (Style::SingleQuoted, Value::Str(text)) if !text.contains('\'') => format!("'{text}'"),
            (Style::DoubleQuoted, Value::Str(text)) => emit::double_quoted(text),
            (_, value) => emit::scalar(value, self.quotes_strings(id)),
        };
        let (start, end) = (node.start, node.end);
        self.replaced.insert(id, comment.is_some());
        match comment {
            Some(comment) if self.is_crowded(end) => {
                let text = self.on_its_own_line(id, &text, comment);
                self.push(depth, start, end, text);
            }
            Some(comment) => {
                self.push(depth, start, end, text);
                self.comment_line(end, comment, depth);
            }
            None => self.push(depth, start, end, text),
        }
        Ok(())
    }

    /// An anchored node may change only if every use of it wants the same change.
    fn check_shared(&self) -> Result<(), Refusal> {
        for (target, (_, uses)) in &self.shared {
            let all = (0..self.document.nodes.len())
                .map(NodeId)
                .filter(|id| self.target(*id) == *target);
            for id in all {
                if !uses.contains(&id) {
                    return Err(self.disagreement(*target, id));
                }
            }
        }
        Ok(())
    }

    /// `other` is the use of an anchored node, or the node where it stands itself, that does not want what another wants.
    fn disagreement(&self, anchored: NodeId, other: NodeId) -> Refusal {
        let node = self.node(anchored);
        let line = self.document.line_at(span::anchor(self.document.text, node.start));
        let mut aliases = self.shared.get(&anchored).into_iter().flat_map(|(_, uses)| uses);
        let what = match aliases.find(|_| other == anchored) {
            Some(alias) => format!(
                "what the anchor on line {line} stands for needs a change where it is used on line {}, and not where it \
                 stands; write the values out there",
                self.document.line_at(self.node(*alias).start)
            ),
            None => format!(
                "the anchor on line {line} is also used on line {}, which does not need the same change; write the values \
                 out at one of them",
                self.document.line_at(self.node(other).start)
            ),
        };
        let kind = RefusalKind::Alias;
        Refusal { kind, line, what }
    }

    fn finish(mut self) -> Result<Vec<Edit>, Refusal> {
        // Insertions at one byte: inner nodes first, then the plan's order (the sort is stable).
        self.edits
            .sort_by_key(|(rank, depth, e)| (e.start, e.end, *rank, usize::MAX - depth));
        let mut edits: Vec<Edit> = std::mem::take(&mut self.edits).into_iter().map(|(_, _, e)| e).collect();
        self.drop_last_newline(&mut edits);
        match edits.windows(2).find(|pair| pair[0].end > pair[1].start) {
            Some(pair) => Err(Refusal {
                kind: RefusalKind::Unsupported,
                line: self.document.line_at(pair[1].start),
                what: "two changes meet in one place".into(),
            }),
            None => Ok(edits),
        }
    }
}

/// The text with the edits made. Edits must be sorted and not overlap, as [`edit`] returns them.
pub fn splice(text: &str, edits: &[Edit]) -> String {
    let added: usize = edits.iter().map(|e| e.text.len()).sum();
    let mut new = String::with_capacity(text.len() + added);
    let mut at = 0;
    for edit in edits {
        new.push_str(text.get(at..edit.start).unwrap_or(""));
        new.push_str(&edit.text);
        at = edit.end;
    }
    new.push_str(text.get(at..).unwrap_or(""));
    new
}
