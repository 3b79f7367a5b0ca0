//! Which files Git tracks, as its index says. A tracked file is part of the repository even where an ignore rule matches
//! it: Git's rules are about files that it does not know yet.

use std::path::{Path, PathBuf};

use super::read::read_at_most;

/// Of repositories with millions of files; their ignore rules decide alone.
const MAX_INDEX_BYTES: u64 = 64 * 1024 * 1024;
const HEADER: usize = 12;
/// Before an entry's flags: what the file system says of it, and the hash of its content.
const MODE_AT: usize = 24;
const FLAGS_AT: usize = 60;
const HAS_MORE_FLAGS: u16 = 0x4000;

/// The regular files that the index of the repository at `root` names, relative to it; none where there is no index that
/// can be read. Names that are not Unicode are left out.
pub(super) fn tracked(root: &Path) -> Vec<PathBuf> {
    let index = root.join(".git").join("index");
    let bytes = read_at_most(&index, MAX_INDEX_BYTES).unwrap_or_default();
    entries(&bytes).unwrap_or_default()
}

/// `None` for what is no index of version 2, 3 or 4 with SHA-1 hashes.
fn entries(bytes: &[u8]) -> Option<Vec<PathBuf>> {
    let version = number(bytes, 4)?;
    if !bytes.starts_with(b"DIRC") || !(2..=4).contains(&version) {
        return None;
    }
    let mut rest = bytes.get(HEADER..)?;
    let mut name: Vec<u8> = Vec::new();
    let mut found = Vec::new();
    for _ in 0..number(bytes, 8)? {
        let mode = number(rest, MODE_AT)?;
        let flags = u16::from_be_bytes([*rest.get(FLAGS_AT)?, *rest.get(FLAGS_AT + 1)?]);
        let at = FLAGS_AT + if flags & HAS_MORE_FLAGS == 0 { 2 } else { 4 };
        let end = if version == 4 {
            compressed_name(rest, at, &mut name)?
        } else {
            padded_name(rest, at, &mut name)?
        };
        rest = rest.get(end..)?;
        // Not a symbolic link, not a submodule.
        if mode & 0o170_000 == 0o100_000 {
            found.extend(std::str::from_utf8(&name).map(PathBuf::from));
        }
    }
    Some(found)
}

/// A whole name, filled up with zeros until the entry's length is a multiple of eight.
fn padded_name(entry: &[u8], at: usize, name: &mut Vec<u8>) -> Option<usize> {
    let length = entry.get(at..)?.iter().position(|byte| *byte == 0)?;
    *name = entry.get(at..at + length)?.to_vec();
    Some((at + length + 8) & !7)
}

/// How many bytes of the name before are dropped, and what follows what is left of it.
fn compressed_name(entry: &[u8], mut at: usize, name: &mut Vec<u8>) -> Option<usize> {
    let mut byte = *entry.get(at)?;
    let mut dropped = usize::from(byte & 0x7F);
    while byte & 0x80 != 0 {
        at += 1;
        byte = *entry.get(at)?;
        dropped = dropped.checked_add(1)?.checked_mul(128)? | usize::from(byte & 0x7F);
    }
    let start = at + 1;
    let length = entry.get(start..)?.iter().position(|byte| *byte == 0)?;
    name.truncate(name.len().checked_sub(dropped)?);
    name.extend_from_slice(entry.get(start..start + length)?);
    Some(start + length + 1)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(four))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn index(version: u32, names: &[(u32, &[u8])]) -> Vec<u8> {
        let mut bytes = [b"DIRC", version.to_be_bytes().as_slice()].concat();
        bytes.extend(u32::try_from(names.len()).unwrap().to_be_bytes());
        for (mode, name) in names {
            let start = bytes.len();
            bytes.extend([0; MODE_AT]);
            bytes.extend(mode.to_be_bytes());
            bytes.extend([0; FLAGS_AT + 2 - MODE_AT - 4]);
            bytes.extend_from_slice(name);
            bytes.push(0);
            while version < 4 && (bytes.len() - start) % 8 != 0 {
                bytes.push(0);
            }
        }
        bytes
    }

    #[test]
    fn names_are_read_in_every_version() {
        let names: [(u32, &[u8]); 3] = [
            (0o100_644, b"base/a.yaml"),
            (0o120_000, b"base/link.yaml"),
            (0o100_755, b"b"),
        ];
        let wanted = [PathBuf::from("base/a.yaml"), PathBuf::from("b")];
        assert_eq!(entries(&index(2, &names)).unwrap(), wanted);
        let names: [(u32, &[u8]); 3] = [
            (0o100_644, b"\x00base/a.yaml"),
            (0o120_000, b"\x06link.yaml"),
            (0o100_755, b"\x0eb"),
        ];
        assert_eq!(entries(&index(4, &names)).unwrap(), wanted);
    }

    #[test]
    fn a_broken_index_names_nothing() {
        let whole = index(2, &[(0o100_644, b"a.yaml")]);
        for length in 0..whole.len() - 8 {
            assert_eq!(entries(&whole[..length]), None, "{length}");
        }
        assert_eq!(
            entries(&index(4, &[(0o100_644, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xffa")])),
            None
        );
        assert_eq!(entries(&index(9, &[])), None);
    }
}
