//! Where a container is told to write elsewhere than its image does by itself, by variables and options that the profile
//! knows. A place that the image's entrypoint would make as root is none for another user, and a blocker; what else lies
//! under no volume keeps the root writable.

use super::Blocker;
use super::case::Case;
use super::draft::Draft;
use super::seat::Seat;
use super::shell::Command;
use super::superuser::changes_user;
use super::user::User;
use super::words::{self, base_name, started};
use super::writes;
use crate::kube::pod::Class;
use crate::profiles::{Move, clean, is_within};
use crate::yaml::{FieldPath, NodeRef};

/// Something that is to lie somewhere.
pub(super) struct Moved<'s> {
    rule: &'s Move,
    /// The variable or option that says where.
    by: &'s str,
    place: Place,
    /// Where the manifest says so.
    field: FieldPath,
    line: usize,
}

/// The directory that is written.
enum Place {
    At(String),
    /// Only the cluster knows it.
    Unsaid,
}

impl Moved<'_> {
    /// The directory, where the manifest says it.
    pub(super) fn place(&self) -> Option<&str> {
        match &self.place {
            Place::At(path) => Some(path),
            Place::Unsaid => None,
        }
    }

    /// Whether everybody may write there, or a volume is mounted over it.
    pub(super) fn is_covered(&self, seat: &Seat) -> bool {
        self.place().is_some_and(|place| writes::is_open(seat, place))
    }
}

pub(super) fn check(case: &Case, users: &[User], draft: &mut Draft) {
    for (seat, user) in case.seats.iter().zip(users) {
        if seat.container.class == Class::Ephemeral || !changes_user(case, seat, user) {
            continue;
        }
        let setting = user.setting(seat, true);
        let facts = seat.known.as_ref().map(|known| &known.facts);
        let given = facts.map(|facts| facts.writable_in(&setting)).unwrap_or_default();
        // What does not belong to the user gets a volume.
        let is_given = |place: &str| given.iter().any(|fact| is_within(place, &fact.value.path));
        for moved in all(seat) {
            let Some(place) = moved.place().filter(|_| !moved.is_covered(seat)) else {
                continue;
            };
            // A server that stepped down from root writes what it may write from the start.
            let is_roots = moved.rule.made_by_root || setting.command;
            if is_roots && !is_given(place) && !writes::is_scratch(place) {
                draft.block(blocker(seat, user, &moved, place));
            }
        }
    }
}

fn blocker(seat: &Seat, user: &User, moved: &Moved, place: &str) -> Blocker {
    let by = moved.by;
    let uid = user
        .uid()
        .map_or("a uid that the platform gives".into(), |uid| format!("uid {uid}"));
    let why = match moved.rule.made_by_root {
        true => format!("only root can make that place for {uid}"),
        false => format!("it may have written there as root, and {uid} may not"),
    };
    Blocker {
        check: "boot",
        code: "place-of-root",
        field: moved.field.clone(),
        container: Some(seat.name().to_string()),
        line: moved.line,
        message: format!(
            "container {} has {} in {place} ({by}), where no volume is mounted that it may write: {why}",
            seat.name(),
            moved.rule.what,
        ),
        suggestion: format!(
            "mount a volume at {place} (an emptyDir if it may be lost), or leave {by} to the image; or list {place} as \
             `writable` of the image in harden.yaml, if it belongs to that user"
        )
        .into(),
    }
}

/// All that the manifest moves.
pub(super) fn all<'s>(seat: &'s Seat) -> Vec<Moved<'s>> {
    let facts = seat.known.as_ref().map(|known| known.facts.moves.as_slice());
    let rules = facts.unwrap_or_default().iter().map(|fact| &fact.value);
    let rules: Vec<&Move> = rules.collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let commands = words::commands(&seat.words);
    let of = |rule: &&'s Move| {
        let by_options = commands.iter().flat_map(|command| by_options(seat, rule, command));
        by_variable(seat, rule)
            .into_iter()
            .chain(by_options)
            .collect::<Vec<_>>()
    };
    rules.iter().flat_map(of).collect()
}

fn by_variable<'s>(seat: &'s Seat, rule: &'s Move) -> Option<Moved<'s>> {
    let by = rule.env.as_deref()?;
    let (index, entry) = seat.indexed_variable(by)?;
    let place = match entry.get("value").and_then(NodeRef::text) {
        Some(value) => place(rule, value)?,
        None => entry.get("valueFrom").map(|_| Place::Unsaid)?,
    };
    let field = seat.container.path.key("env").index(index);
    Some(Moved {
        rule,
        by,
        place,
        field,
        line: entry.line(),
    })
}

fn by_options<'s>(seat: &'s Seat, rule: &'s Move, command: &Command) -> Vec<Moved<'s>> {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    if !starts_server(seat, rule, &words) {
        return Vec::new();
    }
    let by_option = |by: &'s String| {
        let places = values(&words, by).filter_map(|value| place(rule, value));
        let moved = places.map(|place| {
            let (field, line) = said_at(seat, by);
            Moved {
                rule,
                by,
                place,
                field,
                line,
            }
        });
        moved.collect::<Vec<_>>()
    };
    rule.flags.iter().flat_map(by_option).collect()
}

/// Where the manifest gives an option: the word itself, or the list with the script that has it.
fn said_at(seat: &Seat, option: &str) -> (FieldPath, usize) {
    let node = seat.container.node;
    let is_it = |(_, word): &(usize, NodeRef)| {
        word.text()
            .is_some_and(|word| values(&["", word, ""], option).count() > 0)
    };
    let word = ["args", "command"].into_iter().find_map(|key| {
        let (index, word) = node.list(key).enumerate().find(is_it)?;
        Some((seat.container.path.key(key).index(index), word.line()))
    });
    word.unwrap_or_else(|| {
        let key = if seat.command_is_set() { "command" } else { "args" };
        (seat.container.path.key(key), node.get(key).unwrap_or(node).line())
    })
}

/// Whether a command starts the program whose options they are, itself or through the image's entrypoint.
fn starts_server(seat: &Seat, rule: &Move, words: &[&str]) -> bool {
    // The entrypoint puts its server in front of options.
    let are_options = words.first().is_some_and(|word| word.starts_with('-')) && !seat.command_is_set();
    let program = started(words).first().map(|program| base_name(program));
    let is_server = |program: &str| program.contains("entrypoint") || rule.of.iter().any(|of| of == program);
    are_options || program.is_some_and(is_server)
}

/// What an option is given: `--datadir=/a`, `--datadir /a`.
fn values<'w>(words: &'w [&'w str], option: &'w str) -> impl Iterator<Item = &'w str> {
    words.iter().enumerate().filter_map(move |(index, word)| {
        let rest = word.strip_prefix(option)?;
        match rest.strip_prefix('=') {
            Some(value) => Some(value),
            None => words.get(index + 1).copied().filter(|_| rest.is_empty()),
        }
    })
}

/// What a value names; `None` for nothing, and for a name below the place where the image has it.
fn place(rule: &Move, value: &str) -> Option<Place> {
    if value.contains('$') {
        return Some(Place::Unsaid);
    }
    let path = clean(Some(value).filter(|value| value.starts_with('/'))?);
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    Some(Place::At(if rule.file { clean(folder) } else { path }))
}
