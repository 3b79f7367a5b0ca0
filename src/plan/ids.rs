//! Writes `runAsUser`, `runAsGroup` and `runAsNonRoot`: one uid for all goes to the pod, different ones to their
//! containers. Whose uid it is, `users` decides.

use super::Basis;
use super::case::Case;
use super::draft::{Draft, Reasoned};
use super::seat::{Seat, is_replaceable};
use super::user::{Ids, User};
use crate::yaml::{NodeRef, Value};

const RUN_AS_NON_ROOT: &[&str] = &["securityContext", "runAsNonRoot"];

/// Writes what was decided. `runAsNonRoot` is a matter of the standard; ids go to the pod where they can.
pub(super) fn write(case: &Case, users: &[User], draft: &mut Draft) {
    write_non_root(case, draft);
    if case.is_openshift() || case.is_windows() {
        return;
    }
    let pod_ids = pod_ids(case, users);
    if let Some(ids) = &pod_ids {
        write_ids(case, None, ids, draft);
    }
    for (seat, user) in case.seats.iter().zip(users) {
        let User::Given(ids) = user else { continue };
        if ids.why.basis == Basis::Assumed {
            draft.assumed_users.insert(seat.name().to_string());
        }
        if !pod_ids.as_ref().is_some_and(|pod| inherits(seat, ids, pod)) {
            write_ids(case, Some(seat), ids, draft);
        }
    }
}

/// At the pod; where its kind does not take it there, or some container keeps its user under best effort or because
/// somebody asked to ignore the check there, at each of the others.
fn write_non_root(case: &Case, draft: &mut Draft) {
    let field = case.pod.path.below(RUN_AS_NON_ROOT);
    let of_pod = case.pod_context(&["runAsNonRoot"]);
    let is_true_at_pod = of_pod.and_then(NodeRef::as_bool) == Some(true) || draft.change(&field).is_some();
    if is_true_at_pod || !case.violates("runAsNonRoot") {
        return;
    }
    let keeps = |seat: &Seat| seat.held || !case.violates_in("runAsNonRoot", seat);
    let says_nothing = |seat: &&Seat| seat.context(&["runAsNonRoot"]).is_none();
    let lacks = |seat: &&Seat| says_nothing(seat) && !keeps(seat);
    let is_reached = |seat: &Seat| seat.held || says_nothing(&seat) && keeps(seat);
    let lacking: Vec<&Seat> = case.seats.iter().filter(lacks).collect();
    let why = Reasoned::new(Basis::Standard, "restricted demands it");
    if of_pod.is_some() || !case.takes(RUN_AS_NON_ROOT) || case.seats.iter().any(is_reached) {
        for seat in lacking {
            draft.set_container(seat, RUN_AS_NON_ROOT, Value::Bool(true), why.clone());
        }
    } else if !lacking.is_empty() {
        draft.set_pod(case.pod, RUN_AS_NON_ROOT, Value::Bool(true), why);
    }
}

/// The ids to write at the pod: those of the first regular container that has none of its own, assumed if they are for
/// any that shares them. None where ids at the pod would reach a container that keeps the image's own user, or give a
/// group to one that has a uid of its own and none.
fn pod_ids(case: &Case, users: &[User]) -> Option<Ids> {
    if !case.takes(&["securityContext", "runAsUser"]) {
        return None;
    }
    let of_pod = case.pod_context(&["runAsUser"]);
    if of_pod.is_some_and(|node| !is_replaceable(node) && node.as_int() != Some(0)) {
        return None;
    }
    let seats = || case.seats.iter().zip(users);
    let given = |(seat, user): (&Seat, &User)| match user {
        User::Given(ids) if seat.stated(&["runAsUser"]).is_none() => Some(ids.clone()),
        _ => None,
    };
    let regular = seats().filter(|(seat, _)| seat.is_regular()).find_map(given);
    let ids = regular.or_else(|| seats().find_map(given))?;
    let is_reached = |(seat, user): (&Seat, &User)| match user {
        User::Own => true,
        User::Explicit { .. } => {
            let lacks_group = seat.stated(&["runAsGroup"]).is_none();
            ids.group.is_some() && seat.context(&["runAsUser"]).is_some() && lacks_group
        }
        User::Given(_) | User::Platform | User::Unsaid => seat.held,
    };
    if seats().any(is_reached) {
        return None;
    }
    let sharing = seats().filter_map(|(seat, user)| match user {
        User::Given(own) if inherits(seat, own, &ids) => Some(own),
        _ => None,
    });
    // An assumption about one of them is one about the value; otherwise the container whose uid it is says most.
    let order = |own: &&Ids| (own.why.basis != Basis::Assumed, own.follows);
    sharing.min_by_key(order).cloned()
}

/// Whether a container has its ids from the pod. One that an earlier run gave its own keeps them where they are.
fn inherits(seat: &Seat, own: &Ids, pod: &Ids) -> bool {
    seat.stated(&["runAsUser"]).is_none() && own.user == pod.user && own.gid() == pod.gid()
}

/// `seat` is `None` for the pod. What is there and not replaceable stays.
fn write_ids(case: &Case, seat: Option<&Seat>, ids: &Ids, draft: &mut Draft) {
    write_id(case, seat, "runAsUser", ids.user, ids.why.clone(), draft);
    if let Some((group, basis)) = ids.group {
        let why = Reasoned::new(basis, format!("the group that goes with uid {}", ids.user));
        write_id(case, seat, "runAsGroup", group, why, draft);
    }
}

fn write_id(case: &Case, seat: Option<&Seat>, key: &'static str, id: u32, why: Reasoned, draft: &mut Draft) {
    let old = match seat {
        Some(seat) => seat.context(&[key]),
        None => case.pod_context(&[key]),
    };
    // Group 0 is no violation, and some images need it.
    let is_root = key == "runAsUser" && old.and_then(NodeRef::as_int) == Some(0);
    let stays = match old {
        None => false,
        Some(node) if node.as_int() == Some(i128::from(id)) => true,
        Some(_) if is_root => false,
        Some(node) => !is_replaceable(node) || why.basis == Basis::Assumed,
    };
    if stays {
        return;
    }
    let basis = if is_root { Basis::Override } else { why.basis };
    let why = Reasoned::new(basis, why.because);
    let keys = ["securityContext", key];
    match seat {
        Some(seat) => draft.set_container(seat, &keys, Value::Int(id.into()), why),
        None => draft.set_pod(case.pod, &keys, Value::Int(id.into()), why),
    }
}
