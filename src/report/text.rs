//! What people read: the text report of a file, and the one-line messages on standard error.

use super::lines::{
    Talk, blocked, blocked_talk, line, located, mark, reason_text, shown, write_blockers, write_change,
};
use super::namespaces;
use super::paint::{Paint, Role, printable};
use crate::change::Apply;
use crate::checks::{self, Relaxed};
use crate::kube::workload::Carrier;
use crate::outcome::{Diagnostic, FileStatus, Outcome, WorkloadOutcome, WorkloadStatus};

/// The text report of one file: its status, then each workload with its changes and blockers.
pub(super) fn file(outcome: &Outcome, paint: Paint) -> String {
    let path = shown(&outcome.path);
    let mut out = format!(
        "{}: {}\n",
        paint.text(Role::Heading, &path),
        file_status(outcome, paint)
    );
    if let Some(reason) = &outcome.reason {
        line(&mut out, 2, &located(&path, reason.line, &reason.message));
    }
    for workload in &outcome.workloads {
        write_workload(&mut out, &path, workload, paint);
    }
    for namespace in &outcome.namespaces {
        namespaces::write(&mut out, &path, namespace, paint);
    }
    for carrier in &outcome.unknown_carriers {
        line(&mut out, 2, &carrier_text(&path, carrier));
    }
    out
}

/// One line per thing that a reader of standard error has to know about a file, in the order of the file.
pub(super) fn talk(outcome: &Outcome, talk: Talk, paint: Paint) -> Vec<String> {
    if outcome.reason.is_none() && outcome.workloads.is_empty() {
        return Vec::new();
    }
    let path = shown(&outcome.path);
    let mut lines = Vec::new();
    if let Some(reason) = &outcome.reason {
        let said = located(&path, reason.line, &reason.message);
        match outcome.status {
            FileStatus::Failed => lines.push(mark(Role::Bad, "error", &said, paint)),
            _ if talk >= Talk::Skipped => lines.push(mark(Role::Faint, outcome.status.name(), &said, paint)),
            _ => {}
        }
    }
    for workload in &outcome.workloads {
        match workload.status {
            WorkloadStatus::Blocked | WorkloadStatus::Partial if talk >= Talk::Blocked => {
                lines.extend(blocked_talk(&path, &title(workload), &workload.blockers, paint));
            }
            WorkloadStatus::Exempt | WorkloadStatus::Skipped
                if talk == Talk::All || talk >= Talk::Blocked && outcome.leaves(workload) =>
            {
                lines.push(mark(
                    Role::Faint,
                    workload.status.name(),
                    &left_alone(&path, workload, ""),
                    paint,
                ));
            }
            _ => {}
        }
        if talk == Talk::All {
            let title = title(workload);
            let note = |note: &str| format!("{path}:{}: {title}: {note}", workload.line);
            let warning = remaining_warning(workload).map(|lines| lines.join("\n    "));
            let others = workload
                .relaxed
                .iter()
                .map(relaxed_text)
                .chain(workload.notes.iter().cloned());
            let notes = warning
                .into_iter()
                .chain(others.map(|note| printable(&note).into_owned()));
            lines.extend(notes.map(|text| mark(Role::Faint, "note", &note(&text), paint)));
        }
    }
    lines
}

impl Outcome {
    /// The lines about this file for standard error; none where all went well.
    pub fn talk(&self, amount: Talk, paint: Paint) -> Vec<String> {
        let mut lines = talk(self, amount, paint);
        lines.extend(namespaces::talk(self, amount, paint));
        lines
    }

    /// What will not start where a patch of a kustomization decides otherwise than what was written here.
    pub fn warnings(&self, paint: Paint) -> Vec<String> {
        let path = shown(&self.path);
        let is_written = |workload: &&WorkloadOutcome| !workload.changes.is_empty();
        let of_workload = |workload: &WorkloadOutcome| {
            let head = format!("{path}:{}: {}", workload.line, title(workload));
            let said = workload.warnings.iter();
            said.map(|text| mark(Role::Warning, "warning", &format!("{head}: {}", printable(text)), paint))
                .collect::<Vec<_>>()
        };
        self.workloads.iter().filter(is_written).flat_map(of_workload).collect()
    }

    /// What a person should know of the labels that were written here.
    pub fn label_notes(&self, paint: Paint) -> Vec<String> {
        namespaces::notes(self, paint)
    }
}

/// A diagnostic of the run as a line for standard error.
pub fn remark(diagnostic: &Diagnostic, paint: Paint) -> String {
    mark(Role::Warning, "warning", &plain(diagnostic), paint)
}

/// A diagnostic as `path:line: message`.
pub fn plain(diagnostic: &Diagnostic) -> String {
    match &diagnostic.path {
        Some(path) => located(&shown(path), diagnostic.line, &diagnostic.message),
        None => printable(&diagnostic.message).into_owned(),
    }
}

/// `path:line: Kind/name blocked: message`, for lists that other programs read; none where a workload is not left to a
/// person.
pub(super) fn left_line(outcome: &Outcome, workload: &WorkloadOutcome) -> Option<String> {
    let path = shown(&outcome.path);
    match workload.status {
        WorkloadStatus::Blocked | WorkloadStatus::Partial => {
            blocked(&path, &format!("{} blocked", title(workload)), &workload.blockers)
        }
        _ if outcome.leaves(workload) => Some(left_alone(&path, workload, " skipped")),
        _ => None,
    }
}

fn left_alone(path: &str, workload: &WorkloadOutcome, status: &str) -> String {
    let reason = workload.reason.as_ref();
    let at = reason.and_then(|reason| reason.line).unwrap_or(workload.line);
    let why = printable(reason.map_or("", |reason| reason.message.as_str()));
    let decided = workload.decided_by.as_ref();
    let decided = decided.map_or(String::new(), |place| {
        format!(" ({}:{})", shown(&place.path), place.line)
    });
    format!("{path}:{at}: {}{status}: {why}{decided}", title(workload))
}

fn write_workload(out: &mut String, path: &str, workload: &WorkloadOutcome, paint: Paint) {
    let status = paint.text(workload_role(workload.status), workload.status.name());
    let mut head = format!("{} (line {}): {status}", title(workload), workload.line);
    if !workload.changes.is_empty() {
        head.push_str(match workload.apply {
            Apply::InPlace => ", applies in place",
            Apply::Recreate => ", the object must be recreated",
        });
    }
    line(out, 2, &head);
    if let Some(reason) = &workload.reason {
        line(out, 4, &reason_text(path, reason, workload.decided_by.as_ref()));
    }
    for change in &workload.changes {
        write_change(out, change, paint);
    }
    write_blockers(out, path, &workload.blockers, paint);
    for (index, said) in remaining_warning(workload).into_iter().flatten().enumerate() {
        line(out, if index == 0 { 4 } else { 8 }, &said);
    }
    for relaxed in &workload.relaxed {
        line(out, 4, &format!("note: {}", printable(&relaxed_text(relaxed))));
    }
    for note in &workload.notes {
        line(out, 4, &format!("note: {}", printable(note)));
    }
}

fn carrier_text(path: &str, carrier: &Carrier) -> String {
    let kind = printable(&carrier.kind);
    let at = carrier.line;
    format!("{path}:{at}: {kind} holds pods in a shape that harden does not know: left alone")
}

/// What `kubectl apply` would say of a workload that still violates its target: several violations on a line each.
fn remaining_warning(workload: &WorkloadOutcome) -> Option<Vec<String>> {
    if matches!(workload.status, WorkloadStatus::Compliant | WorkloadStatus::Hardened) {
        return None;
    }
    let said = |text: &str| {
        let warning = checks::warning(&workload.level, &workload.policy_version, text);
        printable(&format!("kubectl apply: {}", warning.trim_end())).into_owned()
    };
    match workload.after.as_slice() {
        [] => None,
        [one] => Some(vec![said(&one.message)]),
        several => {
            let messages = several.iter().map(|finding| printable(&finding.message).into_owned());
            Some(std::iter::once(said("")).chain(messages).collect())
        }
    }
}

/// For what an older cluster refuses what passes here.
fn relaxed_text(relaxed: &Relaxed) -> String {
    let exempt = relaxed.exemption.map_or(String::new(), |exemption| {
        format!(", because of `{}`", exemption.field())
    });
    format!(
        "passes {} only from policy version {} on{exempt}; before: {}",
        relaxed.check, relaxed.since, relaxed.before
    )
}

/// `Deployment shop/web`, with what a reader needs to find it in a list or a long file left to the line number.
pub(super) fn title(workload: &WorkloadOutcome) -> String {
    let name = if workload.name.is_empty() {
        "(no name)"
    } else {
        &workload.name
    };
    let title = match &workload.namespace {
        Some(namespace) => format!("{} {namespace}/{name}", workload.kind),
        None => format!("{} {name}", workload.kind),
    };
    printable(&title).into_owned()
}

fn file_status(outcome: &Outcome, paint: Paint) -> String {
    let role = match outcome.status {
        FileStatus::Unchanged => Role::Plain,
        FileStatus::Hardened => Role::Good,
        FileStatus::Skipped => Role::Faint,
        FileStatus::Failed => Role::Bad,
    };
    paint.text(role, outcome.status.name())
}

fn workload_role(status: WorkloadStatus) -> Role {
    match status {
        WorkloadStatus::Compliant | WorkloadStatus::Hardened => Role::Good,
        WorkloadStatus::Partial | WorkloadStatus::Blocked => Role::Warning,
        WorkloadStatus::Exempt | WorkloadStatus::Skipped => Role::Faint,
    }
}
