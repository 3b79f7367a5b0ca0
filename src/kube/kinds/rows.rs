//! The KINDS table, and how a row is found. A row is all it takes to add a kind; what a row can say, the folder's `mod` says.

use super::Update::{Recreate, Rolls};
use super::{Added, Asked, Kind, Refused, Shape, Ssh, group, row};

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

const AUTOSCALER: &str = "a container autoscaler";

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
    // Clusters of OpenShift 3 have it in the core group.
    row("DeploymentConfig", &["apps.openshift.io", ""], TEMPLATE, Rolls).of_openshift(),
    row("Service", KNATIVE, TEMPLATE, Rolls)
        .refusing(KNATIVE_REFUSES)
        .naming_containers("user-container"),
    row("Configuration", KNATIVE, TEMPLATE, Rolls)
        .refusing(KNATIVE_REFUSES)
        .naming_containers("user-container"),
    row("Revision", KNATIVE, &["spec"], Recreate)
        .shaped(Shape::Spec)
        .refusing(KNATIVE_REFUSES)
        .naming_containers("user-container"),
    row("ContainerSource", &["sources.knative.dev"], TEMPLATE, Rolls),
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
    .adding(&[Added {
        what: "the container of the model",
        when: &[Asked::Present("spec.predictor.model")],
        context: "spec.predictor.model.securityContext",
    }])
    .naming_containers("kserve-container"),
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
        what: AUTOSCALER,
        when: &[Asked::On("spec.enableInTreeAutoscaling")],
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
    .adding(&[
        Added {
            what: AUTOSCALER,
            when: &[Asked::On("spec.rayClusterSpec.enableInTreeAutoscaling")],
            context: "spec.rayClusterSpec.autoscalerOptions.securityContext",
        },
        Added {
            what: "a pod that submits the job",
            when: &[Asked::Not("spec.submissionMode", &["HTTPMode", "InteractiveMode"])],
            context: "spec.submitterPodTemplate",
        },
    ]),
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
        what: AUTOSCALER,
        when: &[Asked::On("spec.rayClusterConfig.enableInTreeAutoscaling")],
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
    row("Job", &["batch.volcano.sh"], &["spec.tasks.*.template"], Recreate).mounting("spec.volumes"),
    row(
        "CronJob",
        &["batch.volcano.sh"],
        &["spec.jobTemplate.spec.tasks.*.template"],
        Rolls,
    )
    .mounting("spec.jobTemplate.spec.volumes"),
    row("JobTemplate", &["flow.volcano.sh"], &["spec.tasks.*.template"], Rolls).mounting("spec.volumes"),
    row("ScaledJob", &["keda.sh"], &["spec.jobTargetRef.template"], Rolls),
    row("TFJob", KUBEFLOW, &["spec.tfReplicaSpecs.*.template"], Recreate),
    row(
        "PyTorchJob",
        KUBEFLOW,
        &["spec.pytorchReplicaSpecs.*.template"],
        Recreate,
    )
    .adding(&[Added {
        what: "a container init-pytorch to the workers",
        when: &[
            Asked::Present("spec.pytorchReplicaSpecs.Master"),
            Asked::Present("spec.pytorchReplicaSpecs.Worker"),
        ],
        context: "its own `--pytorch-init-container-template-file`",
    }]),
    row("XGBoostJob", KUBEFLOW, &["spec.xgbReplicaSpecs.*.template"], Recreate),
    row("PaddleJob", KUBEFLOW, &["spec.paddleReplicaSpecs.*.template"], Recreate),
    // The first version has no ssh: its launcher uses `kubectl exec`.
    row("MPIJob", KUBEFLOW, &["spec.mpiReplicaSpecs.*.template"], Recreate).logging_in(Ssh {
        version: "v2",
        path: "spec.sshAuthMountPath",
    }),
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

/// API groups of the API server itself that objects with pods are written with.
const OWN_GROUPS: &[&str] = &["", "apps", "batch", "extensions"];

/// The row of a kind of the API server's own that stands in another of its groups than it lives in (a Job of `v1`): it is
/// clear what is meant, and no API server takes it.
pub fn find_misplaced(api_version: &str, kind: &str) -> Option<&'static Kind> {
    let is_own = |groups: &[&str]| groups.iter().all(|group| OWN_GROUPS.contains(group));
    let row = KINDS.iter().find(|k| k.kind == kind && is_own(k.groups))?;
    let group = group(api_version);
    (OWN_GROUPS.contains(&group) && !row.groups.contains(&group)).then_some(row)
}
