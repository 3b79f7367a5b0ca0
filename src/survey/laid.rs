//! What patches of kustomizations lay over a pod, as far as it matters to whoever writes into the same pod: lists and
//! mappings that are replaced as a whole, items that come to lists, values of a `securityContext`, commands. States what a
//! patch says; what becomes of a pod, nobody works out here.

use std::path::Path;

use super::Place;
use crate::kube::pod::Class;
use crate::yaml::{FieldPath, Meaning, NodeRef, Step, Value};

/// The keys on the way from an object to its pod spec.
const WAY: [&str; 3] = ["jobTemplate", "template", "spec"];
/// Lists whose items kustomize merges by a key of theirs.
const KEYED: [&str; 4] = ["volumes", "volumeMounts", "env", "ports"];
/// Beside the way: what a StatefulSet's volumes come from.
const CLAIMS: &str = "volumeClaimTemplates";
/// Fields of a pod spec and of a container that are of interest as they are.
const PLAIN: [&str; 6] = ["command", "args", "hostNetwork", "hostPID", "hostIPC", "hostUsers"];
/// Nodes of a value; larger ones count as unknown.
const MAX_NODES: usize = 10_000;

/// One thing that a patch does.
#[derive(Debug, Clone, PartialEq)]
pub struct Laid {
    /// Of the patch's text, or of the kustomization's entry that holds it.
    pub place: Place,
    /// From the object to the pod spec, or to what holds it.
    way: Vec<String>,
    pub whose: Whose,
    /// From the pod spec or the container; empty for the whole of it.
    pub keys: Vec<String>,
    pub does: Does,
}

/// What in a pod a patch changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    Pod,
    Named(String),
    Nth(Class, usize),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Does {
    /// Puts an item into a list, beside what is there.
    Adds(Value),
    /// A list whose items are merged into those that have the same key, and put beside the others. Where kustomize does
    /// not know the kind, it is all that is left.
    Merges(Value),
    /// Leaves nothing of what is there; `None` where nothing comes instead, or nobody knows what.
    Replaces(Option<Value>),
}

/// What a patch does, to one of the pods that it is for.
#[derive(Debug, Clone, Copy)]
pub struct Over<'s> {
    pub laid: &'s Laid,
    /// The kustomization.
    pub by: &'s Path,
    /// Whether the file is never built without it.
    pub everywhere: bool,
    pub(super) merges: bool,
}

impl<'s> Over<'s> {
    /// What it puts in the place of all that is there, itself `None` where that is nothing.
    #[allow(clippy::option_option)] // the outer one: whether it does
    pub fn replaces(self) -> Option<Option<&'s Value>> {
        match &self.laid.does {
            Does::Replaces(value) => Some(value.as_ref()),
            Does::Merges(list) if !self.merges => Some(Some(list)),
            Does::Merges(_) | Does::Adds(_) => None,
        }
    }

    /// The value that it gives to a field, as far as anybody knows.
    pub fn sets(self) -> Option<&'s Value> {
        match &self.laid.does {
            Does::Replaces(value) => value.as_ref(),
            Does::Merges(_) | Does::Adds(_) => None,
        }
    }

    /// What it puts into a list, whatever becomes of what is there.
    pub fn items(self) -> &'s [Value] {
        match &self.laid.does {
            Does::Replaces(Some(Value::List(items))) | Does::Merges(Value::List(items)) => items,
            Does::Adds(item) => std::slice::from_ref(item),
            Does::Replaces(_) | Does::Merges(_) => &[],
        }
    }

    /// Whether its items are merged into those with the same key.
    pub fn merges(self) -> bool {
        matches!(self.laid.does, Does::Merges(_)) && self.merges
    }
}

impl Laid {
    /// Whether its items are meant to be merged.
    pub fn would_merge(&self) -> bool {
        matches!(self.does, Does::Merges(_))
    }

    /// Whether it is about the pod spec at this path of the object, or about something of which that is a part.
    pub(super) fn is_of(&self, pod: &FieldPath) -> bool {
        let mut steps = pod.0.iter();
        let is_start = self
            .way
            .iter()
            .all(|key| steps.next().is_some_and(|step| is_key(step, key)));
        let is_whole = self.whose == Whose::Pod && self.keys.is_empty();
        let is_beside = self.keys == [CLAIMS];
        is_start && (is_whole || is_beside || steps.next().is_none())
    }
}

fn is_key(step: &Step, key: &str) -> bool {
    matches!(step, Step::Key(own) if own == key)
}

/// Collects what one patch does.
struct Reader<'p> {
    /// Of its text: the file, or the kustomization.
    file: &'p Path,
    /// Of the entry, where the text stands in the kustomization.
    line: Option<usize>,
    way: Vec<String>,
    found: Vec<Laid>,
}

/// Of a part of an object that is laid over the whole. `line`: of the entry, where the text stands in the kustomization.
pub(super) fn of_merge(root: NodeRef<'_>, file: &Path, line: Option<usize>) -> Vec<Laid> {
    let mut reader = Reader::new(file, line);
    let mut node = root;
    while let Some((key, next)) = WAY.iter().find_map(|key| Some((*key, node.get(key)?))) {
        if let Some(claims) = node.get(CLAIMS) {
            reader.field(&Whose::Pod, CLAIMS, claims);
        }
        reader.way.push(key.to_string());
        if let Some(instead) = replaced(next) {
            reader.push(Whose::Pod, &[], next, Does::Replaces(instead));
            return reader.found;
        }
        node = next;
    }
    for (key, value) in node.entries() {
        let key = key.text().unwrap_or("");
        if Class::is_list(key) {
            reader.containers(key, value);
        } else {
            reader.field(&Whose::Pod, key, value);
        }
    }
    reader.found
}

/// Of one operation on a position.
pub(super) fn of_operation(operation: NodeRef<'_>, file: &Path, line: Option<usize>) -> Vec<Laid> {
    let mut reader = Reader::new(file, line);
    let word = |key: &str| operation.get(key).and_then(NodeRef::as_str);
    let way = |key: &str| word(key).map(|path| path.split('/').skip(1).map(unescaped).collect::<Vec<_>>());
    let (Some(does), Some(path)) = (word("op"), way("path")) else {
        return reader.found;
    };
    let at = operation.get("value").unwrap_or(operation);
    match (does, operation.get("value")) {
        ("test", _) => {}
        ("add", Some(value)) => reader.operation(path, at, Some(value), true),
        ("replace", Some(value)) => reader.operation(path, at, Some(value), false),
        ("move", _) => {
            reader.operation(way("from").unwrap_or_default(), at, None, false);
            reader.operation(path, at, None, false);
        }
        _ => reader.operation(path, at, None, false),
    }
    reader.found
}

fn unescaped(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// What comes instead of a field where a part of an object takes it away or puts itself in its place.
#[allow(clippy::option_option)] // the outer one: whether it does
fn replaced(node: NodeRef<'_>) -> Option<Option<Value>> {
    if node.is_null() {
        return Some(None);
    }
    let directive = |node: NodeRef<'_>| node.get("$patch").and_then(NodeRef::as_str).map(str::to_string);
    let mut of_items = node.items().filter_map(directive);
    match directive(node).as_deref() {
        Some("replace") => Some(value_of(node)),
        Some("delete") => Some(None),
        _ if of_items.any(|directive| directive == "replace") => Some(value_of(node)),
        _ => None,
    }
}

fn value_of(node: NodeRef<'_>) -> Option<Value> {
    let mut limit = MAX_NODES;
    node.to_value(&mut limit)
        .map(Meaning::into_owned)
        .filter(|value| *value != Value::Null)
}

impl Reader<'_> {
    fn new(file: &Path, line: Option<usize>) -> Reader<'_> {
        Reader {
            file,
            line,
            way: Vec::new(),
            found: Vec::new(),
        }
    }

    fn push(&mut self, whose: Whose, keys: &[&str], at: NodeRef<'_>, does: Does) {
        self.found.push(Laid {
            place: Place {
                path: self.file.to_path_buf(),
                line: self.line.unwrap_or(at.line()),
            },
            way: self.way.clone(),
            whose,
            keys: keys.iter().map(|key| (*key).to_string()).collect(),
            does,
        });
    }

    /// A field of a pod spec or of a container.
    fn field(&mut self, whose: &Whose, key: &str, value: NodeRef<'_>) {
        if key == "securityContext" {
            self.context(whose, value);
        } else if KEYED.contains(&key) || key == CLAIMS {
            self.list(whose.clone(), key, value);
        } else if PLAIN.contains(&key) {
            self.push(whose.clone(), &[key], value, Does::Replaces(value_of(value)));
        }
    }

    fn list(&mut self, whose: Whose, key: &str, value: NodeRef<'_>) {
        let does = match replaced(value) {
            Some(instead) => Does::Replaces(instead),
            None => Does::Merges(Value::List(value.items().filter_map(value_of).collect())),
        };
        self.push(whose, &[key], value, does);
    }

    fn containers(&mut self, key: &str, value: NodeRef<'_>) {
        self.list(Whose::Pod, key, value);
        for container in value.items() {
            let Some(name) = container.get("name").and_then(NodeRef::text) else {
                continue;
            };
            let whose = Whose::Named(name.to_string());
            if let Some(instead) = replaced(container) {
                self.push(whose, &[], container, Does::Replaces(instead));
                continue;
            }
            for (key, value) in container.entries() {
                self.field(&whose, key.text().unwrap_or(""), value);
            }
        }
    }

    /// A `securityContext`, whose mappings are merged and whose lists are not.
    fn context(&mut self, whose: &Whose, node: NodeRef<'_>) {
        let mut pending = vec![(vec!["securityContext"], node)];
        while let Some((keys, node)) = pending.pop() {
            match replaced(node) {
                Some(instead) => self.push(whose.clone(), &keys, node, Does::Replaces(instead)),
                None if node.is_mapping() => {
                    for (key, value) in node.entries() {
                        let below = keys.iter().copied().chain([key.text().unwrap_or("")]);
                        pending.push((below.collect(), value));
                    }
                }
                None => self.push(whose.clone(), &keys, node, Does::Replaces(value_of(node))),
            }
        }
    }

    /// `path` gets a value, or loses what it has. `is_added`: an item of a list goes before what is there.
    fn operation(&mut self, path: Vec<String>, at: NodeRef<'_>, value: Option<NodeRef<'_>>, is_added: bool) {
        let end = path
            .iter()
            .position(|key| !WAY.contains(&key.as_str()))
            .unwrap_or(path.len());
        let (way, rest) = path.split_at(end);
        self.way = way.to_vec();
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        let class = rest
            .first()
            .and_then(|key| Class::ALL.into_iter().find(|class| class.field() == *key));
        let (whose, keys) = match (class, rest.as_slice()) {
            (Some(_), [list, _]) if is_added => return self.add(Whose::Pod, list, at, value),
            (Some(class), [_, index, keys @ ..]) => match index.parse() {
                Ok(index) => (Whose::Nth(class, index), keys),
                Err(_) => return,
            },
            (_, keys) => (Whose::Pod, keys),
        };
        match keys {
            [list, index, ..] if KEYED.contains(list) || *list == CLAIMS => {
                let is_item = keys.len() == 2 && (*index == "-" || index.parse::<usize>().is_ok());
                if is_item {
                    self.add(whose, list, at, value);
                }
            }
            [first, ..] if !is_of_interest(first) => {}
            _ => {
                let keys = keys.to_vec();
                self.push(whose, &keys, at, Does::Replaces(value.and_then(value_of)));
            }
        }
    }

    fn add(&mut self, whose: Whose, list: &str, at: NodeRef<'_>, value: Option<NodeRef<'_>>) {
        if let Some(item) = value.and_then(value_of) {
            self.push(whose, &[list], at, Does::Adds(item));
        }
    }
}

fn is_of_interest(key: &str) -> bool {
    key == "securityContext" || key == CLAIMS || KEYED.contains(&key) || PLAIN.contains(&key) || Class::is_list(key)
}
