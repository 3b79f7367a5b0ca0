//! Which images the repository builds itself: where a compose file or skaffold names both an image and what it is built
//! from. A folder or a Dockerfile that nothing names so says nothing.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use memchr::memmem;

use super::Place;
use crate::import::Arguments;
use crate::kube::image::ImageRef;
use crate::yaml::NodeRef;

/// Further images of one file are left out, and further ones of the repository.
const MAX_BUILDS: usize = 200;
pub(super) const MAX_ALL: usize = 1000;

/// Builders of skaffold that read no Dockerfile, or not this one.
const OTHER_BUILDERS: [&str; 6] = ["ko", "buildpacks", "jib", "bazel", "custom", "kaniko"];

/// An image and the Dockerfile that it is built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// Without tag: `docker.io/acme/web`.
    pub image: String,
    /// Relative to the repository's root.
    pub dockerfile: PathBuf,
    /// The stage that is built; `None` for the last.
    pub target: Option<String>,
    /// What the build is given for the Dockerfile's `ARG`s.
    pub arguments: Arguments,
    /// The content of the Dockerfile.
    pub text: Arc<str>,
    /// Who says so.
    pub place: Place,
}

/// Which of the two formats a file may have, by its name and by words that it cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Compose,
    Skaffold,
}

impl Format {
    pub(super) fn in_bytes(path: &Path, bytes: &[u8]) -> Option<Format> {
        let name = path.file_name()?.to_str()?;
        let has = |word: &str| memmem::find(bytes, word.as_bytes()).is_some();
        // `compose.yaml`, `docker-compose.dev.yml`, `docker-compose-dev.yml`.
        let is_compose = ["compose.", "docker-compose.", "docker-compose-"]
            .iter()
            .any(|start| name.starts_with(start));
        if is_compose && has("build") {
            Some(Format::Compose)
        } else if name.starts_with("skaffold") && has("artifacts") {
            Some(Format::Skaffold)
        } else {
            None
        }
    }
}

/// The images of one document; their Dockerfiles are read later.
pub(super) fn read(format: Format, root: NodeRef<'_>, path: &Path) -> Vec<Build> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let builds: Vec<Build> = match format {
        Format::Compose => {
            let services = root.get("services").into_iter().flat_map(NodeRef::entries);
            services
                .filter_map(|(_, service)| compose(service, folder))
                .take(MAX_BUILDS)
                .collect()
        }
        Format::Skaffold => {
            let artifacts = root.at(&["build", "artifacts"]).into_iter().flat_map(NodeRef::items);
            artifacts
                .filter_map(|artifact| skaffold(artifact, folder))
                .take(MAX_BUILDS)
                .collect()
        }
    };
    let at = |build: Build| Build {
        place: Place {
            path: path.to_path_buf(),
            line: build.place.line,
        },
        ..build
    };
    builds.into_iter().map(at).collect()
}

fn compose(service: NodeRef<'_>, folder: &Path) -> Option<Build> {
    let image = service.get("image")?;
    let build = service.get("build")?;
    let text = |key: &str| build.get(key).and_then(NodeRef::text);
    if build.get("dockerfile_inline").is_some() {
        return None;
    }
    let context = build.as_str().or(text("context")).unwrap_or(".");
    let build = found(image, folder, context, text("dockerfile"), text("target"))?;
    Some(Build {
        arguments: build_arguments(service.at(&["build", "args"])),
        ..build
    })
}

/// `{NAME: value}` or `[NAME=value]`. A value that is a variable, or that is left to the environment, is none that
/// anybody knows here.
fn build_arguments(node: Option<NodeRef<'_>>) -> Arguments {
    let known = |value: Option<&str>| value.filter(|value| !value.contains(['$', '{'])).map(str::to_string);
    let entries = node.into_iter().flat_map(NodeRef::entries);
    let entries = entries.filter_map(|(key, value)| Some((key.text()?.to_string(), known(value.text()))));
    let items = node.into_iter().flat_map(NodeRef::items).filter_map(NodeRef::text);
    let items = items.map(|item| match item.split_once('=') {
        Some((name, value)) => (name.to_string(), known(Some(value))),
        None => (item.to_string(), None),
    });
    entries.chain(items).take(MAX_BUILDS).collect()
}

fn skaffold(artifact: NodeRef<'_>, folder: &Path) -> Option<Build> {
    if OTHER_BUILDERS.iter().any(|builder| artifact.get(builder).is_some()) {
        return None;
    }
    let text = |keys: &[&str]| artifact.at(keys).and_then(NodeRef::text);
    let context = text(&["context"]).unwrap_or(".");
    let dockerfile = text(&["docker", "dockerfile"]);
    let target = text(&["docker", "target"]);
    let build = found(artifact.get("image")?, folder, context, dockerfile, target)?;
    Some(Build {
        arguments: build_arguments(artifact.at(&["docker", "buildArgs"])),
        ..build
    })
}

/// `None` for a variable where it matters, for what is elsewhere on the network, and for paths that leave the
/// repository.
fn found(
    image: NodeRef<'_>,
    folder: &Path,
    context: &str,
    dockerfile: Option<&str>,
    target: Option<&str>,
) -> Option<Build> {
    let is_remote = context.contains("://") || context.starts_with("git@") || context.starts_with("github.com/");
    let has_variable = |text: &str| text.contains('$');
    let words = [Some(context), dockerfile, target];
    if is_remote || words.into_iter().flatten().any(has_variable) {
        return None;
    }
    let written = image.text()?;
    // Which tag it gets does not matter here, so that it may be a variable.
    let name = written.split_once(":$").map_or(written, |(name, _)| name);
    let context = within(folder, context)?;
    Some(Build {
        image: ImageRef::parse(name)?.name(),
        dockerfile: within(&context, dockerfile.unwrap_or("Dockerfile"))?,
        target: target.map(str::to_string),
        arguments: Arguments::new(),
        text: Arc::from(""),
        place: Place {
            path: PathBuf::new(),
            line: image.line(),
        },
    })
}

/// The path below the repository's root, by its parts; `None` if it is absolute or leaves the repository.
fn within(folder: &Path, path: &str) -> Option<PathBuf> {
    let mut joined = folder.to_path_buf();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => joined.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !joined.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(joined)
}
