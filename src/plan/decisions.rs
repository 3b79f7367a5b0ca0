//! Explicit values against the target are somebody's decision: reported as blockers with the way out, or reversed where
//! `--accept override` allows it or where config names the workload and the field.

use super::case::Case;
use super::draft::{Draft, Reasoned};
use super::overrides::{self, Answer};
use super::seat::Seat;
use super::{Basis, Blocker, WayOut, confinement, host_paths, releases, superuser};
use crate::checks::{Fault, Site, Violation};
use crate::yaml::{FieldPath, NodeRef, Step, Value};

/// How a check's explicit violations are reported.
struct Decision {
    check: &'static str,
    code: &'static str,
    suggestion: &'static str,
    /// What an override in harden.yaml would say, where it is one for all.
    answer: Option<Answer>,
}

const DECISIONS: &[Decision] = &[
    Decision {
        check: "hostNamespaces",
        code: "host-namespaces",
        suggestion: "remove hostNetwork, hostPID and hostIPC, or keep the workload in a namespace labelled `privileged`",
        // Not removed: a comment that says why it was wanted stays where it is.
        answer: Some(Answer::Set(false)),
    },
    Decision {
        check: "privileged",
        code: "privileged",
        suggestion: "remove `privileged: true`, or keep the workload in a namespace labelled `privileged`",
        answer: Some(Answer::Set(false)),
    },
    Decision {
        check: "hostPathVolumes",
        code: "host-path",
        suggestion: "use an emptyDir, a persistentVolumeClaim or a CSI volume, or keep the workload in a namespace labelled `privileged`",
        answer: Some(Answer::Remove),
    },
    Decision {
        check: "hostPorts",
        code: "host-port",
        suggestion: "remove `hostPort` and reach the pod through a Service",
        answer: Some(Answer::Remove),
    },
    Decision {
        check: "capabilities_baseline",
        code: "capabilities",
        suggestion: "remove the added capabilities",
        answer: Some(Answer::Rest),
    },
    Decision {
        check: "capabilities_restricted",
        code: "capabilities",
        suggestion: "remove the added capabilities; only NET_BIND_SERVICE may be added",
        answer: Some(Answer::Rest),
    },
    Decision {
        check: "allowPrivilegeEscalation",
        code: "privilege-escalation",
        suggestion: "set `allowPrivilegeEscalation: false`, or run with --accept override",
        answer: None,
    },
    Decision {
        check: "runAsNonRoot",
        code: "runs-as-root",
        suggestion: "set `runAsNonRoot: true` and a uid, or run with --accept override",
        answer: None,
    },
    Decision {
        check: "runAsUser",
        code: "runs-as-root",
        suggestion: "set the image's own uid; with a fact about the image, --accept override does it",
        answer: None,
    },
    Decision {
        check: "seccompProfile_baseline",
        code: "seccomp",
        suggestion: "set `seccompProfile.type: RuntimeDefault`, or run with --accept override",
        answer: None,
    },
    Decision {
        check: "seccompProfile_restricted",
        code: "seccomp",
        suggestion: "set `seccompProfile.type: RuntimeDefault`, or run with --accept override",
        answer: None,
    },
    Decision {
        check: "restrictedVolumes",
        code: "volume-type",
        suggestion: "use a persistentVolumeClaim or a CSI volume instead",
        answer: None,
    },
    Decision {
        check: "procMount",
        code: "proc-mount",
        suggestion: "remove `procMount`",
        answer: Some(Answer::Remove),
    },
    Decision {
        check: "procMount_restricted",
        code: "proc-mount",
        suggestion: "remove `procMount`",
        answer: Some(Answer::Remove),
    },
    Decision {
        check: "appArmorProfile",
        code: "app-armor",
        suggestion: "use `RuntimeDefault` or a `Localhost` profile, or run with --accept override",
        answer: None,
    },
    Decision {
        check: "seLinuxOptions",
        code: "se-linux",
        suggestion: "remove the user, the role, or the type that is not allowed",
        answer: Some(Answer::Remove),
    },
    Decision {
        check: "sysctls",
        code: "sysctls",
        suggestion: "remove the sysctl, or set it on the node",
        answer: Some(Answer::Rest),
    },
    Decision {
        check: "windowsHostProcess",
        code: "host-process",
        suggestion: "remove `hostProcess`, or keep the workload in a namespace labelled `privileged`",
        answer: Some(Answer::Set(false)),
    },
    Decision {
        check: "hostProbesAndHostLifecycle",
        code: "probe-host",
        suggestion: "remove `host` from the probe or hook",
        answer: Some(Answer::Remove),
    },
];

pub(super) fn write(case: &Case, draft: &mut Draft) {
    for violation in case.violations {
        for site in violation.sites.iter().filter(|site| case.is_decision(violation, site)) {
            if !overrides::decide(case, site, draft) && !reversed(case, violation, site, draft) {
                draft.block(blocker(case, violation, site));
            }
        }
    }
}

/// Explicit opposites that the standard itself gives the replacement for; uids are the users' matter.
fn reversed(case: &Case, violation: &Violation, site: &Site, draft: &mut Draft) -> bool {
    if !case.accepts(Basis::Override) {
        return false;
    }
    let to = match (violation.check, site.path.last_key()) {
        ("allowPrivilegeEscalation", Some("allowPrivilegeEscalation")) => Value::Bool(false),
        ("runAsNonRoot", Some("runAsNonRoot")) => Value::Bool(true),
        ("seccompProfile_restricted", Some("type")) | ("seccompProfile_baseline" | "appArmorProfile", _) => {
            confinement::reverse(case, site, draft);
            return true;
        }
        // `users` replaces uid 0 where a fact names the image's uid.
        ("runAsUser", _) if has_uid_fact(case, site) => return true,
        ("runAsUser", _) if site.container.is_none() && is_idle_at_pod(case) => {
            let why = Reasoned::new(Basis::Override, "every container has a uid of its own");
            draft.push(site.path.clone(), None, Some(Value::Int(0)), None, why, site.line);
            return true;
        }
        _ => return false,
    };
    let why = Reasoned::new(Basis::Override, "an explicit opposite, reversed on request");
    let from = case.workload.object.at_path(&site.path).and_then(NodeRef::value);
    draft.push(
        site.path.clone(),
        site.container.as_deref(),
        from,
        Some(to),
        why,
        site.line,
    );
    true
}

/// Whether no container takes its uid from the pod.
fn is_idle_at_pod(case: &Case) -> bool {
    let own = |seat: &Seat| seat.context(&["runAsUser"]).and_then(NodeRef::as_int);
    case.seats.iter().all(|seat| own(seat).is_some_and(|uid| uid != 0))
}

fn has_uid_fact(case: &Case, site: &Site) -> bool {
    let concerned = case.seats.iter().filter(|seat| match &site.container {
        Some(name) => seat.name() == name,
        None => seat.context(&["runAsUser"]).is_none(),
    });
    let mut known = concerned.map(superuser::states_uid).peekable();
    known.peek().is_some() && known.all(|known| known)
}

fn blocker(case: &Case, violation: &Violation, site: &Site) -> Blocker {
    let is_host_path = site.path.0.last() == Some(&Step::Key("hostPath".into()));
    let check = if is_host_path {
        "hostPathVolumes"
    } else {
        violation.check
    };
    let row = DECISIONS.iter().find(|d| d.check == check);
    Blocker {
        check: violation.check,
        code: row.map_or("decision", |d| d.code),
        field: site.path.clone(),
        container: site.container.clone(),
        line: site.line,
        message: format!("{}: {}", violation.reason, what_stands_there(case, site)),
        suggestion: releases::way_out_of_image(case, site).map_or_else(|| way_out(case, site, row), WayOut::from),
    }
}

/// Beside what the manifest can say, what the config can.
fn way_out(case: &Case, site: &Site, row: Option<&Decision>) -> WayOut {
    let suggestion = row.map_or("remove the value", |row| row.suggestion);
    if let Some(why) = overrides::why_not_empty(case, site) {
        return host_paths::way_out(&why).into();
    }
    let entry = row
        .and_then(|row| row.answer)
        .filter(|_| site.fault == Fault::Explicit)
        .and_then(|answer| overrides::entry(case, site, answer));
    WayOut {
        what: suggestion.to_string(),
        entry,
    }
}

/// `container "web" has ports[0].hostPort 80`.
fn what_stands_there(case: &Case, site: &Site) -> String {
    let seat = site
        .container
        .as_deref()
        .and_then(|name| case.seats.iter().find(|s| s.name() == name));
    let (owner, base) = match seat {
        Some(seat) => (format!("container \"{}\"", seat.name()), &seat.container.path),
        None => ("the pod".to_string(), &case.pod.path),
    };
    let field = FieldPath(
        site.path
            .0
            .strip_prefix(base.0.as_slice())
            .unwrap_or(&site.path.0)
            .to_vec(),
    );
    let value = case
        .workload
        .object
        .at_path(&site.path)
        .and_then(NodeRef::text)
        .unwrap_or("");
    let has = if site.fault == Fault::Explicit { "has" } else { "lacks" };
    format!("{owner} {has} {field} {value}").trim_end().to_string()
}

#[cfg(test)]
mod tests {
    use super::DECISIONS;
    use crate::checks::CHECKS;

    #[test]
    fn every_check_has_a_code_and_a_way_out() {
        let lacking = |id: &&str| DECISIONS.iter().all(|d| d.check != *id);
        let lacking: Vec<&str> = CHECKS.iter().map(|check| check.id).filter(lacking).collect();
        assert!(lacking.is_empty(), "{lacking:?}");
    }
}
