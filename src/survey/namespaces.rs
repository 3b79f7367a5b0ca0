//! The Pod Security labels of Namespace manifests, and the target they add up to.
//!
//! Labels are read as the API server reads them where they are stored: an invalid `enforce` level counts as
//! restricted, an invalid `warn` or `audit` level as privileged, an invalid version as latest. (It would not let
//! them in anew, hence the remarks.)

use std::collections::BTreeMap;
use std::path::Path;

use super::{Place, Remark};
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
    /// Labels that the API server would not take as they are.
    pub invalid: Vec<Remark>,
    /// The labels that name a policy version which is newer than all that are known.
    pub newer: Vec<(Place, PolicyVersion)>,
}

/// The level labels of one manifest.
#[derive(Debug)]
pub(super) struct Labelled {
    name: String,
    level: Level,
    version: PolicyVersion,
    /// Of the label that decided.
    line: usize,
    /// Line and sentence.
    invalid: Vec<(usize, String)>,
    newer: Vec<(usize, PolicyVersion)>,
}

impl Labelled {
    /// As the manifest has it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// The labels of a Namespace manifest; `None` where no label names a level.
pub(super) fn read(namespace: &Namespace) -> Option<Labelled> {
    let (mut invalid, mut newer) = (Vec::new(), Vec::new());
    let mut strictest: Option<(Level, PolicyVersion, usize)> = None;
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
        if strictest.is_none_or(|(l, v, _)| (level, version) > (l, v)) {
            strictest = Some((level, version, line));
        }
    }
    let (level, version, line) = strictest?;
    Some(Labelled {
        name: namespace.name.to_string(),
        level,
        version,
        line,
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

/// Joins manifests, given by the name of the namespace they end up as, in the order of path and document.
pub(super) fn join<'f>(
    manifests: impl Iterator<Item = (&'f str, &'f Path, &'f Labelled)>,
) -> BTreeMap<String, NamespaceTarget> {
    let mut by_name: BTreeMap<&str, Vec<(&Path, &Labelled)>> = BTreeMap::new();
    for (name, path, labelled) in manifests {
        by_name.entry(name).or_default().push((path, labelled));
    }
    let targets = by_name
        .into_iter()
        .filter_map(|(name, manifests)| target(name, &manifests));
    targets.map(|target| (target.name.clone(), target)).collect()
}

fn target(name: &str, manifests: &[(&Path, &Labelled)]) -> Option<NamespaceTarget> {
    let asks = |labelled: &Labelled| (labelled.level, labelled.version);
    // Of several that ask for the same the first is named, so the search runs backwards.
    let (path, strictest) = *manifests.iter().rev().max_by_key(|(_, labelled)| asks(labelled))?;
    let place = |path: &Path, line| Place {
        path: path.to_path_buf(),
        line,
    };
    let conflicts = manifests
        .iter()
        .filter(|(_, labelled)| asks(labelled) != asks(strictest))
        .map(|(own, other)| Remark {
            place: place(own, other.line),
            what: format!(
                "the namespace {name} asks for {}:{} here and for {}:{} on line {} of {}, which counts as the strictest; \
                 make them agree, or say in `namespaces` of harden.yaml what it is",
                other.level,
                other.version,
                strictest.level,
                strictest.version,
                strictest.line,
                path.display(),
            ),
        });
    let invalid = manifests.iter().flat_map(|(path, labelled)| {
        labelled.invalid.iter().map(|(line, what)| Remark {
            place: place(path, *line),
            what: what.clone(),
        })
    });
    let newer = manifests.iter().flat_map(|(path, labelled)| {
        let at = |(line, version): &(usize, PolicyVersion)| (place(path, *line), *version);
        labelled.newer.iter().map(at).collect::<Vec<_>>()
    });
    Some(NamespaceTarget {
        name: name.to_string(),
        level: strictest.level,
        version: strictest.version,
        from: place(path, strictest.line),
        conflicts: conflicts.collect(),
        invalid: invalid.collect(),
        newer: newer.collect(),
    })
}
