//! Which workloads mount which claim, with what decides on the group they share.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use super::Place;
use crate::change::is_marked;
use crate::kube::workload::Workload;
use crate::yaml::NodeRef;

/// A workload that mounts a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimUser {
    /// Of the object.
    pub place: Place,
    /// Index among the file's documents as `yaml::split` counts them.
    pub document: usize,
    /// Index in the `items` of a list object.
    pub item: Option<usize>,
    pub kind: &'static str,
    pub name: String,
    /// Init containers, then regular ones, each in their order; ephemeral ones are left out.
    pub containers: Vec<ClaimContainer>,
    /// Of the pod's `securityContext`.
    pub run_as_user: Option<i64>,
    pub run_as_group: Option<i64>,
    pub fs_group: Option<i64>,
    /// Whether `fs_group` stands there as somebody's decision, and not as what an earlier run assumed.
    pub states_group: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimContainer {
    pub name: String,
    pub image: String,
    pub init: bool,
    /// Of its own `securityContext`.
    pub run_as_user: Option<i64>,
    pub mount: Mount,
}

/// How a container reaches the claim; as a block device counts as not at all, since no group applies there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mount {
    None,
    ReadOnly,
    Writable,
}

/// One use of a claim.
#[derive(Debug)]
pub(super) struct Use {
    pub(super) claim: String,
    /// As the workload declares it.
    pub(super) namespace: Option<String>,
    pub(super) user: ClaimUser,
}

/// A pod with more claims times containers is left out: each claim repeats all containers, and no real pod has as many.
const MAX_ENTRIES: usize = 1024;

/// A pod's volumes of claims by name: the claim, and whether the volume is read-only for all.
type Volumes<'d> = HashMap<&'d str, (&'d str, bool)>;

/// The claims that a workload mounts, by name. Nothing for a part of a workload (a patch: containers without an image).
pub(super) fn read(workload: &Workload<'_>, path: &Path, document: usize) -> Vec<Use> {
    let Some(spec) = workload.template.get("spec") else {
        return Vec::new();
    };
    let volumes: Volumes<'_> = spec.list("volumes").filter_map(claim_volume).collect();
    let claims: BTreeSet<&str> = volumes.values().map(|(claim, _)| *claim).collect();
    let init = spec.list("initContainers").map(|node| container(node, true, &volumes));
    let regular = spec.list("containers").map(|node| container(node, false, &volumes));
    let Some(containers) = init.chain(regular).collect::<Option<Vec<_>>>() else {
        return Vec::new();
    };
    let is_whole = containers.iter().any(|(container, _)| !container.init);
    if !is_whole || claims.len() * containers.len() > MAX_ENTRIES {
        return Vec::new();
    }
    let user = user(workload, spec, path, document);
    let with_mount = |claim: &str, (container, mounts): &(ClaimContainer, Mounts<'_>)| ClaimContainer {
        mount: mounts.get(claim).copied().unwrap_or(Mount::None),
        ..container.clone()
    };
    let used = claims.into_iter().map(|claim| Use {
        claim: claim.to_string(),
        namespace: workload.namespace.map(str::to_string),
        user: ClaimUser {
            containers: containers.iter().map(|c| with_mount(claim, c)).collect(),
            ..user.clone()
        },
    });
    used.collect()
}

fn claim_volume(volume: NodeRef<'_>) -> Option<(&str, (&str, bool))> {
    let source = volume.get("persistentVolumeClaim")?;
    let claim = source.get("claimName")?.as_str()?;
    Some((volume.get("name")?.as_str()?, (claim, is_read_only(source))))
}

fn is_read_only(node: NodeRef<'_>) -> bool {
    node.get("readOnly").and_then(NodeRef::as_bool).unwrap_or(false)
}

/// All of a workload but its containers.
fn user(workload: &Workload<'_>, spec: NodeRef<'_>, path: &Path, document: usize) -> ClaimUser {
    let node = |field: &str| spec.at(&["securityContext", field]);
    let context = |field: &str| node(field).and_then(id);
    let states = |field: &str| node(field).is_some_and(|node| id(node).is_some() && !is_marked(node));
    ClaimUser {
        place: Place {
            path: path.to_path_buf(),
            line: workload.line,
        },
        document,
        item: workload.item,
        kind: workload.kind.kind,
        name: workload.name.to_string(),
        containers: Vec::new(),
        run_as_user: context("runAsUser"),
        run_as_group: context("runAsGroup"),
        fs_group: context("fsGroup"),
        states_group: states("fsGroup"),
    }
}

/// How a container mounts each claim that it mounts.
type Mounts<'d> = HashMap<&'d str, Mount>;

/// A container whose `mount` is still to be set; `None` where there is no image.
fn container<'d>(node: NodeRef<'d>, init: bool, volumes: &Volumes<'d>) -> Option<(ClaimContainer, Mounts<'d>)> {
    let mut mounts = Mounts::new();
    for mount in node.list("volumeMounts") {
        let name = mount.get("name").and_then(NodeRef::as_str);
        let Some((claim, read_only)) = name.and_then(|name| volumes.get(name)) else {
            continue;
        };
        let way = if *read_only || is_read_only(mount) {
            Mount::ReadOnly
        } else {
            Mount::Writable
        };
        let so_far = mounts.entry(claim).or_insert(way);
        *so_far = way.max(*so_far);
    }
    let container = ClaimContainer {
        name: node.get("name").and_then(NodeRef::as_str).unwrap_or("").to_string(),
        image: node.get("image")?.as_str()?.to_string(),
        init,
        run_as_user: node.at(&["securityContext", "runAsUser"]).and_then(id),
        mount: Mount::None,
    };
    Some((container, mounts))
}

fn id(node: NodeRef<'_>) -> Option<i64> {
    i64::try_from(node.as_int()?).ok()
}

/// The users of every claim.
#[derive(Debug, Default)]
pub(super) struct Claims {
    /// By namespace, then claim.
    users: HashMap<String, HashMap<String, Vec<ClaimUser>>>,
}

impl Claims {
    /// Uses must come in the order in which users are to be listed.
    pub(super) fn add(&mut self, namespace: String, used: Use) {
        let claims = self.users.entry(namespace).or_default();
        claims.entry(used.claim).or_default().push(used.user);
    }

    pub(super) fn users(&self, namespace: &str, claim: &str) -> &[ClaimUser] {
        let users = self.users.get(namespace).and_then(|claims| claims.get(claim));
        users.map_or(&[], Vec::as_slice)
    }
}
