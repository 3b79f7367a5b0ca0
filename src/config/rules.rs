//! The parts of a config that are looked up per file or workload: excludes, targets, overrides.

use std::path::Path;

use globset::GlobMatcher;
use ignore::gitignore::Gitignore;

use crate::checks::{Level, PolicyVersion};
use crate::kube::fields::Owner;
use crate::yaml::{FieldPath, Value};

/// A value and the 1-based line of the config that says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stated<T> {
    pub value: T,
    pub line: usize,
}

/// What a config asks of a workload; absent halves are decided elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Target {
    pub level: Option<Stated<Level>>,
    pub policy_version: Option<Stated<PolicyVersion>>,
}

impl Target {
    /// The own halves, and those of `other` where there are none.
    pub(super) fn or(self, other: Target) -> Target {
        Target {
            level: self.level.or(other.level),
            policy_version: self.policy_version.or(other.policy_version),
        }
    }
}

/// A field of one workload whose value the config decides, against the manifest if need be.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    pub kind: String,
    pub name: String,
    /// `None`: whatever the namespace.
    pub namespace: Option<String>,
    /// `None`: `field` is the pod's; otherwise the container's of this name.
    pub container: Option<String>,
    /// Relative to the pod spec or to the container.
    pub field: FieldPath,
    /// `None` removes the field.
    pub to: Option<Value>,
    pub line: usize,
}

impl Override {
    pub fn owner(&self) -> Owner {
        match self.container {
            Some(_) => Owner::Container,
            None => Owner::Pod,
        }
    }

    /// Whether both speak of one field of the same workloads.
    pub(super) fn is_about_the_same(&self, other: &Override) -> bool {
        let words = |o: &Override| (o.kind.clone(), o.name.clone(), o.namespace.clone(), o.container.clone());
        self.field == other.field && words(self) == words(other)
    }

    /// `namespace` is the workload's, `None` where nothing says it; a namespace asked for is then not met.
    pub fn applies_to(&self, kind: &str, namespace: Option<&str>, name: &str) -> bool {
        let same_namespace = self.namespace.is_none() || self.namespace.as_deref() == namespace;
        self.kind == kind && self.name == name && same_namespace
    }
}

#[derive(Debug, Clone)]
pub(super) struct NamespaceRule {
    pub(super) name: GlobMatcher,
    pub(super) target: Target,
}

#[derive(Debug, Clone)]
pub(super) struct PathRule {
    pub(super) pattern: Gitignore,
    pub(super) target: Target,
}

/// Patterns as in `.gitignore`; the last that matches decides.
#[derive(Debug, Clone)]
pub(super) struct Excludes {
    pub(super) patterns: Gitignore,
    /// The pattern's text and its line.
    pub(super) lines: Vec<(String, usize)>,
}

impl Excludes {
    /// The line of the pattern that excludes the file at `relative`.
    pub(super) fn line(&self, relative: &Path) -> Option<usize> {
        let found = self.patterns.matched_path_or_any_parents(relative, false);
        let glob = found.is_ignore().then(|| found.inner()).flatten()?;
        self.lines
            .iter()
            .rev()
            .find(|(text, _)| text == glob.original())
            .map(|(_, line)| *line)
    }
}

impl Default for Excludes {
    fn default() -> Excludes {
        Excludes {
            patterns: Gitignore::empty(),
            lines: Vec::new(),
        }
    }
}

impl PathRule {
    pub(super) fn matches(&self, relative: &Path) -> bool {
        self.pattern.matched_path_or_any_parents(relative, false).is_ignore()
    }
}
