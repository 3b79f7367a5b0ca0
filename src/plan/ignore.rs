//! Requests to leave a workload alone: `# harden: ignore` on a line of the workload or of a container, with or without
//! checks in brackets, and the annotation `harden.dev/ignore`.

use crate::checks::{self, Site, Violation};
use crate::kube::pod::Pod;
use crate::kube::workload::Workload;
use crate::outcome::ReasonCode;
use crate::yaml::NodeRef;

const COMMENT: &str = "harden: ignore";
const ANNOTATION: &str = "harden.dev/ignore";

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ignore {
    /// Ids of checks; empty: all.
    pub(super) checks: Vec<String>,
    pub(super) line: usize,
    pub(super) code: ReasonCode,
    /// The container about whose checks it is; `None` for the whole workload.
    container: Option<String>,
    /// Whether it stands where requests are heard.
    is_heard: bool,
}

/// What requests leave of the violations.
pub(super) struct Split {
    /// What is to be mended all the same.
    pub(super) rest: Vec<Violation>,
    /// Checks that may stay violated, wholly or in some containers.
    pub(super) ignored: Vec<&'static str>,
}

pub(super) fn split(requests: &[Ignore], violations: &[Violation]) -> Split {
    let is_covered = |v: &Violation, site: &Site| requests.iter().any(|request| request.covers_site(v, site));
    let mut split = Split {
        rest: Vec::new(),
        ignored: Vec::new(),
    };
    for violation in violations {
        let mut rest = violation.clone();
        rest.sites.retain(|site| !is_covered(violation, site));
        if rest.sites.len() < violation.sites.len() {
            split.ignored.push(violation.check);
        }
        if !rest.sites.is_empty() || violation.sites.is_empty() {
            split.rest.push(rest);
        }
    }
    split
}

impl Ignore {
    /// Whether it is about something that is violated.
    pub(super) fn is_used(&self, violations: &[Violation]) -> bool {
        violations
            .iter()
            .any(|v| v.sites.iter().any(|site| self.covers_site(v, site)))
    }

    /// What stands at the pod is no other container's, so that the request of a container may mean it.
    fn covers_site(&self, violation: &Violation, site: &Site) -> bool {
        let is_own = |name: &String| site.container.as_ref().is_none_or(|of| of == name);
        let is_meant = self.checks.is_empty() || self.checks.iter().any(|c| c == violation.check);
        self.is_heard && is_meant && self.container.as_ref().is_none_or(is_own)
    }

    /// What a person should know who wrote it; `left` are the violations that no request is about.
    fn note(&self, violations: &[Violation], left: &[Violation]) -> Option<String> {
        let line = self.line;
        if !self.is_heard {
            return Some(format!(
                "line {line}: `harden: ignore` has no effect here; write it on the line of the kind or the name, \
                 or directly above the workload or one of its containers"
            ));
        }
        if let Some(id) = self.checks.iter().find(|id| checks::find(id).is_none()) {
            return Some(format!(
                "line {line}: `harden: ignore` names `{id}`, which is no check; `harden explain` lists them"
            ));
        }
        if let Some((id, other)) = left.iter().find_map(|violation| self.overridden_by(violation)) {
            return Some(format!(
                "line {line}: `harden: ignore` names `{id}`, for which `{other}` stands at this level; name that one"
            ));
        }
        let is_used = self.is_used(violations);
        (!is_used).then(|| format!("line {line}: `harden: ignore` covers nothing that is violated here; remove it"))
    }

    /// The check it names for which another one stands that is violated.
    fn overridden_by(&self, violation: &Violation) -> Option<(&str, &'static str)> {
        let overridden = checks::find(violation.check)?.overrides;
        let mut ids = self.checks.iter().map(String::as_str);
        Some((ids.find(|id| overridden.contains(id))?, violation.check))
    }
}

/// A note for each request that does not do what it says.
pub(super) fn notes(requests: &[Ignore], violations: &[Violation], left: &[Violation]) -> Vec<String> {
    let notes = requests.iter().filter_map(|request| request.note(violations, left));
    let mut notes: Vec<String> = notes.collect();
    notes.dedup();
    notes
}

/// All requests that stand on a workload, in the order of the text.
pub(super) fn requests(workload: &Workload, pod: &Pod) -> Vec<Ignore> {
    let mut found: Vec<Ignore> = Vec::new();
    let object = workload.object;
    for node in [
        object.get("apiVersion"),
        object.get("kind"),
        object.at(&["metadata", "name"]),
    ]
    .into_iter()
    .flatten()
    {
        found.extend(on_line(node));
    }
    found.extend(above(object));
    for container in pod.containers() {
        let node = container.node;
        let on_lines = [
            node.get("name").and_then(on_line),
            node.entries().next().and_then(|(_, first)| on_line(first)),
            above(node),
        ];
        found.extend(
            on_lines
                .into_iter()
                .flatten()
                .map(|request| of_container(request, container.name)),
        );
    }
    for owner in [object.get("metadata"), pod.metadata].into_iter().flatten() {
        found.extend(owner.at(&["annotations", ANNOTATION]).and_then(annotation));
    }
    found.extend(unheard(workload, &found));
    found.sort_by_key(|i| i.line);
    found.dedup();
    found
}

/// A container without its checks is no workload that passes: who names none means the workload.
fn of_container(request: Ignore, name: &str) -> Ignore {
    let names_checks = !request.checks.is_empty();
    Ignore {
        container: names_checks.then(|| name.to_string()),
        ..request
    }
}

/// Comments that ask for something where nobody listens.
fn unheard(workload: &Workload, heard: &[Ignore]) -> Vec<Ignore> {
    let document = workload.object.document();
    let is_heard = |line: usize| heard.iter().any(|request| request.line == line);
    let (first, last) = own_lines(workload);
    let requests = document
        .comments(first, last)
        .filter_map(|(line, comment)| parse(comment, line));
    requests
        .filter(|request| !is_heard(request.line))
        .map(|request| Ignore {
            is_heard: false,
            ..request
        })
        .collect()
}

/// The lines that are about this workload and no other: where an object holds several pods, those of its pod.
fn own_lines(workload: &Workload) -> (usize, usize) {
    let holds_one = matches!(workload.kind.pods, [way] if !way.contains('*'));
    let own = if holds_one { workload.object } else { workload.template };
    if holds_one && workload.object_path.0.is_empty() {
        return (0, usize::MAX);
    }
    (own.line(), own.last_line())
}

fn on_line(node: NodeRef) -> Option<Ignore> {
    parse(node.comment_behind(), node.line())
}

fn above(node: NodeRef) -> Option<Ignore> {
    node.comment_lines_above()
        .find_map(|(number, line)| parse(line, number))
}

/// `# harden: ignore`, `# harden: ignore[a, b] reason`.
fn parse(line: &str, number: usize) -> Option<Ignore> {
    let (_, comment) = line.split_once('#')?;
    let rest = comment.trim_start().strip_prefix(COMMENT)?;
    let checks = match rest.strip_prefix('[') {
        Some(listed) => names(listed.split(']').next()?),
        None if rest.is_empty() || rest.starts_with([' ', '\t']) => Vec::new(),
        None => return None,
    };
    Some(Ignore {
        checks,
        line: number,
        code: ReasonCode::IgnoreComment,
        container: None,
        is_heard: true,
    })
}

/// A list of ids, or anything else for all checks; only `"false"` asks for nothing.
fn annotation(node: NodeRef) -> Option<Ignore> {
    let text = node.text()?.trim();
    let checks = match text {
        "false" => return None,
        listed => names(listed),
    };
    // A word that is no check is an answer to "ignore?": the workload is left alone.
    let all_known = checks.iter().all(|id| checks::find(id).is_some());
    Some(Ignore {
        checks: if all_known { checks } else { Vec::new() },
        line: node.line(),
        code: ReasonCode::IgnoreAnnotation,
        container: None,
        is_heard: true,
    })
}

fn names(list: &str) -> Vec<String> {
    list.split(',')
        .map(|name| name.trim().to_string())
        .filter(|name| !name.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn comments_name_checks_or_all() {
        let checks = |line: &str| parse(line, 1).map(|i| i.checks);
        assert_eq!(checks("  # harden: ignore"), Some(vec![]));
        assert_eq!(checks("# harden: ignore because of X"), Some(vec![]));
        assert_eq!(
            checks("- name: x # harden: ignore[hostPorts, privileged] why"),
            Some(vec!["hostPorts".into(), "privileged".into()])
        );
        assert_eq!(checks("# harden: ignored"), None);
        assert_eq!(checks("# harden: assumed"), None);
        assert_eq!(checks("name: x"), None);
    }
}
