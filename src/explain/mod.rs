//! Text for `harden explain` and `harden profile`: what a check wants, what is known of an image and what follows from
//! it. Says nothing of its own: checks, profiles and the planner are asked. `check`, `image`, `facts` and `library` are
//! one kind of answer each, `surroundings` what the answers depend on, `layout` puts them into lines.

mod check;
mod facts;
mod image;
mod layout;
mod library;
mod surroundings;

use std::io::Read;
use std::path::PathBuf;

use crate::import::import;
use crate::options::ConfigChoice;
use surroundings::{Surroundings, nearest};

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
        ProfileQuestion::Check(files) => Answer::of_all(files.iter().map(|file| library::check(file))),
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

    fn of_all(results: impl Iterator<Item = Result<String, Vec<String>>>) -> Answer {
        let mut answer = Answer::default();
        for result in results {
            match result {
                Ok(text) => answer.text.push_str(&text),
                Err(problems) => answer.problems.extend(problems),
            }
        }
        answer
    }
}
