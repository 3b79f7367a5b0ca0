//! Claims that several workloads of a namespace share: one of them owns the files, and one group may write them.

use super::Basis;
use super::case::Case;
use super::draft::{Draft, basis};
use super::seat::{Seat, Source};
use crate::config::Accept;
use crate::profiles::Origin;
use crate::survey::{ClaimUser, Mount};

/// The ids under which the files of a shared claim are written.
pub(super) struct Owner {
    pub(super) claim: String,
    /// `kind/name` of the workload.
    pub(super) workload: String,
    /// `None` where only the group is stated, and nobody knows the image.
    pub(super) user: Option<u32>,
    pub(super) group: u32,
    pub(super) basis: Basis,
    pub(super) group_basis: Basis,
    /// Whether the kubelet gives the claim to that group for its sake.
    pub(super) gives_group: bool,
}

impl Owner {
    /// As a sentence.
    pub(super) fn owns(&self) -> String {
        format!("{} owns the claim {}", self.workload, self.claim)
    }
}

/// Who owns the files of a claim that this container shares with another workload: the first of its users, in the order
/// of the repository, whose manifest states an fsGroup, which the kubelet gives the files to; else the first with a known
/// uid. `None` where that is this workload.
pub(super) fn owner(case: &Case, seat: &Seat) -> Option<Owner> {
    claims(seat).find_map(|claim| {
        let deciding = users(case, claim).find(|user| decided_group(user).is_some());
        let (user, owner) = match deciding {
            Some(user) => (user, deciding_owner(case, user, claim)?),
            None => users(case, claim).find_map(|user| Some((user, owner_by_ids(case, user, claim)?)))?,
        };
        (!is_self(case, user)).then_some(owner)
    })
}

/// Two decisions about one claim: nobody but their authors can say which of them is meant.
pub(super) fn note_contested(case: &Case, draft: &mut Draft) {
    for claim in case.seats.iter().flat_map(claims) {
        let own = users(case, claim)
            .find(|user| is_self(case, user))
            .and_then(decided_group);
        let is_other = |user: &&ClaimUser| decided_group(user).is_some_and(|group| Some(group) != own);
        let (Some(own), Some(other)) = (own, users(case, claim).find(is_other)) else {
            continue;
        };
        draft.note(format!(
            "the claim {claim} is given to group {own} here and to group {} by {} ({}:{}), each time one of them starts: \
             state one group in both",
            decided_group(other).unwrap_or_default(),
            name(other),
            other.place.path.display(),
            other.place.line,
        ));
    }
}

/// The claims that a container mounts, by name.
fn claims<'s, 'd>(seat: &'s Seat<'d>) -> impl Iterator<Item = &'d str> + use<'s, 'd> {
    seat.mounts.iter().filter_map(|mount| match mount.source {
        Source::Claim { name, .. } => Some(name),
        _ => None,
    })
}

/// The workloads that may mean this claim, in the order of the repository.
fn users<'c>(case: &'c Case, claim: &str) -> impl Iterator<Item = &'c ClaimUser> {
    let users = case.context.survey.claim_users(case.namespace(), claim);
    users.iter().filter(|user| case.is_neighbour(&user.place.path))
}

/// The fsGroup that a manifest states whose pod writes to the claim.
fn decided_group(user: &ClaimUser) -> Option<u32> {
    let writes = user.containers.iter().any(|c| c.mount == Mount::Writable);
    let group = user.fs_group.filter(|_| user.states_group && writes)?;
    u32::try_from(group).ok()
}

fn name(user: &ClaimUser) -> String {
    format!("{}/{}", user.kind, user.name)
}

fn is_self(case: &Case, user: &ClaimUser) -> bool {
    user.place.path == case.context.relative
        && user.item == case.workload.item
        && user.kind == case.workload.kind_name
        && user.name == case.workload.name
}

/// One whose group is stated, whatever its uid.
fn deciding_owner(case: &Case, user: &ClaimUser, claim: &str) -> Option<Owner> {
    let group = decided_group(user)?;
    let by_ids = owner_by_ids(case, user, claim);
    Some(Owner {
        claim: claim.to_string(),
        workload: name(user),
        user: by_ids.as_ref().and_then(|owner| owner.user),
        group,
        basis: by_ids.map_or(Basis::Manifest, |owner| owner.basis),
        group_basis: Basis::Manifest,
        gives_group: true,
    })
}

/// The ids of the container that writes to the claim: those of the manifest, else those of its image.
fn owner_by_ids(case: &Case, user: &ClaimUser, claim: &str) -> Option<Owner> {
    let owner = |uid: u32, group: u32, basis: Basis| Owner {
        claim: claim.to_string(),
        workload: name(user),
        user: Some(uid),
        group,
        basis,
        group_basis: basis,
        gives_group: basis != Basis::Manifest || user.fs_group.is_some(),
    };
    // As `volumes` does it: regular containers give the group, others only where none of them writes.
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
            return Some(owner(id, group, Basis::Manifest));
        }
        let known = case.context.known(&user.place.path, &container.image).facts?;
        let uid = known.facts.user.as_ref()?;
        let group = known
            .facts
            .fs_group
            .as_ref()
            .or(known.facts.group.as_ref())
            .map_or(uid.value, |g| g.value);
        let allowed = uid.origin != Origin::Assumed || case.context.accept() >= Accept::Assumed;
        allowed.then(|| owner(uid.value, group, basis(uid.origin)))
    })
}
