//! The configuration of an image, in OCI's and in Docker's spelling, to statements.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::found::{Found, read_in};
use super::program::{candidates, clean};
use super::users::{self, Names};
use crate::profiles::{Port, Profile};

/// More than this is no image that somebody made.
const MAX_ENTRIES: usize = 200;

/// The members of the configuration that say something; `docker image inspect` writes `null` for what is absent.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ImageConfig {
    user: Option<String>,
    exposed_ports: Option<BTreeMap<String, IgnoredAny>>,
    volumes: Option<BTreeMap<String, IgnoredAny>>,
    env: Option<Vec<String>>,
    entrypoint: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    working_dir: Option<String>,
}

/// An OCI configuration has `config`, an inspected image `Config`.
#[derive(Debug, Deserialize)]
struct Image {
    #[serde(alias = "Config")]
    config: Option<ImageConfig>,
}

/// What a JSON text says: one configuration, or a list with one inspected image.
pub(super) fn of_json(text: &str, source: &str) -> Result<Found, String> {
    let config = read(text)?;
    let mut found = Found {
        evidence: Some(read_in(format!("configuration of the image: {source}"))),
        ..Found::default()
    };
    config.state(&mut found, &Names::default());
    Ok(found)
}

/// # Errors
/// What is wrong, without the source's name.
pub(super) fn read(text: &str) -> Result<ImageConfig, String> {
    let broken = |error: serde_json::Error| format!("is no image configuration: {error}");
    let image: Image = if text.trim_start().starts_with('[') {
        let mut images: Vec<Image> = serde_json::from_str(text).map_err(broken)?;
        match (images.pop(), images.is_empty()) {
            (Some(image), true) => image,
            (None, _) => return Err("lists no image".to_string()),
            _ => return Err("lists several images; inspect one".to_string()),
        }
    } else {
        serde_json::from_str(text).map_err(broken)?
    };
    image.config.ok_or_else(|| {
        "has no `config`; take the output of `skopeo inspect --config` or `docker image inspect`".to_string()
    })
}

impl ImageConfig {
    pub(super) fn state(&self, found: &mut Found, names: &Names) {
        let user = self.user.as_deref().unwrap_or("");
        found.remarks.extend(users::state(&mut found.profile, user, names));
        let volumes = self.volumes.iter().flatten().map(|(path, _)| path.as_str());
        found.remarks.extend(state_volumes(&mut found.profile, volumes));
        let ports = self.exposed_ports.iter().flatten().map(|(port, _)| port.as_str());
        state_ports(&mut found.profile, ports);
    }

    /// The paths that are declared, cleaned.
    pub(super) fn volume_paths(&self) -> Vec<String> {
        let paths = self.volumes.iter().flatten().map(|(path, _)| path.as_str());
        paths.filter_map(clean).take(MAX_ENTRIES).collect()
    }

    /// Where the program may be that a container starts, in the order in which they are tried.
    pub(super) fn programs(&self) -> Vec<String> {
        let words = self.entrypoint.iter().chain(&self.cmd).flatten();
        let Some(program) = words.map(String::as_str).find(|word| !word.is_empty()) else {
            return Vec::new();
        };
        let path = self.env.iter().flatten().find_map(|line| line.strip_prefix("PATH="));
        candidates(program, path, self.working_dir.as_deref())
    }
}

/// States the volumes; the sentence names those that are no clean paths.
pub(super) fn state_volumes<'t>(profile: &mut Profile, paths: impl Iterator<Item = &'t str>) -> Option<String> {
    let (mut stated, mut odd) = (Vec::new(), Vec::new());
    for path in paths.take(MAX_ENTRIES) {
        match clean(path) {
            Some(path) if !stated.contains(&path) => stated.push(path),
            Some(_) => {}
            None => odd.push(format!("{path:?}")),
        }
    }
    if !stated.is_empty() {
        profile.volumes = Some(stated);
    }
    (!odd.is_empty()).then(|| format!("these volumes are no absolute paths: {}", odd.join(", ")))
}

/// States those below 1024, of `80`, `80/tcp` and `80-81/tcp`.
pub(super) fn state_ports<'t>(profile: &mut Profile, ports: impl Iterator<Item = &'t str>) {
    let mut stated: Vec<u16> = Vec::new();
    for port in ports.take(MAX_ENTRIES) {
        let numbers = port.split_once('/').map_or(port, |(numbers, _)| numbers);
        let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
        if let (Ok(first), Ok(last)) = (first.parse::<u16>(), last.parse::<u16>()) {
            stated.extend(first.max(1)..=last.min(1023));
        }
    }
    stated.sort_unstable();
    stated.dedup();
    let ports: Vec<Port> = stated
        .into_iter()
        .take(MAX_ENTRIES)
        .map(|port| Port {
            port,
            only_if: crate::profiles::Condition {
                command: Some(false),
                ..Default::default()
            },
        })
        .collect();
    if !ports.is_empty() {
        profile.ports = Some(ports);
    }
}
