//! Overrides as their authors meet them: mistakes before anything is written, words about what does nothing, and the
//! entries that blockers propose. What one does to a field, `rules/overrides.txt` says.
#![allow(clippy::unwrap_used)]

mod repository;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use repository::{harden, repository};

/// A pod with an image that is known, and what stands in its spec and in its container.
fn pod(name: &str, spec: &str, container: &str) -> String {
    let indented = |text: &str, indent: &str| -> String { text.lines().map(|l| format!("{indent}{l}\n")).collect() };
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n{}  containers:\n  - name: web\n    image: \
         memcached:1.6\n{}",
        indented(spec, "  "),
        indented(container, "    ")
    )
}

fn json(cwd: &Path, arguments: &[&str]) -> serde_json::Value {
    let all: Vec<&str> = arguments.iter().copied().chain(["--output-format", "json"]).collect();
    serde_json::from_slice(&harden(cwd, &all).stdout).unwrap()
}

/// What is said of unused overrides on standard error and in the JSON report, which must be the same.
fn unused(cwd: &Path, arguments: &[&str]) -> Vec<String> {
    let report = json(cwd, arguments);
    let diagnostics = report["diagnostics"].as_array().unwrap().iter();
    let ours = diagnostics.filter(|d| d["code"] == "unused-override");
    let said: Vec<String> = ours
        .map(|d| {
            assert_eq!(d["path"], "harden.yaml");
            d["message"].as_str().unwrap().to_string()
        })
        .collect();
    let talk = String::from_utf8(harden(cwd, arguments).stderr).unwrap();
    for message in &said {
        assert!(talk.contains(message), "{message}\nnot in\n{talk}");
    }
    assert_eq!(talk.matches("does nothing:").count(), said.len(), "{talk}");
    said
}

#[test]
fn a_mistake_is_exit_code_2_before_anything_is_written() {
    let other = pod("other", "", "");
    for entry in ["field: hostNetwrok, remove: true", "field: hostNetwork, value: 'no'"] {
        let config = format!("overrides:\n- {{kind: Pod, name: app, {entry}}}\n");
        let folder = repository(&[("harden.yaml", &config), ("a.yaml", &other)]);
        let done = harden(folder.path(), &["--write", "."]);
        assert_eq!(done.status.code(), Some(2));
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(said.contains("harden.yaml:2:"), "{said}");
        assert_eq!(fs::read_to_string(folder.path().join("a.yaml")).unwrap(), other);
    }
}

#[test]
fn what_does_nothing_is_said_and_why() {
    let config = "\
overrides:
- {kind: Pod, name: app, field: hostNetwork, remove: true}
- {kind: Pod, name: app, field: hostPID, remove: true}
- {kind: Pod, name: app, field: hostIPC, value: false}
- {kind: Pod, name: app, container: wbe, field: securityContext.privileged, value: false}
- {kind: Pod, name: app, container: web, field: securityContext.runAsGroup, value: 7}
- {kind: Pod, name: app, field: 'volumes[5].hostPath', remove: true}
- {kind: Pod, name: ap, field: hostNetwork, remove: true}
- {kind: Deployment, name: app, namespace: shop, field: hostNetwork, remove: true}
";
    let app = pod("app", "hostNetwork: true\nhostIPC: false", "");
    let files = [
        ("harden.yaml", config),
        ("k8s/app.yaml", &app),
        ("k8s/other.yaml", &pod("other", "", "")),
    ];
    let folder = repository(&files);
    let wanted = [
        "the override of `securityContext.privileged` does nothing: Pod app has no container `wbe` (k8s/app.yaml:1); mend \
         or remove it",
        "the override of `securityContext.runAsGroup` does nothing: nothing there is against `restricted` in Pod app \
         (k8s/app.yaml:1); mend or remove it",
        "the override of `volumes[5].hostPath` does nothing: Pod app does not have it (k8s/app.yaml:1); mend or remove it",
        "the override of `hostNetwork` does nothing: no manifest has a Pod `ap`; mend or remove it",
        "the override of `hostNetwork` does nothing: no manifest has a Deployment `app` in namespace `shop`; mend or \
         remove it",
    ];
    // Whatever is named, as with all else about a file.
    for named in ["k8s", ".", "k8s/app.yaml", "k8s/other.yaml"] {
        assert_eq!(unused(folder.path(), &[named]), wanted, "{named}");
        assert_eq!(
            unused(folder.path(), &["--config", "harden.yaml", named]),
            wanted,
            "{named}"
        );
    }
    let done = harden(folder.path(), &["--write", "."]);
    assert_eq!(done.status.code(), Some(0), "a remark is no reason to fail");
    assert_eq!(
        unused(folder.path(), &["."]),
        wanted,
        "what was done is no reason to remark"
    );
}

#[test]
fn what_may_be_of_use_is_not_doubted() {
    let config = "overrides:\n- {kind: Pod, name: app, field: hostNetwork, remove: true}\n";
    let app = pod("app", "hostNetwork: true", "");
    let broken = format!("{app}  x: [\n");
    let template = app.replace("memcached:1.6", "{{ .Values.image }}");
    for (name, text) in [
        ("app.yaml", &app),
        (".hidden/app.yaml", &app),
        ("broken.yaml", &broken),
        ("template.yaml", &template),
    ] {
        let folder = repository(&[("harden.yaml", config), (name, text), ("z.yaml", &pod("z", "", ""))]);
        assert_eq!(unused(folder.path(), &["z.yaml"]), [""; 0], "{name}");
    }
    // A config that lies elsewhere may be that of many repositories.
    let elsewhere = repository(&[("harden.yaml", config)]);
    let folder = repository(&[("z.yaml", &pod("z", "", ""))]);
    let config = elsewhere.path().join("harden.yaml");
    let config = config.to_str().unwrap();
    assert_eq!(unused(folder.path(), &["--config", config, "."]), [""; 0]);
}

#[test]
fn a_broken_config_elsewhere_is_no_matter_of_a_run() {
    let config = "overrides:\n- {kind: Pod, name: gone, field: hostNetwork, remove: true}\n";
    let folder = repository(&[
        ("harden.yaml", config),
        ("a/a.yaml", &pod("a", "", "")),
        ("b/harden.yaml", "levl: x\n"),
        ("b/b.yaml", &pod("b", "", "")),
    ]);
    assert_eq!(unused(folder.path(), &["a"]).len(), 1);
    assert_eq!(harden(folder.path(), &["a"]).status.code(), Some(1));
}

/// Pods with decisions of every kind that an override may take back: code of the blocker, spec, container.
const DECISIONS: &[(&str, &str, &str)] = &[
    ("host-namespaces", "hostNetwork: true\nhostPID: true\nhostIPC: true", ""),
    ("host-namespaces", "hostNetwork: true # needed for X", ""),
    ("privileged", "", "securityContext:\n  privileged: true"),
    (
        "host-path",
        "volumes:\n- name: a\n  hostPath:\n    path: /a\n- name: b\n  hostPath: {path: /b}",
        "volumeMounts:\n- {name: a, mountPath: /a}",
    ),
    (
        "host-path",
        "volumes:\n- hostPath:\n    path: /a\n  name: a\n- hostPath: {path: '/b #c'}\n  name: b",
        "volumeMounts:\n- {name: a, mountPath: /a}",
    ),
    ("host-port", "", "ports:\n- hostPort: 80\n  containerPort: 11211"),
    (
        "host-port",
        "",
        "ports:\n- containerPort: 11211\n  hostPort: 80\n- {containerPort: 2, hostPort: 2}",
    ),
    (
        "capabilities",
        "",
        "securityContext:\n  capabilities:\n    add: [SYS_ADMIN, SYS_TIME]",
    ),
    (
        "capabilities",
        "",
        "securityContext:\n  capabilities:\n    add:\n    - SYS_ADMIN\n    - NET_BIND_SERVICE",
    ),
    (
        "capabilities",
        "",
        "securityContext: {capabilities: {add: [NET_ADMIN, NET_BIND_SERVICE], drop: [ALL]}}",
    ),
    ("proc-mount", "", "securityContext:\n  procMount: Unmasked"),
    (
        "se-linux",
        "securityContext:\n  seLinuxOptions:\n    user: u\n    role: r\n    type: t",
        "securityContext:\n  seLinuxOptions: {level: s0, type: t}",
    ),
    (
        "sysctls",
        "securityContext:\n  sysctls:\n  - {name: kernel.msgmax, value: '1'}",
        "",
    ),
    (
        "sysctls",
        "securityContext:\n  sysctls:\n  - name: kernel.msgmax\n    value: '1'\n  - name: net.ipv4.tcp_syncookies\n    value: '1'",
        "ports:\n- containerPort: 80",
    ),
    (
        "host-process",
        "os: {name: windows}\nhostNetwork: true\nsecurityContext:\n  windowsOptions:\n    hostProcess: true",
        "securityContext:\n  windowsOptions:\n    hostProcess: true",
    ),
    (
        "probe-host",
        "",
        "livenessProbe:\n  httpGet:\n    host: example.com\n    port: 11211\nlifecycle:\n  preStop:\n    tcpSocket: {host: \
         example.com, port: 11211}",
    ),
];

/// The entries that the blockers of a repository propose.
fn proposed(cwd: &Path, wanted: &str) -> BTreeSet<String> {
    let report = json(cwd, &["."]);
    let blockers = report["files"][0]["workloads"][0]["blockers"]
        .as_array()
        .unwrap()
        .clone();
    assert!(blockers.iter().any(|b| b["code"] == wanted), "{blockers:#?}");
    let entry = |blocker: &serde_json::Value| {
        let suggestion = blocker["suggestion"].as_str().unwrap();
        let entry = suggestion.split_once("`overrides:` in harden.yaml: `");
        let (_, entry) = entry.unwrap_or_else(|| panic!("no entry: {suggestion}"));
        entry.trim_end_matches('`').to_string()
    };
    blockers.iter().map(entry).collect()
}

/// What the text report says that harden.yaml may say, as it stands there.
fn pasted(cwd: &Path) -> String {
    let report = harden(cwd, &["--output-format", "text", "."]).stdout;
    let report = String::from_utf8(report).unwrap();
    let (_, config) = report
        .split_once("harden.yaml:\n")
        .unwrap_or_else(|| panic!("{report}"));
    let (config, _) = config
        .split_once("    kubectl apply:")
        .unwrap_or_else(|| panic!("{report}"));
    config.to_string()
}

#[test]
fn the_entries_that_blockers_propose_do_what_is_said_of_them() {
    for (code, spec, container) in DECISIONS {
        let text = pod("app", spec, container);
        let folder = repository(&[("app.yaml", &text)]);
        let config = pasted(folder.path());
        let entries = proposed(folder.path(), code);
        assert!(
            entries.iter().all(|entry| config.contains(entry)),
            "{config}{entries:#?}"
        );
        fs::write(folder.path().join("harden.yaml"), &config).unwrap();
        let done = harden(folder.path(), &["--write", "."]);
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(0), "{text}{config}{said}");
        assert!(said.contains("1 hardened"), "{text}{config}{said}");
        assert!(!said.contains("does nothing"), "{config}{said}");
        let rerun = String::from_utf8(harden(folder.path(), &["."]).stderr).unwrap();
        assert!(!rerun.contains("does nothing"), "{config}{rerun}");
        let again = json(folder.path(), &["--no-config", "."]);
        assert_eq!(again["summary"]["workloads"]["compliant"], 1, "{text}{config}{again:#}");
    }
}

#[test]
fn an_entry_names_the_workload_as_yaml_needs_it() {
    let text = pod("\"1\"", "hostNetwork: true", "").replace("name: \"1\"", "namespace: \"yes\"\n  name: \"1\"");
    let folder = repository(&[("app.yaml", &text)]);
    let proposed = proposed(folder.path(), "host-namespaces");
    assert_eq!(
        proposed.into_iter().collect::<Vec<_>>(),
        ["{kind: Pod, name: \"1\", namespace: \"yes\", field: hostNetwork, value: false}"]
    );
}

/// Volumes of the host, where they are mounted, and what the way out must say of them.
const NO_DIRECTORIES: &[(&str, &str, &str)] = &[
    ("{path: /run/x, type: Socket}", "/run/x", "its type is `Socket`"),
    ("{path: /var/run/docker.sock}", "/x", "/var/run/docker.sock is a file"),
    (
        "{path: /usr/share/zoneinfo/UTC}",
        "/etc/localtime",
        "needs a file at /etc/localtime",
    ),
];

#[test]
fn no_entry_makes_a_directory_of_a_file() {
    for (source, mounted, wanted) in NO_DIRECTORIES {
        let volume = format!("volumes:\n- name: a\n  hostPath: {source}");
        let mount = format!("volumeMounts:\n- {{name: a, mountPath: {mounted}}}");
        let folder = repository(&[("app.yaml", &pod("app", &volume, &mount))]);
        let report = json(folder.path(), &["."]);
        let suggestion = report["files"][0]["workloads"][0]["blockers"][0]["suggestion"].to_string();
        assert!(suggestion.contains(wanted), "{suggestion}");
        assert!(!suggestion.contains("overrides:"), "{suggestion}");
    }
}
