//! What it rests on who each container runs as: for the counts of the summary. Reads what `users` decided.

use super::Basis;
use super::case::Case;
use super::seat::Seat;
use super::user::User;
use crate::outcome::Ground;
use crate::profiles::Source;

/// Of every container, in the order of the seats; `None` for one whose user a blocker leaves open.
pub(super) fn of(case: &Case, users: &[User]) -> Vec<Option<Ground>> {
    let seats = case.seats.iter().zip(users);
    seats.map(|(seat, user)| ground(case, seat, user)).collect()
}

/// Of a workload that passes as it stands.
pub(super) fn of_manifest(case: &Case) -> Vec<Option<Ground>> {
    vec![Some(Ground::Manifest); case.seats.len()]
}

fn ground(case: &Case, seat: &Seat, user: &User) -> Option<Ground> {
    match user {
        User::Explicit { .. } | User::Own => Some(Ground::Manifest),
        // The config says which platform it is.
        User::Platform => Some(Ground::Config),
        // Windows has no uid, and the manifest says that this is one.
        User::Unsaid => case.is_windows().then_some(Ground::Manifest),
        User::Given(ids) => Some(match ids.why.basis {
            Basis::Standard | Basis::Manifest => Ground::Manifest,
            Basis::Config | Basis::Override => Ground::Config,
            Basis::Profile if rests_on_dockerfile(seat) => Ground::Dockerfile,
            Basis::Profile => Ground::Profile,
            Basis::Assumed => Ground::Assumed,
        }),
    }
}

/// Whether a Dockerfile of the repository says the uid, or that any does.
fn rests_on_dockerfile(seat: &Seat) -> bool {
    let facts = seat.known.as_ref().map(|known| &known.facts);
    let user = facts.and_then(|facts| facts.user.as_ref()).map(|fact| fact.source);
    let any = facts.and_then(|facts| facts.any_user.as_ref()).map(|fact| fact.source);
    matches!(user.or(any), Some(Source::Built(_)))
}
