use std::path::Path;

use harden::survey::{Does, Over, Patched, Whose};
use harden::yaml::FieldPath;

use super::{shown, survey};

/// What a patch in `p.yaml` lays over the pod of the Deployment `web`, or of the CronJob of that name.
fn laid(kind: &str, patch: &str) -> Vec<String> {
    let kustomization = format!("resources: [app.yaml]\npatches: [{{path: p.yaml, target: {{kind: {kind}}}}}]\n");
    let survey = survey(&[
        ("kustomization.yaml", &kustomization),
        ("p.yaml", patch),
        ("app.yaml", ""),
    ]);
    let object = Patched {
        kind,
        name: "web",
        labels: None,
        containers: &[],
    };
    let pod = match kind {
        "CronJob" => FieldPath::keys(&["spec", "jobTemplate", "spec", "template", "spec"]),
        _ => FieldPath::keys(&["spec", "template", "spec"]),
    };
    let is_builtin = kind != "Rollout";
    let found = survey.laid_over(Path::new("app.yaml"), object, &pod, is_builtin);
    found.into_iter().map(line).collect()
}

fn line(over: Over) -> String {
    let whose = match &over.laid.whose {
        Whose::Pod => "pod".to_string(),
        Whose::Named(name) => name.clone(),
        Whose::Nth(class, index) => format!("{}/{index}", class.field()),
    };
    let does = match (&over.laid.does, over.replaces()) {
        (_, Some(None)) => "takes away",
        (_, Some(Some(_))) => "replaces",
        (Does::Adds(_), _) => "adds",
        _ => "merges",
    };
    let at = shown(&over.laid.place);
    let at = at.strip_prefix("p.yaml:").unwrap_or(&at);
    format!("{at} {does} {whose} {}", over.laid.keys.join("."))
}

#[test]
fn patches_say_what_becomes_of_lists_and_mappings() {
    let deployment = |spec: &str| format!("spec: {{template: {{spec: {spec}}}}}\n");
    let table: [(&str, String, &[&str]); 12] = [
        (
            "Deployment",
            deployment("{volumes: [{name: a}]}"),
            &["1 merges pod volumes"],
        ),
        (
            "Rollout",
            deployment("{volumes: [{name: a}]}"),
            &["1 replaces pod volumes"],
        ),
        (
            "Deployment",
            deployment("{volumes: [{$patch: replace}, {name: a}]}"),
            &["1 replaces pod volumes"],
        ),
        (
            "Deployment",
            deployment("{volumes: null}"),
            &["1 takes away pod volumes"],
        ),
        ("Deployment", deployment("null"), &["1 takes away pod "]),
        (
            "Deployment",
            "spec: {replicas: 2, template: {metadata: {labels: {a: b}}}}\n".into(),
            &[],
        ),
        ("CronJob", deployment("{volumes: [{name: a}]}"), &[]),
        (
            "CronJob",
            "spec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          hostPID: true\n".into(),
            &["6 replaces pod hostPID"],
        ),
        (
            "Deployment",
            deployment("{containers: [{name: c, env: [{name: A}], args: [x], image: y}]}"),
            &["1 merges pod containers", "1 merges c env", "1 replaces c args"],
        ),
        (
            "Deployment",
            deployment("{securityContext: {$patch: replace, runAsUser: 1}}"),
            &["1 replaces pod securityContext"],
        ),
        (
            "Deployment",
            deployment("{securityContext: {capabilities: {drop: [ALL]}}}"),
            &["1 replaces pod securityContext.capabilities.drop"],
        ),
        (
            "StatefulSet",
            "spec: {volumeClaimTemplates: [{metadata: {name: d}}]}\n".into(),
            &["1 merges pod volumeClaimTemplates"],
        ),
    ];
    for (kind, patch, wanted) in table {
        assert_eq!(laid(kind, &patch), wanted, "{kind}: {patch}");
    }
}

#[test]
fn operations_say_it_by_position() {
    let table: [(&str, &[&str]); 6] = [
        (
            "- {op: add, path: /spec/template/spec/volumes/-, value: {name: a}}\n- op: add\n  \
             path: /spec/template/spec/volumes\n  value: []\n",
            &["1 adds pod volumes", "4 replaces pod volumes"],
        ),
        (
            "[{op: replace, path: /spec/template/spec/containers/1/env, value: []}, \
             {op: add, path: /spec/template/spec/initContainers/0/volumeMounts/0, value: {name: a}}]\n",
            &["1 replaces containers/1 env", "1 adds initContainers/0 volumeMounts"],
        ),
        (
            "[{op: add, path: /spec/template/spec/containers/0, value: {name: a}}, \
             {op: replace, path: /spec/template/spec/containers/0, value: {name: a}}]\n",
            &["1 adds pod containers", "1 replaces containers/0 "],
        ),
        (
            "[{op: remove, path: /spec/template/spec/securityContext}, {op: test, path: /spec/template/spec/volumes}]\n",
            &["1 takes away pod securityContext"],
        ),
        (
            "[{op: move, from: /spec/template/spec/volumes, path: /spec/template/spec/hostPID}]\n",
            &["1 takes away pod volumes", "1 takes away pod hostPID"],
        ),
        (
            "[{op: add, path: /spec/template, value: {spec: {}}}]\n",
            &["1 replaces pod "],
        ),
    ];
    for (patch, wanted) in table {
        assert_eq!(laid("Deployment", patch), wanted, "{patch}");
    }
}

#[test]
fn a_patch_is_everywhere_where_nothing_is_built_without_it() {
    let base = ("base/kustomization.yaml", "resources: [app.yaml]\n");
    let app = ("base/app.yaml", "");
    let patch = "patches: [{patch: '[{op: add, path: /spec/volumes, value: []}]', target: {kind: Pod}}]\n";
    let with = |head: &str| format!("{head}{patch}");
    let (own, over, part) = (
        with("resources: [app.yaml]\n"),
        with("resources: [../base]\n"),
        with("kind: Component\n"),
    );
    let by_part = "resources: [../base]\ncomponents: [../part]\n";
    let plain = "resources: [../base]\n";
    let table: [(&[(&str, &str)], bool); 6] = [
        (&[("base/kustomization.yaml", &own)], true),
        (&[base, ("a/kustomization.yaml", &over)], true),
        (
            &[base, ("a/kustomization.yaml", &over), ("b/kustomization.yaml", plain)],
            false,
        ),
        (
            &[
                base,
                ("a/kustomization.yaml", &over),
                ("b/kustomization.yaml", "resources: [../a]\n"),
            ],
            true,
        ),
        (
            &[
                base,
                ("a/kustomization.yaml", by_part),
                ("part/kustomization.yaml", &part),
            ],
            true,
        ),
        (
            &[
                base,
                ("a/kustomization.yaml", by_part),
                ("b/kustomization.yaml", plain),
                ("part/kustomization.yaml", &part),
            ],
            false,
        ),
    ];
    for (files, wanted) in table {
        let files: Vec<_> = files.iter().copied().chain([app]).collect();
        let survey = survey(&files);
        let object = Patched {
            kind: "Pod",
            name: "web",
            labels: None,
            containers: &[],
        };
        let found = survey.laid_over(Path::new("base/app.yaml"), object, &FieldPath::keys(&["spec"]), true);
        let everywhere: Vec<bool> = found.iter().map(|over| over.everywhere).collect();
        assert_eq!(everywhere, [wanted], "{files:?}");
    }
}
