//! The JSON report, version 1: a contract. Members may be added, none removed or renamed; their order means nothing.
//! Files are rendered one by one, so that a run never holds them all; `summary` therefore comes last.

mod namespace;

use std::path::Path;

use serde::Serialize;

use super::tally::Tally;
use crate::change::{Action, Blocker, Planned};
use crate::checks::Relaxed;
use crate::kube::workload::Carrier;
use crate::outcome::{self, Diagnostic, Ground, Outcome, Reason, WorkloadOutcome};
use crate::yaml::Value;
use namespace::{Namespace, Namespaces};

/// Of the shape of the report; raised when a member changes its meaning.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct File<'a> {
    path: String,
    status: &'a str,
    reason: Option<Cause<'a>>,
    workloads: Vec<Workload<'a>>,
    namespaces: Vec<Namespace<'a>>,
    unknown_carriers: Vec<Unknown<'a>>,
}

/// An object that holds pods in a shape that is not known.
#[derive(Serialize)]
struct Unknown<'a> {
    api_version: &'a str,
    kind: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
    line: usize,
}

#[derive(Serialize)]
struct Cause<'a> {
    code: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct Workload<'a> {
    document: usize,
    item: Option<usize>,
    api_version: &'a str,
    kind: &'a str,
    namespace: Option<&'a str>,
    /// `null` where the object says none, as with `generateName`.
    name: Option<&'a str>,
    line: usize,
    status: &'a str,
    reason: Option<Cause<'a>>,
    level: &'a str,
    policy_version: &'a str,
    apply: &'a str,
    before: Vec<Finding<'a>>,
    after: Vec<Finding<'a>>,
    relaxed: Vec<Relaxation<'a>>,
    changes: Vec<Change<'a>>,
    blockers: Vec<Block<'a>>,
    images: Vec<Image<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Finding<'a> {
    check: &'a str,
    message: &'a str,
}

/// A pass that needs a cluster which is not too old.
#[derive(Serialize)]
struct Relaxation<'a> {
    check: &'a str,
    since: String,
    exemption: Option<&'a str>,
    before: &'a str,
}

#[derive(Serialize)]
struct Change<'a> {
    field: String,
    container: Option<&'a str>,
    action: &'a str,
    from: Option<serde_json::Value>,
    to: Option<serde_json::Value>,
    basis: &'a str,
    because: &'a str,
    line: usize,
}

#[derive(Serialize)]
struct Block<'a> {
    check: &'a str,
    code: &'a str,
    field: String,
    container: Option<&'a str>,
    line: usize,
    message: &'a str,
    suggestion: String,
}

#[derive(Serialize)]
struct Image<'a> {
    container: &'a str,
    image: &'a str,
    profile: Option<&'a str>,
    user_rests_on: Option<&'a str>,
}

#[derive(Serialize)]
struct Remark<'a> {
    code: &'a str,
    message: &'a str,
    path: Option<String>,
    line: Option<usize>,
}

#[derive(Serialize)]
struct Summary {
    files: Files,
    workloads: Workloads,
    containers: Containers,
    changes: Changes,
    namespaces: Namespaces,
    unknown_carriers: usize,
}

#[derive(Serialize)]
struct Files {
    seen: usize,
    unchanged: usize,
    hardened: usize,
    skipped: usize,
    failed: usize,
}

#[derive(Serialize)]
struct Workloads {
    compliant: usize,
    hardened: usize,
    partial: usize,
    blocked: usize,
    exempt: usize,
    skipped: usize,
}

/// By what it rests on who runs them.
#[derive(Serialize)]
struct Containers {
    manifest: usize,
    config: usize,
    profile: usize,
    dockerfile: usize,
    assumed: usize,
    undecided: usize,
}

#[derive(Serialize)]
struct Changes {
    standard: usize,
    manifest: usize,
    config: usize,
    profile: usize,
    assumed: usize,
    #[serde(rename = "override")]
    overridden: usize,
}

/// The report up to its first file.
pub(super) fn opening(diagnostics: &[Diagnostic]) -> Vec<u8> {
    let remarks: Vec<Remark<'_>> = diagnostics
        .iter()
        .map(|d| Remark {
            code: d.code,
            message: &d.message,
            path: d.path.as_deref().map(slashed),
            line: d.line,
        })
        .collect();
    let version = env!("CARGO_PKG_VERSION");
    let mut out = format!("{{\"version\":{VERSION},\"tool_version\":\"{version}\",\"diagnostics\":").into_bytes();
    out.extend(to_json(&remarks));
    out.extend_from_slice(b",\"files\":[");
    out
}

/// One element of `files`, without a comma.
pub(super) fn file(outcome: &Outcome) -> Vec<u8> {
    to_json(&File {
        path: slashed(&outcome.path),
        status: outcome.status.name(),
        reason: outcome.reason.as_ref().map(cause),
        workloads: outcome.workloads.iter().map(workload).collect(),
        namespaces: outcome.namespaces.iter().map(namespace::namespace).collect(),
        unknown_carriers: outcome.unknown_carriers.iter().map(unknown).collect(),
    })
}

/// The report after its last file.
pub(super) fn closing(tally: &Tally) -> Vec<u8> {
    let mut out = b"\n],\"summary\":".to_vec();
    out.extend(to_json(&summary(tally)));
    out.extend_from_slice(b"}\n");
    out
}

fn unknown(carrier: &Carrier) -> Unknown<'_> {
    Unknown {
        api_version: &carrier.api_version,
        kind: &carrier.kind,
        namespace: carrier.namespace.as_deref(),
        name: &carrier.name,
        line: carrier.line,
    }
}

fn workload(w: &WorkloadOutcome) -> Workload<'_> {
    Workload {
        document: w.document,
        item: w.item,
        api_version: &w.api_version,
        kind: &w.kind,
        namespace: w.namespace.as_deref(),
        name: w.has_name.then_some(w.name.as_str()),
        line: w.line,
        status: w.status.name(),
        reason: w.reason.as_ref().map(cause),
        level: &w.level,
        policy_version: &w.policy_version,
        apply: w.apply.name(),
        before: w.before.iter().map(finding).collect(),
        after: w.after.iter().map(finding).collect(),
        relaxed: w.relaxed.iter().map(relaxation).collect(),
        changes: w.changes.iter().map(change).collect(),
        blockers: w.blockers.iter().map(block).collect(),
        images: w
            .images
            .iter()
            .map(|i| Image {
                container: &i.container,
                image: &i.image,
                profile: i.profile.as_deref(),
                user_rests_on: i.user_rests_on.map(Ground::name),
            })
            .collect(),
        notes: &w.notes,
    }
}

fn finding(finding: &outcome::Finding) -> Finding<'_> {
    Finding {
        check: finding.check,
        message: &finding.message,
    }
}

fn relaxation(relaxed: &Relaxed) -> Relaxation<'_> {
    Relaxation {
        check: relaxed.check,
        since: relaxed.since.to_string(),
        exemption: relaxed.exemption.map(|exemption| exemption.field()),
        before: &relaxed.before,
    }
}

fn change(planned: &Planned) -> Change<'_> {
    Change {
        field: planned.field.to_string(),
        container: planned.container.as_deref(),
        action: match planned.action {
            Action::Set => "set",
            Action::Remove => "remove",
        },
        from: planned.from.as_ref().map(json_value),
        to: planned.to.as_ref().map(json_value),
        basis: planned.basis.name(),
        because: &planned.because,
        line: planned.line,
    }
}

fn block(blocker: &Blocker) -> Block<'_> {
    Block {
        check: blocker.check,
        code: blocker.code,
        field: blocker.field.to_string(),
        container: blocker.container.as_deref(),
        line: blocker.line,
        message: &blocker.message,
        suggestion: blocker.suggestion.to_string(),
    }
}

fn cause(reason: &Reason) -> Cause<'_> {
    Cause {
        code: reason.code.code(),
        message: &reason.message,
    }
}

fn summary(tally: &Tally) -> Summary {
    use crate::change::Basis as B;
    use crate::outcome::{FileStatus as F, WorkloadStatus as W};
    Summary {
        files: Files {
            seen: tally.seen,
            unchanged: tally.files(F::Unchanged),
            hardened: tally.files(F::Hardened),
            skipped: tally.files(F::Skipped),
            failed: tally.files(F::Failed),
        },
        workloads: Workloads {
            compliant: tally.workloads(W::Compliant),
            hardened: tally.workloads(W::Hardened),
            partial: tally.workloads(W::Partial),
            blocked: tally.workloads(W::Blocked),
            exempt: tally.workloads(W::Exempt),
            skipped: tally.workloads(W::Skipped),
        },
        containers: Containers {
            manifest: tally.containers(Some(Ground::Manifest)),
            config: tally.containers(Some(Ground::Config)),
            profile: tally.containers(Some(Ground::Profile)),
            dockerfile: tally.containers(Some(Ground::Dockerfile)),
            assumed: tally.containers(Some(Ground::Assumed)),
            undecided: tally.containers(None),
        },
        changes: Changes {
            standard: tally.changes(B::Standard),
            manifest: tally.changes(B::Manifest),
            config: tally.changes(B::Config),
            profile: tally.changes(B::Profile),
            assumed: tally.changes(B::Assumed),
            overridden: tally.changes(B::Override),
        },
        namespaces: namespace::counts(tally),
        unknown_carriers: tally.carriers.values().map(|(count, _)| count).sum(),
    }
}

/// A manifest's value in JSON: what JSON cannot say (an integer beyond 64 bits, `.inf`) becomes its spelling.
fn json_value(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Int(n) => serde_json::Number::from_i128(*n).map_or_else(|| Json::String(n.to_string()), Json::Number),
        Value::Float(spelling) => spelling
            .parse()
            .ok()
            .and_then(serde_json::Number::from_f64)
            .map_or_else(|| Json::String(spelling.to_string()), Json::Number),
        Value::Str(text) => Json::String(text.to_string()),
        Value::List(items) => Json::Array(items.iter().map(json_value).collect()),
        Value::Map(pairs) => Json::Object(pairs.iter().map(|(k, v)| (key_text(k), json_value(v))).collect()),
        Value::Tagged(_, inner) => json_value(inner),
    }
}

fn key_text(key: &Value) -> String {
    match json_value(key) {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}

fn slashed(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) {
        text.replace('\\', "/")
    } else {
        text.into_owned()
    }
}

/// Plain structs with string keys always serialise.
fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_else(|_| b"null".to_vec())
}
