//! Which images the repository builds itself: where a compose file or skaffold names both an image and what it is built
//! from. A folder or a Dockerfile that nothing names so says nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use memchr::memmem;

use super::Place;
use super::paths::within;
use crate::import::Arguments;
use crate::kube::image::ImageRef;
use crate::yaml::NodeRef;

/// Further images of one file are left out, and further ones of the repository.
pub(super) const MAX_BUILDS: usize = 200;
pub(super) const MAX_ALL: usize = 1000;

/// An image that the repository builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// Without tag: `docker.io/acme/web`.
    pub image: String,
    /// `None` where nobody here knows what it is built from.
    pub dockerfile: Option<Dockerfile>,
    /// Who says so.
    pub place: Place,
}

/// What an image is built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dockerfile {
    /// Relative to the repository's root.
    pub path: PathBuf,
    /// The stage that is built; `None` for the last.
    pub target: Option<String>,
    /// What the build is given for the Dockerfile's `ARG`s.
    pub arguments: Arguments,
    /// Its content.
    pub text: Arc<str>,
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

/// What a file says of how an image is built.
#[derive(Debug, Clone, Default)]
pub(super) struct Stated {
    pub(super) context: Option<String>,
    pub(super) dockerfile: Option<String>,
    pub(super) target: Option<String>,
    pub(super) arguments: Arguments,
    /// Whether something else decides too.
    pub(super) is_open: bool,
}

impl Stated {
    /// `{NAME: value}` or `[NAME=value]`. A value that is a variable, or that is left to the environment, is none that
    /// anybody knows here.
    pub(super) fn with_arguments(node: Option<NodeRef<'_>>) -> Stated {
        let known = |value: Option<&str>| value.filter(|value| !value.contains(['$', '{'])).map(str::to_string);
        let entries = node.into_iter().flat_map(NodeRef::entries);
        let entries = entries.filter_map(|(key, value)| Some((key.text()?.to_string(), known(value.text()))));
        let items = node.into_iter().flat_map(NodeRef::items).filter_map(NodeRef::text);
        let items = items.map(|item| match item.split_once('=') {
            Some((name, value)) => (name.to_string(), known(Some(value))),
            None => (item.to_string(), None),
        });
        Stated {
            arguments: entries.chain(items).take(MAX_BUILDS).collect(),
            is_open: node.is_some_and(is_open),
            ..Stated::default()
        }
    }

    /// With what another one says laid over it.
    pub(super) fn under(&self, above: &Stated) -> Stated {
        let (below, above) = (self.clone(), above.clone());
        Stated {
            context: above.context.or(below.context),
            dockerfile: above.dockerfile.or(below.dockerfile),
            target: above.target.or(below.target),
            arguments: below.arguments.into_iter().chain(above.arguments).collect(),
            is_open: below.is_open || above.is_open,
        }
    }

    /// `None` for a variable where it matters, for what is elsewhere on the network, and for paths that leave the
    /// repository. Its text is read later.
    pub(super) fn dockerfile(&self, folder: &Path) -> Option<Dockerfile> {
        let context = self.context.as_deref().unwrap_or(".");
        let is_remote = context.contains("://") || context.starts_with("git@") || context.starts_with("github.com/");
        let words = [Some(context), self.dockerfile.as_deref(), self.target.as_deref()];
        if self.is_open || is_remote || words.into_iter().flatten().any(|word| word.contains('$')) {
            return None;
        }
        let context = within(folder, context)?;
        Some(Dockerfile {
            path: within(&context, self.dockerfile.as_deref().unwrap_or("Dockerfile"))?,
            target: self.target.clone(),
            arguments: self.arguments.clone(),
            text: Arc::from(""),
        })
    }
}

/// Whether a mapping may say more, or something else: in quotes, `<<` is a merge key for some readers and none for others.
pub(super) fn is_open(node: NodeRef<'_>) -> bool {
    node.entries().any(|(key, _)| key.text().is_none_or(|key| key == "<<"))
}

/// The characters under a key; none for a collection and for nothing.
pub(super) fn text(node: NodeRef<'_>, key: &str) -> Option<String> {
    let value = node.get(key).filter(|value| !value.is_null());
    value.and_then(NodeRef::text).map(str::to_string)
}

/// Without tag, which may be a variable: which one it gets does not matter here.
pub(super) fn image_name(written: &str) -> Option<String> {
    let name = written.split_once(":$").map_or(written, |(name, _)| name);
    Some(ImageRef::parse(name)?.name())
}
