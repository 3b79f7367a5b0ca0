//! One image, many names: registries that serve another registry's images under a prefix of their own.
//! Also tells registries where everybody publishes from those where a team keeps copies.

use super::index;
use crate::kube::image::ImageRef;

/// A prefix and what stands there for it. Longer prefixes before those they start with.
const MIRRORS: &[(&str, &str)] = &[
    // Docker Hub's official images, copied by their maintainers or by the registry.
    ("public.ecr.aws/docker/library/", "docker.io/library/"),
    ("mirror.gcr.io/", "docker.io/"),
    // Kubernetes moved twice.
    ("k8s.gcr.io/", "registry.k8s.io/"),
    ("gcr.io/google_containers/", "registry.k8s.io/"),
    ("gcr.io/google-containers/", "registry.k8s.io/"),
    // Bitnami's catalogue before and after 2025, and its copies at AWS and Microsoft.
    ("docker.io/bitnamilegacy/", "docker.io/bitnami/"),
    ("public.ecr.aws/bitnami/", "docker.io/bitnami/"),
    ("mcr.microsoft.com/oss/bitnami/", "docker.io/bitnami/"),
];

/// Organisations of Docker Hub that hold the official images, built for one architecture each. Only what is known to be
/// official is folded: a team's own `foo` is not `arm64v8/foo`.
const ARCHITECTURES: &[&str] = &[
    "docker.io/amd64/",
    "docker.io/arm32v5/",
    "docker.io/arm32v6/",
    "docker.io/arm32v7/",
    "docker.io/arm64v8/",
    "docker.io/i386/",
    "docker.io/mips64le/",
    "docker.io/ppc64le/",
    "docker.io/riscv64/",
    "docker.io/s390x/",
];

/// A mirror of a mirror's image is enough (`mirror.gcr.io/arm64v8/postgres`).
const MAX_FOLDS: usize = 2;

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
    let folded = |name: &String| behind_mirror(name).or_else(|| official(name));
    let names = std::iter::successors(Some(name.to_string()), folded);
    names.take(1 + MAX_FOLDS).last().unwrap_or_default()
}

fn behind_mirror(name: &str) -> Option<String> {
    let original = |(prefix, original): &(&str, &str)| Some(format!("{original}{}", name.strip_prefix(prefix)?));
    MIRRORS.iter().find_map(original)
}

/// The official image that stands there built for one architecture.
fn official(name: &str) -> Option<String> {
    let rest = ARCHITECTURES.iter().find_map(|prefix| name.strip_prefix(prefix))?;
    Some(format!("docker.io/library/{rest}")).filter(|official| index::is_listed(official))
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
            "arm32v5/postgres",
            "arm32v6/postgres",
            "arm32v7/postgres",
            "arm64v8/postgres",
            "docker.io/arm64v8/postgres",
            "index.docker.io/amd64/postgres",
            "i386/postgres",
            "mips64le/postgres",
            "ppc64le/postgres",
            "riscv64/postgres",
            "s390x/postgres",
            "mirror.gcr.io/arm64v8/postgres",
        ] {
            assert_eq!(name(text), "docker.io/library/postgres", "{text}");
        }
        assert_eq!(name("k8s.gcr.io/pause:3.1"), "registry.k8s.io/pause");
        assert_eq!(name("gcr.io/google_containers/pause:3.1"), "registry.k8s.io/pause");
        assert_eq!(name("bitnamilegacy/redis"), "docker.io/bitnami/redis");
        assert_eq!(
            name("mcr.microsoft.com/oss/bitnami/redis:6.0.8"),
            "docker.io/bitnami/redis"
        );
        assert_eq!(name("ghcr.io/acme/postgres"), "ghcr.io/acme/postgres");
        // What is not official is no build of an official image, and another registry's organisation is another one.
        assert_eq!(name("arm64v8/foo"), "docker.io/arm64v8/foo");
        assert_eq!(name("arm64v8/postgres/x"), "docker.io/arm64v8/postgres/x");
        assert_eq!(name("ghcr.io/arm64v8/postgres"), "ghcr.io/arm64v8/postgres");
        assert_eq!(name("arm64v9/postgres"), "docker.io/arm64v9/postgres");
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
        for registry in [
            "docker.io",
            "gcr.io",
            "ghcr.io",
            "mcr.microsoft.com",
            "public.ecr.aws",
            "quay.io",
            "registry.gitlab.com",
            "registry.k8s.io",
            "registry.redhat.io",
        ] {
            let text = format!("{registry}/acme/postgres");
            assert!(of(&text).is_empty(), "{text} is acme's own image");
        }
    }
}
