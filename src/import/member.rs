//! One entry of a layer as a runtime takes it: its path in the image, its kind, and the records before it.

use std::io;

use tar::EntryType;

use super::program::clean;

/// Longer paths are nothing that a kernel opens.
const MAX_PATH: usize = 4096;

/// The record that carries a file's capabilities.
const CAPABILITY_KEY: &[u8] = b"SCHILY.xattr.security.capability";

/// What a file's records start with whose content is not all of it.
const SPARSE_KEYS: &[u8] = b"GNU.sparse.";

/// One entry with its records resolved.
pub(super) struct Member {
    /// From the root, without `.` and `..`; the root itself is empty.
    pub(super) path: String,
    pub(super) kind: Kind,
    pub(super) capabilities: Option<FileCapabilities>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    /// With all of its content behind it.
    File,
    /// To a path of the image, whatever is there when it is followed.
    Link(String),
    /// Another name of a file that is there already.
    HardLink(String),
    /// A device, a file with holes, a link to the root.
    Other,
}

/// What the header of an entry says, or what GNU's entries before it say in its place.
pub(super) struct Head {
    pub(super) path: String,
    /// Where a link leads to, as written.
    pub(super) target: String,
    pub(super) kind: EntryType,
}

/// The permitted set of a file, and whether it is effective: then the program cannot start without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileCapabilities {
    pub(super) permitted: u64,
    pub(super) effective: bool,
}

impl Member {
    /// Records count before the head.
    pub(super) fn new(mut head: Head, records: &[u8]) -> io::Result<Member> {
        let mut capabilities = None;
        let mut is_whole = true;
        for (key, value) in split(records)? {
            match key {
                b"path" | b"GNU.sparse.name" => head.path = String::from_utf8_lossy(value).into_owned(),
                b"linkpath" => head.target = String::from_utf8_lossy(value).into_owned(),
                CAPABILITY_KEY => capabilities = FileCapabilities::read(value),
                // The size in the header is not the real one then, and what follows would be read at the wrong place.
                b"size" => return Err(refuse("holds a file of more than 8 GiB")),
                _ => {}
            }
            is_whole &= !key.starts_with(SPARSE_KEYS);
        }
        let path = inside(&head.path)?;
        Ok(Member {
            kind: if is_whole { kind(&head, &path) } else { Kind::Other },
            path,
            capabilities,
        })
    }
}

/// A runtime follows links within the image: what leaves its root stays there.
fn kind(head: &Head, path: &str) -> Kind {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let target = match head.target.strip_prefix('/') {
        Some(_) => clean(&head.target),
        None => clean(&format!("{folder}/{}", head.target)),
    };
    match head.kind {
        EntryType::Directory => Kind::Directory,
        EntryType::Regular | EntryType::Continuous => Kind::File,
        EntryType::Symlink => target.map_or(Kind::Other, Kind::Link),
        EntryType::Link => clean(&format!("/{}", head.target)).map_or(Kind::Other, Kind::HardLink),
        _ => Kind::Other,
    }
}

/// The path as runtimes clean it, by its text alone. Those that leave the root are taken differently by different
/// runtimes, and by nobody's intent.
fn inside(path: &str) -> io::Result<String> {
    if path.len() > MAX_PATH {
        return Err(refuse("has a path of more than 4096 bytes"));
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts
                    .pop()
                    .ok_or_else(|| refuse("has a path that leaves the root of the image"))?;
            }
            _ => parts.push(part),
        }
    }
    Ok(parts.iter().flat_map(|part| ["/", part]).collect())
}

/// Records are `LENGTH KEY=VALUE` and a line end, where the length counts all of it; a value may contain line ends.
fn split(mut records: &[u8]) -> io::Result<Vec<(&[u8], &[u8])>> {
    let mut found = Vec::new();
    while !records.is_empty() {
        let (record, rest) = first(records).ok_or_else(|| refuse("has a malformed record before a file"))?;
        found.push(record);
        records = rest;
    }
    Ok(found)
}

type Record<'b> = (&'b [u8], &'b [u8]);

/// The first record and what follows it.
fn first(records: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let blank = records.iter().position(|b| *b == b' ')?;
    let length: usize = std::str::from_utf8(records.get(..blank)?).ok()?.parse().ok()?;
    let (record, rest) = records.split_at_checked(length)?;
    let pair = record.get(blank + 1..)?.strip_suffix(b"\n")?;
    let equals = pair.iter().position(|b| *b == b'=')?;
    Some(((pair.get(..equals)?, pair.get(equals + 1..)?), rest))
}

impl FileCapabilities {
    /// The kernel's `vfs_cap_data`, revisions 2 and 3: flags, then permitted and inheritable halves, little-endian.
    fn read(bytes: &[u8]) -> Option<FileCapabilities> {
        let word = |at: usize| {
            let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_le_bytes(four))
        };
        let permitted = u64::from(word(4)?) | u64::from(word(12)?) << 32;
        Some(FileCapabilities {
            permitted,
            effective: word(0)? & 1 == 1,
        })
    }
}

pub(super) fn refuse(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
