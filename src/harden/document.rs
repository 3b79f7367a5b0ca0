//! One document: its workloads and Namespaces, and the new text with what is planned for them.

use super::namespaces;
use super::parsed::Parsed;
use super::rewrite::{Plans, Rewritten, rewrite};
use super::workloads;
use crate::context::Context;
use crate::kube::workload::Carrier;
use crate::outcome::{NamespaceOutcome, Reason, WorkloadOutcome};

/// What became of a document.
pub(super) struct Done<'t> {
    pub(super) workloads: Vec<WorkloadOutcome>,
    pub(super) namespaces: Vec<NamespaceOutcome>,
    pub(super) unknown_carriers: Vec<Carrier>,
    /// An error is a failed proof: the file must not be written.
    pub(super) rewritten: Result<Option<Rewritten<'t>>, Reason>,
}

pub(super) fn harden<'t>(index: usize, document: &Parsed<'t>, context: &Context) -> Done<'t> {
    let Some(root) = document.root() else {
        return Done {
            workloads: Vec::new(),
            namespaces: Vec::new(),
            unknown_carriers: Vec::new(),
            rewritten: Ok(None),
        };
    };
    let (judged, unknown_carriers) = workloads::judge_all(index, document, context);
    let mut plans = Plans {
        judged,
        labelled: namespaces::label(index, root, context),
    };
    let rewritten = rewrite(document, &mut plans, context);
    Done {
        workloads: plans.judged.into_iter().map(|j| j.outcome).collect(),
        namespaces: plans.labelled.into_iter().map(|l| l.outcome).collect(),
        unknown_carriers,
        rewritten,
    }
}
