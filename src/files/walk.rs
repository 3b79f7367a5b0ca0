//! Lists the manifests below a directory by Git's ignore rules, one repository at a time.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ignore::{DirEntry, WalkBuilder, WalkState};

use super::read::{reason, unreadable};
use super::repository::{Repository, RepositoryKind, has_config, is_git_root};
use super::tracked::tracked;
use crate::outcome::{Reason, ReasonCode};

/// A path that could not be looked at, as an absolute path, and why.
pub type Problem = (PathBuf, Reason);

/// What a walk came across.
#[derive(Debug, Default)]
pub struct Listing {
    /// Absolute paths of regular files with a manifest's name, sorted by bytes.
    pub files: Vec<PathBuf>,
    /// Hidden folders and hidden manifests that were passed over; `.git` is not counted.
    pub hidden: Vec<PathBuf>,
    /// Manifests that an ignore rule kept out where there is no index of Git.
    pub ignored: Vec<PathBuf>,
    /// The same where the index of Git, which might say that they are tracked, cannot be read.
    pub maybe_tracked: Vec<PathBuf>,
    /// Symbolic links that were passed over: to a manifest's name or to a folder.
    pub links: Vec<PathBuf>,
    pub problems: Vec<Problem>,
    /// Whether an ignore file was come across.
    has_rules: bool,
    /// Whether Git says what belongs to the repository in which the walk began last.
    is_indexed: bool,
    /// Where walks began in repositories whose index cannot be read.
    unread: Vec<PathBuf>,
}

/// `.yaml`, `.yml` or `.json`, in any case.
pub fn is_manifest_name(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or("");
    ["yaml", "yml", "json"]
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

/// Every manifest that belongs to `repository`; those of repositories nested in it do not.
pub fn repository_files(repository: &Repository) -> Listing {
    let mut listing = Listing::default();
    match repository.kind {
        // One of perhaps thousands, each a handful of files: not worth threads and ignore files.
        RepositoryKind::Folder => list_folder(&repository.root, &mut listing),
        _ => _ = walk(&repository.root, Scope::of(repository), &mut listing),
    }
    finish(listing)
}

impl Listing {
    /// The hidden manifests, and those in hidden folders, as far as these are looked at.
    pub fn hidden_files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self.hidden.iter().flat_map(|path| hidden_manifests(path)).collect();
        files.sort_unstable();
        files
    }
}

/// The manifests directly in a folder; what else is there is of no interest here.
fn list_folder(dir: &Path, listing: &mut Listing) {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let manifest = |entry: &std::fs::DirEntry| {
        !is_hidden_name(&entry.file_name())
            && is_manifest_name(&entry.path())
            && entry.file_type().is_ok_and(|kind| kind.is_file())
    };
    listing.files.extend(entries.filter(manifest).map(|entry| entry.path()));
}

/// Every manifest below `dir` (absolute, without symbolic links), whichever repository it belongs to.
pub(super) fn everything_below(dir: &Path) -> Listing {
    let mut listing = Listing::default();
    let mut roots = walk(dir, Scope::UntilGit, &mut listing);
    let is_indexed = listing.is_indexed;
    while let Some(root) = roots.pop() {
        roots.extend(walk(&root, Scope::UntilGit, &mut listing));
    }
    let mut listing = finish(listing);
    if !is_indexed && (listing.has_rules || dir.ancestors().any(has_rules)) {
        listing.ignored = ignored_manifests(dir, &listing.files);
    }
    let unread = listing.unread.iter();
    listing.maybe_tracked = unread
        .flat_map(|root| ignored_manifests(root, &listing.files))
        .collect();
    listing
}

fn finish(mut listing: Listing) -> Listing {
    listing
        .files
        .sort_unstable_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    listing.problems.sort_by(|a, b| a.0.cmp(&b.0));
    listing
}

/// How much of a hidden folder is looked at: a cache below one may be larger than the repository.
const HIDDEN_DEPTH: usize = 4;
const HIDDEN_ENTRIES: usize = 2000;

/// The manifests at or below hidden paths, by the same ignore rules; never those of `.git`.
pub(super) fn hidden_manifests(hidden: &Path) -> Vec<PathBuf> {
    let mut walk = builder(hidden);
    walk.max_depth(Some(HIDDEN_DEPTH))
        .filter_entry(|entry| entry.file_name() != ".git");
    let entries = walk.build().take(HIDDEN_ENTRIES).flatten();
    let manifests = entries.filter(|entry| is_file(entry) && is_manifest_name(entry.path()));
    manifests.map(DirEntry::into_path).collect()
}

const RULES: &str = ".gitignore";

/// How many paths are looked at for manifests that an ignore rule keeps out.
const IGNORED_ENTRIES: usize = 50_000;

/// The manifests below a folder that are not hidden and yet not among `found` (sorted by bytes).
fn ignored_manifests(dir: &Path, found: &[PathBuf]) -> Vec<PathBuf> {
    let is_found = |path: &Path| {
        let bytes = path.as_os_str().as_encoded_bytes();
        found
            .binary_search_by(|known| known.as_os_str().as_encoded_bytes().cmp(bytes))
            .is_ok()
    };
    let mut walk = WalkBuilder::new(dir);
    walk.standard_filters(false)
        .filter_entry(|entry| entry.depth() == 0 || !is_hidden_name(entry.file_name()));
    let files = walk.build().take(IGNORED_ENTRIES).flatten().filter(is_file);
    let manifests = files.map(DirEntry::into_path).filter(|path| is_manifest_name(path));
    manifests.filter(|path| !is_found(path)).collect()
}

fn has_rules(dir: &Path) -> bool {
    dir.join(RULES).is_file()
}

fn is_file(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_file())
}

fn is_hidden_name(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Where a walk stops going down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// At folders that are Git repositories of their own.
    UntilGit,
    /// At those and at folders with a config of their own.
    UntilConfig,
    /// At every folder.
    Flat,
}

impl Scope {
    fn of(repository: &Repository) -> Scope {
        match repository.kind {
            RepositoryKind::Git => Scope::UntilGit,
            RepositoryKind::Config | RepositoryKind::WorkingDirectory => Scope::UntilConfig,
            RepositoryKind::Folder => Scope::Flat,
        }
    }

    fn stops_at(self, dir: &Path) -> bool {
        match self {
            Scope::UntilGit => is_git_root(dir),
            Scope::UntilConfig => is_git_root(dir) || has_config(dir),
            Scope::Flat => true,
        }
    }
}

/// Adds what is below `root` to `listing` and returns the folders at which the walk stopped.
fn walk(root: &Path, scope: Scope, listing: &mut Listing) -> Vec<PathBuf> {
    let seen = Mutex::new((std::mem::take(listing), Vec::new()));
    let record = |found: Seen| {
        let mut seen = seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match found {
            Seen::File(path) => seen.0.files.push(path),
            Seen::Hidden(path) => seen.0.hidden.push(path),
            Seen::Link(path) => seen.0.links.push(path),
            Seen::Problem(problem) => seen.0.problems.push(problem),
            Seen::Boundary(dir) => seen.1.push(dir),
            Seen::Rules => seen.0.has_rules = true,
            Seen::Down | Seen::Nothing => {}
        }
    };
    builder(root).build_parallel().run(|| {
        Box::new(|entry| {
            let found = match entry {
                Ok(entry) => classify(entry, scope),
                Err(error) => Seen::Problem(problem(root, &error)),
            };
            let state = if matches!(found, Seen::Down) {
                WalkState::Continue
            } else {
                WalkState::Skip
            };
            record(found);
            state
        })
    });
    let (found, boundaries) = seen.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    *listing = found;
    if scope == Scope::UntilGit {
        add_tracked(root, listing);
    }
    boundaries
}

/// What an ignore rule keeps from a walk below `root` although Git tracks it.
fn add_tracked(root: &Path, listing: &mut Listing) {
    listing.is_indexed = false;
    let Some(repository) = root.ancestors().find(|dir| is_git_root(dir)) else {
        return;
    };
    let Some(tracked) = tracked(repository) else {
        listing.unread.push(root.to_path_buf());
        return;
    };
    listing.is_indexed = !tracked.is_empty();
    let is_hidden = |below: &Path| below.iter().any(is_hidden_name);
    let wanted =
        |path: &PathBuf| path.strip_prefix(root).is_ok_and(|below| !is_hidden(below)) && is_manifest_name(path);
    // No link on the way: what a link leads to belongs elsewhere.
    let is_there = |path: &PathBuf| {
        let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
        is_file && path.canonicalize().is_ok_and(|real| real == *path)
    };
    let known: HashSet<&PathBuf> = listing.files.iter().collect();
    let paths = tracked.into_iter().map(|path| repository.join(path));
    let missed = paths.filter(|path| wanted(path) && !known.contains(path) && is_there(path));
    let missed: Vec<PathBuf> = missed.collect();
    listing.files.extend(missed);
}

/// Git's rules as the repository states them: its own ignore files, those of its parents up to its root, and
/// `.git/info/exclude`; not the user's global ones, which another machine lacks.
fn builder(root: &Path) -> WalkBuilder {
    let mut builder = WalkBuilder::new(root);
    builder
        .standard_filters(false)
        .parents(true)
        .git_ignore(true)
        .git_exclude(true)
        // Inside a repository the rules end at its root; elsewhere every ancestor's apply.
        .require_git(root.ancestors().any(is_git_root));
    builder
}

enum Seen {
    File(PathBuf),
    Hidden(PathBuf),
    Link(PathBuf),
    Problem(Problem),
    /// A folder at which the walk stops.
    Boundary(PathBuf),
    Rules,
    /// A folder to go into.
    Down,
    Nothing,
}

fn classify(entry: DirEntry, scope: Scope) -> Seen {
    let kind = entry.file_type();
    let is_dir = kind.is_some_and(|kind| kind.is_dir());
    let is_link = kind.is_some_and(|kind| kind.is_symlink());
    let manifest = is_manifest_name(entry.path());
    if entry.depth() == 0 {
        return Seen::Down;
    }
    if entry.file_name() == RULES {
        return Seen::Rules;
    }
    if is_hidden_name(entry.file_name()) {
        return if entry.file_name() != ".git" && (is_dir || manifest) {
            Seen::Hidden(entry.into_path())
        } else {
            Seen::Nothing
        };
    }
    if is_dir {
        return if scope.stops_at(entry.path()) {
            Seen::Boundary(entry.into_path())
        } else {
            Seen::Down
        };
    }
    if is_link {
        return if manifest || entry.path().is_dir() {
            Seen::Link(entry.into_path())
        } else {
            Seen::Nothing
        };
    }
    if manifest && kind.is_some_and(|kind| kind.is_file()) {
        Seen::File(entry.into_path())
    } else {
        Seen::Nothing
    }
}

/// The folder that could not be listed; the walk's own error text repeats paths, so only its cause is kept.
fn problem(root: &Path, error: &ignore::Error) -> Problem {
    let path = path_of(error).unwrap_or(root).to_path_buf();
    let reason = match error.io_error() {
        Some(cause) if cause.kind() == io::ErrorKind::PermissionDenied => {
            let message = "cannot be listed: permission denied; grant access, or ignore it in .gitignore";
            reason(ReasonCode::Unreadable, message.to_string())
        }
        Some(cause) => unreadable(cause),
        None => reason(ReasonCode::Unreadable, format!("cannot be read: {error}")),
    };
    (path, reason)
}

fn path_of(mut error: &ignore::Error) -> Option<&Path> {
    loop {
        match error {
            ignore::Error::WithPath { path, .. } => return Some(path),
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => error = err,
            _ => return None,
        }
    }
}
