//! Volumes of the host for which an empty directory is no substitute: a file, a socket or a device, or a place where it
//! would hide what the image ships.

use super::Blocker;
use super::case::Case;
use super::seat::Seat;
use crate::profiles::{clean, is_within};
use crate::yaml::{FieldPath, NodeRef};

/// Types of a hostPath that are no directory.
const FILES: &[&str] = &["File", "FileOrCreate", "Socket", "CharDevice", "BlockDevice"];
const DIRECTORIES: &[&str] = &["Directory", "DirectoryOrCreate"];
/// Paths by which a file is known where no type says it.
const FILE_PATHS: &[&str] = &[
    "/etc/localtime",
    "/etc/timezone",
    "/etc/hosts",
    "/etc/hostname",
    "/etc/machine-id",
    "/etc/passwd",
    "/etc/group",
    "/etc/os-release",
    "/dev/kmsg",
    "/dev/fuse",
    "/dev/kvm",
];
const FILE_ENDS: &[&str] = &[
    ".sock", ".conf", ".pem", ".crt", ".key", ".json", ".yaml", ".yml", ".log",
];

const WAY_OUT: &str = "remove the volume with its mounts, or let it be a configMap, a secret or a claim";

/// Why a volume, by its field, cannot become an emptyDir when its hostPath goes.
pub(super) fn why_not_empty(case: &Case, volume: &FieldPath) -> Option<String> {
    let volume = case.workload.object.at_path(volume)?;
    let host = volume.get("hostPath")?;
    let text = |key| host.get(key).and_then(NodeRef::text).unwrap_or("");
    if FILES.contains(&text("type")) {
        return Some(format!(
            "its type is `{}`, and an emptyDir is a directory",
            text("type")
        ));
    }
    let may_be_file = !DIRECTORIES.contains(&text("type"));
    if may_be_file && is_file(text("path")) {
        return Some(format!("{} is a file, and an emptyDir is a directory", text("path")));
    }
    let name = volume.get("name").and_then(NodeRef::text)?;
    case.seats.iter().find_map(|seat| {
        let mut paths = mounted_at(seat, name);
        paths.find_map(|path| {
            let who = seat.name();
            if may_be_file && is_file(&path) {
                Some(format!(
                    "container {who} needs a file at {path}, and an emptyDir is a directory"
                ))
            } else if ships_content(seat, &path) {
                Some(format!("it would hide what the image of container {who} has at {path}"))
            } else {
                None
            }
        })
    })
}

/// What can be said beside the rest of a hostPath that no emptyDir can stand for.
pub(super) fn way_out(why: &str) -> String {
    format!("{WAY_OUT} ({why}), or keep the workload in a namespace labelled `privileged`")
}

/// An override that takes a hostPath away and gives nothing else.
pub(super) fn blocker(field: &FieldPath, line: usize, why: &str) -> Blocker {
    Blocker {
        check: "boot",
        code: "host-path",
        field: field.clone(),
        container: None,
        line,
        message: format!("the config removes a hostPath that no emptyDir can stand for: {why}"),
        suggestion: format!("{WAY_OUT}, by another override of the same volume").into(),
    }
}

/// Where a container mounts a volume as a whole: a mount of a part makes a directory, whatever its name.
fn mounted_at<'s>(seat: &'s Seat, volume: &'s str) -> impl Iterator<Item = String> + 's {
    let mounts = seat.container.node.list("volumeMounts");
    let has = |mount: &NodeRef, key: &str| {
        mount
            .get(key)
            .and_then(NodeRef::text)
            .is_some_and(|text| !text.is_empty())
    };
    let whole = mounts.filter(move |mount| !has(mount, "subPath") && !has(mount, "subPathExpr"));
    whole
        .filter(move |mount| mount.get("name").and_then(NodeRef::text) == Some(volume))
        .filter_map(|mount| mount.get("mountPath").and_then(NodeRef::text).map(clean))
}

fn is_file(path: &str) -> bool {
    let path = clean(path);
    FILE_PATHS.contains(&path.as_str()) || FILE_ENDS.iter().any(|end| path.ends_with(end))
}

/// Whether the image has content of its own there or below.
fn ships_content(seat: &Seat, path: &str) -> bool {
    let places = seat.known.as_ref().map(|known| known.facts.writable.as_slice());
    let mut shipped = places.unwrap_or_default().iter().map(|fact| &fact.value);
    shipped.any(|place| place.ships_content && is_within(&place.path, path))
}
