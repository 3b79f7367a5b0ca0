//! What API servers of older releases make of a check, whatever policy version is asked of them: they do not know fields
//! that came later. Everything else about them is the policy version, which cannot be newer than the server.

use super::check::{Check, Revision};
use super::{apparmor, volumes};

/// The first release that judges pods without being told to. Older ones are held to its rules.
const FIRST: u32 = 23;

/// A check in servers before some release.
struct Older {
    check: &'static str,
    /// The minor of the first release that evaluates it as its revisions say.
    before: u32,
    revision: Revision,
}

const OLDER: &[Older] = &[
    // Until then there were annotations only.
    Older {
        check: "appArmorProfile",
        before: 30,
        revision: Revision {
            since: 0,
            exempt: None,
            allowed: &[],
            evaluate: apparmor::evaluate_annotations,
        },
    },
    // Until then an image was no volume.
    Older {
        check: "restrictedVolumes",
        before: 33,
        revision: Revision {
            since: 0,
            exempt: None,
            allowed: volumes::ADMITTED_BEFORE_IMAGES,
            evaluate: volumes::evaluate_sources,
        },
    },
];

/// The newest policy version that a server knows.
pub(super) fn newest(server: u32) -> u32 {
    server.max(FIRST)
}

/// What a server evaluates in the place of a check's revision.
pub(super) fn revision(check: &Check, revision: &'static Revision, server: Option<u32>) -> &'static Revision {
    let is_older = |older: &&Older| older.check == check.id && server.is_some_and(|minor| minor < older.before);
    OLDER.iter().find(is_older).map_or(revision, |older| &older.revision)
}
