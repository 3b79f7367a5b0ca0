//! The life of an assumption as a person sees it: a first run assumes and marks, facts come, a second run says what a
//! direct run with the facts would have said. Only the emptyDir of a root that is read-only no more stays, since nobody
//! can tell it from the author's own.
#![allow(clippy::unwrap_used)]

mod texts;

use std::path::Path;

use harden::config::Config;
use harden::options::Rules;

use texts::hardened;

const PODS: &[&str] = &[
    "containers:\n  - name: web\n    image: acme/app:1\n",
    "containers:\n  - name: web\n    image: acme/app:1\n    volumeMounts:\n    - name: data\n      mountPath: /data\n  \
     volumes:\n  - name: data\n    persistentVolumeClaim:\n      claimName: data\n",
    "containers:\n  - name: web\n    image: acme/app:1\n  - name: side\n    image: acme/side:1\n",
    "containers:\n  - name: web\n    image: acme/app:1\n  - name: side\n    image: memcached:1.6\n",
    "initContainers:\n  - name: first\n    image: acme/side:1\n  containers:\n  - name: web\n    image: acme/app:1\n",
    "containers:\n  - name: web\n    image: busybox:1\n    command: [sleep, \"1\"]\n  - name: app\n    image: acme/app:1\n",
    "containers:\n  - name: web\n    image: acme/own:1\n    securityContext:\n      runAsUser: 1234\n  - name: app\n    \
     image: acme/app:1\n",
];

const FACTS: &[&str] = &[
    "images: [{repositories: [acme/app], user: 1500}]",
    "images: [{repositories: [acme/app], user: 1500, group: 1600}]",
    "images: [{repositories: [acme/app], user: 65532, group: 1600}]",
    "images: [{repositories: [acme/app], user: 65532, group: 65532}]",
    "images: [{repositories: [acme/app], user: 1500, group: 1600, fs-group: 1700}]",
    "images: [{repositories: [acme/app], user: 1500, group: 1600, read-only-root: 'no'}]",
    "images: [{repositories: [acme/app], user: 1500, group: 1600, read-only-root: possible}]",
    "images: [{repositories: [acme/app], user: 1500, group: 1600, read-only-root: recommended, writable: [/tmp]}]",
    "images: [{repositories: [acme/app], any-user: true}]",
    "images: [{repositories: [acme/side], user: 1500, group: 1600}]",
    "images: [{repositories: [acme/side], user: 1500, group: 1600}, {repositories: [acme/app], user: 1700, group: 1800}]",
];

fn harden(text: &str, config: &str) -> String {
    let config = Config::parse(config, Path::new("harden.yaml")).unwrap();
    let outcome = hardened(&[("app.yaml".into(), text.as_bytes())], &config, &Rules::default());
    assert!(outcome.reason.is_none(), "{:?}\n{text}", outcome.reason);
    outcome.hardened.map_or(text.to_string(), |hardened| hardened.new)
}

/// Without the lines that a scratch directory takes.
fn without_scratch(text: &str) -> Vec<&str> {
    let is_scratch = |line: &&str| {
        let line = line.trim();
        line.starts_with("- name: tmp")
            || ["mountPath: /tmp", "emptyDir: {}", "volumeMounts:", "volumes:"].contains(&line)
    };
    text.lines().filter(|line| !is_scratch(line)).collect()
}

#[test]
fn facts_that_come_later_say_what_facts_at_once_would_have_said() {
    for mode in ["", "read-only-root: known\n"] {
        for pod in PODS {
            for facts in FACTS {
                let text = format!("apiVersion: v1\nkind: Pod\nmetadata:\n  name: app\nspec:\n  {pod}");
                let facts = format!("{mode}{facts}");
                let assumed = harden(&text, mode);
                let later = harden(&assumed, &facts);
                let at_once = harden(&text, &facts);
                let shown = format!("{facts}\n{text}\nassumed:\n{assumed}\nlater:\n{later}\nat once:\n{at_once}");
                assert_eq!(harden(&later, &facts), later, "again: {shown}");
                assert!(without_scratch(&later) == without_scratch(&at_once), "{shown}");
                assert!(mode.is_empty() || later == at_once, "{shown}");
            }
        }
    }
}
