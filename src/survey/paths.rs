//! Paths below the root of the repository, worked out by their parts: the disk is not asked.

use std::path::{Component, Path, PathBuf};

use crate::yaml::NodeRef;

/// The folder of a file; empty for the root.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// The path below the repository's root, by its parts; `None` if it is absolute or leaves the repository.
pub(super) fn within(folder: &Path, path: &str) -> Option<PathBuf> {
    let mut joined = folder.to_path_buf();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => joined.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !joined.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(joined)
}

/// The path that an entry means; `None` for a URL, for a patch written inline and for a path that leaves the repository.
pub(super) fn resolve(folder: &Path, entry: NodeRef<'_>) -> Option<PathBuf> {
    let text = entry
        .as_str()
        .filter(|text| !text.contains("://") && !text.contains('\n'))?;
    within(folder, text)
}
