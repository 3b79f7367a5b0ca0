//! The artifacts of skaffold, those of its profiles too.

use std::path::Path;

use super::Place;
use super::builds::{self, Build, MAX_BUILDS, Stated};
use super::paths::folder;
use crate::yaml::NodeRef;

/// Builders that read no Dockerfile, or not this one.
const OTHER_BUILDERS: [&str; 7] = ["ko", "buildpacks", "jib", "jibMaven", "jibGradle", "bazel", "custom"];

/// The images of one document.
pub(super) fn read(root: NodeRef<'_>, path: &Path) -> Vec<Build> {
    let profiles = || items(root.get("profiles"));
    let patches = profiles().flat_map(|profile| items(profile.get("patches")));
    let patched: Vec<Patched> = patches.filter_map(Patched::read).collect();
    let own = artifacts(root, &patched, path);
    let theirs = profiles().flat_map(|profile| artifacts(profile, &patched, path));
    own.into_iter().chain(theirs).take(MAX_BUILDS).collect()
}

fn items<'d>(list: Option<NodeRef<'d>>) -> impl Iterator<Item = NodeRef<'d>> {
    list.into_iter().flat_map(NodeRef::items)
}

/// Those of the file itself or of one of its profiles. A patch may be of either.
fn artifacts(of: NodeRef<'_>, patched: &[Patched], path: &Path) -> Vec<Build> {
    let artifacts = items(of.at(&["build", "artifacts"])).take(MAX_BUILDS).enumerate();
    let builds = artifacts.filter_map(|(index, node)| {
        let build = artifact(node, path)?;
        let is_patched = patched.iter().any(|patched| patched.touches(index));
        let dockerfile = build.dockerfile.filter(|_| !is_patched);
        Some(Build { dockerfile, ..build })
    });
    builds.collect()
}

fn artifact(node: NodeRef<'_>, path: &Path) -> Option<Build> {
    let image = node.get("image")?;
    let builder = node.get("docker").or(node.get("kaniko"));
    let said = |key: &str| builder.and_then(|builder| builds::text(builder, key));
    let stated = Stated {
        context: builds::text(node, "context"),
        dockerfile: said("dockerfile"),
        target: said("target"),
        ..Stated::with_arguments(builder.and_then(|builder| builder.get("buildArgs")))
    };
    let is_other = OTHER_BUILDERS.iter().any(|other| node.get(other).is_some());
    let builder_is_open = |builder: NodeRef| builds::is_open(builder) || builder.get("contextSubPath").is_some();
    let is_open = builds::is_open(node) || builder.is_some_and(builder_is_open) || is_other;
    let stated = Stated {
        is_open: stated.is_open || is_open,
        ..stated
    };
    Some(Build {
        image: builds::image_name(image.text()?)?,
        dockerfile: stated.dockerfile(folder(path)),
        place: Place {
            path: path.to_path_buf(),
            line: image.line(),
        },
    })
}

/// What a patch of a profile changes: one artifact, or all.
enum Patched {
    One(usize),
    All,
}

impl Patched {
    /// `/build/artifacts/0/docker/target`; `None` for a patch of something else, and for one that adds at the end.
    fn read(patch: NodeRef<'_>) -> Option<Patched> {
        let path = builds::text(patch, "path")?;
        let mut parts = path.trim_start_matches('/').split('/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("build"), None, _) | (Some("build"), Some("artifacts"), None) => Some(Patched::All),
            (Some("build"), Some("artifacts"), Some(index)) => index.parse().ok().map(Patched::One),
            _ => None,
        }
    }

    fn touches(&self, artifact: usize) -> bool {
        match self {
            Patched::One(index) => *index == artifact,
            Patched::All => true,
        }
    }
}
