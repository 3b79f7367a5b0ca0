//! The profile library: every profile is sound and has evidence, every image comes out as the facts say,
//! mirrors fold, and config lays over it field by field.
#![allow(clippy::unwrap_used)]

use harden::kube::image::ImageRef;
use harden::profiles::{Class, Facts, Library, Match, Origin, Profile, ProfileError, ReadOnlyRoot, When};
use harden::profiles::{builtin_profiles, problems, problems_of_builtin};

/// Image, and what is known of it: `profile[variant] uid:gid/fsGroup`, the origin of the uid, the read-only root and
/// the writable paths (`+`: even with a writable root, `*`: the image ships content there).
#[rustfmt::skip]
const IMAGES: &[(&str, &str)] = &[
    ("postgres", "postgres 999:999/999 profile possible /var/run/postgresql /tmp /var/lib/postgresql"),
    ("postgres:16", "postgres[debian up to 17] 999:999/999 profile possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("postgres:16.4-bookworm", "postgres[debian up to 17] 999:999/999 profile possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("postgres:9.6", "postgres[debian up to 17] 999:999/999 profile possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("postgres:15-alpine", "postgres[alpine up to 17] 70:70/70 profile possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("postgres:16.13-alpine@sha256:0123abcd", "postgres[alpine up to 17] 70:70/70 profile possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("postgres:9.6-alpine3.15", "postgres[alpine up to 17] 70:70/70 profile possible /var/run/postgresql /tmp /var/lib/postgresql/data"),
    ("postgres:18", "postgres 999:999/999 profile possible /var/run/postgresql /tmp /var/lib/postgresql"),
    ("postgres:18.1-alpine3.23", "postgres[alpine] 70:70/70 profile possible /var/run/postgresql /tmp /var/lib/postgresql"),
    ("postgres:alpine", "postgres[alpine] 70:70/70 profile possible /var/run/postgresql /tmp /var/lib/postgresql"),
    ("postgres:latest", "postgres 999:999/999 profile possible /var/run/postgresql /tmp /var/lib/postgresql"),
    ("postgres@sha256:0123abcd", "postgres 999:999/999 assumed possible /var/run/postgresql /tmp /var/lib/postgresql"),
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
    ("mysql:5.7", "mysql[before 8] 999:999/999 assumed possible /var/run/mysqld /tmp /var/lib/mysql"),
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
    ("nginx", "nginx 101:101/- profile recommended /var/cache/nginx+ /var/run+ /etc/nginx/conf.d+"),
    ("nginx:1.27-alpine", "nginx 101:101/- profile recommended /var/cache/nginx+ /var/run+ /etc/nginx/conf.d+"),
    ("nginx:1.19", "nginx 101:101/- profile recommended /var/cache/nginx+ /var/run+ /etc/nginx/conf.d+"),
    ("nginxinc/nginx-unprivileged:1.27", "nginx-unprivileged 101:101/- profile recommended /tmp"),
    ("bitnami/nginx:1.27", "bitnami-nginx 1001:0/- profile possible /opt/bitnami/nginx/conf* /opt/bitnami/nginx/tmp /opt/bitnami/nginx/logs* /tmp"),
    ("nginxdemos/nginx-hello:plain-text", "nginx-hello 101:101/- profile - /var/cache/nginx+ /var/run+"),
    ("httpd:2.4", "httpd 33:33/- profile recommended /usr/local/apache2/logs+"),
    ("httpd:alpine", "httpd[alpine] 82:82/- profile recommended /usr/local/apache2/logs+"),
    ("haproxy:3.0", "haproxy 99:99/- profile recommended"),
    ("haproxy:3.0.8-alpine", "haproxy 99:99/- profile recommended"),
    ("haproxy:2.2", "haproxy[before 2.4] 99:99/- assumed recommended"),
    ("wordpress", "wordpress 33:33/33 profile possible /var/run/apache2 /run/lock /tmp /var/www/html"),
    ("wordpress:6-php8.0", "wordpress 33:33/33 profile possible /var/run/apache2 /run/lock /tmp /var/www/html"),
    ("wordpress:php8.3-fpm", "wordpress[fpm] 33:33/33 profile possible /tmp /var/www/html"),
    ("wordpress:php8.3-fpm-alpine", "wordpress[fpm alpine] 82:82/82 profile possible /tmp /var/www/html"),
    ("wordpress:cli", "wordpress[cli] 82:82/82 profile possible /tmp /var/www/html"),
    ("php:8.3-apache", "php[apache] 33:33/- profile possible /tmp /var/run/apache2 /run/lock"),
    ("php:8.3-fpm", "php[fpm] 33:33/- profile - /tmp"),
    ("php:8.3-fpm-alpine", "php[fpm alpine] 82:82/- profile - /tmp"),
    ("php:8.3-cli", "php -:-/- - - /tmp"),
    ("node:22-alpine", "node 1000:1000/- profile - /tmp /home/node/.npm"),
    ("python:3.12-slim", "python -:-/- - -"),
    ("busybox:1.37.0", "busybox -:-/- - -"),
    ("alpine:3.23", "alpine -:-/- - -"),
    ("ubuntu:22.04", "ubuntu -:-/- - -"),
    ("registry.k8s.io/pause:3.9", "pause -:-/- - recommended"),
    ("cassandra:5", "cassandra 999:999/999 profile no /etc/cassandra* /var/log/cassandra /tmp /var/lib/cassandra"),
    ("tomcat:10.1", "tomcat -:-/- - possible /usr/local/tomcat/logs /usr/local/tomcat/temp /usr/local/tomcat/work /usr/local/tomcat/conf/Catalina"),
    ("jetty:12", "jetty 999:999/- profile recommended /tmp/jetty /run/jetty"),
    ("jetty:12-jdk21-alpine", "jetty[alpine] 100:101/- profile recommended /tmp/jetty /run/jetty"),
    ("hashicorp/vault:1.18", "vault 100:1000/1000 profile possible /vault/config /tmp /vault/logs /vault/file"),
    ("hashicorp/consul:1.20", "consul 100:1000/1000 profile possible /consul/config /tmp /consul/data"),
    ("hashicorp/consul:1.20-ubi", "consul[ubi] 100:0/1000 profile possible /consul/config /tmp /consul/data"),
    ("influxdb:2.7", "influxdb 1000:1000/1000 profile possible /tmp /var/lib/influxdb2 /etc/influxdb2"),
    ("influxdb:1.8", "influxdb[1] 1500:1500/1500 profile possible /tmp /var/lib/influxdb"),
    ("influxdb:3-core", "influxdb[3 core] 1500:1500/1500 profile possible /tmp /home/influxdb3/.influxdb3 /var/lib/influxdb3 /plugins"),
    ("neo4j:5", "neo4j 7474:7474/7474 profile no /var/lib/neo4j/conf* /var/lib/neo4j/run /tmp /data /logs"),
    ("couchdb:3", "couchdb 5984:5984/5984 profile possible /opt/couchdb/etc/local.d /opt/couchdb/data"),
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
    ("dpage/pgadmin4:8", "pgadmin4 5050:0/0 profile no /run/pgadmin /tmp /var/lib/pgadmin"),
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
    ("localhost:5000/nginx:1.27", "nginx 101:101/- assumed recommended /var/cache/nginx+ /var/run+ /etc/nginx/conf.d+"),
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
fn every_profile_reads_and_is_sound() {
    let mut bad = Vec::new();
    for (file, text, loaded) in builtin_profiles() {
        match Profile::parse(text) {
            Err(error) => bad.push(format!("{file}.yaml: {error}")),
            Ok(profile) => {
                bad.extend(
                    problems_of_builtin(&profile)
                        .into_iter()
                        .map(|p| format!("{file}.yaml: {p}")),
                );
                assert_eq!(profile.name.as_deref(), Some(file), "a profile is named like its file");
                assert!(loaded.is_some(), "{file}.yaml is not loadable");
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert!(builtin_profiles().count() >= 118, "profiles are missing");
}

/// Two files with one repository do not build (`build.rs`); globs must not overlap either, and a repository under a
/// glob is the narrower profile's.
#[test]
fn no_two_profiles_claim_one_image() {
    let library = Library::builtin();
    let mut globs: Vec<&str> = Vec::new();
    for (name, _, profile) in builtin_profiles() {
        for repository in &profile.unwrap().repositories {
            match repository.strip_suffix('*') {
                Some(prefix) => globs.push(prefix),
                None => assert_eq!(find(&library, repository).unwrap().profile, name, "{repository}"),
            }
        }
    }
    for (i, one) in globs.iter().enumerate() {
        for other in globs.iter().skip(i + 1) {
            assert!(
                !one.starts_with(other) && !other.starts_with(one),
                "{one}* and {other}*"
            );
        }
    }
}

/// A variant that an earlier one hides would be dead text: each must be the first match of some tag.
#[test]
fn every_variant_can_be_reached() {
    let library = Library::builtin();
    let tags = [
        "1",
        "1.0",
        "1.8",
        "2.2",
        "2.3-alpine",
        "3-core",
        "3.2",
        "5.3.4",
        "5.7",
        "7-alpine",
        "8-alpine",
        "9.6",
        "0.2.3",
        "1.10.1",
        "16",
        "15-alpine",
        "18",
        "18-alpine",
        "alpine",
        "nonroot",
        "11-ubi",
        "8-fpm",
        "8-fpm-alpine",
        "8-apache",
        "cli",
        "v3-distroless",
        "1.22-rootless",
        "v1-unprivileged",
        "0.9.0",
        "1.11",
    ];
    for (name, _, profile) in builtin_profiles() {
        let profile = profile.unwrap();
        let repository = profile.repositories.first().unwrap().replace('*', "x");
        let reached: Vec<Option<String>> = tags
            .iter()
            .map(|tag| find(&library, &format!("{repository}:{tag}")).unwrap().variant)
            .collect();
        for variant in &profile.variants {
            assert!(
                variant.name.is_some() && reached.contains(&variant.name),
                "{name}: {:?}",
                variant.name
            );
        }
    }
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
fn an_unknown_registry_assumes_and_a_configured_mirror_knows() {
    let image = "harbor.corp/hub/postgres:15-alpine";
    let assumed = find(&Library::builtin(), image).unwrap();
    assert!(!assumed.exact);
    assert_eq!(origins(&assumed.facts), [Origin::Assumed; 3]);
    assert!(assumed.facts.writable.iter().all(|w| w.origin == Origin::Assumed));

    let library = Library::with_config(Vec::new(), vec!["harbor.corp/hub".to_string()]).unwrap();
    let known = find(&library, image).unwrap();
    assert!(known.exact);
    assert_eq!(origins(&known.facts), [Origin::Profile; 3]);
    assert!(!find(&library, "harbor.corp/other/postgres:15").unwrap().exact);
    assert_eq!(
        find(&library, "harbor.corp/hub/bitnami/postgresql").unwrap().profile,
        "bitnami-postgresql"
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
    assert_eq!(undecided("redis"), None, "the variants differ in gid only");
    assert_eq!(undecided("gcr.io/distroless/static"), None);
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
fn an_images_entry_overrides_field_by_field() {
    let library = library(
        "
         - repositories: [postgres]
           user: 5432
           read-only-root: recommended
           writable: [/backup, {path: /tmp, when: never}]",
    );
    let m = find(&library, "postgres:16-alpine").unwrap();
    let f = &m.facts;
    assert!(m.config);
    assert_eq!(
        (m.profile.as_str(), m.variant.as_deref()),
        ("postgres", Some("alpine up to 17"))
    );
    assert_eq!(
        (f.user.as_ref().unwrap().value, f.user.as_ref().unwrap().origin),
        (5432, Origin::Config)
    );
    assert_eq!(
        (f.group.as_ref().unwrap().value, f.group.as_ref().unwrap().origin),
        (70, Origin::Profile)
    );
    let root = f.read_only_root.as_ref().unwrap();
    assert_eq!((root.value, root.origin), (ReadOnlyRoot::Recommended, Origin::Config));
    assert_eq!(
        f.read_only_root_reason, None,
        "the profile's reason was for another decision"
    );
    let paths: Vec<(&str, Origin)> = f.writable.iter().map(|w| (w.value.path.as_str(), w.origin)).collect();
    assert_eq!(
        paths,
        [
            ("/var/run/postgresql", Origin::Profile),
            ("/backup", Origin::Config),
            ("/var/lib/postgresql/data", Origin::Profile),
        ]
    );
    assert!(!find(&library, "mysql").unwrap().config);
}

#[test]
fn entries_match_globs_tags_names_and_add_up_in_order() {
    let library = library(
        "
         - repositories: [ghcr.io/acme/*]
           user: 1000
           group: 1000
         - repositories: [ghcr.io/acme/web]
           group: 3000
           variants:
           - {tags: ['*-debug'], user: 2000}
         - {repositories: [acme/job], versions: '>=2', user: 7}
         - {name: nginx, user: 8}",
    );
    let ids = |image: &str| {
        let m = find(&library, image)?;
        Some((m.facts.user?.value, m.facts.group.map(|g| g.value)))
    };
    assert_eq!(ids("ghcr.io/acme/api:1"), Some((1000, Some(1000))));
    assert_eq!(ids("ghcr.io/acme/web:1"), Some((1000, Some(3000))));
    assert_eq!(ids("ghcr.io/acme/web:1-debug"), Some((2000, Some(3000))));
    assert_eq!(ids("ghcr.io/other/web:1"), None);
    assert_eq!(ids("acme/job:2.1"), Some((7, None)));
    assert_eq!(ids("acme/job:1.9"), None);
    assert_eq!(ids("acme/job"), None);
    assert_eq!(ids("public.ecr.aws/docker/library/nginx:1.27"), Some((8, Some(101))));
    assert_eq!(find(&library, "ghcr.io/acme/api").unwrap().profile, "ghcr.io/acme/*");
}

#[test]
fn config_speaks_for_copies_only_where_it_names_them() {
    let entry = "- {repositories: [harbor.corp/hub/postgres], user: 26}\n- {repositories: [redis], user: 1}";
    let library = library(entry);
    let named = find(&library, "harbor.corp/hub/postgres:16").unwrap();
    assert_eq!(
        origins(&named.facts),
        [Origin::Config, Origin::Assumed, Origin::Assumed]
    );
    let copy = find(&library, "harbor.corp/hub/redis:7").unwrap();
    assert_eq!(
        (copy.facts.user.as_ref().unwrap().value, copy.facts.user.unwrap().origin),
        (1, Origin::Assumed)
    );
}

#[test]
fn a_stated_user_takes_root_only_back() {
    let library = Library::builtin();
    assert!(find(&library, "gitea/gitea:1.22").unwrap().facts.root_only.is_some());
    assert_eq!(
        find(&library, "gitea/gitea:1.22-rootless").unwrap().facts.root_only,
        None
    );
}

#[test]
fn guesses_are_assumptions_and_evidence_is_per_fact() {
    let facts = |image: &str| find(&Library::builtin(), image).unwrap().facts;
    let mssql = facts("mcr.microsoft.com/mssql/server:2022-latest");
    assert_eq!(mssql.user.as_ref().unwrap().class, Some(Class::Docs));
    assert_eq!(mssql.any_user.as_ref().unwrap().origin, Origin::Assumed);
    let postgres = facts("postgres:16");
    assert_eq!(postgres.read_only_root.as_ref().unwrap().class, Some(Class::Tested));
    assert_eq!(postgres.user.as_ref().unwrap().class, Some(Class::Dockerfile));
    assert_eq!(postgres.data.as_ref().unwrap().value.env, "PGDATA");
    assert_eq!(facts("postgres:18").data, None);
}

#[test]
fn an_unknown_key_is_named_with_line_and_neighbour() {
    let cases = [
        ("name: x\nusr: 1\n", "line 2: unknown key `usr`; did you mean `user`?"),
        (
            "name: x\nwritable:\n- path: /tmp\n  wen: always\n",
            "unknown key `wen`; did you mean `when`?",
        ),
        (
            "name: x\nread-only-root: recommend\n",
            "unknown value `recommend`; did you mean `recommended`?",
        ),
        (
            "name: x\nuser: nginx\n",
            "line 2: user: invalid type: string \"nginx\", expected u32",
        ),
        ("name: x\nversions: 18\n", "`18` in `versions` is no range"),
        ("name: x\nname: y\n", "duplicate"),
    ];
    for (text, expected) in cases {
        let message = Profile::parse(text).unwrap_err().to_string();
        assert!(message.contains(expected), "{text}: {message}");
        assert!(message.starts_with("line "), "{message}");
    }
}

#[test]
fn contradictions_are_named() {
    let cases = [
        ("user: 1", "say `repositories`"),
        ("name: x\nuser: 0", "user 0 is root"),
        ("name: x\nuser: 1\nroot-only: {why: a, instead: b}", "contradict"),
        (
            "name: x\nwritable: [/a/../b]",
            "`/a/../b` is not an absolute, clean path",
        ),
        ("name: x\nwritable: [/a, /a]", "writable twice"),
        ("name: x\nvolumes: [data]", "`data` is not"),
        ("name: x\ncapabilities: [SYS_ADMIN]", "NET_BIND_SERVICE only"),
        ("name: x\nports: [{port: 8080}]", "not below 1024"),
        ("name: x\nvariants: [{user: 1}]", "variants[0]: a variant needs"),
        ("name: x\nvariants: [{tags: [a], variants: [{tags: [b]}]}]", "neither"),
        ("name: x\ntags: ['[']", "glob"),
    ];
    for (text, expected) in cases {
        let found = problems(&Profile::parse(text).unwrap());
        assert!(found.iter().any(|p| p.contains(expected)), "{text}: {found:?}");
    }
    let error: ProfileError = Library::with_config(vec![Profile::parse("user: 1").unwrap()], Vec::new()).unwrap_err();
    assert!(error.to_string().starts_with("images[0]: "), "{error}");
}

fn find(library: &Library, image: &str) -> Option<Match> {
    library.find(&ImageRef::parse(image).unwrap_or_else(|| panic!("{image} is no reference")))
}

fn library(images: &str) -> Library {
    Library::with_config(serde_yaml::from_str(images).unwrap(), Vec::new()).unwrap()
}

/// Of user, group and fsGroup.
fn origins(f: &Facts) -> [Origin; 3] {
    [&f.user, &f.group, &f.fs_group].map(|fact| fact.as_ref().map_or(Origin::Config, |fact| fact.origin))
}

fn line(m: &Match) -> String {
    let f = &m.facts;
    let id =
        |fact: &Option<harden::profiles::Fact<u32>>| fact.as_ref().map_or("-".to_string(), |f| f.value.to_string());
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
