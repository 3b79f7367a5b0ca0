//! What kustomizations say of the files they list: that they are patches, and which namespace they get. What becomes of a
//! file in all that build it, `overlays` says; what patches do, `patches`.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::patches::{self, Entry, Patch};
use super::paths::{folder, resolve};
use super::remark::Remark;
use super::target::Made;
use super::{Place, renames};
use crate::files::ByPath;
use crate::yaml::NodeRef;

/// The names under which kustomize looks for a kustomization.
const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The fields that list files and folders to build from.
const LISTS: [&str; 3] = ["resources", "bases", "components"];

/// Fields that bring objects which are made while building.
const MAKES: [(&str, &str); 3] = [
    (
        "helmCharts",
        "it inflates a Helm chart, whose pods nobody here has read",
    ),
    (
        "helmChartInflationGenerator",
        "it inflates a Helm chart, whose pods nobody here has read",
    ),
    ("generators", "it runs a generator, whose objects nobody here has read"),
];

/// One kustomization. All paths are relative to the repository's root.
#[derive(Debug, Default)]
pub(super) struct Kustomization {
    pub(super) path: PathBuf,
    pub(super) folder: PathBuf,
    pub(super) namespace: Option<String>,
    pub(super) lists: Vec<PathBuf>,
    /// Of each of `lists` the line.
    pub(super) lines: Vec<usize>,
    /// Those of `lists` that patch what the others bring.
    pub(super) components: Vec<PathBuf>,
    /// What becomes of images.
    pub(super) images: Vec<renames::Entry>,
    patches: Vec<(PathBuf, Place)>,
    /// The same patches and those written inline, to be read.
    pub(super) entries: Vec<Entry>,
    /// What the patches do, once they are read, and what else changes objects.
    pub(super) changes: Vec<Patch>,
    /// What it may do to objects before another one patches them.
    pub(super) made: Made,
    /// Whether it tells kustomize of more kinds.
    pub(super) teaches_kinds: bool,
    /// What it builds from that is not in the repository; of a broken one, that it is.
    pub(super) unread: Vec<Remark>,
    /// Whether its text cannot be read.
    pub(super) is_broken: bool,
}

pub(super) fn is_kustomization(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| FILE_NAMES.iter().any(|known| name == *known))
}

pub(super) fn read(root: NodeRef<'_>, path: &Path) -> Kustomization {
    let folder = folder(path);
    let listed: Vec<NodeRef<'_>> = LISTS.iter().flat_map(|list| root.list(list)).collect();
    let at_hand = listed
        .iter()
        .filter_map(|node| Some((resolve(folder, *node)?, node.line())));
    let (lists, lines) = at_hand.unzip();
    let strategic = root.list("patchesStrategicMerge");
    let by_path = ["patches", "patchesJson6902"].map(|list| root.list(list).filter_map(|item| item.get("path")));
    let patches = strategic.chain(by_path.into_iter().flatten()).filter_map(|node| {
        let place = Place {
            path: path.to_path_buf(),
            line: node.line(),
        };
        Some((resolve(folder, node)?, place))
    });
    let namespace = root.get("namespace").and_then(NodeRef::as_str);
    let has = |key: &str| root.get(key).is_some_and(|node| !node.is_null());
    Kustomization {
        path: path.to_path_buf(),
        folder: folder.to_path_buf(),
        namespace: namespace.filter(|name| !name.is_empty()).map(str::to_string),
        lists,
        lines,
        components: root
            .list("components")
            .filter_map(|node| resolve(folder, node))
            .collect(),
        images: renames::read(root, path),
        patches: patches.collect(),
        entries: patches::entries(root, path),
        changes: patches::others(root, path),
        made: Made {
            renamed: has("namePrefix") || has("nameSuffix"),
            labelled: has("labels") || has("commonLabels"),
        },
        teaches_kinds: has("openapi"),
        unread: unread(root, &listed, path),
        is_broken: false,
    }
}

/// One whose text cannot be read, with the reason: all that it lists and patches goes without what it says.
pub(super) fn broken(path: &Path, line: usize, why: &str) -> Kustomization {
    let remark = Remark {
        place: Place {
            path: path.to_path_buf(),
            line,
        },
        what: format!("nobody can tell what this kustomization builds and patches ({why}): mend it"),
    };
    Kustomization {
        path: path.to_path_buf(),
        folder: folder(path).to_path_buf(),
        unread: vec![remark],
        is_broken: true,
        ..Kustomization::default()
    }
}

/// What a kustomization builds from that is not in the repository, as far as its text shows.
fn unread(root: NodeRef<'_>, listed: &[NodeRef<'_>], path: &Path) -> Vec<Remark> {
    let folder = folder(path);
    let remark = |line, what| Remark {
        place: Place {
            path: path.to_path_buf(),
            line,
        },
        what,
    };
    let made = MAKES.iter().filter_map(|(key, what)| {
        let first = root.list(key).next()?;
        Some(remark(first.line(), (*what).to_string()))
    });
    let elsewhere = listed.iter().filter(|node| resolve(folder, **node).is_none());
    let elsewhere =
        elsewhere.map(|node| remark(node.line(), not_at_hand(node.as_str().unwrap_or("what it generates"))));
    made.chain(elsewhere).collect()
}

/// What there is to say of something that is listed and was not read.
pub(super) fn not_at_hand(what: &str) -> String {
    let what = what.lines().next().unwrap_or(what);
    format!("it builds from {what}, which nobody here has read")
}

/// What all kustomizations of a repository say.
#[derive(Debug, Default)]
pub(super) struct Listed {
    patches: ByPath<Place>,
    namespaces: ByPath<String>,
    /// What some kustomization builds from.
    resources: HashSet<OsString>,
}

impl Listed {
    /// Of kustomizations in the order of their paths; where several list the same patch, the first is named.
    pub(super) fn of(kustomizations: &[Kustomization]) -> Listed {
        let mut patches = ByPath::new();
        for (path, place) in kustomizations.iter().flat_map(|k| &k.patches) {
            patches
                .entry(path.clone().into_os_string())
                .or_insert_with(|| place.clone());
        }
        let lists = kustomizations.iter().flat_map(|k| &k.lists);
        Listed {
            patches,
            namespaces: namespaces(kustomizations),
            resources: lists.map(|path| path.clone().into_os_string()).collect(),
        }
    }

    pub(super) fn is_resource(&self, path: &Path) -> bool {
        self.resources.contains(path.as_os_str())
    }

    pub(super) fn patched_by(&self, path: &Path) -> Option<&Place> {
        self.patches.get(path.as_os_str())
    }

    pub(super) fn namespace(&self, path: &Path) -> Option<&str> {
        self.namespaces.get(path.as_os_str()).map(String::as_str)
    }
}

/// What is known of the namespace that a kustomization gives; rises from `Unknown` to `Mixed` and never falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given<'k> {
    Unknown,
    One(&'k str),
    /// Several, or in some build none.
    Mixed,
}

impl<'k> Given<'k> {
    fn join(self, other: Given<'k>) -> Given<'k> {
        match (self, other) {
            (Given::Unknown, known) | (known, Given::Unknown) => known,
            (Given::One(a), Given::One(b)) if a == b => self,
            _ => Given::Mixed,
        }
    }
}

/// The namespace of every listed file that gets exactly one.
fn namespaces(kustomizations: &[Kustomization]) -> ByPath<String> {
    let given = given(kustomizations);
    let mut of_files: HashMap<&OsStr, Given<'_>> = HashMap::new();
    for (kustomization, given) in kustomizations.iter().zip(given) {
        for path in &kustomization.lists {
            let so_far = of_files.entry(path.as_os_str()).or_insert(Given::Unknown);
            *so_far = so_far.join(given);
        }
    }
    of_files
        .into_iter()
        .filter_map(|(path, given)| match given {
            Given::One(name) => Some((path.to_os_string(), name.to_string())),
            Given::Unknown | Given::Mixed => None,
        })
        .collect()
}

/// What each kustomization gives: its own namespace, or else what those that list its folder give.
///
/// Spreads from those that set one and those that nobody lists. A value changes at most twice, so each listing is
/// followed at most twice, cycles included.
fn given<'k>(kustomizations: &'k [Kustomization]) -> Vec<Given<'k>> {
    let mut in_folder: HashMap<&OsStr, Vec<usize>> = HashMap::new();
    for (index, kustomization) in kustomizations.iter().enumerate() {
        in_folder
            .entry(kustomization.folder.as_os_str())
            .or_default()
            .push(index);
    }
    let listed_by = |index: usize| {
        let lists = kustomizations.get(index).map_or(&[][..], |k| &k.lists);
        lists
            .iter()
            .filter_map(|path| in_folder.get(path.as_os_str()))
            .flatten()
            .copied()
    };
    let mut is_listed = vec![false; kustomizations.len()];
    for target in (0..kustomizations.len()).flat_map(listed_by) {
        is_listed[target] = true;
    }
    let first = |(kustomization, is_listed): (&'k Kustomization, bool)| match &kustomization.namespace {
        Some(name) => Given::One(name),
        None if is_listed => Given::Unknown,
        None => Given::Mixed,
    };
    let mut given: Vec<Given<'k>> = kustomizations.iter().zip(is_listed).map(first).collect();
    let mut changed: Vec<usize> = (0..given.len()).filter(|i| given[*i] != Given::Unknown).collect();
    while let Some(index) = changed.pop() {
        for target in listed_by(index) {
            let joined = given[target].join(given[index]);
            if kustomizations[target].namespace.is_none() && joined != given[target] {
                given[target] = joined;
                changed.push(target);
            }
        }
    }
    given
}
