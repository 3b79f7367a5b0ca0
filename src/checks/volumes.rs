//! `hostPathVolumes` and `restrictedVolumes`: where volumes may come from.

use std::collections::BTreeSet;

use super::check::{Check, Forbidden, Guide, Revision, Site};
use super::level::Level;
use super::text::{plural, quoted};
use crate::kube::pod::{Defaults, Pod};
use crate::yaml::NodeRef;

const VOLUMES: &[&str] = &["volumes"];
const HOST_PATH: &str = "hostPath";

/// Sources that `restricted` admits.
const ADMITTED: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// Those of clusters that know no image volumes.
pub(super) const ADMITTED_BEFORE_IMAGES: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
];
const IMAGE: &[&str] = &["image"];

/// All other sources, in the order in which upstream looks for the one to name.
pub const OTHERS: &[&str] = &[
    HOST_PATH,
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
];
const UNKNOWN: &str = "unknown";

pub(super) const HOST_PATHS: Check = Check {
    id: "hostPathVolumes",
    level: Level::Baseline,
    overrides: &[],
    revisions: &[Revision {
        since: 0,
        exempt: None,
        allowed: &[],
        evaluate: evaluate_host_paths,
    }],
    guide: Guide {
        demands: "No volume has the source `hostPath`.",
        remedy: "Reported; replaced only where harden.yaml names the workload and the field.",
        risk: "Files of the node are out of reach. Scratch space can be an `emptyDir`, data a claim, a time zone the \
               variable TZ.",
        source: "check_hostPathVolumes.go",
    },
};

pub(super) const RESTRICTED_VOLUMES: Check = Check {
    id: "restrictedVolumes",
    level: Level::Restricted,
    overrides: &["hostPathVolumes"],
    revisions: &[Revision {
        since: 0,
        exempt: None,
        allowed: ADMITTED,
        evaluate: evaluate_sources,
    }],
    guide: Guide {
        demands: "Every volume has one of the allowed sources.",
        remedy: "Reported; replaced only where harden.yaml names the workload and the field.",
        risk: "The data has to reach the pod another way: network storage through a PersistentVolume and its claim, a \
               checkout through an init container and an `emptyDir`.",
        source: "check_restrictedVolumes.go",
    },
};

fn evaluate_host_paths(pod: &Pod, _: &[&str]) -> Option<Forbidden> {
    let scope = pod.scope();
    let path = scope.field(VOLUMES);
    let mut names = Vec::new();
    let mut sites = Vec::new();
    for (index, volume) in scope.list(VOLUMES) {
        if let Some(source) = source(volume, &[HOST_PATH]) {
            names.push(name(volume));
            let node = volume.get(source).unwrap_or(volume);
            sites.push(Site::value(&scope, path.index(index).key(source), node));
        }
    }
    (!sites.is_empty()).then(|| Forbidden {
        reason: "hostPath volumes",
        detail: format!("{} {}", plural(names.len(), "volume", "volumes"), quoted(&names)),
        sites,
    })
}

pub(super) fn evaluate_sources(pod: &Pod, allowed: &[&str]) -> Option<Forbidden> {
    let scope = pod.scope();
    let path = scope.field(VOLUMES);
    let mut names = Vec::new();
    let mut sources = BTreeSet::new();
    let mut sites = Vec::new();
    for (index, volume) in scope.list(VOLUMES) {
        if source(volume, allowed).is_some() {
            continue;
        }
        let at = path.index(index);
        let (named, at) = match source(volume, OTHERS) {
            Some(source) => (source, at.key(source)),
            // The API server makes an emptyDir of a volume without a source.
            None if pod.defaults == Defaults::ApiServer && source(volume, IMAGE).is_none() => continue,
            None => (UNKNOWN, at),
        };
        names.push(name(volume));
        sources.insert(named);
        let node = volume.get(named).unwrap_or(volume);
        sites.push(Site::value(&scope, at, node));
    }
    (!sites.is_empty()).then(|| Forbidden {
        reason: "restricted volume types",
        detail: format!(
            "{} {} {} {} {}",
            plural(names.len(), "volume", "volumes"),
            quoted(&names),
            plural(names.len(), "uses", "use"),
            plural(sources.len(), "restricted volume type", "restricted volume types"),
            quoted(&sources)
        ),
        sites,
    })
}

/// All sources that a volume has.
pub fn volume_sources(volume: NodeRef<'_>) -> impl Iterator<Item = &'static str> {
    let has = move |source: &&str| volume.get(source).is_some_and(|node| !node.is_null());
    ADMITTED.iter().chain(OTHERS).copied().filter(has)
}

/// The first of the given sources that a volume has.
fn source<'s>(volume: NodeRef, sources: &[&'s str]) -> Option<&'s str> {
    let has = |source: &str| volume.get(source).is_some_and(|node| !node.is_null());
    sources.iter().copied().find(|source| has(source))
}

fn name<'d>(volume: NodeRef<'d>) -> &'d str {
    volume.get("name").and_then(NodeRef::as_str).unwrap_or("")
}
