//! What a file has beside its bytes, owner and mode: extended attributes, and the access list, which is one of them.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;

use xattr::FileExt;

use super::read::reason;
use crate::outcome::{Reason, ReasonCode};

const ACCESS_LIST: &str = "system.posix_acl_access";

/// Gives `new` what `old` has. Refused where that is not possible: nobody would notice the loss.
pub(super) fn keep(old: &File, new: &File) -> Result<(), Reason> {
    let names = names(old);
    for name in names.iter().filter(|name| !is_of(name, &["security.", "trusted."])) {
        let copied = copy(name, old, new);
        // Some of Apple's own cannot be set by anybody.
        if let Err(error) = copied.or_else(|error| {
            if is_of(name, &["com.apple."]) {
                Ok(())
            } else {
                Err(error)
            }
        }) {
            return Err(lost(name, &error));
        }
    }
    // A folder may give its new files an access list, which would let in whom the old file kept out.
    let inherited = new.get_xattr(ACCESS_LIST).unwrap_or_default();
    if inherited.is_some() && !names.iter().any(|name| name == ACCESS_LIST) {
        new.remove_xattr(ACCESS_LIST)
            .map_err(|error| lost(OsStr::new(ACCESS_LIST), &error))?;
    }
    Ok(())
}

/// None on a file system that has no attributes.
fn names(file: &File) -> Vec<OsString> {
    file.list_xattr().map(Iterator::collect).unwrap_or_default()
}

/// `security.` and `trusted.` are the system's, which gives a new file its own.
fn is_of(name: &OsStr, prefixes: &[&str]) -> bool {
    let name = name.as_encoded_bytes();
    prefixes.iter().any(|prefix| name.starts_with(prefix.as_bytes()))
}

fn copy(name: &OsStr, old: &File, new: &File) -> io::Result<()> {
    match old.get_xattr(name)? {
        Some(value) if new.get_xattr(name)?.as_ref() != Some(&value) => new.set_xattr(name, &value),
        _ => Ok(()),
    }
}

fn lost(name: &OsStr, error: &io::Error) -> Reason {
    let name = name.to_string_lossy();
    let message =
        format!("has the extended attribute `{name}`, which a new file cannot be given: {error}; edit it by hand");
    reason(ReasonCode::Unwritable, message)
}
