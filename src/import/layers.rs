//! The layers of an image, read in order without unpacking: the files of names and ids, what the declared volumes hold,
//! and which programs have file capabilities. Paths in a layer are names here and never followed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use tar::{Archive, Entry, EntryType};

use super::member::{FileCapabilities, Kind, Member, refuse};
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
    /// Of the files of names and their folder, which is here only where it is no folder.
    texts: BTreeMap<&'static str, Text>,
    capabilities: BTreeMap<String, FileCapabilities>,
    /// Files below the volumes that were asked about.
    content: BTreeSet<String>,
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
        let text = |path| match self.lower.texts.get(path) {
            Some(text) => text.clone(),
            // Behind a link is whatever it leads to.
            None if self.lower.texts.contains_key(ETC) => Text::Hidden,
            None => Text::default(),
        };
        Names::of_files(&text(PASSWD), &text(GROUP))
    }

    /// Whether the image ships files there.
    pub(super) fn has_content(&self, folder: &str) -> bool {
        let mut below = below(&self.lower.content, folder);
        self.lower.content.contains(folder) || below.next().is_some()
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
                    refuse_more_headers(&entry)?;
                    let short = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                    let member = Member::new(long_path.take().unwrap_or(short), kind, &records)?;
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
            self.lower.make_way(&member.path);
            self.own.make_way(&member.path);
            self.own.note_other(&member);
        } else {
            // A later file replaces the earlier one and its capabilities, and a folder with all that is in it.
            self.lower.forget(&member.path);
            self.own.forget(&member.path);
            self.own.note_other(&member);
            self.take(member, content)?;
        }
        Ok(())
    }

    fn take(&mut self, member: Member, content: &mut impl Read) -> io::Result<()> {
        let named = [PASSWD, GROUP].into_iter().find(|path| *path == member.path);
        if let Some(path) = named.filter(|_| member.kind == Kind::File) {
            let text = small(content)?;
            let text = Text::Read(String::from_utf8_lossy(&text).into_owned());
            self.own.texts.insert(path, text);
        }
        if let Some(capabilities) = member.capabilities {
            self.own.capabilities.insert(member.path.clone(), capabilities);
            if self.own.capabilities.len() + self.lower.capabilities.len() > MAX_CAPABLE {
                return Err(refuse("has more files with capabilities than any image of a server"));
            }
        }
        let count = self.own.content.len() + self.lower.content.len();
        if count < MAX_CONTENT && self.volumes.iter().any(|volume| is_below(&member.path, volume)) {
            self.own.content.insert(member.path);
        }
        Ok(())
    }
}

impl Known {
    /// What is at the path and below it is gone.
    fn forget(&mut self, path: &str) {
        self.texts.retain(|known, _| !is_below(known, path));
        self.capabilities.remove(path);
        self.content.remove(path);
        self.forget_below(path);
    }

    fn forget_below(&mut self, folder: &str) {
        self.texts
            .retain(|known, _| !is_below(known, folder) || *known == folder);
        let gone: Vec<String> = below(&self.content, folder).cloned().collect();
        gone.iter().for_each(|path| {
            self.content.remove(path);
        });
        let gone = self.capabilities.range(start(folder)..end(folder));
        let gone: Vec<String> = gone.map(|(path, _)| path.clone()).collect();
        gone.iter().for_each(|path| {
            self.capabilities.remove(path);
        });
    }

    /// A folder takes the place of what is none; one that is there stays as it is.
    fn make_way(&mut self, path: &str) {
        let is_known = self.texts.contains_key(path);
        if is_known || self.content.contains(path) || self.capabilities.contains_key(path) {
            self.forget(path);
        }
    }

    /// Notes where something else stands than a file of names, or than their folder, ought to.
    fn note_other(&mut self, member: &Member) {
        let wanted = match member.kind {
            Kind::Directory => &[PASSWD, GROUP][..],
            _ => &[ETC, PASSWD, GROUP],
        };
        if let Some(path) = wanted.iter().find(|path| **path == member.path) {
            self.texts.insert(path, Text::Hidden);
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

fn below<'k>(known: &'k BTreeSet<String>, folder: &str) -> impl Iterator<Item = &'k String> {
    known.range(start(folder)..end(folder))
}
