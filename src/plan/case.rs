//! Everything the rules read about one workload, gathered once.

use super::draft::Draft;
use super::seat::{self, Seat, is_replaceable};
use super::{Accept, Basis, MARKED, Platform};
use crate::checks::{Level, Violation};
use crate::config::ReadOnlyRoot;
use crate::context::{Context, Target};
use crate::kube::pod::Pod;
use crate::kube::workload::Workload;
use crate::yaml::{NodeRef, Value};

pub(super) struct Case<'a> {
    pub(super) workload: &'a Workload<'a>,
    pub(super) pod: &'a Pod<'a>,
    pub(super) context: &'a Context<'a>,
    pub(super) level: Level,
    pub(super) violations: &'a [Violation],
    pub(super) seats: Vec<Seat<'a>>,
}

impl<'a> Case<'a> {
    pub(super) fn new(
        workload: &'a Workload<'a>,
        pod: &'a Pod<'a>,
        context: &'a Context<'a>,
        target: &Target,
        violations: &'a [Violation],
    ) -> Case<'a> {
        let seats = seat::seats(workload, pod, context.library);
        Case {
            workload,
            pod,
            context,
            level: target.level,
            violations,
            seats,
        }
    }

    /// A field of the pod's `securityContext`.
    pub(super) fn pod_context(&self, keys: &[&str]) -> Option<NodeRef<'a>> {
        seat::present(self.pod.spec.get("securityContext")?.at(keys))
    }

    /// A field that a container has of its own, else from the pod.
    pub(super) fn effective(&self, seat: &Seat<'a>, key: &str) -> Option<NodeRef<'a>> {
        seat.context(&[key]).or_else(|| self.pod_context(&[key]))
    }

    /// A flag of the pod spec as it will be.
    pub(super) fn pod_flag(&self, key: &str, draft: &Draft) -> bool {
        match draft.change(&self.pod.path.key(key)) {
            Some(change) => change.to == Some(Value::Bool(true)),
            None => self.pod.spec.get(key).and_then(NodeRef::as_bool) == Some(true),
        }
    }

    pub(super) fn violates(&self, check: &str) -> bool {
        self.violations.iter().any(|v| v.check == check)
    }

    pub(super) fn accepts(&self, basis: Basis) -> bool {
        match basis {
            Basis::Assumed => self.context.accept() >= Accept::Assumed,
            Basis::Override => self.context.accept() >= Accept::Override,
            Basis::Standard | Basis::Manifest | Basis::Config | Basis::Profile => true,
        }
    }

    pub(super) fn is_openshift(&self) -> bool {
        self.context.config.platform == Some(Platform::Openshift)
    }

    pub(super) fn read_only_root(&self) -> ReadOnlyRoot {
        self.context.config.read_only_root.unwrap_or(ReadOnlyRoot::Auto)
    }

    /// The namespace that decides about claims and services, if the repository says it.
    pub(super) fn namespace(&self) -> &'a str {
        self.context.namespace_of(self.workload).unwrap_or("")
    }

    /// Whether any id or root flag of the workload is marked as assumed.
    pub(super) fn has_marker(&self) -> bool {
        let marked = |node: Option<NodeRef>| node.is_some_and(is_replaceable);
        MARKED
            .iter()
            .any(|key| marked(self.pod_context(&[key])) || self.seats.iter().any(|seat| marked(seat.context(&[key]))))
    }
}
