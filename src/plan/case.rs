//! Everything the rules read about one workload, gathered once.

use std::collections::HashSet;
use std::path::Path;
use std::rc::Rc;

use super::draft::Draft;
use super::seat::{self, Seat, is_assumed, is_replaceable};
use super::{Basis, Blocker, MARKED};
use crate::checks::{Exemption, Fault, Level, Policy, Site, Violation};
use crate::config::{Accept, Platform, ReadOnlyRoot};
use crate::context::{Context, Target};
use crate::kube::pod::Pod;
use crate::kube::workload::Workload;
use crate::survey::{Over, Patched};
use crate::yaml::{FieldPath, NodeRef, Value};

pub(super) struct Case<'a> {
    pub(super) workload: &'a Workload<'a>,
    pub(super) pod: &'a Pod<'a>,
    pub(super) context: &'a Context<'a>,
    pub(super) level: Level,
    policy: Policy,
    pub(super) violations: &'a [Violation],
    pub(super) seats: Vec<Seat<'a>>,
    /// What patches of kustomizations lay over the pod.
    pub(super) laid: Vec<Over<'a>>,
    /// Values that an earlier run assumed count as absent.
    renewed: bool,
    /// Checks that the pod need not pass once it says that it is one of Windows; empty where neither its node selector
    /// nor its affinity sends it there, or saying so would help nothing.
    spared: Vec<&'static str>,
    objections: Rc<[Objection<'a>]>,
}

/// What a check objects to.
struct Objection<'a> {
    check: &'static str,
    /// To what the pod says for all.
    at_pod: bool,
    containers: HashSet<&'a str>,
}

impl<'a> Objection<'a> {
    fn of(violation: &'a Violation) -> Objection<'a> {
        let containers = violation.sites.iter().map(|site| site.container.as_deref());
        Objection {
            check: violation.check,
            at_pod: containers.clone().any(|container| container.is_none()),
            containers: containers.flatten().collect(),
        }
    }
}

impl<'a> Case<'a> {
    pub(super) fn new(
        workload: &'a Workload<'a>,
        pod: &'a Pod<'a>,
        context: &'a Context<'a>,
        target: &Target,
        violations: &'a [Violation],
    ) -> Case<'a> {
        let seats = seat::seats(workload, pod, context);
        let policy = context.policy(target);
        Case {
            workload,
            pod,
            context,
            level: target.level,
            policy,
            violations,
            seats,
            laid: laid_over(workload, pod, context),
            renewed: false,
            spared: spared(pod, policy),
            objections: violations.iter().map(Objection::of).collect(),
        }
    }

    /// The same workload as if nothing stood there that an earlier run assumed.
    pub(super) fn without_assumptions(&self) -> Case<'a> {
        let mut seats = seat::seats(self.workload, self.pod, self.context);
        for seat in &mut seats {
            seat.renewed = true;
        }
        Case {
            seats,
            laid: self.laid.clone(),
            renewed: true,
            spared: self.spared.clone(),
            objections: Rc::clone(&self.objections),
            ..*self
        }
    }

    pub(super) fn is_renewed(&self) -> bool {
        self.renewed
    }

    /// A field of the pod's `securityContext`.
    pub(super) fn pod_context(&self, keys: &[&str]) -> Option<NodeRef<'a>> {
        self.stated_at_pod(keys)
            .filter(|node| !(self.renewed && is_assumed(keys, *node)))
    }

    /// The same, assumed or not.
    fn stated_at_pod(&self, keys: &[&str]) -> Option<NodeRef<'a>> {
        seat::present(self.pod.spec.get("securityContext")?.at(keys))
    }

    /// A field that a container has of its own, else from the pod.
    pub(super) fn effective(&self, seat: &Seat<'a>, key: &str) -> Option<NodeRef<'a>> {
        seat.context(&[key]).or_else(|| self.pod_context(&[key]))
    }

    /// The same with what an earlier run assumed.
    pub(super) fn stated(&self, seat: &Seat<'a>, key: &str) -> Option<NodeRef<'a>> {
        seat.stated(&[key]).or_else(|| self.stated_at_pod(&[key]))
    }

    /// Whether nobody but the author can say what should stand there: a value that violates, or a profile without a type
    /// where the target demands none.
    pub(super) fn is_decision(&self, violation: &Violation, site: &Site) -> bool {
        site.fault == Fault::Explicit || self.level == Level::Baseline || violation.check == "appArmorProfile"
    }

    /// A flag of the pod spec as it will be.
    pub(super) fn pod_flag(&self, key: &'static str, draft: &Draft) -> bool {
        match draft.change(&self.pod.path.key(key)) {
            Some(change) => change.to == Some(Value::Bool(true)),
            None => self.pod.spec.get(key).and_then(NodeRef::as_bool) == Some(true),
        }
    }

    pub(super) fn violates(&self, check: &str) -> bool {
        self.violations.iter().any(|v| v.check == check) && !self.spared.contains(&check)
    }

    /// Whether the pod goes to Windows without saying so, which the plan then makes it say.
    pub(super) fn becomes_windows(&self) -> bool {
        !self.spared.is_empty()
    }

    /// Nor does the plan then.
    pub(super) fn leave_windows_unsaid(&mut self) {
        self.spared.clear();
    }

    /// Whether the policy asks less of a pod that says it is one of Windows: before v1.25 it does not.
    pub(super) fn spares_windows(&self) -> bool {
        self.policy.exempted(Exemption::Windows).next().is_some()
    }

    pub(super) fn is_windows(&self) -> bool {
        self.pod.is_windows() || self.becomes_windows()
    }

    /// Whether a check objects to a container, or to what the pod says for all.
    pub(super) fn violates_in(&self, check: &str, seat: &Seat) -> bool {
        let mut of_check = self.objections.iter().filter(|objection| objection.check == check);
        of_check.any(|objection| objection.at_pod || objection.containers.contains(seat.name()))
            && !self.spared.contains(&check)
    }

    pub(super) fn accepts(&self, basis: Basis) -> bool {
        match basis {
            Basis::Assumed => self.context.accept() >= Accept::Assumed,
            Basis::Override => self.context.accept() >= Accept::Override,
            Basis::Standard | Basis::Manifest | Basis::Config | Basis::Profile => true,
        }
    }

    pub(super) fn is_openshift(&self) -> bool {
        self.workload.kind.is_of_openshift || self.context.config.platform == Some(Platform::Openshift)
    }

    pub(super) fn read_only_root(&self) -> ReadOnlyRoot {
        self.context.config.read_only_root.unwrap_or(ReadOnlyRoot::Auto)
    }

    /// The namespace that decides about claims and services, if the repository says it.
    pub(super) fn namespace(&self) -> &'a str {
        self.context.namespace_of(self.workload).unwrap_or("")
    }

    /// Whether a claim or Service of another file can be meant. Files that name no namespace share the one that is not
    /// said only with their own folder: a repository may hold many examples with the same names.
    pub(super) fn is_neighbour(&self, path: &Path) -> bool {
        !self.namespace().is_empty()
            || path.parent().map(Path::as_os_str) == self.context.relative.parent().map(Path::as_os_str)
    }

    /// Whether the kind's API takes a field of the pod spec. What a manifest has already, its cluster takes.
    pub(super) fn takes(&self, keys: &[&str]) -> bool {
        let spec = self.pod.spec;
        let split = |field: &'static str| field.split('.').collect::<Vec<&str>>();
        let is_there = |field: &&'static str| seat::present(spec.at(&split(field))).is_some();
        self.workload.kind.refuses.iter().all(|refused| {
            let concerns = keys.starts_with(&split(refused.field));
            !concerns || refused.unless.iter().any(is_there)
        })
    }

    /// What has to be at the pod and cannot: only the cluster's administrator can allow it.
    pub(super) fn refused(&self, check: &'static str, keys: &[&'static str], why: &str) -> Blocker {
        let field = FieldPath::keys(keys);
        let kind = self.workload.kind_name;
        Blocker {
            check,
            code: "field-not-accepted",
            message: format!("{why}, which needs `{field}`, and {kind} does not take that at the pod"),
            suggestion: format!(
                "allow `{field}` in the cluster ({}), write it yourself, or give up what needs it",
                self.workload.api_version
            )
            .into(),
            field: self.pod.path.join(&field),
            container: None,
            line: self.pod.spec.line(),
        }
    }

    /// Whether any id or root flag of the workload is marked as assumed.
    pub(super) fn has_marker(&self) -> bool {
        let marked = |node: Option<NodeRef>| node.is_some_and(is_replaceable);
        MARKED
            .iter()
            .any(|key| marked(self.stated_at_pod(&[key])) || self.seats.iter().any(|seat| marked(seat.stated(&[key]))))
    }
}

fn spared(pod: &Pod, policy: Policy) -> Vec<&'static str> {
    let is_unsaid = pod.windows_selector().is_some() && pod.scope().get(&["os", "name"]).is_none();
    let spared = policy.exempted(Exemption::Windows);
    spared.filter(|_| is_unsaid).collect()
}

/// What patches of kustomizations lay over the pod of a workload.
fn laid_over<'a>(workload: &Workload<'a>, pod: &Pod<'a>, context: &'a Context<'a>) -> Vec<Over<'a>> {
    let object = Patched {
        kind: workload.kind_name,
        name: workload.name,
        labels: workload.object.at(&["metadata", "labels"]),
        containers: &[],
    };
    let survey = context.survey;
    survey.laid_over(context.relative, object, &pod.path, workload.is_builtin())
}
