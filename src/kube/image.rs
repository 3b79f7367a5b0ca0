//! Image references: `registry/repository:tag@digest`, split by Docker's rules.
//! Knows the spellings of Docker Hub and nothing of mirrors or of what an image contains; that is `profiles`.

use std::fmt;

/// Hosts that serve Docker Hub under another name.
const DOCKER_HUB_HOSTS: [&str; 3] = ["index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"];

/// The limit of the distribution specification for `registry/repository`.
const MAX_NAME: usize = 255;
const MAX_TAG: usize = 128;

/// What begins a text that stands for another one.
const PLACEHOLDERS: [char; 5] = ['$', '{', '<', '%', '['];

/// One image as a container names it, with Docker's defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImageRef {
    /// `docker.io` where none is written; may carry a port (`localhost:5000`).
    pub registry: String,
    /// Without registry; `library/postgres` for `postgres`.
    pub repository: String,
    /// As written; `None` where there is none (which means `latest` unless a digest stands there).
    pub tag: Option<String>,
    /// With its algorithm: `sha256:...`.
    pub digest: Option<String>,
}

impl ImageRef {
    /// Reads a reference; `None` for everything that is not one: empty, a placeholder (`$(IMAGE)`, `${TAG}`,
    /// `{{ .Values.image }}`), upper-case repositories and other spellings that no runtime would pull.
    ///
    /// ```
    /// use harden::kube::image::ImageRef;
    /// let image = ImageRef::parse("postgres:16").expect("a reference");
    /// assert_eq!(image.name(), "docker.io/library/postgres");
    /// assert_eq!(ImageRef::parse("postgres:{{ .Values.tag }}"), None);
    /// ```
    pub fn parse(text: &str) -> Option<ImageRef> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        let (name, tag) = split_tag(rest);
        let (registry, path) = split_registry(name);
        let repository = match (registry.as_str(), path.contains('/')) {
            ("docker.io", false) => format!("library/{path}"),
            _ => path.to_string(),
        };
        let sound = is_registry(&registry)
            && registry.len() + repository.len() < MAX_NAME
            && repository.split('/').all(is_path_component)
            && tag.is_none_or(is_tag)
            && digest.is_none_or(is_digest);
        sound.then(|| ImageRef {
            registry,
            repository,
            tag: tag.map(str::to_string),
            digest: digest.map(str::to_string),
        })
    }

    /// Reads a reference of which only the name can be read, since somebody fills in the rest: `postgres:${TAG}`.
    ///
    /// ```
    /// use harden::kube::image::ImageRef;
    /// let image = ImageRef::parse_name("postgres:16-${VARIANT}").expect("a name");
    /// assert_eq!(image.name(), "docker.io/library/postgres");
    /// assert_eq!(ImageRef::parse_name("${REGISTRY}/postgres:16"), None);
    /// ```
    pub fn parse_name(text: &str) -> Option<ImageRef> {
        let (before, rest) = text.split_at_checked(text.find(PLACEHOLDERS)?)?;
        let component = before.rfind('/').map_or(0, |slash| slash + 1);
        let end = component + before.get(component..)?.find([':', '@'])?;
        // What stands before the last slash is no tag.
        ImageRef::parse(before.get(..end)?).filter(|_| !rest.contains('/'))
    }

    /// `registry/repository`, e.g. `docker.io/library/postgres`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// The tag that is pulled: `latest` where neither tag nor digest is written, `None` where only a digest is.
    pub fn effective_tag(&self) -> Option<&str> {
        match (&self.tag, &self.digest) {
            (Some(tag), _) => Some(tag),
            (None, None) => Some("latest"),
            (None, Some(_)) => None,
        }
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// A colon behind the last slash starts the tag; one before it belongs to a registry's port.
fn split_tag(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (text, None),
    }
}

/// The first component is a registry if it looks like a host: a dot, a port, or `localhost`.
fn split_registry(name: &str) -> (String, &str) {
    match name.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => {
            let hub = DOCKER_HUB_HOSTS.contains(&host);
            (if hub { "docker.io" } else { host }.to_string(), path)
        }
        _ => ("docker.io".to_string(), name),
    }
}

fn is_registry(host: &str) -> bool {
    let (name, port) = match host.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    };
    let label = |l: &str| {
        !l.is_empty()
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let port_sound = |p: &str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit());
    name.split('.').all(label) && port.is_none_or(port_sound)
}

/// Lower-case letters and digits, joined by one dot, one or two underscores, or any number of dashes.
fn is_path_component(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let ends_sound = text.starts_with(alphanumeric) && text.ends_with(alphanumeric);
    let joint_sound =
        |joint: &str| joint.is_empty() || matches!(joint, "." | "_" | "__") || joint.bytes().all(|b| b == b'-');
    ends_sound && text.split(alphanumeric).all(joint_sound)
}

fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    text.len() <= MAX_TAG
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}

/// `algorithm:value`. Lengths are not checked: shortened digests in examples still name the image.
fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, value)| {
        let alphanumeric = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric());
        algorithm.split(['+', '.', '_', '-']).all(alphanumeric) && alphanumeric(value)
    })
}

#[cfg(test)]
mod tests {
    use super::ImageRef;

    /// Image, then registry, repository, tag, digest (`-` for none).
    const REFERENCES: &[(&str, &str)] = &[
        ("postgres", "docker.io library/postgres - -"),
        ("postgres:16-alpine", "docker.io library/postgres 16-alpine -"),
        ("docker.io/postgres:16", "docker.io library/postgres 16 -"),
        ("docker.io/library/postgres", "docker.io library/postgres - -"),
        ("index.docker.io/library/postgres:1", "docker.io library/postgres 1 -"),
        ("registry-1.docker.io/library/redis", "docker.io library/redis - -"),
        ("bitnami/postgresql:17", "docker.io bitnami/postgresql 17 -"),
        (
            "quay.io/prometheus/prometheus:v3.0.0",
            "quay.io prometheus/prometheus v3.0.0 -",
        ),
        ("localhost:5000/shop/web:dev", "localhost:5000 shop/web dev -"),
        ("localhost/web", "localhost web - -"),
        ("kind-registry:5000/web", "kind-registry:5000 web - -"),
        ("localhost:5000/web", "localhost:5000 web - -"),
        ("registry.k8s.io/pause:3.9", "registry.k8s.io pause 3.9 -"),
        ("nginx@sha256:00ff", "docker.io library/nginx - sha256:00ff"),
        ("nginx:1.27@sha256:00ff", "docker.io library/nginx 1.27 sha256:00ff"),
        (
            "gcr.io/google_containers/pause-amd64:3.1",
            "gcr.io google_containers/pause-amd64 3.1 -",
        ),
        ("a--b/c__d.e:V1_x.y-z", "docker.io a--b/c__d.e V1_x.y-z -"),
    ];

    #[test]
    fn references_are_split_by_dockers_rules() {
        for (text, expected) in REFERENCES {
            let image = ImageRef::parse(text).unwrap_or_else(|| panic!("{text} was refused"));
            let dash = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_string());
            let found = format!(
                "{} {} {} {}",
                image.registry,
                image.repository,
                dash(&image.tag),
                dash(&image.digest)
            );
            assert_eq!(found, *expected, "{text}");
        }
    }

    #[test]
    fn what_no_runtime_would_pull_is_not_a_reference() {
        let long = "a".repeat(300);
        for text in [
            "",
            " ",
            "$(IMAGE)",
            "${IMAGE}",
            "{{ .Values.image }}",
            "postgres:{{ .Values.tag }}",
            "nginx:$TAG",
            "<image>",
            "IMAGE",
            "nginx:",
            "nginx@",
            "nginx@sha256",
            "nginx@sha256:",
            ":16",
            "/nginx",
            "nginx/",
            "a//b",
            "a___b",
            "a..b",
            "nginx:-1",
            "nginx: 1",
            " nginx",
            "nginx\n",
            "ex ample.com/a",
            "-x.com/a",
            "ü",
            "docker.io",
            "host:port/a",
            &long,
        ] {
            let expected = (text == "docker.io").then(|| "docker.io/library/docker.io".to_string());
            assert_eq!(ImageRef::parse(text).map(|i| i.name()), expected, "{text:?}");
        }
    }

    #[test]
    fn a_missing_tag_means_latest_unless_a_digest_decides() {
        let tag = |text| ImageRef::parse(text).and_then(|i| i.effective_tag().map(str::to_string));
        assert_eq!(tag("nginx").as_deref(), Some("latest"));
        assert_eq!(tag("nginx:1@sha256:0f").as_deref(), Some("1"));
        assert_eq!(tag("nginx@sha256:0f"), None);
    }
}
