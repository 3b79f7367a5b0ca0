//! Who each container runs as. Decides; `ids` writes it.
//!
//! A container keeps its effective uid, or the image's own user where the manifest shows that it boots non-root;
//! otherwise config and profiles say; an image that works under any uid follows the first regular container whose uid
//! is known; what is left is assumed.

use super::case::Case;
use super::draft::{Draft, Reasoned, basis};
use super::seat::{Seat, is_replaceable};
use super::superuser::{demands_non_root, is_refused_without_uid, reverses_root, stays_root};
use super::user::{Ids, User};
use super::{Basis, Blocker, claims, environment};
use crate::profiles::{Fact, Match, Origin};
use crate::yaml::{FieldPath, NodeRef, Value};

/// The uid and gid of distroless `nonroot`, which no distribution gives to anybody else.
const ASSUMED_ID: u32 = 65532;
const RUN_AS_USER: &[&str] = &["securityContext", "runAsUser"];

/// What a container needs before others are looked at.
enum Need {
    Settled(User),
    Fixed(Ids),
    /// Works under any uid.
    Any(Reasoned),
    Unknown,
}

/// Decides the user of every container, in the order of the seats.
pub(super) fn decide(case: &Case, draft: &mut Draft) -> Vec<User> {
    if case.is_windows() {
        return case.seats.iter().map(|_| User::Unsaid).collect();
    }
    let needs: Vec<Need> = case.seats.iter().map(|seat| need(case, seat, draft)).collect();
    let leader = leader(case, &needs);
    let users = case
        .seats
        .iter()
        .zip(needs)
        .map(|(seat, need)| settle(case, seat, need, leader.as_ref(), draft));
    users.collect()
}

/// As the manifest has it.
pub(super) fn of_manifest(case: &Case, seat: &Seat) -> User {
    let id = |key| case.effective(seat, key).and_then(NodeRef::as_int);
    match id("runAsUser") {
        Some(user) => User::Explicit {
            user,
            group: id("runAsGroup"),
        },
        None => User::Own,
    }
}

fn need<'a>(case: &Case<'a>, seat: &Seat<'a>, draft: &mut Draft) -> Need {
    if seat.held {
        return Need::Settled(User::Unsaid);
    }
    if let Some(ids) = overridden(case, seat, draft) {
        return Need::Fixed(ids);
    }
    let written = kept_user(case, seat, draft).filter(|node| !is_replaceable(*node));
    match written.and_then(NodeRef::as_int) {
        // Where it is a violation, `decisions` blocks.
        Some(0) if reverses_root(case, seat) => {}
        Some(0) => return Need::Settled(User::Unsaid),
        Some(_) => return Need::Settled(of_manifest(case, seat)),
        // It boots today, so the image has a numeric user of its own, unless somebody knows better.
        None if is_unsaid(case, seat) && demands_non_root(case, seat) && !is_refused_without_uid(seat) => {
            return Need::Settled(User::Own);
        }
        None if is_unsaid(case, seat) && stays_root(case, seat) => return Need::Settled(User::Own),
        None => {}
    }
    let known = seat.known.as_ref();
    if let Some(root_only) = known.and_then(|k| k.facts.root_only.as_ref()) {
        draft.block(root_only_blocker(seat, &root_only.value.why, &root_only.value.instead));
        return Need::Settled(User::Unsaid);
    }
    if case.is_openshift() {
        return openshift(seat, draft);
    }
    let any = any_reason(seat);
    if let Some(ids) = shared_claim_ids(case, seat, any.as_ref()) {
        return Need::Fixed(ids);
    }
    match (known.and_then(|known| stated(seat, known, draft)), any) {
        (Some(ids), _) => Need::Fixed(ids),
        (None, Some(any)) => Need::Any(any),
        (None, None) => Need::Unknown,
    }
}

/// The effective `runAsUser` but for what an override of the config removes.
fn kept_user<'a>(case: &Case<'a>, seat: &Seat<'a>, draft: &Draft) -> Option<NodeRef<'a>> {
    let field = FieldPath::keys(RUN_AS_USER);
    let stays = |base: &FieldPath| {
        draft
            .change(&base.join(&field))
            .is_none_or(|change| change.to.is_some())
    };
    let own = seat.context(&["runAsUser"]).filter(|_| stays(&seat.container.path));
    own.or_else(|| case.pod_context(&["runAsUser"]).filter(|_| stays(&case.pod.path)))
}

fn is_unsaid(case: &Case, seat: &Seat) -> bool {
    case.stated(seat, "runAsUser").is_none()
}

/// The uid that an override of the config writes for this container.
fn overridden(case: &Case, seat: &Seat, draft: &Draft) -> Option<Ids> {
    let field = FieldPath::keys(RUN_AS_USER);
    let own = draft.change(&seat.container.path.join(&field));
    let of_pod = || draft.change(&case.pod.path.join(&field));
    let change = own.or_else(|| seat.context(&["runAsUser"]).is_none().then(of_pod).flatten())?;
    let Some(Value::Int(user)) = change.to else { return None };
    Some(Ids {
        user: u32::try_from(user).ok().filter(|user| *user != 0)?,
        group: None,
        why: Reasoned::new(change.basis, change.because.clone()),
        follows: false,
    })
}

/// The ids that facts name for an image. Where its data lies in the root of a volume, nobody says whom the files there
/// belong to, and the ids are an assumption.
fn stated(seat: &Seat, known: &Match, draft: &mut Draft) -> Option<Ids> {
    let user = known.facts.user.as_ref()?;
    let mut why = Reasoned::new(basis(user.origin), stated_because(seat, known, user));
    if user.origin != Origin::Config && environment::note_data_in_volume_root(seat, user.value, draft) {
        why.basis = Basis::Assumed;
    }
    let group = known.facts.group.as_ref();
    Some(Ids {
        user: user.value,
        group: group.map(|g| (g.value, basis(g.origin).max(why.basis))),
        why,
        follows: false,
    })
}

fn stated_because(seat: &Seat, known: &Match, user: &Fact<u32>) -> String {
    let (image, uid) = (seat.image_name(), user.value);
    if let Some(says) = &known.says {
        return match user.origin {
            Origin::Assumed => format!("{says}; that this means uid {uid} is believed"),
            _ => says.clone(),
        };
    }
    match (&known.undecided, user.origin) {
        (Some(undecided), _) => undecided.clone(),
        (None, Origin::Config) => format!("the config says that {image} runs as uid {uid}"),
        (None, Origin::Profile) => format!("{image} runs as uid {uid}"),
        (None, Origin::Assumed) if known.exact => format!("{image} is believed to run as uid {uid}"),
        (None, Origin::Assumed) => format!("{image} is taken for {}, which runs as uid {uid}", known.profile),
    }
}

/// What says that the image works under any uid.
fn any_reason(seat: &Seat) -> Option<Reasoned> {
    let fact = seat.known.as_ref()?.facts.any_user.as_ref().filter(|fact| fact.value)?;
    Some(Reasoned::new(
        basis(fact.origin),
        format!("{} works under any uid", seat.image_name()),
    ))
}

/// On OpenShift the platform gives the ids; an image that needs its own cannot run.
fn openshift(seat: &Seat, draft: &mut Draft) -> Need {
    let facts = seat.known.as_ref().map(|known| &known.facts);
    if !facts.is_some_and(|f| f.user.is_some() && !f.works_under_any_user()) {
        return Need::Settled(User::Platform);
    }
    draft.block(Blocker {
        check: "boot",
        code: "own-uid-on-openshift",
        field: seat.container.path.key("image"),
        container: Some(seat.name().to_string()),
        line: seat.container.node.line(),
        message: format!("{} needs its own uid, and OpenShift assigns another", seat.image_name()),
        suggestion: "use an image that works under any uid, or grant the service account the `nonroot-v2` constraint"
            .into(),
    });
    Need::Settled(User::Unsaid)
}

/// A container that works under any uid, or whose image is unknown, and that shares a claim with a workload of a known
/// uid must run as that one to read its files.
fn shared_claim_ids(case: &Case, seat: &Seat, any: Option<&Reasoned>) -> Option<Ids> {
    let facts = seat.known.as_ref().map(|known| &known.facts);
    if facts.is_some_and(|f| f.user.is_some()) {
        return None;
    }
    // The uid that another manifest says may be an assumption of an earlier run, as this one is: neither moves the other.
    let is_assumed = case.stated(seat, "runAsUser").is_some_and(is_replaceable);
    let owner = claims::owner(case, seat).filter(|owner| !is_assumed || owner.basis != Basis::Manifest)?;
    let uid = owner.user?;
    let because = format!(
        "shares the claim {} with {}, which runs as uid {}",
        owner.claim, owner.workload, uid
    );
    let basis = any.map_or(Basis::Assumed, |any| any.basis.max(owner.basis));
    Some(Ids {
        user: uid,
        group: Some((owner.group, basis)),
        why: Reasoned::new(basis, because),
        follows: true,
    })
}

/// The ids of the first regular container whose uid is known, and its name.
fn leader<'a>(case: &Case<'a>, needs: &[Need]) -> Option<(Ids, &'a str)> {
    let regular = case.seats.iter().zip(needs).filter(|(seat, _)| seat.is_regular());
    regular
        .filter_map(|(seat, need)| Some((known_ids(need)?, seat.name())))
        .next()
}

fn known_ids(need: &Need) -> Option<Ids> {
    match need {
        Need::Settled(User::Explicit { user, group }) => Some(Ids {
            user: u32::try_from(*user).ok()?,
            group: group
                .and_then(|g| u32::try_from(g).ok())
                .map(|group| (group, Basis::Manifest)),
            why: Reasoned::new(Basis::Manifest, ""),
            follows: false,
        }),
        Need::Fixed(ids) => Some(ids.clone()),
        _ => None,
    }
}

fn settle(case: &Case, seat: &Seat, need: Need, leader: Option<&(Ids, &str)>, draft: &mut Draft) -> User {
    let image = seat.image_name();
    let ids = match (need, leader) {
        (Need::Settled(user), _) => return user,
        (Need::Fixed(ids), _) => ids,
        (Need::Any(any), Some((ids, name))) => {
            let because = format!("{}; this is that of container {name}", any.because);
            follow(ids, Reasoned::new(any.basis.max(ids.why.basis), because))
        }
        (Need::Unknown, Some((ids, name))) => {
            let because = format!("nothing is known of {image}; this is the uid of container {name}");
            follow(ids, Reasoned::new(Basis::Assumed, because))
        }
        (Need::Any(any), None) => assumed(format!("{}; this one is customary", any.because)),
        (Need::Unknown, None) => assumed(format!("nothing is known of {image}; this uid is customary")),
    };
    // What an override of the config says needs no leave.
    if ids.why.basis == Basis::Assumed && !case.accepts(Basis::Assumed) {
        draft.block(assumption_blocker(seat));
        return User::Unsaid;
    }
    User::Given(keep_assumption(case, seat, ids))
}

/// An assumption that was written before is not replaced by another one.
fn keep_assumption(case: &Case, seat: &Seat, ids: Ids) -> Ids {
    let written = |key| case.effective(seat, key).and_then(NodeRef::as_int);
    let written = |key| written(key).and_then(|id| u32::try_from(id).ok());
    match written("runAsUser").filter(|user| *user != 0 && ids.why.basis == Basis::Assumed) {
        Some(user) => Ids {
            user,
            group: written("runAsGroup").map(|group| (group, Basis::Assumed)),
            ..ids
        },
        None => ids,
    }
}

fn follow(leader: &Ids, why: Reasoned) -> Ids {
    Ids {
        user: leader.user,
        group: leader.group.map(|(group, basis)| (group, basis.max(why.basis))),
        why,
        follows: true,
    }
}

fn assumed(because: String) -> Ids {
    Ids {
        user: ASSUMED_ID,
        group: Some((ASSUMED_ID, Basis::Assumed)),
        why: Reasoned::new(Basis::Assumed, because),
        follows: false,
    }
}

fn root_only_blocker(seat: &Seat, why: &str, instead: &str) -> Blocker {
    Blocker {
        check: "runAsNonRoot",
        code: "image-needs-root",
        field: seat.container.path.key("image"),
        container: Some(seat.name().to_string()),
        line: seat.container.node.line(),
        message: format!("{} cannot run as non-root: {why}", seat.image_name()),
        suggestion: format!("use {instead}").into(),
    }
}

fn assumption_blocker(seat: &Seat) -> Blocker {
    Blocker {
        check: "runAsNonRoot",
        code: "needs-assumption",
        field: seat.container.path.key("image"),
        container: Some(seat.name().to_string()),
        line: seat.container.node.line(),
        message: format!("the uid of {} would have to be assumed", seat.image_name()),
        suggestion: "state it under `images:` in harden.yaml, or allow `--accept assumed`".into(),
    }
}
