//! One image, many names: registries that serve another registry's images under a prefix of their own.
//! Also tells registries where everybody publishes from those where a team keeps copies.

use crate::kube::image::ImageRef;

/// A prefix and what stands there for it. Longer prefixes before those they start with.
const MIRRORS: &[(&str, &str)] = &[
    // Docker Hub's official images, copied by their maintainers or by the registry.
    ("public.ecr.aws/docker/library/", "docker.io/library/"),
    ("mirror.gcr.io/", "docker.io/"),
    ("docker.io/amd64/", "docker.io/library/"),
    ("docker.io/arm64v8/", "docker.io/library/"),
    ("docker.io/arm32v7/", "docker.io/library/"),
    ("docker.io/ppc64le/", "docker.io/library/"),
    ("docker.io/s390x/", "docker.io/library/"),
    // Kubernetes moved twice.
    ("k8s.gcr.io/", "registry.k8s.io/"),
    ("gcr.io/google_containers/", "registry.k8s.io/"),
    ("gcr.io/google-containers/", "registry.k8s.io/"),
    // Bitnami's catalogue before and after 2025, and its copy at AWS.
    ("docker.io/bitnamilegacy/", "docker.io/bitnami/"),
    ("public.ecr.aws/bitnami/", "docker.io/bitnami/"),
];

/// Registries where anybody publishes under their own organisation: `ghcr.io/acme/postgres` is acme's image
/// and nobody's copy.
const PUBLIC: &[&str] = &[
    "cgr.dev",
    "cr.fluentbit.io",
    "cr.jaegertracing.io",
    "docker.dragonflydb.io",
    "docker.elastic.co",
    "docker.gitea.com",
    "docker.io",
    "docker.n8n.io",
    "gcr.io",
    "asia.gcr.io",
    "eu.gcr.io",
    "us.gcr.io",
    "ghcr.io",
    "k8s.gcr.io",
    "mcr.microsoft.com",
    "mirror.gcr.io",
    "nvcr.io",
    "public.ecr.aws",
    "quay.io",
    "registry.access.redhat.com",
    "registry.gitlab.com",
    "registry.istio.io",
    "registry.k8s.io",
    "registry.redhat.io",
];

/// Organisations that publish images of their own under the names of official ones; a copy of theirs in a private
/// registry (`harbor.corp/cloudnative-pg/postgres`) is not the official image.
const OTHER_FAMILIES: &[&str] = &[
    "bitnami",
    "bitnamilegacy",
    "bitnamicharts",
    "centos7",
    "centos8",
    "centos9",
    "chainguard",
    "cimg",
    "circleci",
    "cloudnative-pg",
    "distroless",
    "linuxserver",
    "rapidfort",
    "rhel7",
    "rhel8",
    "rhel9",
    "sclorg",
    "ubi8",
    "ubi9",
    "zalando",
];

/// The one name under which an image is known: `registry/repository`.
pub(super) fn canonical(name: &str) -> String {
    for (prefix, original) in MIRRORS {
        if let Some(rest) = name.strip_prefix(prefix) {
            return format!("{original}{rest}");
        }
    }
    name.to_string()
}

/// The name behind one of the configured prefixes (`harbor.corp/hub`): read as if the prefix were not there.
pub(super) fn behind_configured(name: &str, mirrors: &[String]) -> Option<String> {
    let rest = mirrors
        .iter()
        .find_map(|m| name.strip_prefix(m.trim_end_matches('/'))?.strip_prefix('/'))?;
    ImageRef::parse(rest).map(|image| canonical(&image.name()))
}

/// Names the image may be a copy of, best guess first, for an image in a registry that belongs to nobody known:
/// each tail of its path read as a reference, down to the bare name as an official image.
pub(super) fn copies(image: &ImageRef) -> Vec<String> {
    if PUBLIC.contains(&image.registry.as_str()) {
        return Vec::new();
    }
    let parts: Vec<&str> = image.repository.split('/').collect();
    let foreign = parts.iter().rev().skip(1).any(|part| OTHER_FAMILIES.contains(part));
    let longest_first = (0..parts.len()).filter(|start| !(foreign && start + 1 == parts.len()));
    longest_first
        .filter_map(|start| ImageRef::parse(&parts.get(start..)?.join("/")))
        .map(|tail| canonical(&tail.name()))
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{behind_configured, canonical, copies};
    use crate::kube::image::ImageRef;

    fn name(text: &str) -> String {
        canonical(&ImageRef::parse(text).unwrap().name())
    }

    #[test]
    fn mirrors_fold_into_one_name() {
        for text in [
            "postgres",
            "library/postgres",
            "docker.io/postgres",
            "docker.io/library/postgres",
            "index.docker.io/library/postgres",
            "registry-1.docker.io/library/postgres",
            "public.ecr.aws/docker/library/postgres",
            "mirror.gcr.io/library/postgres",
            "arm64v8/postgres",
        ] {
            assert_eq!(name(text), "docker.io/library/postgres", "{text}");
        }
        assert_eq!(name("k8s.gcr.io/pause:3.1"), "registry.k8s.io/pause");
        assert_eq!(name("gcr.io/google_containers/pause:3.1"), "registry.k8s.io/pause");
        assert_eq!(name("bitnamilegacy/redis"), "docker.io/bitnami/redis");
        assert_eq!(name("ghcr.io/acme/postgres"), "ghcr.io/acme/postgres");
    }

    #[test]
    fn configured_prefixes_end_at_a_slash() {
        let mirrors = ["harbor.corp/hub".to_string(), "cache.corp/".to_string()];
        let behind = |text: &str| behind_configured(text, &mirrors);
        assert_eq!(
            behind("harbor.corp/hub/postgres").unwrap(),
            "docker.io/library/postgres"
        );
        assert_eq!(
            behind("harbor.corp/hub/bitnami/redis").unwrap(),
            "docker.io/bitnami/redis"
        );
        assert_eq!(behind("cache.corp/quay.io/coreos/etcd").unwrap(), "quay.io/coreos/etcd");
        assert_eq!(behind("harbor.corp/hubris/postgres"), None);
        assert_eq!(behind("harbor.corp/hub"), None);
    }

    #[test]
    fn only_private_registries_hold_copies() {
        let of = |text: &str| copies(&ImageRef::parse(text).unwrap());
        assert_eq!(
            of("harbor.corp/hub/postgres"),
            ["docker.io/hub/postgres", "docker.io/library/postgres"]
        );
        assert_eq!(of("localhost:5000/nginx"), ["docker.io/library/nginx"]);
        assert_eq!(of("harbor.corp/bitnami/postgresql"), ["docker.io/bitnami/postgresql"]);
        assert!(of("someuser/redis").is_empty());
        assert!(of("ghcr.io/acme/postgres").is_empty());
    }
}
