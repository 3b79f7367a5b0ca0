//! The services of compose files that are built, and what files beside them make of these.

use std::path::Path;

use super::Place;
use super::builds::{self, Build, MAX_BUILDS, Stated};
use super::paths::folder;
use crate::yaml::NodeRef;

/// A service that is built.
#[derive(Debug)]
pub(super) struct Service {
    name: String,
    /// Without tag; `None` where only another file names it.
    image: Option<String>,
    stated: Stated,
    place: Place,
}

/// The services of one document.
pub(super) fn read(root: NodeRef<'_>, path: &Path) -> Vec<Service> {
    let services = root.get("services").into_iter().flat_map(NodeRef::entries);
    let services = services.take(MAX_BUILDS);
    services
        .filter_map(|(name, node)| service(name.text()?, node, path))
        .collect()
}

fn service(name: &str, node: NodeRef<'_>, path: &Path) -> Option<Service> {
    let build = node.get("build").filter(|build| !build.is_null())?;
    let image = node.get("image");
    let stated = Stated {
        context: build.text().map(str::to_string).or(builds::text(build, "context")),
        dockerfile: builds::text(build, "dockerfile"),
        target: builds::text(build, "target"),
        ..Stated::with_arguments(build.get("args"))
    };
    // What a service extends may be built with more than is said here.
    let is_open = builds::is_open(node) || builds::is_open(build) || node.get("extends").is_some();
    Some(Service {
        name: name.to_string(),
        image: image.and_then(NodeRef::text).and_then(builds::image_name),
        stated: Stated {
            is_open: stated.is_open || is_open || build.get("dockerfile_inline").is_some(),
            ..stated
        },
        place: Place {
            path: path.to_path_buf(),
            line: image.unwrap_or(build).line(),
        },
    })
}

/// The images of all services. One that a file beside it builds otherwise, as compose lays such files over each other,
/// is built in both ways.
pub(super) fn builds(services: &[Service]) -> Vec<Build> {
    let own = services
        .iter()
        .filter_map(|service| service.build(&service.stated, service));
    let laid = services
        .iter()
        .filter(|service| service.image.is_some())
        .flat_map(|below| {
            let above = services.iter().filter(|above| above.is_laid_over(below));
            above.filter_map(|above| below.build(&below.stated.under(&above.stated), above))
        });
    own.chain(laid).collect()
}

impl Service {
    /// Its image, as it is built by what `by` says last.
    fn build(&self, stated: &Stated, by: &Service) -> Option<Build> {
        Some(Build {
            image: self.image.clone()?,
            dockerfile: stated.dockerfile(self.folder()),
            place: by.place.clone(),
        })
    }

    /// Whether it is the same service in a file beside the other, and too little to be built by itself.
    fn is_laid_over(&self, below: &Service) -> bool {
        let is_part = self.image.is_none() || self.stated.context.is_none();
        let is_same = self.image.is_none() || self.image == below.image;
        let is_beside = self.place.path != below.place.path && self.folder() == below.folder();
        self.name == below.name && is_part && is_same && is_beside
    }

    fn folder(&self) -> &Path {
        folder(&self.place.path)
    }
}
