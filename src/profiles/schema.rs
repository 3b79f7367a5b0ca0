//! The shape of a profile: one YAML file in `profiles/`, and one entry of `images:` in `harden.yaml`.
//! Described for people in `profiles/README.md`. Reads and holds; matching, merging and checking are elsewhere.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::condition::Condition;
use super::versions::Versions;

/// Statements about an image. A variant is a profile inside a profile that says `tags` or `versions`
/// instead of `repositories`, and overrides what differs for them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Profile {
    pub name: Option<String>,
    /// `docker.io/library/postgres`; `*` matches any run of characters. In `images:` short names work too.
    pub repositories: Vec<String>,
    /// Globs over the tag, one of which must match. Empty: every tag.
    pub tags: Vec<String>,
    /// The version a tag starts with; a tag without one does not match.
    #[schemars(with = "Option<String>")]
    pub versions: Option<Versions>,
    /// In `images:` only: the Dockerfile that the image is built from, relative to the config.
    pub dockerfile: Option<String>,
    /// The uid the image runs as.
    pub user: Option<u32>,
    pub group: Option<u32>,
    /// What the image's own `USER` is; a named one fails under `runAsNonRoot` without a numeric `runAsUser`.
    pub image_user: Option<ImageUser>,
    /// Whether the image works under every uid.
    pub any_user: Option<bool>,
    pub fs_group: Option<u32>,
    pub fs_group_when: Option<FsGroupWhen>,
    pub fs_group_change_policy: Option<ChangePolicy>,
    /// Files that an fsGroup spoils where they are there already.
    pub owner_only: Option<OwnerOnly>,
    pub read_only_root: Option<ReadOnlyRoot>,
    pub read_only_root_reason: Option<String>,
    /// Merged by path where a variant or an `images:` entry adds to it.
    pub writable: Vec<WritablePath>,
    /// `VOLUME`s of the image: writable with some runtimes, read-only with others, so always mounted.
    pub volumes: Option<Vec<String>>,
    /// Ports below 1024 on which the image listens unless told otherwise.
    pub ports: Option<Vec<Port>>,
    /// File capabilities of the image's binary that must stay in the bounding set, or it cannot be executed.
    pub capabilities: Option<Vec<String>>,
    pub data: Option<Data>,
    /// Merged by name.
    pub env: Vec<EnvVar>,
    pub probes: Option<Vec<Probe>>,
    /// What tells the image to write elsewhere.
    pub moves: Option<Vec<Move>>,
    /// Present where the image cannot run as non-root at all.
    pub root_only: Option<RootOnly>,
    /// Sentences for the user. Those of variants and `images:` entries are added.
    pub advice: Vec<String>,
    pub evidence: Option<Evidence>,
    /// The first whose `tags` and `versions` match wins; none matching leaves the statements above.
    pub variants: Vec<Profile>,
}

impl Profile {
    /// What people know it by.
    pub fn shown(&self) -> String {
        let name = self.name.as_ref().or(self.repositories.first());
        name.cloned().unwrap_or_default()
    }

    /// The same for a variant, which mostly is its tags.
    pub fn shown_as_variant(&self) -> String {
        let versions = || self.versions.as_ref().map(ToString::to_string);
        let tags = || (!self.tags.is_empty()).then(|| self.tags.join(", "));
        self.name.clone().or_else(tags).or_else(versions).unwrap_or_default()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ImageUser {
    /// No `USER`, or uid 0; often an entrypoint steps down.
    Root,
    /// `USER postgres`: kubelet cannot tell that it is not root.
    Named,
    Numeric,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FsGroupWhen {
    /// Where the container mounts storage that it writes.
    #[default]
    Storage,
    Always,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum ChangePolicy {
    OnRootMismatch,
    Always,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReadOnlyRoot {
    /// Set by default, with the writable paths.
    Recommended,
    /// Works with the writable paths; set only on request.
    Possible,
    No,
}

/// A path that a process of the image writes. A plain string is a path with everything else at its default.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct WritablePath {
    /// Absolute and cleaned: no `.`, `..`, doubled or trailing slash.
    pub path: String,
    pub why: Option<String>,
    pub when: When,
    /// The image has files there which an empty directory would hide: never mounted over, only reported.
    pub ships_content: bool,
    /// A Kubernetes quantity for the `emptyDir`.
    pub size_limit: Option<String>,
    pub medium: Option<Medium>,
    /// All of it must hold for the path to count.
    pub only_if: Condition,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// Even with a writable root, because the image's directory belongs to root.
    Always,
    #[default]
    ReadOnlyRoot,
    /// Only under a uid that is not the image's own, and then whatever the root is.
    AnyUser,
    /// Takes back a path that the profile names elsewhere.
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Medium {
    Memory,
}

#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Port {
    pub port: u16,
    #[serde(default)]
    pub only_if: Condition,
}

/// Where the image keeps its data, for images that cannot use a volume's root itself.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Data {
    /// The default data directory.
    pub path: String,
    /// The environment variable that moves it (`PGDATA`).
    pub env: String,
    /// Directory under `path` that works where a volume is mounted at `path` itself.
    pub subdirectory: String,
    #[serde(default)]
    pub why: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EnvVar {
    pub name: String,
    pub value: String,
    #[serde(default)]
    pub why: Option<String>,
    #[serde(default)]
    pub when: When,
    #[serde(default)]
    pub only_if: Condition,
}

/// An exec probe that fails under a uid that the image's `/etc/passwd` does not know.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Probe {
    /// The command's name, e.g. `pg_isready`.
    pub command: String,
    /// Arguments with one of which it works all the same.
    #[serde(default)]
    pub unless: Vec<String>,
    #[serde(default)]
    pub only_if: Condition,
    pub why: String,
}

/// A variable, or options of the image's program, that say where something lies which it writes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Move {
    /// `PGDATA`. This or `flags`.
    pub env: Option<String>,
    /// As they are written: `--datadir`, which takes `--datadir=/x` and `--datadir /x`.
    pub flags: Vec<String>,
    /// The programs whose options they are.
    pub of: Vec<String>,
    /// What lies there, as in "has its data in /x".
    pub what: String,
    /// They name a file, not its directory.
    pub file: bool,
    /// The image's entrypoint makes the place or gives it away while it is root.
    pub made_by_root: bool,
}

/// Files that their program takes only while nobody but their owner may read them. An fsGroup opens what a volume holds.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OwnerOnly {
    /// Where they lie, or a folder above; `/` where the configuration says it.
    pub path: String,
    /// Which they are, and what comes of them being open.
    pub why: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RootOnly {
    pub why: String,
    /// The variant or image to use instead.
    pub instead: String,
}

/// What the statements rest on. A variant without evidence shares that of its profile.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Evidence {
    pub class: Class,
    #[serde(default)]
    pub sources: Vec<String>,
    /// Statements that rest on something else than `class`.
    #[serde(default)]
    pub facts: BTreeMap<Field, Class>,
}

/// Strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Somebody started it exactly so.
    Tested,
    /// Read in the image's Dockerfile or entrypoint.
    Dockerfile,
    /// Said by the project's documentation, issues or manifests.
    Docs,
    /// Not verified; a plan that uses it says `assumed`.
    Guess,
}

/// A statement of a profile, as named in `evidence.facts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    User,
    Group,
    ImageUser,
    AnyUser,
    FsGroup,
    OwnerOnly,
    ReadOnlyRoot,
    Writable,
    Volumes,
    Ports,
    Capabilities,
    Data,
    Env,
    Probes,
    Moves,
    RootOnly,
}

/// The JSON schema of a profile, for editors.
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(Profile).to_value()
}

impl WritablePath {
    /// A `VOLUME` of the image: some runtimes make it read-only together with the root.
    pub(super) fn declared_volume(path: &str) -> WritablePath {
        WritablePath {
            why: Some("a volume that the image declares".to_string()),
            ..WritablePath::plain(path)
        }
    }

    /// A path with everything else at its default.
    pub fn plain(path: &str) -> WritablePath {
        WritablePath {
            path: path.to_string(),
            why: None,
            when: When::default(),
            ships_content: false,
            size_limit: None,
            medium: None,
            only_if: Condition::default(),
        }
    }
}

/// The long form of a writable path; `WritablePath` itself also accepts a string.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WritableMap {
    path: String,
    #[serde(default)]
    why: Option<String>,
    #[serde(default)]
    when: When,
    #[serde(default)]
    ships_content: bool,
    #[serde(default)]
    size_limit: Option<String>,
    #[serde(default)]
    medium: Option<Medium>,
    #[serde(default)]
    only_if: Condition,
}

impl JsonSchema for WritablePath {
    fn schema_name() -> Cow<'static, str> {
        "WritablePath".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let map = generator.subschema_for::<WritableMap>();
        json_schema!({
            "description": "A path that a process of the image writes, or a mapping that says more about it.",
            "anyOf": [{"type": "string"}, map],
        })
    }
}

impl<'de> Deserialize<'de> for WritablePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<WritablePath, D::Error> {
        deserializer.deserialize_any(WritableVisitor)
    }
}

/// By hand, because an untagged enum would lose the line and the name of an unknown key.
struct WritableVisitor;

impl<'de> Visitor<'de> for WritableVisitor {
    type Value = WritablePath;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path or a mapping with `path`")
    }

    fn visit_str<E>(self, path: &str) -> Result<WritablePath, E> {
        Ok(WritablePath::plain(path))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WritablePath, A::Error> {
        let m = WritableMap::deserialize(MapAccessDeserializer::new(map))?;
        Ok(WritablePath {
            path: m.path,
            why: m.why,
            when: m.when,
            ships_content: m.ships_content,
            size_limit: m.size_limit,
            medium: m.medium,
            only_if: m.only_if,
        })
    }
}
