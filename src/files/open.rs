//! Opening a file that is too large to hold in memory.

use std::fs::{self, File};
use std::path::Path;

use super::read::{not_regular, unreadable};
use crate::outcome::Reason;

/// A file to be read in parts.
pub type Reading = File;

/// A regular file, to be read by its caller in parts. The reason does not repeat the path.
pub fn open(path: &Path) -> Result<Reading, Reason> {
    // Looked at before it is opened: opening a pipe waits until somebody writes to it.
    let metadata = fs::metadata(path).map_err(|error| unreadable(&error))?;
    if !metadata.is_file() {
        return Err(not_regular(&metadata));
    }
    File::open(path).map_err(|error| unreadable(&error))
}
