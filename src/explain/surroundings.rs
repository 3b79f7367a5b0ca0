//! What answers depend on beside the question: the config of the working directory, the profiles under it, and what its
//! repository builds. Finds them, and in them what a word means.

use std::path::PathBuf;
use std::sync::Arc;

use crate::checks::CHECKS;
use crate::config::{Config, Configs};
use crate::context::{self, Contested};
use crate::files::{self, Repositories};
use crate::kube::image::ImageRef;
use crate::options::ConfigChoice;
use crate::profiles::{Library, Match, builtin_profiles};
use crate::report;
use crate::survey::Survey;

/// What an answer depends on beside the question: the config of the working directory, the profiles under it, and what
/// its repository builds.
pub(super) struct Surroundings {
    pub(super) config: Arc<Config>,
    pub(super) library: Library,
    contested: Vec<Contested>,
    pub(super) root: PathBuf,
}

impl Surroundings {
    pub(super) fn find(choice: &ConfigChoice) -> Result<Surroundings, String> {
        let cwd = files::working_directory()
            .map_err(|error| format!("the working directory cannot be used: {error}; change to another"))?;
        let repository = Repositories::new(cwd.clone()).of(&cwd);
        let root = repository.root.clone();
        let mut configs = match choice {
            ConfigChoice::Nearest => Configs::nearest(cwd.clone()),
            ConfigChoice::None => Configs::none(cwd.clone()),
            ConfigChoice::File(path) => Configs::file(path, cwd.clone()).map_err(|error| error.to_string())?,
        };
        let config = configs.of(&cwd, &root).map_err(|error| error.to_string())?;
        // As a run does it, so that both know the same of an image.
        let survey = Survey::of_repository(&repository);
        let (library, contested) = context::library(&config, survey.builds()).map_err(|error| error.to_string())?;
        Ok(Surroundings {
            config,
            library,
            contested,
            root,
        })
    }

    /// Why Dockerfiles of the repository that build the image say nothing of it.
    pub(super) fn contested(&self, image: &str) -> Option<String> {
        let name = ImageRef::parse(image)?.name();
        let contested = self.contested.iter().find(|contested| contested.image == name)?;
        Some(report::plain(&contested.remark))
    }

    /// The image that a word means, and what is known of it: the image itself, or the first one of the profile with
    /// that name. `None` for what is neither, or looks like a slip in the name of something known.
    pub(super) fn look_up(&self, word: &str) -> Option<(String, Option<Match>)> {
        let find = |image: &str| self.library.find_written(image);
        if let Some(known) = find(word) {
            return Some((word.to_string(), Some(known)));
        }
        if let Some(image) = image_of_profile(word)
            && let Some(known) = find(&image)
        {
            return Some((image, Some(known)));
        }
        let is_bare = !word.contains(['/', ':', '@', '.']);
        let is_slip = is_bare && nearest(word).is_some();
        ImageRef::parse(word).filter(|_| !is_slip)?;
        Some((word.to_string(), None))
    }
}

/// An image of the profile with this name; a glob stands for an image of that name.
fn image_of_profile(name: &str) -> Option<String> {
    let (_, _, profile) = builtin_profiles().find(|(builtin, ..)| *builtin == name)?;
    Some(profile?.repositories.first()?.replace('*', "image"))
}

/// The check or profile whose name is so near that a slip of the finger explains the word.
pub(super) fn nearest(word: &str) -> Option<&'static str> {
    let folded = word.to_ascii_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(&name.to_ascii_lowercase(), &folded);
    let names = CHECKS.iter().map(|check| check.id);
    let names = names.chain(builtin_profiles().map(|(name, ..)| name));
    let near = names.filter(|name| distance(name) <= 1.max(folded.len() / 5).min(3));
    near.min_by_key(|name| distance(name))
}
