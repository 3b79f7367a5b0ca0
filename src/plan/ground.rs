//! What it rests on who each container runs as: for the counts of the summary. Reads what `users` decided.

use super::Basis;
use super::case::Case;
use super::draft::Draft;
use super::seat::Seat;
use super::user::User;
use super::windows;
use crate::outcome::Ground;
use crate::profiles::Source;

/// Of every container, in the order of the seats; `None` for one whose user a blocker leaves open.
pub(super) fn of(case: &Case, users: &[User], draft: &Draft) -> Vec<Option<Ground>> {
    let seats = case.seats.iter().zip(users);
    seats.map(|(seat, user)| ground(case, seat, user, draft)).collect()
}

/// Of a workload that passes as it stands.
pub(super) fn of_manifest(case: &Case) -> Vec<Option<Ground>> {
    case.seats.iter().map(|seat| Some(of_windows(case, seat))).collect()
}

/// Windows has no uid, and who it is the manifest says, or an earlier run assumed.
fn of_windows(case: &Case, seat: &Seat) -> Ground {
    if case.pod.is_windows() && windows::is_assumed(case, seat) {
        Ground::Assumed
    } else {
        Ground::Manifest
    }
}

fn ground(case: &Case, seat: &Seat, user: &User, draft: &Draft) -> Option<Ground> {
    match user {
        User::Explicit { .. } | User::Own => Some(Ground::Manifest),
        // The config says which platform it is.
        User::Platform => Some(Ground::Config),
        User::Unsaid if windows::is_unnamed(case, seat, draft) => Some(Ground::Assumed),
        User::Unsaid => case.is_windows().then(|| of_windows(case, seat)),
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
