//! Objects that tell somebody else to install what is not in them: releases of Helm, applications of Argo CD, Kustomizations
//! of Flux. Their pods are unknown; into which namespace they go, they mostly say.

use super::kinds;
use super::objects::{Object, objects};
use crate::yaml::NodeRef;

/// An object that has others installed.
#[derive(Debug, Clone)]
pub struct Installer<'d> {
    pub kind: &'static str,
    pub name: &'d str,
    pub line: usize,
    pub goes_to: GoesTo<'d>,
}

/// The namespace of what is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoesTo<'d> {
    Named(&'d str),
    /// That of the object itself, which is this as far as the object says it.
    Own(Option<&'d str>),
    /// Whatever the objects say that are installed.
    Open,
}

/// What holds where an object does not say where it installs.
#[derive(Debug, Clone, Copy)]
enum Otherwise {
    Own,
    Default,
    Open,
}

struct Row {
    kind: &'static str,
    group: &'static str,
    namespace: &'static [&'static str],
    otherwise: Otherwise,
}

const TARGET: &[&str] = &["spec", "targetNamespace"];

const ROWS: &[Row] = &[
    Row {
        kind: "HelmRelease",
        group: "helm.toolkit.fluxcd.io",
        namespace: TARGET,
        otherwise: Otherwise::Own,
    },
    Row {
        kind: "HelmChart",
        group: "helm.cattle.io",
        namespace: TARGET,
        otherwise: Otherwise::Default,
    },
    Row {
        kind: "Kustomization",
        group: "kustomize.toolkit.fluxcd.io",
        namespace: TARGET,
        otherwise: Otherwise::Open,
    },
    Row {
        kind: "Application",
        group: "argoproj.io",
        namespace: &["spec", "destination", "namespace"],
        otherwise: Otherwise::Open,
    },
    Row {
        kind: "ApplicationSet",
        group: "argoproj.io",
        namespace: &["spec", "template", "spec", "destination", "namespace"],
        otherwise: Otherwise::Open,
    },
];

/// Whether bytes may hold such an object. May say yes too often.
pub fn shows_installer(bytes: &[u8]) -> bool {
    ROWS.iter().any(|row| kinds::names_kind(bytes, row.kind))
}

/// Whether an object of this kind has others installed.
pub fn is_installer(api_version: &str, kind: &str) -> bool {
    row(api_version, kind).is_some()
}

fn row(api_version: &str, kind: &str) -> Option<&'static Row> {
    let group = kinds::group(api_version);
    ROWS.iter().find(|row| row.kind == kind && row.group == group)
}

/// Those of a document: its object, or the items of a list of objects.
pub fn find<'d>(root: NodeRef<'d>) -> Vec<Installer<'d>> {
    objects(root).iter().filter_map(read).collect()
}

fn read<'d>(found: &Object<'d>) -> Option<Installer<'d>> {
    let object = found.node;
    let text = |keys: &[&str]| object.at(keys).and_then(NodeRef::as_str);
    let row = row(found.api_version()?, found.kind()?)?;
    // What a generator fills in is not known here.
    let named = text(row.namespace).filter(|name| !name.is_empty());
    let goes_to = match (named, row.otherwise) {
        (Some(name), _) if name.contains("{{") => GoesTo::Open,
        (Some(name), _) => GoesTo::Named(name),
        (None, Otherwise::Own) => GoesTo::Own(text(&["metadata", "namespace"])),
        (None, Otherwise::Default) => GoesTo::Named("default"),
        (None, Otherwise::Open) => GoesTo::Open,
    };
    Some(Installer {
        kind: row.kind,
        name: text(&["metadata", "name"]).unwrap_or(""),
        line: object.line(),
        goes_to,
    })
}
