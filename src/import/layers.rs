//! The layers of an image, read in order without unpacking: the files of names and ids, what the declared volumes hold,
//! and which programs have file capabilities. Paths in a layer are names here; a link in place of a file of names leads
//! to what a layer holds, never to the disk.

use std::collections::BTreeMap;
use std::io::{self, Read};

use tar::{Archive, Entry, EntryType};

use super::member::{FileCapabilities, Head, Kind, Member, refuse};
use super::unpack::unpacked;
use super::users::{Names, Text};

/// Over all layers, unpacked. The largest images that run servers have a tenth of it.
const MAX_BYTES: u64 = 32 * 1024 * 1024 * 1024;
const MAX_ENTRIES: usize = 3_000_000;
/// Of /etc/passwd, and of a record before an entry.
const MAX_TEXT: u64 = 1024 * 1024;
/// Files below declared volumes that are told apart; more are content all the same.
const MAX_CONTENT: usize = 10_000;
/// Files with capabilities. A distribution has a handful.
const MAX_CAPABLE: usize = 10_000;
/// Files that are called like those of names, to which links may lead. Images made by Nix have a dozen.
const MAX_TEXTS: usize = 100;
/// A link may lead to a link.
const MAX_LINKS: usize = 8;

/// Of a tar file.
const BLOCK: u64 = 512;

const ETC: &str = "/etc";
const PASSWD: &str = "/etc/passwd";
const GROUP: &str = "/etc/group";

/// What a layer says of those below it: all in this folder is gone, one name is gone. Names that start with the third
/// were a storage driver's own.
const OPAQUE: &str = ".wh..wh..opq";
const WHITEOUT: &str = ".wh.";
const DRIVERS_OWN: &str = ".wh..wh.";

/// What is known after some layers.
#[derive(Debug, Default)]
pub(super) struct Layers {
    /// Of the layers below the one that is being read: all that its whiteouts speak of.
    lower: Known,
    own: Known,
    volumes: Vec<String>,
    bytes: u64,
    entries: usize,
}

/// What files say, by their paths.
#[derive(Debug, Default)]
struct Known {
    /// Of what is called like a file of names; and of their folder, which is here only where it is no folder.
    texts: BTreeMap<String, Named>,
    capabilities: BTreeMap<String, FileCapabilities>,
    /// Files below the volumes that were asked about.
    content: BTreeMap<String, ()>,
}

/// What stands at a path that is called like a file of names.
#[derive(Debug, Clone)]
enum Named {
    Text(String),
    Link(String),
    Other,
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
        Names::of_files(&self.lower.text(PASSWD), &self.lower.text(GROUP))
    }

    /// Whether the image ships files there.
    pub(super) fn has_content(&self, folder: &str) -> bool {
        let mut below = self.lower.content.range(start(folder)..end(folder));
        self.lower.content.contains_key(folder) || below.next().is_some()
    }

    /// A file with capabilities at that path.
    pub(super) fn capabilities(&self, path: &str) -> Option<FileCapabilities> {
        self.lower.capabilities.get(path).copied()
    }

    /// Lays a layer, compressed or not, over those before.
    ///
    /// # Errors
    /// The layer is malformed or over a bound.
    pub(super) fn lay(&mut self, layer: impl Read) -> io::Result<()> {
        // `umoci insert` leaves out what fills the last block, and runtimes do without it.
        let filling = io::repeat(0).take(2 * BLOCK - 1);
        self.entries(Archive::new(unpacked(layer)?.take(MAX_BYTES).chain(filling)))?;
        let own = std::mem::take(&mut self.own);
        self.lower.texts.extend(own.texts);
        self.lower.capabilities.extend(own.capabilities);
        self.lower.content.extend(own.content);
        Ok(())
    }

    /// Raw entries, because the records between them are held in memory and a stranger says how long they are.
    fn entries<R: Read>(&mut self, mut archive: Archive<R>) -> io::Result<()> {
        let (mut long_path, mut long_target) = (None, None);
        let mut records: Vec<u8> = Vec::new();
        for entry in archive.entries()?.raw(true) {
            let mut entry = entry?;
            self.count(entry.size())?;
            match entry.header().entry_type() {
                EntryType::GNULongName => long_path = Some(long_name(&mut entry)?),
                EntryType::GNULongLink => long_target = Some(long_name(&mut entry)?),
                EntryType::XHeader => records = small(&mut entry)?,
                EntryType::XGlobalHeader => {}
                kind => {
                    refuse_more_headers(&entry)?;
                    let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                    let target = entry.link_name_bytes().unwrap_or_default();
                    let target = String::from_utf8_lossy(&target).into_owned();
                    let head = Head {
                        path: long_path.take().unwrap_or(path),
                        target: long_target.take().unwrap_or(target),
                        kind,
                    };
                    let member = Member::new(head, &records)?;
                    records.clear();
                    self.add(member, &mut entry)?;
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
        let Some((folder, name)) = member.path.rsplit_once('/') else {
            // The root itself.
            return Ok(());
        };
        if name == OPAQUE {
            self.lower.forget_below(folder);
        } else if name.starts_with(DRIVERS_OWN) {
            return Ok(());
        } else if let Some(removed) = name.strip_prefix(WHITEOUT) {
            if matches!(removed, "" | "." | "..") {
                return Err(refuse("removes something without a name"));
            }
            self.lower.forget(&format!("{folder}/{removed}"));
        } else if member.kind == Kind::Directory {
            for known in [&mut self.lower, &mut self.own] {
                known.make_way(&member.path);
            }
            // A folder is no list of users, wherever it is called so.
            if [PASSWD, GROUP].contains(&member.path.as_str()) {
                self.own.texts.insert(member.path, Named::Other);
            }
        } else {
            let named = self.named(&member, content)?;
            // A later file replaces the earlier one and its capabilities, and a folder with all that is in it.
            self.lower.forget(&member.path);
            self.own.forget(&member.path);
            self.own.texts.extend(named.map(|named| (member.path.clone(), named)));
            self.take(member)?;
        }
        Ok(())
    }

    /// What is to be known of it as a file of names, if it is called like one, or stands in place of their folder.
    fn named(&self, member: &Member, content: &mut impl Read) -> io::Result<Option<Named>> {
        let is_own = [ETC, PASSWD, GROUP].contains(&member.path.as_str());
        let is_called_so = ["/passwd", "/group"].iter().any(|name| member.path.ends_with(name));
        let count = self.own.texts.len() + self.lower.texts.len();
        if !is_own && (!is_called_so || count >= MAX_TEXTS) {
            return Ok(None);
        }
        Ok(Some(match &member.kind {
            Kind::File if is_called_so => match small(content) {
                Ok(text) => Named::Text(String::from_utf8_lossy(&text).into_owned()),
                Err(error) if is_own => return Err(error),
                Err(_) => Named::Other,
            },
            Kind::Link(target) => Named::Link(target.clone()),
            Kind::HardLink(of) => {
                let there = self.own.texts.get(of).or_else(|| self.lower.texts.get(of));
                there.cloned().unwrap_or(Named::Other)
            }
            _ => Named::Other,
        }))
    }

    fn take(&mut self, member: Member) -> io::Result<()> {
        let of_same_file = || match &member.kind {
            Kind::HardLink(of) => self
                .own
                .capabilities
                .get(of)
                .or_else(|| self.lower.capabilities.get(of)),
            _ => None,
        };
        if let Some(capabilities) = member.capabilities.or_else(|| of_same_file().copied()) {
            self.own.capabilities.insert(member.path.clone(), capabilities);
            if self.own.capabilities.len() + self.lower.capabilities.len() > MAX_CAPABLE {
                return Err(refuse("has more files with capabilities than any image of a server"));
            }
        }
        let count = self.own.content.len() + self.lower.content.len();
        if count < MAX_CONTENT && self.volumes.iter().any(|volume| is_below(&member.path, volume)) {
            self.own.content.insert(member.path, ());
        }
        Ok(())
    }
}

impl Known {
    /// What a runtime reads at that path; links are followed as far as layers say where they lead.
    fn text(&self, path: &str) -> Text {
        let mut at = path.to_string();
        for followed in 0..=MAX_LINKS {
            let behind_folder = || match (at.strip_prefix(ETC)?, self.texts.get(ETC)?) {
                (name, Named::Link(folder)) if name.starts_with('/') => Some(format!("{folder}{name}")),
                _ => None,
            };
            at = match self.texts.get(&at) {
                Some(Named::Text(text)) => return Text::Read(text.clone()),
                Some(Named::Link(target)) => target.clone(),
                Some(Named::Other) => return Text::Hidden,
                None => match behind_folder() {
                    Some(behind) => behind,
                    None if followed == 0 && !self.texts.contains_key(ETC) => return Text::default(),
                    None => return Text::Hidden,
                },
            };
        }
        Text::Hidden
    }

    /// What is at the path and below it is gone.
    fn forget(&mut self, path: &str) {
        self.texts.remove(path);
        self.capabilities.remove(path);
        self.content.remove(path);
        self.forget_below(path);
    }

    fn forget_below(&mut self, folder: &str) {
        remove_below(&mut self.texts, folder);
        remove_below(&mut self.capabilities, folder);
        remove_below(&mut self.content, folder);
    }

    /// A folder takes the place of what is none; one that is there stays as it is.
    fn make_way(&mut self, path: &str) {
        let is_known = self.texts.contains_key(path);
        if is_known || self.content.contains_key(path) || self.capabilities.contains_key(path) {
            self.forget(path);
        }
    }
}

/// A file with many holes, in the old form of GNU, has more headers behind its first; they would be read as files.
fn refuse_more_headers<R: Read>(entry: &Entry<'_, R>) -> io::Result<()> {
    match entry.header().as_gnu() {
        Some(header) if entry.header().entry_type().is_gnu_sparse() && header.is_extended() => Err(refuse(
            "holds a file with many holes, as `tar --sparse` writes it; import the image's configuration",
        )),
        _ => Ok(()),
    }
}

fn long_name(content: &mut impl Read) -> io::Result<String> {
    let name = small(content)?;
    Ok(String::from_utf8_lossy(&name).trim_end_matches('\0').to_string())
}

fn small(content: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    content.take(MAX_TEXT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_TEXT {
        return Err(refuse("has a name, record or list of users of more than 1 MiB"));
    }
    Ok(bytes)
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// All paths in a folder lie between these two: what follows a slash in the order of bytes is a zero.
fn start(folder: &str) -> String {
    format!("{folder}/")
}

fn end(folder: &str) -> String {
    format!("{folder}0")
}

fn remove_below<V>(known: &mut BTreeMap<String, V>, folder: &str) {
    let gone: Vec<String> = known
        .range(start(folder)..end(folder))
        .map(|(path, _)| path.clone())
        .collect();
    for path in gone {
        known.remove(&path);
    }
}
