//! Reading one file, with a limit and without waiting for pipes.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::outcome::{Reason, ReasonCode};

/// Larger manifests are refused: everything about a file is held in memory at once.
pub const MAX_MANIFEST_BYTES: u64 = 64 * 1024 * 1024;

/// The bytes of a manifest.
pub fn read(path: &Path) -> Result<Vec<u8>, Reason> {
    read_at_most(path, MAX_MANIFEST_BYTES)
}

/// The bytes of a regular file of at most `limit` bytes. The reason does not repeat the path.
pub fn read_at_most(path: &Path, limit: u64) -> Result<Vec<u8>, Reason> {
    let file = open_at_once(path).map_err(|error| unreadable(&error))?;
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    check(&metadata, limit)?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    // The file may grow while it is read.
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > limit {
        return Err(too_large(limit));
    }
    Ok(bytes)
}

/// Opening a pipe waits until somebody writes to it, unless told otherwise; regular files open as always.
#[cfg(unix)]
pub(super) fn open_at_once(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path)
}

#[cfg(not(unix))]
pub(super) fn open_at_once(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// One thing in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub is_link: bool,
}

/// What is directly in a folder, sorted by name; names that are not Unicode are left out.
pub fn entries(folder: &Path) -> Result<Vec<Entry>, Reason> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(&error))? {
        let entry = entry.map_err(|error| unreadable(&error))?;
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        found.extend(entry.file_name().into_string().map(|name| Entry { name, is_link }));
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn check(metadata: &fs::Metadata, limit: u64) -> Result<(), Reason> {
    if !metadata.is_file() {
        return Err(not_regular(metadata));
    }
    if metadata.len() > limit {
        return Err(too_large(limit));
    }
    Ok(())
}

pub(super) fn not_regular(metadata: &fs::Metadata) -> Reason {
    let message = if metadata.is_dir() {
        "is a directory, not a file".to_string()
    } else {
        "is not a regular file; to read a pipe, use `harden -` and standard input".to_string()
    };
    reason(ReasonCode::Unreadable, message)
}

pub(super) fn unreadable(error: &io::Error) -> Reason {
    let message = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "cannot be read: permission denied; grant read access or exclude it".to_string()
        }
        io::ErrorKind::NotFound => "is gone since the folder was listed; run again".to_string(),
        _ => format!("cannot be read: {error}"),
    };
    reason(ReasonCode::Unreadable, message)
}

fn too_large(limit: u64) -> Reason {
    let (size, unit) = if limit >= 1024 * 1024 {
        (limit >> 20, "MiB")
    } else {
        (limit, "bytes")
    };
    reason(
        ReasonCode::TooLarge,
        format!("is larger than {size} {unit}; split it or exclude it"),
    )
}

pub(super) fn reason(code: ReasonCode, message: String) -> Reason {
    Reason {
        code,
        message,
        line: None,
    }
}
