//! The Pod Security labels that a Namespace gets: those that were asked for, as far as nobody decided otherwise. Which
//! workloads would fail is not looked at here; the standings say it.

use super::{Action, Basis, Blocker, Planned};
use crate::checks::{Level, PolicyVersion};
use crate::config::Accept;
use crate::context::{Context, Target};
use crate::kube::namespace::{Mode, Namespace};
use crate::outcome::{Place, Reason, Standing};
use crate::yaml::{FieldPath, NodeRef, Value};

/// How many workloads are named in one sentence.
const NAMED: usize = 3;

/// What is to become of a Namespace.
#[derive(Debug, Clone, Default)]
pub struct LabelPlan {
    /// In the order of the modes, level before version.
    pub changes: Vec<Planned>,
    pub blockers: Vec<Blocker>,
    /// Why nothing is to be labelled.
    pub exempt: Option<(Reason, Option<Place>)>,
}

/// One mode of a Namespace.
struct Label<'a> {
    namespace: &'a Namespace<'a>,
    mode: Mode,
    target: &'a Target,
}

/// What a Namespace says of a mode already.
enum Said {
    Nothing,
    /// As strict as the target, or stricter.
    Enough,
    /// A level or version that asks for less: somebody's decision.
    Less,
    /// What the API server would not take.
    Invalid(String),
}

/// Plans the labels that `context.rules` asks for. `standing` is how the workloads of the namespace stand to the target;
/// `None` where nobody looked at them.
pub fn labels(namespace: &Namespace, target: &Target, standing: Option<&Standing>, context: &Context) -> LabelPlan {
    let mut plan = LabelPlan::default();
    if let Some(exempt) = super::by_target(target) {
        plan.exempt = Some(exempt);
        return plan;
    }
    let asked = |mode: &Mode| context.rules.label_namespaces.contains(mode);
    for mode in Mode::ALL.into_iter().filter(asked) {
        let label = Label {
            namespace,
            mode,
            target,
        };
        let is_reversal = match label.said() {
            Said::Enough => continue,
            Said::Nothing => false,
            Said::Less | Said::Invalid(_) if context.accept() >= Accept::Override => true,
            Said::Less => {
                plan.blockers.push(label.is_less());
                continue;
            }
            Said::Invalid(what) => {
                plan.blockers.push(label.is_invalid(what));
                continue;
            }
        };
        match label.refused(standing) {
            Some(blocker) => plan.blockers.push(blocker),
            None => plan.changes.extend(label.changes(is_reversal)),
        }
    }
    plan
}

impl Label<'_> {
    fn said(&self) -> Said {
        let (level_label, version_label) = (self.mode.level_label(), self.mode.version_label());
        let level = self.namespace.label(&level_label);
        let version = self.namespace.label(&version_label);
        let invalid = |label: &str, text: &str, must_be: &str| Said::Invalid(format!("{label}: {text:?} {must_be}"));
        let level = match level.map(|(text, _)| (text, text.parse::<Level>())) {
            None => None,
            Some((_, Ok(level))) => Some(level),
            Some((text, Err(must_be))) => return invalid(&level_label, text, must_be),
        };
        let version = match version.map(|(text, _)| (text, text.parse::<PolicyVersion>())) {
            // A label without a version means the newest.
            None => PolicyVersion::Latest,
            Some((_, Ok(version))) => version,
            Some((text, Err(must_be))) => return invalid(&version_label, text, must_be),
        };
        match level {
            None if version < self.target.version => Said::Less,
            None => Said::Nothing,
            Some(level) if (level, version) >= (self.target.level, self.target.version) => Said::Enough,
            Some(_) => Said::Less,
        }
    }

    /// Level and version: what is not there, and what asks for less or nothing where that is reversed.
    fn changes(&self, is_reversal: bool) -> Vec<Planned> {
        let stays = |label: &str, is_enough: &dyn Fn(&str) -> bool| {
            let there = self.namespace.label(label);
            there.is_some_and(|(text, _)| !is_reversal || is_enough(text))
        };
        let Target { level, version, .. } = self.target;
        let mut changes = Vec::new();
        let label = self.mode.level_label();
        if !stays(&label, &|text| text.parse::<Level>().is_ok_and(|said| said >= *level)) {
            changes.push(self.change(&label, level.to_string()));
        }
        let label = self.mode.version_label();
        if !stays(&label, &|text| {
            text.parse::<PolicyVersion>().is_ok_and(|said| said >= *version)
        }) {
            changes.push(self.change(&label, version.to_string()));
        }
        changes
    }

    fn change(&self, label: &str, to: String) -> Planned {
        let old = self.namespace.label(label).map(|(_, node)| node);
        let (basis, because) = match old {
            Some(_) => (Basis::Override, "replaced on request".to_string()),
            None => (
                Basis::Standard,
                format!("asked for with --label-namespaces {}", self.mode.name()),
            ),
        };
        Planned {
            field: field(label),
            container: None,
            action: Action::Set,
            from: old.and_then(NodeRef::scalar),
            to: Some(Value::Str(to)),
            basis,
            because,
            line: self.line(),
        }
    }

    /// Why pods may not be refused yet. Labels that only tell are never refused.
    fn refused(&self, standing: Option<&Standing>) -> Option<Blocker> {
        if self.mode != Mode::Enforce {
            return None;
        }
        let (level, version) = (self.target.level, self.target.version);
        let what = match standing {
            None => "nobody has looked at the workloads of the namespace".to_string(),
            Some(standing) if standing.failing.is_empty() => return None,
            Some(standing) => failing_text(standing, &format!("{level}:{version}")),
        };
        let suggestion = "see to them first; `--label-namespaces warn,audit` tells of such pods and refuses none";
        Some(self.blocker("workloads-fail", what, suggestion))
    }

    fn is_less(&self) -> Blocker {
        let said = |label: String| {
            let (text, _) = self.namespace.label(&label)?;
            Some(format!("{label}: {text}"))
        };
        let said: Vec<String> = [self.mode.level_label(), self.mode.version_label()]
            .into_iter()
            .filter_map(said)
            .collect();
        let (level, version) = (self.target.level, self.target.version);
        let message = format!("`{}` asks for less than {level}:{version}", said.join(", "));
        let suggestion = "change it where it stands, or run with --accept override; `--level` and `--policy-version` say \
                          what is asked for";
        self.blocker("weaker-label", message, suggestion)
    }

    fn is_invalid(&self, what: String) -> Blocker {
        self.blocker("invalid-label", what, "correct it, or run with --accept override")
    }

    fn blocker(&self, code: &'static str, message: String, suggestion: &str) -> Blocker {
        Blocker {
            check: "namespace",
            code,
            field: field(&self.mode.level_label()),
            container: None,
            line: self.line(),
            message,
            suggestion: suggestion.to_string(),
        }
    }

    /// Of the label, or of the nearest thing around it that is written.
    fn line(&self) -> usize {
        let label = self.namespace.label(&self.mode.level_label()).map(|(_, node)| node);
        let metadata = self.namespace.object.get("metadata");
        let near = label.or(self.namespace.labels()).or(metadata);
        near.map_or(self.namespace.line, NodeRef::line)
    }
}

fn field(label: &str) -> FieldPath {
    FieldPath::keys(&["metadata", "labels", label])
}

/// `not all ... (5 workloads) passes restricted:latest: k8s/a.yaml:1: DaemonSet shop/agent: ...; and 1 more`
fn failing_text(standing: &Standing, target: &str) -> String {
    let failing = &standing.failing;
    let named: Vec<String> = failing.iter().take(NAMED).map(ToString::to_string).collect();
    let more = match failing.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => format!("; and {n} more"),
    };
    let workloads = if standing.seen == 1 { "workload" } else { "workloads" };
    format!(
        "not all that was seen of the namespace ({} {workloads}) passes {target}: {}{more}",
        standing.seen,
        named.join("; ")
    )
}
