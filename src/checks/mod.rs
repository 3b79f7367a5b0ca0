//! Pod Security: what a workload violates, in the words of the upstream evaluator.
//!
//! Checks say what is wrong and where; they never edit and know no image. Every file holds one family of fields: its
//! constants, the rows of its checks, then the functions that look. Specification: the Go module
//! k8s.io/pod-security-admission, package `policy`, v0.37; `conformance/` holds the checks to it.

mod apparmor;
mod capabilities;
mod check;
mod escalation;
mod host_namespaces;
mod host_ports;
mod host_probes;
mod level;
mod privileged;
mod proc_mount;
mod relaxed;
mod run_as;
mod seccomp;
mod selinux;
mod servers;
mod sysctls;
mod text;
mod volumes;
mod windows;

use crate::kube::pod::Pod;

pub use apparmor::ANNOTATION_PREFIX as APPARMOR_ANNOTATION_PREFIX;
pub use check::{Check, Evaluate, Exemption, Fault, Forbidden, Guide, Revision, Site, Violation};
pub use level::{Level, NEWEST_MINOR, PolicyVersion};
pub use relaxed::Relaxed;
pub use seccomp::CONTAINER_ANNOTATION_PREFIX as SECCOMP_CONTAINER_ANNOTATION_PREFIX;
pub use seccomp::POD_ANNOTATION as SECCOMP_POD_ANNOTATION;
pub use volumes::OTHERS as FORBIDDEN_VOLUMES;
pub use volumes::volume_sources;

/// All checks in the order in which violations are reported: baseline before restricted, each by id in byte order.
pub const CHECKS: &[Check] = &[
    apparmor::APP_ARMOR_PROFILE,
    capabilities::BASELINE,
    host_namespaces::HOST_NAMESPACES,
    volumes::HOST_PATHS,
    host_ports::HOST_PORTS,
    host_probes::HOST_PROBES,
    privileged::PRIVILEGED,
    proc_mount::BASELINE,
    selinux::SE_LINUX_OPTIONS,
    seccomp::BASELINE,
    sysctls::SYSCTLS_CHECK,
    windows::HOST_PROCESS_CHECK,
    escalation::ALLOW_PRIVILEGE_ESCALATION,
    capabilities::RESTRICTED,
    proc_mount::RESTRICTED,
    volumes::RESTRICTED_VOLUMES,
    run_as::NON_ROOT,
    run_as::USER,
    seccomp::RESTRICTED,
];

/// What pods are held to, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    pub level: Level,
    pub version: PolicyVersion,
    /// The minor of the API server that judges, where it is known. An older one does not know what later releases came
    /// to demand or to allow: it judges newer versions as its own newest.
    pub server: Option<u32>,
}

/// What a pod violates at a level of a policy version, in the upstream order. Assumes that the pod's types are right.
pub fn evaluate(level: Level, version: PolicyVersion, pod: &Pod) -> Vec<Violation> {
    Policy {
        level,
        version,
        server: None,
    }
    .violations(pod)
}

impl Policy {
    /// What a pod violates, in the upstream order. Assumes that the pod's types are right.
    pub fn violations(self, pod: &Pod) -> Vec<Violation> {
        self.active()
            .filter(|(_, revision)| !revision.exempt.is_some_and(|exemption| exemption.applies_to(pod)))
            .filter_map(|(check, revision)| check.violation(revision, pod))
            .collect()
    }

    /// The checks that a pod passes only because later policy versions came to allow what it has. Where the server is
    /// known, it has been asked already.
    pub fn relaxed(self, pod: &Pod) -> Vec<Relaxed> {
        if self.server.is_some() {
            return Vec::new();
        }
        self.active()
            .filter_map(|(check, revision)| relaxed::relaxed(check, revision, pod))
            .collect()
    }

    /// The checks that are not asked of a pod that has what exempts from them.
    pub fn exempted(self, exemption: Exemption) -> impl Iterator<Item = &'static str> {
        self.active()
            .filter(move |(_, revision)| revision.exempt == Some(exemption))
            .map(|(check, _)| check.id)
    }

    fn active(self) -> impl Iterator<Item = (&'static Check, &'static Revision)> {
        let minor = self.version.effective_minor();
        let minor = self.server.map_or(minor, |server| minor.min(servers::newest(server)));
        active(self.level, PolicyVersion::Minor(minor))
            .map(move |(check, revision)| (check, servers::revision(check, revision, self.server)))
    }
}

/// The checks that apply at a level of a policy version, each with its revision.
pub fn active(level: Level, version: PolicyVersion) -> impl Iterator<Item = (&'static Check, &'static Revision)> {
    let minor = version.effective_minor();
    CHECKS
        .iter()
        .filter(move |check| check.level <= level && !is_overridden(check, level, minor))
        .filter_map(move |check| Some((check, check.revision(minor)?)))
}

/// The check with an upstream id.
pub fn find(id: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.id == id)
}

/// All violations in one line, as the API server prints them.
pub fn message(violations: &[Violation]) -> String {
    violations.iter().map(Violation::message).collect::<Vec<_>>().join(", ")
}

/// The reasons alone, as the API server prints them where a new label meets pods that are there.
pub fn reasons(violations: &[Violation]) -> String {
    let reasons: Vec<&str> = violations.iter().map(|violation| violation.reason).collect();
    reasons.join(", ")
}

/// The warning that `kubectl apply` prints for a workload (without its `Warning: `). The target is quoted as it is
/// declared; `text` is what [`message`] makes of the violations.
pub fn warning(level: &str, version: &str, text: &str) -> String {
    format!("would violate PodSecurity \"{level}:{version}\": {text}")
}

fn is_overridden(check: &Check, level: Level, minor: u32) -> bool {
    CHECKS
        .iter()
        .any(|other| other.level <= level && other.overrides.contains(&check.id) && other.revision(minor).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_upstream_order() {
        let keys: Vec<_> = CHECKS.iter().map(|check| (check.level, check.id)).collect();
        assert!(keys.is_sorted(), "{keys:?}");
        assert_eq!(CHECKS.len(), 19);
    }

    #[test]
    fn revisions_ascend_and_the_newest_is_known() {
        for check in CHECKS {
            assert!(check.revisions.is_sorted_by(|a, b| a.since < b.since), "{}", check.id);
            for id in check.overrides {
                assert_eq!(find(id).map(|found| found.level), Some(Level::Baseline), "{id}");
            }
        }
        let newest = CHECKS.iter().flat_map(|check| check.revisions).map(|r| r.since).max();
        assert_eq!(newest, Some(NEWEST_MINOR));
    }
}
