//! What a source says of an image, or why there is no profile of it.

use std::collections::BTreeMap;
use std::fmt;

use crate::outcome::Reason;
use crate::profiles::{Class, Evidence, Profile};

/// What a source says of an image.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Statements only; name, repositories and evidence come last.
    pub(super) profile: Profile,
    pub(super) evidence: Option<Evidence>,
    /// Sentences for comments: what a person should still look at.
    pub(super) remarks: Vec<String>,
}

/// Evidence that was read in the image itself.
pub(super) fn read_in(source: String) -> Evidence {
    Evidence {
        class: Class::Dockerfile,
        sources: vec![source],
        facts: BTreeMap::new(),
    }
}

/// Why there is no profile: a sentence with its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportError(String);

impl ImportError {
    pub(super) fn new(message: impl Into<String>) -> ImportError {
        ImportError(message.into())
    }

    pub(super) fn of(source: &str, reason: &Reason) -> ImportError {
        ImportError(format!("{source}: {}", reason.message))
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ImportError {}
