//! Placeholder of the survey: every file gets the same context, which holds what the run was asked.

use std::path::Path;

use crate::files::File;
use crate::options::{Options, Rules};
use crate::outcome::Diagnostic;

/// What is known about the surroundings of one file.
#[derive(Debug, Clone, Default)]
pub struct Context {
    pub rules: Rules,
}

/// The contexts of all files of a run.
#[derive(Debug, Default)]
pub struct Survey {
    context: Context,
}

impl Survey {
    /// Reads configs and repositories of `files`. The error is that of a config, with its path and line.
    pub fn of(_files: &[&File], options: &Options, _cwd: &Path) -> Result<Survey, Diagnostic> {
        Ok(Survey {
            context: Context {
                rules: options.rules.clone(),
            },
        })
    }

    pub fn context(&self, _file: &File) -> &Context {
        &self.context
    }

    /// What the survey has to say about the run as a whole.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &[]
    }
}
