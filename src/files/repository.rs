//! Which repository a file belongs to. Depends on the file's place and the working directory alone, never on the
//! paths of the command line, so that a file named by a hook meets the same config and the same survey as in a walk.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::path::ByPath;

/// Where a directory may keep its config, relative to it.
pub const CONFIG_NAMES: [&str; 3] = ["harden.yaml", ".harden.yaml", ".github/harden.yaml"];

/// The tree whose files may say something about each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Absolute, without symbolic links.
    pub root: PathBuf,
    pub kind: RepositoryKind,
}

/// What made `root` the root; tried in this order, each on the nearest ancestor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepositoryKind {
    /// It holds `.git` (a folder, or the file of a worktree or submodule).
    Git,
    /// It holds a config of ours.
    Config,
    /// It is the working directory, and neither `/` nor the home directory.
    WorkingDirectory,
    /// Nothing of the above: the file's own folder, without the folders below.
    Folder,
}

/// Finds repositories, remembering what it learned of each directory.
#[derive(Debug)]
pub struct Repositories {
    cwd: PathBuf,
    git: Nearest,
    config: Nearest,
    /// By root: one value each, so that a survey can be kept per repository.
    known: ByPath<Arc<Repository>>,
}

impl Repositories {
    /// `cwd` must be absolute and without symbolic links.
    pub fn new(cwd: PathBuf) -> Repositories {
        Repositories {
            cwd,
            git: Nearest::new(is_git_root),
            config: Nearest::new(has_config),
            known: ByPath::new(),
        }
    }

    /// Tests many directories at once, for which one after the other would take longest of all before the first file is
    /// read. What [`Repositories::of`] says is the same.
    pub fn explore(&mut self, dirs: &[&Path]) {
        let look = |dir: &&Path| (is_git_root(dir), has_config(dir));
        let seen: Vec<(bool, bool)> = dirs.par_iter().map(look).collect();
        for nearest in [&mut self.git, &mut self.config] {
            nearest.tested.reserve(dirs.len());
            nearest.known.reserve(dirs.len());
        }
        for (dir, (is_git_root, has_config)) in dirs.iter().zip(seen) {
            self.git.tested.insert(dir.as_os_str().to_os_string(), is_git_root);
            self.config.tested.insert(dir.as_os_str().to_os_string(), has_config);
        }
    }

    /// Whether a directory holds a config, as far as somebody looked: nobody need look again.
    pub fn with_config(self) -> ByPath<bool> {
        self.config.tested
    }

    /// The repository of the files directly in `dir`, which must be absolute and without symbolic links.
    pub fn of(&mut self, dir: &Path) -> Arc<Repository> {
        let found = self.look_up(dir);
        match self.known.get(found.root.as_os_str()) {
            Some(known) if **known == found => Arc::clone(known),
            _ => {
                let new = Arc::new(found);
                self.known.insert(new.root.clone().into_os_string(), Arc::clone(&new));
                new
            }
        }
    }

    fn look_up(&mut self, dir: &Path) -> Repository {
        if let Some(root) = self.git.of(dir) {
            return Repository {
                root: root.to_path_buf(),
                kind: RepositoryKind::Git,
            };
        }
        if let Some(root) = self.config.of(dir) {
            return Repository {
                root: root.to_path_buf(),
                kind: RepositoryKind::Config,
            };
        }
        if dir.starts_with(&self.cwd) && !holds_everything(&self.cwd) {
            return Repository {
                root: self.cwd.clone(),
                kind: RepositoryKind::WorkingDirectory,
            };
        }
        Repository {
            root: dir.to_path_buf(),
            kind: RepositoryKind::Folder,
        }
    }
}

/// The root of the file system and the home directory are where people start programs, not where repositories are: a
/// survey of all that is below would take minutes and mean nothing.
fn holds_everything(dir: &Path) -> bool {
    dir.parent().is_none() || std::env::home_dir().is_some_and(|home| home == dir)
}

/// For each directory the nearest one upwards that passes a test; each directory is tested once.
#[derive(Debug)]
struct Nearest {
    test: fn(&Path) -> bool,
    tested: ByPath<bool>,
    known: ByPath<Option<Arc<Path>>>,
}

impl Nearest {
    fn new(test: fn(&Path) -> bool) -> Nearest {
        Nearest {
            test,
            tested: ByPath::new(),
            known: ByPath::new(),
        }
    }

    fn of(&mut self, dir: &Path) -> Option<Arc<Path>> {
        let mut passed = Vec::new();
        let mut found = None;
        for ancestor in dir.ancestors() {
            if let Some(known) = self.known.get(ancestor.as_os_str()) {
                found = known.clone();
                break;
            }
            passed.push(ancestor);
            if self.passes(ancestor) {
                found = Some(Arc::from(ancestor));
                break;
            }
        }
        self.known.extend(
            passed
                .into_iter()
                .map(|dir| (dir.as_os_str().to_os_string(), found.clone())),
        );
        found
    }

    fn passes(&mut self, dir: &Path) -> bool {
        if let Some(passes) = self.tested.get(dir.as_os_str()) {
            return *passes;
        }
        let passes = (self.test)(dir);
        self.tested.insert(dir.as_os_str().to_os_string(), passes);
        passes
    }
}

pub(super) fn is_git_root(dir: &Path) -> bool {
    dir.join(".git").symlink_metadata().is_ok()
}

pub(super) fn has_config(dir: &Path) -> bool {
    !configs_in(dir).is_empty()
}

/// The configs that exist in `dir`; more than one is the reader's error to report.
pub fn configs_in(dir: &Path) -> Vec<PathBuf> {
    // What lies in `.github` is the config of the folder around it.
    if dir.ends_with(".github") {
        return Vec::new();
    }
    let places = CONFIG_NAMES.iter().map(|name| dir.join(name));
    places.filter(|path| path.symlink_metadata().is_ok()).collect()
}

/// Whether `path`, every link followed, is `root` or below it; not if it does not exist.
pub fn is_below(path: &Path, root: &Path) -> bool {
    match (path.canonicalize(), root.canonicalize()) {
        (Ok(path), Ok(root)) => path.starts_with(root),
        _ => false,
    }
}

pub fn exists(path: &Path) -> bool {
    path.exists()
}

/// Where `path` really is: absolute, through every link. `None` where nothing is.
pub fn resolved(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok()
}

pub fn is_directory(path: &Path) -> bool {
    path.is_dir()
}
