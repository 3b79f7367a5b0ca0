//! `/root`: in all common images only root may enter it. A container that becomes non-root reaches nothing below it,
//! neither a volume mounted there nor a file that its command, a variable or its working directory names.

use super::case::Case;
use super::draft::Draft;
use super::seat::Seat;
use super::superuser::changes_user;
use super::user::User;
use super::words;
use super::{Basis, Blocker};
use crate::kube::pod::Class;
use crate::profiles::{clean, is_within};
use crate::yaml::{FieldPath, NodeRef};

pub(super) const HOME: &str = "/root";

/// What in a container lies there, and where the manifest says so.
struct Use<'d> {
    what: String,
    field: FieldPath,
    node: NodeRef<'d>,
}

pub(super) fn check(case: &Case, users: &[User], draft: &mut Draft) {
    for (seat, user) in case.seats.iter().zip(users) {
        // Whoever states the user of an image knows what it may enter.
        let is_stated = matches!(user, User::Given(ids) if ids.why.basis == Basis::Config);
        if seat.container.class == Class::Ephemeral || is_stated || !changes_user(case, seat, user) {
            continue;
        }
        if let Some(used) = first_use(seat) {
            draft.block(Blocker {
                check: "boot",
                code: "home-of-root",
                message: format!(
                    "container {} {}, and only root may enter {HOME}",
                    seat.name(),
                    used.what
                ),
                field: used.field,
                container: Some(seat.name().to_string()),
                line: used.node.line(),
                suggestion:
                    "keep it outside /root and tell the program where, or state the image's user in harden.yaml \
                             if that user may enter /root"
                        .into(),
            });
        }
    }
}

fn first_use<'d>(seat: &Seat<'d>) -> Option<Use<'d>> {
    mounted(seat)
        .or_else(|| worked_in(seat))
        .or_else(|| in_variables(seat))
        .or_else(|| in_words(seat))
}

fn mounted<'d>(seat: &Seat<'d>) -> Option<Use<'d>> {
    items(seat, "volumeMounts").find_map(|(field, node)| {
        let path = clean(node.get("mountPath")?.text()?);
        is_within(&path, HOME).then(|| Use {
            what: format!("mounts a volume at {path}"),
            field: field.key("mountPath"),
            node,
        })
    })
}

fn worked_in<'d>(seat: &Seat<'d>) -> Option<Use<'d>> {
    let node = seat.container.node.get("workingDir")?;
    let path = clean(node.text()?);
    is_within(&path, HOME).then(|| Use {
        what: format!("works in {path}"),
        field: seat.container.path.key("workingDir"),
        node,
    })
}

fn in_variables<'d>(seat: &Seat<'d>) -> Option<Use<'d>> {
    items(seat, "env").find_map(|(field, node)| {
        let (name, value) = (node.get("name")?.text()?, node.get("value")?.text()?);
        is_below(value).then(|| Use {
            what: format!("is told of {value} by its variable {name}"),
            field: field.key("value"),
            node,
        })
    })
}

fn in_words<'d>(seat: &Seat<'d>) -> Option<Use<'d>> {
    words::runs(seat).find_map(|run| {
        let commands = words::mentions(&run.words);
        let path = commands.iter().flatten().find_map(|word| named_in(word))?;
        let place = match run.keys {
            [_] => "its command",
            [of, ..] => of,
            [] => return None,
        };
        Some(Use {
            what: format!("uses {path} in {place}"),
            field: seat.container.path.below(run.keys),
            node: seat.container.node.at(run.keys)?,
        })
    })
}

/// A path below it that a word is, or that stands behind a sign which begins a path: `--config=/root/x`, `>/root/x`.
fn named_in(word: &str) -> Option<&str> {
    let mut starts = std::iter::once(0).chain(word.match_indices(['=', '>', '<', '@']).map(|(at, _)| at + 1));
    starts.find_map(|at| word.get(at..).filter(|rest| is_below(rest)))
}

fn is_below(path: &str) -> bool {
    let below = path.strip_prefix(HOME).and_then(|rest| rest.strip_prefix('/'));
    below.is_some_and(|rest| !rest.is_empty())
}

fn items<'d>(seat: &Seat<'d>, key: &'static str) -> impl Iterator<Item = (FieldPath, NodeRef<'d>)> {
    let list = seat.container.path.key(key);
    let items = seat.container.node.list(key);
    items.enumerate().map(move |(index, node)| (list.index(index), node))
}

#[cfg(test)]
mod tests {
    use super::named_in;

    #[test]
    fn paths_are_seen_where_they_begin() {
        for (word, wanted) in [
            ("/root/.ssh/key", Some("/root/.ssh/key")),
            ("--kubeconfig=/root/.kube/config", Some("/root/.kube/config")),
            (">/root/log", Some("/root/log")),
            ("@/root/a", Some("/root/a")),
            ("/root", None),
            ("/root/", None),
            ("/rooted/x", None),
            ("/srv/root/x", None),
            ("https://example.com/root/x", None),
            ("see /root/x", None),
        ] {
            assert_eq!(named_in(word), wanted, "{word}");
        }
    }
}
