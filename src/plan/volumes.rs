//! Which group owns what containers write or read on volumes: `fsGroup` and `supplementalGroups`. Whose group that is
//! where workloads share a claim, `claims` says.

use super::case::Case;
use super::draft::{Draft, Reasoned, basis};
use super::laid;
use super::seat::{self, Seat, Source, is_replaceable};
use super::user::{Ids, User};
use super::{Basis, claims};
use crate::profiles::{ChangePolicy, FsGroupWhen, Origin, is_within};
use crate::yaml::{NodeRef, Value};

/// The group a container needs on its volumes, or the group it must join.
enum Group {
    Own {
        id: u32,
        change_policy: ChangePolicy,
        why: Reasoned,
        /// What it spoils on a volume that is not new, and both ways out.
        spoils: Option<String>,
    },
    Joined {
        id: u32,
        why: Reasoned,
    },
}

pub(super) fn write(case: &Case, users: &[User], draft: &mut Draft) {
    if case.is_openshift() || case.is_windows() {
        return;
    }
    let seats = || case.seats.iter().zip(users);
    for (seat, _) in seats().filter(|(_, user)| user.is_new()) {
        note_devices(seat, draft);
    }
    claims::note_contested(case, draft);
    let given = |(seat, user): (&Seat, &User)| match user {
        User::Given(ids) => group(case, seat, ids),
        _ => None,
    };
    let regular = seats().filter(|(seat, _)| seat.is_regular()).find_map(given);
    match regular.or_else(|| seats().find_map(given)) {
        Some(Group::Own {
            id,
            change_policy,
            why,
            spoils,
        }) => {
            let is_written = write_fs_group(case, id, change_policy, why, draft);
            spoils
                .into_iter()
                .filter(|_| is_written)
                .for_each(|note| draft.note(note));
        }
        Some(Group::Joined { id, why }) => join(case, id, why, draft),
        None => {}
    }
}

/// No group of the pod's reaches a raw block device: it belongs to whom the runtime says.
fn note_devices(seat: &Seat, draft: &mut Draft) {
    let mut devices = seat.container.node.list("volumeDevices");
    if let Some(path) = devices.find_map(|device| device.get("devicePath").and_then(NodeRef::text)) {
        draft.note(format!(
            "container {} may open {path} as non-root only where the runtime gives devices to the user of the container \
             (`device_ownership_from_security_context`)",
            seat.name()
        ));
    }
}

fn group(case: &Case, seat: &Seat, ids: &Ids) -> Option<Group> {
    let facts = seat.known.as_ref().map(|known| &known.facts);
    let fact = facts.and_then(|f| f.fs_group.as_ref());
    let always = facts.is_some_and(|f| f.fs_group_when == FsGroupWhen::Always && f.fs_group.is_some());
    let storage = seat.mounts.iter().any(|m| m.is_storage() && m.is_writable());
    let laid = laid::storage(case, seat);
    let private = seat.mounts.iter().any(|m| m.source == Source::Files { private: true });
    if !(always || storage || private || laid.is_some()) {
        return None;
    }
    let owner = claims::owner(case, seat);
    if let Some(owner) = owner.as_ref().filter(|owner| owner.user != Some(ids.user)) {
        return Some(Group::Joined {
            id: owner.group,
            why: Reasoned::new(owner.group_basis, owner.owns()),
        });
    }
    let owner = owner.filter(|owner| owner.gives_group);
    let own = || fact.map(|f| f.value).or(ids.gid()).unwrap_or(ids.user);
    let id = owner.as_ref().map_or_else(own, |owner| owner.group);
    let spoils = both_ways_out(seat, id, ids.user);
    let origin = match &spoils {
        Some(_) => Basis::Assumed,
        None => fact
            .map(|f| basis(f.origin))
            .map_or(ids.why.basis, |b| b.max(assumed_only(ids))),
    };
    let origin = owner.as_ref().map_or(origin, |owner| origin.max(owner.group_basis));
    let because = match (storage, laid, private) {
        _ if owner.is_some() => owner.map(|owner| owner.owns()).unwrap_or_default(),
        (true, ..) => format!("container {} writes to a volume", seat.name()),
        (_, Some(over), _) => format!("container {} writes to a volume of {}", seat.name(), laid::place(over)),
        (.., true) => format!("container {} reads files that deny others to read", seat.name()),
        (.., false) => format!("{} asks for it", seat.image_name()),
    };
    let change_policy = facts
        .and_then(|f| f.fs_group_change_policy)
        .unwrap_or(ChangePolicy::OnRootMismatch);
    Some(Group::Own {
        id,
        change_policy,
        why: Reasoned::new(origin, because),
        spoils,
    })
}

/// The persistent volume on which the kubelet would open files to the group, though their program takes them from nobody
/// but their owner; and what they are. It does so once, where the volume does not carry the group yet, and nobody can tell
/// that it is new, unless the config names the group.
pub(super) fn spoiled<'s, 'd>(seat: &'s Seat<'d>) -> Option<(&'s seat::Mount<'d>, &'s str)> {
    let facts = &seat.known.as_ref()?.facts;
    if facts.fs_group.as_ref().is_some_and(|f| f.origin == Origin::Config) {
        return None;
    }
    let files = &facts.owner_only.as_ref()?.value;
    let holds = |m: &&seat::Mount| is_within(&files.path, &m.path) || is_within(&m.path, &files.path);
    let mut storage = seat.mounts.iter().filter(|m| m.is_storage() && m.is_writable());
    Some((storage.find(holds)?, &files.why))
}

fn both_ways_out(seat: &Seat, group: u32, user: u32) -> Option<String> {
    let (mount, why) = spoiled(seat)?;
    Some(format!(
        "container {} keeps files on the volume at {} that nobody but their owner may read: {why}; a new volume needs \
         fsGroup {group} to be written, but on one that holds them already the kubelet would open them to that group: \
         leave fsGroup out there, and give the files to uid {user} if they are not its own",
        seat.name(),
        mount.path,
    ))
}

/// A group that travels with an assumed uid is assumed too.
fn assumed_only(ids: &Ids) -> Basis {
    if ids.why.basis == Basis::Assumed {
        Basis::Assumed
    } else {
        Basis::Standard
    }
}

/// Whether it is written.
fn write_fs_group(case: &Case, id: u32, change_policy: ChangePolicy, why: Reasoned, draft: &mut Draft) -> bool {
    let old = case.pod_context(&["fsGroup"]);
    let stays = old
        .is_some_and(|node| !is_replaceable(node) || why.basis == Basis::Assumed || node.as_int() == Some(id.into()));
    if stays {
        return false;
    }
    if !case.takes(&["securityContext", "fsGroup"]) {
        draft.block(case.refused("boot", &["securityContext", "fsGroup"], &why.because));
        return false;
    }
    let policy_keys = ["securityContext", "fsGroupChangePolicy"];
    if old.is_none() && case.takes(&policy_keys) && case.pod_context(&["fsGroupChangePolicy"]).is_none() {
        let policy = match change_policy {
            ChangePolicy::OnRootMismatch => "OnRootMismatch",
            ChangePolicy::Always => "Always",
        };
        let why = Reasoned::new(Basis::Standard, "the volume is not walked again at every start");
        draft.set_pod(case.pod, &policy_keys, Value::str(policy), why);
    }
    draft.set_pod(case.pod, &["securityContext", "fsGroup"], Value::Int(id.into()), why);
    true
}

/// The claim belongs to another workload's group: this pod joins it and does not change the owner of the files.
fn join(case: &Case, id: u32, why: Reasoned, draft: &mut Draft) {
    let groups = case
        .pod_context(&["supplementalGroups"])
        .into_iter()
        .flat_map(NodeRef::items);
    let own = case.pod_context(&["fsGroup"]).and_then(NodeRef::as_int);
    if groups
        .filter_map(NodeRef::as_int)
        .chain(own)
        .any(|group| group == i128::from(id))
    {
        return;
    }
    let keys = ["securityContext", "supplementalGroups"];
    if !case.takes(&keys) {
        draft.block(case.refused("boot", &keys, &why.because));
        return;
    }
    draft.append(case.pod.spec, &case.pod.path, &keys, None, Value::Int(id.into()), why);
}
