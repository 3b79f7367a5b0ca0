//! What a run was asked to do, as plain values: filled by the command line (or any other caller), read by every stage.
//! Checks nothing and decides nothing.

use std::path::PathBuf;

use crate::checks::{Level, PolicyVersion};
use crate::config::Accept;
use crate::kube::namespace;
use crate::kube::release::Release;

/// One run. `Options::default()` is `harden .`: a diff on stdout, no file touched.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub mode: Mode,
    /// Files and folders; empty means the working directory. Not read in `Mode::Filter` or with `stdin`.
    pub paths: Vec<PathBuf>,
    /// Read one text from standard input instead of `paths`. Always true in `Mode::Filter`, possible in `Mode::Check`.
    pub stdin: bool,
    /// Where the text on standard input belongs: decides config and context, names it in reports; never read.
    pub stdin_filename: Option<PathBuf>,
    /// What to print instead of the mode's own output; never changes what the mode does.
    pub output_format: Option<Format>,
    /// Where to print it; `None` is standard output.
    pub output_file: Option<PathBuf>,
    pub config: ConfigChoice,
    pub rules: Rules,
    /// Turns exit code 1 into 0, never 2.
    pub exit_zero: bool,
    pub verbosity: Verbosity,
}

/// What the planner is asked for; a flag that is `None` leaves the choice to config, labels and defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    pub level: Option<Level>,
    pub policy_version: Option<PolicyVersion>,
    pub kube_version: Option<Release>,
    pub accept: Option<Accept>,
    pub best_effort: bool,
    pub improve: bool,
    /// Ignore comments and annotations are not honoured.
    pub no_ignore: bool,
    /// The Pod Security labels to write on Namespace manifests; none is the default.
    pub label_namespaces: Vec<namespace::Mode>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Print a unified diff; exit 1 when changes are needed or blockers remain.
    #[default]
    Diff,
    /// Print the paths that would change, and the blocked ones; same exit codes.
    Check,
    /// Write the files; exit 1 when blockers remain.
    Write,
    /// Standard input to standard output; exit 1 when blockers remain.
    Filter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Diff,
    Text,
    Json,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ConfigChoice {
    /// The nearest `harden.yaml` above each file, up to its repository's root.
    #[default]
    Nearest,
    /// This one for all files.
    File(PathBuf),
    None,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    #[default]
    Normal,
    /// Also what was left alone and why, and remarks.
    Verbose,
}
