//! Any bytes at all: no panic, no failed proof, and a second run that changes nothing.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use harden::config::Config;
use harden::context::Context;
use harden::harden_text;
use harden::options::Rules;
use harden::outcome::{Outcome, ReasonCode};
use harden::profiles::Library;
use harden::survey::Survey;

static CONFIG: LazyLock<Config> = LazyLock::new(Config::default);
static LIBRARY: LazyLock<Library> = LazyLock::new(Library::builtin);
static RULES: LazyLock<Rules> = LazyLock::new(Rules::default);

fn harden(text: &[u8]) -> Outcome {
    let name = Path::new("web.yaml");
    let survey = Survey::of_texts(&[(name.to_path_buf(), text)]);
    let context = Context {
        rules: &RULES,
        config: &CONFIG,
        library: &LIBRARY,
        survey: &survey,
        root: Path::new("/"),
        relative: name,
        standings: None,
    };
    harden_text(name, text, &context)
}

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let outcome = harden(text);
    if let Some(reason) = &outcome.reason {
        assert_ne!(reason.code, ReasonCode::Verification, "{}", reason.message);
    }
    if let Some(hardened) = outcome.hardened {
        assert!(harden(hardened.new.as_bytes()).hardened.is_none());
    }
});
