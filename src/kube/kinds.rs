//! The KINDS table: which objects carry pods, where, and how a change reaches what runs.
//! A row is all it takes to add a kind.

/// How a changed pod template reaches a running object (facts: what the API server lets an update change).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update {
    /// The controller rolls the change out.
    Rolls,
    /// The pod template is immutable: the object must be deleted and created again.
    Recreate,
}

/// One kind of object that carries pods.
#[derive(Debug)]
pub struct Kind {
    pub kind: &'static str,
    /// API groups it lives or lived in; the core group is empty.
    pub groups: &'static [&'static str],
    /// Keys from the object to what holds the pod's `metadata` and `spec`; `*` stands for every item or entry.
    pub template: &'static [&'static str],
    pub update: Update,
}

pub const KINDS: &[Kind] = &[
    Kind {
        kind: "Pod",
        groups: &[""],
        template: &[],
        update: Update::Recreate,
    },
    Kind {
        kind: "PodTemplate",
        groups: &[""],
        template: &["template"],
        update: Update::Rolls,
    },
    Kind {
        kind: "ReplicationController",
        groups: &[""],
        template: TEMPLATE,
        update: Update::Rolls,
    },
    Kind {
        kind: "Deployment",
        groups: &["apps", "extensions"],
        template: TEMPLATE,
        update: Update::Rolls,
    },
    Kind {
        kind: "ReplicaSet",
        groups: &["apps", "extensions"],
        template: TEMPLATE,
        update: Update::Rolls,
    },
    Kind {
        kind: "DaemonSet",
        groups: &["apps", "extensions"],
        template: TEMPLATE,
        update: Update::Rolls,
    },
    Kind {
        kind: "StatefulSet",
        groups: &["apps"],
        template: TEMPLATE,
        update: Update::Rolls,
    },
    Kind {
        kind: "Job",
        groups: &["batch"],
        template: TEMPLATE,
        update: Update::Recreate,
    },
    Kind {
        kind: "CronJob",
        groups: &["batch"],
        template: &["spec", "jobTemplate", "spec", "template"],
        update: Update::Rolls,
    },
];

const TEMPLATE: &[&str] = &["spec", "template"];

/// Kinds that are known to run containers in a shape of their own. They are named in the report, never silently passed
/// over.
pub const UNKNOWN_CARRIERS: &[(&str, &[&str])] = &[
    (
        "argoproj.io",
        &[
            "Workflow",
            "WorkflowTemplate",
            "ClusterWorkflowTemplate",
            "CronWorkflow",
            "Application",
            "ApplicationSet",
        ],
    ),
    (
        "tekton.dev",
        &["Task", "ClusterTask", "TaskRun", "Pipeline", "PipelineRun"],
    ),
    (
        "monitoring.coreos.com",
        &["Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler"],
    ),
    (
        "sparkoperator.k8s.io",
        &["SparkApplication", "ScheduledSparkApplication"],
    ),
    ("helm.toolkit.fluxcd.io", &["HelmRelease"]),
];

/// The row of an object, by `apiVersion` and `kind`. Both are case-sensitive, as in the API server.
pub fn find(api_version: &str, kind: &str) -> Option<&'static Kind> {
    let group = group(api_version);
    KINDS.iter().find(|k| k.kind == kind && k.groups.contains(&group))
}

/// Whether an object runs containers in a shape that is not edited.
pub fn is_unknown_carrier(api_version: &str, kind: &str) -> bool {
    let group = group(api_version);
    UNKNOWN_CARRIERS
        .iter()
        .any(|(g, kinds)| *g == group && kinds.contains(&kind))
}

fn group(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

/// Whether a document can hold a workload at all, by its bytes: the cheap filter before the parser. A document whose
/// only top-level `kind:` is a plain word that is neither of [`KINDS`] nor of [`UNKNOWN_CARRIERS`] nor a list cannot.
pub fn may_hold_workload(document: &str) -> bool {
    if memchr::memmem::find(document.as_bytes(), b"containers").is_none() {
        return false;
    }
    let mut kinds = top_level_kinds(document);
    match (kinds.next(), kinds.next()) {
        (Some(kind), None) => {
            kind.is_none_or(|kind| is_listed(kind) || is_carrier_name(kind) || kind.ends_with("List"))
        }
        _ => true,
    }
}

/// Whether bytes look like a workload to a person: decides between `failed` and `skipped` for what cannot be read.
pub fn shows_workload(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"containers").is_some()
        && memchr::memmem::find_iter(bytes, b"kind").any(|at| {
            let tail = &bytes[at + 4..bytes.len().min(at + 64)];
            let word: Vec<u8> = tail
                .iter()
                .skip_while(|b| matches!(b, b'"' | b'\'' | b':' | b' ' | b'\t'))
                .take_while(|b| b.is_ascii_alphanumeric())
                .copied()
                .collect();
            std::str::from_utf8(&word).is_ok_and(is_listed)
        })
}

fn is_listed(kind: &str) -> bool {
    KINDS.iter().any(|k| k.kind == kind)
}

/// Whether any group has a kind of this name that runs containers in a shape of its own.
fn is_carrier_name(kind: &str) -> bool {
    UNKNOWN_CARRIERS.iter().any(|(_, kinds)| kinds.contains(&kind))
}

/// The values of `kind:` keys in column 0; `None` where the value is not a plain word.
fn top_level_kinds(document: &str) -> impl Iterator<Item = Option<&str>> {
    let first = document.starts_with("kind").then_some(0);
    let later = memchr::memmem::find_iter(document.as_bytes(), b"\nkind").map(|at| at + 1);
    first.into_iter().chain(later).filter_map(move |at| {
        let line = document.get(at + 4..)?.lines().next()?;
        let value = line.trim_start().strip_prefix(':')?;
        let value = value.split(" #").next().unwrap_or(value).trim();
        Some(Some(value).filter(|v| !v.is_empty() && v.bytes().all(|b| b.is_ascii_alphanumeric())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_drops_only_what_cannot_hold_a_workload() {
        let table = [
            ("kind: Deployment\ncontainers:", true),
            ("kind: Deployment\n", false),
            ("kind: ConfigMap\ncontainers", false),
            ("kind: ConfigMap # x\r\ncontainers", false),
            ("kind: ConfigMap\nkind: Pod\ncontainers", true),
            ("kind: \"ConfigMap\"\ncontainers", true),
            ("{\"kind\":\"Pod\",\"containers\"", true),
            ("apiVersion: v1\nkind: PodList\ncontainers", true),
            ("kind: Workflow\ncontainers", true),
            ("kind:\n  Pod\ncontainers", true),
            ("kinds: x\ncontainers", true),
        ];
        for (text, wanted) in table {
            assert_eq!(may_hold_workload(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn kinds_are_found_by_group_and_exact_name() {
        assert!(find("apps/v1", "Deployment").is_some());
        assert!(find("extensions/v1beta1", "Deployment").is_some());
        assert!(find("v1", "Deployment").is_none());
        assert!(find("apps/v1", "deployment").is_none());
        assert!(find("v1", "Pod").is_some());
        assert!(is_unknown_carrier("tekton.dev/v1beta1", "Task"));
    }
}
