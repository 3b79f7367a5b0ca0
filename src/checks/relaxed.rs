//! Passes that rest on a relaxation: what later policy versions came to allow, a cluster that is older still refuses.

use super::check::{Check, Exemption, Revision};
use super::level::PolicyVersion;
use crate::kube::pod::Pod;

/// A check that a pod passes only from some policy version on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relaxed {
    pub check: &'static str,
    pub since: PolicyVersion,
    /// What the pod is exempt for; `None` where the check itself came to allow a value.
    pub exemption: Option<Exemption>,
    /// What the check says of the pod at the version before.
    pub before: String,
}

/// Where a pod passes a revision of a check: whether it fails an earlier one, and since when it does not.
pub(super) fn relaxed(check: &'static Check, revision: &'static Revision, pod: &Pod) -> Option<Relaxed> {
    let exempts = |revision: &Revision| revision.exempt.filter(|exemption| exemption.applies_to(pod));
    let forbids = |revision: &Revision| match exempts(revision) {
        Some(_) => None,
        None => check.violation(revision, pod),
    };
    let earlier = check.revisions.iter().take_while(|r| r.since < revision.since);
    let later = check.revisions.iter().skip(1);
    let steps: Vec<_> = earlier.zip(later).collect();
    let (newer, violation) = steps.into_iter().rev().find_map(|(older, newer)| {
        // What means the same to both need not be looked at again.
        let differs = exempts(older) != exempts(newer) || older.allowed != newer.allowed;
        let violation = differs.then(|| forbids(older)).flatten()?;
        Some((newer, violation))
    })?;
    if forbids(revision).is_some() {
        return None;
    }
    Some(Relaxed {
        check: check.id,
        since: PolicyVersion::Minor(newer.since),
        exemption: exempts(newer),
        before: violation.message(),
    })
}
