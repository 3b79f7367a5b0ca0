//! Replacing one file's bytes: all of them or none, and never somebody else's edit.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use tempfile::NamedTempFile;

#[cfg(unix)]
use super::attributes;
use super::read::{not_regular, reason};
use crate::outcome::{Reason, ReasonCode};

/// Writes `new` where `old` stands now. The file keeps its mode, owner, access list and extended attributes. Refused,
/// with nothing left behind: symbolic links, hard links, read-only files, an owner or an attribute that cannot be kept,
/// and a file that no longer holds `old`.
///
/// The new bytes reach the disk in a temporary file of the same folder, which then takes the name, so a reader or a
/// crash sees either text whole.
pub fn replace(path: &Path, old: &[u8], new: &[u8]) -> Result<(), Reason> {
    let folder = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let target = Target::open(path)?;
    let mut staged = stage(folder).map_err(|error| unwritable(&error))?;
    staged.write_all(new).map_err(|error| unwritable(&error))?;
    keep_owner_and_mode(&target.metadata, staged.as_file())?;
    // After the mode, which an access list refines.
    #[cfg(unix)]
    attributes::keep(&target.file, staged.as_file())?;
    staged.as_file().sync_all().map_err(|error| unwritable(&error))?;
    // Compared last, so that little time is left for an editor to save in between.
    target.still_holds(path, old)?;
    staged.persist(path).map_err(|error| unwritable(&error.error))?;
    sync_folder(folder);
    Ok(())
}

/// Whether a file is of a nature that is ever replaced, for runs that only say what would be written. Permissions are no
/// part of that: they belong to whoever runs this, and a check must work on a read-only copy too.
pub fn replaceable(path: &Path) -> Result<(), Reason> {
    check_nature(&path.symlink_metadata().map_err(|error| unwritable(&error))?)
}

fn check_nature(metadata: &Metadata) -> Result<(), Reason> {
    let link = |message: String| Err(reason(ReasonCode::Link, message));
    if metadata.is_symlink() {
        return link("is a symbolic link, which is never written through".to_string());
    }
    if !metadata.is_file() {
        return Err(not_regular(metadata));
    }
    match links(metadata) {
        0 | 1 => Ok(()),
        names => link(format!(
            "has {names} names (hard links), and replacing it would part them; copy it first"
        )),
    }
}

/// The file to replace, opened for writing though never written: that asks the system for every permission at once.
struct Target {
    file: File,
    metadata: Metadata,
}

impl Target {
    fn open(path: &Path) -> Result<Target, Reason> {
        let seen = path.symlink_metadata().map_err(|error| unwritable(&error))?;
        check_nature(&seen)?;
        if seen.permissions().readonly() {
            let message = "is read-only; make it writable (`chmod u+w`) and run again".to_string();
            return Err(reason(ReasonCode::Unwritable, message));
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(|error| unwritable(&error))?;
        let metadata = file.metadata().map_err(|error| unwritable(&error))?;
        if !same_file(&seen, &metadata) {
            return Err(edited_meanwhile());
        }
        check_nature(&metadata)?;
        Ok(Target { file, metadata })
    }

    fn still_holds(mut self, path: &Path, old: &[u8]) -> Result<(), Reason> {
        let mut now = Vec::with_capacity(old.len());
        let limit = old.len() as u64 + 1;
        (&mut self.file)
            .take(limit)
            .read_to_end(&mut now)
            .map_err(|error| unwritable(&error))?;
        let in_place = path
            .symlink_metadata()
            .is_ok_and(|metadata| same_file(&metadata, &self.metadata));
        if in_place && now == old {
            Ok(())
        } else {
            Err(edited_meanwhile())
        }
    }
}

fn stage(folder: &Path) -> io::Result<NamedTempFile> {
    // Hidden and without a manifest's extension: should the machine stop, no run takes it for one.
    tempfile::Builder::new()
        .prefix(".harden-")
        .suffix(".tmp")
        .tempfile_in(folder)
}

#[cfg(unix)]
fn keep_owner_and_mode(original: &Metadata, staged: &File) -> Result<(), Reason> {
    use std::os::unix::fs::{MetadataExt, fchown};

    let current = staged.metadata().map_err(|error| unwritable(&error))?;
    let uid = (current.uid() != original.uid()).then_some(original.uid());
    let gid = (current.gid() != original.gid()).then_some(original.gid());
    if uid.is_some() || gid.is_some() {
        fchown(staged, uid, gid).map_err(|_| {
            let (uid, gid) = (original.uid(), original.gid());
            let message = format!("belongs to {uid}:{gid}, which this user cannot give a new file; run as its owner");
            reason(ReasonCode::Unwritable, message)
        })?;
    }
    // After the owner, because a change of owner clears bits of the mode.
    staged
        .set_permissions(original.permissions())
        .map_err(|error| unwritable(&error))
}

#[cfg(not(unix))]
fn keep_owner_and_mode(original: &Metadata, staged: &File) -> Result<(), Reason> {
    staged
        .set_permissions(original.permissions())
        .map_err(|error| unwritable(&error))
}

#[cfg(unix)]
fn same_file(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    a.dev() == b.dev() && a.ino() == b.ino()
}

#[cfg(not(unix))]
fn same_file(_: &Metadata, b: &Metadata) -> bool {
    b.is_file()
}

#[cfg(unix)]
pub(super) fn links(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
pub(super) fn links(_: &Metadata) -> u64 {
    1
}

/// Makes the new name outlast a power cut. The replacement has happened by now, so a failure changes nothing.
fn sync_folder(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

fn edited_meanwhile() -> Reason {
    reason(
        ReasonCode::Unwritable,
        "was changed by somebody else during the run; run again".to_string(),
    )
}

fn unwritable(error: &io::Error) -> Reason {
    let message = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "cannot be written: permission denied; grant write access to it and its folder"
        }
        io::ErrorKind::ReadOnlyFilesystem => "cannot be written: the file system is read-only",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "cannot be written: no space left; the file is as it was, free some and run again"
        }
        io::ErrorKind::NotFound => "is gone since it was read; run again",
        _ => {
            return reason(
                ReasonCode::Unwritable,
                format!("cannot be written: {error}; the file is as it was"),
            );
        }
    };
    reason(ReasonCode::Unwritable, message.to_string())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_file_that_was_swapped_during_the_run_is_not_the_one_that_was_opened() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a.yaml"), folder.path().join("b.yaml"));
        for path in [&path, &other] {
            fs::write(path, "same").unwrap();
        }
        assert!(Target::open(&path).unwrap().still_holds(&path, b"same").is_ok());
        let target = Target::open(&path).unwrap();
        fs::rename(&other, &path).unwrap();
        assert_eq!(
            target.still_holds(&path, b"same").unwrap_err().code,
            ReasonCode::Unwritable
        );
    }
}
