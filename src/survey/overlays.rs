//! What becomes of a file in all kustomizations that build it, directly or through others: the namespaces it may end up
//! in, the images it may get, the patches that reach it, and what is built beside it that nobody has read. Where `kustomize`
//! names one namespace or none, for a target, this names all, for a verdict.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use super::Place;
use super::kustomize::{Kustomization, not_at_hand};
use super::laid::{Laid, Over};
use super::paths::folder;
use super::remark::Remark;
use super::target::{Made, Patched};
use crate::files::ByPath;
use crate::yaml::FieldPath;

/// Ways of an image through the kustomizations. More are those of no repository that somebody wrote.
const MAX_STEPS: usize = 500;

/// All kustomizations of a repository, by what they list.
#[derive(Debug, Default)]
pub(super) struct Overlays {
    all: Vec<Kustomization>,
    /// Those that list a file or folder.
    listing: ByPath<Vec<usize>>,
    in_folder: ByPath<Vec<usize>>,
}

/// What a container's image is in the end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deployed {
    pub image: String,
    /// The line that says so last; `None` where the image is the one in the file.
    pub place: Option<Place>,
}

impl Overlays {
    /// `is_read`: whether a file of the repository was read.
    pub(super) fn of(mut all: Vec<Kustomization>, is_read: impl Fn(&Path) -> bool) -> Overlays {
        let (mut listing, mut in_folder) = (ByPath::<Vec<usize>>::new(), ByPath::<Vec<usize>>::new());
        for (index, kustomization) in all.iter().enumerate() {
            in_folder
                .entry(kustomization.folder.clone().into_os_string())
                .or_default()
                .push(index);
            for path in &kustomization.lists {
                listing.entry(path.clone().into_os_string()).or_default().push(index);
            }
        }
        for kustomization in &mut all {
            let listed = kustomization.lists.iter().zip(&kustomization.lines);
            let missing = listed.filter(|(path, _)| !is_read(path) && !in_folder.contains_key(path.as_os_str()));
            let remarks = missing.map(|(path, line)| Remark {
                place: Place {
                    path: kustomization.path.clone(),
                    line: *line,
                },
                what: not_at_hand(&path.display().to_string()),
            });
            kustomization.unread.extend(remarks.collect::<Vec<_>>());
        }
        Overlays {
            all,
            listing,
            in_folder,
        }
    }

    /// Every namespace in which an object of a file may end up; the empty name where it has none. The outermost
    /// kustomization decides, and each that nobody lists may be the outermost.
    pub(super) fn namespaces<'a>(&'a self, path: &Path, declared: &'a str) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        let mut pending: Vec<(usize, bool)> = self.listing(path).map(|index| (index, false)).collect();
        let mut seen: HashSet<(usize, bool)> = pending.iter().copied().collect();
        while let Some((index, is_named)) = pending.pop() {
            let Some(kustomization) = self.all.get(index) else {
                continue;
            };
            found.extend(kustomization.namespace.as_deref());
            let is_named = is_named || kustomization.namespace.is_some();
            let mut is_outermost = true;
            for outer in self.listing(&kustomization.folder) {
                is_outermost = false;
                if seen.insert((outer, is_named)) {
                    pending.push((outer, is_named));
                }
            }
            if is_outermost && !is_named {
                found.insert(declared);
            }
        }
        if found.is_empty() {
            found.insert(declared);
        }
        found
    }

    /// What speaks against the pod of an object in a file once all that build it have patched it.
    pub(super) fn against(&self, path: &Path, object: Patched) -> Option<String> {
        let (patching, made) = self.patching(path);
        let mut patches = patching
            .into_iter()
            .flat_map(|(_, kustomization)| &kustomization.changes);
        patches.find_map(|patch| patch.against(object, made))
    }

    /// What the patches of all that build a file lay over the pod at a path of an object. `is_known`: whether kustomize
    /// knows how lists of its kind are merged.
    pub(super) fn laid(&self, path: &Path, object: Patched, pod: &FieldPath, is_known: bool) -> Vec<Over<'_>> {
        if !self.listing.contains_key(path.as_os_str()) {
            return Vec::new();
        }
        let (patching, made) = self.patching(path);
        let mut found = Vec::new();
        for (index, kustomization) in patching {
            let laid = kustomization.changes.iter().flat_map(|patch| patch.laid(object, made));
            let laid: Vec<&Laid> = laid.filter(|laid| laid.is_of(pod)).collect();
            let everywhere = !laid.is_empty() && self.is_on_every_way(path, index);
            found.extend(laid.into_iter().map(|laid| Over {
                laid,
                by: &kustomization.path,
                everywhere,
                merges: is_known || kustomization.teaches_kinds,
            }));
        }
        found
    }

    /// Whether a file is never built without a kustomization, or without the component that it is.
    fn is_on_every_way(&self, path: &Path, index: usize) -> bool {
        let mut with: HashSet<usize> = HashSet::from([index]);
        let mut pending = vec![index];
        while let Some(component) = pending.pop().and_then(|index| self.all.get(index)) {
            let lists_it = |outer: &usize| {
                self.all
                    .get(*outer)
                    .is_some_and(|k| k.components.contains(&component.folder))
            };
            pending.extend(
                self.listing(&component.folder)
                    .filter(lists_it)
                    .filter(|outer| with.insert(*outer)),
            );
        }
        let mut pending: Vec<usize> = self.listing(path).collect();
        while let Some(index) = pending.pop() {
            if !with.insert(index) {
                continue;
            }
            let before = pending.len();
            pending.extend(self.all.get(index).into_iter().flat_map(|k| self.listing(&k.folder)));
            if pending.len() == before {
                return false;
            }
        }
        true
    }

    /// The kustomizations that patch what a file holds, and what all of them may have done to its objects.
    fn patching(&self, path: &Path) -> (Vec<(usize, &Kustomization)>, Made) {
        let mut building = self.building(path);
        let made = |index: &usize| {
            self.all
                .get(*index)
                .map_or(Made::default(), |kustomization| kustomization.made)
        };
        let made = building.iter().map(made).fold(Made::default(), |all, one| Made {
            renamed: all.renamed || one.renamed,
            labelled: all.labelled || one.labelled,
        });
        // A component patches what those that list it have.
        let mut pending: Vec<usize> = building.iter().copied().collect();
        while let Some(index) = pending.pop() {
            let lists = self
                .all
                .get(index)
                .map_or(&[][..], |kustomization| &kustomization.components);
            for component in lists
                .iter()
                .filter_map(|path| self.in_folder.get(path.as_os_str()))
                .flatten()
            {
                if building.insert(*component) {
                    pending.push(*component);
                }
            }
        }
        let building = building.into_iter();
        (
            building
                .filter_map(|index| Some((index, self.all.get(index)?)))
                .collect(),
            made,
        )
    }

    /// What the kustomization in a file builds from that nobody has read.
    pub(super) fn unread(&self, path: &Path) -> &[Remark] {
        self.of_file(path).map_or(&[], |kustomization| &kustomization.unread)
    }

    /// The namespaces that the kustomization in a file gives, itself or through those that list it.
    pub(super) fn given(&self, path: &Path) -> BTreeSet<&str> {
        let mut given = self.namespaces(folder(path), "");
        given.remove("");
        given.extend(
            self.of_file(path)
                .and_then(|kustomization| kustomization.namespace.as_deref()),
        );
        given
    }

    /// Whether the kustomization in a file builds another file, itself or through others.
    pub(super) fn builds(&self, kustomization: &Path, path: &Path) -> bool {
        let building = self.building(path);
        let mut building = building.iter().filter_map(|index| self.all.get(*index));
        building.any(|found| found.path == kustomization)
    }

    /// What becomes of an image in a file, once for each way on which the file is deployed. A kustomization that
    /// another one lists is deployed through that one.
    pub(super) fn deployed(&self, path: &Path, image: &str) -> BTreeSet<Deployed> {
        let written = Deployed {
            image: image.to_string(),
            place: None,
        };
        let mut found = BTreeSet::new();
        let mut seen: BTreeSet<(usize, String)> = BTreeSet::new();
        let mut pending: Vec<(usize, Deployed)> = Vec::new();
        pending.extend(self.listing(path).map(|index| (index, written.clone())));
        while let Some((index, before)) = pending.pop() {
            if seen.len() >= MAX_STEPS {
                break;
            }
            let after = self.renamed(index, before);
            if !seen.insert((index, after.image.clone())) {
                continue;
            }
            let folder = self.all.get(index).map(|k| k.folder.as_path());
            let parents = folder.into_iter().flat_map(|folder| self.listing(folder));
            let before = pending.len();
            pending.extend(parents.map(|parent| (parent, after.clone())));
            if pending.len() == before {
                found.insert(after);
            }
        }
        if found.is_empty() {
            found.insert(written);
        }
        found
    }

    /// The entries of a kustomization's components first, then its own, each on what the ones before made of it.
    fn renamed(&self, index: usize, mut image: Deployed) -> Deployed {
        let Some(kustomization) = self.all.get(index) else {
            return image;
        };
        let components = kustomization
            .components
            .iter()
            .filter_map(|path| self.in_folder.get(path.as_os_str()));
        let components = components.flatten().filter_map(|index| self.all.get(*index));
        for entry in components.chain([kustomization]).flat_map(|k| &k.images) {
            if let Some(renamed) = entry.rename(&image.image) {
                image = Deployed {
                    image: renamed,
                    place: Some(entry.place.clone()),
                };
            }
        }
        image
    }

    fn of_file(&self, path: &Path) -> Option<&Kustomization> {
        let folder = self.in_folder.get(path.parent()?.as_os_str())?;
        let mut kustomizations = folder.iter().filter_map(|index| self.all.get(*index));
        kustomizations.find(|kustomization| kustomization.path == path)
    }

    fn building(&self, path: &Path) -> BTreeSet<usize> {
        let mut building: BTreeSet<usize> = self.listing(path).collect();
        let mut pending: Vec<usize> = building.iter().copied().collect();
        while let Some(kustomization) = pending.pop().and_then(|index| self.all.get(index)) {
            pending.extend(
                self.listing(&kustomization.folder)
                    .filter(|outer| building.insert(*outer)),
            );
        }
        building
    }

    /// The kustomizations that list a file or folder.
    fn listing(&self, path: &Path) -> impl Iterator<Item = usize> {
        self.listing.get(path.as_os_str()).into_iter().flatten().copied()
    }
}
