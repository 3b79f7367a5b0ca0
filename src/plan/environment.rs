//! Environment variables that images need, and directories of data. A variable that moves data is written for an
//! emptyDir only: on a persistent volume it would start an empty database.

use super::case::Case;
use super::draft::{Draft, Reasoned, basis};
use super::seat::{self, Mount, Seat, Source};
use super::user::User;
use crate::profiles::{Data, When, clean, is_within, same_place};
use crate::yaml::{FieldPath, NodeRef, Value};

pub(super) fn write(case: &Case, users: &[User], draft: &mut Draft) {
    for (seat, user) in case.seats.iter().zip(users) {
        write_needed(seat, user, draft);
        move_data(seat, user, draft);
    }
}

/// Whether a read-only root would need variables, too, beside emptyDirs at these paths.
pub(super) fn goes_with_root(seat: &Seat, user: &User, planned: &[&str]) -> bool {
    let facts = seat.known.as_ref().map(|known| &known.facts);
    let setting = user.setting(seat, true);
    facts.is_some_and(|f| {
        f.env_in(&setting)
            .iter()
            .any(|fact| fact.value.when == When::ReadOnlyRoot)
    }) || data_of(seat).is_some_and(|data| is_any(planned, &data.path) && seat.variable(&data.env).is_none())
}

/// Whether the manifest keeps the data where a read-only root, with emptyDirs at these paths, leaves no place for it.
/// What the manifest does not say, `move_data` can.
pub(super) fn keeps_data_elsewhere(seat: &Seat, planned: &[&str]) -> bool {
    let Some(data) = data_of(seat).filter(|data| seat.variable(&data.env).is_some()) else {
        return false;
    };
    let is_planned = |directory: &str| planned.iter().any(|path| is_within(directory, path));
    let is_mounted = |directory: &str| seat.mount_over(directory).is_some_and(seat::Mount::is_writable);
    let fits = |directory: &String| !is_any(planned, directory) && (is_planned(directory) || is_mounted(directory));
    !directory(seat, data).as_ref().is_some_and(fits)
}

fn is_any(paths: &[&str], path: &str) -> bool {
    paths.iter().any(|one| same_place(one, path))
}

/// A container that keeps its user boots today, so that it needs at most what a read-only root asks for.
fn write_needed(seat: &Seat, user: &User, draft: &mut Draft) {
    let Some(facts) = seat.known.as_ref().map(|known| &known.facts) else {
        return;
    };
    let read_only = FieldPath::keys(&["securityContext", "readOnlyRootFilesystem"]);
    let read_only = draft.change(&seat.container.path.join(&read_only));
    let is_given = read_only.is_some_and(|c| c.to == Some(Value::Bool(true)));
    let setting = user.setting(seat, is_given || seat.has_read_only_root());
    for fact in facts.env_in(&setting) {
        let variable = &fact.value;
        if user.is_new() || is_given && variable.when == When::ReadOnlyRoot {
            let because = variable.why.clone();
            let because = because.unwrap_or_else(|| format!("{} needs it", seat.image_name()));
            let why = Reasoned::new(basis(fact.origin), because);
            append(seat, &variable.name, &variable.value, why, draft);
        }
    }
}

/// On an emptyDir nothing is lost by a move: on one of the manifest's, or on one that the plan mounts.
fn move_data(seat: &Seat, user: &User, draft: &mut Draft) {
    let Some(fact) = seat.known.as_ref().and_then(|known| known.facts.data.as_ref()) else {
        return;
    };
    let data = &fact.value;
    let in_root = root_mount(seat, data).is_some_and(|mount| mount.source == Source::Empty);
    let is_concerned = user.is_new() && in_root || draft.mounts_at(seat, &data.path);
    if is_concerned && seat.variable(&data.env).is_none() {
        let why = Reasoned::new(basis(fact.origin), reason(data));
        append(seat, &data.env, &subdirectory(data, &data.path), why, draft);
    }
}

/// Whether the data lies in the root of a volume that cannot be told to be new; says both ways out if so.
pub(super) fn note_data_in_volume_root(seat: &Seat, uid: u32, draft: &mut Draft) -> bool {
    let Some((data, mount)) = data_of(seat).and_then(|data| Some((data, root_mount(seat, data)?))) else {
        return false;
    };
    if mount.source == Source::Empty && seat.variable(&data.env).is_none() {
        return false;
    }
    draft.note(format!(
        "container {} keeps its data in the root of the volume at {}: a database that is there starts if its files \
         belong to uid {uid}, so give them to it first if they do not; for a new database set {} to {}, because {}",
        seat.name(),
        mount.path,
        data.env,
        subdirectory(data, &mount.path),
        reason(data),
    ));
    true
}

/// The mount at the very directory that holds the data.
fn root_mount<'s, 'd>(seat: &'s Seat<'d>, data: &Data) -> Option<&'s Mount<'d>> {
    let directory = directory(seat, data)?;
    seat.mounts.iter().find(|mount| mount.path == directory)
}

fn data_of<'s>(seat: &'s Seat) -> Option<&'s Data> {
    Some(&seat.known.as_ref()?.facts.data.as_ref()?.value)
}

/// The very directory that holds the data; `None` where only the cluster knows it.
fn directory(seat: &Seat, data: &Data) -> Option<String> {
    match seat.variable(&data.env) {
        Some(variable) => Some(clean(variable.get("value").and_then(NodeRef::text)?)),
        None => Some(data.path.clone()),
    }
}

fn subdirectory(data: &Data, directory: &str) -> String {
    format!("{directory}/{}", data.subdirectory)
}

fn reason(data: &Data) -> String {
    let why = data.why.clone();
    why.unwrap_or_else(|| "the root of a volume cannot hold the data".into())
}

fn append(seat: &Seat, name: &str, value: &str, why: Reasoned, draft: &mut Draft) {
    let variable = Value::map([
        ("name", Value::str(name.to_string())),
        ("value", Value::str(value.to_string())),
    ]);
    let (node, path) = (seat.container.node, &seat.container.path);
    draft.append(node, path, &["env"], Some(seat.name()), variable, why);
}
