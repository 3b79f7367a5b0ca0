//! The keys of `harden.yaml` as they are written; `parse` turns them into a `Config`.

use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::words::{Accept, Platform, ReadOnlyRoot};
use crate::checks::{Level, PolicyVersion};
use crate::kube::release::Release;
use crate::profiles::Profile;

/// The decisions of the owners of a repository.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "harden.yaml")]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Written {
    /// The Pod Security level to reach.
    #[schemars(schema_with = "level")]
    #[serde(default)]
    pub(super) level: Option<Level>,
    /// The release whose Pod Security rules apply: `latest` or `v1.N`.
    #[schemars(schema_with = "policy_version")]
    #[serde(default)]
    pub(super) policy_version: Option<PolicyVersion>,
    /// The release of Kubernetes that the manifests are for, such as `"1.30"`: fields that it does not know are not written.
    #[schemars(schema_with = "release")]
    #[serde(default)]
    pub(super) kube_version: Option<Release>,
    /// How far to go: known facts only, also marked assumptions, or also against explicit settings.
    #[schemars(schema_with = "accept")]
    #[serde(default)]
    pub(super) accept: Option<Accept>,
    /// What the manifests are applied to; OpenShift gives ids itself.
    #[schemars(schema_with = "platform")]
    #[serde(default)]
    pub(super) platform: Option<Platform>,
    /// Where root file systems become read-only.
    #[schemars(schema_with = "read_only_root")]
    #[serde(default)]
    pub(super) read_only_root: Option<ReadOnlyRoot>,
    /// Whether an assumed value gets the comment `# harden: assumed`.
    pub(super) assumed_comment: Option<bool>,
    /// Patterns as in .gitignore for files that are left alone.
    #[schemars(with = "Option<Vec<String>>")]
    #[serde(deserialize_with = "or_empty")]
    pub(super) exclude: Vec<String>,
    /// Facts about images, laid over the built-in profiles.
    #[schemars(with = "Option<Vec<Profile>>")]
    #[serde(deserialize_with = "or_empty")]
    pub(super) images: Vec<Profile>,
    /// Registry prefixes that serve copies of public images, such as `harbor.corp/hub`.
    #[schemars(with = "Option<Vec<String>>")]
    #[serde(deserialize_with = "or_empty")]
    pub(super) mirrors: Vec<String>,
    /// Folders with further profiles, below the config.
    #[schemars(with = "Option<Vec<PathBuf>>")]
    #[serde(deserialize_with = "or_empty")]
    pub(super) profile_dirs: Vec<PathBuf>,
    /// What is asked of the workloads of a namespace.
    #[schemars(with = "Option<Vec<WrittenNamespace>>")]
    #[serde(deserialize_with = "or_empty")]
    pub(super) namespaces: Vec<WrittenNamespace>,
    /// What is asked of the workloads in files.
    #[schemars(with = "Option<Vec<WrittenPath>>")]
    #[serde(deserialize_with = "or_empty")]
    pub(super) paths: Vec<WrittenPath>,
    /// Fields of single workloads that are decided here, against the manifest if need be.
    #[schemars(with = "Option<Vec<WrittenOverride>>")]
    #[serde(deserialize_with = "or_empty")]
    pub(super) overrides: Vec<WrittenOverride>,
    /// Custom resources that hold whole pods, beside those that are known.
    #[schemars(with = "Option<Vec<WrittenKind>>")]
    #[serde(deserialize_with = "or_empty")]
    pub(super) kinds: Vec<WrittenKind>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenNamespace {
    pub(super) name: String,
    /// The Pod Security level to reach.
    #[schemars(schema_with = "level")]
    #[serde(default)]
    pub(super) level: Option<Level>,
    /// The release whose Pod Security rules apply: `latest` or `v1.N`.
    #[schemars(schema_with = "policy_version")]
    #[serde(default)]
    pub(super) policy_version: Option<PolicyVersion>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenPath {
    pub(super) path: String,
    /// The Pod Security level to reach.
    #[schemars(schema_with = "level")]
    #[serde(default)]
    pub(super) level: Option<Level>,
    /// The release whose Pod Security rules apply: `latest` or `v1.N`.
    #[schemars(schema_with = "policy_version")]
    #[serde(default)]
    pub(super) policy_version: Option<PolicyVersion>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenOverride {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) container: Option<String>,
    /// Below the pod spec, or below the container where one is named.
    pub(super) field: String,
    /// What the field becomes.
    #[schemars(with = "serde_json::Value")]
    #[serde(default)]
    pub(super) value: Option<serde_yaml::Value>,
    /// Removes the field; a volume whose source goes becomes an emptyDir.
    #[serde(default)]
    pub(super) remove: bool,
}

/// A kind of custom resource that holds pods.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenKind {
    /// The API group: what stands before the slash of `apiVersion`.
    pub(super) group: String,
    pub(super) kind: String,
    /// Where the pod templates or pod specs are: keys with dots, `*` for every item or entry.
    pub(super) pods: Vec<String>,
}

/// The JSON schema of a `harden.yaml`, for editors.
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(Written).to_value()
}

fn level(_: &mut SchemaGenerator) -> Schema {
    one_of(Level::ALL.iter().map(|level| level.name()))
}

fn policy_version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "pattern": "^(latest|v1\\.(0|[1-9][0-9]*))$"})
}

fn release(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": ["string", "number"], "pattern": "^v?1\\.(0|[1-9][0-9]*)(\\.[0-9]+)?([-+].*)?$"})
}

fn accept(_: &mut SchemaGenerator) -> Schema {
    one_of(Accept::WORDS.iter().map(|(word, _)| *word))
}

fn platform(_: &mut SchemaGenerator) -> Schema {
    one_of(Platform::WORDS.iter().map(|(word, _)| *word))
}

fn read_only_root(_: &mut SchemaGenerator) -> Schema {
    one_of(ReadOnlyRoot::WORDS.iter().map(|(word, _)| *word))
}

fn one_of<'w>(words: impl Iterator<Item = &'w str>) -> Schema {
    json_schema!({"enum": words.collect::<Vec<_>>()})
}

/// A key whose entries are all commented out is an empty list, not a mistake.
fn or_empty<'de, D, T>(reader: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(reader)?.unwrap_or_default())
}
