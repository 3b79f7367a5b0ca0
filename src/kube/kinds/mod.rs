//! The KINDS table: which objects carry pods, where, which pod fields their API takes, and how a change reaches what
//! runs. A row is all it takes to add a kind; `kinds:` in a config adds more at run time. What runs pods and is not edited
//! is in `others`; `filter` tells from bytes what is worth reading.

mod filter;
mod others;

pub use filter::{may_hold_workload, may_hold_workload_of, names_kind, shows_pods, shows_workload};
pub use others::{UNKNOWN_CARRIERS, holds_a_pod, is_unknown_carrier};

/// How a changed pod template reaches a running object (facts: what the API server lets an update change).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update {
    /// The controller rolls the change out, or uses it for what it starts next.
    Rolls,
    /// The pod template is immutable or only read once: the object must be deleted and created again.
    Recreate,
}

/// What stands at the end of a row's paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// What holds the pod's `metadata` and `spec`.
    Template,
    /// The pod spec itself; the pod's metadata, if any, is not the author's.
    Spec,
    /// One or the other: the spec is where `containers` is. For kinds of a config.
    Either,
}

/// One kind of object that carries pods.
#[derive(Debug)]
pub struct Kind {
    pub kind: &'static str,
    /// API groups it lives or lived in, whatever the version; the core group is empty.
    pub groups: &'static [&'static str],
    /// Ways from the object to its pods: keys joined by dots, `*` for every item of a list or entry of a mapping. The
    /// empty way is the object itself.
    pub pods: &'static [&'static str],
    pub shape: Shape,
    pub update: Update,
    /// Fields of the pod spec that the kind's API refuses, or takes only where the cluster's administrator allows it.
    pub refuses: &'static [Refused],
    /// Containers that the kind's operator puts into the pods, which no manifest of a pod shows.
    pub adds: &'static [Added],
    /// Whether the kind's API gives a name to a container that has none.
    pub names_containers: bool,
}

/// A field of the pod spec, keys joined by dots, with all below it.
#[derive(Debug)]
pub struct Refused {
    pub field: &'static str,
    /// Fields that show, where a manifest has one of them, that the cluster takes it.
    pub unless: &'static [&'static str],
}

/// A container that an operator adds; keys from the object, joined by dots.
#[derive(Debug)]
pub struct Added {
    pub container: &'static str,
    /// The switch that asks for it.
    pub when: &'static str,
    /// Its `securityContext`.
    pub context: &'static str,
}

/// A kind that a config adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnKind {
    pub group: String,
    pub kind: String,
    /// As in [`Kind::pods`].
    pub pods: Vec<String>,
}

/// The row of all kinds that a config adds; group, kind and ways are in the config.
pub const OWN: Kind = row("", &[], &[], Update::Rolls).shaped(Shape::Either);

const fn row(
    kind: &'static str,
    groups: &'static [&'static str],
    pods: &'static [&'static str],
    update: Update,
) -> Kind {
    Kind {
        kind,
        groups,
        pods,
        shape: Shape::Template,
        update,
        refuses: &[],
        adds: &[],
        names_containers: false,
    }
}

impl Kind {
    const fn shaped(mut self, shape: Shape) -> Kind {
        self.shape = shape;
        self
    }

    const fn refusing(mut self, fields: &'static [Refused]) -> Kind {
        self.refuses = fields;
        self
    }

    const fn adding(mut self, containers: &'static [Added]) -> Kind {
        self.adds = containers;
        self
    }

    const fn naming_containers(mut self) -> Kind {
        self.names_containers = true;
        self
    }
}

use Update::{Recreate, Rolls};

const ARGO: &[&str] = &["argoproj.io"];
const KNATIVE: &[&str] = &["serving.knative.dev"];
const KRUISE: &[&str] = &["apps.kruise.io"];
const KUBEFLOW: &[&str] = &["kubeflow.org"];
const RAY: &[&str] = &["ray.io"];
const RUNNERS: &[&str] = &["actions.github.com"];
const AGONES: &[&str] = &["agones.dev"];
const TRAINER: &[&str] = &["trainer.kubeflow.org"];

const APPS: &[&str] = &["apps", "extensions"];
const TEMPLATE: &[&str] = &["spec.template"];
const JOB_TEMPLATES: &[&str] = &["spec.template.spec.replicatedJobs.*.template.spec.template"];
const JOB_METRICS: &[&str] = &["spec.metrics.*.provider.job.spec.template"];

/// Knative's webhook refuses the pod's `securityContext` unless the feature `kubernetes.podspec-securitycontext` is on,
/// which the five fields show that it takes then (`seccompProfile` alone it takes for another reason), and even then it
/// takes neither sysctls nor a change policy (knative/serving, pkg/apis/serving/fieldmask.go). Containers keep theirs.
const KNATIVE_REFUSES: &[Refused] = &[
    Refused {
        field: "securityContext",
        unless: &[
            "securityContext.runAsUser",
            "securityContext.runAsGroup",
            "securityContext.runAsNonRoot",
            "securityContext.fsGroup",
            "securityContext.supplementalGroups",
        ],
    },
    Refused {
        field: "securityContext.sysctls",
        unless: &["securityContext.sysctls"],
    },
    Refused {
        field: "securityContext.fsGroupChangePolicy",
        unless: &["securityContext.fsGroupChangePolicy"],
    },
];

/// Built-in kinds first; then, by group, custom resources that hold whole pod templates or pod specs.
pub const KINDS: &[Kind] = &[
    row("Pod", &[""], &[""], Recreate),
    row("PodTemplate", &[""], &["template"], Rolls),
    row("ReplicationController", &[""], TEMPLATE, Rolls),
    row("Deployment", APPS, TEMPLATE, Rolls),
    row("ReplicaSet", APPS, TEMPLATE, Rolls),
    row("DaemonSet", APPS, TEMPLATE, Rolls),
    row("StatefulSet", &["apps"], TEMPLATE, Rolls),
    row("Job", &["batch"], TEMPLATE, Recreate),
    row("CronJob", &["batch"], &["spec.jobTemplate.spec.template"], Rolls),
    // Argo Rollouts. A Rollout with a `workloadRef` has no template of its own.
    row("Rollout", ARGO, TEMPLATE, Rolls),
    row("Experiment", ARGO, &["spec.templates.*.template"], Recreate),
    row("AnalysisTemplate", ARGO, JOB_METRICS, Rolls),
    row("ClusterAnalysisTemplate", ARGO, JOB_METRICS, Rolls),
    row("AnalysisRun", ARGO, JOB_METRICS, Recreate),
    row("DeploymentConfig", &["apps.openshift.io"], TEMPLATE, Rolls),
    row("Service", KNATIVE, TEMPLATE, Rolls)
        .refusing(KNATIVE_REFUSES)
        .naming_containers(),
    row("Configuration", KNATIVE, TEMPLATE, Rolls)
        .refusing(KNATIVE_REFUSES)
        .naming_containers(),
    row("Revision", KNATIVE, &["spec"], Recreate)
        .shaped(Shape::Spec)
        .refusing(KNATIVE_REFUSES)
        .naming_containers(),
    // KServe turns these into Knative Services unless it is set up otherwise.
    row(
        "InferenceService",
        &["serving.kserve.io"],
        &[
            "spec.predictor",
            "spec.transformer",
            "spec.explainer",
            "spec.predictor.workerSpec",
        ],
        Rolls,
    )
    .shaped(Shape::Spec)
    .refusing(KNATIVE_REFUSES)
    .naming_containers(),
    row("CloneSet", KRUISE, TEMPLATE, Rolls),
    row("StatefulSet", KRUISE, TEMPLATE, Rolls),
    row("DaemonSet", KRUISE, TEMPLATE, Rolls),
    row("BroadcastJob", KRUISE, TEMPLATE, Recreate),
    row(
        "AdvancedCronJob",
        KRUISE,
        &[
            "spec.template.jobTemplate.spec.template",
            "spec.template.broadcastJobTemplate.spec.template",
        ],
        Rolls,
    ),
    row(
        "UnitedDeployment",
        KRUISE,
        &[
            "spec.template.statefulSetTemplate.spec.template",
            "spec.template.advancedStatefulSetTemplate.spec.template",
            "spec.template.cloneSetTemplate.spec.template",
            "spec.template.deploymentTemplate.spec.template",
        ],
        Rolls,
    ),
    row(
        "RayCluster",
        RAY,
        &["spec.headGroupSpec.template", "spec.workerGroupSpecs.*.template"],
        Recreate,
    )
    .adding(&[Added {
        container: "autoscaler",
        when: "spec.enableInTreeAutoscaling",
        context: "spec.autoscalerOptions.securityContext",
    }]),
    row(
        "RayJob",
        RAY,
        &[
            "spec.rayClusterSpec.headGroupSpec.template",
            "spec.rayClusterSpec.workerGroupSpecs.*.template",
            "spec.submitterPodTemplate",
        ],
        Recreate,
    )
    .adding(&[Added {
        container: "autoscaler",
        when: "spec.rayClusterSpec.enableInTreeAutoscaling",
        context: "spec.rayClusterSpec.autoscalerOptions.securityContext",
    }]),
    row(
        "RayService",
        RAY,
        &[
            "spec.rayClusterConfig.headGroupSpec.template",
            "spec.rayClusterConfig.workerGroupSpecs.*.template",
        ],
        Rolls,
    )
    .adding(&[Added {
        container: "autoscaler",
        when: "spec.rayClusterConfig.enableInTreeAutoscaling",
        context: "spec.rayClusterConfig.autoscalerOptions.securityContext",
    }]),
    row(
        "JobSet",
        &["jobset.x-k8s.io"],
        &["spec.replicatedJobs.*.template.spec.template"],
        Recreate,
    ),
    row(
        "LeaderWorkerSet",
        &["leaderworkerset.x-k8s.io"],
        &[
            "spec.leaderWorkerTemplate.leaderTemplate",
            "spec.leaderWorkerTemplate.workerTemplate",
        ],
        Rolls,
    ),
    row("Job", &["batch.volcano.sh"], &["spec.tasks.*.template"], Recreate),
    row("ScaledJob", &["keda.sh"], &["spec.jobTargetRef.template"], Rolls),
    row("TFJob", KUBEFLOW, &["spec.tfReplicaSpecs.*.template"], Recreate),
    row(
        "PyTorchJob",
        KUBEFLOW,
        &["spec.pytorchReplicaSpecs.*.template"],
        Recreate,
    ),
    row("XGBoostJob", KUBEFLOW, &["spec.xgbReplicaSpecs.*.template"], Recreate),
    row("PaddleJob", KUBEFLOW, &["spec.paddleReplicaSpecs.*.template"], Recreate),
    row("MPIJob", KUBEFLOW, &["spec.mpiReplicaSpecs.*.template"], Recreate),
    row("JAXJob", KUBEFLOW, &["spec.jaxReplicaSpecs.*.template"], Recreate),
    row("Notebook", KUBEFLOW, TEMPLATE, Rolls),
    row("TrainingRuntime", TRAINER, JOB_TEMPLATES, Rolls),
    row("ClusterTrainingRuntime", TRAINER, JOB_TEMPLATES, Rolls),
    row(
        "AutoscalingRunnerSet",
        RUNNERS,
        &["spec.template", "spec.listenerTemplate"],
        Rolls,
    ),
    row("EphemeralRunnerSet", RUNNERS, &["spec.ephemeralRunnerSpec"], Rolls),
    row("EphemeralRunner", RUNNERS, &["spec"], Recreate),
    row("AutoscalingListener", RUNNERS, TEMPLATE, Recreate),
    row(
        "SeldonDeployment",
        &["machinelearning.seldon.io"],
        &["spec.predictors.*.componentSpecs.*"],
        Rolls,
    ),
    row("GameServer", AGONES, TEMPLATE, Recreate),
    row("GameServerSet", AGONES, &["spec.template.spec.template"], Rolls),
    row("Fleet", AGONES, &["spec.template.spec.template"], Rolls),
    row(
        "DeploymentRuntimeConfig",
        &["pkg.crossplane.io"],
        &["spec.deploymentTemplate.spec.template"],
        Rolls,
    ),
];

/// The row of an object, by `apiVersion` and `kind`. Both are case-sensitive, as in the API server.
pub fn find(api_version: &str, kind: &str) -> Option<&'static Kind> {
    let group = group(api_version);
    KINDS.iter().find(|k| k.kind == kind && k.groups.contains(&group))
}

impl OwnKind {
    pub fn is(&self, api_version: &str, kind: &str) -> bool {
        self.kind == kind && self.group == group(api_version)
    }
}

fn group(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn kinds_are_found_by_group_and_exact_name() {
        assert!(find("apps/v1", "Deployment").is_some());
        assert!(find("extensions/v1beta1", "Deployment").is_some());
        assert!(find("v1", "Deployment").is_none());
        assert!(find("apps/v1", "deployment").is_none());
        assert!(find("v1", "Pod").is_some());
        assert!(find("serving.knative.dev/v1", "Service").is_some());
        assert!(find("v1", "Service").is_none());
        assert!(find("batch.volcano.sh/v9", "Job").is_some());
        assert!(is_unknown_carrier("tekton.dev/v1beta1", "Task"));
    }

    #[test]
    fn no_kind_has_two_rows() {
        let rows = KINDS.iter().flat_map(|k| k.groups.iter().map(|group| (*group, k.kind)));
        let carriers = UNKNOWN_CARRIERS
            .iter()
            .flat_map(|(group, kinds)| kinds.iter().map(|kind| (*group, *kind)));
        let mut seen = BTreeSet::new();
        for row in rows.chain(carriers) {
            assert!(seen.insert(row), "{row:?}");
        }
    }
}
