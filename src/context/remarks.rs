//! What a person should know about a run as a whole: labels of namespaces that conflict or that the API server would not
//! take, and policy versions that nobody knows yet. Collects; changes no outcome.

use std::path::{Path, PathBuf};

use crate::checks::{NEWEST_MINOR, PolicyVersion};
use crate::config::Config;
use crate::options::Rules;
use crate::outcome::Diagnostic;
use crate::survey::{Remark, Survey};

/// About the labels of the namespaces in a repository.
pub(super) fn of_labels(survey: &Survey) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for target in survey.namespaces() {
        let remark = |code, remark: &Remark| Diagnostic {
            code,
            path: Some(remark.place.path.clone()),
            line: Some(remark.place.line),
            message: remark.what.clone(),
        };
        found.extend(target.conflicts.iter().map(|r| remark("namespace-conflict", r)));
        found.extend(target.invalid.iter().map(|r| remark("namespace-label", r)));
        let newer = target.newer.iter();
        found.extend(newer.map(|(place, version)| newer_version(*version, Some((&place.path, place.line)))));
    }
    found
}

/// With the path as it is seen from the working directory.
pub(super) fn seen_from(cwd: &Path, root: &Path, diagnostic: Diagnostic) -> Diagnostic {
    let path = diagnostic.path.map(|path| {
        let whole = if path.as_os_str().is_empty() {
            root.to_path_buf()
        } else {
            root.join(path)
        };
        whole.strip_prefix(cwd).map(Path::to_path_buf).unwrap_or(whole)
    });
    Diagnostic { path, ..diagnostic }
}

/// About what the command line asks for.
pub(super) fn of_rules(rules: &Rules) -> Option<Diagnostic> {
    let version = rules.policy_version.filter(|version| version.is_unknown())?;
    Some(newer_version(version, None))
}

/// About what a config asks for.
pub(super) fn of_config(config: &Config) -> Vec<Diagnostic> {
    let newer = config.policy_versions().filter(|stated| stated.value.is_unknown());
    let place = |line| config.path.as_ref().map(|path| (path, line));
    newer
        .map(|stated| newer_version(stated.value, place(stated.line)))
        .collect()
}

fn newer_version(version: PolicyVersion, place: Option<(&PathBuf, usize)>) -> Diagnostic {
    Diagnostic {
        code: "policy-version",
        path: place.map(|(path, _)| Path::to_path_buf(path)),
        line: place.map(|(_, line)| line),
        message: format!(
            "policy version {version} is newer than all that this harden knows; it is evaluated as v1.{NEWEST_MINOR}: \
             see whether there is a newer harden"
        ),
    }
}
