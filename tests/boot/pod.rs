//! What a manifest says of how its container runs, read from it and written down for pod.sh. Knows no server.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_yaml::Value;

/// Of a workload with one container, what decides how it runs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pod {
    pub(crate) image: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) volumes: Vec<Volume>,
    pub(crate) user: Option<u64>,
    pub(crate) group: Option<u64>,
    pub(crate) fs_group: Option<u64>,
    pub(crate) change_policy: Option<String>,
    pub(crate) sysctls: Vec<(String, String)>,
    pub(crate) capabilities: Vec<String>,
    pub(crate) read_only: bool,
    /// No escalation, and all capabilities dropped.
    pub(crate) confined: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Volume {
    pub(crate) kind: Kind,
    pub(crate) path: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Empty,
    /// A claim whose volume is new.
    Storage,
    /// One whose volume the server has used before, without a group.
    Used,
    /// The files of a ConfigMap, with their content.
    Files(Vec<(String, String)>),
}

impl Pod {
    /// Of the first workload in the manifest.
    pub(crate) fn read(manifest: &str) -> Pod {
        let documents: Vec<Value> = serde_yaml::Deserializer::from_str(manifest)
            .map(|document| Value::deserialize(document).unwrap())
            .collect();
        let workload = documents.iter().find(|d| d["kind"] != "ConfigMap").unwrap();
        let template = &workload["spec"]["template"]["spec"];
        let spec = if template.is_null() {
            &workload["spec"]
        } else {
            template
        };
        let container = &spec["containers"][0];
        assert_eq!(list(&spec["containers"]).len(), 1);
        let (of_pod, own) = (&spec["securityContext"], &container["securityContext"]);
        let effective = |field: &str| own[field].as_u64().or(of_pod[field].as_u64());
        let pairs = |entries: &Value| {
            list(entries)
                .iter()
                .map(|e| (text(&e["name"]), text(&e["value"])))
                .collect()
        };
        assert!(
            container["command"].is_null(),
            "the entrypoints here stand for the image's own"
        );
        let mounts = list(&container["volumeMounts"]).iter();
        Pod {
            image: text(&container["image"]),
            arguments: list(&container["args"]).iter().map(text).collect(),
            env: pairs(&container["env"]),
            volumes: mounts.map(|mount| Volume::read(mount, spec, &documents)).collect(),
            user: effective("runAsUser"),
            group: effective("runAsGroup"),
            fs_group: of_pod["fsGroup"].as_u64(),
            change_policy: of_pod["fsGroupChangePolicy"].as_str().map(str::to_string),
            sysctls: pairs(&of_pod["sysctls"]),
            capabilities: list(&own["capabilities"]["add"]).iter().map(text).collect(),
            read_only: own["readOnlyRootFilesystem"] == true,
            confined: own["allowPrivilegeEscalation"] == false && own["capabilities"]["drop"][0] == "ALL",
        }
    }

    pub(crate) fn added<'p>(&'p self, original: &'p Pod) -> impl Iterator<Item = &'p Volume> {
        self.volumes.iter().filter(|volume| !original.volumes.contains(volume))
    }

    /// As sandbox.sh and pod.sh want it.
    pub(crate) fn describe(&self, folder: &Path) {
        let id = |id: Option<u64>| id.map_or(String::new(), |id| id.to_string());
        let settings = [
            ("IMAGE", self.image.clone()),
            ("USER_ID", id(self.user)),
            ("GROUP_ID", id(self.group)),
            ("FS_GROUP", id(self.fs_group)),
            ("CHANGE_POLICY", self.change_policy.clone().unwrap_or_default()),
            (
                "ROOT",
                if self.read_only { "read-only" } else { "writable" }.to_string(),
            ),
            ("CAPABILITIES", self.bounding_set()),
            ("SYSCTLS", lines(&self.sysctls).trim_end().replace('\n', " ")),
        ];
        let quoted = settings.iter().fold(String::new(), |mut all, (name, value)| {
            let _ = writeln!(all, "{name}='{value}'");
            all
        });
        fs::write(folder.join("settings"), quoted).unwrap();
        fs::write(folder.join("environment"), lines(&self.env)).unwrap();
        fs::write(folder.join("arguments"), self.arguments.join("\n")).unwrap();
        let mut volumes = String::new();
        for (index, volume) in self.volumes.iter().enumerate() {
            let _ = match &volume.kind {
                Kind::Empty => writeln!(volumes, "empty {}", volume.path),
                Kind::Used => writeln!(volumes, "used {}", volume.path),
                Kind::Storage => writeln!(volumes, "storage {}", volume.path),
                Kind::Files(files) => {
                    fs::create_dir(folder.join(index.to_string())).unwrap();
                    for (name, content) in files {
                        fs::write(folder.join(index.to_string()).join(name), content).unwrap();
                    }
                    writeln!(volumes, "files {} {index}", volume.path)
                }
            };
        }
        fs::write(folder.join("volumes"), volumes).unwrap();
    }
}

impl Pod {
    /// The capabilities that are left after all were dropped, as setpriv spells them.
    fn bounding_set(&self) -> String {
        let added = self
            .capabilities
            .iter()
            .map(|name| format!(",+{}", name.to_lowercase()));
        ["-all".to_string()].into_iter().chain(added).collect()
    }
}

impl Volume {
    fn read(mount: &Value, spec: &Value, documents: &[Value]) -> Volume {
        let named = |entry: &&Value| entry["name"] == mount["name"];
        let volume = list(&spec["volumes"]).iter().find(named);
        let kind = match volume {
            // Neither here nor elsewhere in the pod: a claim template.
            None => Kind::Storage,
            Some(volume) if !volume["configMap"].is_null() => {
                let map = documents.iter().find(|d| d["kind"] == "ConfigMap").unwrap();
                let data = map["data"].as_mapping().unwrap();
                Kind::Files(data.iter().map(|(name, content)| (text(name), text(content))).collect())
            }
            Some(volume) => {
                assert!(volume["emptyDir"].is_mapping(), "{volume:?}");
                Kind::Empty
            }
        };
        Volume {
            kind,
            path: text(&mount["mountPath"]),
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_sequence().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_string()
}

/// `name=value` lines.
fn lines(pairs: &[(String, String)]) -> String {
    pairs.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
}
