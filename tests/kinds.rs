//! Which objects carry pods: custom resources that hold whole templates, kinds that a config adds, what an API does not
//! take at the pod, and what holds pods in a shape of its own. Runs the real program.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use harden::kube::kinds::{KINDS, Shape, UNKNOWN_CARRIERS};
use serde_json::Value;

/// The report on one file in a folder of its own, with or without a config.
fn report(manifest: &str, config: Option<&str>) -> Value {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("a.yaml"), manifest).unwrap();
    if let Some(config) = config {
        fs::write(here.path().join("harden.yaml"), config).unwrap();
    }
    let run = Command::new(env!("CARGO_BIN_EXE_harden"))
        .args(["--output-format", "json", "a.yaml"])
        .current_dir(here.path())
        .output()
        .unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    let errors = String::from_utf8(run.stderr).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{errors}{manifest}"))
}

/// Statuses of the workloads of a report.
fn statuses(report: &Value) -> Vec<&str> {
    let files = report["files"].as_array().unwrap();
    let workloads = files.iter().flat_map(|file| file["workloads"].as_array().unwrap());
    workloads.map(|w| w["status"].as_str().unwrap()).collect()
}

fn changed_fields(report: &Value) -> BTreeSet<String> {
    let workloads = report["files"][0]["workloads"].as_array().unwrap();
    let changes = workloads.iter().flat_map(|w| w["changes"].as_array().unwrap());
    changes.map(|c| c["field"].as_str().unwrap().to_string()).collect()
}

/// A manifest in JSON, which is YAML, with a pod at the end of a way; `*` is a list of two, or a mapping of two.
fn manifest(api_version: &str, kind: &str, way: &str, shape: Shape, star_is_list: bool) -> (String, usize) {
    let pod = match shape {
        Shape::Spec => r#"{"containers":[{"name":"c","image":"example.com/app:1"}]}"#.to_string(),
        _ => r#"{"spec":{"containers":[{"name":"c","image":"example.com/app:1"}]}}"#.to_string(),
    };
    let mut pods = 1;
    let mut node = pod;
    for step in way.split('.').filter(|s| !s.is_empty()).rev() {
        node = match (step, star_is_list) {
            ("*", true) => format!("[{node},{node}]"),
            ("*", false) => format!(r#"{{"one":{node},"two":{node}}}"#),
            (key, _) => format!(r#"{{"{key}":{node}}}"#),
        };
        pods *= if step == "*" { 2 } else { 1 };
    }
    let rest = node.strip_prefix('{').unwrap();
    let head = format!(r#"{{"apiVersion":"{api_version}","kind":"{kind}","metadata":{{"name":"x"}},"#);
    (format!("{head}{rest}\n"), pods)
}

#[test]
fn every_way_of_every_row_leads_to_pods_in_any_version() {
    let mut text = String::new();
    let mut wanted = 0;
    for row in KINDS {
        for way in row.pods {
            for (group, star_is_list) in row.groups.iter().flat_map(|g| [(g, true), (g, false)]) {
                let api_version = if group.is_empty() {
                    "v1".to_string()
                } else {
                    format!("{group}/v7alpha9")
                };
                let (manifest, pods) = manifest(&api_version, row.kind, way, row.shape, star_is_list);
                text.push_str("---\n");
                text.push_str(&manifest);
                wanted += pods;
            }
        }
    }
    let report = report(&text, None);
    assert_eq!(statuses(&report), vec!["hardened"; wanted]);
}

#[test]
fn knative_gets_everything_at_the_container() {
    let report = report(
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: x\nspec:\n  template:\n    spec:\n      containerConcurrency: 5\n      containers:\n      - name: c\n        image: example.com/app:1\n",
        None,
    );
    assert_eq!(statuses(&report), ["hardened"]);
    let fields = changed_fields(&report);
    assert!(
        fields.contains("spec.template.spec.containers[0].securityContext.runAsNonRoot"),
        "{fields:?}"
    );
    assert!(fields.contains("spec.template.spec.containers[0].securityContext.seccompProfile.type"));
    assert!(fields.contains("spec.template.spec.containers[0].securityContext.runAsUser"));
    assert!(
        fields
            .iter()
            .all(|f| !f.starts_with("spec.template.spec.securityContext")),
        "{fields:?}"
    );
}

#[test]
fn what_the_manifest_has_at_the_pod_its_cluster_takes() {
    let report = report(
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: x\nspec:\n  template:\n    spec:\n      securityContext:\n        runAsUser: 1000\n      containers:\n      - name: c\n        image: example.com/app:1\n",
        None,
    );
    let fields = changed_fields(&report);
    assert!(
        fields.contains("spec.template.spec.securityContext.runAsNonRoot"),
        "{fields:?}"
    );
}

#[test]
fn what_is_needed_at_the_pod_and_not_taken_there_blocks() {
    let low_port = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: x\nspec:\n  template:\n    spec:\n      containers:\n      - name: c\n        image: example.com/app:1\n        ports:\n        - containerPort: 80\n";
    let secret = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: x\nspec:\n  template:\n    spec:\n      containers:\n      - name: c\n        image: example.com/app:1\n        volumeMounts:\n        - {name: s, mountPath: /s}\n      volumes:\n      - name: s\n        secret: {secretName: s, defaultMode: 0400}\n";
    for (manifest, field) in [
        (low_port, "spec.template.spec.securityContext.sysctls"),
        (secret, "spec.template.spec.securityContext.fsGroup"),
    ] {
        let report = report(manifest, None);
        assert_eq!(statuses(&report), ["blocked"], "{field}");
        let blocker = &report["files"][0]["workloads"][0]["blockers"][0];
        assert_eq!(blocker["code"], "field-not-accepted");
        assert_eq!(blocker["field"], field);
    }
}

#[test]
fn a_config_adds_kinds_by_their_ways() {
    let own = "apiVersion: acme.dev/v3\nkind: Fleet\nmetadata:\n  name: x\nspec:\n  groups:\n    a:\n      podTemplate:\n        spec:\n          containers:\n          - {name: c, image: 'example.com/app:1'}\n    b:\n      podTemplate:\n        containers:\n        - {name: c, image: 'example.com/app:1'}\n";
    assert!(statuses(&report(own, None)).is_empty());
    let config = "kinds:\n- group: acme.dev\n  kind: Fleet\n  pods: [spec.groups.*.podTemplate]\n";
    let known = report(own, Some(config));
    assert_eq!(statuses(&known), ["hardened", "hardened"]);
    let fields = changed_fields(&known);
    assert!(
        fields.contains("spec.groups.a.podTemplate.spec.securityContext.runAsNonRoot"),
        "{fields:?}"
    );
    assert!(
        fields.contains("spec.groups.b.podTemplate.securityContext.runAsNonRoot"),
        "{fields:?}"
    );
}

#[test]
fn mistakes_in_added_kinds_name_the_place() {
    let cases = [
        (
            "kinds: [{group: '', kind: A, pods: [spec]}]",
            "harden.yaml:1:10: kinds[0].group: ",
        ),
        (
            "kinds: [{group: a.b, kind: 'A b', pods: [spec]}]",
            "kinds[0].kind: `A b` is not a kind",
        ),
        (
            "kinds: [{group: apps, kind: Deployment, pods: [spec]}]",
            "is known already",
        ),
        (
            "kinds: [{group: a.b, kind: A, pods: ['spec..x']}]",
            "kinds[0].pods[0]: ",
        ),
        ("kinds: [{group: a.b, kind: A, pods: []}]", "kinds[0].pods: is empty"),
        ("kinds: [{group: a.b, kind: A, path: x}]", "unknown key `path`"),
    ];
    for (config, wanted) in cases {
        let here = tempfile::tempdir().unwrap();
        fs::write(here.path().join("harden.yaml"), config).unwrap();
        fs::write(here.path().join("a.yaml"), "a: 1\n").unwrap();
        let run = Command::new(env!("CARGO_BIN_EXE_harden"))
            .current_dir(here.path())
            .output()
            .unwrap();
        let errors = String::from_utf8(run.stderr).unwrap();
        assert_eq!(run.status.code(), Some(2), "{config}");
        assert!(errors.contains(wanted), "{config}: {errors}");
    }
}

#[test]
fn pods_in_another_shape_are_named_whether_or_not_they_say_containers() {
    for (group, kind) in UNKNOWN_CARRIERS
        .iter()
        .flat_map(|(g, kinds)| kinds.iter().map(move |k| (g, k)))
    {
        for body in ["spec: {}\n", "spec:\n  containers: []\n"] {
            let here = tempfile::tempdir().unwrap();
            let manifest = format!("apiVersion: {group}/v1\nkind: {kind}\nmetadata: {{name: x}}\n{body}");
            fs::write(here.path().join("a.yaml"), manifest).unwrap();
            let run = Command::new(env!("CARGO_BIN_EXE_harden"))
                .current_dir(here.path())
                .output()
                .unwrap();
            let errors = String::from_utf8(run.stderr).unwrap();
            assert!(errors.contains(&format!("1 {kind} (a.yaml:1)")), "{errors}");
            assert_eq!(run.status.code(), Some(0), "{errors}");
        }
    }
}

#[test]
fn a_model_server_whose_pod_the_operator_makes_is_named() {
    let here = tempfile::tempdir().unwrap();
    let manifest = "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: x}\nspec:\n  predictor:\n    model: {}\n    workerSpec: {}\n  transformer:\n    containers:\n    - {name: c, image: 'example.com/a:1'}\n";
    fs::write(here.path().join("a.yaml"), manifest).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_harden"))
        .current_dir(here.path())
        .output()
        .unwrap();
    let errors = String::from_utf8(run.stderr).unwrap();
    assert!(errors.contains("1 InferenceService (a.yaml:1)"), "{errors}");
    assert!(String::from_utf8(run.stdout).unwrap().contains("+"));
}

#[test]
fn a_container_needs_no_name_where_the_api_gives_it_one() {
    let service = |kind: &str| {
        format!(
            "apiVersion: serving.knative.dev/v1\nkind: {kind}\nmetadata: {{name: hello}}\nspec:\n  template:\n    spec:\n      containers:\n      - image: example.com/app:1\n"
        )
    };
    let named_by_knative = report(&service("Service"), None);
    assert_eq!(statuses(&named_by_knative), ["hardened"]);
    let user = "spec.template.spec.containers[0].securityContext.runAsUser";
    assert!(changed_fields(&named_by_knative).contains(user), "{named_by_knative}");
    let workload = &named_by_knative["files"][0]["workloads"][0];
    assert_eq!(workload["images"][0]["container"], "user-container", "as it runs");
    let deployment = service("Deployment").replace("serving.knative.dev/v1", "apps/v1");
    assert_eq!(statuses(&report(&deployment, None)), ["skipped"], "a patch");
}

#[test]
fn a_kind_that_nobody_told_of_is_named_where_it_holds_containers() {
    let custom = |spec: &str| format!("apiVersion: acme.dev/v1\nkind: Shop\nmetadata: {{name: x}}\nspec: {spec}\n");
    let pod = "{containers: [{name: c, image: example.com/app:1}]}";
    for spec in [
        pod.to_string(),
        format!("{{template: {{spec: {pod}}}}}"),
        format!("{{parts: [{{podTemplate: {{spec: {pod}}}}}]}}"),
    ] {
        let report = report(&custom(&spec), None);
        let carriers = &report["files"][0]["unknown_carriers"];
        assert_eq!(carriers[0]["kind"], "Shop", "{spec}: {report}");
    }
    // Beside a spec, in a list of templates, in objects within the object.
    for rest in [
        format!("spec: {{templates: {{podTemplates: [{{spec: {pod}}}]}}}}"),
        format!("spec: {{master: {pod}}}"),
        format!("spec: {{manifests: [{{apiVersion: v1, kind: Pod, spec: {pod}}}]}}"),
        format!(
            "objects: [{{apiVersion: apps.openshift.io/v1, kind: DeploymentConfig, spec: {{template: {{spec: {pod}}}}}}}]"
        ),
    ] {
        let report = report(
            &format!("apiVersion: acme.dev/v1\nkind: Shop\nmetadata: {{name: x}}\n{rest}\n"),
            None,
        );
        assert_eq!(
            report["files"][0]["unknown_carriers"][0]["kind"], "Shop",
            "{rest}: {report}"
        );
    }
    // A known kind whose containers stand where another kind has them, in its group and in another.
    for head in ["batch/v1\nkind: Job", "v1\nkind: Job", "apps/v1\nkind: Deployment"] {
        let report = report(
            &format!("apiVersion: {head}\nmetadata: {{name: x}}\nspec: {pod}\n"),
            None,
        );
        assert_eq!(report["summary"]["unknown_carriers"], 1, "{head}: {report}");
    }
    // A policy speaks of the pods of others; what has no group of the API's is for another program.
    let spec = "spec: {rules: [{validate: {pattern: {spec: {containers: [{name: '*', image: '!*:latest'}]}}}}]}";
    for head in ["kyverno.io/v1\nkind: ClusterPolicy", "skaffold/v4beta11\nkind: Config"] {
        let report = report(&format!("apiVersion: {head}\nmetadata: {{name: x}}\n{spec}\n"), None);
        assert_eq!(report["files"].as_array().map(Vec::len), Some(0), "{head}: {report}");
    }
    // A schema, a list of names: no pods.
    for spec in ["{containers: [a, b]}", "{properties: {containers: {type: array}}}"] {
        let report = report(&custom(spec), None);
        assert_eq!(report["files"].as_array().map(Vec::len), Some(0), "{spec}: {report}");
    }
}

#[test]
fn lists_of_a_kind_and_lists_in_lists_are_read() {
    let pod = r#"{"metadata":{"name":"a"},"spec":{"containers":[{"name":"c","image":"example.com/app:1"}]}}"#;
    let of_kind = format!(r#"{{"apiVersion":"v1","kind":"PodList","items":[{pod},{pod}]}}"#);
    assert_eq!(statuses(&report(&of_kind, None)), ["hardened", "hardened"]);
    let own = pod.replacen('{', r#"{"apiVersion":"v1","kind":"Pod","#, 1);
    let nested = format!(
        r#"{{"apiVersion":"v1","kind":"List","items":[{own},{{"apiVersion":"v1","kind":"List","items":[{own}]}}]}}"#
    );
    let report = report(&nested, None);
    assert_eq!(statuses(&report), ["hardened", "hardened"]);
    let lists = report["files"][0]["workloads"].as_array().unwrap();
    assert_eq!(
        lists.iter().map(|w| w["item"].as_u64()).collect::<Vec<_>>(),
        [Some(0), Some(1)]
    );
    // A list without a kind of its own says nothing of its items.
    let untold = format!(r#"{{"apiVersion":"v1","kind":"List","items":[{pod}]}}"#);
    assert_eq!(statuses(&crate::report(&untold, None)), Vec::<&str>::new());
}

#[test]
fn a_seccomp_profile_at_the_pod_does_not_show_that_knative_takes_ids_there() {
    let service = |context: &str| {
        format!(
            "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {{name: hello}}\nspec:\n  template:\n    spec:\n      securityContext: {context}\n      containers:\n      - image: example.com/app:1\n        volumeMounts: [{{name: data, mountPath: /data}}]\n      volumes: [{{name: data, persistentVolumeClaim: {{claimName: data}}}}]\n"
        )
    };
    let of_defaults = report(&service("{seccompProfile: {type: RuntimeDefault}}"), None);
    assert_eq!(statuses(&of_defaults), ["blocked"], "fsGroup cannot be said");
    let of_feature = report(&service("{supplementalGroups: [5]}"), None);
    assert_eq!(statuses(&of_feature), ["hardened"]);
    let fields = changed_fields(&of_feature);
    assert!(
        fields.contains("spec.template.spec.securityContext.fsGroup"),
        "{fields:?}"
    );
    assert!(
        !fields.iter().any(|field| field.ends_with("fsGroupChangePolicy")),
        "{fields:?}"
    );
}

/// Aliases of aliases: few bytes, and more paths than anybody can walk.
fn bomb(leaf: &str, level: impl Fn(&str) -> String) -> String {
    let mut text = format!("  a0: &a0 {leaf}\n");
    for i in 1..9 {
        let aliases = vec![format!("*a{}", i - 1); 40].join(", ");
        text.push_str(&format!("  a{i}: &a{i} {}\n", level(&aliases)));
    }
    text
}

/// What the program prints about a file; a hang is a failure.
fn told_in_time(manifest: &str) -> String {
    told_in_time_of(manifest, &[])
}

fn told_in_time_of(manifest: &str, flags: &[&str]) -> String {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("a.yaml"), manifest).unwrap();
    let mut run = Command::new(env!("CARGO_BIN_EXE_harden"))
        .args(["--output-format", "text", "--output-file", "out", "a.yaml"])
        .args(flags)
        .current_dir(here.path())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while run.try_wait().unwrap().is_none() {
        if started.elapsed() > Duration::from_secs(60) {
            run.kill().unwrap();
            panic!("hangs on {manifest}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    fs::read_to_string(here.path().join("out")).unwrap()
}

#[test]
fn aliases_of_aliases_are_searched_for_pods_once() {
    let bomb = bomb("{x: 1}", |aliases| format!("[{aliases}]"));
    let head = "apiVersion: acme.dev/v1\nkind: Bomb\nmetadata: {name: x}\nspec:\n";
    let pod = "  z: &z {template: {spec: {containers: [{name: c, image: a}]}}}\n  again: *z\n";
    assert!(!told_in_time(&format!("{head}{bomb}  containers: []\n")).contains("Bomb"));
    assert!(told_in_time(&format!("{head}{bomb}{pod}")).contains("a.yaml:1: Bomb holds pods"));
}

#[test]
fn lists_in_lists_by_aliases_are_walked_once() {
    let bomb = bomb("{apiVersion: v1, kind: ConfigMap}", |aliases| {
        format!("{{apiVersion: v1, kind: List, items: [{aliases}]}}")
    });
    let pod =
        "- {apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {containers: [{name: c, image: 'acme/a:1'}]}}\n";
    let text = format!("apiVersion: v1\nkind: List\nz:\n{bomb}items:\n- *a8\n{pod}");
    assert!(told_in_time(&text).contains("Pod x (line"), "{}", told_in_time(&text));
}

#[test]
fn lists_in_lists_by_aliases_are_walked_once_for_whatever_is_looked_for() {
    let head = "apiVersion: v1\nkind: List\nz:\n";
    let releases = "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: x}}";
    for leaf in ["{apiVersion: v1, kind: Namespace, metadata: {name: shop}}", releases] {
        let bomb = bomb(leaf, |aliases| {
            format!("{{apiVersion: v1, kind: List, items: [{aliases}]}}")
        });
        let text = format!("{head}{bomb}items:\n- *a8\n");
        let told = told_in_time_of(&text, &["--label-namespaces", "enforce"]);
        assert!(told.contains("a.yaml:"), "{told}");
    }
}

#[test]
fn a_list_needs_no_api_version_for_its_items_to_be_read() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {containers: [{name: c, image: 'acme/a:1'}]}}";
    assert_eq!(
        statuses(&report(&format!("kind: List\nitems:\n- {pod}\n"), None)),
        ["hardened"]
    );
}
