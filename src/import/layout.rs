//! An image on the disk: an OCI layout (a folder or a tar file) or what `docker save` writes. Finds the configuration
//! and the layers and puts together what they say.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tar::{Archive, Entries, EntryType};

use super::found::{Found, ImportError, read_in};
use super::image_config;
use super::layers::Layers;
use super::program::clean;
use super::unpack::{is_packed, unpacked};
use crate::files::{self, Reading};
use crate::kube::image::ImageRef;
use crate::profiles::WritablePath;

/// Of an index, a manifest or a configuration.
const MAX_JSON: u64 = 16 * 1024 * 1024;
const MAX_MEMBERS: usize = 100_000;
const MAX_LAYERS: usize = 1_000;
/// Of a compressed archive, once for its members and once more to get at them all.
const MAX_UNPACKED: u64 = 64 * 1024 * 1024 * 1024;
/// An index may name an index; more levels have no use.
const MAX_DEPTH: usize = 4;
/// A member of an archive may be a link to a link.
const MAX_LINKS: usize = 4;

const REF_NAME: &str = "org.opencontainers.image.ref.name";
const NET_BIND_SERVICE: u64 = 1 << 10;

/// An entry of an index, or a blob of a manifest.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    digest: String,
    #[serde(default)]
    media_type: String,
    #[serde(default)]
    annotations: HashMap<String, String>,
    platform: Option<Platform>,
}

#[derive(Debug, Clone, Deserialize)]
struct Platform {
    os: String,
    architecture: String,
}

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Manifest {
    config: Descriptor,
    layers: Vec<Descriptor>,
}

/// An entry of `manifest.json` in what `docker save` writes.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

/// Names of the configuration and of the layers, lowest first.
struct Parts {
    config: String,
    layers: Vec<String>,
}

/// Where the blobs are.
enum Store {
    Folder(PathBuf),
    Archive(Archived),
}

/// A tar file with its members by name.
struct Archived {
    file: Reading,
    members: HashMap<String, Member>,
    /// Nothing can be skipped in a compressed one: whatever stands before a member is unpacked for it.
    packed: bool,
    /// What may still be unpacked to get at members.
    budget: u64,
}

enum Member {
    /// Where the content starts, and its length.
    Content(u64, u64),
    /// Another member's name.
    Link(String),
}

type Outcome<T> = Result<T, String>;

pub(super) fn of_folder(folder: &Path, image: &ImageRef) -> Result<Found, ImportError> {
    let mut store = Store::Folder(folder.to_path_buf());
    of_store(&mut store, image, folder)
}

pub(super) fn of_archive(path: &Path, image: &ImageRef) -> Result<Found, ImportError> {
    let shown = path.display().to_string();
    let file = files::open(path).map_err(|reason| ImportError::of(&shown, &reason))?;
    let archived = Archived::read(file).map_err(|what| ImportError::new(format!("{shown}: {what}")))?;
    of_store(&mut Store::Archive(archived), image, path)
}

fn of_store(store: &mut Store, image: &ImageRef, from: &Path) -> Result<Found, ImportError> {
    let shown = from.display();
    found(store, image, &shown.to_string()).map_err(|what| ImportError::new(format!("{shown}: {what}")))
}

fn broken(error: io::Error) -> String {
    format!("is no readable tar file: {error}")
}

impl Archived {
    fn read(mut file: Reading) -> Outcome<Archived> {
        let mut head = Vec::new();
        file.by_ref().take(4).read_to_end(&mut head).map_err(broken)?;
        file.seek(SeekFrom::Start(0)).map_err(broken)?;
        let packed = is_packed(&head);
        let members = if packed {
            let whole = unpacked(&file).map_err(broken)?.take(MAX_UNPACKED);
            members(Archive::new(whole).entries().map_err(broken)?)?
        } else {
            members(Archive::new(&file).entries_with_seek().map_err(broken)?)?
        };
        Ok(Archived {
            file,
            members,
            packed,
            budget: MAX_UNPACKED,
        })
    }

    fn content(&self, name: &str) -> Option<(u64, u64)> {
        let mut name = name;
        for _ in 0..=MAX_LINKS {
            match self.members.get(name)? {
                Member::Content(start, size) => return Some((*start, *size)),
                Member::Link(target) => name = target,
            }
        }
        None
    }

    fn open(&mut self, name: &str) -> Outcome<Box<dyn Read + '_>> {
        let (start, size) = self.content(name).ok_or_else(|| format!("lacks {name}"))?;
        if !self.packed {
            self.file.seek(SeekFrom::Start(start)).map_err(broken)?;
            return Ok(Box::new(self.file.by_ref().take(size)));
        }
        let too_large = || "is compressed and too large to be read so; unpack it first".to_string();
        self.budget = self.budget.checked_sub(start).ok_or_else(too_large)?;
        self.file.seek(SeekFrom::Start(0)).map_err(broken)?;
        let mut whole = unpacked(&self.file).map_err(broken)?;
        io::copy(&mut whole.by_ref().take(start), &mut io::sink()).map_err(broken)?;
        Ok(Box::new(whole.take(size)))
    }
}

/// Names of blobs and of their folders fit in a header; longer ones are nothing that is looked for.
fn members<R: Read>(entries: Entries<'_, R>) -> Outcome<HashMap<String, Member>> {
    let mut members = HashMap::new();
    for entry in entries.raw(true).take(MAX_MEMBERS) {
        let entry = entry.map_err(broken)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let name = name.strip_prefix("./").unwrap_or(&name);
        let target = || Some(String::from_utf8_lossy(&entry.link_name_bytes()?).into_owned());
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        let member = match entry.header().entry_type() {
            EntryType::Regular => Some(Member::Content(entry.raw_file_position(), entry.size())),
            EntryType::Link => target().and_then(|target| linked("", &target)),
            EntryType::Symlink => target().and_then(|target| linked(folder, &target)),
            _ => None,
        };
        members.extend(member.map(|member| (name.to_string(), member)));
    }
    Ok(members)
}

/// A link from a folder of the archive; it leads to nothing but another member.
fn linked(folder: &str, target: &str) -> Option<Member> {
    let path = clean(&format!("/{folder}/{target}"))?;
    Some(Member::Link(path.strip_prefix('/')?.to_string()))
}

fn found(store: &mut Store, image: &ImageRef, shown: &str) -> Outcome<Found> {
    let parts = if store.has("index.json") {
        oci_parts(store, image)?
    } else if store.has("manifest.json") {
        saved_parts(store, image)?
    } else {
        return Err("holds neither index.json nor manifest.json; it is no OCI layout and no saved image".to_string());
    };
    let config = image_config::read(&store.text(&parts.config)?)?;
    let mut layers = Layers::new(config.volume_paths());
    if parts.layers.len() > MAX_LAYERS {
        return Err(format!("has more than {MAX_LAYERS} layers"));
    }
    for name in &parts.layers {
        layers
            .lay(store.open(name)?)
            .map_err(|error| format!("layer {name}: {error}"))?;
    }
    let mut found = Found {
        evidence: Some(read_in(format!("configuration and layers of the image: {shown}"))),
        ..Found::default()
    };
    config.state(&mut found, &layers.names());
    state_content(&mut found, &layers);
    state_capabilities(&mut found, &layers, &config.programs());
    Ok(found)
}

/// A volume that holds files of the image must not be covered by an empty one.
fn state_content(found: &mut Found, layers: &Layers) {
    let volumes = found.profile.volumes.iter().flatten();
    let filled = volumes.filter(|volume| layers.has_content(volume));
    found.profile.writable = filled
        .map(|volume| WritablePath {
            why: Some("a volume that the image declares and fills".to_string()),
            ships_content: true,
            ..WritablePath::plain(volume)
        })
        .collect();
}

/// Only the program that the image starts decides whether the container starts.
fn state_capabilities(found: &mut Found, layers: &Layers, programs: &[String]) {
    let with = |path: &String| Some((path.clone(), layers.capabilities(path)?));
    let Some((path, capabilities)) = programs.iter().find_map(with) else {
        return;
    };
    if capabilities.permitted & !NET_BIND_SERVICE != 0 {
        let why = if capabilities.effective {
            "it cannot be started where they are dropped"
        } else {
            "it does without them where they are dropped"
        };
        let remark = format!("{path} has more file capabilities than Pod Security restricted allows; {why}");
        found.remarks.push(remark);
    } else if capabilities.effective {
        found.profile.capabilities = Some(vec!["NET_BIND_SERVICE".to_string()]);
    }
}

fn oci_parts(store: &mut Store, image: &ImageRef) -> Outcome<Parts> {
    let mut name = "index.json".to_string();
    for _ in 0..MAX_DEPTH {
        let index: Index = store.json(&name)?;
        let chosen = choose(index.manifests, image)?;
        name = blob(&chosen.digest)?;
        let is_index = chosen.media_type.contains("index") || chosen.media_type.contains("manifest.list");
        if !is_index {
            let manifest: Manifest = store.json(&name)?;
            return Ok(Parts {
                config: blob(&manifest.config.digest)?,
                layers: manifest
                    .layers
                    .iter()
                    .map(|layer| blob(&layer.digest))
                    .collect::<Outcome<_>>()?,
            });
        }
    }
    Err("has an index within an index without end".to_string())
}

/// The one of that tag, or the only one; of several platforms, the usual one of clusters.
fn choose(manifests: Vec<Descriptor>, image: &ImageRef) -> Outcome<Descriptor> {
    let ref_name = |d: &Descriptor| d.annotations.get(REF_NAME).cloned();
    let is_tagged = |d: &Descriptor| ref_name(d).is_some_and(|name| names(&name, image));
    let is_usual = |d: &Descriptor| {
        let platform = d.platform.as_ref();
        platform.is_some_and(|p| p.os == "linux" && p.architecture == "amd64")
    };
    // What a builder says about an image has a place in the index, and no platform.
    let is_image = |d: &&Descriptor| d.platform.as_ref().is_none_or(|p| p.architecture != "unknown");
    let images: Vec<&Descriptor> = manifests.iter().filter(is_image).collect();
    let mut known: Vec<String> = images.iter().copied().filter_map(ref_name).collect();
    let chosen = match images.as_slice() {
        [only] => Some(only),
        several => {
            let tagged = several.iter().find(|d| is_tagged(d));
            tagged.or_else(|| several.iter().find(|d| is_usual(d)))
        }
    };
    known.truncate(20);
    chosen.copied().cloned().ok_or_else(|| {
        let list = super::render::one_line(&known.join(", "));
        format!("holds several images, none of them {image}; say one of these tags with --image: {list}")
    })
}

/// Whether a name in an index, a tag or a whole reference, is that of the image.
fn names(written: &str, image: &ImageRef) -> bool {
    Some(written) == image.effective_tag() || ImageRef::parse(written).is_some_and(|found| found == *image)
}

fn saved_parts(store: &mut Store, image: &ImageRef) -> Outcome<Parts> {
    let saved: Vec<Saved> = store.json("manifest.json")?;
    let tagged = |saved: &&Saved| saved.repo_tags.iter().flatten().any(|tag| names(tag, image));
    let chosen = match saved.as_slice() {
        [only] => Some(only),
        several => several.iter().find(tagged),
    };
    let chosen = chosen.ok_or_else(|| format!("holds several images, none of them {image}; save one alone"))?;
    Ok(Parts {
        config: chosen.config.clone(),
        layers: chosen.layers.clone(),
    })
}

/// The place of a blob; a digest is text of a stranger and becomes a path only if it is one.
fn blob(digest: &str) -> Outcome<String> {
    let sound = digest.split_once(':').filter(|(algorithm, hex)| {
        matches!(*algorithm, "sha256" | "sha512") && hex.len() >= 64 && hex.bytes().all(|b| b.is_ascii_hexdigit())
    });
    let (algorithm, hex) = sound.ok_or_else(|| format!("names a blob {digest:?}, which is no digest"))?;
    Ok(format!("blobs/{algorithm}/{hex}"))
}

impl Store {
    fn has(&self, name: &str) -> bool {
        match self {
            Store::Folder(folder) => files::exists(&folder.join(name)),
            Store::Archive(archived) => archived.members.contains_key(name),
        }
    }

    /// In a folder only `index.json` and blobs are asked for, and `blob` has checked those names.
    fn open(&mut self, name: &str) -> Outcome<Box<dyn Read + '_>> {
        match self {
            Store::Folder(folder) => {
                let is_own = matches!(name, "index.json") || name.starts_with("blobs/");
                if !is_own {
                    return Err(format!("is a folder without blobs; {name} is not read"));
                }
                let path = folder.join(name);
                if !files::exists(&path) {
                    return Err(format!("lacks {name}"));
                }
                if !files::is_below(&path, folder) {
                    return Err(format!("{name} is a link that leaves the layout"));
                }
                let file = files::open(&path).map_err(|reason| format!("{name} {}", reason.message))?;
                Ok(Box::new(file))
            }
            Store::Archive(archived) => archived.open(name),
        }
    }

    fn text(&mut self, name: &str) -> Outcome<String> {
        let mut text = String::new();
        let mut bounded = self.open(name)?.take(MAX_JSON + 1);
        bounded
            .read_to_string(&mut text)
            .map_err(|error| format!("{name}: {error}"))?;
        if text.len() as u64 > MAX_JSON {
            return Err(format!("{name} is larger than 16 MiB"));
        }
        Ok(text)
    }

    fn json<T: DeserializeOwned>(&mut self, name: &str) -> Outcome<T> {
        serde_json::from_str(&self.text(name)?).map_err(|error| format!("{name}: {error}"))
    }
}
