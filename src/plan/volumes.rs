//! Which group owns what containers write or read on volumes: `fsGroup`, `supplementalGroups`, and claims that several
//! workloads share.

use super::Basis;
use super::case::Case;
use super::draft::{Draft, Reasoned, basis};
use super::laid;
use super::seat::{self, Seat, Source, is_replaceable};
use super::user::{Ids, User};
use crate::config::Accept;
use crate::profiles::{ChangePolicy, FsGroupWhen, Origin, is_within};
use crate::survey::{ClaimUser, Mount};
use crate::yaml::{NodeRef, Value};

/// The ids under which the files of a shared claim are written.
pub(super) struct Owner {
    pub(super) claim: String,
    /// `kind/name` of the workload.
    pub(super) workload: String,
    pub(super) user: u32,
    pub(super) group: u32,
    pub(super) basis: Basis,
}

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
    if case.is_openshift() || case.pod.is_windows() {
        return;
    }
    let seats = || case.seats.iter().zip(users);
    for (seat, _) in seats().filter(|(_, user)| user.is_new()) {
        note_devices(seat, draft);
    }
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
    if let Some(owner) = claim_owner(case, seat).filter(|owner| owner.user != ids.user) {
        let because = format!("{} owns the claim {}", owner.workload, owner.claim);
        return Some(Group::Joined {
            id: owner.group,
            why: Reasoned::new(owner.basis, because),
        });
    }
    let id = fact.map(|f| f.value).or(ids.gid()).unwrap_or(ids.user);
    let spoils = both_ways_out(seat, id, ids.user);
    let origin = match &spoils {
        Some(_) => Basis::Assumed,
        None => fact
            .map(|f| basis(f.origin))
            .map_or(ids.why.basis, |b| b.max(assumed_only(ids))),
    };
    let because = match (storage, laid, private) {
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

/// Who owns the files of a claim that this container shares with another workload: the first of its users, in the order
/// of the repository, with a known uid. `None` where that is this workload.
pub(super) fn claim_owner(case: &Case, seat: &Seat) -> Option<Owner> {
    seat.mounts.iter().find_map(|mount| {
        let Source::Claim { name: claim, .. } = mount.source else {
            return None;
        };
        let users = case.context.survey.claim_users(case.namespace(), claim);
        let mut neighbours = users.iter().filter(|user| case.is_neighbour(&user.place.path));
        let (user, owner) = neighbours.find_map(|user| Some((user, owner(case, user, claim)?)))?;
        (!is_self(case, user)).then_some(owner)
    })
}

fn is_self(case: &Case, user: &ClaimUser) -> bool {
    user.place.path == case.context.relative
        && user.item == case.workload.item
        && user.kind == case.workload.kind_name
        && user.name == case.workload.name
}

/// The ids of the container that writes to the claim: those of the manifest, else those of its image.
fn owner(case: &Case, user: &ClaimUser, claim: &str) -> Option<Owner> {
    let workload = format!("{}/{}", user.kind, user.name);
    let claim = claim.to_string();
    // As `write` does it: regular containers give the group, others only where none of them writes.
    let writers = || user.containers.iter().filter(|c| c.mount == Mount::Writable);
    let regular_write = writers().any(|c| !c.init);
    writers().filter(|c| !(regular_write && c.init)).find_map(|container| {
        let explicit = container
            .run_as_user
            .or(user.run_as_user)
            .and_then(|id| u32::try_from(id).ok());
        if let Some(id) = explicit.filter(|id| *id != 0) {
            let group = user
                .fs_group
                .or(user.run_as_group)
                .and_then(|g| u32::try_from(g).ok())
                .unwrap_or(id);
            return Some(Owner {
                claim: claim.clone(),
                workload: workload.clone(),
                user: id,
                group,
                basis: Basis::Manifest,
            });
        }
        let known = case.context.known(&user.place.path, &container.image).facts?;
        let uid = known.facts.user.as_ref()?;
        let group = known
            .facts
            .fs_group
            .as_ref()
            .or(known.facts.group.as_ref())
            .map_or(uid.value, |g| g.value);
        let basis = basis(uid.origin);
        let allowed = uid.origin != Origin::Assumed || case.context.accept() >= Accept::Assumed;
        allowed.then(|| Owner {
            claim: claim.clone(),
            workload: workload.clone(),
            user: uid.value,
            group,
            basis,
        })
    })
}
