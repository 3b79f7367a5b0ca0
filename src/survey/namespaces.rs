//! The Pod Security labels of Namespace manifests, and the target they add up to.
//!
//! Labels are read as the API server reads them where they are stored: an invalid `enforce` level counts as
//! restricted, an invalid `warn` or `audit` level as privileged, an invalid version as latest. (It would not let
//! them in anew, hence the remarks.)

use std::collections::BTreeMap;
use std::path::Path;

use super::Place;
use super::remark::Remark;
use crate::checks::{Level, PolicyVersion};
use crate::kube::namespace::{Mode, Namespace};

/// What an invalid level counts as.
fn if_invalid(mode: Mode) -> Level {
    match mode {
        Mode::Enforce => Level::Restricted,
        Mode::Audit | Mode::Warn => Level::Privileged,
    }
}

/// What all Namespace manifests of one name ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceTarget {
    pub name: String,
    /// The strictest over all labels and manifests.
    pub level: Level,
    /// The newest that is asked for at that level.
    pub version: PolicyVersion,
    /// The label that decided.
    pub from: Place,
    /// Other manifests of the same name that ask for something else.
    pub conflicts: Vec<Remark>,
    pub remarks: LabelRemarks,
}

/// What is wrong with labels of one namespace, whether or not any of them names a level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelRemarks {
    /// Labels that the API server would not take as they are.
    pub invalid: Vec<Remark>,
    /// The labels that name a policy version which is newer than all that are known.
    pub newer: Vec<(Place, PolicyVersion)>,
}

/// The level labels of one manifest.
#[derive(Debug)]
pub(super) struct Labelled {
    name: String,
    /// The strictest that it asks for and the line that does; `None` where it asks for no level.
    asks: Option<Asks>,
    /// Line and sentence.
    invalid: Vec<(usize, String)>,
    newer: Vec<(usize, PolicyVersion)>,
}

/// Level, version, and the line of the label that decided.
type Asks = (Level, PolicyVersion, usize);

impl Labelled {
    /// As the manifest has it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// The labels of a Namespace manifest; `None` where it has none. A version without a level asks for nothing, but may be
/// one that the API server does not take.
pub(super) fn read(namespace: &Namespace) -> Option<Labelled> {
    let (mut invalid, mut newer) = (Vec::new(), Vec::new());
    let mut asks: Option<Asks> = None;
    for mode in Mode::ALL {
        let version = value(namespace, &mode.version_label(), PolicyVersion::Latest, &mut invalid);
        newer.extend(
            version
                .filter(|(version, _)| version.is_unknown())
                .map(|(v, line)| (line, v)),
        );
        let Some((level, line)) = value(namespace, &mode.level_label(), if_invalid(mode), &mut invalid) else {
            continue;
        };
        let version = version.map_or(PolicyVersion::Latest, |(version, _)| version);
        if asks.is_none_or(|(l, v, _)| (level, version) > (l, v)) {
            asks = Some((level, version, line));
        }
    }
    (asks.is_some() || !invalid.is_empty() || !newer.is_empty()).then(|| Labelled {
        name: namespace.name.to_string(),
        asks,
        invalid,
        newer,
    })
}

/// The value of a label and its line. A value that cannot be read leaves a remark and counts as `if_invalid`.
fn value<T>(namespace: &Namespace, label: &str, if_invalid: T, invalid: &mut Vec<(usize, String)>) -> Option<(T, usize)>
where
    T: std::str::FromStr<Err = &'static str> + std::fmt::Display,
{
    let (text, node) = namespace.label(label)?;
    let value = text.parse().unwrap_or_else(|must_be| {
        let what = format!(
            "{label}: {text:?} {must_be}; the API server refuses it in a new namespace and takes it for {if_invalid} in \
             an old one: correct it"
        );
        invalid.push((node.line(), what));
        if_invalid
    });
    Some((value, node.line()))
}

/// All labels of the repository.
#[derive(Debug, Default)]
pub(super) struct Joined {
    pub(super) targets: BTreeMap<String, NamespaceTarget>,
    pub(super) without_level: Vec<LabelRemarks>,
}

/// Joins manifests, given by the name of the namespace they end up as, in the order of path and document.
pub(super) fn join<'f>(manifests: impl Iterator<Item = (&'f str, &'f Path, &'f Labelled)>) -> Joined {
    let mut by_name: BTreeMap<&str, Vec<(&Path, &Labelled)>> = BTreeMap::new();
    for (name, path, labelled) in manifests {
        by_name.entry(name).or_default().push((path, labelled));
    }
    let mut joined = Joined::default();
    for (name, manifests) in by_name {
        let remarks = remarks(&manifests);
        match target(name, &manifests) {
            Some(target) => {
                _ = joined
                    .targets
                    .insert(name.to_string(), NamespaceTarget { remarks, ..target })
            }
            None => joined.without_level.push(remarks),
        }
    }
    joined
}

fn place(path: &Path, line: usize) -> Place {
    Place {
        path: path.to_path_buf(),
        line,
    }
}

fn remarks(manifests: &[(&Path, &Labelled)]) -> LabelRemarks {
    let mut remarks = LabelRemarks::default();
    for (path, labelled) in manifests {
        remarks
            .invalid
            .extend(labelled.invalid.iter().map(|(line, what)| Remark {
                place: place(path, *line),
                what: what.clone(),
            }));
        let newer = labelled.newer.iter();
        remarks
            .newer
            .extend(newer.map(|(line, version)| (place(path, *line), *version)));
    }
    remarks
}

fn target(name: &str, manifests: &[(&Path, &Labelled)]) -> Option<NamespaceTarget> {
    let asking = manifests
        .iter()
        .filter_map(|(path, labelled)| Some((*path, labelled.asks?)));
    let asking: Vec<(&Path, Asks)> = asking.collect();
    // Of several that ask for the same the first is named, so the search runs backwards.
    let (path, (level, version, line)) = *asking
        .iter()
        .rev()
        .max_by_key(|(_, (level, version, _))| (*level, *version))?;
    let others = asking.iter().filter(|(_, (l, v, _))| (*l, *v) != (level, version));
    let conflicts = others.map(|(own, (l, v, at))| Remark {
        place: place(own, *at),
        what: format!(
            "the namespace {name} asks for {l}:{v} here and for {level}:{version} on line {line} of {}, which counts as the \
             strictest; make them agree, or say in `namespaces` of harden.yaml what it is",
            path.display(),
        ),
    });
    Some(NamespaceTarget {
        name: name.to_string(),
        level,
        version,
        from: place(path, line),
        conflicts: conflicts.collect(),
        remarks: LabelRemarks::default(),
    })
}
