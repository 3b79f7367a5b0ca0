//! `capabilities_baseline` and `capabilities_restricted`: Linux capabilities of containers. Names are compared exactly:
//! `all` is not `ALL`, `CAP_CHOWN` is not `CHOWN`.

use super::check::{Check, Exemption, Fault, Forbidden, Guide, Revision, Site};
use super::level::Level;
use super::text::Offenders;
use crate::kube::pod::{Pod, Scope};

const CAPABILITIES: &[&str] = &["securityContext", "capabilities"];
const ADD: &[&str] = &["securityContext", "capabilities", "add"];
const DROP: &[&str] = &["securityContext", "capabilities", "drop"];

/// What a container runtime grants by default.
const RUNTIME_DEFAULTS: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
const NET_BIND_SERVICE: &[&str] = &["NET_BIND_SERVICE"];

pub(super) const BASELINE: Check = Check {
    id: "capabilities_baseline",
    level: Level::Baseline,
    overrides: &[],
    revisions: &[Revision {
        since: 0,
        exempt: None,
        allowed: RUNTIME_DEFAULTS,
        evaluate: evaluate_baseline,
    }],
    guide: Guide {
        demands: "`securityContext.capabilities.add` of every container lists only capabilities that runtimes grant by \
                  default.",
        remedy: "Reported; an added capability is removed only where harden.yaml names the workload and the field.",
        risk: "Whatever needs the capability fails with `operation not permitted`.",
        source: "check_capabilities_baseline.go",
    },
};

pub(super) const RESTRICTED: Check = Check {
    id: "capabilities_restricted",
    level: Level::Restricted,
    overrides: &["capabilities_baseline"],
    revisions: &[
        Revision {
            since: 22,
            exempt: None,
            allowed: NET_BIND_SERVICE,
            evaluate: evaluate_restricted,
        },
        Revision {
            since: 25,
            exempt: Some(Exemption::Windows),
            allowed: NET_BIND_SERVICE,
            evaluate: evaluate_restricted,
        },
    ],
    guide: Guide {
        demands: "Every container drops `ALL` capabilities and adds back none but the allowed one.",
        remedy: "Adds `capabilities: {drop: [\"ALL\"]}`, or `ALL` to an existing list; `all` is respelled. Added \
                 capabilities are reported.",
        risk: "A process that runs as root loses what makes it root: changing owners, switching users, reading any \
               file. Start it as its own user instead.",
        source: "check_capabilities_restricted.go",
    },
};

fn evaluate_baseline(pod: &Pod, allowed: &[&str]) -> Option<Forbidden> {
    let mut adding = Offenders::default();
    for scope in pod.container_scopes() {
        collect_added(&mut adding, &scope, allowed);
    }
    (!adding.is_empty()).then(|| Forbidden {
        reason: "non-default capabilities",
        detail: must_not_include(&adding),
        sites: adding.sites,
    })
}

fn evaluate_restricted(pod: &Pod, allowed: &[&str]) -> Option<Forbidden> {
    let mut keeping = Offenders::default();
    let mut adding = Offenders::default();
    for scope in pod.container_scopes() {
        if !drops_all(&scope) {
            let fault = Fault::Missing;
            keeping.add(
                &scope,
                [Site {
                    fault,
                    ..Site::field(&scope, DROP)
                }],
            );
        }
        if scope.get(CAPABILITIES).is_some() {
            collect_added(&mut adding, &scope, allowed);
        }
    }
    let must_drop = (!keeping.is_empty()).then(|| {
        let containers = keeping.containers();
        format!("{containers} must set securityContext.capabilities.drop=[\"ALL\"]")
    });
    let must_not_add = (!adding.is_empty()).then(|| must_not_include(&adding));
    let details: Vec<String> = must_drop.into_iter().chain(must_not_add).collect();
    (!details.is_empty()).then(|| Forbidden {
        reason: "unrestricted capabilities",
        detail: details.join("; "),
        sites: keeping.sites.into_iter().chain(adding.sites).collect(),
    })
}

fn drops_all(scope: &Scope) -> bool {
    scope.list(DROP).any(|(_, item)| item.as_str() == Some("ALL"))
}

/// Notes the added capabilities that are not allowed; a null in the list counts as an empty name.
fn collect_added<'d>(bad: &mut Offenders<'d>, scope: &Scope<'_, 'd>, allowed: &[&str]) {
    let path = scope.field(ADD);
    let mut sites = Vec::new();
    for (index, item) in scope.list(ADD) {
        let name = item.as_str().unwrap_or("");
        if !allowed.contains(&name) {
            bad.values.insert(name);
            sites.push(Site::value(scope, path.index(index), item));
        }
    }
    bad.add(scope, sites);
}

fn must_not_include(adding: &Offenders) -> String {
    format!(
        "{} must not include {} in securityContext.capabilities.add",
        adding.containers(),
        adding.quoted_values()
    )
}
