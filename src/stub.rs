//! Stands in for the stages between bytes and outcome until they are joined: enough to drive the command line.

use std::path::Path;

use crate::outcome::{FileStatus, Hardened, Outcome, Reason, ReasonCode, WorkloadOutcome, WorkloadStatus};
use crate::plan::{Action, Apply, Basis, Blocker, Planned};
use crate::survey::Context;
use crate::yaml::{FieldPath, Value};

const POD: &str = "securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}";

pub(crate) fn harden_text(name: &Path, bytes: &[u8], context: &Context) -> Outcome {
    let mut outcome = Outcome {
        path: name.to_path_buf(),
        status: FileStatus::Unchanged,
        reason: None,
        workloads: Vec::new(),
        unknown_carriers: Vec::new(),
        hardened: None,
    };
    let Ok(old) = std::str::from_utf8(bytes) else {
        return refused(
            outcome,
            FileStatus::Failed,
            ReasonCode::UnsafeBytes,
            "is not UTF-8; save it as UTF-8",
            None,
        );
    };
    if old.contains("{{") {
        return refused(
            outcome,
            FileStatus::Skipped,
            ReasonCode::Template,
            "is a template",
            Some(1),
        );
    }
    if !old.contains("containers:") {
        return outcome;
    }
    if let Err(error) = serde_yaml::from_str::<serde_yaml::Value>(old) {
        let line = error.location().map(|at| at.line());
        return refused(
            outcome,
            FileStatus::Failed,
            ReasonCode::Unparsable,
            "is not valid YAML; mend it",
            line,
        );
    }
    let mut workload = workload(old, context);
    if old.contains("hostNetwork: true") {
        workload.status = WorkloadStatus::Blocked;
        workload.blockers.push(blocker(line_of(old, "hostNetwork")));
    } else if !old.contains("securityContext") {
        let at = old.find("containers:").unwrap_or(0);
        let indent = old[..at].chars().rev().take_while(|c| *c == ' ').count();
        let new = format!("{}{POD}\n{}{}", &old[..at], " ".repeat(indent), &old[at..]);
        workload.status = WorkloadStatus::Hardened;
        workload.changes.push(change(line_of(old, "containers:")));
        workload.assumed_users.push("c".to_string());
        outcome.status = FileStatus::Hardened;
        outcome.hardened = Some(Hardened {
            old: old.to_string(),
            new,
        });
    }
    outcome.workloads.push(workload);
    outcome
}

fn refused(mut outcome: Outcome, status: FileStatus, code: ReasonCode, message: &str, line: Option<usize>) -> Outcome {
    outcome.status = status;
    outcome.reason = Some(Reason {
        code,
        message: message.to_string(),
        line,
    });
    outcome
}

fn line_of(text: &str, needle: &str) -> usize {
    text.lines()
        .position(|line| line.contains(needle))
        .map_or(1, |at| at + 1)
}

fn word(text: &str, key: &str) -> String {
    let line = text.lines().map(str::trim).find_map(|line| line.strip_prefix(key));
    line.map_or_else(String::new, |rest| rest.trim().to_string())
}

fn workload(text: &str, context: &Context) -> WorkloadOutcome {
    let level = context.rules.level.unwrap_or(crate::checks::Level::Restricted);
    WorkloadOutcome {
        document: 0,
        item: None,
        api_version: word(text, "apiVersion:"),
        kind: word(text, "kind:"),
        namespace: None,
        name: word(text, "name:"),
        line: 1,
        status: WorkloadStatus::Compliant,
        reason: None,
        decided_by: None,
        level: level.to_string(),
        policy_version: "latest".to_string(),
        apply: Apply::InPlace,
        before: Vec::new(),
        after: Vec::new(),
        changes: Vec::new(),
        blockers: Vec::new(),
        images: Vec::new(),
        assumed_users: Vec::new(),
        notes: Vec::new(),
    }
}

fn change(line: usize) -> Planned {
    Planned {
        field: FieldPath::keys(&["spec", "securityContext", "runAsUser"]),
        container: None,
        action: Action::Set,
        from: Some(Value::Int(1)),
        to: Some(Value::Int(65532)),
        basis: Basis::Assumed,
        because: "nothing is known of the image".to_string(),
        line,
    }
}

fn blocker(line: usize) -> Blocker {
    Blocker {
        check: "hostNamespaces",
        code: "host-network",
        field: FieldPath::keys(&["spec", "hostNetwork"]),
        container: None,
        line,
        message: "hostNetwork is true".to_string(),
        suggestion: "remove it".to_string(),
    }
}
