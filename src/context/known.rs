//! What is known of the image that a container of a file really gets: kustomizations may make another one of it.

use std::path::Path;

use super::Context;
use crate::kube::image::ImageRef;
use crate::profiles::{self, Match};
use crate::survey::Deployed;

/// An image with what is known of it.
#[derive(Debug, Clone)]
pub struct Known {
    /// What to call it in a sentence: as written, or what a kustomization makes of it, with the line.
    pub shown: String,
    pub facts: Option<Match>,
    /// Whether it, or one of those that kustomizations make of it, runs on Windows alone.
    pub is_of_windows: bool,
}

impl Context<'_> {
    /// Of an image in a file, by its path below the repository's root. Where overlays make different images of it, the
    /// first that is known speaks, and what it says is doubtful unless all say the same.
    pub fn known(&self, path: &Path, image: &str) -> Known {
        let deployed = self.survey.deployed(path, image);
        let find = |one: &Deployed| self.library.find_written(&one.image);
        let all: Vec<(&Deployed, Option<Match>)> = deployed.iter().map(|one| (one, find(one))).collect();
        let Some((one, facts)) = all.iter().find(|(_, facts)| facts.is_some()).or(all.first()) else {
            return Known {
                shown: image.to_string(),
                facts: None,
                is_of_windows: false,
            };
        };
        let statements = |known: &Option<Match>| known.as_ref().map(|known| known.facts.clone());
        let other = all.iter().find(|(_, other)| statements(other) != statements(facts));
        let mut facts = facts.clone();
        if let (Some((other, _)), Some(facts)) = (other, &mut facts) {
            facts.doubt(format!(
                "kustomizations make {} and {} of {image}: taken for the first",
                shown(one),
                shown(other)
            ));
        }
        Known {
            shown: shown(one),
            facts,
            is_of_windows: all.iter().any(|(one, _)| is_of_windows(&one.image)),
        }
    }
}

fn is_of_windows(image: &str) -> bool {
    ImageRef::parse(image).is_some_and(|image| profiles::is_of_windows(&image))
}

fn shown(deployed: &Deployed) -> String {
    match &deployed.place {
        Some(place) => format!("{} ({}:{})", deployed.image, place.path.display(), place.line),
        None => deployed.image.clone(),
    }
}
