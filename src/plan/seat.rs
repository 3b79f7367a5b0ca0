//! A container with what decides about it: its image's facts, its mounts, its words. Reads; the rules decide.

use super::MARKED;
use crate::change::is_marked;
use crate::context::Context;
use crate::kube::pod::{Class, Container, Pod};
use crate::kube::workload::Workload;
use crate::profiles::{Match, When, clean, is_within, place};
use crate::yaml::{FieldPath, NodeRef};

#[derive(Debug)]
pub(super) struct Seat<'d> {
    pub(super) container: Container<'d>,
    /// As written.
    pub(super) image: &'d str,
    /// As it is called in a sentence: what kustomizations make of it.
    shown: String,
    pub(super) known: Option<Match>,
    /// Its image runs on Windows alone.
    pub(super) is_of_windows: bool,
    /// Words of `command` and `args`.
    pub(super) words: Vec<&'d str>,
    pub(super) mounts: Vec<Mount<'d>>,
    /// Best effort leaves its user, its capabilities and its root as they are.
    pub(super) held: bool,
    /// Values that an earlier run assumed count as absent.
    pub(super) renewed: bool,
}

#[derive(Debug)]
pub(super) struct Mount<'d> {
    /// Cleaned: no `.`, `..`, doubled or trailing slash.
    pub(super) path: String,
    pub(super) read_only: bool,
    pub(super) source: Source<'d>,
}

/// What is behind a mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source<'d> {
    Empty,
    /// A claim by name.
    Claim {
        name: &'d str,
        read_only: bool,
    },
    /// A claim template, or an ephemeral volume.
    OwnClaim,
    Csi {
        read_only: bool,
    },
    /// secret, configMap, projected, downwardAPI: always read-only; whether their files deny others to read.
    Files {
        private: bool,
    },
    HostPath,
    Other,
}

impl<'d> Seat<'d> {
    pub(super) fn name(&self) -> &'d str {
        self.container.name
    }

    pub(super) fn is_regular(&self) -> bool {
        self.container.class == Class::Regular
    }

    /// A field of the container's own `securityContext`.
    pub(super) fn context(&self, keys: &[&str]) -> Option<NodeRef<'d>> {
        self.stated(keys)
            .filter(|node| !(self.renewed && is_assumed(keys, *node)))
    }

    /// The same, assumed or not.
    pub(super) fn stated(&self, keys: &[&str]) -> Option<NodeRef<'d>> {
        present(self.container.node.get("securityContext")?.at(keys))
    }

    /// Whether the manifest closes the root itself.
    pub(super) fn has_read_only_root(&self) -> bool {
        let root = self.context(&["readOnlyRootFilesystem"]);
        root.is_some_and(|node| node.as_bool() == Some(true) && !is_replaceable(node))
    }

    pub(super) fn command_is_set(&self) -> bool {
        self.container
            .node
            .get("command")
            .is_some_and(|c| c.items().next().is_some())
    }

    /// The entries of its own `env`.
    pub(super) fn env(&self) -> impl Iterator<Item = NodeRef<'d>> + use<'d> {
        self.container.node.list("env")
    }

    /// The entry that counts of those with this name.
    pub(super) fn variable(&self, name: &str) -> Option<NodeRef<'d>> {
        self.indexed_variable(name).map(|(_, entry)| entry)
    }

    /// The same, with its index in `env`.
    pub(super) fn indexed_variable(&self, name: &str) -> Option<(usize, NodeRef<'d>)> {
        let named = |(_, entry): &(usize, NodeRef)| entry.get("name").and_then(NodeRef::text) == Some(name);
        self.env().enumerate().filter(named).last()
    }

    /// The mount that decides whether a path is writable: the deepest at or above it.
    pub(super) fn mount_over(&self, path: &str) -> Option<&Mount<'d>> {
        self.mounts
            .iter()
            .filter(|m| is_within(path, &m.path))
            .max_by_key(|m| place(&m.path).len())
    }

    /// Whether the image gives a place to its own user.
    pub(super) fn owns(&self, path: &str) -> bool {
        let writable = self.known.as_ref().map(|known| known.facts.writable.as_slice());
        let mut own = writable.unwrap_or_default().iter().map(|fact| &fact.value);
        own.any(|place| place.when != When::Always && is_within(path, &place.path))
    }

    /// What to call the image in a sentence.
    pub(super) fn image_name(&self) -> &str {
        if self.image.is_empty() {
            "an image without a name"
        } else {
            &self.shown
        }
    }
}

impl Mount<'_> {
    pub(super) fn is_writable(&self) -> bool {
        let source_is_read_only = matches!(
            self.source,
            Source::Files { .. } | Source::Csi { read_only: true } | Source::Claim { read_only: true, .. }
        );
        !self.read_only && !source_is_read_only
    }

    /// Storage whose files belong to somebody, so that a group decides who may write.
    pub(super) fn is_storage(&self) -> bool {
        matches!(
            self.source,
            Source::Claim { .. } | Source::OwnClaim | Source::Csi { .. }
        )
    }
}

/// Whether a value carries the marker of an assumption, so that facts may replace it.
pub(super) fn is_replaceable(node: NodeRef) -> bool {
    // Nobody assumes `readOnlyRootFilesystem: false`; the marker belongs to another value of the line.
    is_marked(node) && node.as_bool() != Some(false)
}

/// Whether an earlier run wrote a field of a `securityContext` as an assumption.
pub(super) fn is_assumed(keys: &[&str], node: NodeRef) -> bool {
    matches!(keys, [key] if MARKED.contains(key)) && is_replaceable(node)
}

/// A node that is there and not null.
pub(super) fn present(node: Option<NodeRef>) -> Option<NodeRef> {
    node.filter(|n| !n.is_null())
}

/// All containers of a pod, in the order of the checks.
pub(super) fn seats<'d>(workload: &Workload<'d>, pod: &Pod<'d>, context: &Context<'_>) -> Vec<Seat<'d>> {
    // What is known of images is known of those of Linux, which share their tags with those of Windows.
    let is_told = !pod.is_windows() && pod.windows_selector().is_none();
    let seats = pod.containers().map(|container| {
        let seat = seat(workload, pod, context, container.clone());
        Seat {
            known: seat.known.filter(|_| is_told),
            ..seat
        }
    });
    seats.collect()
}

fn seat<'d>(workload: &Workload<'d>, pod: &Pod<'d>, context: &Context<'_>, container: Container<'d>) -> Seat<'d> {
    let node = container.node;
    let image = node.get("image").and_then(NodeRef::text).unwrap_or("");
    let words = ["command", "args"]
        .iter()
        .filter_map(|key| node.get(key))
        .flat_map(NodeRef::items);
    let mounts = node.list("volumeMounts");
    let known = context.known(context.relative, image);
    Seat {
        image,
        shown: known.shown,
        known: known.facts,
        is_of_windows: known.is_of_windows,
        words: words.filter_map(NodeRef::text).collect(),
        mounts: mounts
            .filter_map(|m| mount(workload, pod, m))
            .chain(mounts_of_operator(workload, container.class))
            .collect(),
        held: false,
        renewed: false,
        container,
    }
}

fn mount<'d>(workload: &Workload<'d>, pod: &Pod<'d>, mount: NodeRef<'d>) -> Option<Mount<'d>> {
    let name = mount.get("name").and_then(NodeRef::text)?;
    Some(Mount {
        path: clean(mount.get("mountPath").and_then(NodeRef::text)?),
        read_only: mount.get("readOnly").and_then(NodeRef::as_bool) == Some(true),
        source: source(workload, pod, name),
    })
}

fn source<'d>(workload: &Workload<'d>, pod: &Pod<'d>, name: &str) -> Source<'d> {
    let named = |n: &NodeRef<'d>| n.get("name").and_then(NodeRef::text) == Some(name);
    let mut volumes = pod.spec.list("volumes");
    let Some(volume) = volumes.find(named) else {
        return if claim_templates(workload).any(|template| template == name) {
            Source::OwnClaim
        } else {
            Source::Other
        };
    };
    let has = |key| present(volume.get(key));
    if let Some(claim) = has("persistentVolumeClaim") {
        return Source::Claim {
            name: claim.get("claimName").and_then(NodeRef::text).unwrap_or(""),
            read_only: claim.get("readOnly").and_then(NodeRef::as_bool) == Some(true),
        };
    }
    if let Some(csi) = has("csi") {
        return Source::Csi {
            read_only: csi.get("readOnly").and_then(NodeRef::as_bool) == Some(true),
        };
    }
    if let Some(files) = ["secret", "configMap", "projected", "downwardAPI"]
        .iter()
        .find_map(|key| has(key))
    {
        return Source::Files {
            private: is_private(files),
        };
    }
    match () {
        () if has("ephemeral").is_some() => Source::OwnClaim,
        () if has("hostPath").is_some() => Source::HostPath,
        () if has("emptyDir").is_some() => Source::Empty,
        // A volume without a source is an emptyDir to the API server.
        () if volume
            .entries()
            .all(|(key, value)| key.text() == Some("name") || value.is_null()) =>
        {
            Source::Empty
        }
        () => Source::Other,
    }
}

/// Whether a mode, of all files or of one, denies others to read.
fn is_private(files: NodeRef) -> bool {
    let denies = |node: Option<NodeRef>| node.and_then(NodeRef::as_int).is_some_and(|mode| mode & 0o004 == 0);
    let own = denies(files.get("defaultMode"));
    let items = files.list("items");
    let projected = files.list("sources").flat_map(NodeRef::entries);
    let projected_items = projected
        .filter_map(|(_, source)| source.get("items"))
        .flat_map(NodeRef::items);
    own || items.chain(projected_items).any(|item| denies(item.get("mode")))
}

/// Claims that the kind's operator mounts, and no container says it.
fn mounts_of_operator<'d>(workload: &Workload<'d>, class: Class) -> impl Iterator<Item = Mount<'d>> + use<'d> {
    let way = workload.kind.claims.filter(|_| class == Class::Regular);
    let claims = way.and_then(|way| workload.at(way));
    claims.into_iter().flat_map(NodeRef::items).filter_map(|claim| {
        Some(Mount {
            path: clean(claim.get("mountPath").and_then(NodeRef::text)?),
            read_only: false,
            source: match claim.get("volumeClaimName").and_then(NodeRef::text) {
                Some(name) if !name.is_empty() => Source::Claim { name, read_only: false },
                _ => Source::OwnClaim,
            },
        })
    })
}

/// Names of the claim templates that stand beside the template of the pod, or of what holds it: those of a StatefulSet,
/// and where other kinds have theirs.
pub(super) fn claim_templates<'d>(workload: &Workload<'d>) -> impl Iterator<Item = &'d str> {
    let steps = &workload.template_path.0;
    let holders = (0..steps.len()).filter_map(|n| workload.object.at_path(&FieldPath(steps[..n].to_vec())));
    let templates: Vec<NodeRef<'d>> = holders.filter_map(|h| h.get("volumeClaimTemplates")).collect();
    templates
        .into_iter()
        .flat_map(NodeRef::items)
        .filter_map(|t| t.at(&["metadata", "name"]).and_then(NodeRef::text))
}
