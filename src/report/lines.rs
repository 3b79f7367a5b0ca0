//! The pieces that what people read is made of: lines, marked words, changes, blockers and reasons. `text` and `namespaces`
//! put them together.

use std::fmt::Write;
use std::path::Path;

use super::paint::{Paint, Role, printable, readable};
use crate::change::{Action, Blocker, Planned};
use crate::outcome::{Place, Reason};
use crate::yaml::Value;

/// How many lines about one file go to standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Talk {
    /// Failures.
    Errors,
    /// Blocked workloads too.
    Blocked,
    /// Files that were skipped too.
    Skipped,
    /// Everything that was left alone, and remarks.
    All,
}

pub(super) fn write_change(out: &mut String, change: &Planned, paint: Paint) {
    let field = change.field.to_string();
    let field = printable(&field);
    let text = match (change.action, &change.from, &change.to) {
        (Action::Set, None, Some(to)) => paint.text(Role::Added, &format!("+ {field}: {}", value_text(to))),
        (Action::Set, Some(from), Some(to)) if from == to => {
            paint.text(Role::Added, &format!("~ {field}: {} (was assumed)", value_text(to)))
        }
        (Action::Set, Some(from), Some(to)) => paint.text(
            Role::Added,
            &format!("~ {field}: {} (was {})", value_text(to), value_text(from)),
        ),
        (_, Some(from), _) => paint.text(Role::Removed, &format!("- {field} (was {})", value_text(from))),
        (_, None, _) => paint.text(Role::Removed, &format!("- {field}")),
    };
    line(out, 4, &text);
    let container = change
        .container
        .as_deref()
        .map(|name| format!(" (container {})", printable(name)));
    let because = format!(
        "{}: {}{}",
        change.basis.name(),
        printable(&change.because),
        container.unwrap_or_default()
    );
    line(out, 8, &paint.text(Role::Faint, &because));
}

/// A way out that several share stands below the last of them.
pub(super) fn write_blockers(out: &mut String, path: &str, blockers: &[Blocker], paint: Paint) {
    for alike in blockers.chunk_by(|one, next| one.suggestion.what == next.suggestion.what) {
        for blocker in alike {
            write_blocker(out, path, blocker, paint);
        }
        if let Some(last) = alike.last() {
            line(out, 8, &way_out(last));
        }
    }
    write_entries(out, blockers);
}

fn write_blocker(out: &mut String, path: &str, blocker: &Blocker, paint: Paint) {
    let label = paint.text(Role::Warning, "blocked");
    let message = printable(&blocker.message);
    line(
        out,
        4,
        &format!("{label}: {path}:{}: {message} [{}]", blocker.line, blocker.check),
    );
}

fn way_out(blocker: &Blocker) -> String {
    format!("way out: {}", printable(&blocker.suggestion.what))
}

/// What the config may say of the blockers, as it is written there: each entry once.
fn write_entries(out: &mut String, blockers: &[Blocker]) {
    let mut entries: Vec<&str> = Vec::new();
    for entry in blockers
        .iter()
        .filter_map(|blocker| blocker.suggestion.entry.as_deref())
    {
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    if entries.is_empty() {
        return;
    }
    line(out, 4, "or decide it in harden.yaml:");
    line(out, 6, "overrides:");
    for entry in entries {
        line(out, 6, &format!("- {}", printable(entry)));
    }
}

/// `path:line: title: message (and 2 more)` of the first blocker, the title with what became of it where that is not
/// said in front of the line.
pub(super) fn blocked(path: &str, title: &str, blockers: &[Blocker]) -> Option<String> {
    let (first, others) = blockers.split_first()?;
    let more = match others.len() {
        0 => String::new(),
        n => format!(" (and {n} more)"),
    };
    Some(format!(
        "{path}:{}: {title}: {}{more}",
        first.line,
        printable(&first.message)
    ))
}

/// The same for standard error, with the way out on a line of its own.
pub(super) fn blocked_talk(path: &str, title: &str, blockers: &[Blocker], paint: Paint) -> Option<String> {
    let said = mark(Role::Warning, "blocked", &blocked(path, title, blockers)?, paint);
    Some(format!("{said}\n    {}", way_out(blockers.first()?)))
}

pub(super) fn reason_text(path: &str, reason: &Reason, decided_by: Option<&Place>) -> String {
    let message = printable(&reason.message);
    match (decided_by, reason.line) {
        (Some(place), _) => format!("{message} ({}:{})", shown(&place.path), place.line),
        (None, Some(at)) => format!("{path}:{at}: {message}"),
        (None, None) => message.into_owned(),
    }
}

/// A value on one line, as JSON would write it.
pub(crate) fn value_text(value: &Value) -> String {
    let text = match value {
        Value::Null => "null".to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Float(spelling) => spelling.to_string(),
        Value::Str(text) => format!("{text:?}"),
        Value::List(items) => format!("[{}]", items.iter().map(value_text).collect::<Vec<_>>().join(", ")),
        Value::Map(pairs) => {
            let entry = |(key, value): &(Value, Value)| format!("{}: {}", key_text(key), value_text(value));
            format!("{{{}}}", pairs.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        Value::Tagged(tag, inner) => format!("{tag} {}", value_text(inner)),
    };
    printable(&text).into_owned()
}

fn key_text(key: &Value) -> String {
    if let Value::Str(text) = key {
        text.to_string()
    } else {
        value_text(key)
    }
}

pub(super) fn mark(role: Role, word: &str, said: &str, paint: Paint) -> String {
    format!("{}: {said}", paint.text(role, word))
}

pub(super) fn located(path: &str, at: Option<usize>, message: &str) -> String {
    let message = printable(message);
    match at {
        Some(at) => format!("{path}:{at}: {message}"),
        None => format!("{path}: {message}"),
    }
}

pub(super) fn shown(path: &Path) -> String {
    printable(&readable(path)).into_owned()
}

pub(super) fn line(out: &mut String, indent: usize, text: &str) {
    let _ = writeln!(out, "{:indent$}{text}", "");
}

/// `1 file`, `2 files`.
pub(super) fn count(n: usize, noun: &str) -> String {
    if n == 1 {
        format!("1 {noun}")
    } else {
        format!("{n} {noun}s")
    }
}

/// The parts that are not zero.
pub(super) fn list(parts: &[(usize, &str)]) -> String {
    let named: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, name)| format!("{n} {name}"))
        .collect();
    if named.is_empty() {
        "nothing".to_string()
    } else {
        named.join(", ")
    }
}
