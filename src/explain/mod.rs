//! Text for `harden explain` and `harden profile`: what a check wants, what is known of an image and what follows from
//! it. Says nothing of its own: checks, profiles and the planner are asked. `check`, `image`, `facts` and `library` are
//! one kind of answer each, `layout` puts them into lines.

mod check;
mod facts;
mod image;
mod layout;
mod library;

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use crate::checks::CHECKS;
use crate::config::{Config, Configs};
use crate::context::{self, Contested};
use crate::files::{self, Repositories};
use crate::import::import;
use crate::kube::image::ImageRef;
use crate::options::ConfigChoice;
use crate::profiles::{Library, Match, builtin_profiles};
use crate::report;
use crate::survey::Survey;

pub use check::checks_table;
pub use library::profiles_table;

/// What `harden profile` is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileQuestion {
    /// All profiles, one a line.
    List,
    /// What is known of an image, given by itself or by the name of a profile.
    Show(String),
    /// Whether these files are valid profiles.
    Check(Vec<PathBuf>),
    /// A profile of an image, made of what `from` says about it; `-` is standard input.
    Import { image: String, from: PathBuf },
}

/// What can be said, and what went wrong beside it, one line each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    pub text: String,
    pub problems: Vec<String>,
}

/// What an answer depends on beside the question: the config of the working directory, the profiles under it, and what
/// its repository builds.
struct Surroundings {
    config: Arc<Config>,
    library: Library,
    contested: Vec<Contested>,
    root: PathBuf,
}

/// What there is to say about a check or an image; without a word, the list of checks.
pub fn explain(word: Option<&str>, config: &ConfigChoice) -> Answer {
    let Some(word) = word else {
        return Answer::of(Ok(check::list()));
    };
    let checks = check::named(word);
    if !checks.is_empty() {
        let texts: Vec<String> = checks.into_iter().map(check::explain).collect();
        return Answer::of(Ok(texts.join("\n")));
    }
    Answer::of(explain_image(word, config))
}

/// The answer to a question about profiles; `input` is standard input.
pub fn profile(question: &ProfileQuestion, config: &ConfigChoice, input: &mut dyn Read) -> Answer {
    match question {
        ProfileQuestion::List => Answer::of(Surroundings::find(config).map(|s| library::list(&s))),
        ProfileQuestion::Show(word) => Answer::of(show(word, config)),
        ProfileQuestion::Check(files) => library::check(files),
        ProfileQuestion::Import { image, from } => {
            let library = || Surroundings::find(config).map(|surroundings| surroundings.library);
            Answer::of(import(image, from, input, library).map_err(|error| error.to_string()))
        }
    }
}

fn explain_image(word: &str, config: &ConfigChoice) -> Result<String, String> {
    let surroundings = Surroundings::find(config)?;
    match surroundings.look_up(word) {
        Some((image, known)) => Ok(image::explain(&image, known.as_ref(), &surroundings)),
        None => Err(unknown(word, "neither a check nor an image")),
    }
}

fn show(word: &str, config: &ConfigChoice) -> Result<String, String> {
    let surroundings = Surroundings::find(config)?;
    match surroundings.look_up(word) {
        Some((image, Some(known))) => Ok(facts::show(&image, &known, &surroundings)),
        Some((image, None)) => Err(format!(
            "{image}: nothing is known of it; `harden explain {image}` shows how to state it, `harden profile list` what is \
             known"
        )),
        None => Err(unknown(word, "neither a profile nor an image")),
    }
}

fn unknown(word: &str, what: &str) -> String {
    let shown = if word.trim().is_empty() { "an empty word" } else { word };
    match (misspelled(word), nearest(word)) {
        (Some(how), _) => format!("{shown}: {what}; {how}"),
        (None, Some(near)) => format!("{shown}: {what}; did you mean `{near}`?"),
        (None, None) => format!("{shown}: {what}; `harden explain` and `harden profile list` say which there are"),
    }
}

/// How to write what looks like an image and is none.
fn misspelled(word: &str) -> Option<String> {
    if let Some((_, rest)) = word.split_once("://") {
        return Some(format!("write it without the scheme: `{rest}`"));
    }
    let (name, digest) = word.split_once('@')?;
    let is_cut_off = !digest.contains(':') || digest.ends_with(':');
    is_cut_off.then(|| format!("a digest is `@sha256:` and its digits; `{name}` will do"))
}

/// The check or profile whose name is so near that a slip of the finger explains the word.
fn nearest(word: &str) -> Option<&'static str> {
    let folded = word.to_ascii_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(&name.to_ascii_lowercase(), &folded);
    let names = CHECKS.iter().map(|check| check.id);
    let names = names.chain(builtin_profiles().map(|(name, ..)| name));
    let near = names.filter(|name| distance(name) <= 1.max(folded.len() / 5).min(3));
    near.min_by_key(|name| distance(name))
}

impl Surroundings {
    fn find(choice: &ConfigChoice) -> Result<Surroundings, String> {
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
    fn contested(&self, image: &str) -> Option<String> {
        let name = ImageRef::parse(image)?.name();
        let contested = self.contested.iter().find(|contested| contested.image == name)?;
        Some(report::plain(&contested.remark))
    }

    /// The image that a word means, and what is known of it: the image itself, or the first one of the profile with
    /// that name. `None` for what is neither, or looks like a slip in the name of something known.
    fn look_up(&self, word: &str) -> Option<(String, Option<Match>)> {
        let find = |image: &str| self.library.find(&ImageRef::parse(image)?);
        if let Some(known) = find(word) {
            return Some((word.to_string(), Some(known)));
        }
        if let Some(image) = library::image_of_profile(word)
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

impl Answer {
    fn of(result: Result<String, String>) -> Answer {
        match result {
            Ok(text) => Answer {
                text,
                problems: Vec::new(),
            },
            Err(problem) => Answer {
                text: String::new(),
                problems: vec![problem],
            },
        }
    }
}
