//! What kind of source something is, by its content; names decide nothing.

use std::io::Read;
use std::path::Path;

use super::unpack::is_packed;
use crate::files;
use crate::outcome::Reason;

/// Where `ustar` stands in the header of a tar file.
const TAR_MAGIC_AT: usize = 257;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Json,
    /// Output of `docker diff`.
    Diff,
    Dockerfile,
}

/// Whether a file is a tar archive, compressed or not.
pub(super) fn is_archive(path: &Path) -> Result<bool, Reason> {
    let mut head = Vec::new();
    // What cannot be read here cannot be read as a text either, which then says so.
    let _ = files::open(path)?.take(512).read_to_end(&mut head);
    let is_tar = head.get(TAR_MAGIC_AT..).is_some_and(|rest| rest.starts_with(b"ustar"));
    Ok(is_tar || is_packed(&head))
}

pub(super) fn kind(text: &str) -> Option<Kind> {
    let start = text.trim_start();
    if start.starts_with(['{', '[']) {
        return Some(Kind::Json);
    }
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    lines.peek()?;
    if lines.all(|line| ["A /", "C /", "D /"].iter().any(|change| line.starts_with(change))) {
        return Some(Kind::Diff);
    }
    let has_from = text.lines().any(|line| {
        let word = line.split_whitespace().next().unwrap_or("");
        word.eq_ignore_ascii_case("FROM")
    });
    has_from.then_some(Kind::Dockerfile)
}
