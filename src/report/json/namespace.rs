//! The part of the JSON report that is about Namespace objects which were to get labels.

use serde::Serialize;

use super::super::tally::Tally;
use super::decision::{Block, Cause, Change, block, cause, change, slashed};
use crate::outcome::{self, Doubt, Failing, Loose, NamespaceOutcome, NamespaceStatus, Standing};

#[derive(Serialize)]
pub(super) struct Namespace<'a> {
    document: usize,
    item: Option<usize>,
    name: &'a str,
    line: usize,
    status: &'a str,
    reason: Option<Cause<'a>>,
    level: &'a str,
    policy_version: &'a str,
    changes: Vec<Change<'a>>,
    blockers: Vec<Block<'a>>,
    workloads: Seen<'a>,
}

/// The workloads of the namespace, as far as the repository has them.
#[derive(Serialize)]
struct Seen<'a> {
    seen: usize,
    to_harden: usize,
    /// Of those, in files that the run does not harden.
    to_harden_elsewhere: usize,
    failing: Vec<Fails<'a>>,
    /// Pass only on a cluster that is new enough.
    relaxed: Vec<Lenient<'a>>,
    /// May belong to the namespace.
    in_doubt: Vec<InDoubt<'a>>,
    /// Pods of the namespace may come from elsewhere.
    others_possible: bool,
}

#[derive(Serialize)]
struct Fails<'a> {
    path: String,
    line: usize,
    workload: Option<&'a str>,
    message: &'a str,
}

#[derive(Serialize)]
struct Lenient<'a> {
    path: String,
    line: usize,
    workload: &'a str,
    since: String,
    because: Option<&'a str>,
}

#[derive(Serialize)]
struct InDoubt<'a> {
    code: &'a str,
    count: usize,
    path: String,
    line: usize,
}

/// Counts by status.
#[derive(Serialize)]
pub(super) struct Namespaces {
    unchanged: usize,
    labelled: usize,
    partial: usize,
    blocked: usize,
    exempt: usize,
    skipped: usize,
}

pub(super) fn namespace(n: &NamespaceOutcome) -> Namespace<'_> {
    Namespace {
        document: n.document,
        item: n.item,
        name: &n.name,
        line: n.line,
        status: n.status.name(),
        reason: n.reason.as_ref().map(cause),
        level: &n.level,
        policy_version: &n.policy_version,
        changes: n.changes.iter().map(change).collect(),
        blockers: n.blockers.iter().map(block).collect(),
        workloads: seen(&n.standing),
    }
}

fn seen(standing: &Standing) -> Seen<'_> {
    Seen {
        seen: standing.seen,
        to_harden: standing.to_harden,
        to_harden_elsewhere: standing.elsewhere,
        failing: standing.failing.iter().map(fails).collect(),
        relaxed: standing.relaxed.iter().map(lenient).collect(),
        in_doubt: standing
            .loose
            .iter()
            .map(|(doubt, loose)| in_doubt(*doubt, loose))
            .collect(),
        others_possible: true,
    }
}

fn fails(failing: &Failing) -> Fails<'_> {
    Fails {
        path: slashed(&failing.place.path),
        line: failing.place.line,
        workload: Some(failing.workload.as_str()).filter(|workload| !workload.is_empty()),
        message: &failing.why,
    }
}

fn lenient(lenient: &outcome::Lenient) -> Lenient<'_> {
    Lenient {
        path: slashed(&lenient.place.path),
        line: lenient.place.line,
        workload: &lenient.workload,
        since: lenient.since.to_string(),
        because: Some(lenient.because.as_str()).filter(|because| !because.is_empty()),
    }
}

fn in_doubt(doubt: Doubt, loose: &Loose) -> InDoubt<'static> {
    InDoubt {
        code: doubt.code(),
        count: loose.count,
        path: slashed(&loose.first.path),
        line: loose.first.line,
    }
}

pub(super) fn counts(tally: &Tally) -> Namespaces {
    use NamespaceStatus as N;
    Namespaces {
        unchanged: tally.namespaces(N::Unchanged),
        labelled: tally.namespaces(N::Labelled),
        partial: tally.namespaces(N::Partial),
        blocked: tally.namespaces(N::Blocked),
        exempt: tally.namespaces(N::Exempt),
        skipped: tally.namespaces(N::Skipped),
    }
}
