//! Requests to leave a workload alone: `# harden: ignore` on a line of the workload or of a container, with or without
//! checks in brackets, and the annotation `harden.dev/ignore`.

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
}

impl Ignore {
    pub(super) fn covers(&self, check: &str) -> bool {
        self.checks.is_empty() || self.checks.iter().any(|c| c == check)
    }
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
        found.extend(node.get("name").and_then(on_line));
        found.extend(node.entries().next().and_then(|(_, first)| on_line(first)));
        found.extend(above(node));
    }
    for owner in [object.get("metadata"), pod.metadata].into_iter().flatten() {
        found.extend(owner.at(&["annotations", ANNOTATION]).and_then(annotation));
    }
    found.sort_by_key(|i| i.line);
    found.dedup();
    found
}

fn on_line(node: NodeRef) -> Option<Ignore> {
    parse(node.rest_of_line(), node.line())
}

fn above(node: NodeRef) -> Option<Ignore> {
    let mut lines = node.comment_lines_above().enumerate();
    lines.find_map(|(i, line)| parse(line, node.line().saturating_sub(i + 1)))
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
    let all_known = checks.iter().all(|id| crate::checks::find(id).is_some());
    Some(Ignore {
        checks: if all_known { checks } else { Vec::new() },
        line: node.line(),
        code: ReasonCode::IgnoreAnnotation,
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
