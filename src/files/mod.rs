//! The only place that touches the disk: which files there are, what is in them, and their atomic replacement.
//! Knows nothing of manifests; whether a file is worth reading further is decided elsewhere.

#[cfg(unix)]
mod attributes;
mod find;
mod git_index;
mod open;
mod output;
mod path;
mod read;
mod replace;
mod repository;
mod tracked;
mod walk;

pub use find::{File, FindError, Found, Listings, PassedOver, find};
pub use open::{Reading, open};
pub use output::{open_output, working_directory};
pub use path::{ByPath, below};
pub use read::{Entry, MAX_MANIFEST_BYTES, entries, read, read_at_most};
pub use replace::{replace, replaceable};
pub use repository::{
    CONFIG_NAMES, Repositories, Repository, RepositoryKind, configs_in, exists, is_below, is_directory, resolved,
};
pub use walk::{Listing, Problem, is_manifest_name, repository_files};
