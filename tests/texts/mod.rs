//! Texts hardened in memory, as those of one repository.

use std::path::{Path, PathBuf};

use harden::config::Config;
use harden::context::Context;
use harden::harden_text;
use harden::options::Rules;
use harden::outcome::Outcome;
use harden::profiles::Library;
use harden::survey::Survey;

/// What becomes of the last of some texts.
pub(crate) fn hardened(texts: &[(PathBuf, &[u8])], config: &Config, rules: &Rules) -> Outcome {
    let (path, text) = texts.last().unwrap();
    let library = Library::with_config(config.images.clone(), config.mirrors.clone()).unwrap();
    let survey = Survey::of_texts(texts);
    let context = Context {
        rules,
        config,
        library: &library,
        survey: &survey,
        root: Path::new("/repository"),
        relative: path,
        standings: None,
    };
    harden_text(path, text, &context)
}
