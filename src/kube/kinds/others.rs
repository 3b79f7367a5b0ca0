//! Objects that run containers and are not edited: kinds whose pods have a shape of their own, and custom resources of
//! which nobody told. They are named in the report, never silently passed over.

use std::collections::BTreeSet;

use super::group;
use crate::yaml::NodeRef;

/// Kinds by API group that are known to run containers in a shape of their own: their pods are made by an operator, or
/// only parts of them can be said.
pub const UNKNOWN_CARRIERS: &[(&str, &[&str])] = &[
    (
        "argoproj.io",
        &[
            "Workflow",
            "WorkflowTemplate",
            "ClusterWorkflowTemplate",
            "CronWorkflow",
            "Application",
            "ApplicationSet",
            "ArgoCD",
            "EventSource",
            "Sensor",
        ],
    ),
    (
        "tekton.dev",
        &[
            "Task",
            "ClusterTask",
            "TaskRun",
            "StepAction",
            "Pipeline",
            "PipelineRun",
        ],
    ),
    ("triggers.tekton.dev", &["EventListener", "TriggerTemplate"]),
    (
        "monitoring.coreos.com",
        &["Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler"],
    ),
    (
        "sparkoperator.k8s.io",
        &["SparkApplication", "ScheduledSparkApplication"],
    ),
    ("flink.apache.org", &["FlinkDeployment"]),
    ("helm.toolkit.fluxcd.io", &["HelmRelease"]),
    ("helm.cattle.io", &["HelmChart"]),
    ("apps.kruise.io", &["SidecarSet"]),
    (
        "actions.summerwind.dev",
        &["Runner", "RunnerDeployment", "RunnerReplicaSet", "RunnerSet"],
    ),
    ("serving.kserve.io", &["ServingRuntime", "ClusterServingRuntime"]),
    (
        "kafka.strimzi.io",
        &[
            "Kafka",
            "KafkaBridge",
            "KafkaConnect",
            "KafkaMirrorMaker",
            "KafkaMirrorMaker2",
            "KafkaNodePool",
        ],
    ),
    ("elasticsearch.k8s.elastic.co", &["Elasticsearch"]),
    ("kibana.k8s.elastic.co", &["Kibana"]),
    ("apm.k8s.elastic.co", &["ApmServer"]),
    ("beat.k8s.elastic.co", &["Beat"]),
    ("agent.k8s.elastic.co", &["Agent"]),
    ("logstash.k8s.elastic.co", &["Logstash"]),
    ("enterprisesearch.k8s.elastic.co", &["EnterpriseSearch"]),
    ("maps.k8s.elastic.co", &["ElasticMapsServer"]),
    ("opentelemetry.io", &["OpenTelemetryCollector"]),
    ("minio.min.io", &["Tenant"]),
    ("trainer.kubeflow.org", &["TrainJob"]),
    ("postgresql.cnpg.io", &["Cluster", "Pooler"]),
    ("acid.zalan.do", &["postgresql"]),
    ("postgres-operator.crunchydata.com", &["PostgresCluster"]),
    ("rabbitmq.com", &["RabbitmqCluster"]),
    ("k8s.mariadb.com", &["MariaDB"]),
    ("mongodbcommunity.mongodb.com", &["MongoDBCommunity"]),
    ("pxc.percona.com", &["PerconaXtraDBCluster"]),
    ("psmdb.percona.com", &["PerconaServerMongoDB"]),
    ("pgv2.percona.com", &["PerconaPGCluster"]),
    ("mysql.oracle.com", &["InnoDBCluster"]),
    ("pingcap.com", &["TidbCluster"]),
    ("cassandra.datastax.com", &["CassandraDatacenter"]),
    ("k8ssandra.io", &["K8ssandraCluster"]),
    ("scylla.scylladb.com", &["ScyllaCluster"]),
    ("clickhouse.altinity.com", &["ClickHouseInstallation"]),
    ("clickhouse-keeper.altinity.com", &["ClickHouseKeeperInstallation"]),
    ("databases.spotahome.com", &["RedisFailover"]),
    (
        "redis.redis.opstreelabs.in",
        &["Redis", "RedisCluster", "RedisReplication", "RedisSentinel"],
    ),
    ("dragonflydb.io", &["Dragonfly"]),
    ("opensearch.opster.io", &["OpenSearchCluster"]),
    ("ceph.rook.io", &["CephCluster", "CephFilesystem", "CephObjectStore"]),
    ("grafana.integreatly.org", &["Grafana"]),
    ("loki.grafana.com", &["LokiStack"]),
    ("jaegertracing.io", &["Jaeger"]),
    (
        "operator.victoriametrics.com",
        &[
            "VMAgent",
            "VMAlert",
            "VMAlertmanager",
            "VMAuth",
            "VMCluster",
            "VMSingle",
        ],
    ),
    ("datadoghq.com", &["DatadogAgent"]),
    ("k8s.keycloak.org", &["Keycloak"]),
    ("core.oam.dev", &["Application"]),
];

/// Kinds that hold no pods, however often they speak of containers: not worth a parser. All others that are in no table
/// may be custom resources with pods of which nobody told.
pub(super) const WITHOUT_PODS: &[&str] = &[
    "ClusterRole",
    "ClusterRoleBinding",
    "ConfigMap",
    "CustomResourceDefinition",
    "HorizontalPodAutoscaler",
    "Ingress",
    "Kustomization",
    "Namespace",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "PodDisruptionBudget",
    "PodMonitor",
    "PrometheusRule",
    "Role",
    "RoleBinding",
    "Secret",
    "ServiceAccount",
    "ServiceMonitor",
];

/// Whether an object runs containers in a shape that is not edited.
pub fn is_unknown_carrier(api_version: &str, kind: &str) -> bool {
    let group = group(api_version);
    UNKNOWN_CARRIERS
        .iter()
        .any(|(g, kinds)| *g == group && kinds.contains(&kind))
}

/// API groups whose objects say how the pods of others must be.
const OF_POLICIES: &[&str] = &[
    "constraints.gatekeeper.sh",
    "kyverno.io",
    "mutations.gatekeeper.sh",
    "policies.kyverno.io",
    "templates.gatekeeper.sh",
];

/// Whether an object of a kind that nobody told of holds containers.
pub fn holds_a_pod(api_version: &str, object: NodeRef) -> bool {
    let group = group(api_version);
    // Groups of custom resources have a domain; what says another word is no object of a cluster's.
    let may_be_custom = group.contains('.') || group.is_empty();
    if !may_be_custom || OF_POLICIES.contains(&group) {
        return false;
    }
    holds_containers(object)
}

/// Whether an object has containers with images in it, wherever that is. Each node is looked at once, however many aliases
/// lead there.
pub fn holds_containers(object: NodeRef) -> bool {
    let has_image = |container: NodeRef| container.get("image").and_then(NodeRef::text).is_some();
    let mut seen = BTreeSet::new();
    let mut pending = vec![object];
    while let Some(node) = pending.pop() {
        if !seen.insert(node.id()) {
            continue;
        }
        if node.list("containers").any(has_image) {
            return true;
        }
        pending.extend(node.entries().map(|(_, value)| value));
        pending.extend(node.items());
    }
    false
}
