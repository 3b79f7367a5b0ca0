//! Which workloads mount which claim, with what decides on the group they share.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::Place;
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

/// The names of a pod's volumes of one claim, each with whether it is mounted read-only everywhere.
type Volumes<'d> = Vec<(&'d str, bool)>;

/// The claims that a workload mounts, by name. Nothing for a part of a workload (a patch: containers without an image).
pub(super) fn read(workload: &Workload<'_>, path: &Path, document: usize) -> Vec<Use> {
    let Some(spec) = workload.template.get("spec") else {
        return Vec::new();
    };
    let mut claims: BTreeMap<&str, Volumes<'_>> = BTreeMap::new();
    for volume in spec.get("volumes").into_iter().flat_map(NodeRef::items) {
        if let Some((claim, name, read_only)) = claim_of(volume) {
            claims.entry(claim).or_default().push((name, read_only));
        }
    }
    let used = claims.into_iter().filter_map(|(claim, volumes)| {
        Some(Use {
            claim: claim.to_string(),
            namespace: workload.namespace.map(str::to_string),
            user: user(workload, spec, &volumes, path, document)?,
        })
    });
    used.collect()
}

fn claim_of(volume: NodeRef<'_>) -> Option<(&str, &str, bool)> {
    let source = volume.get("persistentVolumeClaim")?;
    let claim = source.get("claimName")?.as_str()?;
    let read_only = source.get("readOnly").and_then(NodeRef::as_bool).unwrap_or(false);
    Some((claim, volume.get("name")?.as_str()?, read_only))
}

fn user(
    workload: &Workload<'_>,
    spec: NodeRef<'_>,
    volumes: &Volumes<'_>,
    path: &Path,
    document: usize,
) -> Option<ClaimUser> {
    let of_list = |list: &str, init: bool| -> Option<Vec<ClaimContainer>> {
        let containers = spec.get(list).into_iter().flat_map(NodeRef::items);
        containers.map(|node| container(node, init, volumes)).collect()
    };
    let mut containers = of_list("initContainers", true)?;
    containers.extend(of_list("containers", false)?);
    let context = |field: &str| spec.at(&["securityContext", field]).and_then(id);
    containers.iter().any(|container| !container.init).then(|| ClaimUser {
        place: Place {
            path: path.to_path_buf(),
            line: workload.line,
        },
        document,
        item: workload.item,
        kind: workload.kind.kind,
        name: workload.name.to_string(),
        run_as_user: context("runAsUser"),
        run_as_group: context("runAsGroup"),
        fs_group: context("fsGroup"),
        containers,
    })
}

/// `None` where there is no image.
fn container(node: NodeRef<'_>, init: bool, volumes: &Volumes<'_>) -> Option<ClaimContainer> {
    let mounts = node.get("volumeMounts").into_iter().flat_map(NodeRef::items);
    let mount = mounts.filter_map(|mount| {
        let name = mount.get("name")?.as_str()?;
        let (_, volume_read_only) = volumes.iter().find(|(volume, _)| *volume == name)?;
        let read_only = mount.get("readOnly").and_then(NodeRef::as_bool).unwrap_or(false);
        Some(if read_only || *volume_read_only {
            Mount::ReadOnly
        } else {
            Mount::Writable
        })
    });
    Some(ClaimContainer {
        name: node.get("name").and_then(NodeRef::as_str).unwrap_or("").to_string(),
        image: node.get("image")?.as_str()?.to_string(),
        init,
        run_as_user: node.at(&["securityContext", "runAsUser"]).and_then(id),
        mount: mount.max().unwrap_or(Mount::None),
    })
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
