//! What people read about Namespace objects that were to get labels: in the text report, in the talk on standard error
//! and in lists.

use super::lines::{
    Talk, blocked, blocked_talk, count, line, list, mark, reason_text, shown, write_blockers, write_change,
};
use super::paint::{Paint, Role, printable};
use super::tally::Tally;
use crate::options::Mode;
use crate::outcome::{NamespaceOutcome, NamespaceStatus, Outcome, Standing};

/// Lines about failing workloads in the report of one namespace.
const LISTED: usize = 20;

pub(super) fn write(out: &mut String, path: &str, namespace: &NamespaceOutcome, paint: Paint) {
    let status = paint.text(role(namespace.status), namespace.status.name());
    let title = title(namespace);
    line(out, 2, &format!("{title} (line {}): {status}", namespace.line));
    if let Some(reason) = &namespace.reason {
        line(out, 4, &reason_text(path, reason, namespace.decided_by.as_ref()));
    }
    for change in &namespace.changes {
        write_change(out, change, paint);
    }
    write_blockers(out, path, &namespace.blockers, paint);
    if is_judged(namespace) {
        line(out, 4, &format!("note: {}", seen(namespace)));
        write_failing(out, namespace);
    }
}

fn write_failing(out: &mut String, namespace: &NamespaceOutcome) {
    let failing = &namespace.standing.failing;
    for one in failing.iter().take(LISTED) {
        line(out, 8, &printable(&one.to_string()));
    }
    if failing.len() > LISTED {
        line(out, 8, &format!("and {} more", failing.len() - LISTED));
    }
}

/// The lines for standard error about what was not labelled.
pub(super) fn talk(outcome: &Outcome, talk: Talk, paint: Paint) -> Vec<String> {
    if outcome.namespaces.is_empty() {
        return Vec::new();
    }
    let path = shown(&outcome.path);
    let mut lines = Vec::new();
    for namespace in &outcome.namespaces {
        if talk >= Talk::Blocked {
            lines.extend(blocked_talk(&path, &title(namespace), &namespace.blockers, paint));
        }
        let is_told = talk == Talk::All || talk >= Talk::Blocked && outcome.leaves_namespace(namespace);
        if let Some(reason) = namespace.reason.as_ref().filter(|_| is_told) {
            let why = reason_text(&path, reason, namespace.decided_by.as_ref());
            let text = format!("{path}:{}: {}: {why}", namespace.line, title(namespace));
            lines.push(mark(Role::Faint, namespace.status.name(), &text, paint));
        }
    }
    lines
}

/// The lines for standard error about what was labelled.
pub(super) fn notes(outcome: &Outcome, paint: Paint) -> Vec<String> {
    let path = shown(&outcome.path);
    let labelled = outcome
        .namespaces
        .iter()
        .filter(|namespace| !namespace.changes.is_empty());
    let note = |namespace: &NamespaceOutcome| {
        let text = format!("{path}:{}: {}: {}", namespace.line, title(namespace), seen(namespace));
        mark(Role::Faint, "note", &text, paint)
    };
    labelled.map(note).collect()
}

/// `path:line: Namespace shop blocked: message`, for lists that other programs read.
pub(super) fn left_lines(outcome: &Outcome) -> Vec<String> {
    let path = shown(&outcome.path);
    let line = |namespace: &NamespaceOutcome| {
        let reason = namespace
            .reason
            .as_ref()
            .filter(|_| outcome.leaves_namespace(namespace));
        let skipped = reason.map(|reason| {
            let at = reason.line.unwrap_or(namespace.line);
            format!(
                "{path}:{at}: {} skipped: {}",
                title(namespace),
                printable(&reason.message)
            )
        });
        let title = format!("{} blocked", title(namespace));
        skipped.or_else(|| blocked(&path, &title, &namespace.blockers))
    };
    outcome.namespaces.iter().filter_map(line).collect()
}

/// What became of the namespaces, where labels were asked for.
pub(super) fn counts(tally: &Tally, mode: Mode) -> Option<String> {
    let labelled = match mode {
        Mode::Write | Mode::Filter => "labelled",
        Mode::Diff | Mode::Check => "to label",
    };
    let parts = NamespaceStatus::ALL.map(|status| match status {
        NamespaceStatus::Labelled => (tally.namespaces(status), labelled),
        _ => (tally.namespaces(status), status.name()),
    });
    let all = parts.iter().map(|(n, _)| n).sum();
    (all > 0).then(|| format!("{}: {}", count(all, "namespace"), list(&parts)))
}

/// A label that is applied before what it counts on refuses the next rollout.
pub(super) fn before_labels(tally: &Tally) -> String {
    let counted_on = tally.counted_on;
    if counted_on == 0 {
        return String::new();
    }
    let were = if counted_on == 1 { "was" } else { "were" };
    let workloads = count(counted_on, "workload");
    format!("; but first harden the rest of the repository: the labels count on {workloads} that {were} not named here")
}

/// Labels bind pods that nobody has seen, so whoever reads of them has to know how far the look went.
fn seen(namespace: &NamespaceOutcome) -> String {
    let standing = &namespace.standing;
    let target = format!("{}:{}", namespace.level, namespace.policy_version);
    let fail = standing.failing.iter().filter(|one| !one.workload.is_empty()).count();
    let pass = standing.seen.saturating_sub(fail);
    let hardened = match standing.to_harden {
        0 => String::new(),
        n => format!(", {n} of them once hardened"),
    };
    let name = printable(&namespace.name);
    let seen = match standing.seen {
        0 => format!("no workload of {name} was seen in this repository"),
        1 if pass == 1 => format!("the only workload of {name} in this repository passes {target}{hardened}"),
        n if pass == n => format!("all {n} workloads of {name} in this repository pass {target}{hardened}"),
        n => format!("{pass} of the {n} workloads of {name} in this repository pass {target}{hardened}"),
    };
    let lenient = lenient(standing);
    let loose = loose(standing);
    format!("{seen}{lenient}{loose}; others that nobody looked at may live in the namespace")
}

/// What passes only where the cluster is new enough.
fn lenient(standing: &Standing) -> String {
    let Some(first) = standing.relaxed.iter().max_by_key(|one| one.since) else {
        return String::new();
    };
    let place = printable(&format!("{}:{}", first.place.path.display(), first.place.line)).into_owned();
    let more = match standing.relaxed.len() - 1 {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let because = match first.because.as_str() {
        "" => String::new(),
        field => format!(" (`{field}`)"),
    };
    format!(
        "; a cluster older than {} refuses {place}: {}{more}, whatever the label says{because}",
        first.since,
        printable(&first.workload)
    )
}

/// What may belong to the namespace.
fn loose(standing: &Standing) -> String {
    let named = standing.loose.iter().map(|(doubt, loose)| {
        let (one, several) = doubt.nouns();
        let place = printable(&format!("{}:{}", loose.first.path.display(), loose.first.line)).into_owned();
        match loose.count {
            1 => format!("1 {one} ({place})"),
            n => format!("{n} {several} ({place}, ...)"),
        }
    });
    let named: Vec<String> = named.collect();
    match named.as_slice() {
        [] => String::new(),
        _ => format!("; may belong to it as well: {}", named.join(", ")),
    }
}

fn is_judged(namespace: &NamespaceOutcome) -> bool {
    !matches!(namespace.status, NamespaceStatus::Exempt | NamespaceStatus::Skipped)
}

fn title(namespace: &NamespaceOutcome) -> String {
    printable(&format!("Namespace {}", namespace.name)).into_owned()
}

fn role(status: NamespaceStatus) -> Role {
    match status {
        NamespaceStatus::Unchanged | NamespaceStatus::Labelled => Role::Good,
        NamespaceStatus::Partial | NamespaceStatus::Blocked => Role::Warning,
        NamespaceStatus::Exempt | NamespaceStatus::Skipped => Role::Faint,
    }
}
