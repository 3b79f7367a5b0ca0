//! The layers of an image, read in order without unpacking: the files of names and ids, what the declared volumes hold,
//! and which programs have file capabilities. Paths in a layer are names here and never followed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use tar::{Archive, EntryType, PaxExtensions};

use super::unpack::unpacked;
use super::users::Names;

/// Over all layers, unpacked. The largest images that run servers have a tenth of it.
const MAX_BYTES: u64 = 32 * 1024 * 1024 * 1024;
const MAX_ENTRIES: usize = 3_000_000;
/// Of /etc/passwd, and of a record before an entry.
const MAX_TEXT: u64 = 1024 * 1024;
/// Files below declared volumes that are told apart; more are content all the same.
const MAX_CONTENT: usize = 10_000;

/// Of a tar file.
const BLOCK: u64 = 512;

const PASSWD: &str = "/etc/passwd";
const GROUP: &str = "/etc/group";

/// The record that carries a file's capabilities.
const CAPABILITY_KEY: &str = "SCHILY.xattr.security.capability";

/// What is known after some layers.
#[derive(Debug, Default)]
pub(super) struct Layers {
    texts: BTreeMap<&'static str, String>,
    pub(super) capabilities: BTreeMap<String, FileCapabilities>,
    /// Files below the volumes that were asked about.
    content: BTreeSet<String>,
    volumes: Vec<String>,
    bytes: u64,
    entries: usize,
}

/// The permitted set of a file, and whether it is effective: then the program cannot start without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileCapabilities {
    pub(super) permitted: u64,
    pub(super) effective: bool,
}

/// One entry of a layer with its records resolved.
struct Member {
    path: String,
    kind: EntryType,
    capabilities: Option<FileCapabilities>,
}

impl Layers {
    /// `volumes` are clean paths.
    pub(super) fn new(volumes: Vec<String>) -> Layers {
        Layers {
            volumes,
            ..Layers::default()
        }
    }

    pub(super) fn names(&self) -> Names {
        let text = |path| self.texts.get(path).map_or("", String::as_str);
        Names::of_files(text(PASSWD), text(GROUP))
    }

    /// Whether the image ships files there.
    pub(super) fn has_content(&self, folder: &str) -> bool {
        self.content.iter().any(|path| is_below(path, folder))
    }

    /// Lays a layer, compressed or not, over those before.
    ///
    /// # Errors
    /// The layer is malformed or over a bound.
    pub(super) fn lay(&mut self, layer: impl Read) -> io::Result<()> {
        // `umoci insert` leaves out what fills the last block, and runtimes do without it.
        let filling = io::repeat(0).take(2 * BLOCK - 1);
        self.entries(Archive::new(unpacked(layer)?.take(MAX_BYTES).chain(filling)))
    }

    /// Raw entries, because the records between them are held in memory and a stranger says how long they are.
    fn entries<R: Read>(&mut self, mut archive: Archive<R>) -> io::Result<()> {
        let mut long_path: Option<String> = None;
        let mut records: Vec<u8> = Vec::new();
        for entry in archive.entries()?.raw(true) {
            let mut entry = entry?;
            self.count(entry.size())?;
            match entry.header().entry_type() {
                EntryType::GNULongName => {
                    let name = small(&mut entry)?;
                    long_path = Some(String::from_utf8_lossy(&name).trim_end_matches('\0').to_string());
                }
                EntryType::XHeader => records = small(&mut entry)?,
                EntryType::GNULongLink | EntryType::XGlobalHeader => {}
                kind => {
                    let short = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                    let member = member(long_path.take().unwrap_or(short), kind, &records)?;
                    records.clear();
                    if let Some(member) = member {
                        self.add(member, &mut entry)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, size: u64) -> io::Result<()> {
        self.entries += 1;
        self.bytes = self.bytes.saturating_add(size);
        if self.entries > MAX_ENTRIES || self.bytes > MAX_BYTES {
            return Err(refuse("unpacks to more than any image of a server holds"));
        }
        Ok(())
    }

    fn add(&mut self, member: Member, content: &mut impl Read) -> io::Result<()> {
        let (folder, name) = member.path.rsplit_once('/').unwrap_or(("", &member.path));
        if name == ".wh..wh..opq" {
            self.forget(folder, false);
            return Ok(());
        }
        if let Some(removed) = name.strip_prefix(".wh.") {
            self.forget(&format!("{folder}/{removed}"), true);
            return Ok(());
        }
        if member.kind == EntryType::Directory {
            return Ok(());
        }
        // A later layer's file replaces the earlier one and its capabilities.
        self.capabilities.remove(&member.path);
        self.capabilities.extend(
            member
                .capabilities
                .map(|capabilities| (member.path.clone(), capabilities)),
        );
        for wanted in [PASSWD, GROUP] {
            if member.path == wanted && member.kind.is_file() {
                let text = small(content)?;
                self.texts.insert(wanted, String::from_utf8_lossy(&text).into_owned());
            }
        }
        if self.content.len() < MAX_CONTENT && self.volumes.iter().any(|volume| is_below(&member.path, volume)) {
            self.content.insert(member.path);
        }
        Ok(())
    }

    /// What is below the path is gone, and with `own` the path itself.
    fn forget(&mut self, path: &str, own: bool) {
        let stays = |known: &str| !is_below(known, path) || (!own && known == path);
        self.texts.retain(|known, _| stays(known));
        self.capabilities.retain(|known, _| stays(known));
        self.content.retain(|known| stays(known));
    }
}

/// `None` for a path that would leave the root.
fn member(path: String, kind: EntryType, records: &[u8]) -> io::Result<Option<Member>> {
    let mut member = Member {
        path,
        kind,
        capabilities: None,
    };
    for record in PaxExtensions::new(records) {
        let record = record?;
        match record.key() {
            Ok("path") => member.path = String::from_utf8_lossy(record.value_bytes()).into_owned(),
            Ok(CAPABILITY_KEY) => member.capabilities = FileCapabilities::read(record.value_bytes()),
            // The size in the header is not the real one then, and what follows would be read at the wrong place.
            Ok("size") => return Err(refuse("holds a file of more than 8 GiB")),
            _ => {}
        }
    }
    let parts: Vec<&str> = member
        .path
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    if parts.contains(&"..") {
        return Ok(None);
    }
    member.path = format!("/{}", parts.join("/"));
    Ok(Some(member))
}

impl FileCapabilities {
    /// The kernel's `vfs_cap_data`, revisions 2 and 3: flags, then permitted and inheritable halves, little-endian.
    fn read(bytes: &[u8]) -> Option<FileCapabilities> {
        let word = |at: usize| {
            let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_le_bytes(four))
        };
        let permitted = u64::from(word(4)?) | u64::from(word(12)?) << 32;
        Some(FileCapabilities {
            permitted,
            effective: word(0)? & 1 == 1,
        })
    }
}

fn small(content: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    content.take(MAX_TEXT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_TEXT {
        return Err(refuse("has a name, record or list of users of more than 1 MiB"));
    }
    Ok(bytes)
}

fn refuse(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
