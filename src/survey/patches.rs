//! Patches of kustomizations, as far as Pod Security may mind what they do: which objects they are for, which fields of a
//! pod they touch, which containers they bring. They are not applied; where one may weaken a pod, that is enough to say.

use std::path::{Path, PathBuf};

use super::Place;
use super::aliases::is_alias_bomb;
use super::laid::{self, Laid};
use super::paths::{folder, resolve};
use super::target::{Made, Patched, Target};
use crate::checks::{APPARMOR_ANNOTATION_PREFIX, FORBIDDEN_VOLUMES, SECCOMP_CONTAINER_ANNOTATION_PREFIX};
use crate::kube::pod::Class;
use crate::yaml::{self, NodeRef, Precedence};

/// One patch, of one object where it is a merge.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Patch {
    place: Place,
    target: Target,
    /// What it does that Pod Security may mind, first of all.
    touches: Option<String>,
    /// The containers that it changes or adds.
    containers: Vec<String>,
    /// What it does to pods.
    laid: Vec<Laid>,
}

/// An entry of a kustomization that is, or names, a patch.
#[derive(Debug)]
pub(super) struct Entry {
    place: Place,
    /// For what it is, whatever its text says.
    target: Option<Target>,
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
    /// What speaks against the pod of an object once it is patched.
    pub(super) fn against(&self, object: Patched, made: Made) -> Option<String> {
        if !self.target.may_be(object, made) {
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

    /// What it does to the pods of an object.
    pub(super) fn laid(&self, object: Patched, made: Made) -> &[Laid] {
        if self.laid.is_empty() || !self.target.may_be(object, made) {
            return &[];
        }
        &self.laid
    }
}

/// The patches that a kustomization names or holds.
pub(super) fn entries(root: NodeRef<'_>, path: &Path) -> Vec<Entry> {
    let folder = folder(path);
    let strategic = root.list("patchesStrategicMerge").map(|node| (node, node, None));
    let by_target = ["patches", "patchesJson6902"].map(|list| root.list(list).map(targeted).collect::<Vec<_>>());
    let entry = |(item, patch, target): (NodeRef<'_>, NodeRef<'_>, Option<NodeRef<'_>>)| {
        let is_text = |text: &&str| text.contains('\n') || text.trim_start().starts_with(['{', '[']);
        let inline = patch
            .as_str()
            .filter(|text| item.get("patch").is_some() || is_text(text));
        Entry {
            place: Place {
                path: path.to_path_buf(),
                line: item.line(),
            },
            target: target.map(target_of),
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

fn target_of(node: NodeRef<'_>) -> Target {
    let word = |key: &str| node.get(key).and_then(NodeRef::as_str);
    let word = |key: &str| word(key).filter(|word| !word.is_empty()).map(str::to_string);
    Target {
        kind: word("kind"),
        name: word("name"),
        labels: word("labelSelector"),
    }
}

/// What else in a kustomization changes objects: values copied from one into another, and transformers, which may do
/// anything.
pub(super) fn others(root: NodeRef<'_>, path: &Path) -> Vec<Patch> {
    let patch = |line, target: Option<NodeRef<'_>>, touches| {
        let select = target.and_then(|target| target.get("select"));
        Patch {
            place: Place {
                path: path.to_path_buf(),
                line,
            },
            target: select.map(target_of).unwrap_or_default(),
            touches,
            containers: Vec::new(),
            laid: Vec::new(),
        }
    };
    let mut found = Vec::new();
    for node in root.list("transformers") {
        found.push(patch(
            node.line(),
            None,
            Some("transforms it in a way that is not followed here".to_string()),
        ));
    }
    for node in root.list("replacements") {
        // Those in a file of their own are not read.
        if node.get("targets").is_none() {
            found.push(patch(
                node.line(),
                None,
                Some("replaces values of it that are named elsewhere".to_string()),
            ));
        }
        for target in node.list("targets") {
            let mut ways = target.list("fieldPaths").filter_map(NodeRef::as_str);
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
            ..blank(entry, None)
        }]
    };
    let Some(text) = text else { return unread() };
    let (file, line) = match &entry.text {
        Text::File(file) => (file.as_path(), None),
        Text::Inline(_) | Text::Elsewhere => (entry.place.path.as_path(), Some(entry.place.line)),
    };
    let mut patches = Vec::new();
    for chunk in yaml::split(text) {
        let Ok(document) = yaml::parse(&chunk).and_then(|document| document.into_merged(Precedence::Own)) else {
            return unread();
        };
        let Some(root) = document.root() else { continue };
        if is_alias_bomb(root, chunk.text.len()) {
            return unread();
        }
        let patches_field = |field| format!("patches its `{field}`");
        patches.push(if root.is_sequence() {
            let operations = root.items();
            Patch {
                touches: root.items().find_map(of_operation).map(patches_field),
                laid: operations.flat_map(|one| laid::of_operation(one, file, line)).collect(),
                ..blank(entry, None)
            }
        } else {
            let (touches, containers) = of_merge(root);
            Patch {
                touches: touches.map(patches_field),
                containers,
                laid: laid::of_merge(root, file, line),
                ..blank(entry, Some(root))
            }
        });
    }
    patches
}

/// A patch that does nothing. `own`: what its text is called, which counts where the entry has no target.
fn blank(entry: &Entry, own: Option<NodeRef<'_>>) -> Patch {
    let own = |keys: &[&str]| own?.at(keys).and_then(NodeRef::as_str).map(str::to_string);
    let of_itself = || Target {
        kind: own(&["kind"]),
        name: own(&["metadata", "name"]),
        labels: None,
    };
    Patch {
        place: entry.place.clone(),
        target: entry.target.clone().unwrap_or_else(of_itself),
        touches: None,
        containers: Vec::new(),
        laid: Vec::new(),
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
                let mut added = value.list("add").map(NodeRef::as_str);
                let mut dropped = value.list("drop").map(NodeRef::as_str);
                let keeps = value.is_mapping() && added.all(|name| name == Some("NET_BIND_SERVICE"));
                keeps && (value.get("drop").is_none() || dropped.any(|name| name == Some("ALL")))
            }
        }
    }
}
