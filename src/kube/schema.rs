//! The types of the pod fields that `harden` reads or writes, and what in a manifest contradicts them. The API server
//! refuses such an object, so no verdict about it means anything. Knows types only, no allowed values. What config says
//! of single fields is held to the same tables in `fields`.

use super::pod::Pod;
use crate::yaml::{FieldPath, Meaning, NodeRef};
use Type::{Bool, Int32, Int64, IntOrText, List, Object, Text, TextMap};

/// A field whose value the API server cannot decode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongType {
    /// Relative to the object.
    pub path: FieldPath,
    pub line: usize,
    /// `expected a boolean, found a string`
    pub what: String,
}

/// What the API server's decoder accepts for a field; null it accepts everywhere.
#[derive(Debug, Clone, Copy)]
pub(super) enum Type {
    Bool,
    Text,
    Int32,
    Int64,
    IntOrText,
    TextMap,
    List(&'static Type),
    /// Keys that are not listed may be anything.
    Object(Fields),
}

pub(super) type Fields = &'static [(&'static str, Type)];

const TEXTS: Type = List(&Text);

const METADATA: Type = Object(&[
    ("name", Text),
    ("namespace", Text),
    ("annotations", TextMap),
    ("labels", TextMap),
]);

pub(super) const POD_SPEC: Type = Object(&[
    ("automountServiceAccountToken", Bool),
    ("containers", List(&CONTAINER)),
    ("ephemeralContainers", List(&CONTAINER)),
    ("hostIPC", Bool),
    ("hostNetwork", Bool),
    ("hostPID", Bool),
    ("hostUsers", Bool),
    ("initContainers", List(&CONTAINER)),
    ("nodeSelector", TextMap),
    ("os", Object(&[("name", Text)])),
    ("restartPolicy", Text),
    ("runtimeClassName", Text),
    ("securityContext", Object(POD_SECURITY_CONTEXT)),
    ("shareProcessNamespace", Bool),
    ("volumes", List(&VOLUME)),
]);

const POD_SECURITY_CONTEXT: Fields = &[
    ("appArmorProfile", PROFILE),
    ("fsGroup", Int64),
    ("fsGroupChangePolicy", Text),
    ("runAsGroup", Int64),
    ("runAsNonRoot", Bool),
    ("runAsUser", Int64),
    ("seLinuxChangePolicy", Text),
    ("seLinuxOptions", SE_LINUX_OPTIONS),
    ("seccompProfile", PROFILE),
    ("supplementalGroups", List(&Int64)),
    ("supplementalGroupsPolicy", Text),
    ("sysctls", List(&Object(&[("name", Text), ("value", Text)]))),
    ("windowsOptions", WINDOWS_OPTIONS),
];

pub(super) const CONTAINER: Type = Object(&[
    ("args", TEXTS),
    ("command", TEXTS),
    ("env", List(&Object(&[("name", Text), ("value", Text)]))),
    ("image", Text),
    (
        "lifecycle",
        Object(&[("postStart", HANDLER), ("preStop", HANDLER), ("stopSignal", Text)]),
    ),
    ("livenessProbe", HANDLER),
    ("name", Text),
    ("ports", List(&PORT)),
    ("readinessProbe", HANDLER),
    ("restartPolicy", Text),
    ("securityContext", Object(SECURITY_CONTEXT)),
    ("startupProbe", HANDLER),
    ("volumeMounts", List(&VOLUME_MOUNT)),
    ("workingDir", Text),
]);

const SECURITY_CONTEXT: Fields = &[
    ("allowPrivilegeEscalation", Bool),
    ("appArmorProfile", PROFILE),
    ("capabilities", Object(&[("add", TEXTS), ("drop", TEXTS)])),
    ("privileged", Bool),
    ("procMount", Text),
    ("readOnlyRootFilesystem", Bool),
    ("runAsGroup", Int64),
    ("runAsNonRoot", Bool),
    ("runAsUser", Int64),
    ("seLinuxOptions", SE_LINUX_OPTIONS),
    ("seccompProfile", PROFILE),
    ("windowsOptions", WINDOWS_OPTIONS),
];

/// Of seccomp and of AppArmor.
const PROFILE: Type = Object(&[("type", Text), ("localhostProfile", Text)]);

const SE_LINUX_OPTIONS: Type = Object(&[("level", Text), ("role", Text), ("type", Text), ("user", Text)]);

const WINDOWS_OPTIONS: Type = Object(&[
    ("gmsaCredentialSpec", Text),
    ("gmsaCredentialSpecName", Text),
    ("hostProcess", Bool),
    ("runAsUserName", Text),
]);

/// A probe or what a lifecycle event runs.
const HANDLER: Type = Object(&[
    ("exec", Object(&[("command", TEXTS)])),
    (
        "httpGet",
        Object(&[("host", Text), ("path", Text), ("port", IntOrText), ("scheme", Text)]),
    ),
    ("tcpSocket", Object(&[("host", Text), ("port", IntOrText)])),
]);

const PORT: Type = Object(&[
    ("containerPort", Int32),
    ("hostIP", Text),
    ("hostPort", Int32),
    ("name", Text),
    ("protocol", Text),
]);

const VOLUME_MOUNT: Type = Object(&[
    ("mountPath", Text),
    ("name", Text),
    ("readOnly", Bool),
    ("subPath", Text),
    ("subPathExpr", Text),
]);

const SOURCE: Type = Object(&[]);

const VOLUME: Type = Object(&[
    ("awsElasticBlockStore", SOURCE),
    ("azureDisk", SOURCE),
    ("azureFile", SOURCE),
    ("cephfs", SOURCE),
    ("cinder", SOURCE),
    ("configMap", Object(&[("name", Text), ("defaultMode", Int32)])),
    ("csi", Object(&[("driver", Text), ("readOnly", Bool)])),
    ("downwardAPI", Object(&[("defaultMode", Int32)])),
    ("emptyDir", Object(&[("medium", Text)])),
    ("ephemeral", SOURCE),
    ("fc", SOURCE),
    ("flexVolume", SOURCE),
    ("flocker", SOURCE),
    ("gcePersistentDisk", SOURCE),
    ("gitRepo", SOURCE),
    ("glusterfs", SOURCE),
    ("hostPath", Object(&[("path", Text), ("type", Text)])),
    ("image", SOURCE),
    ("iscsi", SOURCE),
    ("name", Text),
    ("nfs", SOURCE),
    (
        "persistentVolumeClaim",
        Object(&[("claimName", Text), ("readOnly", Bool)]),
    ),
    ("photonPersistentDisk", SOURCE),
    ("portworxVolume", SOURCE),
    ("projected", Object(&[("defaultMode", Int32)])),
    ("quobyte", SOURCE),
    ("rbd", SOURCE),
    ("scaleIO", SOURCE),
    ("secret", Object(&[("secretName", Text), ("defaultMode", Int32)])),
    ("storageos", SOURCE),
    ("vsphereVolume", SOURCE),
]);

/// Everything in a pod's spec and metadata that the API server cannot decode, in the order of the tables above.
pub fn wrong_types(pod: &Pod) -> Vec<WrongType> {
    let mut found = Vec::new();
    collect(pod.spec, &Trail::at(&pod.path), POD_SPEC, &mut found);
    if let Some(metadata) = pod.metadata {
        collect(metadata, &Trail::at(&pod.metadata_path), METADATA, &mut found);
    }
    found
}

/// The way to a node, made into a path only where something is wrong.
#[derive(Clone, Copy)]
struct Trail<'a> {
    above: Option<&'a Trail<'a>>,
    base: &'a FieldPath,
    key: &'a str,
    index: usize,
}

impl<'a> Trail<'a> {
    fn at(base: &'a FieldPath) -> Trail<'a> {
        Trail {
            above: None,
            base,
            key: "",
            index: 0,
        }
    }

    fn key(&'a self, key: &'a str) -> Trail<'a> {
        Trail {
            above: Some(self),
            base: self.base,
            key,
            index: 0,
        }
    }

    /// An empty key says that the step is an index.
    fn index(&'a self, index: usize) -> Trail<'a> {
        Trail {
            above: Some(self),
            base: self.base,
            key: "",
            index,
        }
    }

    fn path(&self) -> FieldPath {
        match self.above {
            None => self.base.clone(),
            Some(above) if self.key.is_empty() => above.path().index(self.index),
            Some(above) => above.path().key(self.key.to_string()),
        }
    }
}

/// Recurses over the tables, not over the input: as deep as they are.
fn collect(node: NodeRef, trail: &Trail, wanted: Type, found: &mut Vec<WrongType>) {
    if node.is_null() {
        return;
    }
    match wanted {
        Object(fields) if node.is_mapping() => {
            for (key, wanted) in fields {
                if let Some(child) = node.get(key) {
                    collect(child, &trail.key(key), *wanted, found);
                }
            }
        }
        TextMap if node.is_mapping() => {
            for (key, child) in node.entries() {
                collect(child, &trail.key(key.key_text().unwrap_or("?")), Text, found);
            }
        }
        List(wanted) if node.is_sequence() => {
            for (index, child) in node.items().enumerate() {
                collect(child, &trail.index(index), *wanted, found);
            }
        }
        _ if is_scalar(node, wanted) => {}
        _ => found.push(WrongType {
            path: trail.path(),
            line: node.line(),
            what: format!("expected {}, found {}", wanted.name(), name_of(node)),
        }),
    }
}

fn is_scalar(node: NodeRef, wanted: Type) -> bool {
    let int = node.as_int();
    match wanted {
        Bool => node.as_bool().is_some(),
        Text => node.as_str().is_some(),
        Int32 => int.is_some_and(|n| i32::try_from(n).is_ok()),
        Int64 => int.is_some_and(|n| i64::try_from(n).is_ok()),
        IntOrText => int.is_some() || node.as_str().is_some(),
        TextMap | List(_) | Object(_) => false,
    }
}

fn name_of(node: NodeRef) -> &'static str {
    match node.scalar() {
        None if node.is_sequence() => "a list",
        None => "a mapping",
        Some(value) => name_of_value(&value),
    }
}

pub(super) fn name_of_value(value: &Meaning) -> &'static str {
    match value {
        Meaning::Map(_) => "a mapping",
        Meaning::List(_) => "a list",
        Meaning::Null => "null",
        Meaning::Bool(_) => "a boolean",
        Meaning::Int(_) | Meaning::Float(_) => "a number",
        Meaning::Str(_) => "a string",
        Meaning::Tagged(..) => "a value with a tag",
    }
}

impl Type {
    pub(super) fn name(self) -> &'static str {
        match self {
            Bool => "a boolean",
            Text => "a string",
            Int32 => "a whole number of 32 bits",
            Int64 => "a whole number",
            IntOrText => "a whole number or a string",
            TextMap => "a mapping of strings",
            List(_) => "a list",
            Object(_) => "a mapping",
        }
    }
}
