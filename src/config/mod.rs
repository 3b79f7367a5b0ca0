//! `harden.yaml`: what the owners of a repository decided. `schema` is its keys, `parse` makes a `Config` of a text (and
//! `overrides` of the entries of that name), `nearest` finds the one that holds for a folder. Decides nothing about a
//! workload; that is the planner.

mod lines;
mod message;
mod nearest;
mod overrides;
mod parse;
mod rules;
mod schema;
mod shared;
mod words;

use std::path::{Path, PathBuf};

use crate::checks::PolicyVersion;
use crate::files;
use crate::kube::kinds::OwnKind;
use crate::kube::release::Release;
use crate::profiles::Profile;
use rules::{Excludes, NamespaceRule, PathRule};

pub use nearest::Configs;
pub use rules::{Override, Stated, Target};
pub use schema::json_schema;
pub use shared::{SharedProfile, read_profile};
pub use words::{Accept, Platform, ReadOnlyRoot};

/// The decisions of one config; `Config::default()` is that of a repository without one.
#[derive(Debug, Clone)]
pub struct Config {
    /// As shown to people; `None` where there is no config.
    pub path: Option<PathBuf>,
    /// The release of the cluster that the manifests are for.
    pub kube_version: Option<Release>,
    pub accept: Option<Accept>,
    pub platform: Option<Platform>,
    pub read_only_root: Option<ReadOnlyRoot>,
    /// Whether an assumed value gets the trailing comment `# harden: assumed`.
    pub assumed_comment: bool,
    pub images: Vec<Profile>,
    /// The 1-based line of each of `images`.
    pub image_lines: Vec<usize>,
    /// Registry prefixes that serve copies of public images, without a trailing slash: `harbor.corp/hub`.
    pub mirrors: Vec<String>,
    /// Folders with further profiles. After `Configs` read the config: absolute, inside the repository.
    pub profile_dirs: Vec<PathBuf>,
    /// Of the `images` that name one: the entry's index, and its Dockerfile; empty before `Configs` read the config.
    pub dockerfiles: Vec<(usize, Dockerfile)>,
    /// The profiles in `profile_dirs`, in the order of folders and names; empty before `Configs` read the config.
    pub shared: Vec<SharedProfile>,
    pub overrides: Vec<Override>,
    /// Kinds that carry pods beside those that are built in.
    pub kinds: Vec<OwnKind>,
    target: Target,
    excludes: Excludes,
    namespaces: Vec<NamespaceRule>,
    paths: Vec<PathRule>,
    /// The folder from which patterns are matched; `None` for the root of each file's repository.
    base: Option<PathBuf>,
}

impl Config {
    /// What the config asks of a workload: the first rule of `paths` that matches its file, then the first of
    /// `namespaces`, then the top of the config; level and version each on their own.
    /// `file` and `root`, the root of its repository, are absolute.
    pub fn target(&self, file: &Path, root: &Path, namespace: Option<&str>) -> Target {
        let relative = self.relative(file, root);
        let by_path = relative.and_then(|path| self.paths.iter().find(|rule| rule.matches(path)));
        let by_name = namespace.and_then(|name| self.namespaces.iter().find(|rule| rule.name.is_match(name)));
        let of = |target: Option<Target>| target.unwrap_or_default();
        of(by_path.map(|rule| rule.target))
            .or(of(by_name.map(|rule| rule.target)))
            .or(self.target)
    }

    /// The line of the `exclude` pattern that holds for a file, if one does. Both paths are absolute.
    pub fn excluded(&self, file: &Path, root: &Path) -> Option<usize> {
        self.excludes.line(self.relative(file, root)?)
    }

    /// Every policy version that the config names, with its line.
    pub fn policy_versions(&self) -> impl Iterator<Item = Stated<PolicyVersion>> {
        let of_namespaces = self.namespaces.iter().map(|rule| rule.target);
        let of_paths = self.paths.iter().map(|rule| rule.target);
        let targets = std::iter::once(self.target).chain(of_namespaces).chain(of_paths);
        targets.filter_map(|target| target.policy_version)
    }

    fn relative<'a>(&self, file: &'a Path, root: &Path) -> Option<&'a Path> {
        files::below(file, self.base.as_deref().unwrap_or(root))
    }
}

/// A Dockerfile that a config names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dockerfile {
    /// As shown to people.
    pub path: PathBuf,
    pub text: String,
    /// 1-based, of the config that names it.
    pub line: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            path: None,
            kube_version: None,
            accept: None,
            platform: None,
            read_only_root: None,
            assumed_comment: true,
            images: Vec::new(),
            image_lines: Vec::new(),
            mirrors: Vec::new(),
            profile_dirs: Vec::new(),
            dockerfiles: Vec::new(),
            shared: Vec::new(),
            overrides: Vec::new(),
            kinds: Vec::new(),
            target: Target::default(),
            excludes: Excludes::default(),
            namespaces: Vec::new(),
            paths: Vec::new(),
            base: None,
        }
    }
}
