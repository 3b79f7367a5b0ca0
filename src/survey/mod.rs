//! One cheap pass over a repository for what its files say about each other: the labels of namespaces, charts,
//! kustomizations, claims, Services and builds of images. Says what was found; what follows from it, the planner decides.
//!
//! All paths are relative to the repository's root and use lexical parts only. Files that cannot be read, documents
//! that cannot be parsed and templates are without facts here: that they are broken is said where they are hardened.

mod aliases;
mod builds;
mod charts;
mod claims;
mod compose;
mod kustomize;
mod laid;
mod namespaces;
mod overlays;
mod patches;
mod paths;
mod remark;
mod renames;
mod scan;
mod services;
mod skaffold;
mod target;

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use crate::files::{self, Repository};
use crate::outcome::ReasonCode;
use crate::yaml::FieldPath;
use charts::Charts;
use claims::Claims;
use kustomize::{Kustomization, Listed};
use overlays::Overlays;
use patches::Text;
use scan::Facts;
use services::Services;

pub use crate::outcome::Place;
pub use builds::{Build, Dockerfile};
pub use claims::{ClaimContainer, ClaimUser, Mount};
pub use laid::{Does, Laid, Over, Whose};
pub use namespaces::{LabelRemarks, NamespaceTarget};
pub use overlays::Deployed;
pub use remark::Remark;
pub use services::{ServicePort, TargetPort};
pub use target::Patched;

/// Larger files are read one at a time, so that their number does not decide on the memory needed.
const LARGE_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// A Dockerfile is written by hand, and so is a patch.
const MAX_WRITTEN_BYTES: u64 = 256 * 1024;

/// What the files of one repository say about each other. Immutable, and the same on every run.
#[derive(Debug, Default)]
pub struct Survey {
    /// Every file read, sorted by the bytes of its path, with whether it shows containers.
    files: Vec<(PathBuf, bool)>,
    charts: Charts,
    listed: Listed,
    overlays: Overlays,
    labels: namespaces::Joined,
    claims: Claims,
    services: Services,
    builds: Vec<Build>,
    broken_kustomizations: Vec<Remark>,
    is_inside_chart: bool,
}

impl Survey {
    /// Of files at hand; paths are relative to the repository's root. Needs no disk.
    pub fn of_texts(files: &[(PathBuf, &[u8])]) -> Survey {
        let paths = files.iter().map(|(path, _)| path.clone()).collect();
        let texts = files.iter().map(|(path, text)| (path.as_path(), *text)).collect();
        Source::new(None, texts).survey(paths)
    }

    /// Of all manifests on disk that belong to `repository`.
    pub fn of_repository(repository: &Repository) -> Survey {
        Survey::of_listing(repository, &files::repository_files(repository).files)
    }

    /// The same where the manifests are listed already, by absolute paths.
    pub fn of_listing(repository: &Repository, listing: &[PathBuf]) -> Survey {
        let paths = relative(repository, listing);
        let mut survey = Source::new(Some(&repository.root), HashMap::new()).survey(paths);
        survey.is_inside_chart = charts::is_inside(repository);
        survey
    }

    /// Of a repository in which one file (by its path relative to the root) reads as `text`, whatever the disk says:
    /// a text on standard input that names the place where it belongs.
    pub fn of_repository_with(repository: &Repository, path: &Path, text: &[u8]) -> Survey {
        let mut paths = relative(repository, &files::repository_files(repository).files);
        paths.push(path.to_path_buf());
        Source::new(Some(&repository.root), HashMap::from([(path, text)])).survey(paths)
    }

    /// Of a repository about which nothing is known.
    pub fn empty() -> Survey {
        Survey::default()
    }

    /// Whether the bytes of a file show a sign of pods, without which nothing in it can be judged; `None` for a file
    /// that was not surveyed (hidden, ignored, unreadable, without a manifest's name).
    pub fn may_hold_workload(&self, path: &Path) -> Option<bool> {
        let at = self.files.binary_search_by(|(known, _)| by_bytes(known, path)).ok()?;
        self.files.get(at).map(|(_, shows_pods)| *shows_pods)
    }

    /// What the labels of the Namespace manifests of that name ask for; `None` where none has a level label.
    pub fn namespace(&self, name: &str) -> Option<&NamespaceTarget> {
        self.labels.targets.get(name)
    }

    /// What is wrong with the labels of all namespaces, by name; those without a level last.
    pub fn label_remarks(&self) -> impl Iterator<Item = &LabelRemarks> {
        let targets = self.namespaces().map(|target| &target.remarks);
        targets.chain(&self.labels.without_level)
    }

    /// All targets by name, for their conflicts.
    pub fn namespaces(&self) -> impl Iterator<Item = &NamespaceTarget> {
        self.labels.targets.values()
    }

    /// The namespace in which an object of this file ends up: that of its kustomizations, or else its own, or else
    /// the empty name. This is the name by which [`Survey::namespace`], [`Survey::claim_users`] and
    /// [`Survey::service_ports`] know it.
    pub fn namespace_of<'a>(&'a self, path: &Path, declared: Option<&'a str>) -> &'a str {
        self.kustomize_namespace(path).or(declared).unwrap_or("")
    }

    /// The one namespace that every kustomization which lists this file, itself or through others, gives it. The
    /// nearest that sets one counts; `None` where they differ or some build sets none.
    pub fn kustomize_namespace(&self, path: &Path) -> Option<&str> {
        self.listed.namespace(path)
    }

    /// Every namespace in which an object of this file may end up, by all kustomizations that build it; the empty name
    /// where it may have none.
    pub fn namespaces_of<'a>(&'a self, path: &Path, declared: Option<&'a str>) -> BTreeSet<&'a str> {
        self.overlays.namespaces(path, declared.unwrap_or(""))
    }

    /// What speaks against a pod once the kustomizations that build its file have patched it.
    pub fn patched_badly(&self, path: &Path, object: Patched) -> Option<String> {
        self.overlays.against(path, object)
    }

    /// What the patches of the kustomizations that build a file lay over the pod at a path of one of its objects.
    pub fn laid_over(&self, path: &Path, object: Patched, pod: &FieldPath, is_builtin: bool) -> Vec<Over<'_>> {
        self.overlays.laid(path, object, pod, is_builtin)
    }

    /// What the kustomization in this file builds from that nobody has read.
    pub fn unread_by(&self, kustomization: &Path) -> &[Remark] {
        self.overlays.unread(kustomization)
    }

    /// The kustomizations that cannot be read, each with the reason.
    pub fn broken_kustomizations(&self) -> &[Remark] {
        &self.broken_kustomizations
    }

    /// The namespaces that the kustomization in a file gives to all that it builds.
    pub fn namespaces_given_by(&self, kustomization: &Path) -> BTreeSet<&str> {
        self.overlays.given(kustomization)
    }

    /// Whether the kustomization in a file builds another file.
    pub fn is_built_by(&self, path: &Path, kustomization: &Path) -> bool {
        self.overlays.builds(kustomization, path)
    }

    /// The line of a kustomization that lists this file as a patch.
    pub fn patched_by(&self, path: &Path) -> Option<&Place> {
        self.listed.patched_by(path)
    }

    /// Whether a kustomization builds from this file, so that patches may add to it.
    pub fn is_kustomized(&self, path: &Path) -> bool {
        self.listed.is_resource(path)
    }

    /// What becomes of an image in this file: the same, or what the `images:` of kustomizations make of it, once for
    /// each way on which the file is deployed. Never empty.
    pub fn deployed(&self, path: &Path, image: &str) -> BTreeSet<Deployed> {
        self.overlays.deployed(path, image)
    }

    /// Whether the file lies in the `templates` folder of a Helm chart.
    pub fn is_chart_template(&self, path: &Path) -> bool {
        self.is_inside_chart || self.charts.is_template(path)
    }

    /// The workloads that mount the claim, in the order of path, document and item.
    pub fn claim_users(&self, namespace: &str, claim: &str) -> &[ClaimUser] {
        self.claims.users(namespace, claim)
    }

    /// The images that the repository builds, in the order of path and line.
    pub fn builds(&self) -> &[Build] {
        &self.builds
    }

    /// The ports of the Services that select pods with these labels, in the order of path and line.
    pub fn service_ports(&self, namespace: &str, labels: &[(&str, &str)]) -> Vec<&ServicePort> {
        self.services.ports(namespace, labels)
    }
}

fn by_bytes(a: &Path, b: &Path) -> Ordering {
    a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes())
}

/// Paths relative to the repository's root.
fn relative(repository: &Repository, paths: &[PathBuf]) -> Vec<PathBuf> {
    let below = |path: &PathBuf| files::below(path, &repository.root).map(Path::to_path_buf);
    paths.iter().filter_map(below).collect()
}

/// A handful of files is read sooner than a thread wakes up; there may be thousands of such folders.
const WORTH_THREADS: usize = 16;

/// Where texts come from: those at hand, or else the disk.
struct Source<'t> {
    root: Option<&'t Path>,
    texts: HashMap<&'t Path, &'t [u8]>,
    /// Held by whoever has a large file in memory.
    large: Mutex<()>,
}

impl<'t> Source<'t> {
    fn new(root: Option<&'t Path>, texts: HashMap<&'t Path, &'t [u8]>) -> Source<'t> {
        Source {
            root,
            texts,
            large: Mutex::new(()),
        }
    }

    fn survey(&self, mut paths: Vec<PathBuf>) -> Survey {
        paths.sort_unstable_by(|a, b| by_bytes(a, b));
        paths.dedup_by(|a, b| by_bytes(a, b).is_eq());
        let charts = Charts::of(&paths);
        let facts = |path: &PathBuf| self.facts(path, charts.is_template(path));
        let facts: Vec<Option<Facts>> = if paths.len() < WORTH_THREADS {
            paths.iter().map(facts).collect()
        } else {
            paths.par_iter().map(facts).collect()
        };
        let mut survey = join(charts, paths, facts, |kustomization| self.read_patches(kustomization));
        self.read_dockerfiles(&mut survey.builds);
        survey
    }

    /// A build whose Dockerfile is not there is left out.
    fn read_dockerfiles(&self, builds: &mut Vec<Build>) {
        // Many images may be built from one Dockerfile.
        let mut texts: HashMap<PathBuf, Option<Arc<str>>> = HashMap::new();
        builds.truncate(builds::MAX_ALL);
        builds.retain_mut(|build| {
            let Some(dockerfile) = &mut build.dockerfile else {
                return true;
            };
            let path = dockerfile.path.clone();
            let text = texts.entry(path).or_insert_with_key(|path| self.written(path));
            text.clone().map(|text| dockerfile.text = text).is_some()
        });
    }

    /// What the patches of a kustomization do.
    fn read_patches(&self, kustomization: &mut Kustomization) {
        for entry in mem::take(&mut kustomization.entries) {
            let file = match &entry.text {
                Text::File(path) => self.written(path),
                Text::Inline(text) => Some(Arc::from(text.as_str())),
                Text::Elsewhere => None,
            };
            kustomization.changes.extend(patches::read(&entry, file.as_deref()));
        }
    }

    /// The text of a small file in the repository.
    fn written(&self, path: &Path) -> Option<Arc<str>> {
        if let Some(text) = self.texts.get(path) {
            return std::str::from_utf8(text).ok().map(Arc::from);
        }
        let root = self.root?;
        let file = root.join(path);
        // A link may lead out of the repository.
        if !files::is_below(&file, root) {
            return None;
        }
        let text = String::from_utf8(files::read_at_most(&file, MAX_WRITTEN_BYTES).ok()?).ok()?;
        Some(Arc::from(text))
    }

    /// `None` where the file cannot be read.
    fn facts(&self, path: &Path, is_template: bool) -> Option<Facts> {
        if let Some(text) = self.texts.get(path) {
            return Some(scan::scan(path, text, is_template));
        }
        let file = self.root?.join(path);
        match files::read_at_most(&file, LARGE_FILE_BYTES) {
            Ok(bytes) => Some(scan::scan(path, &bytes, is_template)),
            Err(reason) if reason.code == ReasonCode::TooLarge => {
                let _alone = self.large.lock().unwrap_or_else(PoisonError::into_inner);
                let bytes = files::read(&file).ok()?;
                Some(scan::scan(path, &bytes, is_template))
            }
            Err(_) => None,
        }
    }
}

/// Joins what the files say. Kustomizations first: the namespace of everything else depends on them.
fn join(
    charts: Charts,
    paths: Vec<PathBuf>,
    facts: Vec<Option<Facts>>,
    read_patches: impl Fn(&mut Kustomization) + Sync,
) -> Survey {
    let mut read: Vec<(PathBuf, Facts)> = paths
        .into_iter()
        .zip(facts)
        .filter_map(|(path, facts)| Some((path, facts?)))
        .collect();
    let mut kustomizations: Vec<_> = read
        .iter_mut()
        .filter_map(|(_, facts)| facts.kustomization.take())
        .collect();
    let listed = Listed::of(&kustomizations);
    kustomizations.par_iter_mut().for_each(&read_patches);
    // By the name they end up with: kustomize renames the Namespace too.
    let labelled = read.iter().flat_map(|(path, facts)| {
        let name = |own| listed.namespace(path).unwrap_or(own);
        facts
            .namespaces
            .iter()
            .map(move |n| (name(n.name()), path.as_path(), n))
    });
    let mut survey = Survey {
        labels: namespaces::join(labelled),
        files: Vec::with_capacity(read.len()),
        charts,
        ..Survey::default()
    };
    survey.listed = listed;
    let broken = kustomizations.iter().filter(|kustomization| kustomization.is_broken);
    survey.broken_kustomizations = broken.flat_map(|broken| broken.unread.clone()).collect();
    let composed: Vec<_> = read
        .iter_mut()
        .flat_map(|(_, facts)| mem::take(&mut facts.composed))
        .collect();
    for (path, facts) in read {
        survey.add(path, facts);
    }
    survey.builds.extend(compose::builds(&composed));
    survey
        .builds
        .sort_by(|a, b| by_bytes(&a.place.path, &b.place.path).then(a.place.line.cmp(&b.place.line)));
    survey.overlays = Overlays::of(kustomizations, |path| survey.may_hold_workload(path).is_some());
    survey
}

impl Survey {
    fn add(&mut self, path: PathBuf, facts: Facts) {
        for used in facts.claims {
            // A patch is no workload of its own, whatever it looks like.
            if self.listed.patched_by(&path).is_none() {
                let namespace = self.namespace_of(&path, used.namespace.as_deref()).to_string();
                self.claims.add(namespace, used);
            }
        }
        self.builds.extend(facts.builds);
        for service in facts.services {
            let namespace = self.namespace_of(&path, service.namespace.as_deref()).to_string();
            self.services.add(namespace, service);
        }
        self.files.push((path, facts.shows_pods));
    }
}
