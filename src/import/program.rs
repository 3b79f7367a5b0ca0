//! Paths in an image, and which of them its command names.

use crate::profiles;

const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Folders to look through, however long the variable is.
const MAX_FOLDERS: usize = 50;

/// The absolute paths that `program` may mean, first to last, with the image's `PATH` and working directory.
pub(super) fn candidates(program: &str, path: Option<&str>, working_dir: Option<&str>) -> Vec<String> {
    if program.starts_with('/') {
        return clean(program).into_iter().collect();
    }
    if program.contains('/') {
        let folder = working_dir.unwrap_or("/");
        return clean(&format!("{folder}/{program}")).into_iter().collect();
    }
    let folders = path.unwrap_or(DEFAULT_PATH).split(':').take(MAX_FOLDERS);
    folders
        .filter_map(|folder| clean(&format!("{folder}/{program}")))
        .collect()
}

/// An absolute path without `.`, `..` and doubled or trailing slashes; `None` for the root and for relative ones.
pub(super) fn clean(path: &str) -> Option<String> {
    let is_sound = path.starts_with('/') && !path.contains(char::is_control);
    let path = is_sound.then(|| profiles::clean(path))?;
    (path != "/").then_some(path)
}
