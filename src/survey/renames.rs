//! What one kustomization makes of an image: its `images:` give other names, tags and digests. What becomes of it in all
//! that build a file, `overlays` says.

use std::path::Path;

use super::Place;
use crate::yaml::NodeRef;

/// Entries of one kustomization; more are left out.
const MAX_ENTRIES: usize = 1000;

/// An entry of `images:`.
#[derive(Debug)]
pub(super) struct Entry {
    name: String,
    new_name: Option<String>,
    new_tag: Option<String>,
    tag_suffix: Option<String>,
    digest: Option<String>,
    pub(super) place: Place,
}

pub(super) fn read(root: NodeRef<'_>, path: &Path) -> Vec<Entry> {
    let items = root.list("images");
    items.filter_map(|item| entry(item, path)).take(MAX_ENTRIES).collect()
}

fn entry(item: NodeRef<'_>, path: &Path) -> Option<Entry> {
    let text = |key: &str| item.get(key).and_then(NodeRef::text).filter(|text| !text.is_empty());
    let owned = |key: &str| text(key).map(str::to_string);
    Some(Entry {
        name: owned("name")?,
        new_name: owned("newName"),
        new_tag: owned("newTag"),
        tag_suffix: owned("tagSuffix"),
        digest: owned("digest"),
        place: Place {
            path: path.to_path_buf(),
            line: item.line(),
        },
    })
}

impl Entry {
    /// As kustomize does it: the name must be the same to the letter, and a new tag or digest replaces both.
    pub(super) fn rename(&self, image: &str) -> Option<String> {
        let (name, tag, digest) = split(image);
        if name != self.name {
            return None;
        }
        let name = self.new_name.as_deref().unwrap_or(name);
        let (tag, digest) = match (&self.new_tag, &self.digest, &self.tag_suffix) {
            (None, None, None) => (tag.map(str::to_string), digest),
            (None, None, Some(suffix)) => (Some(format!("{}{suffix}", tag.unwrap_or(""))), None),
            (tag, digest, _) => (tag.clone(), digest.as_deref()),
        };
        let tag = tag.map_or(String::new(), |tag| format!(":{tag}"));
        let digest = digest.map_or(String::new(), |digest| format!("@{digest}"));
        Some(format!("{name}{tag}{digest}"))
    }
}

/// Name, tag and digest. Placeholders are no references and have a name all the same.
fn split(image: &str) -> (&str, Option<&str>, Option<&str>) {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    match rest.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) {
        Some((name, tag)) => (name, Some(tag), digest),
        None => (rest, None, digest),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Entry, Place};

    #[test]
    fn an_image_is_renamed_as_kustomize_does_it() {
        // name, newName, newTag, tagSuffix, digest; image; result.
        let cases = [
            (["postgres", "", "16", "", ""], "postgres:15", "postgres:16"),
            (["postgres", "", "16", "", ""], "postgres", "postgres:16"),
            (["postgres", "", "16", "", ""], "postgres:15@sha256:ab", "postgres:16"),
            (
                ["postgres", "", "", "", "sha256:cd"],
                "postgres:15",
                "postgres@sha256:cd",
            ),
            (["postgres", "h:5/pg", "", "", ""], "postgres:15", "h:5/pg:15"),
            (["postgres", "", "", "-alpine", ""], "postgres:15", "postgres:15-alpine"),
            (["h:5/pg", "pg", "1", "", ""], "h:5/pg", "pg:1"),
            (["IMAGE", "acme/web", "2", "", ""], "IMAGE", "acme/web:2"),
            (["postgres", "", "16", "", ""], "library/postgres", ""),
            (["postgres", "", "16", "", ""], "postgres-x:1", ""),
        ];
        for (fields, image, expected) in cases {
            let [name, new_name, new_tag, suffix, digest] =
                fields.map(|field| Some(field.to_string()).filter(|f| !f.is_empty()));
            let entry = Entry {
                name: name.unwrap_or_default(),
                new_name,
                new_tag,
                tag_suffix: suffix,
                digest,
                place: Place {
                    path: PathBuf::new(),
                    line: 1,
                },
            };
            let renamed = entry.rename(image);
            assert_eq!(renamed.as_deref().unwrap_or(""), expected, "{fields:?} {image}");
        }
    }
}
