//! What single images come out as, one row per image and variant.

use harden::profiles::{Class, Fact, Facts, Library, Match, Origin, Setting, When};

use crate::{find, origins};

/// Image, and what is known of it: `profile[variant] uid:gid/fsGroup`, the origin of the uid, the read-only root and
/// the writable paths (`+`: even with a writable root, `*`: the image ships content there).
#[rustfmt::skip]
const IMAGES: &[(&str, &str)] = &[
    ("postgres", "postgres[debian] 999:999/999 profile possible /var/run/postgresql /tmp /var/lib/postgresql"),
    ("postgres:16", "postgres[debian up to 17] 999:999/999 profile possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("postgres:16.4-bookworm", "postgres[debian up to 17] 999:999/999 profile possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("postgres:9.6", "postgres[debian up to 17] 999:999/999 profile possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("postgres:15-alpine", "postgres[alpine up to 17] 70:70/70 profile possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("postgres:16.13-alpine@sha256:0123abcd", "postgres[alpine up to 17] 70:70/70 profile possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("postgres:9.6-alpine3.15", "postgres[alpine up to 17] 70:70/70 profile possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("postgres:18", "postgres[debian] 999:999/999 profile possible /var/run/postgresql /tmp /var/lib/postgresql"),
    ("postgres:18.1-alpine3.23", "postgres[alpine] 70:70/70 profile possible /var/run/postgresql /tmp /var/lib/postgresql"),
    ("postgres:alpine", "postgres[alpine] 70:70/70 profile possible /var/run/postgresql /tmp /var/lib/postgresql"),
    ("postgres:latest", "postgres[debian] 999:999/999 profile possible /var/run/postgresql /tmp /var/lib/postgresql"),
    ("postgres@sha256:0123abcd", "postgres 999:999/999 assumed possible /var/run/postgresql /tmp /var/lib/postgresql"),
    ("postgres:17rc1", "postgres[debian up to 17] 999:999/999 profile possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("postgres:17beta2-alpine3.20", "postgres[alpine up to 17] 70:70/70 profile possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("postgres:18beta1", "postgres[debian] 999:999/999 profile possible /var/run/postgresql /tmp /var/lib/postgresql"),
    ("postgres:18-rc1-alpine", "postgres[alpine] 70:70/70 profile possible /var/run/postgresql /tmp /var/lib/postgresql"),
    ("docker.io/arm64v8/postgres:16", "postgres[debian up to 17] 999:999/999 profile possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("i386/postgres:15-alpine", "postgres[alpine up to 17] 70:70/70 profile possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("harbor.corp/arm32v6/redis:7", "redis 999:999/999 assumed recommended /data"),
    ("timescale/timescaledb:2.17.2-pg16", "timescaledb 70:70/70 profile possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("postgis/postgis:16-3.4", "postgis 999:999/999 assumed possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("postgis/postgis:16-3.4-alpine", "postgis[alpine] 70:70/70 assumed possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("pgvector/pgvector:pg16", "postgis 999:999/999 assumed possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("bitnami/postgresql:17", "bitnami-postgresql 1001:0/1001 profile possible /opt/bitnami/postgresql/conf /opt/bitnami/postgresql/tmp /tmp /bitnami/postgresql /docker-entrypoint-initdb.d /docker-entrypoint-preinitdb.d"),
    ("bitnamilegacy/postgresql:16", "bitnami-postgresql 1001:0/1001 profile possible /opt/bitnami/postgresql/conf /opt/bitnami/postgresql/tmp /tmp /bitnami/postgresql /docker-entrypoint-initdb.d /docker-entrypoint-preinitdb.d"),
    ("public.ecr.aws/bitnami/postgresql:15", "bitnami-postgresql 1001:0/1001 profile possible /opt/bitnami/postgresql/conf /opt/bitnami/postgresql/tmp /tmp /bitnami/postgresql /docker-entrypoint-initdb.d /docker-entrypoint-preinitdb.d"),
    ("redis", "redis 999:999/999 profile recommended /data"),
    ("redis:7", "redis 999:999/999 profile recommended /data"),
    ("redis:8.10.1-alpine", "redis[alpine] 999:1000/1000 profile recommended /data"),
    ("redis:alpine", "redis[alpine] 999:1000/1000 profile recommended /data"),
    ("redis:6.0.5", "redis 999:999/999 profile recommended /data"),
    ("bitnami/redis:7.4", "bitnami-redis 1001:0/1001 profile possible /bitnami/redis/data /opt/bitnami/redis/etc /opt/bitnami/redis/tmp /tmp"),
    ("valkey/valkey:8", "valkey 999:999/999 profile possible /data"),
    ("valkey/valkey:8.0-alpine", "valkey[alpine] 999:1000/1000 profile possible /data"),
    ("docker.dragonflydb.io/dragonflydb/dragonfly:v1.25.0", "dragonfly 999:999/999 profile possible /tmp /data"),
    ("memcached:1.6-alpine", "memcached 11211:11211/- profile recommended"),
    ("mysql:8.0", "mysql 999:999/999 profile possible /var/run/mysqld /tmp /var/lib/mysql"),
    ("mysql:5.7", "mysql[before 8] 999:999/999 profile possible /var/run/mysqld /tmp /var/lib/mysql"),
    ("mysql", "mysql 999:999/999 profile possible /var/run/mysqld /tmp /var/lib/mysql"),
    ("mariadb:11.4", "mariadb 999:999/999 profile recommended /run/mysqld /tmp /var/lib/mysql"),
    ("mariadb:10.6-ubi", "mariadb[ubi] 999:999/999 profile possible /tmp /run/mariadb /var/lib/mysql"),
    ("mariadb:11-ubi9", "mariadb[ubi] 999:999/999 profile possible /tmp /run/mariadb /var/lib/mysql"),
    ("mongo:8", "mongo 999:999/999 profile recommended /tmp /data/db /data/configdb"),
    ("mongo:3.2", "mongo[before 7] 999:999/999 assumed possible /tmp /data/db /data/configdb"),
    ("mongo", "mongo 999:999/999 profile recommended /tmp /data/db /data/configdb"),
    ("rabbitmq:3.13-management", "rabbitmq 999:999/999 profile possible /var/log/rabbitmq /etc/rabbitmq* /var/lib/rabbitmq"),
    ("rabbitmq:4.3.2-management-alpine", "rabbitmq[alpine] 100:101/101 profile possible /var/log/rabbitmq /etc/rabbitmq* /var/lib/rabbitmq"),
    ("rabbitmq:3-alpine", "rabbitmq[alpine] 100:101/101 profile possible /var/log/rabbitmq /etc/rabbitmq* /var/lib/rabbitmq"),
    ("nginx", "nginx 101:101/- profile recommended /var/cache/nginx+ /var/run+ /etc/nginx/conf.d+ /tmp"),
    ("nginx:1.27-alpine", "nginx 101:101/- profile recommended /var/cache/nginx+ /var/run+ /etc/nginx/conf.d+ /tmp"),
    ("nginx:1.19", "nginx 101:101/- profile recommended /var/cache/nginx+ /var/run+ /etc/nginx/conf.d+ /tmp"),
    ("nginxinc/nginx-unprivileged:1.27", "nginx-unprivileged 101:101/- profile recommended /tmp"),
    ("bitnami/nginx:1.27", "bitnami-nginx 1001:0/- profile possible /opt/bitnami/nginx/conf* /opt/bitnami/nginx/tmp /opt/bitnami/nginx/logs* /tmp"),
    ("nginxdemos/nginx-hello:plain-text", "nginx-hello 101:101/- profile - /var/cache/nginx+ /var/run+"),
    ("httpd:2.4", "httpd 33:33/- profile recommended /usr/local/apache2/logs+"),
    ("httpd:alpine", "httpd[alpine] 82:82/- profile recommended /usr/local/apache2/logs+"),
    ("haproxy:3.0", "haproxy 99:99/- profile possible"),
    ("haproxy:3.0.8-alpine", "haproxy 99:99/- profile possible"),
    ("sonarqube:7.9.6-community", "sonarqube[before 8] 999:999/999 assumed possible /tmp /opt/sonarqube/data"),
    ("sonarqube:8.1-community-beta", "sonarqube[8.0 and 8.1] 999:999/999 assumed possible /tmp /opt/sonarqube/data"),
    ("sonarqube:8-community", "sonarqube 1000:0/0 profile possible /tmp /opt/sonarqube/data /opt/sonarqube/extensions /opt/sonarqube/logs /opt/sonarqube/temp"),
    ("sonarqube:10", "sonarqube 1000:0/0 profile possible /tmp /opt/sonarqube/data /opt/sonarqube/extensions /opt/sonarqube/logs /opt/sonarqube/temp"),
    ("elasticsearch:7.17.0", "elasticsearch-library 1000:0/1000 profile no /usr/share/elasticsearch/data /usr/share/elasticsearch/logs /usr/share/elasticsearch/config* /tmp"),
    ("elasticsearch:5.6", "elasticsearch-library[before 6] 1000:0/1000 assumed no /usr/share/elasticsearch/data+ /usr/share/elasticsearch/logs+ /usr/share/elasticsearch/config* /tmp"),
    ("elasticsearch:2.4-alpine", "elasticsearch-library[before 6] 1000:0/1000 assumed no /usr/share/elasticsearch/data+ /usr/share/elasticsearch/logs+ /usr/share/elasticsearch/config* /tmp"),
    ("docker.elastic.co/elasticsearch/elasticsearch-oss:6.1.1", "elasticsearch 1000:0/1000 profile no /usr/share/elasticsearch/data /usr/share/elasticsearch/logs /usr/share/elasticsearch/config* /tmp"),
    ("docker.elastic.co/kibana/kibana:8.15.5", "kibana 1000:1000/1000 profile possible /usr/share/kibana/data /tmp"),
    ("docker.elastic.co/kibana/kibana-oss:6.1.1", "kibana[before 7.17] 1000:1000/1000 profile no /usr/share/kibana/data /tmp"),
    ("elastic/logstash:8.17.3", "logstash 1000:1000/1000 profile no /usr/share/logstash/data /usr/share/logstash/config* /tmp"),
    ("k8s.gcr.io/hpa-example", "hpa-example 33:33/- profile -"),
    ("gcr.io/google_containers/echoserver:1.4", "echoserver -:-/- - - /var/lib/nginx+ /run+"),
    ("registry.k8s.io/e2e-test-images/echoserver:2.5", "echoserver-e2e 100:101/- assumed - /certs+ /run/nginx+"),
    ("public.ecr.aws/nginx/nginx:1.26", "nginx 101:101/- profile recommended /var/cache/nginx+ /var/run+ /etc/nginx/conf.d+ /tmp"),
    ("mcr.microsoft.com/oss/bitnami/redis:6.0.8", "bitnami-redis 1001:0/1001 profile possible /bitnami/redis/data /opt/bitnami/redis/etc /opt/bitnami/redis/tmp /tmp"),
    ("confluentinc/cp-schema-registry:7.5.0", "cp-platform 1000:1000/1000 assumed no"),
    ("bkimminich/juice-shop", "juice-shop 65532:0/- profile no"),
    ("jenkins/inbound-agent", "jenkins-agent 1000:1000/1000 profile - /tmp /home/jenkins/.jenkins /home/jenkins/agent"),
    ("percona:8.0", "percona 1001:1001/1001 profile - /var/lib/mysql /var/log/mysql"),
    ("k8s.gcr.io/metrics-server-amd64:v0.3.1", "metrics-server[before 0.4] 65534:65534/- profile recommended /tmp /apiserver.local.config+"),
    ("mcr.microsoft.com/mssql/server:2017-latest", "mssql[before 2019] 10001:0/10001 assumed - /var/opt/mssql+ /tmp"),
    ("mcr.microsoft.com/mssql/server:2022-latest", "mssql 10001:10001/10001 profile - /var/opt/mssql /tmp"),
    ("quay.io/kubernetes-ingress-controller/nginx-ingress-controller:0.19.0", "ingress-nginx[before 0.20] 33:33/- assumed no"),
    ("quay.io/kubernetes-ingress-controller/nginx-ingress-controller:0.26.1", "ingress-nginx[before 0.27] 33:33/- profile no"),
    ("quay.io/kubernetes-ingress-controller/nginx-ingress-controller:0.30.0", "ingress-nginx[before 0.34] 101:101/- profile no"),
    ("k8s.gcr.io/ingress-nginx/controller:v1.2.0", "ingress-nginx 101:82/- profile no"),
    ("haproxy:2.2", "haproxy[before 2.4] 99:99/- assumed possible"),
    ("wordpress", "wordpress 33:33/33 profile possible /var/run/apache2 /run/lock /tmp /var/www/html"),
    ("wordpress:6-php8.0", "wordpress 33:33/33 profile possible /var/run/apache2 /run/lock /tmp /var/www/html"),
    ("wordpress:php8.3-fpm", "wordpress[fpm] 33:33/33 profile possible /tmp /var/www/html"),
    ("wordpress:php8.3-fpm-alpine", "wordpress[fpm alpine] 82:82/82 profile possible /tmp /var/www/html"),
    ("wordpress:cli", "wordpress[cli] 82:82/82 profile possible /tmp /var/www/html"),
    ("php:8.3-apache", "php[apache] 33:33/- profile possible /tmp /var/run/apache2 /run/lock"),
    ("php:8.3-fpm", "php[fpm] 33:33/- profile possible /tmp"),
    ("php:8.3-fpm-alpine", "php[fpm alpine] 82:82/- profile possible /tmp"),
    ("php:8.3-cli", "php -:-/- - - /tmp"),
    ("node:22-alpine", "node 1000:1000/- profile - /tmp /home/node/.npm"),
    ("python:3.12-slim", "python -:-/- - - /tmp"),
    ("busybox:1.37.0", "busybox -:-/- - -"),
    ("alpine:3.23", "alpine -:-/- - -"),
    ("ubuntu:22.04", "ubuntu -:-/- - -"),
    ("registry.k8s.io/pause:3.9", "pause -:-/- - recommended"),
    ("cassandra:5", "cassandra 999:999/999 profile no /etc/cassandra* /var/log/cassandra /tmp /var/lib/cassandra"),
    ("tomcat:10.1", "tomcat -:-/- - possible /usr/local/tomcat/logs /usr/local/tomcat/temp /usr/local/tomcat/work /usr/local/tomcat/conf/Catalina"),
    ("jetty:12", "jetty 999:999/- profile recommended /tmp/jetty /run/jetty /var/lib/jetty*"),
    ("jetty:12-jdk21-alpine", "jetty[alpine] 100:101/- profile recommended /tmp/jetty /run/jetty /var/lib/jetty*"),
    ("hashicorp/vault:1.18", "vault 100:1000/1000 profile possible /vault/config /tmp /vault/logs /vault/file"),
    ("hashicorp/consul:1.20", "consul 100:1000/1000 profile possible /consul/config /tmp /consul/data"),
    ("hashicorp/consul:1.20-ubi", "consul[ubi] 100:0/1000 profile possible /consul/config /tmp /consul/data"),
    ("influxdb:2.7", "influxdb 1000:1000/1000 profile possible /tmp /var/lib/influxdb2 /etc/influxdb2"),
    ("influxdb:1.8", "influxdb[before 1.12] 1500:1500/1500 assumed possible /tmp /var/lib/influxdb"),
    ("influxdb:3-core", "influxdb[3 core] 1500:1500/1500 profile possible /tmp /home/influxdb3/.influxdb3 /var/lib/influxdb3 /plugins"),
    ("redmine:6.1", "redmine 999:999/999 profile no /usr/src/redmine/config* /usr/src/redmine/tmp /usr/src/redmine/log /usr/src/redmine/public/assets /home/redmine /usr/src/redmine/files"),
    ("redmine:6.1-alpine3.23", "redmine[alpine] 999:1000/1000 profile no /usr/src/redmine/config* /usr/src/redmine/tmp /usr/src/redmine/log /usr/src/redmine/public/assets /home/redmine /usr/src/redmine/files"),
    ("neo4j:3.5-enterprise", "neo4j[before 4] 7474:7474/7474 assumed no /var/lib/neo4j/conf* /var/lib/neo4j/run /tmp /data /logs"),
    ("kubeflownotebookswg/jupyter-scipy:v1.10.0", "kubeflow-notebooks 1000:0/100 profile possible /run /tmp /home/jovyan"),
    ("kubeflownotebookswg/jupyter-scipy:v1.8.0", "kubeflow-notebooks[before 1.9] 1000:100/100 profile possible /run /tmp /home/jovyan"),
    ("ghcr.io/kubeflow/kubeflow/notebook-servers/rstudio:v1.10.0", "kubeflow-notebooks 1000:0/100 profile possible /run /tmp /home/jovyan"),
    ("kubeflownotebookswg/notebook-controller:v1.8.0", "unknown"),
    ("vllm/vllm-openai:v0.10.0", "vllm -:-/- - -"),
    ("gcr.io/google.com/cloudsdktool/cloud-sdk:379.0.0-slim", "cloud-sdk 1000:1000/- profile possible /home/cloudsdk /tmp /root/.config"),
    ("gcr.io/google.com/cloudsdktool/cloud-sdk:310.0.0", "cloud-sdk[before 330] 1000:1000/- assumed possible /home/cloudsdk /tmp /root/.config"),
    ("gcr.io/k8s-staging-ingressconformance/echoserver:v20221109-7ee2f3e", "echoserver-conformance 65532:65532/- profile possible"),
    ("gcr.io/k8s-staging-perf-tests/sleep:latest", "perf-tests-sleep 65532:65532/- profile possible"),
    ("wardviaene/k8s-demo", "k8s-demo 1000:1000/- assumed -"),
    ("wardviaene/http-echo", "course-http-echo 100:101/- assumed possible"),
    ("ghcr.io/llm-d/llm-d-routing-sidecar:v0.2.0", "llm-d-routing-sidecar 65532:65532/- profile possible"),
    ("quay.io/numaio/numaflow-rs/source-transformer-now:stable", "numaflow-rs-examples -:-/- - -"),
    ("tensorflow/tensorflow:2.15.0-jupyter", "tensorflow[jupyter] -:-/- - possible /tmp /tf* /.local"),
    ("neo4j:5", "neo4j 7474:7474/7474 profile no /var/lib/neo4j/conf* /var/lib/neo4j/run /tmp /data /logs"),
    ("couchdb:3", "couchdb 5984:5984/5984 profile possible /opt/couchdb/etc/local.d /opt/couchdb/etc/vm.args* /opt/couchdb/.erlang.cookie* /opt/couchdb/data"),
    ("jenkins/jenkins:lts", "jenkins 1000:1000/1000 profile possible /tmp /var/jenkins_home"),
    ("sonatype/nexus3:3.75.0", "nexus3 200:200/200 profile - /opt/sonatype/sonatype-work* /tmp /nexus-data"),
    ("adminer", "adminer 100:101/- profile possible /tmp /var/www/html/plugins-enabled"),
    ("phpmyadmin:5-fpm-alpine", "phpmyadmin[fpm alpine] 82:82/- profile no /etc/phpmyadmin* /sessions /var/www/html/tmp /tmp"),
    ("zookeeper:3.9", "zookeeper 1000:1000/1000 profile no /conf* /tmp /data /datalog /logs"),
    ("nats:2.10", "nats -:-/- - recommended /tmp+"),
    ("caddy:2", "caddy -:-/- - possible /data /config"),
    ("traefik:v3.2", "traefik -:-/- - possible /tmp"),
    ("registry:2", "registry -:-/- - possible /var/lib/registry+ /tmp"),
    ("eclipse-mosquitto:2", "eclipse-mosquitto 1883:1883/1883 profile possible /mosquitto/data /mosquitto/log"),
    ("gcr.io/distroless/static:nonroot", "distroless[nonroot] 65532:65532/- profile - /tmp"),
    ("gcr.io/distroless/base-debian12:latest", "distroless 65532:65532/- profile - /tmp"),
    ("cgr.dev/chainguard/nginx", "chainguard 65532:65532/- assumed -"),
    ("nextcloud:30-apache", "nextcloud 33:33/33 profile possible /var/run/apache2 /tmp /usr/local/etc/php/conf.d* /var/www/html"),
    ("varnish:stable", "varnish 1000:1000/- profile possible /var/lib/varnish/varnishd /tmp"),
    ("sonarqube:community", "sonarqube 1000:0/0 profile possible /tmp /opt/sonarqube/data /opt/sonarqube/extensions /opt/sonarqube/logs /opt/sonarqube/temp"),
    ("prom/prometheus:v3.10.0", "prometheus 65534:65534/65534 profile recommended /prometheus"),
    ("quay.io/prometheus/prometheus:v3.0.0-distroless", "prometheus[distroless] 65532:65532/65532 profile recommended /prometheus"),
    ("grafana/grafana:11.1.4", "grafana 472:0/472 profile recommended /var/lib/grafana /tmp /var/log/grafana"),
    ("grafana/grafana:4.6.3", "grafana[before 5.1] 472:0/472 profile recommended /var/lib/grafana /tmp /var/log/grafana /etc/grafana"),
    ("grafana/grafana:5.3.4", "grafana[before 7.3] 472:472/472 profile possible /var/lib/grafana /tmp /var/log/grafana"),
    ("grafana/loki:3.3.0", "loki 10001:10001/10001 profile recommended /loki /tmp"),
    ("jaegertracing/jaeger:2.1.0", "jaeger 10001:0/- profile possible /badger /tmp"),
    ("otel/opentelemetry-collector-contrib:0.144.0", "otel-collector 10001:10001/- profile recommended"),
    ("ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-k8s:0.144.0", "otel-collector 10001:10001/- profile recommended"),
    ("coredns/coredns:1.13.1", "coredns 65532:65532/- profile possible"),
    ("coredns/coredns:1.10.1", "coredns[before 1.11] 65532:65532/- assumed possible"),
    ("quay.io/coreos/etcd:v3.5.16", "etcd -:-/- - possible /var/lib/etcd+"),
    ("bitnami/kafka:3.7", "bitnami 1001:0/1001 assumed possible /tmp"),
    ("minio/minio", "minio 1000:1000/1000 profile recommended /data+ /tmp"),
    ("apache/kafka:3.9.0", "kafka 1000:1000/1000 profile no /opt/kafka/config* /opt/kafka/logs /tmp /etc/kafka/secrets /var/lib/kafka/data /mnt/shared/config"),
    ("docker.elastic.co/elasticsearch/elasticsearch:8.16.0", "elasticsearch 1000:0/1000 profile no /usr/share/elasticsearch/data /usr/share/elasticsearch/logs /usr/share/elasticsearch/config* /tmp"),
    ("quay.io/keycloak/keycloak:26.0", "keycloak 1000:0/- profile no /opt/keycloak/data /tmp /opt/keycloak/lib/quarkus*"),
    ("gitea/gitea:1.22", "gitea -:-/- - no /data"),
    ("gitea/gitea:1.22-rootless", "gitea[rootless] 1000:1000/1000 profile possible /tmp/gitea /var/lib/gitea /etc/gitea"),
    ("dpage/pgadmin4:8", "pgadmin4 5050:0/0 profile possible /run/pgadmin /tmp /var/lib/pgadmin"),
    ("edoburu/pgbouncer", "pgbouncer 70:70/- assumed possible /etc/pgbouncer /var/run/pgbouncer /var/log/pgbouncer"),
    ("ghcr.io/dexidp/dex:v2.45.1", "dex 1001:1001/1001 profile possible /var/dex /tmp"),
    ("registry.k8s.io/ingress-nginx/controller:v1.15.1@sha256:0123", "ingress-nginx 101:82/- profile no"),
    ("registry.k8s.io/ingress-nginx/kube-webhook-certgen:v1.6.9", "kube-webhook-certgen 65532:65532/- profile recommended"),
    ("apache/airflow:2.10.4", "airflow 50000:0/0 profile - /opt/airflow/logs /opt/airflow* /tmp"),
    ("quay.io/argoproj/argocd:latest", "argocd 999:999/- profile recommended /tmp /app/config/gpg/keys /home/argocd"),
    ("mcr.microsoft.com/mssql/server:2022-latest", "mssql 10001:10001/10001 profile - /var/opt/mssql /tmp"),
    ("qdrant/qdrant:v1.12.4-unprivileged", "qdrant[unprivileged] 1000:1000/1000 assumed - /qdrant/storage+ /qdrant/snapshots+"),
    ("ghcr.io/stefanprodan/podinfo:6.14.1", "podinfo 100:101/- profile possible /tmp /data"),
    ("harbor.corp/hub/postgres:15", "postgres[debian up to 17] 999:999/999 assumed possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("harbor.corp/bitnami/postgresql:15", "bitnami-postgresql 1001:0/1001 assumed possible /opt/bitnami/postgresql/conf /opt/bitnami/postgresql/tmp /tmp /bitnami/postgresql /docker-entrypoint-initdb.d /docker-entrypoint-preinitdb.d"),
    ("localhost:5000/nginx:1.27", "nginx 101:101/- assumed recommended /var/cache/nginx+ /var/run+ /etc/nginx/conf.d+ /tmp"),
    ("harbor.corp/quay.io/keycloak/keycloak:26.0", "keycloak 1000:0/- assumed no /opt/keycloak/data /tmp /opt/keycloak/lib/quarkus*"),
    ("someuser/redis", "unknown"),
    ("ghcr.io/acme/postgres:16", "unknown"),
    ("ghcr.io/cloudnative-pg/postgresql:16", "unknown"),
    ("harbor.corp/cloudnative-pg/postgres:16", "unknown"),
    ("harbor.corp/rhel9/redis", "unknown"),
    ("gcr.io/my-project/mysql:8", "unknown"),
];

#[test]
fn every_image_comes_out_as_measured() {
    let library = Library::builtin();
    let wrong: Vec<String> = IMAGES
        .iter()
        .map(|(image, expected)| {
            (
                image,
                expected,
                find(&library, image).map_or("unknown".to_string(), |m| line(&m)),
            )
        })
        .filter(|(_, expected, found)| *expected != found)
        .map(|(image, expected, found)| format!("{image}\n  expected {expected}\n  found    {found}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn mirrors_and_other_spellings_are_the_same_image() {
    let library = Library::builtin();
    let plain = find(&library, "postgres:16-alpine").unwrap();
    for prefix in [
        "library/",
        "docker.io/",
        "docker.io/library/",
        "index.docker.io/library/",
        "registry-1.docker.io/library/",
        "public.ecr.aws/docker/library/",
        "mirror.gcr.io/library/",
        "arm64v8/",
    ] {
        assert_eq!(
            find(&library, &format!("{prefix}postgres:16-alpine")).unwrap(),
            plain,
            "{prefix}"
        );
    }
    assert!(plain.exact);
    assert_eq!(
        find(&library, "k8s.gcr.io/pause:3.1").unwrap(),
        find(&library, "registry.k8s.io/pause:3.1").unwrap()
    );
}

#[test]
fn a_tag_that_decides_nothing_is_said_where_uids_differ() {
    let library = Library::builtin();
    let undecided = |image: &str| find(&library, image).unwrap().undecided;
    assert!(
        undecided("postgres")
            .unwrap()
            .contains("uid 999, while the variant `alpine up to 17` has uid 70")
    );
    assert!(undecided("postgres:latest").is_some());
    assert_eq!(undecided("postgres:16"), None);
    assert_eq!(
        undecided("redis"),
        None,
        "`latest` is no Alpine, and the uid is the same"
    );
    assert!(
        undecided("redis@sha256:00")
            .unwrap()
            .contains("uid 999 and gid 999, while the variant `alpine` has gid 1000")
    );
    assert_eq!(undecided("gcr.io/distroless/static"), None);
    assert_eq!(undecided("httpd"), None, "any uid does, and it keeps no files");
    // A digest alone may be either, so that the ids are a guess; the tag `latest` is Debian.
    assert_eq!(
        origins(&find(&library, "postgres@sha256:00").unwrap().facts),
        [Origin::Assumed; 3]
    );
    assert_eq!(
        origins(&find(&library, "postgres:latest").unwrap().facts),
        [Origin::Profile; 3]
    );
    assert_eq!(
        origins(&find(&library, "nginx@sha256:00").unwrap().facts)[0],
        Origin::Profile
    );
}

#[test]
fn guesses_are_assumptions_and_evidence_is_per_fact() {
    let mssql = facts("mcr.microsoft.com/mssql/server:2022-latest");
    assert_eq!(mssql.user.as_ref().unwrap().class, Some(Class::Docs));
    assert_eq!(mssql.any_user.as_ref().unwrap().origin, Origin::Assumed);
    let postgres = facts("postgres:16");
    assert_eq!(postgres.read_only_root.as_ref().unwrap().class, Some(Class::Tested));
    assert_eq!(postgres.user.as_ref().unwrap().class, Some(Class::Dockerfile));
    assert_eq!(postgres.data.as_ref().unwrap().value.env, "PGDATA");
    assert_eq!(facts("postgres:18").data, None);
}

/// What the container says decides: mounts, arguments, variables, a command of its own, the root, the uid.
#[test]
fn conditions_decide_which_paths_count() {
    let paths = |image: &str, seen: &Setting| -> Vec<String> {
        facts(image)
            .writable_in(seen)
            .iter()
            .map(|w| w.value.path.clone())
            .collect()
    };
    let plain = Setting::default();
    assert_eq!(paths("nginx:1.27", &plain), ["/var/cache/nginx", "/var/run"]);
    let templates = Setting {
        mounts: vec!["/etc/nginx/templates"],
        ..Setting::default()
    };
    assert_eq!(
        paths("nginx:1.27", &templates),
        ["/var/cache/nginx", "/var/run", "/etc/nginx/conf.d"]
    );
    assert!(paths("redis:7", &plain).is_empty());
    assert_eq!(
        paths(
            "redis:7",
            &Setting {
                read_only_root: true,
                ..Setting::default()
            }
        ),
        ["/data"]
    );
    assert!(paths("nats:2", &plain).is_empty());
    assert_eq!(
        paths(
            "nats:2",
            &Setting {
                words: vec!["-js"],
                ..Setting::default()
            }
        ),
        ["/tmp"]
    );
}

#[test]
fn conditions_decide_which_variables_and_ports_count() {
    let names = |image: &str, seen: &Setting| -> Vec<String> {
        facts(image)
            .env_in(seen)
            .iter()
            .map(|e| format!("{}={}", e.value.name, e.value.value))
            .collect()
    };
    let plain = Setting::default();
    let env = |name| Setting {
        env: vec![name],
        ..Setting::default()
    };
    assert_eq!(
        names("hashicorp/vault:1.18", &plain),
        ["SKIP_SETCAP=true", "SKIP_CHOWN=true"]
    );
    assert!(
        names(
            "hashicorp/vault:1.18",
            &Setting {
                command: true,
                ..Setting::default()
            }
        )
        .is_empty()
    );
    assert_eq!(names("hashicorp/vault:1.18", &env("SKIP_CHOWN")), ["SKIP_SETCAP=true"]);
    assert_eq!(
        names("hashicorp/consul:1.20", &plain),
        ["CONSUL_DISABLE_PERM_MGMT=true"]
    );
    assert!(names("hashicorp/consul:1.20-ubi", &plain).is_empty());

    let own_config = Setting {
        mounts: vec!["/etc/nginx/conf.d/default.conf"],
        ..Setting::default()
    };
    assert_eq!(facts("nginx:1.27").ports_in(&plain), [80]);
    assert!(facts("nginx:1.27").ports_in(&own_config).is_empty());
    assert_eq!(facts("varnish").ports_in(&plain), [80]);
    assert!(facts("varnish").ports_in(&env("VARNISH_HTTP_PORT")).is_empty());
}

#[test]
fn file_capabilities_are_kept() {
    let capabilities = |image: &str| facts(image).capabilities.map(|fact| fact.value).unwrap_or_default();
    for image in [
        "caddy:2",
        "coredns/coredns:1.13.1",
        "registry.k8s.io/ingress-nginx/controller:v1.15.1",
    ] {
        assert_eq!(capabilities(image), ["NET_BIND_SERVICE"], "{image}");
    }
    assert!(capabilities("coredns/coredns:1.10.1").is_empty());
}

fn facts(image: &str) -> Facts {
    find(&Library::builtin(), image).unwrap().facts
}

fn line(m: &Match) -> String {
    let f = &m.facts;
    let id = |fact: &Option<Fact<u32>>| fact.as_ref().map_or("-".to_string(), |f| f.value.to_string());
    let variant = m.variant.as_ref().map_or(String::new(), |v| format!("[{v}]"));
    let origin = f
        .user
        .as_ref()
        .map_or("-".to_string(), |user| format!("{:?}", user.origin).to_lowercase());
    let root = f
        .read_only_root
        .as_ref()
        .map_or("-".to_string(), |root| format!("{:?}", root.value).to_lowercase());
    let mut text = format!(
        "{}{variant} {}:{}/{} {origin} {root}",
        m.profile,
        id(&f.user),
        id(&f.group),
        id(&f.fs_group)
    );
    for path in f.writable.iter().map(|w| &w.value) {
        let always = if path.when == When::Always { "+" } else { "" };
        let ships = if path.ships_content { "*" } else { "" };
        text.push_str(&format!(" {}{always}{ships}", path.path));
    }
    text
}
