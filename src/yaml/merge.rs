//! Merge keys (`<<`): a document as it reads once they are resolved. Nodes keep their identity and their places in the
//! text, so that what is found in the one is found in the other. Edits are made to what is written.

use std::cmp::Reverse;
use std::collections::HashMap;

use memchr::memmem;

use super::document::{Document, Kind, NodeId, Style};
use super::parse::{ParseError, ParseErrorKind};

/// Fields that all merges of a document may bring. Merges of merges multiply, as aliases of aliases do.
const MAX_MERGED: usize = 100_000;

/// What counts where a mapping has a key that it merges too, and has it before its `<<`. Behind it, its own counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precedence {
    /// What is merged, as kubectl reads it.
    Last,
    /// Its own, as kustomize, compose and skaffold read it.
    Own,
}

/// A document whose merge keys are resolved.
#[derive(Debug)]
pub struct Merged<'t> {
    pub document: Document<'t>,
    /// 1-based line of the first `<<` of which readers make different things.
    pub unclear: Option<usize>,
}

type Entry = (NodeId, NodeId);

impl<'t> Document<'t> {
    /// The document with its merge keys resolved; `None` where it has none.
    ///
    /// # Errors
    /// Where a merge key merges what is no mapping, or all of them too much.
    pub fn merged(&self, precedence: Precedence) -> Result<Option<Merged<'t>>, ParseError> {
        let merging = self.merging();
        if merging.is_empty() {
            return Ok(None);
        }
        let mut document = self.clone();
        let (mut room, mut unclear) = (MAX_MERGED, None);
        for id in merging {
            let (resolved, disputed) = document.resolved(id, precedence, &mut room)?;
            unclear = unclear.or(disputed);
            if let Kind::Mapping { entries, .. } = &mut document.nodes[id.0].kind {
                *entries = resolved;
            }
        }
        Ok(Some(Merged { document, unclear }))
    }

    /// [`Document::merged`] where what is written is not needed any more.
    ///
    /// # Errors
    /// As there.
    pub fn into_merged(self, precedence: Precedence) -> Result<Document<'t>, ParseError> {
        let merged = self.merged(precedence)?;
        Ok(merged.map_or(self, |merged| merged.document))
    }

    /// The mappings with merge keys, each behind those that it may merge: an alias stands behind what it means, and a
    /// mapping ends behind all that is in it.
    fn merging(&self) -> Vec<NodeId> {
        let shows = |word: &str| memmem::find(self.text.as_bytes(), word.as_bytes()).is_some();
        if !shows("<<") && !shows("merge") {
            return Vec::new();
        }
        let merges = |id: &NodeId| self.entries(*id).iter().any(|(key, _)| self.is_merge_key(*key));
        let mut merging: Vec<NodeId> = (0..self.nodes.len()).map(NodeId).filter(merges).collect();
        merging.sort_by_key(|id| (self.nodes[id.0].end, Reverse(*id)));
        merging
    }

    /// In quotes it is a key like others, unless a tag says what it is.
    pub(super) fn is_merge_key(&self, key: NodeId) -> bool {
        let node = &self.nodes[key.0];
        let Kind::Scalar { style, value } = &node.kind else {
            return false;
        };
        let is_meant = match &node.tag {
            None => *style == Style::Plain,
            Some((is_core, tag)) => matches!((*is_core, tag.as_ref()), (true, "merge") | (false, "!")),
        };
        let text = value.as_deref().or_else(|| self.text.get(node.start..node.end));
        is_meant && text == Some("<<")
    }

    /// The entries of a mapping with those that it merges, each key once, and the line of a merge key that hides a key
    /// before it from some readers only.
    fn resolved(
        &self,
        id: NodeId,
        precedence: Precedence,
        room: &mut usize,
    ) -> Result<(Vec<Entry>, Option<usize>), ParseError> {
        // Of a key that stands twice, the last counts. Each with the merge key that brings it.
        let (mut merged, mut inline): (Vec<_>, Vec<_>) = (Vec::new(), Vec::new());
        for (key, value) in self.entries(id) {
            if !self.is_merge_key(*key) {
                inline.push(((*key, *value), None));
                continue;
            }
            // Of several, the first counts.
            for source in self.sources(*key, *value)?.into_iter().rev() {
                let entries = self.entries(source);
                *room = room.checked_sub(entries.len()).ok_or_else(|| self.too_much(*key))?;
                let into = match precedence {
                    Precedence::Last => &mut inline,
                    Precedence::Own => &mut merged,
                };
                into.extend(entries.iter().map(|entry| (*entry, Some(*key))));
            }
        }
        merged.append(&mut inline);
        Ok(self.last_of_each(merged))
    }

    fn last_of_each(&self, entries: Vec<(Entry, Option<NodeId>)>) -> (Vec<Entry>, Option<usize>) {
        let mut known: HashMap<&str, (NodeId, Option<NodeId>)> = HashMap::new();
        let (mut kept, mut unclear) = (Vec::new(), None);
        for (entry, merge) in entries.into_iter().rev() {
            let (key, value) = entry;
            let key = self.node(key).text();
            match key.and_then(|key| known.get(key)) {
                None => {
                    known.extend(key.map(|key| (key, (value, merge))));
                    kept.push(entry);
                }
                Some((counts, Some(by))) if merge.is_none() && self.node(*counts).id() != self.node(value).id() => {
                    unclear = Some(self.line_at(self.nodes[by.0].start));
                }
                Some(_) => {}
            }
        }
        kept.reverse();
        (kept, unclear)
    }

    /// The mappings that a merge key merges.
    fn sources(&self, key: NodeId, value: NodeId) -> Result<Vec<NodeId>, ParseError> {
        let values = match &self.nodes[value.0].kind {
            Kind::Sequence { items, .. } => items.as_slice(),
            _ => &[value],
        };
        let source = |id: &NodeId| {
            Some(self.node(*id))
                .filter(|node| node.is_mapping())
                .map(|node| node.id())
        };
        let sources: Option<Vec<NodeId>> = values.iter().map(source).collect();
        let what = "a merge key (`<<`) of what is no mapping, which kubectl rejects; write the merged fields out";
        sources.ok_or_else(|| self.refused(key, ParseErrorKind::Unsupported, what))
    }

    fn too_much(&self, key: NodeId) -> ParseError {
        let what = format!("merge keys (`<<`) that bring more than {MAX_MERGED} fields");
        self.refused(key, ParseErrorKind::TooDeep, &what)
    }

    fn refused(&self, key: NodeId, kind: ParseErrorKind, what: &str) -> ParseError {
        let (line, what) = (self.line_at(self.nodes[key.0].start), what.to_string());
        ParseError { kind, line, what }
    }

    fn entries(&self, id: NodeId) -> &[Entry] {
        match &self.nodes[id.0].kind {
            Kind::Mapping { entries, .. } => entries,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FieldPath, NodeRef, ParseErrorKind, parse, split};
    use super::{MAX_MERGED, Precedence};

    const BASES: &str = "a: &a {k: 1}\nb: &b {k: 2, l: 3}\nn: &n {<<: *a, m: 4}\nlist: &list [{k: 1}]\n";

    /// What the mapping `x` says, its keys in order.
    fn read(x: &str, precedence: Precedence) -> Result<(String, Option<usize>), String> {
        let text = format!("{BASES}x: {x}\n");
        let document = parse(&split(&text)[0]).expect(x);
        let merged = document.merged(precedence).map_err(|error| error.what)?;
        let merged = merged.expect("BASES merges");
        let x = merged.document.root().and_then(|root| root.get("x"));
        let entry =
            |(key, value): (NodeRef, NodeRef)| format!("{}={}", key.text().unwrap_or("?"), value.text().unwrap_or("*"));
        let mut entries: Vec<String> = x.expect("x").entries().map(entry).collect();
        entries.sort_unstable();
        Ok((entries.join(" "), merged.unclear))
    }

    /// As sigs.k8s.io/yaml 1.6.0, which kubectl reads with, and yaml.v3, which kustomize and compose read with, answer.
    #[test]
    fn merge_keys_read_as_their_readers_do() {
        let table = [
            ("{<<: *a, k: own}", "k=own", "k=own"),
            ("{k: own, <<: *a}", "k=1", "k=own"),
            ("{k: own, <<: *a, k: last}", "k=last", "k=last"),
            ("{<<: [*a, *b]}", "k=1 l=3", "k=1 l=3"),
            ("{l: own, <<: [*a, *b]}", "k=1 l=3", "k=1 l=own"),
            ("{<<: *n, k: own}", "k=own m=4", "k=own m=4"),
            ("{<<: {<<: *n, k: in}}", "k=in m=4", "k=in m=4"),
            ("{<<: {}, k: own}", "k=own", "k=own"),
            ("{<<: [], k: own}", "k=own", "k=own"),
            ("{<<: *b, k: {q: 1}}", "k=* l=3", "k=* l=3"),
            ("{<<: *a, k: null}", "k=null", "k=null"),
            // What is a merge key, and what is a key like others.
            ("{\"<<\": *a}", "<<=*", "<<=*"),
            ("{'<<': *a}", "<<=*", "<<=*"),
            ("{!!str <<: *a}", "<<=*", "<<=*"),
            ("{!own <<: *a}", "<<=*", "<<=*"),
            ("{!!merge <<: *a}", "k=1", "k=1"),
            ("{!!merge \"<<\": *a}", "k=1", "k=1"),
            ("{! <<: *a}", "k=1", "k=1"),
            ("{&m <<: *a}", "k=1", "k=1"),
            ("{k: <<}", "k=<<", "k=<<"),
            ("\n  ? <<\n  : *a\n  l: 1", "k=1 l=1", "k=1 l=1"),
        ];
        for (x, last, own) in table {
            assert_eq!(read(x, Precedence::Last).expect(x).0, last, "{x}");
            assert_eq!(read(x, Precedence::Own).expect(x).0, own, "{x}");
        }
    }

    #[test]
    fn where_readers_differ_the_line_is_known() {
        let line = |x: &str| read(x, Precedence::Last).expect(x).1;
        assert_eq!(line("{k: own, <<: *a}"), Some(5));
        assert_eq!(line("\n  y:\n    k: own\n    <<: *a"), Some(8), "below the mapping too");
        for clear in [
            "{<<: *a, k: own}",
            "{m: own, <<: *a}",
            "{<<: [*a, *b]}",
            "{k: own, <<: *a, k: last}",
        ] {
            assert_eq!(line(clear), None, "{clear}");
        }
    }

    #[test]
    fn what_kubectl_does_not_merge_is_refused() {
        for x in [
            "{<<: 1}",
            "{<<: }",
            "{<<: ~}",
            "{<<: *list}",
            "{<<: [{}, 1]}",
            "{<<: [[*a]]}",
            "{<<: [*list]}",
        ] {
            let refused = read(x, Precedence::Last);
            assert!(
                refused.is_err_and(|what| what.starts_with("a merge key (`<<`) of what is no mapping")),
                "{x}"
            );
        }
    }

    #[test]
    fn nodes_keep_their_places() {
        let text = "a:\n- &a\n  name: one\n  image: x\n- <<: *a\n  name: two\n";
        let document = parse(&split(text)[0]).expect("YAML");
        assert!(document.root().expect("a root").get("a").is_some());
        let merged = document.into_merged(Precedence::Last).expect("mappings");
        let item = merged
            .root()
            .and_then(|root| root.at_path(&FieldPath::keys(&["a"]).index(1)));
        let item = item.expect("the second item");
        let at = |key: &str| item.get(key).map(|node| (node.text().unwrap_or(""), node.line()));
        assert_eq!(
            (at("image"), at("name"), at("<<")),
            (Some(("x", 4)), Some(("two", 6)), None)
        );
    }

    #[test]
    fn merges_of_merges_are_bounded() {
        let bomb = |levels: usize| -> String {
            let fields: Vec<String> = (0..10).map(|i| format!("k{i}: x")).collect();
            let first = format!("a0: &a0 {{{}}}\n", fields.join(", "));
            (1..=levels).fold(first, |text, i| {
                let uses = vec![format!("*a{}", i - 1); 100].join(", ");
                format!("{text}a{i}: &a{i} {{<<: [{uses}]}}\n")
            })
        };
        let merged = |text: &str| {
            parse(&split(text)[0])
                .expect("YAML")
                .merged(Precedence::Last)
                .map(|m| m.is_some())
        };
        assert_eq!(merged(&bomb(MAX_MERGED / 1000)), Ok(true), "each brings a thousand");
        let refused = merged(&bomb(MAX_MERGED / 1000 + 1));
        assert!(refused.is_err_and(|error| error.kind == ParseErrorKind::TooDeep));
    }

    #[test]
    fn a_document_without_merge_keys_is_no_other() {
        for text in ["a: <<\n", "a: |\n  cat <<EOF\n", "\"<<\": {a: 1}\n", "merge: 1\n"] {
            let document = parse(&split(text)[0]).expect(text);
            assert!(
                document.merged(Precedence::Last).is_ok_and(|merged| merged.is_none()),
                "{text:?}"
            );
        }
    }
}
