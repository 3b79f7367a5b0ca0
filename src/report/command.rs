//! The same question once more, as a shell takes it: what stands behind `harden` in the commands that the summary suggests.

use std::path::Path;

use super::lines::shown;
use crate::options::{ConfigChoice, Options, Rules};

/// Everything that decides on the outcome, and the paths; each after a space.
pub(super) fn arguments(options: &Options) -> String {
    let mut out = String::new();
    for flag in rules(&options.rules).into_iter().chain(config(&options.config)) {
        out.push(' ');
        out.push_str(&flag);
    }
    out + &paths(options)
}

fn rules(rules: &Rules) -> Vec<String> {
    let Rules {
        level,
        policy_version,
        kube_version,
        accept,
        best_effort,
        improve,
        no_ignore,
        label_namespaces,
    } = rules;
    let modes: Vec<&str> = label_namespaces.iter().map(|mode| mode.name()).collect();
    let flags = [
        level.map(|level| format!("--level {level}")),
        policy_version.map(|version| format!("--policy-version {version}")),
        kube_version.map(|release| format!("--kube-version {release}")),
        accept.map(|accept| format!("--accept {}", accept.name())),
        best_effort.then(|| "--best-effort".to_string()),
        improve.then(|| "--improve".to_string()),
        no_ignore.then(|| "--no-ignore".to_string()),
        (!modes.is_empty()).then(|| format!("--label-namespaces {}", modes.join(","))),
    ];
    flags.into_iter().flatten().collect()
}

fn config(choice: &ConfigChoice) -> Option<String> {
    match choice {
        ConfigChoice::Nearest => None,
        ConfigChoice::File(path) => Some(format!("--config {}", quoted(path))),
        ConfigChoice::None => Some("--no-config".to_string()),
    }
}

pub(super) fn paths(options: &Options) -> String {
    const SHOWN: usize = 3;
    if options.stdin {
        let place = options.stdin_filename.as_deref();
        let place = place.map(|path| format!(" --stdin-filename {}", quoted(path)));
        return format!("{} -", place.unwrap_or_default());
    }
    let shown = options.paths.iter().take(SHOWN);
    let mut out: String = shown.map(|path| format!(" {}", quoted(path))).collect();
    if options.paths.len() > SHOWN {
        out.push_str(" ...");
    }
    out
}

/// In single quotes where a shell would not take the path as it is.
pub(super) fn quoted(path: &Path) -> String {
    let text = shown(path);
    // To the program, a path that begins with a dash is a flag.
    let text = if text.starts_with('-') {
        format!("./{text}")
    } else {
        text
    };
    let plain = |c: char| c.is_alphanumeric() || "/._-+,@%=:".contains(c);
    if text.chars().all(plain) && !text.is_empty() {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
