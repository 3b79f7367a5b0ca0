//! The keys of `harden.yaml` as they are written; `parse` turns them into a `Config`.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer};

use super::words::{Accept, Platform, ReadOnlyRoot};
use crate::checks::{Level, PolicyVersion};
use crate::profiles::Profile;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Written {
    pub(super) level: Option<Level>,
    pub(super) policy_version: Option<PolicyVersion>,
    pub(super) accept: Option<Accept>,
    pub(super) platform: Option<Platform>,
    pub(super) read_only_root: Option<ReadOnlyRoot>,
    pub(super) assumed_comment: Option<bool>,
    #[serde(deserialize_with = "or_empty")]
    pub(super) exclude: Vec<String>,
    #[serde(deserialize_with = "or_empty")]
    pub(super) images: Vec<Profile>,
    #[serde(deserialize_with = "or_empty")]
    pub(super) mirrors: Vec<String>,
    #[serde(deserialize_with = "or_empty")]
    pub(super) profile_dirs: Vec<PathBuf>,
    #[serde(deserialize_with = "or_empty")]
    pub(super) namespaces: Vec<WrittenNamespace>,
    #[serde(deserialize_with = "or_empty")]
    pub(super) paths: Vec<WrittenPath>,
    #[serde(deserialize_with = "or_empty")]
    pub(super) overrides: Vec<WrittenOverride>,
    #[serde(deserialize_with = "or_empty")]
    pub(super) kinds: Vec<WrittenKind>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenNamespace {
    pub(super) name: String,
    pub(super) level: Option<Level>,
    pub(super) policy_version: Option<PolicyVersion>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenPath {
    pub(super) path: String,
    pub(super) level: Option<Level>,
    pub(super) policy_version: Option<PolicyVersion>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenOverride {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) container: Option<String>,
    pub(super) field: String,
    pub(super) value: Option<serde_yaml::Value>,
    #[serde(default)]
    pub(super) remove: bool,
}

/// A kind of custom resource that holds pods.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenKind {
    pub(super) group: String,
    pub(super) kind: String,
    pub(super) pods: Vec<String>,
}

/// A key whose entries are all commented out is an empty list, not a mistake.
fn or_empty<'de, D, T>(reader: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(reader)?.unwrap_or_default())
}
