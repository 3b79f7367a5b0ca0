//! What a run says about what it holds workloads to: policy versions, labels of namespaces, what `kubectl apply` would
//! say, and pods that it cannot judge. Runs the real program.
#![allow(clippy::unwrap_used)]

mod repository;

use std::path::Path;

use serde_json::Value as Json;

use repository::{harden, repository};

const SOUND: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: sound, namespace: shop}
spec:
  securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: c
    image: example.com/app:1
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
";

/// Standard output and standard error.
fn said(cwd: &Path, arguments: &[&str]) -> (String, String) {
    let output = harden(cwd, arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

fn json(cwd: &Path, arguments: &[&str]) -> Json {
    let (out, err) = said(cwd, &[arguments, &["--output-format", "json"]].concat());
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"))
}

fn namespace(labels: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels:\n{labels}")
}

#[test]
fn a_policy_version_that_nobody_knows_yet_is_named_wherever_it_stands() {
    let label = namespace(
        "    pod-security.kubernetes.io/warn: baseline\n    pod-security.kubernetes.io/warn-version: v1.98\n",
    );
    let config = "namespaces:\n- name: other\n  policy-version: v1.97\n";
    let here = repository(&[
        ("k8s/ns.yaml", &label),
        ("harden.yaml", config),
        ("k8s/pod.yaml", SOUND),
    ]);
    let (_, err) = said(here.path(), &["--policy-version", "v1.99"]);
    let as_newest =
        "is newer than all that this harden knows; it is evaluated as v1.37: see whether there is a newer harden";
    for place in ["", "harden.yaml:3: ", "k8s/ns.yaml:7: "] {
        let version = match place {
            "" => "v1.99",
            "harden.yaml:3: " => "v1.97",
            _ => "v1.98",
        };
        let wanted = format!("warning: {place}policy version {version} {as_newest}\n");
        assert!(err.contains(&wanted), "{wanted}{err}");
    }
    let found = json(here.path(), &["--policy-version", "v1.99"]);
    let newer = found["diagnostics"].as_array().unwrap();
    assert_eq!(
        newer.iter().filter(|d| d["code"] == "policy-version").count(),
        3,
        "{newer:?}"
    );
    assert_eq!(
        found["files"][0]["workloads"][0]["policy_version"], "v1.99",
        "as declared"
    );
    let (_, err) = said(
        here.path(),
        &["--no-config", "--policy-version", "v1.37", "k8s/pod.yaml"],
    );
    assert_eq!(err.matches("warning: ").count(), 1, "only the label: {err}");
}

/// The cluster evaluates what it does not know as its own newest.
#[test]
fn a_policy_version_ahead_of_the_cluster_is_said() {
    let here = repository(&[
        ("harden.yaml", "kube-version: \"1.30\"\npolicy-version: v1.31\n"),
        ("pod.yaml", SOUND),
    ]);
    let text = "policy version v1.VERSION is newer than Kubernetes 1.30, which evaluates it as its own newest";
    let (_, err) = said(here.path(), &[]);
    assert!(
        err.contains(&format!("warning: harden.yaml:2: {}", text.replace("VERSION", "31"))),
        "{err}"
    );
    let (_, err) = said(here.path(), &["--policy-version", "v1.32"]);
    assert!(
        err.contains(&format!("warning: {}", text.replace("VERSION", "32"))),
        "{err}"
    );
    let (_, err) = said(here.path(), &["--kube-version", "1.31"]);
    assert!(!err.contains("is newer"), "{err}");
    let (_, err) = said(
        here.path(),
        &["--no-config", "--kube-version", "1.30", "--policy-version", "v1.33"],
    );
    assert!(
        err.contains(&format!("warning: {}", text.replace("VERSION", "33"))),
        "{err}"
    );
}

#[test]
fn namespaces_that_disagree_are_named_by_path_and_line_as_seen_from_here() {
    let files = [
        (
            "a/ns.yaml",
            namespace("    pod-security.kubernetes.io/enforce: baseline\n"),
        ),
        (
            "b/ns.yaml",
            namespace("    pod-security.kubernetes.io/enforce: restricted\n"),
        ),
        ("c/ns.yaml", namespace("    pod-security.kubernetes.io/warn: strict\n")),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let here = repository(&files);
    let wanted = "\
warning: a/ns.yaml:6: the namespace shop asks for baseline:latest here and for restricted:latest on line 6 of b/ns.yaml, \
which counts as the strictest; make them agree, or say in `namespaces` of harden.yaml what it is
";
    let (_, err) = said(here.path(), &[]);
    assert!(err.contains(wanted), "{err}");
    let invalid =
        "c/ns.yaml:6: pod-security.kubernetes.io/warn: \"strict\" must be one of privileged, baseline, restricted";
    assert!(err.contains(invalid), "{err}");
    let (_, err) = said(&here.path().join("a"), &[]);
    assert!(err.contains("warning: ns.yaml:6: "), "{err}");
    assert_eq!(json(here.path(), &[])["diagnostics"][0]["line"], 6);
}

#[test]
fn what_stays_wrong_is_told_in_the_words_of_kubectl() {
    let blocked = SOUND.replace("spec:\n", "spec:\n  hostPID: true\n");
    let here = repository(&[("pod.yaml", &blocked), ("sound.yaml", SOUND)]);
    let warning = "kubectl apply: would violate PodSecurity \"restricted:v1.99\": host namespaces (hostPID=true)\n";
    let text = ["--policy-version", "v1.99", "--output-format", "text"];
    let (out, _) = said(here.path(), &text);
    assert_eq!(out.matches("kubectl apply: ").count(), 1, "{out}");
    assert!(out.contains(warning), "{out}");
    let (_, err) = said(here.path(), &["--policy-version", "v1.99", "-v"]);
    assert!(
        err.contains(&format!("note: pod.yaml:1: Pod shop/sound: {warning}")),
        "{err}"
    );
    let (_, err) = said(here.path(), &[]);
    assert!(!err.contains("kubectl"), "{err}");
}

#[test]
fn a_pass_that_an_old_cluster_refuses_is_said() {
    let root = SOUND
        .replace("spec:\n", "spec:\n  hostUsers: false\n")
        .replace("1000", "0");
    let here = repository(&[("pod.yaml", &root)]);
    let note = "passes runAsUser only from policy version v1.35 on, because of `hostUsers: false`; \
                before: runAsUser=0 (pod must not set runAsUser=0)\n";
    let (out, _) = said(here.path(), &["--output-format", "text"]);
    assert!(out.contains(&format!("    note: {note}")), "{out}");
    let (_, err) = said(here.path(), &["-v"]);
    assert!(
        err.contains(&format!("note: pod.yaml:1: Pod shop/sound: {note}")),
        "{err}"
    );
    // Without any wish for details too, unless the cluster is known.
    let line = "1 workload: 1 compliant; 1 passes only on a cluster from v1.35 on (pod.yaml:1)";
    assert!(said(here.path(), &[]).1.contains(line));
    assert!(!said(here.path(), &["--kube-version", "1.35"]).1.contains("v1.35"));
    let found = json(here.path(), &[]);
    let relaxed = &found["files"][0]["workloads"][0]["relaxed"][0];
    assert_eq!(
        (&relaxed["since"], &relaxed["exemption"]),
        (&"v1.35".into(), &"hostUsers: false".into())
    );
    // That cluster is named: it does not pass.
    assert_eq!(
        harden(here.path(), &["--check", "--kube-version", "1.34"])
            .status
            .code(),
        Some(1)
    );
    assert_eq!(
        harden(here.path(), &["--check", "--kube-version", "1.35"])
            .status
            .code(),
        Some(0)
    );
}

#[test]
fn pods_in_an_unknown_shape_are_in_every_report() {
    let flow = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: flow, namespace: shop}\nspec: {}\n";
    let here = repository(&[("flow.yaml", flow)]);
    let found = json(here.path(), &[]);
    let carrier = serde_json::json!(
        {"api_version": "argoproj.io/v1alpha1", "kind": "Workflow", "namespace": "shop", "name": "flow", "line": 1}
    );
    assert_eq!(found["files"][0]["unknown_carriers"], serde_json::json!([carrier]));
    assert_eq!(found["summary"]["unknown_carriers"], 1);
    let (out, err) = said(here.path(), &["--output-format", "text"]);
    assert!(out.contains("flow.yaml:1: Workflow holds pods in a shape"), "{out}");
    assert!(err.contains("1 Workflow (flow.yaml:1)"), "{err}");
}

/// The operator makes the pod of a model server: the object says no `containers` at all.
#[test]
fn a_spec_that_an_operator_fills_in_is_not_passed_over() {
    let model = "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: m}\n\
                 spec: {predictor: {model: {modelFormat: {name: x}}}}\n";
    let here = repository(&[("model.yaml", model)]);
    let found = json(here.path(), &[]);
    assert_eq!(
        found["files"][0]["unknown_carriers"][0]["kind"], "InferenceService",
        "{found}"
    );
}

#[test]
fn a_release_that_is_none_is_a_usage_error() {
    let here = repository(&[]);
    for word in ["latest", "2.0", "1", "v1"] {
        let output = harden(here.path(), &["--kube-version", word]);
        assert_eq!(output.status.code(), Some(2), "{word}");
    }
}
