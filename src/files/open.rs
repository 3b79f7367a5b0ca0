//! Opening a file that is too large to hold in memory.

use std::fs::File;
use std::path::Path;

use super::read::{not_regular, open_at_once, unreadable};
use crate::outcome::Reason;

/// A file to be read in parts.
pub type Reading = File;

/// A regular file, to be read by its caller in parts. The reason does not repeat the path.
pub fn open(path: &Path) -> Result<Reading, Reason> {
    let file = open_at_once(path).map_err(|error| unreadable(&error))?;
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    if !metadata.is_file() {
        return Err(not_regular(&metadata));
    }
    Ok(file)
}
