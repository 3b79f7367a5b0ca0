//! What an operator adds to the pods of its kinds, and no manifest of a pod shows: containers, of which a note tells, and
//! keys of ssh, which not everybody can use. Which operator adds what is in the KINDS table.

use super::Blocker;
use super::case::Case;
use super::draft::Draft;
use super::home::HOME;
use super::seat::Seat;
use super::superuser::becomes_non_root;
use super::user::User;
use crate::kube::kinds::{Asked, Ssh};
use crate::profiles::is_within;
use crate::yaml::{FieldPath, NodeRef};

const KEYS_OF_ROOT: &str = "/root/.ssh";

/// Tells of containers and pods that the operator makes as it likes, where the manifest could say how.
pub(super) fn note(case: &Case, draft: &mut Draft) {
    for added in case.workload.kind.adds {
        if added.when.iter().all(|asked| is_asked(case, asked)) && case.workload.at(added.context).is_none() {
            draft.note(format!(
                "its operator adds {} with what {} says: write there what `restricted` asks of a container",
                added.what, added.context
            ));
        }
    }
}

fn is_asked(case: &Case, asked: &Asked) -> bool {
    match asked {
        Asked::On(way) => case.workload.at(way).and_then(NodeRef::as_bool) == Some(true),
        Asked::Present(way) => case.workload.at(way).is_some(),
        Asked::Not(way, values) => !case
            .workload
            .at(way)
            .and_then(NodeRef::as_str)
            .is_some_and(|value| values.contains(&value)),
    }
}

/// Pods that log in to each other: the keys must lie where their user may enter, and sshd and ssh ask the image who that
/// user is.
pub(super) fn check(case: &Case, users: &[User], draft: &mut Draft) {
    let version = case.workload.api_version.rsplit('/').next().unwrap_or("");
    let ssh = case.workload.kind.ssh.as_ref();
    let Some(ssh) = ssh.filter(|ssh| version.starts_with(ssh.version)) else {
        return;
    };
    let main = case.seats.iter().zip(users).find(|(seat, _)| seat.is_regular());
    let Some((seat, user)) = main.filter(|(seat, user)| becomes_non_root(case, seat, user)) else {
        return;
    };
    let stated = case.workload.at(ssh.path);
    let path = stated.and_then(NodeRef::text).unwrap_or(KEYS_OF_ROOT);
    if is_within(path, HOME) {
        let message = format!("its operator mounts the keys of ssh at {path}, and only root may enter {HOME}");
        draft.block(blocker(seat, ssh, "home-of-root", message));
    } else if user.is_assumed() {
        let message = "ssh logs in as an account of the image, and a uid would be assumed that has none".to_string();
        draft.block(blocker(seat, ssh, "needs-account", message));
    }
}

fn blocker(seat: &Seat, ssh: &Ssh, code: &'static str, message: String) -> Blocker {
    let keys: Vec<&str> = ssh.path.split('.').collect();
    Blocker {
        check: "boot",
        code,
        field: FieldPath::keys(&keys),
        container: Some(seat.name().to_string()),
        line: seat.container.node.line(),
        message: format!("container {}: {message}", seat.name()),
        suggestion: format!(
            "set `runAsUser` to the image's own user, or state the image in harden.yaml, and {} to `.ssh` in that user's home",
            ssh.path
        ).into(),
    }
}
