//! Who each container runs as: `runAsUser`, `runAsGroup`, `runAsNonRoot`.
//!
//! A container keeps its effective uid, or the image's own user where the manifest shows that it boots non-root;
//! otherwise config and profiles say; an image that works under any uid follows the first regular container whose uid
//! is known; what is left is assumed. One uid for all goes to the pod, different ones to their containers.

use super::case::Case;
use super::draft::{Draft, Reasoned};
use super::seat::Seat;
use super::{Basis, Blocker, volumes};
use crate::profiles::{Fact, Origin};
use crate::yaml::{NodeRef, Value};

/// The uid and gid of distroless `nonroot`, which no distribution gives to anybody else.
const ASSUMED_ID: u32 = 65532;

/// What a container gets.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ids {
    pub(super) user: u32,
    pub(super) group: Option<u32>,
    pub(super) why: Reasoned,
}

/// Who a container runs as after the plan.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum User {
    /// The manifest says a uid; its group if the manifest says that too.
    Explicit { user: i128, group: Option<i128> },
    /// The image's own user, which is numeric because the manifest already demands non-root and says no uid.
    Own,
    /// The plan says it.
    Given(Ids),
    /// Nobody says it: Windows, OpenShift, or a blocker.
    Unsaid,
}

/// What a container needs before others are looked at.
enum Need {
    Settled(User),
    Fixed(Ids),
    /// Works under any uid.
    Any(Reasoned),
    Unknown,
}

impl User {
    /// Whether the container's user comes from the plan rather than from the manifest.
    pub(super) fn is_given(&self) -> bool {
        matches!(self, User::Given(_))
    }

    pub(super) fn is_assumed(&self) -> bool {
        matches!(self, User::Given(ids) if ids.why.basis == Basis::Assumed)
    }

    pub(super) fn uid(&self) -> Option<i128> {
        match self {
            User::Explicit { user, .. } => Some(*user),
            User::Given(ids) => Some(ids.user.into()),
            User::Own | User::Unsaid => None,
        }
    }
}

/// Decides the user of every container, in the order of the seats.
pub(super) fn decide(case: &Case, draft: &mut Draft) -> Vec<User> {
    if case.pod.is_windows() {
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

fn need<'a>(case: &Case<'a>, seat: &Seat<'a>, draft: &mut Draft) -> Need {
    let explicit = case.effective(seat, "runAsUser").filter(|node| !is_replaceable(*node));
    if let Some(user) = explicit.and_then(NodeRef::as_int) {
        if user != 0 {
            let group = case.effective(seat, "runAsGroup").and_then(NodeRef::as_int);
            return Need::Settled(User::Explicit { user, group });
        }
        // Uid 0 is a violation: `decisions` blocks or, where asked to, gives it to the facts.
        return match (case.accepts(Basis::Override), fixed(seat)) {
            (true, Some(ids)) => Need::Fixed(ids),
            _ => Need::Settled(User::Unsaid),
        };
    }
    let demanded = case.effective(seat, "runAsNonRoot").and_then(NodeRef::as_bool) == Some(true);
    if demanded && case.effective(seat, "runAsUser").is_none() {
        return Need::Settled(User::Own);
    }
    let facts = seat.known.as_ref().map(|known| &known.facts);
    if let Some(root_only) = facts.and_then(|f| f.root_only.as_ref()) {
        draft.block(root_only_blocker(
            case,
            seat,
            &root_only.value.why,
            &root_only.value.instead,
        ));
        return Need::Settled(User::Unsaid);
    }
    if case.is_openshift() {
        return openshift(case, seat, draft);
    }
    if let Some(ids) = shared_claim_ids(case, seat) {
        return Need::Fixed(ids);
    }
    match (fixed(seat), facts.filter(|f| f.works_under_any_user())) {
        (Some(ids), _) => Need::Fixed(ids),
        (None, Some(facts)) => Need::Any(any_reason(seat, facts.any_user.as_ref())),
        (None, None) => Need::Unknown,
    }
}

/// The ids that facts name for an image.
fn fixed(seat: &Seat) -> Option<Ids> {
    let known = seat.known.as_ref()?;
    let user = known.facts.user.as_ref()?;
    let source = if user.origin == Origin::Config {
        "the config says that"
    } else {
        known.profile.as_str()
    };
    let because = match (user.origin, &known.undecided) {
        (Origin::Profile, None) if known.says.is_some() => known.says.clone().unwrap_or_default(),
        (Origin::Assumed, None) if known.says.is_some() => {
            let says = known.says.as_deref().unwrap_or_default();
            format!("{says}, which does not settle that it runs as uid {}", user.value)
        }
        (_, Some(undecided)) => undecided.clone(),
        (Origin::Config, None) => format!("{source} {} runs as uid {}", seat.image_name(), user.value),
        (Origin::Profile, None) => format!("{} runs as uid {}", seat.image_name(), user.value),
        (Origin::Assumed, None) => format!(
            "{} is taken for {source}, which runs as uid {}",
            seat.image_name(),
            user.value
        ),
    };
    let group = known.facts.group.as_ref().map(|g| g.value);
    Some(Ids {
        user: user.value,
        group,
        why: Reasoned::new(basis(user.origin), because),
    })
}

pub(super) fn basis(origin: Origin) -> Basis {
    match origin {
        Origin::Config => Basis::Config,
        Origin::Profile => Basis::Profile,
        Origin::Assumed => Basis::Assumed,
    }
}

fn any_reason(seat: &Seat, any: Option<&Fact<bool>>) -> Reasoned {
    let basis = any.map_or(Basis::Assumed, |fact| basis(fact.origin));
    Reasoned::new(basis, format!("{} works under any uid", seat.image_name()))
}

/// On OpenShift the platform gives the ids; an image that needs its own cannot run.
fn openshift(case: &Case, seat: &Seat, draft: &mut Draft) -> Need {
    let facts = seat.known.as_ref().map(|known| &known.facts);
    let needs_own = facts.is_some_and(|f| f.user.is_some() && !f.works_under_any_user());
    if needs_own {
        draft.block(Blocker {
            check: "boot",
            code: "own-uid-on-openshift",
            field: seat.container.path.key("image"),
            container: Some(seat.name().to_string()),
            line: seat.container.node.line(),
            message: format!("{} needs its own uid, and OpenShift assigns another", case.image_of(seat)),
            suggestion: "use an image that works under any uid, or grant the service account the `nonroot-v2` constraint"
                .into(),
        });
    }
    Need::Settled(User::Unsaid)
}

/// A container that works under any uid, or whose image is unknown, and that shares a claim with a workload of a known
/// uid must run as that one to read its files.
fn shared_claim_ids(case: &Case, seat: &Seat) -> Option<Ids> {
    let facts = seat.known.as_ref().map(|known| &known.facts);
    if facts.is_some_and(|f| f.user.is_some()) {
        return None;
    }
    let owner = volumes::claim_owner(case, seat)?;
    let because = format!(
        "shares the claim {} with {}, which runs as uid {}",
        owner.claim, owner.workload, owner.user
    );
    Some(Ids {
        user: owner.user,
        group: Some(owner.group),
        why: Reasoned::new(owner.basis, because),
    })
}

/// The first regular container whose uid is known, and its ids.
fn leader(case: &Case, needs: &[Need]) -> Option<Ids> {
    let regular = case.seats.iter().zip(needs).filter(|(seat, _)| seat.is_regular());
    regular.filter_map(|(seat, need)| known_ids(seat, need)).next()
}

fn known_ids(seat: &Seat, need: &Need) -> Option<Ids> {
    match need {
        Need::Settled(User::Explicit { user, group }) => Some(Ids {
            user: u32::try_from(*user).ok()?,
            group: group.and_then(|g| u32::try_from(g).ok()),
            why: Reasoned::new(Basis::Manifest, format!("follows container {}", seat.name())),
        }),
        Need::Fixed(ids) => Some(Ids {
            why: Reasoned::new(ids.why.basis, format!("follows container {}", seat.name())),
            ..ids.clone()
        }),
        _ => None,
    }
}

fn settle(case: &Case, seat: &Seat, need: Need, leader: Option<&Ids>, draft: &mut Draft) -> User {
    let ids = match (need, leader) {
        (Need::Settled(user), _) => return user,
        (Need::Fixed(ids), _) => ids,
        (Need::Any(any), Some(leader)) => Ids {
            why: Reasoned::new(
                weaker(any.basis, leader.why.basis),
                format!("{}, {}", any.because, leader.why.because),
            ),
            ..leader.clone()
        },
        (Need::Any(why), None) => Ids {
            user: ASSUMED_ID,
            group: Some(ASSUMED_ID),
            why,
        },
        (Need::Unknown, Some(leader)) => Ids {
            why: Reasoned::new(
                Basis::Assumed,
                format!("nothing is known of {}, {}", seat.image_name(), leader.why.because),
            ),
            ..leader.clone()
        },
        (Need::Unknown, None) => Ids {
            user: ASSUMED_ID,
            group: Some(ASSUMED_ID),
            why: Reasoned::new(Basis::Assumed, format!("nothing is known of {}", seat.image_name())),
        },
    };
    if !case.accepts(ids.why.basis) {
        draft.block(assumption_blocker(case, seat));
        return User::Unsaid;
    }
    User::Given(ids)
}

fn weaker(a: Basis, b: Basis) -> Basis {
    a.max(b)
}

/// Writes what was decided. `runAsNonRoot` is a matter of the standard; ids go to the pod where they can.
pub(super) fn write(case: &Case, users: &[User], draft: &mut Draft) {
    write_non_root(case, draft);
    if case.is_openshift() || case.pod.is_windows() {
        return;
    }
    let pod_ids = pod_ids(case, users);
    if let Some(ids) = pod_ids {
        write_ids(case, None, ids, draft);
    }
    for (seat, user) in case.seats.iter().zip(users) {
        let User::Given(ids) = user else { continue };
        if ids.why.basis == Basis::Assumed {
            draft.assumed_users.insert(seat.name().to_string());
        }
        let inherits = pod_ids.is_some_and(|pod| pod.user == ids.user && pod.group == ids.group);
        if !inherits || seat.context(&["runAsUser"]).is_some() {
            write_ids(case, Some(seat), ids, draft);
        }
    }
}

fn write_non_root(case: &Case, draft: &mut Draft) {
    let says = |node: Option<NodeRef>| node.and_then(NodeRef::as_bool);
    let all_say = !case.seats.is_empty()
        && case
            .seats
            .iter()
            .all(|seat| says(seat.context(&["runAsNonRoot"])) == Some(true));
    if case.pod_context(&["runAsNonRoot"]).is_some() || all_say {
        return;
    }
    let why = Reasoned::new(Basis::Standard, "restricted demands it");
    let keys = ["securityContext", "runAsNonRoot"];
    if case.takes(&keys) {
        draft.set_pod(case.pod, &keys, Value::Bool(true), why);
        return;
    }
    for seat in case
        .seats
        .iter()
        .filter(|seat| seat.context(&["runAsNonRoot"]).is_none())
    {
        draft.set_container(seat, &keys, Value::Bool(true), why.clone());
    }
}

/// The ids to write at the pod: those of the first regular container that gets some. None where ids at the pod would
/// reach a container that runs as the image's own user, or give a group to one that has a uid of its own and none.
fn pod_ids<'u>(case: &Case, users: &'u [User]) -> Option<&'u Ids> {
    if !case.takes(&["securityContext", "runAsUser"]) {
        return None;
    }
    if case
        .pod_context(&["runAsUser"])
        .is_some_and(|node| !is_replaceable(node) && node.as_int() != Some(0))
    {
        return None;
    }
    let seats = || case.seats.iter().zip(users);
    let lacks_group = |seat: &Seat| seat.context(&["runAsUser"]).is_some() && seat.context(&["runAsGroup"]).is_none();
    let is_reached = |(seat, user): (&Seat, &User)| match user {
        User::Own => true,
        User::Explicit { .. } => lacks_group(seat),
        User::Given(_) | User::Unsaid => false,
    };
    if seats().any(is_reached) {
        return None;
    }
    let given = |(_, user): (&Seat, &'u User)| match user {
        User::Given(ids) => Some(ids),
        _ => None,
    };
    seats()
        .filter(|(seat, _)| seat.is_regular())
        .find_map(given)
        .or_else(|| seats().find_map(given))
}

/// `seat` is `None` for the pod. What is there and not replaceable stays.
fn write_ids(case: &Case, seat: Option<&Seat>, ids: &Ids, draft: &mut Draft) {
    let there = |key: &str| match seat {
        Some(seat) => seat.context(&[key]),
        None => case.pod_context(&[key]),
    };
    let mut write = |key: &'static str, id: u32| {
        let old = there(key);
        let stays = match old {
            None => false,
            Some(node) if node.as_int() == Some(i128::from(id)) => true,
            Some(node) if node.as_int() == Some(0) => !case.accepts(Basis::Override),
            Some(node) => !is_replaceable(node) || ids.why.basis == Basis::Assumed,
        };
        if stays {
            return;
        }
        let overrides = old.is_some_and(|node| node.as_int() == Some(0));
        let why = if overrides {
            Reasoned::new(Basis::Override, ids.why.because.clone())
        } else {
            ids.why.clone()
        };
        let keys = ["securityContext", key];
        match seat {
            Some(seat) => draft.set_container(seat, &keys, Value::Int(id.into()), why),
            None => draft.set_pod(case.pod, &keys, Value::Int(id.into()), why),
        }
    };
    write("runAsUser", ids.user);
    if let Some(group) = ids.group {
        write("runAsGroup", group);
    }
}

/// Whether a value carries the marker of an assumption, so that facts may replace it.
pub(super) fn is_replaceable(node: NodeRef) -> bool {
    node.rest_of_line()
        .trim_end()
        .strip_suffix(super::MARKER)
        .is_some_and(|head| head.trim_end().ends_with('#'))
}

fn root_only_blocker(case: &Case, seat: &Seat, why: &str, instead: &str) -> Blocker {
    Blocker {
        check: "runAsNonRoot",
        code: "image-needs-root",
        field: seat.container.path.key("image"),
        container: Some(seat.name().to_string()),
        line: seat.container.node.line(),
        message: format!("{} cannot run as non-root: {why}", case.image_of(seat)),
        suggestion: format!("use {instead}"),
    }
}

fn assumption_blocker(case: &Case, seat: &Seat) -> Blocker {
    Blocker {
        check: "runAsNonRoot",
        code: "needs-assumption",
        field: seat.container.path.key("image"),
        container: Some(seat.name().to_string()),
        line: seat.container.node.line(),
        message: format!("the uid of {} would have to be assumed", case.image_of(seat)),
        suggestion: "state it under `images:` in harden.yaml, or allow `--accept assumed`".into(),
    }
}
