//! Which containers may go on as root, what that is worth without capabilities, and which start as somebody else than
//! before. Reads; the rules decide.

use super::Basis;
use super::case::Case;
use super::seat::Seat;
use super::user::User;
use crate::profiles::{ImageUser, Origin};
use crate::yaml::NodeRef;

/// Whether a container may go on as root: of one in a user namespace of its own no check demands otherwise, where the
/// policy version knows that, and neither where somebody asked to ignore the check.
pub(super) fn stays_root(case: &Case, seat: &Seat) -> bool {
    match case.effective(seat, "runAsUser").and_then(NodeRef::as_int) {
        Some(0) => !case.violates_in("runAsUser", seat) && !reverses_root(case, seat),
        Some(_) => false,
        None => {
            !case.violates_in("runAsNonRoot", seat)
                && !demands_non_root(case, seat)
                && !gets_ids_for_capabilities(case, seat)
        }
    }
}

/// Images that start as root and step down need capabilities for it. Where all of them must go, the ids of the facts are
/// the way to start; who asked to ignore the check decided against them.
fn gets_ids_for_capabilities(case: &Case, seat: &Seat) -> bool {
    case.pod.has_user_namespace() && loses_capabilities(case, seat)
}

/// An explicit root is taken back on request, where it is a violation or cannot keep its capabilities.
pub(super) fn reverses_root(case: &Case, seat: &Seat) -> bool {
    let is_wrong = case.violates_in("runAsUser", seat) || gets_ids_for_capabilities(case, seat);
    is_wrong && case.accepts(Basis::Override) && states_uid(seat)
}

pub(super) fn demands_non_root(case: &Case, seat: &Seat) -> bool {
    case.effective(seat, "runAsNonRoot").and_then(NodeRef::as_bool) == Some(true)
}

/// Whether the image is known to start as root.
fn starts_as_root(seat: &Seat) -> bool {
    image_user(seat) == Some(ImageUser::Root)
}

/// Whether the kubelet is known to refuse the image where non-root is demanded and no uid said: it starts as root, or as
/// somebody whose name does not tell. Such a manifest does not boot today.
pub(super) fn is_refused_without_uid(seat: &Seat) -> bool {
    matches!(image_user(seat), Some(ImageUser::Root | ImageUser::Named))
}

/// Whether a container is known to start as somebody else than root, who has no capabilities to lose: the image's own user.
pub(super) fn starts_as_non_root(case: &Case, seat: &Seat) -> bool {
    let is_own = case.effective(seat, "runAsUser").is_none();
    is_own && matches!(image_user(seat), Some(ImageUser::Named | ImageUser::Numeric))
}

fn image_user(seat: &Seat) -> Option<ImageUser> {
    let user = seat.known.as_ref()?.facts.image_user.as_ref()?;
    (user.origin != Origin::Assumed).then_some(user.value)
}

/// Whether a container may have run as root before and does not after the plan.
pub(super) fn becomes_non_root(case: &Case, seat: &Seat, user: &User) -> bool {
    let image_user = seat.known.as_ref().and_then(|known| known.facts.image_user.as_ref());
    let was_non_root = demands_non_root(case, seat) && !starts_as_root(seat)
        || image_user.is_some_and(|fact| fact.value == ImageUser::Numeric);
    user.is_new() && !was_non_root
}

/// The same for one who is not known to go on as the image's own user: what somebody of that name does today, whom the
/// kubelet cannot tell from root, he may do then.
pub(super) fn changes_user(case: &Case, seat: &Seat, user: &User) -> bool {
    let own = seat.known.as_ref().and_then(|known| known.facts.own_user());
    let keeps_own = own.is_some_and(|own| user.uid() == Some(own.value.into()));
    becomes_non_root(case, seat, user) && !(image_user(seat) == Some(ImageUser::Named) && keeps_own)
}

/// Whether config or a profile names the image's uid.
pub(super) fn states_uid(seat: &Seat) -> bool {
    let user = seat.known.as_ref().and_then(|known| known.facts.user.as_ref());
    user.is_some_and(|user| user.origin != Origin::Assumed)
}

/// Whether capabilities are taken from a container that has some.
fn loses_capabilities(case: &Case, seat: &Seat) -> bool {
    case.violates_in("capabilities_restricted", seat) && !dropped(seat).any(is_all)
}

pub(super) fn dropped<'d>(seat: &Seat<'d>) -> impl Iterator<Item = NodeRef<'d>> {
    let list = seat.context(&["capabilities", "drop"]);
    list.into_iter().flat_map(NodeRef::items)
}

pub(super) fn is_all(item: NodeRef) -> bool {
    item.as_str().is_some_and(|s| s.eq_ignore_ascii_case("all"))
}
