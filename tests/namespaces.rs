//! `--label-namespaces`: which labels a Namespace manifest gets, in which layout, and when `enforce` is not written.
//! Runs the real program on small repositories.
#![allow(clippy::unwrap_used)]

mod repository;
mod shared_data;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value as Json;

use repository::{harden, repository};

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n";
/// Becomes compliant.
const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: redis:7.4
";
/// Does not.
const AGENT: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: shop}
spec:
  hostPID: true
  containers: [{name: agent, image: redis:7.4}]
";

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The namespaces of the JSON report, in the order of files.
fn report(cwd: &Path, arguments: &[&str]) -> (Json, Vec<Json>) {
    let output = harden(cwd, &[arguments, &["--output-format", "json"]].concat());
    let report: Json = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", stderr(&output)));
    let files = report["files"].as_array().unwrap().clone();
    let namespaces = files
        .iter()
        .flat_map(|file| file["namespaces"].as_array().unwrap().clone())
        .collect();
    (report, namespaces)
}

/// The text of `ns.yaml` after a write, which a second one leaves alone.
fn labelled(text: &str, arguments: &[&str]) -> String {
    let here = repository(&[("ns.yaml", text), ("web.yaml", WEB)]);
    let arguments = [&["--write"], arguments].concat();
    let output = harden(here.path(), &arguments);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{text}{}", stderr(&output));
    let first = fs::read_to_string(here.path().join("ns.yaml")).unwrap();
    harden(here.path(), &arguments);
    let second = fs::read_to_string(here.path().join("ns.yaml")).unwrap();
    assert_eq!(first, second, "a second run changes nothing");
    first
}

#[test]
fn without_the_flag_no_namespace_is_touched() {
    let here = repository(&[("ns.yaml", NAMESPACE)]);
    assert_eq!(harden(here.path(), &["--check"]).status.code(), Some(0));
    assert_eq!(report(here.path(), &[]).1, Vec::<Json>::new());
}

/// The namespace of the shop that others hardened by hand has these labels, in this order.
#[test]
fn the_label_set_of_the_bookstore() {
    let Some(data) = shared_data::shared("data/bookstore") else {
        return;
    };
    let here = repository(&[]);
    for entry in fs::read_dir(data.join("before")).unwrap() {
        let path = entry.unwrap().path();
        fs::write(here.path().join(path.file_name().unwrap()), fs::read(&path).unwrap()).unwrap();
    }
    let output = harden(here.path(), &["--write", "--label-namespaces", "enforce,audit,warn"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let lines = |text: String| {
        let lines = text.lines().map(str::to_string);
        lines
            .filter(|line| !line.trim_start().starts_with('#'))
            .collect::<Vec<_>>()
    };
    let ours = lines(fs::read_to_string(here.path().join("00-namespace.yaml")).unwrap());
    let theirs = lines(fs::read_to_string(data.join("after/00-namespace.yaml")).unwrap());
    assert_eq!(ours, theirs);
    let said = stderr(&output);
    assert!(
        said.contains("all 11 workloads of bookstore in this repository pass restricted:latest"),
        "{said}"
    );
    assert!(
        said.contains("others that nobody looked at may live in the namespace"),
        "{said}"
    );
}

#[test]
fn the_namespace_of_the_example_gets_the_same_labels() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/bookstore");
    let output = harden(
        &example,
        &["--label-namespaces", "enforce,audit,warn", "k8s/namespace.yaml"],
    );
    let diff = String::from_utf8(output.stdout.clone()).unwrap();
    let added: Vec<&str> = diff
        .lines()
        .filter(|line| line.starts_with('+') && !line.starts_with("+++"))
        .collect();
    let wanted = [
        "+  labels:",
        "+    pod-security.kubernetes.io/enforce: restricted",
        "+    pod-security.kubernetes.io/enforce-version: latest",
        "+    pod-security.kubernetes.io/audit: restricted",
        "+    pod-security.kubernetes.io/audit-version: latest",
        "+    pod-security.kubernetes.io/warn: restricted",
        "+    pod-security.kubernetes.io/warn-version: latest",
    ];
    assert_eq!(added, wanted, "{}", stderr(&output));
}

/// Name, text before and after; `LABEL` stands for what all labels begin with.
fn layouts() -> Vec<(&'static str, String, String)> {
    let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: shop, labels: {a: b}}\n";
    let json =
        "{\n  \"kind\": \"Namespace\",\n  \"apiVersion\": \"v1\",\n  \"metadata\": {\n    \"name\": \"shop\"\n  }\n}\n";
    let in_json = "\"shop\",\n    \"labels\": {\n      \"LABELwarn\": \"restricted\",\n      \"LABELwarn-version\": \"latest\"\n    }\n";
    let kyaml = "---\n{\n  apiVersion: \"v1\",\n  kind: \"Namespace\",\n  metadata: {\n    name: \"shop\",\n    labels: {\n      a: \"b\",\n    },\n  },\n}\n";
    let in_kyaml = "a: \"b\",\n      LABELwarn: \"restricted\",\n      LABELwarn-version: \"latest\",\n";
    let commented = "# top\napiVersion: v1\nkind: Namespace # is one\nmetadata:\n  # ours\n  labels:\n    # who\n    a: b # why\n    # last\n  name: shop\nspec: {}\n";
    let block = "    LABELwarn: restricted\n    LABELwarn-version: latest\n";
    let flow = "a: b, LABELwarn: restricted, LABELwarn-version: latest";
    let new = format!("{NAMESPACE}  labels:\n{block}");
    let crlf = |text: String| text.replace('\n', "\r\n");
    vec![
        ("no labels", NAMESPACE.to_string(), new.clone()),
        ("no value", format!("{NAMESPACE}  labels:\n"), new.clone()),
        ("empty", format!("{NAMESPACE}  labels: {{}}\n"), new),
        (
            "CRLF without a last line end",
            crlf(format!("{NAMESPACE}  labels:\n    a: b")),
            crlf(format!("{NAMESPACE}  labels:\n    a: b\n{}", block.trim_end())),
        ),
        (
            "flow",
            format!("{NAMESPACE}  labels: {{a: b}} # c\n"),
            format!("{NAMESPACE}  labels: {{{flow}}} # c\n"),
        ),
        ("list", list.to_string(), list.replace("a: b", flow)),
        ("JSON", json.to_string(), json.replace("\"shop\"\n", in_json)),
        ("KYAML", kyaml.to_string(), kyaml.replace("a: \"b\",\n", in_kyaml)),
        (
            "keys in quotes",
            format!("{NAMESPACE}  labels:\n    \"a/b\": c\n"),
            format!("{NAMESPACE}  labels:\n    \"a/b\": c\n    \"LABELwarn\": restricted\n    \"LABELwarn-version\": latest\n"),
        ),
        (
            "all in quotes",
            format!("{NAMESPACE}  labels:\n    \"a\": \"b\"\n"),
            format!("{NAMESPACE}  labels:\n    \"a\": \"b\"\n    \"LABELwarn\": \"restricted\"\n    \"LABELwarn-version\": \"latest\"\n"),
        ),
        (
            "some in quotes",
            format!("{NAMESPACE}  labels:\n    \"a/b\": \"c\"\n    d: e\n"),
            format!("{NAMESPACE}  labels:\n    \"a/b\": \"c\"\n    d: e\n{block}"),
        ),
        (
            "typed list",
            "apiVersion: v1\nkind: NamespaceList\nitems:\n- metadata: {name: shop, labels: {a: b}}\n".to_string(),
            format!("apiVersion: v1\nkind: NamespaceList\nitems:\n- metadata: {{name: shop, labels: {{{flow}}}}}\n"),
        ),
        (
            "list in a list",
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items:\n  - apiVersion: v1\n    kind: Namespace\n    metadata: {name: shop, labels: {a: b}}\n".to_string(),
            format!("apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items:\n  - apiVersion: v1\n    kind: Namespace\n    metadata: {{name: shop, labels: {{{flow}}}}}\n"),
        ),
        (
            "comments",
            commented.to_string(),
            commented.replace("# why\n", &format!("# why\n{block}")),
        ),
    ]
}

#[test]
fn every_layout_is_kept() {
    for (name, before, after) in layouts() {
        let wanted = after.replace("LABEL", "pod-security.kubernetes.io/");
        assert_eq!(labelled(&before, &["--label-namespaces", "warn"]), wanted, "{name}");
    }
}

/// Labels | flags | labels afterwards: `!` before them marks a namespace that needs a decision, `-` one that is exempt.
const KEPT: &str = "
# the level is the target's: that of the labels where nothing else says it
enforce: baseline | | enforce: baseline, warn: baseline, warn-version: latest
enforce: baseline | --level restricted | enforce: baseline, warn: restricted, warn-version: latest
| --level baseline | warn: baseline, warn-version: latest
| --policy-version v1.29 | warn: restricted, warn-version: v1.29
# as strict or stricter is kept, and a version that is not said is the newest
warn: restricted | | warn: restricted
warn: restricted | --level baseline | warn: restricted
warn: restricted, warn-version: v1.30 | --policy-version v1.29 | warn: restricted, warn-version: v1.30
warn: restricted, warn-version: v1.20 | --level baseline | warn: restricted, warn-version: v1.20
# less is somebody's decision
warn: baseline | --level restricted | ! warn: baseline
warn: restricted, warn-version: v1.20 | --level restricted | ! warn: restricted, warn-version: v1.20
warn-version: v1.20 | | ! warn-version: v1.20
warn: strict | --level restricted | ! warn: strict
# unless the reversal is asked for, and never to less
warn: baseline | --level restricted --accept override | warn: restricted, warn-version: latest
warn: baseline, warn-version: latest | --level restricted --policy-version v1.29 --accept override | warn: restricted, warn-version: latest
enforce: baseline, warn: baseline | --level restricted --policy-version v1.29 --accept override | enforce: baseline, warn: restricted, warn-version: latest
warn: strict, warn-version: 1.29 | --level restricted --accept override | warn: restricted, warn-version: latest
# who asks for nothing gets nothing
enforce: privileged | | - enforce: privileged
";

#[test]
fn what_is_there_is_kept_unless_it_asks_for_less() {
    let manifest = |labels: &str| {
        let labels = labels.split(", ").filter(|label| !label.is_empty());
        let lines: String = labels
            .map(|label| format!("    pod-security.kubernetes.io/{label}\n"))
            .collect();
        let head = if lines.is_empty() { "" } else { "  labels:\n" };
        format!("{NAMESPACE}{head}{lines}")
    };
    for row in KEPT.lines().filter(|row| row.contains('|')) {
        let [before, flags, after] = row.split('|').map(str::trim).collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        let mut flags: Vec<&str> = flags.split_whitespace().collect();
        flags.extend(["--label-namespaces", "warn"]);
        let (status, after) = match after.split_at(2) {
            ("! ", after) => ("blocked", after),
            ("- ", after) => ("exempt", after),
            _ if before == after => ("unchanged", after),
            _ => ("labelled", after),
        };
        assert_eq!(labelled(&manifest(before), &flags), manifest(after), "{row}");
        let here = repository(&[("ns.yaml", &manifest(before))]);
        let (_, namespaces) = report(here.path(), &flags);
        assert_eq!(namespaces[0]["status"], status, "{row}");
        let code = harden(here.path(), &[&["--write"], &flags[..]].concat()).status.code();
        assert_eq!(code, Some(i32::from(status == "blocked")), "{row}");
    }
}

/// Name, files beside the namespace and a web server, and what is said against enforcing.
type Obstacle = (&'static str, Vec<(&'static str, String)>, Option<&'static str>);

fn obstacles() -> Vec<Obstacle> {
    let agent = |text: String| ("agent.yaml", text);
    let fails = Some("agent.yaml:1: Pod shop/agent: host namespaces");
    let with = |name, text: &str| vec![agent(AGENT.to_string()), (name, text.to_string())];
    let flow = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: f, namespace: shop}\nspec: {}\n";
    let less = "paths:\n- path: agent.yaml\n  level: privileged\n";
    let patch = "patches:\n- path: agent.yaml\nresources: [web.yaml]\n";
    let renamed = "namespace: other\nresources: [web.yaml, ns.yaml]\n";
    let unknown = Some("flow.yaml:1: Workflow shop/f: it makes pods in a shape");
    let unread = Some("broken.yaml:8: it is not valid YAML");
    vec![
        ("alone", vec![], None),
        ("one fails", vec![agent(AGENT.to_string())], fails),
        (
            "in another namespace",
            vec![agent(AGENT.replace("namespace: shop", "namespace: ops"))],
            None,
        ),
        (
            "in no namespace",
            vec![agent(AGENT.replace(", namespace: shop", ""))],
            None,
        ),
        (
            "ignored",
            vec![agent(AGENT.replace("spec:", "spec: # harden: ignore"))],
            fails,
        ),
        ("held to less", with("harden.yaml", less), fails),
        ("excluded", with("harden.yaml", "exclude: [agent.yaml]\n"), fails),
        ("nobody knows its pods", vec![("flow.yaml", flow.to_string())], unknown),
        ("unreadable", vec![("broken.yaml", format!("{AGENT}x: [\n"))], unread),
        (
            "unreadable and elsewhere",
            vec![("broken.yaml", "kind: Pod\ncontainers: [\n".to_string())],
            None,
        ),
        ("a patch is no workload", with("kustomization.yaml", patch), None),
        ("kustomize renames", with("kustomization.yaml", renamed), None),
    ]
}

#[test]
fn enforce_waits_for_every_workload_of_the_namespace() {
    for (name, files, wanted) in obstacles() {
        let beside = files.iter().map(|(path, text)| (*path, text.as_str()));
        let files: Vec<(&str, &str)> = [("ns.yaml", NAMESPACE), ("web.yaml", WEB)]
            .into_iter()
            .chain(beside)
            .collect();
        let here = repository(&files);
        let output = harden(here.path(), &["--label-namespaces", "enforce", "ns.yaml"]);
        let (diff, said) = (String::from_utf8(output.stdout.clone()).unwrap(), stderr(&output));
        let Some(wanted) = wanted else {
            assert!(
                diff.contains("+    pod-security.kubernetes.io/enforce: restricted"),
                "{name}: {said}"
            );
            continue;
        };
        assert_eq!(diff, "", "{name}");
        assert!(said.contains(wanted), "{name}: {said}");
        assert!(
            said.contains("`--label-namespaces warn,audit` tells of such pods"),
            "{name}: {said}"
        );
        assert_eq!(output.status.code(), Some(1), "{name}");
        let output = harden(
            here.path(),
            &["--write", "--label-namespaces", "enforce,warn", "ns.yaml"],
        );
        let text = fs::read_to_string(here.path().join("ns.yaml")).unwrap();
        assert!(
            text.contains("/warn: restricted") && !text.contains("/enforce"),
            "{name}: {text}{}",
            stderr(&output)
        );
    }
}

/// What is excluded stays as it is: it counts against the label unless it passes so.
#[test]
fn what_is_not_to_be_hardened_counts_as_it_is() {
    let config = ("harden.yaml", "exclude: [web.yaml]\n");
    let here = repository(&[("ns.yaml", NAMESPACE), ("web.yaml", WEB), config]);
    let said = stderr(&harden(here.path(), &["--label-namespaces", "enforce"]));
    assert!(
        said.contains(
            "web.yaml:1: Deployment shop/web: as it is, since it is excluded: allowPrivilegeEscalation != false"
        ),
        "{said}"
    );
}

#[test]
fn the_verdict_does_not_depend_on_the_paths_that_are_named() {
    for agent in [AGENT.to_string(), AGENT.replace("hostPID: true", "hostPID: false")] {
        let files = [
            ("k8s/ns.yaml", NAMESPACE),
            ("k8s/web.yaml", WEB),
            ("apps/agent.yaml", &agent),
        ];
        let written = |paths: &[&str]| {
            let here = repository(&files);
            harden(
                here.path(),
                &[&["--write", "--label-namespaces", "enforce,audit"], paths].concat(),
            );
            fs::read_to_string(here.path().join("k8s/ns.yaml")).unwrap()
        };
        let all = written(&[]);
        assert_eq!(all.contains("/enforce"), !agent.contains("true"));
        assert!(all.contains("/audit: restricted"));
        for paths in [&["k8s/ns.yaml"][..], &["k8s"], &["k8s/ns.yaml", "k8s/web.yaml"]] {
            assert_eq!(written(paths), all, "{paths:?}");
        }
    }
}

#[test]
fn standard_input_is_a_repository_of_its_own_unless_it_is_named() {
    let filter = |cwd: &Path, arguments: &[&str], text: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_harden"));
        command
            .args(["-", "--label-namespaces", "enforce"])
            .args(arguments)
            .current_dir(cwd);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (String::from_utf8(output.stdout.clone()).unwrap(), stderr(&output))
    };
    let here = repository(&[("agent.yaml", AGENT)]);
    let (out, _) = filter(here.path(), &[], &format!("{NAMESPACE}---\n{WEB}"));
    assert!(
        out.contains("/enforce: restricted") && out.contains("runAsNonRoot: true"),
        "{out}"
    );
    let (out, said) = filter(here.path(), &[], &format!("{NAMESPACE}---\n{AGENT}"));
    assert!(
        !out.contains("/enforce") && said.contains("<stdin>:6: Pod shop/agent"),
        "{out}{said}"
    );
    let (out, said) = filter(here.path(), &["--stdin-filename", "ns.yaml"], NAMESPACE);
    assert!(
        !out.contains("/enforce") && said.contains("agent.yaml:1: Pod shop/agent"),
        "{out}{said}"
    );
    // The text stands in the place of the file.
    let sound = AGENT.replace("hostPID: true", "hostPID: false");
    let text = format!("{sound}---\n{NAMESPACE}");
    let (out, said) = filter(here.path(), &["--stdin-filename", "agent.yaml"], &text);
    assert!(out.contains("/enforce: restricted"), "{out}{said}");
}

#[test]
fn what_cannot_be_labelled_says_why() {
    let table = [
        (format!("{NAMESPACE}  labels: [a]\n"), "wrong-type", None),
        (
            format!("{NAMESPACE}  labels:\n    <<: {{a: b}}\n"),
            "merge-key",
            Some("a merge key"),
        ),
        (
            format!("{NAMESPACE}  labels: {{a: b}}\n  labels: {{a: b}}\n"),
            "duplicate-key",
            Some("the key `labels` stands twice"),
        ),
    ];
    for (text, code, by_hand) in table {
        let here = repository(&[("ns.yaml", &text)]);
        for mode in ["--check", "--write"] {
            let output = harden(here.path(), &[mode, "--label-namespaces", "warn"]);
            let said = String::from_utf8(output.stdout.clone()).unwrap() + &stderr(&output);
            let told = by_hand.map_or("beside what was skipped: `harden -v", |why| why);
            assert_eq!(said.matches(told).count(), 1, "{said}");
            assert_eq!(output.status.code(), Some(i32::from(by_hand.is_some())), "{said}");
        }
        assert_eq!(labelled(&text, &["--label-namespaces", "warn"]), text);
        let here = repository(&[("ns.yaml", &text)]);
        let (_, namespaces) = report(here.path(), &["--label-namespaces", "warn"]);
        assert_eq!(namespaces[0]["reason"]["code"], code, "{text}");
        assert_eq!(namespaces[0]["status"], "skipped", "{text}");
    }
    // A label that is merged is there.
    let (level, version) = (
        "pod-security.kubernetes.io/warn",
        "pod-security.kubernetes.io/warn-version",
    );
    let merged = format!("{NAMESPACE}  labels:\n    <<: {{{level}: restricted, {version}: latest}}\n");
    let here = repository(&[("ns.yaml", &merged)]);
    let (_, namespaces) = report(here.path(), &["--label-namespaces", "warn"]);
    assert_eq!(namespaces[0]["status"], "unchanged");
    // A template, a file of another kind, a Namespace of another group.
    for text in [
        "{{ if x }}\napiVersion: v1\nkind: Namespace\nmetadata: {name: {{ .x }}}\n",
        "kind: Namespaces\n",
    ] {
        assert_eq!(labelled(text, &["--label-namespaces", "warn"]), text);
    }
    // What only speaks of namespaces is not even looked at.
    let speaks = "kind: ConfigMap\ndata: {a: {{ .Release.Namespace }}}\n";
    let here = repository(&[("map.yaml", speaks)]);
    let (all, _) = report(here.path(), &["--label-namespaces", "warn"]);
    assert_eq!(all["summary"]["files"]["skipped"], 0, "{all}");
    let other = NAMESPACE.replace("apiVersion: v1", "apiVersion: x/v1");
    assert_eq!(labelled(&other, &["--label-namespaces", "warn"]), other);
}

#[test]
fn workloads_and_namespaces_of_one_document_are_written_together() {
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {}- {}",
        NAMESPACE.replace('\n', "\n  ").trim_end_matches("  "),
        WEB.replace('\n', "\n  ").trim_end_matches("  ")
    );
    let new = labelled(&list, &["--label-namespaces", "enforce"]);
    assert!(
        new.contains("/enforce: restricted") && new.contains("runAsNonRoot: true"),
        "{new}"
    );
}

#[test]
fn reports_say_what_was_done_and_how_far_the_look_went() {
    let here = repository(&[("ns.yaml", NAMESPACE), ("web.yaml", WEB), ("agent.yaml", AGENT)]);
    let arguments = ["--label-namespaces", "enforce,warn"];
    let (all, namespaces) = report(here.path(), &arguments);
    insta::assert_snapshot!("json", serde_json::to_string_pretty(&namespaces[0]).unwrap());
    assert_eq!(all["summary"]["namespaces"]["partial"], 1);
    let text = harden(
        here.path(),
        &[&arguments[..], &["--output-format", "text", "ns.yaml"]].concat(),
    );
    insta::assert_snapshot!("text", String::from_utf8(text.stdout).unwrap());
    let diff = harden(here.path(), &[&arguments[..], &["ns.yaml"]].concat());
    insta::assert_snapshot!("talk", stderr(&diff));
    let check = harden(here.path(), &[&arguments[..], &["--check", "ns.yaml"]].concat());
    insta::assert_snapshot!("paths", String::from_utf8(check.stdout).unwrap());
    let quiet = harden(here.path(), &[&arguments[..], &["--write", "-q"]].concat());
    assert_eq!(stderr(&quiet), "");
}

#[test]
fn many_namespaces_are_counted_rather_than_listed() {
    let files: Vec<(String, String)> = (0..15)
        .map(|n| (format!("ns{n}.yaml"), NAMESPACE.replace("shop", &format!("shop-{n}"))))
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let here = repository(&files);
    let said = stderr(&harden(here.path(), &["--label-namespaces", "warn"]));
    assert_eq!(said.matches("note: ns").count(), 10, "{said}");
    assert!(
        said.contains("note: and 5 more namespaces labelled (-v names all)"),
        "{said}"
    );
    assert!(said.contains("15 namespaces: 15 to label"), "{said}");
    assert!(!said.contains("blocked"), "{said}");
}
