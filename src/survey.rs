//! Placeholder of the survey: every file gets the same context, which holds what the run was asked.

use std::sync::Arc;

use crate::config::Config;
use crate::files::File;
use crate::options::Rules;
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
    /// Reads the repositories of `files`, each of which comes with the config that holds for it.
    pub fn of(_files: &[(&File, &Arc<Config>)], rules: &Rules) -> Survey {
        Survey {
            context: Context { rules: rules.clone() },
        }
    }

    pub fn context(&self, _file: &File) -> &Context {
        &self.context
    }

    /// What the survey has to say about the run as a whole.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &[]
    }
}
