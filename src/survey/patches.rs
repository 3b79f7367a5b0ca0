//! Patches of kustomizations, as far as Pod Security may mind what they do: which objects they are for, which fields of a
//! pod they touch, which containers they bring. They are not applied; where one may weaken a pod, that is enough to say.

use std::path::{Path, PathBuf};

use super::Place;
use super::kustomize::{items, resolve};
use super::scan::is_alias_bomb;
use crate::checks::{APPARMOR_ANNOTATION_PREFIX, FORBIDDEN_VOLUMES, SECCOMP_CONTAINER_ANNOTATION_PREFIX};
use crate::kube::pod::Class;
use crate::yaml::{self, NodeRef, Precedence};

/// One patch, of one object where it is a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Patch {
    place: Place,
    /// What it is for; left out: anything.
    kind: Option<String>,
    /// Exact, or a pattern that is not read here.
    name: Option<String>,
    /// What it does that Pod Security may mind, first of all.
    touches: Option<String>,
    /// The containers that it changes or adds.
    containers: Vec<String>,
}

/// An entry of a kustomization that is, or names, a patch.
#[derive(Debug)]
pub(super) struct Entry {
    place: Place,
    kind: Option<String>,
    name: Option<String>,
    /// Whether it is for a target, whatever its text says.
    has_target: bool,
    pub(super) text: Text,
}

/// Where the text of a patch is.
#[derive(Debug)]
pub(super) enum Text {
    Inline(String),
    File(PathBuf),
    /// Outside the repository, or nothing that is read here: it may do anything.
    Elsewhere,
}

/// The object that a patch may be for.
#[derive(Debug, Clone, Copy)]
pub struct Patched<'a> {
    pub kind: &'a str,
    pub name: &'a str,
    pub containers: &'a [&'a str],
}

/// When a value is harmless, whatever it replaces.
#[derive(Debug, Clone, Copy)]
enum Harmless {
    Never,
    Is(&'static str),
    /// A number above zero.
    Positive,
    /// A profile of this type.
    Type(&'static str),
    /// No capability but the allowed one is added, and all are dropped where some are.
    Capabilities,
}

/// Fields on which checks look, wherever they stand.
const FIELDS: &[(&str, Harmless)] = &[
    ("$patch", Harmless::Never),
    ("allowPrivilegeEscalation", Harmless::Is("false")),
    ("appArmorProfile", Harmless::Type("RuntimeDefault")),
    ("capabilities", Harmless::Capabilities),
    ("hostIPC", Harmless::Is("false")),
    ("hostNetwork", Harmless::Is("false")),
    ("hostPID", Harmless::Is("false")),
    ("hostPort", Harmless::Is("0")),
    ("hostUsers", Harmless::Never),
    ("os", Harmless::Never),
    ("privileged", Harmless::Is("false")),
    ("procMount", Harmless::Is("Default")),
    ("runAsNonRoot", Harmless::Is("true")),
    ("runAsUser", Harmless::Positive),
    ("seLinuxOptions", Harmless::Never),
    ("seccompProfile", Harmless::Type("RuntimeDefault")),
    ("sysctls", Harmless::Never),
    ("windowsOptions", Harmless::Never),
];

/// What a patch by position replaces as a whole, so that nobody knows what is left.
const WHOLES: &[&str] = &[
    "",
    "spec",
    "template",
    "jobTemplate",
    "securityContext",
    "annotations",
    "metadata",
];

impl Patch {
    /// What speaks against the pod of an object once it is patched. `is_renamed`: names may get a prefix or suffix.
    pub(super) fn against(&self, object: Patched, is_renamed: bool) -> Option<String> {
        let is_plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        let is_named =
            |name: &String| name == object.name || !is_plain(name) || is_renamed && name.contains(object.name);
        if self.kind.as_ref().is_some_and(|kind| kind != object.kind) || !self.name.as_ref().is_none_or(is_named) {
            return None;
        }
        let place = format!("{}:{}", self.place.path.display(), self.place.line);
        if let Some(does) = &self.touches {
            return Some(format!("{place} {does}"));
        }
        let is_new = |name: &&String| !object.containers.contains(&name.as_str());
        let new = self.containers.iter().find(is_new)?;
        Some(format!("{place} adds the container `{new}` to it"))
    }
}

/// The patches that a kustomization names or holds.
pub(super) fn entries(root: NodeRef<'_>, path: &Path) -> Vec<Entry> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let strategic = items(root, "patchesStrategicMerge").map(|node| (node, node, None));
    let by_target = ["patches", "patchesJson6902"].map(|list| items(root, list).map(targeted).collect::<Vec<_>>());
    let entry = |(item, patch, target): (NodeRef<'_>, NodeRef<'_>, Option<NodeRef<'_>>)| {
        let word = |key: &str| target?.get(key).and_then(NodeRef::as_str).map(str::to_string);
        let is_text = |text: &&str| text.contains('\n') || text.trim_start().starts_with(['{', '[']);
        let inline = patch
            .as_str()
            .filter(|text| item.get("patch").is_some() || is_text(text));
        Entry {
            place: Place {
                path: path.to_path_buf(),
                line: item.line(),
            },
            kind: word("kind"),
            name: word("name"),
            has_target: target.is_some(),
            text: match (inline, resolve(folder, patch)) {
                (Some(text), _) => Text::Inline(text.to_string()),
                (None, Some(file)) => Text::File(file),
                (None, None) => Text::Elsewhere,
            },
        }
    };
    strategic.chain(by_target.into_iter().flatten()).map(entry).collect()
}

/// An entry, its path or text, and what it is for.
fn targeted(item: NodeRef<'_>) -> (NodeRef<'_>, NodeRef<'_>, Option<NodeRef<'_>>) {
    let patch = item.get("path").or(item.get("patch")).unwrap_or(item);
    (item, patch, item.get("target"))
}

/// What else in a kustomization changes objects: values copied from one into another, and transformers, which may do
/// anything.
pub(super) fn others(root: NodeRef<'_>, path: &Path) -> Vec<Patch> {
    let patch = |line, target: Option<NodeRef<'_>>, touches| {
        let word = |key: &str| {
            target?
                .at(&["select", key])
                .and_then(NodeRef::as_str)
                .map(str::to_string)
        };
        Patch {
            place: Place {
                path: path.to_path_buf(),
                line,
            },
            kind: word("kind"),
            name: word("name"),
            touches,
            containers: Vec::new(),
        }
    };
    let mut found = Vec::new();
    for node in items(root, "transformers") {
        found.push(patch(
            node.line(),
            None,
            Some("transforms it in a way that is not followed here".to_string()),
        ));
    }
    for node in items(root, "replacements") {
        // Those in a file of their own are not read.
        if node.get("targets").is_none() {
            found.push(patch(
                node.line(),
                None,
                Some("replaces values of it that are named elsewhere".to_string()),
            ));
        }
        for target in items(node, "targets") {
            let mut ways = items(target, "fieldPaths").filter_map(NodeRef::as_str);
            let touches = ways
                .find_map(|way| of_way(way.split('.')))
                .map(|field| format!("replaces its `{field}`"));
            found.push(patch(node.line(), Some(target), touches));
        }
    }
    found
}

/// The patches of an entry, by its text; `None` where the text cannot be read.
pub(super) fn read(entry: &Entry, text: Option<&str>) -> Vec<Patch> {
    let unread = || {
        let touches = Some("is a patch that nobody here has read".to_string());
        vec![Patch {
            touches,
            ..patch(entry, None, None, Vec::new())
        }]
    };
    let Some(text) = text else { return unread() };
    let mut patches = Vec::new();
    for chunk in yaml::split(text) {
        let Ok(document) = yaml::parse(&chunk).and_then(|document| document.into_merged(Precedence::Own)) else {
            return unread();
        };
        let Some(root) = document.root() else { continue };
        if is_alias_bomb(root, chunk.text.len()) {
            return unread();
        }
        if root.is_sequence() {
            patches.push(patch(entry, None, root.items().find_map(of_operation), Vec::new()));
        } else {
            let (touches, containers) = of_merge(root);
            patches.push(patch(entry, Some(root), touches, containers));
        }
    }
    patches
}

fn patch(entry: &Entry, own: Option<NodeRef<'_>>, touches: Option<String>, containers: Vec<String>) -> Patch {
    let touches = touches.map(|field| format!("patches its `{field}`"));
    let own = |keys: &[&str]| own?.at(keys).and_then(NodeRef::as_str).map(str::to_string);
    Patch {
        place: entry.place.clone(),
        kind: entry
            .kind
            .clone()
            .or_else(|| own(&["kind"]).filter(|_| !entry.has_target)),
        name: entry
            .name
            .clone()
            .or_else(|| own(&["metadata", "name"]).filter(|_| !entry.has_target)),
        touches,
        containers,
    }
}

/// What a part of an object touches that is laid over the whole, and the containers in it.
fn of_merge(root: NodeRef<'_>) -> (Option<String>, Vec<String>) {
    let mut containers = Vec::new();
    let mut touches = None;
    let mut pending = vec![("", root)];
    while let Some((around, node)) = pending.pop() {
        for (key, value) in node.entries() {
            let key = key.text().unwrap_or("");
            if Class::is_list(key) {
                let names = value.items().map(|item| item.get("name").and_then(NodeRef::as_str));
                containers.extend(names.map(|name| name.unwrap_or("").to_string()));
            }
            if minds(around, key, value) {
                touches = touches.or(Some(key.to_string()));
            } else if !is_field(key) {
                pending.push((key, value));
            }
        }
        pending.extend(node.items().map(|item| (around, item)));
    }
    (touches, containers)
}

/// One operation on a position: what it touches.
fn of_operation(operation: NodeRef<'_>) -> Option<String> {
    let word = |key: &str| operation.get(key).and_then(NodeRef::as_str);
    let way: Vec<String> = word("path")?.split('/').map(|part| part.replace("~1", "/")).collect();
    let (last, around) = match way.as_slice() {
        [.., around, last] => (last.as_str(), around.as_str()),
        [last] => (last.as_str(), ""),
        [] => return None,
    };
    match (word("op")?, operation.get("value")) {
        ("test", _) => None,
        ("add" | "replace", Some(value)) if is_field(last) => minds(around, last, value).then(|| last.to_string()),
        ("add" | "replace", Some(value)) => {
            let is_whole = WHOLES.contains(&last) || Class::is_list(last) || Class::is_list(around);
            let whole = is_whole.then(|| last_word(&way));
            let on_the_way = || of_way(way.iter().map(String::as_str));
            let itself = || minds(around, last, value).then(|| last.to_string());
            whole.or_else(on_the_way).or_else(itself).or_else(|| of_merge(value).0)
        }
        // What is taken away may be what made the pod pass.
        ("remove", _) => {
            of_way(way.iter().map(String::as_str)).or_else(|| WHOLES.contains(&last).then(|| last_word(&way)))
        }
        _ => Some(last_word(&way)),
    }
}

/// The last part of a way that is a word.
fn last_word(way: &[String]) -> String {
    let is_word = |part: &&String| part.bytes().any(|b| b.is_ascii_alphabetic());
    way.iter().rfind(is_word).cloned().unwrap_or_default()
}

/// The first part of a way that Pod Security may mind.
fn of_way<'w>(mut way: impl Iterator<Item = &'w str>) -> Option<String> {
    let is_minded = |part: &&str| {
        *part == "securityContext" || is_field(part) || FORBIDDEN_VOLUMES.contains(part) || is_annotation(part)
    };
    way.find(is_minded).map(str::to_string)
}

fn is_field(key: &str) -> bool {
    FIELDS.iter().any(|(field, _)| *field == key)
}

fn is_annotation(key: &str) -> bool {
    key.starts_with(APPARMOR_ANNOTATION_PREFIX) || key.starts_with(SECCOMP_CONTAINER_ANNOTATION_PREFIX)
}

/// Whether a check may mind a value.
fn minds(around: &str, key: &str, value: NodeRef<'_>) -> bool {
    if let Some((_, harmless)) = FIELDS.iter().find(|(field, _)| *field == key) {
        return !harmless.takes(value);
    }
    let is_host = key == "host" && matches!(around, "httpGet" | "tcpSocket");
    let is_taken_away = value.is_null() && (key == "securityContext" || WHOLES.contains(&key));
    is_host || is_taken_away || FORBIDDEN_VOLUMES.contains(&key) || is_annotation(key)
}

impl Harmless {
    fn takes(self, value: NodeRef<'_>) -> bool {
        match self {
            Harmless::Never => false,
            Harmless::Is(word) => value.text() == Some(word),
            Harmless::Positive => value.as_int().is_some_and(|number| number > 0),
            Harmless::Type(name) => value.get("type").and_then(NodeRef::as_str) == Some(name),
            Harmless::Capabilities => {
                let mut added = items(value, "add").map(NodeRef::as_str);
                let mut dropped = items(value, "drop").map(NodeRef::as_str);
                let keeps = value.is_mapping() && added.all(|name| name == Some("NET_BIND_SERVICE"));
                keeps && (value.get("drop").is_none() || dropped.any(|name| name == Some("ALL")))
            }
        }
    }
}
