//! `runAsNonRoot` and `runAsUser`: no process is root.

use super::check::{Check, Exemption, Forbidden, Guide, Revision, Site};
use super::level::Level;
use super::text::Offenders;
use crate::kube::pod::Pod;

const RUN_AS_NON_ROOT: &[&str] = &["securityContext", "runAsNonRoot"];
const RUN_AS_USER: &[&str] = &["securityContext", "runAsUser"];

pub(super) const NON_ROOT: Check = Check {
    id: "runAsNonRoot",
    level: Level::Restricted,
    overrides: &[],
    revisions: &[
        Revision {
            since: 0,
            exempt: None,
            allowed: &[],
            evaluate: evaluate_non_root,
        },
        Revision {
            since: 35,
            exempt: Some(Exemption::UserNamespace),
            allowed: &[],
            evaluate: evaluate_non_root,
        },
    ],
    guide: Guide {
        demands: "Every container has `securityContext.runAsNonRoot: true`, its own or the pod's; none has false.",
        remedy: "Sets it at the pod, with the user and groups that the images need (on Windows, with a `runAsUserName`). An \
                 explicit `false` is reversed only with `--accept override`.",
        risk: "The kubelet refuses to start an image whose user is root or a name, unless `runAsUser` gives a number. An \
               application that starts as root cannot write root's files, nor listen below port 1024.",
        source: "check_runAsNonRoot.go",
    },
};

pub(super) const USER: Check = Check {
    id: "runAsUser",
    level: Level::Restricted,
    overrides: &[],
    revisions: &[
        Revision {
            since: 23,
            exempt: None,
            allowed: &[],
            evaluate: evaluate_user,
        },
        Revision {
            since: 35,
            exempt: Some(Exemption::UserNamespace),
            allowed: &[],
            evaluate: evaluate_user,
        },
    ],
    guide: Guide {
        demands: "`securityContext.runAsUser` of pod and containers is not 0.",
        remedy: "Reported; replaced only with `--accept override`, where harden.yaml or a profile gives the user.",
        risk: "As with runAsNonRoot: files and ports that only root may use are out of reach.",
        source: "check_runAsUser.go",
    },
};

fn evaluate_non_root(pod: &Pod, _: &[&str]) -> Option<Forbidden> {
    let of_pod = pod.scope().bool(RUN_AS_NON_ROOT);
    let mut explicit = Offenders::default();
    let mut without = Offenders::default();
    for scope in pod.scopes() {
        // A value of the pod is either true and covers the containers without one, or reported itself.
        match scope.bool(RUN_AS_NON_ROOT) {
            Some(false) => explicit.add(&scope, [Site::field(&scope, RUN_AS_NON_ROOT)]),
            None if scope.container.is_some() && of_pod.is_none() => {
                without.add(&scope, [Site::field(&scope, RUN_AS_NON_ROOT)]);
            }
            _ => {}
        }
    }
    if !explicit.is_empty() {
        return Some(Forbidden {
            reason: "runAsNonRoot != true",
            detail: format!("{} must not set securityContext.runAsNonRoot=false", explicit.setters()),
            sites: explicit.sites.into_iter().chain(without.sites).collect(),
        });
    }
    (!without.is_empty()).then(|| Forbidden {
        reason: "runAsNonRoot != true",
        detail: format!(
            "pod or {} must set securityContext.runAsNonRoot=true",
            without.containers()
        ),
        sites: without.sites,
    })
}

fn evaluate_user(pod: &Pod, _: &[&str]) -> Option<Forbidden> {
    let mut bad = Offenders::default();
    for scope in pod.scopes() {
        if scope.int(RUN_AS_USER) == Some(0) {
            bad.add(&scope, [Site::field(&scope, RUN_AS_USER)]);
        }
    }
    (!bad.is_empty()).then(|| Forbidden {
        reason: "runAsUser=0",
        detail: format!("{} must not set runAsUser=0", bad.setters()),
        sites: bad.sites,
    })
}
