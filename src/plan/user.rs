//! Who a container runs as after the plan, and what that tells the conditions of its image's profile. Who it is, `users`
//! decides.

use super::Basis;
use super::draft::Reasoned;
use super::seat::Seat;
use crate::profiles::Setting;
use crate::yaml::NodeRef;

/// What a container gets.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ids {
    pub(super) user: u32,
    /// With what it rests on, which is never stronger than what the uid rests on.
    pub(super) group: Option<(u32, Basis)>,
    pub(super) why: Reasoned,
    /// Taken over from another container.
    pub(super) follows: bool,
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
    /// The platform gives one that nobody knows.
    Platform,
    /// Nobody says it: Windows, or a container that stays root because of a blocker.
    Unsaid,
}

impl Ids {
    pub(super) fn gid(&self) -> Option<u32> {
        self.group.map(|(group, _)| group)
    }
}

impl User {
    /// Whether the container runs as somebody else than before.
    pub(super) fn is_new(&self) -> bool {
        matches!(self, User::Given(_) | User::Platform)
    }

    pub(super) fn is_assumed(&self) -> bool {
        matches!(self, User::Given(ids) if ids.why.basis == Basis::Assumed)
    }

    pub(super) fn uid(&self) -> Option<i128> {
        match self {
            User::Explicit { user, .. } => Some(*user),
            User::Given(ids) => Some(ids.user.into()),
            User::Own | User::Platform | User::Unsaid => None,
        }
    }

    /// What conditions of profiles may ask about a container that runs so; the root is that after the plan.
    pub(super) fn setting<'s>(&self, seat: &'s Seat, read_only_root: bool) -> Setting<'s> {
        let own = seat.known.as_ref().and_then(|known| known.facts.own_user());
        let is_own = |own: u32| *self == User::Own || self.uid() == Some(own.into());
        Setting {
            words: seat.words.clone(),
            command: seat.command_is_set() && !starts_entrypoint(seat),
            env: seat
                .env()
                .filter_map(|e| e.get("name").and_then(NodeRef::as_str))
                .collect(),
            more_env: seat
                .container
                .node
                .get("envFrom")
                .is_some_and(|from| from.items().next().is_some()),
            mounts: seat.mounts.iter().map(|m| m.path.as_str()).collect(),
            read_only_root,
            foreign_user: !own.map_or(*self == User::Own, |own| is_own(own.value)),
        }
    }
}

/// Whether the command goes on to the script that official images start with.
fn starts_entrypoint(seat: &Seat) -> bool {
    seat.words.iter().any(|word| word.contains("docker-entrypoint.sh"))
}
