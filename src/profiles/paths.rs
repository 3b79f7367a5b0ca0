//! Paths in an image, of which two may be one place. All are absolute and clean; `clean` makes them so.

use std::borrow::Cow;

/// Links that every usual distribution has, with where they lead.
const LINKS: [(&str, &str); 2] = [("/var/run", "/run"), ("/var/lock", "/run/lock")];

/// A path without `.`, `..`, doubled or trailing slashes.
pub fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The place that a path names: `/var/run/nginx.pid` is `/run/nginx.pid`.
pub fn place(path: &str) -> Cow<'_, str> {
    let link = LINKS.iter().find(|(link, _)| is_below(path, link));
    match link {
        Some((link, target)) => Cow::Owned(format!("{target}{}", path.get(link.len()..).unwrap_or(""))),
        None => Cow::Borrowed(path),
    }
}

/// Whether both name the same place.
pub fn same_place(one: &str, other: &str) -> bool {
    place(one) == place(other)
}

/// Whether `path` is `root` or below it, by whatever names.
pub fn is_within(path: &str, root: &str) -> bool {
    is_below(&place(path), &place(root))
}

fn is_below(path: &str, root: &str) -> bool {
    path.strip_prefix(root.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::{clean, is_within, same_place};

    #[test]
    fn paths_are_compared_cleaned() {
        for (path, wanted) in [
            ("/a/", "/a"),
            ("/a//b/./c/../d", "/a/b/d"),
            ("/", "/"),
            ("a", "/a"),
            ("/..", "/"),
        ] {
            assert_eq!(clean(path), wanted);
        }
    }

    #[test]
    fn links_are_the_place_that_they_lead_to() {
        for (path, root) in [
            ("/tmp/x", "/tmp"),
            ("/tmp", "/"),
            ("/var/run/nginx.pid", "/run"),
            ("/run/postgresql", "/var/run"),
            ("/var/run", "/var/run"),
            ("/var/lock/apache2", "/run/lock"),
            ("/var/lock", "/run"),
        ] {
            assert!(is_within(path, root), "{path} {root}");
        }
        for (path, root) in [
            ("/tmpx", "/tmp"),
            ("/var/running", "/run"),
            ("/run", "/run/lock"),
            ("/run", "/var"),
        ] {
            assert!(!is_within(path, root), "{path} {root}");
        }
        assert!(same_place("/var/run", "/run") && !same_place("/var/runner", "/runner"));
    }
}
