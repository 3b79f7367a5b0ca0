//! What the API server refuses in a pod whatever Pod Security says of it: ids out of range, names twice, mounts of
//! nothing. Looks at the pod as the plan leaves it. A blocker each; of a pod that passes, a note each. Fields that are
//! no matter of this program are not looked at.

use std::collections::BTreeSet;

use super::Blocker;
use super::case::Case;
use super::draft::Draft;
use super::seat;
use super::served;
use super::windows::{NOT_IN_CONTAINERS, NOT_ON_THIS_OS, NOT_ON_WINDOWS};
use crate::checks::volume_sources;
use crate::kube::pod::{Class, Scope};
use crate::yaml::{FieldPath, Meaning, NodeRef};

/// The largest uid or gid.
const MAX_ID: i128 = i32::MAX as i128;
const MAX_LABEL: usize = 63;
const IDS: &[&str] = &["runAsUser", "runAsGroup", "fsGroup"];

/// Fields of the pod's `securityContext` that take certain words only.
const WORDS: &[(&str, &[&str])] = &[
    ("fsGroupChangePolicy", &["OnRootMismatch", "Always"]),
    ("supplementalGroupsPolicy", &["Merge", "Strict"]),
    ("seLinuxChangePolicy", &["MountOption", "Recursive"]),
];

const WINDOWS_OPTIONS: &[&str] = &["securityContext", "windowsOptions"];

/// What an init container has only where it goes on running beside the others.
const OF_SIDECARS: &[&str] = &["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"];

const PORTS: std::ops::RangeInclusive<i128> = 1..=65535;

pub(super) fn check(case: &Case, draft: &mut Draft) {
    for fault in faults(case, draft) {
        draft.block(fault);
    }
}

/// For a pod that passes, of which nothing is asked: it will not start, and somebody should know.
pub(super) fn note(case: &Case, draft: &mut Draft) {
    for Blocker { line, message, .. } in faults(case, draft) {
        draft.note(format!("line {line}: {message}"));
    }
}

fn faults(case: &Case, draft: &mut Draft) -> Vec<Blocker> {
    let mut found = Faults {
        case,
        draft,
        found: Vec::new(),
        notes: Vec::new(),
    };
    for scope in case.pod.scopes() {
        found.ids(&scope);
    }
    found.found.extend(served::fault(case));
    found.words();
    found.sysctls();
    found.container_names();
    found.container_classes();
    found.ports();
    found.volumes();
    found.mounts();
    found.propagation();
    found.system();
    let Faults { found, notes, .. } = found;
    for text in notes {
        draft.note(text);
    }
    found
}

struct Faults<'f, 'd> {
    case: &'f Case<'d>,
    draft: &'f Draft,
    found: Vec<Blocker>,
    notes: Vec<String>,
}

impl<'d> Faults<'_, 'd> {
    fn add(&mut self, scope: &Scope, code: &'static str, at: (FieldPath, usize), message: &str, suggestion: &str) {
        let (field, line) = at;
        self.found.push(Blocker {
            check: "boot",
            code,
            field,
            container: scope.container.map(str::to_string),
            line,
            message: format!("{message}, which the API server refuses"),
            suggestion: suggestion.into(),
        });
    }

    fn ids(&mut self, scope: &Scope<'_, 'd>) {
        let out_of_range = |id| match id {
            Meaning::Int(id) => Some(id).filter(|id| !(0..=MAX_ID).contains(id)),
            _ => None,
        };
        let mut wrong = Vec::new();
        for key in IDS {
            let keys = ["securityContext", *key];
            if let Some(id) = self.draft.value(scope, &keys).and_then(out_of_range) {
                wrong.push((id, scope.field(&keys), scope.line(&keys)));
            }
        }
        let keys = ["securityContext", "supplementalGroups"];
        let groups = scope.list(&keys).filter(|_| scope.container.is_none());
        for (index, node) in groups {
            if let Some(id) = node.scalar().and_then(out_of_range) {
                wrong.push((id, scope.field(&keys).index(index), node.line()));
            }
        }
        for (id, field, line) in wrong {
            let message = format!("the id {id} is out of range (0 to {MAX_ID})");
            let at = (field, line);
            self.add(scope, "id-out-of-range", at, &message, "set an id in that range");
        }
    }

    fn words(&mut self) {
        let scope = self.case.pod.scope();
        for (key, allowed) in WORDS {
            let keys = ["securityContext", *key];
            let Some(Meaning::Str(word)) = self.draft.value(&scope, &keys) else {
                continue;
            };
            if !allowed.contains(&word.as_ref()) {
                let message = format!("`{key}` is `{word}`");
                let suggestion = format!("write one of {}, or leave it out", allowed.join(", "));
                let at = (scope.field(&keys), scope.line(&keys));
                self.add(&scope, "unknown-word", at, &message, &suggestion);
            }
        }
    }

    fn sysctls(&mut self) {
        let scope = self.case.pod.scope();
        let keys = ["securityContext", "sysctls"];
        let mut names = BTreeSet::new();
        for (index, node) in scope.list(&keys) {
            let Some(name) = node.get("name").and_then(NodeRef::as_str) else {
                continue;
            };
            if !names.insert(name) {
                let at = (scope.field(&keys).index(index), node.line());
                let message = format!("the sysctl {name} is set twice");
                self.add(&scope, "sysctl-twice", at, &message, "keep one of them");
            }
        }
    }

    fn container_names(&mut self) {
        let pod = self.case.pod;
        let mut names = BTreeSet::new();
        for container in pod.containers() {
            let (scope, name) = (container.scope(), container.name);
            if name.is_empty() && self.case.workload.kind.names_containers.is_some() {
                continue;
            }
            let at = || (scope.field(&["name"]), scope.line(&["name"]));
            if !may_be_label(name) {
                let message = format!("`{name}` is no name of a container");
                self.add(&scope, "container-name", at(), &message, LABEL);
            } else if !names.insert(name) {
                let message = format!("two containers are called `{name}`");
                self.add(&scope, "container-name", at(), &message, "give each a name of its own");
            }
        }
    }

    fn container_classes(&mut self) {
        let pod = self.case.pod;
        for container in pod.containers() {
            let (scope, node) = (container.scope(), container.node);
            match container.class {
                Class::Ephemeral => {
                    let at = (container.path.clone(), node.line());
                    let message = "an ephemeral container stands in a manifest";
                    let suggestion = "remove it: `kubectl debug` adds such containers to running pods";
                    self.add(&scope, "ephemeral-container", at, message, suggestion);
                }
                Class::Init if scope.str(&["restartPolicy"]) != Some("Always") => {
                    let has = |key: &&&str| scope.get(&[**key]).is_some();
                    if let Some(key) = OF_SIDECARS.iter().find(has) {
                        let at = (scope.field(&[key]), scope.line(&[key]));
                        let message = format!("an init container has `{key}`");
                        let suggestion = "remove it, or make the container a sidecar with `restartPolicy: Always`";
                        self.add(&scope, "init-container", at, &message, suggestion);
                    }
                }
                Class::Init | Class::Regular => {}
            }
        }
    }

    fn ports(&mut self) {
        for container in self.case.pod.containers() {
            let scope = container.scope();
            for (index, port) in scope.list(&["ports"]) {
                let number = port.get("containerPort").and_then(NodeRef::as_int);
                if let Some(number) = number.filter(|number| !PORTS.contains(number)) {
                    let at = (scope.field(&["ports"]).index(index).key("containerPort"), port.line());
                    let message = format!("the port {number} is out of range (1 to 65535)");
                    self.add(&scope, "port-out-of-range", at, &message, "set a port in that range");
                }
            }
        }
    }

    fn volumes(&mut self) {
        let scope = self.case.pod.scope();
        let path = scope.field(&["volumes"]);
        let mut names = BTreeSet::new();
        for (index, volume) in scope.list(&["volumes"]) {
            let at = || (path.index(index), volume.line());
            if self.draft.covers(&path.index(index)) {
                continue;
            }
            let name = volume.get("name").and_then(NodeRef::as_str).unwrap_or("");
            if !may_be_label(name) {
                let message = format!("`{name}` is no name of a volume");
                self.add(&scope, "volume-name", at(), &message, LABEL);
            } else if !names.insert(name) {
                let message = format!("two volumes are called `{name}`");
                self.add(&scope, "volume-name", at(), &message, "give each a name of its own");
            }
            let stays = |source: &&str| !self.draft.covers(&path.index(index).key((*source).to_string()));
            let sources: Vec<&str> = volume_sources(volume).filter(stays).collect();
            if sources.len() > 1 {
                let message = format!("the volume `{name}` has several sources ({})", sources.join(", "));
                self.add(&scope, "volume-source", at(), &message, "keep one of them");
            }
        }
    }

    fn mounts(&mut self) {
        let (pod, workload) = (self.case.pod, self.case.workload);
        let path = pod.scope().field(&["volumes"]);
        let volumes = pod.scope().list(&["volumes"]);
        let draft = self.draft;
        let name = |(index, volume): (usize, NodeRef<'d>)| match draft
            .change(&path.index(index).key("name"))
            .map(|change| &change.to)
        {
            Some(Some(Meaning::Str(name))) => Some(name.as_ref()),
            Some(_) => None,
            None => volume.get("name")?.as_str(),
        };
        let mut known: BTreeSet<&str> = volumes.filter_map(name).collect();
        known.extend(seat::claim_templates(workload));
        for container in pod.containers() {
            let scope = container.scope();
            let mut paths = BTreeSet::new();
            for (index, mount) in scope.list(&["volumeMounts"]) {
                let text = |key| mount.get(key).and_then(NodeRef::as_str).unwrap_or("");
                let at = (scope.field(&["volumeMounts"]).index(index), mount.line());
                let (name, path) = (text("name"), text("mountPath"));
                if path.is_empty() || !paths.insert(path) {
                    let message = match path {
                        "" => "a volume is mounted without a `mountPath`".to_string(),
                        path => format!("two volumes are mounted at {path}"),
                    };
                    let suggestion = "give each mount a path of its own";
                    self.add(&scope, "mount-path", at, &message, suggestion);
                } else if !known.contains(name) {
                    self.mount_of_nothing(&scope, at, name);
                }
            }
        }
    }

    /// An override may take the privilege that a mount needs.
    fn propagation(&mut self) {
        for scope in self.case.pod.container_scopes() {
            if self.draft.value(&scope, &["securityContext", "privileged"]) == Some(Meaning::Bool(true)) {
                continue;
            }
            for (index, mount) in scope.list(&["volumeMounts"]) {
                let key = "mountPropagation";
                let Some(word) = mount.get(key).filter(|word| word.text() == Some("Bidirectional")) else {
                    continue;
                };
                let at = (scope.field(&["volumeMounts"]).index(index).key(key), word.line());
                let message = "a container that is not privileged mounts with `mountPropagation: Bidirectional`";
                let suggestion = "remove `mountPropagation`, if the container makes no mounts for others, or keep the \
                                  workload in a namespace labelled `privileged`";
                self.add(&scope, "mount-propagation", at, message, suggestion);
            }
        }
    }

    /// A kustomization may add the volume; a custom resource may have volumes of its own.
    fn mount_of_nothing(&mut self, scope: &Scope, at: (FieldPath, usize), name: &str) {
        let context = self.case.context;
        let what = format!("the volume `{name}` is mounted and does not exist");
        if !self.case.workload.is_builtin() {
            return;
        }
        if context.survey.is_kustomized(context.relative) {
            self.notes
                .push(format!("line {}: {what} in this file; see that a patch adds it", at.1));
        } else {
            self.add(
                scope,
                "mount-without-volume",
                at,
                &what,
                "add the volume, or remove the mount",
            );
        }
    }

    fn system(&mut self) {
        let pod = self.case.pod;
        let of_pod = pod.scope();
        let planned = self.case.becomes_windows().then_some("windows");
        match planned.or(of_pod.str(&["os", "name"])) {
            None => {}
            Some("windows") => {
                let containers: Vec<_> = pod.container_scopes().collect();
                self.forbidden(&of_pod, NOT_ON_WINDOWS, "a pod of Windows");
                for scope in containers {
                    self.forbidden(&scope, NOT_IN_CONTAINERS, "a container of Windows");
                }
            }
            Some("linux") => {
                for scope in pod.scopes().collect::<Vec<_>>() {
                    self.forbidden(&scope, &[WINDOWS_OPTIONS], "a pod of Linux");
                }
            }
            Some(name) => {
                let at = (of_pod.field(&["os", "name"]), of_pod.line(&["os", "name"]));
                let message = format!("`os.name` is `{name}`");
                self.add(&of_pod, "os-name", at, &message, "write `linux` or `windows`");
            }
        }
    }

    fn forbidden(&mut self, scope: &Scope<'_, 'd>, fields: &[&[&'static str]], whose: &str) {
        for keys in fields {
            if self.draft.keeps(scope, keys) {
                let message = format!("{whose} has `{}`", keys.join("."));
                let at = (scope.field(keys), scope.line(keys));
                self.add(scope, NOT_ON_THIS_OS, at, &message, "remove it, or name another `os`");
            }
        }
    }
}

const LABEL: &str = "use at most 63 lower-case letters, digits and hyphens, the first and last no hyphen";

/// What `$NAME` or `${NAME}` is to be put into before the API server sees it may become one.
fn may_be_label(name: &str) -> bool {
    name.contains('$') || is_label(name)
}

/// A label as DNS has them.
fn is_label(name: &str) -> bool {
    let is_alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends = |b: Option<&u8>| b.is_some_and(|b| is_alphanumeric(*b));
    let bytes = name.as_bytes();
    bytes.len() <= MAX_LABEL
        && ends(bytes.first())
        && ends(bytes.last())
        && bytes.iter().all(|b| is_alphanumeric(*b) || *b == b'-')
}
