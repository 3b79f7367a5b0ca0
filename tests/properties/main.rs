//! What holds for every manifest, tried on random ones in random layouts. `PROPTEST_CASES` asks for more of them.
#![allow(clippy::unwrap_used)]

mod choices;
mod edits;
mod layout;
mod manifest;

use std::path::Path;
use std::sync::LazyLock;

use harden::config::Config;
use harden::context::Context;
use harden::harden_text;
use harden::options::Rules;
use harden::outcome::{FileStatus, Outcome, ReasonCode, WorkloadStatus};
use harden::profiles::Library;
use harden::survey::Survey;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::RngSeed;
use serde::Deserialize;
use serde_yaml::Value;

use choices::Choices;
use layout::{Layout, Written};

static CONFIG: LazyLock<Config> = LazyLock::new(Config::default);
static LIBRARY: LazyLock<Library> = LazyLock::new(Library::builtin);

fn harden(text: &[u8]) -> Outcome {
    let name = Path::new("k8s/web.yaml");
    let survey = Survey::of_texts(&[(name.to_path_buf(), text)]);
    let context = Context {
        rules: &Rules::default(),
        config: &CONFIG,
        library: &LIBRARY,
        survey: &survey,
        root: Path::new("/"),
        relative: name,
        standings: None,
    };
    harden_text(name, text, &context)
}

fn manifests(bytes: &[u8]) -> Written {
    let choices = &mut Choices::new(bytes);
    let count = choices.of(&[1, 1, 2, 3]);
    let documents: Vec<_> = (0..count).map(|_| manifest::workload(choices)).collect();
    Layout::random(choices).write(&documents)
}

fn is_defect(outcome: &Outcome) -> bool {
    let reasons = outcome.workloads.iter().filter_map(|w| w.reason.as_ref());
    let mut reasons = reasons.chain(&outcome.reason);
    reasons.any(|reason| matches!(reason.code, ReasonCode::Verification | ReasonCode::Panic))
}

fn config(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(cases),
        // The same cases on every run, unless more are asked for: a hunt, not a gate.
        rng_seed: if asked.is_some() {
            RngSeed::Random
        } else {
            RngSeed::Fixed(1)
        },
        // A case that fails becomes a fixture in tests/bytes.
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..400)
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn what_was_there_stays_and_what_comes_passes(bytes in bytes()) {
        let before = manifests(&bytes);
        let outcome = harden(before.text.as_bytes());
        prop_assert!(!is_defect(&outcome), "{:?}\n{}", outcome.reason, before.text);
        prop_assert_ne!(outcome.status, FileStatus::Failed, "{:?}\n{}", outcome.reason, before.text);
        for workload in &outcome.workloads {
            let explained = workload.reason.is_some() || !workload.blockers.is_empty();
            let silent = matches!(workload.status, WorkloadStatus::Hardened | WorkloadStatus::Compliant);
            prop_assert_eq!(explained, !silent, "{:?}\n{}", workload, before.text);
        }
        let Some(hardened) = &outcome.hardened else { return Ok(()) };
        let new = &hardened.new;
        // Comments: each once, in the old order.
        let mut rest = new.as_str();
        for comment in &before.comments {
            let at = rest.find(comment.as_str());
            prop_assert!(at.is_some(), "{} is lost or moved\n{}\n{}", comment, before.text, new);
            rest = &rest[at.unwrap() + comment.len()..];
        }
        prop_assert_eq!(new.matches("# c").count(), before.text.matches("# c").count());
        // Line ends, the last one included.
        prop_assert_eq!(new.ends_with('\n'), before.text.ends_with('\n'));
        if before.text.contains("\r\n") {
            prop_assert_eq!(new.matches('\n').count(), new.matches("\r\n").count());
        } else {
            prop_assert!(!new.contains('\r'));
        }
        prop_assert_eq!(lost_lines(&before, new), Vec::<String>::new(), "{}\n{}", before.text, new);
        // A second run.
        let again = harden(new.as_bytes());
        prop_assert!(again.hardened.is_none(), "{}\n{}", new, again.hardened.unwrap().new);
        for (workload, again) in outcome.workloads.iter().zip(&again.workloads) {
            if workload.status == WorkloadStatus::Hardened {
                prop_assert_eq!(again.status, WorkloadStatus::Compliant);
            }
        }
        if outcome.workloads.iter().all(|w| matches!(w.status, WorkloadStatus::Hardened | WorkloadStatus::Compliant)) {
            prop_assert_eq!(wanting(new), Vec::<String>::new(), "{}", new);
        }
    }

    #[test]
    fn broken_bytes_break_nothing(bytes in bytes(), mutations in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8, 0..INDICATORS.len()), 1..6)) {
        let mut text = manifests(&bytes).text.into_bytes();
        for (at, what, with) in mutations {
            if text.is_empty() {
                break;
            }
            let at = at.index(text.len());
            match what {
                0 => drop(text.splice(at..at, INDICATORS[with].bytes())),
                1 => drop(text.splice(at..=at, INDICATORS[with].bytes())),
                2 => drop(text.remove(at)),
                _ => text.truncate(at.max(1)),
            }
        }
        let outcome = harden(&text);
        prop_assert!(!is_defect(&outcome), "{:?}\n{}", outcome.reason, String::from_utf8_lossy(&text));
        if let Some(hardened) = &outcome.hardened {
            let again = harden(hardened.new.as_bytes());
            prop_assert!(again.hardened.is_none(), "{}\n{}", hardened.new, again.hardened.unwrap().new);
        }
    }
}

const INDICATORS: [&str; 32] = [
    "\n", "\r\n", " ", "  ", "\t", ":", ": ", "- ", "-", "#", " #", "{", "}", "[", "]", ",", "\"", "'", "|\n", ">",
    "&a ", "*a", "!", "%", "?", "? ", "---\n", "...\n", "<<: ", "\u{e9}", "\u{feff}", "{}",
];

/// Lines of the old text that are not in the new one, in order. Lines with flow collections may grow; empty values and
/// a misspelled `all` may be replaced; a last line may get a line end.
fn lost_lines(before: &Written, new: &str) -> Vec<String> {
    let mut new = new.lines();
    let replaceable = |line: &str| {
        ["{}", "[]", "null", "~", "all", "capabilities"]
            .iter()
            .any(|part| line.contains(part))
            || before.has_flow
    };
    let mut lost = Vec::new();
    for line in before.text.lines().filter(|line| !replaceable(line)) {
        if !new.any(|n| n == line) {
            lost.push(line.to_string());
        }
    }
    lost
}

/// What a reader that shares nothing with the program misses in the pods of a text.
fn wanting(text: &str) -> Vec<String> {
    let mut pods = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let value = Value::deserialize(document).unwrap();
        collect_pods(&value, &mut pods);
    }
    pods.iter().flat_map(wanting_in).collect()
}

fn collect_pods(value: &Value, pods: &mut Vec<Value>) {
    match value {
        Value::Mapping(map) if map.contains_key("containers") => pods.push(value.clone()),
        Value::Mapping(map) => map.values().for_each(|v| collect_pods(v, pods)),
        Value::Sequence(items) => items.iter().for_each(|v| collect_pods(v, pods)),
        _ => {}
    }
}

fn wanting_in(pod: &Value) -> Vec<String> {
    let mut missing = Vec::new();
    let pod_context = &pod["securityContext"];
    for list in ["initContainers", "containers"] {
        for container in pod[list].as_sequence().into_iter().flatten() {
            let context = &container["securityContext"];
            let either = |key: &str| {
                let own = &context[key];
                if own.is_null() {
                    pod_context[key].clone()
                } else {
                    own.clone()
                }
            };
            let drops = context["capabilities"]["drop"].as_sequence();
            let facts = [
                ("runAsNonRoot", either("runAsNonRoot") == Value::Bool(true)),
                ("runAsUser", either("runAsUser") != 0),
                ("seccompProfile", either("seccompProfile")["type"] == "RuntimeDefault"),
                ("escalation", context["allowPrivilegeEscalation"] == Value::Bool(false)),
                ("drop", drops.is_some_and(|d| d.contains(&Value::from("ALL")))),
            ];
            missing.extend(
                facts
                    .iter()
                    .filter(|(_, holds)| !holds)
                    .map(|(what, _)| format!("{what} of {container:?}")),
            );
            for mount in container["volumeMounts"].as_sequence().into_iter().flatten() {
                let volumes = pod["volumes"].as_sequence();
                if !volumes.is_some_and(|v| v.iter().any(|volume| volume["name"] == mount["name"])) {
                    missing.push(format!("a volume for {mount:?}"));
                }
            }
        }
    }
    missing
}

/// The generators must reach the interesting cases, or the properties above say little.
#[test]
fn random_manifests_are_of_many_kinds() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    for _ in 0..300 {
        let bytes = bytes().new_tree(&mut runner).unwrap().current();
        let before = manifests(&bytes);
        let outcome = harden(before.text.as_bytes());
        *seen.entry(format!("file {}", outcome.status.name())).or_default() += 1;
        for workload in &outcome.workloads {
            *seen.entry(workload.status.name().to_string()).or_default() += 1;
        }
        *seen.entry("flow".into()).or_default() += usize::from(before.has_flow);
        *seen.entry("comments".into()).or_default() += usize::from(before.comments.len() > 3);
    }
    for (what, at_least) in [
        ("hardened", 100),
        ("blocked", 20),
        ("flow", 50),
        ("comments", 50),
        ("file hardened", 100),
    ] {
        assert!(seen.get(what).copied().unwrap_or(0) >= at_least, "{what}: {seen:?}");
    }
}

/// The ids written for the first decide about the second, which is planned before they are written.
#[test]
fn workloads_that_share_a_claim_settle_in_one_run() {
    let workload = |kind: &str| {
        format!(
            "- apiVersion: apps/v1
  kind: {kind}
  metadata: {{name: web}}
  spec:
    template:
      spec:
        containers:
        - name: app
          image: example.com/other:1
          volumeMounts:
          - {{mountPath: /data, name: data}}
        - name: two
          image: postgres:16
        - name: three
          image: gcr.io/distroless/static:nonroot
          volumeMounts:
          - {{mountPath: /data, name: data}}
        volumes:
        - name: data
          persistentVolumeClaim: {{claimName: data}}
"
        )
    };
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n{}{}",
        workload("DaemonSet"),
        workload("Deployment")
    );
    let new = harden(list.as_bytes()).hardened.unwrap().new;
    assert!(harden(new.as_bytes()).hardened.is_none(), "{new}");
}
