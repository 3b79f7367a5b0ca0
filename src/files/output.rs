//! The file that a report is written to, and the place where a run stands.

use std::env;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::replace::links;

/// Opens a file for a report; what was in it is gone. Not replaced by a rename: the path may be a pipe or a device.
///
/// # Errors
/// Those of the system; and files that are known by another name too, since whoever reads that one does not expect a
/// report. Nothing is lost then.
pub fn open_output(path: &Path) -> io::Result<File> {
    // A link to a device, as `/dev/stdout` is one, is a device.
    if path.is_symlink() && (path.is_file() || !path.exists()) {
        return Err(io::Error::other(
            "it is a symbolic link, which is never written through",
        ));
    }
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() {
        if links(&metadata) > 1 {
            return Err(io::Error::other(
                "it has other names (hard links), which are not to hold a report",
            ));
        }
        file.set_len(0)?;
    }
    Ok(file)
}

/// Absolute and through every link, so that paths found below it compare.
pub fn working_directory() -> io::Result<PathBuf> {
    env::current_dir()?.canonicalize()
}
