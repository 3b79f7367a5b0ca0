//! The file that a report is written to, and the place where a run stands.

use std::env;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Opens a file for a report; what was in it is gone. Not replaced by a rename: the path may be a pipe or a device.
pub fn open_output(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).open(path)
}

/// Absolute and through every link, so that paths found below it compare.
pub fn working_directory() -> io::Result<PathBuf> {
    env::current_dir()?.canonicalize()
}
