//! Random workloads as trees, most of them such that the API server would accept them.

use crate::choices::Choices;
use crate::layout::{Tree, scalar};

const IMAGES: [&str; 8] = [
    "example.com/app:1",
    "nginx:1.27",
    "redis:7-alpine",
    "postgres:16",
    "busybox",
    "example.com/other@sha256:0000000000000000000000000000000000000000000000000000000000000000",
    "gcr.io/distroless/static:nonroot",
    "httpd:2.4",
];

pub(crate) fn workload(choices: &mut Choices) -> Tree {
    match choices.below(6) {
        0 => Tree::Map(vec![
            ("apiVersion", scalar("v1")),
            ("kind", scalar("Pod")),
            ("metadata", Tree::Map(vec![("name", scalar("web"))])),
            ("spec", pod_spec("Never", choices)),
        ]),
        1 => apps("Deployment", choices),
        2 => apps("StatefulSet", choices),
        3 => object("batch/v1", "Job", vec![("template", template("Never", choices))]),
        4 => {
            let job = Tree::Map(vec![(
                "spec",
                Tree::Map(vec![("template", template("Never", choices))]),
            )]);
            object(
                "batch/v1",
                "CronJob",
                vec![("schedule", scalar("0 3 1 1 1")), ("jobTemplate", job)],
            )
        }
        _ => Tree::Map(vec![
            ("apiVersion", scalar("v1")),
            ("kind", scalar("List")),
            (
                "items",
                Tree::List(vec![apps("DaemonSet", choices), apps("Deployment", choices)]),
            ),
        ]),
    }
}

fn template(restart: &'static str, choices: &mut Choices) -> Tree {
    Tree::Map(vec![
        ("metadata", Tree::Map(vec![("labels", labels())])),
        ("spec", pod_spec(restart, choices)),
    ])
}

fn labels() -> Tree {
    Tree::Map(vec![("app", scalar("web"))])
}

fn apps(kind: &str, choices: &mut Choices) -> Tree {
    let mut spec = vec![("selector", Tree::Map(vec![("matchLabels", labels())]))];
    if kind != "DaemonSet" {
        spec.push(("replicas", scalar("2")));
    }
    spec.push(("template", template("Always", choices)));
    object("apps/v1", kind, shuffled(spec, choices))
}

fn object(api_version: &str, kind: &str, spec: Vec<(&'static str, Tree)>) -> Tree {
    Tree::Map(vec![
        ("apiVersion", scalar(api_version)),
        ("kind", scalar(kind)),
        ("metadata", Tree::Map(vec![("name", scalar("web"))])),
        ("spec", Tree::Map(spec)),
    ])
}

fn shuffled(mut entries: Vec<(&'static str, Tree)>, choices: &mut Choices) -> Vec<(&'static str, Tree)> {
    for i in (1..entries.len()).rev() {
        if choices.rarely(3) {
            entries.swap(i, choices.below(i + 1));
        }
    }
    entries
}

fn pod_spec(restart: &'static str, choices: &mut Choices) -> Tree {
    let mut spec = Vec::new();
    if restart != "Always" || choices.rarely(3) {
        spec.push(("restartPolicy", scalar(restart)));
    }
    if choices.rarely(3) {
        spec.push(("nodeSelector", Tree::Map(vec![("disk", scalar("ssd"))])));
    }
    let volumes = volumes(choices);
    // Workloads that share a claim have a test of their own.
    let claim = format!("data-{}", choices.number());
    if choices.rarely(2) {
        spec.push(("securityContext", pod_context(choices)));
    }
    if choices.rarely(4) {
        spec.push((
            "initContainers",
            Tree::List(vec![container("first", &volumes, choices)]),
        ));
    }
    let names = ["app", "two", "three"];
    let count = 1 + choices.below(3);
    let containers = names[..count].iter().map(|name| container(name, &volumes, choices));
    spec.push(("containers", Tree::List(containers.collect())));
    if !volumes.is_empty() {
        let volume = |name: &&'static str, choices: &mut Choices| {
            let source = choices.of(&["emptyDir", "persistentVolumeClaim"]);
            let inside = match source {
                "emptyDir" => Tree::Map(Vec::new()),
                _ => Tree::Map(vec![("claimName", scalar(&claim))]),
            };
            Tree::Map(vec![("name", scalar(name)), (source, inside)])
        };
        spec.push((
            "volumes",
            Tree::List(volumes.iter().map(|name| volume(name, choices)).collect()),
        ));
    } else if choices.rarely(4) {
        spec.push(("volumes", choices.of(&[Tree::List(Vec::new()), Tree::Nothing])));
    }
    Tree::Map(shuffled(spec, choices))
}

fn volumes(choices: &mut Choices) -> Vec<&'static str> {
    match choices.below(4) {
        0 | 1 => Vec::new(),
        2 => vec!["data"],
        _ => vec!["tmp", "data"],
    }
}

fn empty(choices: &mut Choices) -> Tree {
    choices.of(&[Tree::Map(Vec::new()), Tree::Nothing, scalar("~"), scalar("null")])
}

fn pod_context(choices: &mut Choices) -> Tree {
    if choices.rarely(4) {
        return empty(choices);
    }
    let mut parts = vec![("runAsNonRoot", scalar("true"))];
    if choices.rarely(2) {
        parts.push(("runAsUser", scalar(choices.of(&["1000", "101", "0"]))));
    }
    if choices.rarely(2) {
        parts.push(("fsGroup", scalar("2000")));
    }
    if choices.rarely(3) {
        let kind = choices.of(&["RuntimeDefault", "RuntimeDefault", "Unconfined"]);
        parts.push(("seccompProfile", Tree::Map(vec![("type", scalar(kind))])));
    }
    Tree::Map(shuffled(parts, choices))
}

fn container(name: &str, volumes: &[&'static str], choices: &mut Choices) -> Tree {
    let mut parts = vec![("name", scalar(name)), ("image", scalar(choices.of(&IMAGES)))];
    if choices.rarely(3) {
        let block = Tree::Block(vec!["echo # no comment", "", "  date 日本", "exit"]);
        parts.push(("args", Tree::List(vec![scalar("-c"), block])));
    }
    if choices.rarely(3) {
        let port = choices.of(&["80", "8080"]);
        parts.push((
            "ports",
            Tree::List(vec![Tree::Map(vec![("containerPort", scalar(port))])]),
        ));
    }
    if choices.rarely(2) {
        parts.push(("securityContext", container_context(choices)));
    }
    if !volumes.is_empty() && choices.rarely(2) {
        let mount = |name: &&'static str| {
            let path = if *name == "tmp" { "/tmp" } else { "/data" };
            Tree::Map(vec![("mountPath", scalar(path)), ("name", scalar(name))])
        };
        parts.push(("volumeMounts", Tree::List(volumes.iter().map(mount).collect())));
    }
    if choices.rarely(5) {
        parts.push(("resources", Tree::Map(Vec::new())));
    }
    Tree::Map(shuffled(parts, choices))
}

fn container_context(choices: &mut Choices) -> Tree {
    if choices.rarely(4) {
        return empty(choices);
    }
    let mut parts = Vec::new();
    if choices.rarely(2) {
        parts.push(("allowPrivilegeEscalation", scalar("false")));
    }
    if choices.rarely(2) {
        let drop = choices.of(&[&["ALL"][..], &["all"], &["NET_RAW"], &[], &["NET_RAW", "KILL"]]);
        let drop = Tree::List(drop.iter().map(|name| scalar(name)).collect());
        parts.push(("capabilities", Tree::Map(vec![("drop", drop)])));
    }
    if choices.rarely(3) {
        parts.push(("readOnlyRootFilesystem", scalar(choices.of(&["true", "false"]))));
    }
    if parts.is_empty() {
        return empty(choices);
    }
    Tree::Map(shuffled(parts, choices))
}
