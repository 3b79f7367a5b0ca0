//! Turns the paths of the command line into the list of files to look at.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::path::{ByPath, below};
use super::read::{not_regular, reason};
use super::repository::{Repositories, Repository, RepositoryKind};
use super::walk::{Problem, everything_below, hidden_manifests};
use crate::outcome::{Reason, ReasonCode};

/// One file to look at.
#[derive(Debug, Clone)]
pub struct File {
    /// To open: absolute, its folder without symbolic links.
    pub path: PathBuf,
    /// To show: relative to `root` if there is one, else to the working directory; without `.` and `..`.
    pub display: PathBuf,
    /// The folder in which a diff of this file applies, where that is not the working directory.
    pub root: Option<PathBuf>,
    pub repository: Arc<Repository>,
}

/// Why a walk left a manifest out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassedOver {
    /// It, or a folder above it, has a name that starts with a dot.
    Hidden,
    /// An ignore file says so, and there is no index of Git to say that it is tracked all the same.
    Ignored,
    /// An ignore file says so, and the index of Git cannot be read.
    MaybeTracked,
}

/// All manifests of repositories, by root: absolute paths, sorted.
pub type Listings = BTreeMap<PathBuf, Vec<PathBuf>>;

/// What the paths of the command line stand for.
#[derive(Debug, Default)]
pub struct Found {
    /// Sorted by the bytes of `display`, then `root`; each file once, however many paths lead to it.
    pub files: Vec<File>,
    /// Hidden folders and hidden manifests that were passed over.
    pub hidden: usize,
    /// Manifests that a walk left out, absolute: whoever has workloads there should hear of it.
    pub passed_over: BTreeMap<PathBuf, PassedOver>,
    /// Symbolic links that were passed over in a walk.
    pub links: usize,
    /// Of the repositories that were walked as a whole: nobody need walk them again.
    pub listings: Listings,
    /// Whether folders of files hold a config: nobody need look for one there again.
    pub with_config: ByPath<bool>,
    /// Folders that could not be listed and named paths that cannot be files; shown as `File::display` is.
    pub problems: Vec<Problem>,
}

/// A path that cannot be looked up at all: a mistake on the command line, found before anything is written.
#[derive(Debug)]
pub struct FindError {
    path: PathBuf,
    cwd: PathBuf,
    cause: io::Error,
}

/// Lists the files that `paths` name: a folder stands for the manifests below it by Git's ignore rules, a file for
/// itself, whatever its name and whether or not it is ignored. Relative paths start at `cwd`.
pub fn find(paths: &[PathBuf], cwd: &Path) -> Result<Found, FindError> {
    let lookup = |path: &Path, cause| FindError {
        path: path.to_path_buf(),
        cwd: cwd.to_path_buf(),
        cause,
    };
    let cwd = cwd.canonicalize().map_err(|cause| lookup(cwd, cause))?;
    // All of them are looked up before any is walked, so that a typo in the last costs nothing.
    let named = paths
        .iter()
        .map(|path| Named::look_up(&cwd.join(path), &cwd).map_err(|cause| lookup(path, cause)))
        .collect::<Result<Vec<_>, _>>()?;
    let mut gathered = Gathered::default();
    for named in named {
        gathered.add(named, &cwd);
    }
    Ok(gathered.finish(&cwd))
}

/// One argument, looked up.
enum Named {
    Directory(PathBuf),
    File(PathBuf),
    Problem(Problem),
}

impl Named {
    fn look_up(path: &Path, cwd: &Path) -> io::Result<Named> {
        let metadata = fs::metadata(path)?;
        // A pipe of the shell (`<(...)`) has a name that leads nowhere.
        if !metadata.is_dir() && !metadata.is_file() {
            return Ok(Named::Problem((path.to_path_buf(), not_regular(&metadata))));
        }
        if let Some(link) = link_out(path, cwd)? {
            let (link, target) = (display(&link, cwd), path.canonicalize()?);
            let message = format!(
                "lies behind {}, a symbolic link out of the repository, which is never written through; name {} instead",
                link.display(),
                target.display()
            );
            return Ok(Named::Problem((path.to_path_buf(), reason(ReasonCode::Link, message))));
        }
        if metadata.is_dir() {
            return Ok(Named::Directory(path.canonicalize()?));
        }
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(Named::Problem((path.to_path_buf(), not_regular(&metadata))));
        };
        let place = parent.canonicalize()?.join(name);
        if place.symlink_metadata()?.is_symlink() {
            let target = display(&path.canonicalize()?, cwd);
            let message = format!(
                "is a symbolic link, which is never written through; name {} instead",
                target.display()
            );
            return Ok(Named::Problem((place, reason(ReasonCode::Link, message))));
        }
        Ok(Named::File(place))
    }
}

/// The link to a folder on the way to `path` that leads out of the repository in which the link lies. A link in no
/// repository, such as one above all of them, is how the machine is set up and nobody's trap.
fn link_out(path: &Path, cwd: &Path) -> io::Result<Option<PathBuf>> {
    let above = path.ancestors().skip(usize::from(!path.is_dir()));
    for link in above.filter(|step| step.is_symlink()) {
        let Some(parent) = link.parent() else { continue };
        let repository = Repositories::new(cwd.to_path_buf()).of(&parent.canonicalize()?);
        if repository.kind != RepositoryKind::Folder && !path.canonicalize()?.starts_with(&repository.root) {
            return Ok(Some(link.to_path_buf()));
        }
    }
    Ok(None)
}

/// A file that an argument leads to.
struct Sighting {
    /// Absolute.
    path: PathBuf,
    /// The folder it is shown from where that is not the working directory.
    root: Option<PathBuf>,
    /// Which of the named folders the walk started from that came across it; none where an argument names it.
    walk: Option<usize>,
}

/// All paths are absolute.
#[derive(Default)]
struct Gathered {
    /// Once for each argument that leads there.
    files: Vec<Sighting>,
    problems: BTreeMap<PathBuf, Reason>,
    hidden: BTreeSet<PathBuf>,
    ignored: BTreeSet<PathBuf>,
    maybe_tracked: BTreeSet<PathBuf>,
    links: BTreeSet<PathBuf>,
    /// Folders named on the command line, which are therefore not passed over.
    named: Vec<PathBuf>,
}

impl Gathered {
    fn add(&mut self, named: Named, cwd: &Path) {
        match named {
            Named::Problem((path, reason)) => {
                self.problems.insert(path, reason);
            }
            Named::File(path) => {
                let root = outside(folder_of(&path, cwd), cwd);
                self.files.push(Sighting { path, root, walk: None });
            }
            Named::Directory(dir) => {
                let listing = everything_below(&dir);
                let root = outside(&dir, cwd);
                let walk = Some(self.named.len());
                self.files.extend(listing.files.into_iter().map(|path| Sighting {
                    path,
                    root: root.clone(),
                    walk,
                }));
                self.problems.extend(listing.problems);
                self.hidden.extend(listing.hidden);
                self.ignored.extend(listing.ignored);
                self.maybe_tracked.extend(listing.maybe_tracked);
                self.links.extend(listing.links);
                self.named.push(dir);
            }
        }
    }

    /// Sorts the files by the bytes of their paths, each once. Where several arguments lead to one the least folder is
    /// kept: none before some, an outer one before an inner one. Of the walks, the one that started outermost.
    fn join_sightings(&mut self) {
        let named = &self.named;
        let length = |walk: usize| named.get(walk).map_or(0, |dir| dir.as_os_str().len());
        self.files
            .sort_by(|a, b| bytes(&a.path).cmp(bytes(&b.path)).then_with(|| a.root.cmp(&b.root)));
        self.files.dedup_by(|other, kept| {
            let is_same = bytes(&other.path) == bytes(&kept.path);
            if is_same {
                kept.walk = [kept.walk, other.walk]
                    .into_iter()
                    .flatten()
                    .min_by_key(|walk| length(*walk));
            }
            is_same
        });
    }

    fn finish(mut self, cwd: &Path) -> Found {
        for named in &self.named {
            self.hidden.remove(named);
        }
        self.join_sightings();
        let files = &self.files;
        let is_file = |path: &PathBuf| {
            files
                .binary_search_by(|file| bytes(&file.path).cmp(bytes(path)))
                .is_ok()
        };
        self.hidden.retain(|path| !is_file(path));
        let hidden = self.hidden.iter().flat_map(|p| hidden_manifests(p));
        let hidden = hidden.map(|path| (path, PassedOver::Hidden));
        let ignored = self.ignored.into_iter().map(|path| (path, PassedOver::Ignored));
        let maybe = self.maybe_tracked.into_iter();
        let maybe = maybe.map(|path| (path, PassedOver::MaybeTracked));
        let mut passed_over: BTreeMap<PathBuf, PassedOver> = ignored.chain(maybe).chain(hidden).collect();
        passed_over.retain(|path, _| !is_file(path));
        let mut repositories = Repositories::new(cwd.to_path_buf());
        let repository_of = with_repositories(&self.files, cwd, &mut repositories);
        let listings = listings(&self.files, &repository_of, &self.named);
        let mut files: Vec<File> = self
            .files
            .into_iter()
            .zip(repository_of)
            .map(|(sighting, repository)| File {
                display: display(&sighting.path, sighting.root.as_deref().unwrap_or(cwd)),
                repository,
                path: sighting.path,
                root: sighting.root,
            })
            .collect();
        files.sort_by(|a, b| {
            bytes(&a.display)
                .cmp(bytes(&b.display))
                .then_with(|| a.root.cmp(&b.root))
        });
        Found {
            listings,
            files,
            hidden: self.hidden.len(),
            passed_over,
            links: self.links.len(),
            with_config: repositories.with_config(),
            problems: self
                .problems
                .into_iter()
                .map(|(path, reason)| (display(&path, cwd), reason))
                .collect(),
        }
    }
}

/// The repository of each file; they are sorted, so those of a folder mostly stand together.
fn with_repositories(files: &[Sighting], cwd: &Path, repositories: &mut Repositories) -> Vec<Arc<Repository>> {
    let of_folders: Vec<&[Sighting]> = files
        .chunk_by(|a, b| bytes(folder_of(&a.path, cwd)) == bytes(folder_of(&b.path, cwd)))
        .collect();
    let mut folders: Vec<&Path> = of_folders.iter().map(|files| first_folder(files, cwd)).collect();
    folders.sort_unstable_by_key(|folder| bytes(folder));
    folders.dedup_by_key(|folder| bytes(folder));
    repositories.explore(&folders);
    let of_files = of_folders.into_iter().flat_map(|files| {
        let repository = repositories.of(first_folder(files, cwd));
        std::iter::repeat_n(repository, files.len())
    });
    of_files.collect()
}

fn first_folder<'f>(files: &'f [Sighting], cwd: &'f Path) -> &'f Path {
    files.first().map_or(cwd, |first| folder_of(&first.path, cwd))
}

fn folder_of<'p>(path: &'p Path, cwd: &'p Path) -> &'p Path {
    path.parent().unwrap_or(cwd)
}

/// What the walks came across that saw a repository as a whole. A walk from a hidden or an ignored folder saw what does
/// not count for the others. A folder that is nobody's repository has a listing of its own kind.
fn listings(files: &[Sighting], repositories: &[Arc<Repository>], named: &[PathBuf]) -> Listings {
    let seen: Vec<(&Sighting, &Arc<Repository>)> = files.iter().zip(repositories).collect();
    let mut listings = Listings::new();
    for files in seen.chunk_by(|(a, one), (b, other)| a.walk == b.walk && Arc::ptr_eq(one, other)) {
        let Some((Sighting { walk: Some(walk), .. }, repository)) = files.first() else {
            continue;
        };
        let Repository { root, kind } = &***repository;
        if *kind != RepositoryKind::Folder && named.get(*walk).is_some_and(|dir| root.starts_with(dir)) {
            let paths = files.iter().map(|(file, _)| file.path.clone());
            listings.entry(root.clone()).or_default().extend(paths);
        }
    }
    listings
}

fn outside(dir: &Path, cwd: &Path) -> Option<PathBuf> {
    (!dir.starts_with(cwd)).then(|| dir.to_path_buf())
}

/// `path` relative to `base` with `/` between the parts; whole where it is not below.
fn display(path: &Path, base: &Path) -> PathBuf {
    let Some(relative) = below(path, base) else {
        return path.to_path_buf();
    };
    if relative.as_os_str().is_empty() {
        return PathBuf::from(".");
    }
    if std::path::MAIN_SEPARATOR == '/' {
        return relative.to_path_buf();
    }
    let mut shown = OsString::new();
    for part in relative {
        if !shown.is_empty() {
            shown.push("/");
        }
        shown.push(part);
    }
    PathBuf::from(shown)
}

/// The order of diffs and reports: that of Git and of `LC_ALL=C sort`, not `Path`'s by component.
fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

impl fmt::Display for FindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, cwd) = (self.path.display(), self.cwd.display());
        match self.cause.kind() {
            io::ErrorKind::NotFound if self.is_dangling() => {
                write!(
                    f,
                    "{path}: is a symbolic link to something that does not exist; mend or leave out the link"
                )
            }
            io::ErrorKind::NotFound => {
                write!(
                    f,
                    "{path}: no such file or directory; check the spelling (relative paths start at {cwd})"
                )
            }
            io::ErrorKind::NotADirectory => {
                write!(f, "{path}: a file is named where a folder is needed; check the path")
            }
            io::ErrorKind::PermissionDenied => {
                write!(
                    f,
                    "{path}: cannot be reached: permission denied; run as a user who may enter its folders"
                )
            }
            _ => write!(f, "{path}: {}", self.cause),
        }
    }
}

impl FindError {
    fn is_dangling(&self) -> bool {
        self.cwd
            .join(&self.path)
            .symlink_metadata()
            .is_ok_and(|metadata| metadata.is_symlink())
    }
}

impl std::error::Error for FindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}
