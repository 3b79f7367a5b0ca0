//! Paths in an image, and which of them its command names.

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
    let mut parts: Vec<&str> = Vec::new();
    for part in path.strip_prefix('/')?.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let sound = !parts.is_empty() && !path.contains(char::is_control);
    sound.then(|| format!("/{}", parts.join("/")))
}
