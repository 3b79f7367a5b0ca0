//! Paths as they are met by the thousand here: absolute or relative, without `.` and `..`, with one separator between
//! the parts. What is the same then without taking them apart is done so, since taking apart is slow.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{MAIN_SEPARATOR, Path};

/// What is known by path. Whoever looks up gives the path as a whole; a [`Path`] hashes each of its parts.
pub type ByPath<V> = HashMap<OsString, V>;

/// `path` as seen from the folder `root`: what [`Path::strip_prefix`] says. `None` where it is not below.
pub fn below<'p>(path: &'p Path, root: &Path) -> Option<&'p Path> {
    let (Some(text), Some(folder)) = (path.to_str(), root.to_str()) else {
        return path.strip_prefix(root).ok();
    };
    let rest = text.strip_prefix(folder)?;
    let is_whole = rest.is_empty() || folder.is_empty() || folder.ends_with(MAIN_SEPARATOR);
    let rest = if is_whole {
        rest
    } else {
        rest.strip_prefix(MAIN_SEPARATOR)?
    };
    Some(Path::new(rest))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn what_is_below_is_what_the_standard_library_says() {
        let mut paths: Vec<&OsStr> = [
            "", "/", "/a", "/a/b", "/a/bc", "/a/b/c", "/ab", "a", "a/b", "b", "/ä", "/ä/b",
        ]
        .map(OsStr::new)
        .to_vec();
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            paths.extend([&b"/a/\xff"[..], &b"/a/\xff/b"[..]].map(OsStr::from_bytes));
        }
        for path in paths.iter().map(Path::new) {
            for root in paths.iter().map(Path::new) {
                assert_eq!(below(path, root), path.strip_prefix(root).ok(), "{path:?} {root:?}");
            }
        }
    }
}
