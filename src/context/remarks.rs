//! What a person should know about a run as a whole: labels of namespaces that conflict or that the API server would not
//! take, kustomizations that cannot be read, and policy versions that nobody knows yet. Collects; changes no outcome.

use std::path::{Path, PathBuf};

use crate::checks::{NEWEST_MINOR, PolicyVersion};
use crate::config::Config;
use crate::kube::release::Release;
use crate::options::Rules;
use crate::outcome::Diagnostic;
use crate::survey::{Remark, Survey};

/// About what the files of a repository say of each other: kustomizations that cannot be read, labels of namespaces.
pub(super) fn of_survey(survey: &Survey) -> Vec<Diagnostic> {
    let remark = |code, remark: &Remark| Diagnostic {
        code,
        path: Some(remark.place.path.clone()),
        line: Some(remark.place.line),
        message: remark.what.clone(),
    };
    let conflicts = survey.namespaces().flat_map(|target| &target.conflicts);
    let mut found: Vec<Diagnostic> = conflicts.map(|r| remark("namespace-conflict", r)).collect();
    let broken = survey.broken_kustomizations().iter();
    found.extend(broken.map(|r| remark("broken-kustomization", r)));
    for remarks in survey.label_remarks() {
        found.extend(remarks.invalid.iter().map(|r| remark("namespace-label", r)));
        let newer = remarks.newer.iter();
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
    let version = rules.policy_version?;
    if version.is_unknown() {
        return Some(newer_version(version, None));
    }
    ahead_of(rules.kube_version?, version, None)
}

/// About what a config asks for, and what flags ask of the cluster that it names.
pub(super) fn of_config(config: &Config, rules: &Rules) -> Vec<Diagnostic> {
    let place = |line| config.path.as_ref().map(|path| (path, line));
    let release = rules.kube_version.or(config.kube_version);
    let stated = config
        .policy_versions()
        .filter_map(|stated| match stated.value.is_unknown() {
            true => Some(newer_version(stated.value, place(stated.line))),
            false => ahead_of(release?, stated.value, place(stated.line)),
        });
    let by_flag = rules.policy_version.filter(|_| rules.kube_version.is_none());
    let by_flag = by_flag.and_then(|version| ahead_of(config.kube_version?, version, None));
    stated.chain(by_flag).collect()
}

/// About a policy version that the cluster does not know.
fn ahead_of(release: Release, version: PolicyVersion, place: Option<(&PathBuf, usize)>) -> Option<Diagnostic> {
    let PolicyVersion::Minor(minor) = version else {
        return None;
    };
    (minor > release.minor).then(|| Diagnostic {
        code: "policy-version",
        path: place.map(|(path, _)| Path::to_path_buf(path)),
        line: place.map(|(_, line)| line),
        message: format!(
            "policy version {version} is newer than Kubernetes {release}, which evaluates it as its own newest: ask for v{release}, \
             or mend `kube-version`"
        ),
    })
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
