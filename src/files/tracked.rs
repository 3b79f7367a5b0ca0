//! Which files Git tracks, as its index says. A tracked file is part of the repository even where an ignore rule matches
//! it: Git's rules are about files that it does not know yet.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::git_index::Index;
use super::read::read_at_most;

/// Of repositories with millions of files.
const MAX_INDEX_BYTES: u64 = 64 * 1024 * 1024;

/// `.git` as a file holds one path.
const MAX_LINK_BYTES: u64 = 16 * 1024;

/// The regular files that the index of the repository at `root` names, relative to it: none where nothing was ever added,
/// `None` where the index cannot be read, so that nobody knows. Names that are not Unicode are left out.
///
/// A worktree or a submodule says where its index is, and that may be anywhere. Names are all that is taken from there.
pub(super) fn tracked(root: &Path) -> Option<Vec<PathBuf>> {
    let folder = git_folder(root)?;
    let path = folder.join("index");
    if path
        .symlink_metadata()
        .is_err_and(|error| error.kind() == ErrorKind::NotFound)
    {
        return Some(Vec::new());
    }
    let bytes = read_at_most(&path, MAX_INDEX_BYTES).ok()?;
    let index = Index::read(&bytes)?;
    let names = match index.shared() {
        None => index.names(None)?,
        Some(shared) => {
            let bytes = read_at_most(&folder.join(shared), MAX_INDEX_BYTES).ok()?;
            index.names(Some(Index::read(&bytes)?))?
        }
    };
    let unicode = names.into_iter().filter_map(|name| String::from_utf8(name).ok());
    Some(unicode.map(PathBuf::from).collect())
}

/// `.git`, or the folder that it names as a file.
fn git_folder(root: &Path) -> Option<PathBuf> {
    let git = root.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = String::from_utf8(read_at_most(&git, MAX_LINK_BYTES).ok()?).ok()?;
    let path = text.strip_prefix("gitdir:")?.trim();
    Some(root.join(path)).filter(|folder| folder.is_dir())
}
