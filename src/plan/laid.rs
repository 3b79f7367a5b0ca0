//! What patches of kustomizations lay over the pod of a case: the lists they replace, the volumes and mounts they bring.
//! Reads; `root`, `volumes` and `ports` make room for it, `torn` and `overruled` say where there is none.

use std::collections::BTreeSet;

use super::case::Case;
use super::seat::Seat;
use crate::profiles::{clean, is_within, same_place};
use crate::survey::{Over, Whose};
use crate::yaml::{Meaning, NodeRef, Step, Value};

const VOLUMES: &str = "volumes";
const MOUNTS: &str = "volumeMounts";
const CLAIM_TEMPLATES: &str = "volumeClaimTemplates";
/// Sources of volumes that nobody can write.
const FILES: &[&str] = &["secret", "configMap", "projected", "downwardAPI"];
/// Sources of storage whose files belong to somebody.
const STORAGE: &[&str] = &["persistentVolumeClaim", "ephemeral", "csi", CLAIM_TEMPLATES];

/// A mount that a patch brings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mounted<'a> {
    pub(super) over: Over<'a>,
    /// As written.
    path: &'a str,
    volume: &'a str,
    read_only: bool,
    /// What is behind the volume, as the field is called; `None` where nobody says it.
    source: Option<&'a str>,
}

/// What is laid over the pod itself, or over a container.
pub(super) fn over<'c, 'a>(case: &'c Case<'a>, seat: Option<&'c Seat<'a>>) -> impl Iterator<Item = Over<'a>> + 'c {
    let is_meant = move |over: &Over<'a>| match (&over.laid.whose, seat) {
        (Whose::Pod, None) => true,
        (Whose::Named(name), Some(seat)) => name == seat.name(),
        (Whose::Nth(class, index), Some(seat)) => seat.container.class == *class && seat.container.index == *index,
        _ => false,
    };
    case.laid.iter().copied().filter(is_meant)
}

/// What is laid over a field of the pod or of a container.
pub(super) fn over_field<'c, 'a>(
    case: &'c Case<'a>,
    seat: Option<&'c Seat<'a>>,
    key: &'static str,
) -> impl Iterator<Item = Over<'a>> + 'c {
    over(case, seat).filter(move |over| over.laid.keys == [key])
}

/// The items that a patch puts into a list, each with the patch.
pub(super) fn each_item(over: Over<'_>) -> impl Iterator<Item = (Over<'_>, &Value)> {
    over.items().iter().map(move |item| (over, item))
}

/// `overlays/prod/web.yaml:12`
pub(super) fn place(over: Over) -> String {
    format!("{}:{}", over.laid.place.path.display(), over.laid.place.line)
}

pub(super) fn text<'v>(value: &'v Value, keys: &[&'static str]) -> Option<&'v str> {
    let steps: Vec<Step> = keys.iter().map(|key| Step::Key((*key).into())).collect();
    match value.at(&steps)? {
        Meaning::Str(text) => Some(text),
        _ => None,
    }
}

/// The names of volumes that patches bring or take away.
pub(super) fn volume_names(case: &Case) -> BTreeSet<String> {
    let volumes = over_field(case, None, VOLUMES).flat_map(Over::items);
    let claims = over_field(case, None, CLAIM_TEMPLATES).flat_map(Over::items);
    let names = volumes.filter_map(|volume| text(volume, &["name"]));
    let claims = claims.filter_map(|claim| text(claim, &["metadata", "name"]));
    names.chain(claims).map(str::to_string).collect()
}

/// The mounts that patches bring to a container.
fn mounts<'c, 'a>(case: &'c Case<'a>, seat: &'c Seat<'a>) -> impl Iterator<Item = Mounted<'a>> + 'c {
    over_field(case, Some(seat), MOUNTS).flat_map(move |over| mounts_of(case, over))
}

fn mounts_of<'c, 'a>(case: &'c Case<'a>, over: Over<'a>) -> impl Iterator<Item = Mounted<'a>> + 'c {
    over.items().iter().filter_map(move |item| mounted(case, over, item))
}

fn mounted<'a>(case: &Case<'a>, over: Over<'a>, item: &'a Value) -> Option<Mounted<'a>> {
    let volume = text(item, &["name"])?;
    let is_taken_away = text(item, &["$patch"]) == Some("delete");
    Some(Mounted {
        over,
        path: text(item, &["mountPath"]).filter(|_| !is_taken_away)?,
        volume,
        read_only: item.at(&[Step::Key("readOnly".into())]) == Some(&Value::Bool(true)),
        source: source(case, volume),
    })
}

fn source<'a>(case: &Case<'a>, name: &str) -> Option<&'a str> {
    let mut volumes = over_field(case, None, VOLUMES).flat_map(Over::items);
    if let Some(volume) = volumes.find(|volume| text(volume, &["name"]) == Some(name)) {
        let Value::Map(entries) = volume else { return None };
        let mut fields = entries
            .iter()
            .filter(|(_, value)| *value != Value::Null)
            .filter_map(|(key, _)| match key {
                Meaning::Str(key) => Some(key.as_ref()),
                _ => None,
            });
        return fields.find(|key| *key != "name" && !key.starts_with('$'));
    }
    let mut claims = over_field(case, None, CLAIM_TEMPLATES).flat_map(Over::items);
    if claims.any(|claim| text(claim, &["metadata", "name"]) == Some(name)) {
        return Some(CLAIM_TEMPLATES);
    }
    let mut own = case.pod.spec.list(VOLUMES);
    let own = own.find(|volume| volume.get("name").and_then(NodeRef::text) == Some(name))?;
    let mut fields = own.entries().filter(|(_, value)| !value.is_null());
    fields.find_map(|(key, _)| key.text().filter(|key| *key != "name"))
}

impl Mounted<'_> {
    fn is_writable(&self) -> bool {
        !self.read_only && !self.source.is_some_and(|source| FILES.contains(&source))
    }

    /// Whether a path lies in it and can be written.
    fn gives(&self, path: &str) -> bool {
        self.is_writable() && is_within(path, &clean(self.path))
    }

    /// Whether what is written there outlives the pod, as far as anybody knows.
    fn is_lasting(&self) -> bool {
        self.is_writable() && self.source != Some("emptyDir")
    }

    fn is_storage(&self) -> bool {
        self.is_writable() && self.source.is_some_and(|source| STORAGE.contains(&source))
    }
}

/// Whether a patch without which the file is never built mounts something writable at a path, or above it.
pub(super) fn covers(case: &Case, seat: &Seat, path: &str) -> bool {
    mounts(case, seat).any(|mount| mount.over.everywhere && mount.gives(path))
}

/// A patch that brings storage to a container that writes to it.
pub(super) fn storage<'a>(case: &Case<'a>, seat: &Seat<'a>) -> Option<Over<'a>> {
    mounts(case, seat).find(Mounted::is_storage).map(|mount| mount.over)
}

/// Why no emptyDir can be mounted into a container at a path: the patch that is against it, and what it does.
pub(super) fn hinders<'a>(case: &Case<'a>, seat: &Seat<'a>, path: &str) -> Option<(Over<'a>, String)> {
    clash(case, seat, path)
        .or_else(|| uncovers(case, seat, path))
        .or_else(|| loss(case, seat))
}

/// A patch whose own mount is in the way.
fn clash<'a>(case: &Case<'a>, seat: &Seat<'a>, path: &str) -> Option<(Over<'a>, String)> {
    mounts(case, seat).find_map(|mount| {
        if mount.over.replaces().is_some() {
            return None;
        }
        let is_there = same_place(&clean(mount.path), path);
        // The same item to kustomize, which puts the patch's volume into the place of ours.
        let is_merged = mount.over.merges() && mount.path == path;
        let is_above = !is_there && is_within(path, &clean(mount.path)) && mount.is_lasting();
        let does = format!("mounts `{}` at {}", mount.volume, mount.path);
        if is_there && !is_merged {
            Some((mount.over, format!("{does}, too")))
        } else if is_above {
            Some((mount.over, format!("{does}, of which it would hide a part")))
        } else {
            None
        }
    })
}

/// A patch that leaves a container none of the mounts of the manifest, and mounts nothing writable at a path.
pub(super) fn uncovers<'a>(case: &Case<'a>, seat: &Seat<'a>, path: &str) -> Option<(Over<'a>, String)> {
    let is_mounted = |over: &Over<'a>| mounts_of(case, *over).any(|mount| mount.gives(path));
    let mut lists = over_field(case, Some(seat), MOUNTS).filter(|over| over.replaces().is_some());
    let over = lists.find(|over| !is_mounted(over))?;
    Some((over, displaces(over, "the container")))
}

/// A patch that would take away the volume and leave its mount.
fn loss<'a>(case: &Case<'a>, seat: &Seat<'a>) -> Option<(Over<'a>, String)> {
    let goes_too = |volumes: &Over<'a>| {
        let whole = |over: &Over<'a>| over.laid.keys.is_empty() || over.laid.keys == [MOUNTS];
        over(case, Some(seat)).any(|over| over.by == volumes.by && whole(&over) && over.replaces().is_some())
    };
    let mut volumes = over_field(case, None, VOLUMES).filter(|over| over.replaces().is_some());
    let over = volumes.find(|over| !goes_too(over))?;
    Some((over, displaces(over, "the pod")))
}

/// What a patch does to all that is there.
pub(super) fn displaces(over: Over, owner: &str) -> String {
    let keys = over.laid.keys.join(".");
    let what = if keys.is_empty() {
        owner.to_string()
    } else {
        format!("`{keys}` of {owner}")
    };
    match over.replaces() {
        Some(None) => format!("takes away {what}"),
        _ => format!("replaces {what} as a whole"),
    }
}

/// What to do about a patch that is in the way.
pub(super) fn way_out(case: &Case, over: Over) -> String {
    if over.laid.would_merge() && !over.merges() {
        return format!(
            "kustomize replaces lists of kinds it does not know: tell it of {} with `openapi`, or add the items with a JSON \
             patch at `/-`",
            case.workload.kind_name
        );
    }
    if over.replaces() == Some(None) {
        return "let it take away single items, or take the whole out of the manifest".to_string();
    }
    "write what it adds into the manifest, or make it a strategic merge patch without `$patch: replace`".to_string()
}
