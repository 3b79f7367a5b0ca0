//! `--label-namespaces enforce`: what keeps the label from being written, since pods of the namespace would be refused or
//! nobody knows whether they would, and what is only mentioned. Runs the real program on small repositories.
#![allow(clippy::unwrap_used)]

mod repository;

use std::path::Path;

use repository::{harden, repository};

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n";
const LABEL: &str = "pod-security.kubernetes.io/enforce: restricted";

/// A Pod that becomes compliant, in the namespace shop.
const WEB: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\n\
                   spec: {containers: [{name: web, image: redis:7.4}]}\n";
/// The same without a namespace.
const BARE: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n\
                    spec: {containers: [{name: web, image: redis:7.4}]}\n";
/// A Pod that does not.
const AGENT: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: agent, namespace: shop}\n\
                     spec: {hostPID: true, containers: [{name: agent, image: redis:7.4}]}\n";
/// The same without a namespace.
const STRAY: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: agent}\n\
                     spec: {hostPID: true, containers: [{name: agent, image: redis:7.4}]}\n";

/// Whether the diff of a run adds the label, and what it said.
fn labels(cwd: &Path, arguments: &[&str]) -> (bool, String) {
    let output = harden(cwd, &[&["--label-namespaces", "enforce"], arguments].concat());
    let diff = String::from_utf8(output.stdout).unwrap();
    (diff.contains(LABEL), String::from_utf8(output.stderr).unwrap())
}

/// What stands in the files of a case beside `ns.yaml`.
type Files = &'static [(&'static str, &'static str)];

/// Name | files | `!` and what is said against the label, or `~` and what is said beside it.
const CASES: &[(&str, Files, &str)] = &[
    (
        "a hidden manifest",
        &[(".ops/agent.yaml", AGENT)],
        "! .ops/agent.yaml:1: Pod shop/agent: host namespaces",
    ),
    (
        "a hidden manifest that would pass counts as it is",
        &[(".ops/web.yaml", WEB)],
        "! .ops/web.yaml:1: Pod shop/web: as it is, since it is hidden: allowPrivilegeEscalation != false",
    ),
    (
        "a hidden manifest elsewhere",
        &[(".ops/agent.yaml", STRAY)],
        "~ 1 workload that names no namespace (.ops/agent.yaml:1)",
    ),
    (
        "a workload without a namespace",
        &[("agent.yaml", STRAY)],
        "~ 1 workload that names no namespace (agent.yaml:1)",
    ),
    (
        "several",
        &[("agent.yaml", STRAY), ("web.yaml", BARE)],
        "~ may belong to it as well: 2 workloads that name no namespace (agent.yaml:1, ...)",
    ),
    (
        "a template that names it",
        &[(
            "t.yaml",
            "{{ if x }}\nkind: Pod\nmetadata:\n  namespace: shop\nspec:\n  containers: []\n{{ end }}\n",
        )],
        "! t.yaml:4: it is a template; harden what it renders to",
    ),
    (
        "a template with the name as default",
        &[(
            "t.yaml",
            "kind: Pod\nmetadata:\n  namespace: {{ .Values.ns | default \"shop\" }}\nspec:\n  containers: []\n",
        )],
        "! t.yaml:3: it is a template; harden what it renders to",
    ),
    (
        "a template that names another",
        &[(
            "t.yaml",
            "kind: Pod\nmetadata:\n  namespace: {{ .shopping }}\n  name: shop\nspec:\n  containers: []\n",
        )],
        "~ 1 template (t.yaml:",
    ),
    (
        "a chart's template",
        &[
            ("c/Chart.yaml", ""),
            (
                "c/templates/a.yaml",
                "kind: Pod\nmetadata: {name: shop}\nspec:\n  containers: []\n",
            ),
        ],
        "~ 1 template (c/templates/a.yaml:1)",
    ),
    (
        "a chart's template that names it",
        &[
            ("c/Chart.yaml", ""),
            (
                "c/templates/a.yaml",
                "kind: Pod\nmetadata: {namespace: 'shop'}\nspec:\n  containers: []\n",
            ),
        ],
        "! c/templates/a.yaml:2: it is a template of a Helm chart; harden what it renders to",
    ),
    (
        "a partial object",
        &[(
            "p.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p, namespace: shop}\nspec: {template: {spec: {containers: [{name: p}]}}}\n",
        )],
        "! p.yaml:1: Deployment shop/p: ",
    ),
    (
        "a merge key",
        &[(
            "m.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: m, namespace: shop}\nspec:\n  <<: {hostPID: true}\n  containers: [{name: m, image: redis:7.4}]\n",
        )],
        "! m.yaml:1: Pod shop/m: host namespaces",
    ),
    (
        "a merge key that readers take differently",
        &[(
            "m.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: m, namespace: shop}\nspec:\n  hostPID: true\n  <<: {hostPID: false}\n  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}\n  containers: [{name: m, image: redis:7.4, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]\n",
        )],
        "! m.yaml:1: Pod shop/m: kubectl and kustomize make different things",
    ),
    (
        "a release of Helm",
        &[(
            "r.yaml",
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: r, namespace: flux}\nspec: {targetNamespace: shop}\n",
        )],
        "! r.yaml:1: HelmRelease r: it installs into shop what nobody here has read",
    ),
    (
        "a release of Helm for elsewhere",
        &[(
            "r.yaml",
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: r, namespace: shop}\nspec: {targetNamespace: other}\n",
        )],
        "~ no workload of shop was seen",
    ),
    (
        "a release of Helm where it stands",
        &[(
            "r.yaml",
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: r, namespace: shop}\nspec: {chart: x}\n",
        )],
        "! r.yaml:1: HelmRelease r: it installs",
    ),
    (
        "an application of Argo CD",
        &[(
            "a.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: argocd}\nspec: {destination: {namespace: shop}}\n",
        )],
        "! a.yaml:1: Application a: it installs",
    ),
    (
        "an application of Argo CD that does not say where",
        &[(
            "a.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: argocd}\nspec: {destination: {server: x}}\n",
        )],
        "~ 1 object that has others installed and does not say where (a.yaml:1)",
    ),
    (
        "a set of them in a list",
        &[(
            "a.yaml",
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: argoproj.io/v1alpha1\n  kind: ApplicationSet\n  metadata: {name: a}\n  spec: {template: {spec: {destination: {namespace: shop}}}}\n",
        )],
        "! a.yaml:4: ApplicationSet a: it installs",
    ),
    (
        "a Kustomization of Flux",
        &[(
            "k.yaml",
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: k, namespace: flux}\nspec: {targetNamespace: shop}\n",
        )],
        "! k.yaml:1: Kustomization k: it installs",
    ),
    (
        "a flow in no namespace",
        &[(
            "f.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: f}\nspec: {}\n",
        )],
        "~ 1 workload that names no namespace (f.yaml:1)",
    ),
];

#[test]
fn enforce_waits_for_what_nobody_can_judge() {
    check(CASES);
}

/// Cases of kustomize: overlays decide on the namespace and may change the pods.
const OVERLAYS: &[(&str, Files, &str)] = &[
    (
        "a base in two overlays",
        &[
            ("base/kustomization.yaml", "resources: [agent.yaml]\n"),
            ("base/agent.yaml", STRAY),
            ("dev/kustomization.yaml", "namespace: dev\nresources: [../base]\n"),
            ("prod/kustomization.yaml", "namespace: shop\nresources: [../base]\n"),
        ],
        "! base/agent.yaml:1: Pod shop/agent: host namespaces",
    ),
    (
        "the outer overlay decides",
        &[
            ("base/kustomization.yaml", "namespace: base\nresources: [agent.yaml]\n"),
            ("base/agent.yaml", STRAY),
            ("prod/kustomization.yaml", "namespace: shop\nresources: [../base]\n"),
        ],
        "! base/agent.yaml:1: Pod shop/agent: host namespaces",
    ),
    (
        "an overlay puts it elsewhere",
        &[
            ("base/kustomization.yaml", "resources: [agent.yaml]\n"),
            ("base/agent.yaml", AGENT),
            ("dev/kustomization.yaml", "namespace: dev\nresources: [../base]\n"),
            ("prod/kustomization.yaml", "namespace: prod\nresources: [../base]\n"),
        ],
        "~ no workload of shop was seen",
    ),
    (
        "a patch that weakens",
        &[
            ("base/kustomization.yaml", "resources: [web.yaml]\n"),
            ("base/web.yaml", BARE),
            (
                "prod/kustomization.yaml",
                "namespace: shop\nresources: [../base]\npatches:\n- patch: |\n    apiVersion: v1\n    kind: Pod\n    metadata: {name: web}\n    spec: {hostNetwork: true}\n",
            ),
        ],
        "! base/web.yaml:1: Pod shop/web: prod/kustomization.yaml:4 patches its `hostNetwork`",
    ),
    (
        "a patch file that adds a container",
        &[
            (
                "kustomization.yaml",
                "resources: [web.yaml]\npatches: [{path: p.yaml}]\n",
            ),
            ("web.yaml", WEB),
            (
                "p.yaml",
                "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: proxy, image: envoy:1}]}\n",
            ),
        ],
        "! web.yaml:1: Pod shop/web: kustomization.yaml:2 adds the container `proxy`",
    ),
    (
        "a patch by position",
        &[
            (
                "kustomization.yaml",
                "resources: [web.yaml]\npatches:\n- target: {kind: Pod}\n  patch: |\n    - op: add\n      path: /spec/containers/0/securityContext/privileged\n      value: true\n",
            ),
            ("web.yaml", WEB),
        ],
        "! web.yaml:1: Pod shop/web: kustomization.yaml:3 patches its `privileged`",
    ),
    (
        "a patch of something else, and harmless ones",
        &[
            (
                "kustomization.yaml",
                "resources: [web.yaml]\npatches:\n- patch: |\n    kind: Pod\n    metadata: {name: other}\n    spec: {hostPID: true}\n\
                 - target: {kind: Pod, name: web}\n  patch: '[{op: replace, path: /spec/containers/0/image, value: x}]'\n\
                 - patch: |\n    kind: Pod\n    metadata: {name: web}\n    spec: {securityContext: {runAsUser: 1000, runAsNonRoot: true}, containers: [{name: web, image: x}]}\n",
            ),
            ("web.yaml", WEB),
        ],
        "~ the only workload of shop in this repository passes restricted:latest",
    ),
    (
        "a component that patches",
        &[
            (
                "c/kustomization.yaml",
                "kind: Component\npatches:\n- patch: |\n    kind: Pod\n    metadata: {name: web}\n    spec: {hostIPC: true}\n",
            ),
            ("kustomization.yaml", "resources: [web.yaml]\ncomponents: [c]\n"),
            ("web.yaml", WEB),
        ],
        "! web.yaml:1: Pod shop/web: c/kustomization.yaml:3 patches its `hostIPC`",
    ),
    (
        "a chart that kustomize inflates",
        &[("kustomization.yaml", "namespace: shop\nhelmCharts:\n- name: x\n")],
        "! kustomization.yaml:3: it inflates a Helm chart, whose pods nobody here has read",
    ),
    (
        "resources from elsewhere beside the Namespace",
        &[(
            "kustomization.yaml",
            "resources:\n- ns.yaml\n- https://example.com/x.yaml\n",
        )],
        "! kustomization.yaml:3: it builds from https://example.com/x.yaml, which nobody here has read",
    ),
    (
        "resources that are not there",
        &[("kustomization.yaml", "namespace: shop\nresources: [gone.yaml]\n")],
        "! kustomization.yaml:2: it builds from gone.yaml, which nobody here has read",
    ),
    (
        "resources from elsewhere for elsewhere",
        &[("x/kustomization.yaml", "resources:\n- https://example.com/x.yaml\n")],
        "~ 1 kustomization that builds from elsewhere (x/kustomization.yaml:2)",
    ),
];

#[test]
fn enforce_looks_at_what_kustomize_builds() {
    check(OVERLAYS);
}

fn check(cases: &[(&str, Files, &str)]) {
    let mut wrong = String::new();
    for (name, files, wanted) in cases {
        let files = [&[("ns.yaml", NAMESPACE)], *files].concat();
        let here = repository(&files);
        let (is_written, said) = labels(here.path(), &["ns.yaml"]);
        let (sign, wanted) = wanted.split_at(2);
        if is_written != (sign == "~ ") || !said.contains(wanted) {
            wrong += &format!(
                "\n{name}: {}, wanted: {sign}{wanted}\n{said}",
                if is_written { "~" } else { "!" }
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What no walk lists counts where it is named.
#[test]
fn files_that_are_named_count_wherever_they_are() {
    let here = repository(&[
        ("ns.yaml", NAMESPACE),
        (".gitignore", "out/\n"),
        ("out/agent.yaml", AGENT),
        ("agent.txt", AGENT),
        ("sub/.git/HEAD", ""),
        ("sub/agent.yaml", AGENT),
    ]);
    let (is_written, said) = labels(here.path(), &["ns.yaml"]);
    assert!(is_written, "{said}");
    for path in ["out/agent.yaml", "agent.txt", "sub/agent.yaml"] {
        let (is_written, said) = labels(here.path(), &["ns.yaml", path]);
        assert!(!is_written, "{path}: {said}");
        assert!(
            said.contains(&format!("{path}:1: Pod shop/agent: host namespaces")),
            "{path}: {said}"
        );
    }
}

/// The label is judged with the version that stands beside it in the end.
#[test]
fn a_version_that_is_kept_decides_too() {
    let pod = WEB.replace(
        "image: redis:7.4",
        "image: redis:7.4, livenessProbe: {tcpSocket: {host: x, port: 1}}",
    );
    let versioned = format!("{NAMESPACE}  labels:\n    pod-security.kubernetes.io/enforce-version: VERSION\n");
    for (version, wanted) in [("v1.33", true), ("v1.34", false)] {
        let here = repository(&[("ns.yaml", &versioned.replace("VERSION", version)), ("web.yaml", &pod)]);
        let (is_written, said) = labels(here.path(), &["--policy-version", "v1.29", "ns.yaml"]);
        assert_eq!(is_written, wanted, "{version}: {said}");
    }
}

/// Unknown to an older cluster is what a newer policy came to allow.
#[test]
fn a_pass_that_an_old_cluster_refuses_is_said_of_the_label() {
    let root = "apiVersion: v1\nkind: Pod\nmetadata: {name: root, namespace: shop}\nspec:\n  hostUsers: false\n  \
                securityContext: {runAsNonRoot: true, runAsUser: 0, seccompProfile: {type: RuntimeDefault}}\n  \
                containers: [{name: c, image: acme/c:1, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]\n";
    let here = repository(&[("ns.yaml", NAMESPACE), ("root.yaml", root)]);
    let (is_written, said) = labels(here.path(), &["ns.yaml"]);
    assert!(is_written, "{said}");
    let note =
        "a cluster older than v1.35 refuses root.yaml:1: Pod shop/root, whatever the label says (`hostUsers: false`)";
    assert!(said.contains(note), "{said}");
    let (is_written, said) = labels(here.path(), &["--policy-version", "v1.34", "ns.yaml"]);
    assert!(
        !is_written && said.contains("root.yaml:1: Pod shop/root: runAsUser=0"),
        "{said}"
    );
    let (is_written, said) = labels(here.path(), &["--kube-version", "1.35", "ns.yaml"]);
    assert!(is_written && !said.contains("refuses root.yaml"), "{said}");
}

#[test]
fn the_next_step_is_to_harden_what_the_label_counts_on() {
    let here = repository(&[("ns.yaml", NAMESPACE), ("web.yaml", WEB)]);
    let (_, said) = labels(here.path(), &["ns.yaml"]);
    let first =
        "; but first harden the rest of the repository: the labels count on 1 workload that was not named here\n";
    assert!(said.contains(first), "{said}");
    let (_, said) = labels(here.path(), &[]);
    assert!(!said.contains("count on"), "{said}");
    let here = repository(&[("ns.yaml", NAMESPACE), (".x/web.yaml", WEB)]);
    let (_, said) = labels(here.path(), &[]);
    assert!(
        said.contains("harden first what is hidden, excluded or hard-linked"),
        "{said}"
    );
}

#[test]
fn a_hard_link_is_never_hardened_and_counts_as_it_is() {
    let here = repository(&[("ns.yaml", NAMESPACE), ("web.yaml", WEB)]);
    std::fs::hard_link(here.path().join("web.yaml"), here.path().join("twin.txt")).unwrap();
    let (is_written, said) = labels(here.path(), &["ns.yaml"]);
    assert!(!is_written, "{said}");
    assert!(
        said.contains("web.yaml:1: Pod shop/web: as it is, since it is hard-linked:"),
        "{said}"
    );
}

/// What kubectl applies without a namespace goes to `default`.
#[test]
fn a_workload_without_a_namespace_is_one_of_default() {
    let here = repository(&[
        ("ns.yaml", &NAMESPACE.replace("shop", "default")),
        ("agent.yaml", STRAY),
    ]);
    let (is_written, said) = labels(here.path(), &["ns.yaml"]);
    assert!(
        !is_written && said.contains("agent.yaml:1: Pod default/agent"),
        "{said}"
    );
}
