//! What is known of images under one config in one repository: profiles, and Dockerfiles that are known to build them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::anyhow;

use crate::config::Config;
use crate::import::{Arguments, Recipe};
use crate::outcome::Diagnostic;
use crate::profiles::{Built, Library, Profile};
use crate::survey::{Build, Dockerfile};

/// An image that the repository builds in different ways, so that its Dockerfiles are left out of the library.
#[derive(Debug, Clone)]
pub struct Contested {
    /// `docker.io/acme/web`.
    pub image: String,
    /// What a person should know of it.
    pub remark: Diagnostic,
}

/// The library, and the builds that were left out of it.
///
/// # Errors
/// An `images:` entry that contradicts itself, or a Dockerfile without a stage.
pub fn library(config: &Config, builds: &[Build]) -> anyhow::Result<(Library, Vec<Contested>)> {
    let shown = config.path.as_deref().unwrap_or(Path::new("config")).display();
    let shared = config.shared.iter().map(|shared| shared.profile.clone()).collect();
    let library = Library::with_config(config.images.clone(), config.mirrors.clone())
        .map(|library| library.sharing(shared))
        .map_err(|error| anyhow!("{shown}: {}", error.message))?;
    let (mut built, contested) = of_repository(builds, &library);
    for (index, dockerfile) in &config.dockerfiles {
        let name = dockerfile.path.display().to_string();
        let recipe = Recipe::read(&dockerfile.text, None, &Arguments::new(), &library).ok_or_else(|| {
            let line = dockerfile.line;
            anyhow!("{shown}:{line}: images[{index}].dockerfile: `{name}` has no FROM; name a Dockerfile")
        })?;
        let entry = config.images.get(*index).cloned().unwrap_or_default();
        // The config decides, so that its Dockerfile comes last.
        built.push(evidence(&recipe, entry, &name));
    }
    Ok((library.building(built), contested))
}

/// What the Dockerfiles say that the repository names itself. Where two builds of one image say different things,
/// nobody knows which one is deployed, and neither counts.
fn of_repository(builds: &[Build], library: &Library) -> (Vec<Built>, Vec<Contested>) {
    let mut by_image: BTreeMap<&str, Ways<'_>> = BTreeMap::new();
    for build in builds {
        let ways = by_image.entry(&build.image).or_default();
        let Some(dockerfile) = &build.dockerfile else {
            ways.unknown.push(build);
            continue;
        };
        let target = dockerfile.target.as_deref();
        if let Some(recipe) = Recipe::read(&dockerfile.text, target, &dockerfile.arguments, library) {
            ways.known.push((build, dockerfile, recipe));
        }
    }
    let (mut built, mut contested) = (Vec::new(), Vec::new());
    for (image, ways) in by_image {
        let Some((first, dockerfile, recipe)) = ways.known.first() else {
            continue;
        };
        match ways.other(recipe) {
            None => {
                let name = dockerfile.path.display().to_string();
                let image = Profile {
                    repositories: vec![image.to_string()],
                    ..Profile::default()
                };
                built.push(evidence(recipe, image, &name));
            }
            Some((other, how)) => contested.push(contest(first, other, how)),
        }
    }
    (built, contested)
}

/// In which ways one image is built.
#[derive(Default)]
struct Ways<'b> {
    known: Vec<(&'b Build, &'b Dockerfile, Recipe)>,
    unknown: Vec<&'b Build>,
}

impl Ways<'_> {
    /// One that may say something else than `recipe`, and how it does.
    fn other(&self, recipe: &Recipe) -> Option<(&Build, &'static str)> {
        let differs = self.known.iter().find(|(_, _, other)| !recipe.agrees_with(other));
        let differs = differs.map(|(build, _, _)| (*build, "otherwise"));
        differs.or_else(|| Some((*self.unknown.first()?, "in a way that cannot be read here")))
    }
}

fn contest(first: &Build, other: &Build, how: &str) -> Contested {
    let message = format!(
        "{} is built {how} on line {} of {}, so that neither says how it runs; name the one that is deployed with \
         `dockerfile` in `images` of harden.yaml",
        first.image,
        other.place.line,
        other.place.path.display()
    );
    Contested {
        image: first.image.clone(),
        remark: Diagnostic {
            code: "image-build",
            path: Some(first.place.path.clone()),
            line: Some(first.place.line),
            message,
        },
    }
}

/// What the Dockerfile says, of the images that `image` names.
fn evidence(recipe: &Recipe, image: Profile, dockerfile: &str) -> Built {
    let by_repository = (!image.repositories.is_empty()).then(|| dockerfile.to_string());
    let profile = Profile {
        // Without repositories the name is that of the built-in profile which the entry speaks of.
        name: by_repository.or(image.name),
        tags: image.tags,
        versions: image.versions,
        ..recipe.profile(image.repositories, dockerfile)
    };
    let says = recipe
        .decisive()
        .map(|told| format!("{dockerfile}:{} says {}", told.line, told.what));
    Built {
        profile,
        says: says.unwrap_or_else(|| dockerfile.to_string()),
    }
}
