//! Renderings of outcomes: diff, text, JSON, lists of paths, the summary. They decide nothing and change nothing.
//! One file is rendered at a time, so that no run holds all texts.

mod command;
pub mod diff;
mod json;
mod lines;
mod namespaces;
mod paint;
mod summary;
mod tally;
mod text;

use std::path::Path;

pub use lines::Talk;
pub(crate) use lines::value_text;
pub use paint::{Paint, Role};
pub use summary::{Scene, summary};
pub use tally::Tally;
pub use text::{plain, remark};

use crate::options::{Format, Mode};
use crate::outcome::{Diagnostic, Outcome};

/// What goes to standard output for each file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rendering {
    Diff,
    Text,
    Json,
    /// The paths of files that would change, and a line for each workload that is left to a person.
    Paths,
    /// The manifests themselves: the hardened text, or nothing where there is none.
    Manifests,
    Nothing,
}

impl Rendering {
    /// The mode's own, unless a format was asked for.
    pub fn of(mode: Mode, format: Option<Format>) -> Rendering {
        match (format, mode) {
            (Some(Format::Diff), _) | (None, Mode::Diff) => Rendering::Diff,
            (Some(Format::Text), _) => Rendering::Text,
            (Some(Format::Json), _) => Rendering::Json,
            (None, Mode::Check) => Rendering::Paths,
            (None, Mode::Write) => Rendering::Nothing,
            (None, Mode::Filter) => Rendering::Manifests,
        }
    }

    /// What stands before the first file.
    pub fn opening(self, diagnostics: &[Diagnostic]) -> Vec<u8> {
        if self == Rendering::Json {
            json::opening(diagnostics)
        } else {
            Vec::new()
        }
    }

    /// What stands between two files that both have something to show.
    pub fn separator(self) -> &'static [u8] {
        match self {
            Rendering::Json => b",",
            Rendering::Text => b"\n",
            _ => b"",
        }
    }

    /// One file; empty where there is nothing to show. `patch_name` is its path in diff headers.
    pub fn file(self, outcome: &Outcome, patch_name: &Path, paint: Paint) -> Vec<u8> {
        let hardened = outcome.hardened.as_ref();
        match self {
            Rendering::Diff => hardened
                .map(|h| diff::unified(patch_name, &h.old, &h.new, paint))
                .unwrap_or_default(),
            Rendering::Manifests => hardened.map(|h| h.new.clone().into_bytes()).unwrap_or_default(),
            Rendering::Json if is_worth_listing(outcome) => json::file(outcome),
            Rendering::Text if is_worth_listing(outcome) => text::file(outcome, paint).into_bytes(),
            Rendering::Paths => paths(outcome).into_bytes(),
            Rendering::Json | Rendering::Text | Rendering::Nothing => Vec::new(),
        }
    }

    /// What stands after the last file.
    pub fn closing(self, tally: &Tally) -> Vec<u8> {
        if self == Rendering::Json {
            json::closing(tally)
        } else {
            Vec::new()
        }
    }
}

/// Reports list the files with a workload or a namespace, with pods that nobody can judge, or with a problem.
fn is_worth_listing(outcome: &Outcome) -> bool {
    let has_objects = !outcome.workloads.is_empty() || !outcome.namespaces.is_empty();
    has_objects || !outcome.unknown_carriers.is_empty() || outcome.reason.is_some()
}

/// Lines that begin with the path, so that `cut -d: -f1` yields the files.
fn paths(outcome: &Outcome) -> String {
    let path = lines::shown(&outcome.path);
    let mut out = String::new();
    if outcome.hardened.is_some() {
        out.push_str(&path);
        out.push('\n');
    }
    for line in namespaces::left_lines(outcome) {
        out.push_str(&line);
        out.push('\n');
    }
    for line in outcome.workloads.iter().filter_map(|w| text::left_line(outcome, w)) {
        out.push_str(&line);
        out.push('\n');
    }
    out
}
