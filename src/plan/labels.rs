//! The Pod Security labels that a Namespace gets: those that were asked for, as far as nobody decided otherwise. Which
//! workloads would fail is not looked at here; the standings say it.

use std::str::FromStr;

use super::{Action, Basis, Blocker, Planned, exempt};
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
    if let Some(exempt) = exempt::by_target(target) {
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
        match label.said() {
            Said::Enough => continue,
            Said::Nothing => {}
            Said::Less | Said::Invalid(_) if context.accept() >= Accept::Override => {}
            Said::Less => {
                plan.blockers.push(label.is_less());
                continue;
            }
            Said::Invalid(what) => {
                plan.blockers.push(label.is_invalid(what));
                continue;
            }
        }
        match label.refused(standing) {
            Some(blocker) => plan.blockers.push(blocker),
            None => plan.changes.extend(label.changes()),
        }
    }
    plan
}

/// The `enforce` label of a Namespace once it is written: what its workloads have to pass.
pub fn enforced(namespace: &Namespace, target: &Target) -> (Level, PolicyVersion) {
    let label = Label {
        namespace,
        mode: Mode::Enforce,
        target,
    };
    label.stands()
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

    /// What the labels of the mode say once they are written: the target, or more where more is said already. A level
    /// without a version asks for the newest.
    fn stands(&self) -> (Level, PolicyVersion) {
        let level: Option<Level> = self.parsed(&self.mode.level_label());
        let version: Option<PolicyVersion> = self.parsed(&self.mode.version_label());
        let implied = level.map(|_| PolicyVersion::Latest);
        let more = |version: PolicyVersion| version.max(self.target.version);
        (
            level.unwrap_or(self.target.level).max(self.target.level),
            version.or(implied).map_or(self.target.version, more),
        )
    }

    /// Level and version, as far as they do not say it already.
    fn changes(&self) -> Vec<Planned> {
        let (level, version) = self.stands();
        let labels = [
            (self.mode.level_label(), level.to_string()),
            (self.mode.version_label(), version.to_string()),
        ];
        let says = |label: &str, wanted: &str| self.namespace.label(label).is_some_and(|(text, _)| text == wanted);
        let missing = labels.into_iter().filter(|(label, wanted)| !says(label, wanted));
        missing.map(|(label, wanted)| self.change(&label, wanted)).collect()
    }

    /// What a label says, where the API server would take it.
    fn parsed<T: FromStr>(&self, label: &str) -> Option<T> {
        let (text, _) = self.namespace.label(label)?;
        text.parse().ok()
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
            from: old.and_then(NodeRef::value),
            to: Some(Value::str(to)),
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
        let (level, version) = self.stands();
        let what = match standing {
            None => "nobody has looked at the workloads of the namespace".to_string(),
            Some(standing) if standing.failing.is_empty() => return None,
            Some(standing) => failing_text(standing, &format!("{level}:{version}")),
        };
        let first = match standing.map_or(0, |standing| standing.as_it_is) {
            0 => "see to them first",
            _ => "harden first what is hidden, excluded or hard-linked, and see to the others",
        };
        let suggestion = format!("{first}; `--label-namespaces warn,audit` tells of such pods and refuses none");
        Some(self.blocker("workloads-fail", what, &suggestion))
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
            suggestion: suggestion.into(),
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
    FieldPath::keys(&["metadata", "labels"]).key(label.to_string())
}

/// `not all ... (5 workloads) passes restricted:latest: k8s/a.yaml:1: DaemonSet shop/agent: ...; and 1 more`
fn failing_text(standing: &Standing, target: &str) -> String {
    let failing = &standing.failing;
    let named: Vec<String> = failing.iter().take(NAMED).map(ToString::to_string).collect();
    let more = match failing.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => format!("; and {n} more"),
    };
    let seen = match standing.seen {
        0 => String::new(),
        1 => " (1 workload)".to_string(),
        n => format!(" ({n} workloads)"),
    };
    format!(
        "not all that was seen of the namespace{seen} passes {target}: {}{more}",
        named.join("; ")
    )
}
