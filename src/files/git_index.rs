//! Git's index as bytes: which paths it names. Versions 2 to 4, hashes of either length, and what a split index adds to the
//! one that it shares.

const HEADER: usize = 12;
/// Before an entry's flags: what the file system says of it, and the hash of its content.
const MODE_AT: usize = 24;
const HASH_AT: usize = 40;
const HAS_MORE_FLAGS: u16 = 0x4000;
/// SHA-1 and SHA-256. The index does not say which; with the other one it does not come out even.
const HASHES: [usize; 2] = [20, 32];

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Index<'b> {
    entries: Vec<Entry>,
    /// What a split index says of the one it shares: its hash, and what became of its entries.
    link: Option<Link<'b>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Link<'b> {
    base: &'b [u8],
    /// Bits, one for each entry of the base: whether it is gone.
    gone: &'b [u8],
}

#[derive(Debug, PartialEq, Eq)]
struct Entry {
    /// Empty in a split index where an entry replaces one of the base, and has its name.
    name: Vec<u8>,
    /// Not a symbolic link, not a submodule.
    is_file: bool,
}

impl<'b> Index<'b> {
    /// `None` for what cannot be read as a whole.
    pub(super) fn read(bytes: &'b [u8]) -> Option<Index<'b>> {
        HASHES.iter().find_map(|hash| Index::with_hashes_of(*hash, bytes))
    }

    fn with_hashes_of(hash: usize, bytes: &'b [u8]) -> Option<Index<'b>> {
        let version = number(bytes, 4)?;
        if !bytes.starts_with(b"DIRC") || !(2..=4).contains(&version) {
            return None;
        }
        let flags_at = HASH_AT + hash;
        let mut rest = bytes.get(HEADER..)?;
        let mut name: Vec<u8> = Vec::new();
        let mut entries = Vec::new();
        for _ in 0..number(bytes, 8)? {
            let mode = number(rest, MODE_AT)?;
            let flags = u16::from_be_bytes([*rest.get(flags_at)?, *rest.get(flags_at + 1)?]);
            let at = flags_at + if flags & HAS_MORE_FLAGS == 0 { 2 } else { 4 };
            let end = if version == 4 {
                compressed_name(rest, at, &mut name)?
            } else {
                padded_name(rest, at, &mut name)?
            };
            rest = rest.get(end..)?;
            entries.push(Entry {
                name: name.clone(),
                is_file: mode & 0o170_000 == 0o100_000,
            });
        }
        let link = link_among(rest, hash)?;
        Some(Index { entries, link })
    }

    /// The name of the file, beside the index, that holds the rest of a split one.
    pub(super) fn shared(&self) -> Option<String> {
        let base = self.link.as_ref()?.base;
        let digits: String = base.iter().map(|byte| format!("{byte:02x}")).collect();
        Some(format!("sharedindex.{digits}"))
    }

    /// The names of regular files, with those of the index that it shares.
    pub(super) fn names(self, base: Option<Index>) -> Option<Vec<Vec<u8>>> {
        let mut entries = self.entries;
        if let (Some(base), Some(link)) = (base, self.link) {
            let gone = bits(link.gone, base.entries.len())?;
            let kept = base.entries.into_iter().zip(gone).filter(|(_, gone)| !gone);
            entries.extend(kept.map(|(entry, _)| entry));
        }
        let files = entries
            .into_iter()
            .filter(|entry| entry.is_file && !entry.name.is_empty());
        Some(files.map(|entry| entry.name).collect())
    }
}

/// A whole name, filled up with zeros until the entry's length is a multiple of eight.
fn padded_name(entry: &[u8], at: usize, name: &mut Vec<u8>) -> Option<usize> {
    let length = entry.get(at..)?.iter().position(|byte| *byte == 0)?;
    *name = entry.get(at..at + length)?.to_vec();
    Some((at + length + 8) & !7)
}

/// How many bytes of the name before are dropped, and what follows what is left of it.
fn compressed_name(entry: &[u8], mut at: usize, name: &mut Vec<u8>) -> Option<usize> {
    let mut byte = *entry.get(at)?;
    let mut dropped = usize::from(byte & 0x7F);
    while byte & 0x80 != 0 {
        at += 1;
        byte = *entry.get(at)?;
        dropped = dropped.checked_add(1)?.checked_mul(128)? | usize::from(byte & 0x7F);
    }
    let start = at + 1;
    let length = entry.get(start..)?.iter().position(|byte| *byte == 0)?;
    name.truncate(name.len().checked_sub(dropped)?);
    name.extend_from_slice(entry.get(start..start + length)?);
    Some(start + length + 1)
}

/// What stands behind the entries: extensions, then a hash. Those with a small letter must be understood; of these `sdir`
/// is about folders that are not checked out.
fn link_among(mut rest: &[u8], hash: usize) -> Option<Option<Link<'_>>> {
    let mut link = None;
    while rest.len() > hash {
        let length = usize::try_from(number(rest, 4)?).ok()?;
        let data = rest.get(8..)?.get(..length)?;
        match rest.get(..4)? {
            b"link" => {
                let (base, gone) = data.split_at_checked(hash)?;
                link = Some(Link { base, gone });
            }
            b"sdir" => {}
            [b'A'..=b'Z', ..] => {}
            _ => return None,
        }
        rest = rest.get(8 + length..)?;
    }
    (rest.len() == hash).then_some(link)
}

/// The first `count` bits of a compressed bitmap (EWAH): words that say how many words of the same bit come first, and
/// how many follow as they are. None are there where nothing changed.
fn bits(bytes: &[u8], count: usize) -> Option<Vec<bool>> {
    let mut found = vec![false; count];
    if bytes.is_empty() {
        return Some(found);
    }
    let length = usize::try_from(number(bytes, 4)?).ok()?.checked_mul(8)?;
    let words = bytes.get(8..)?.get(..length)?.chunks_exact(8);
    let mut words = words.map(|word| word.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)));
    let mut at = 0_usize;
    while let Some(word) = words.next() {
        let same = usize::try_from(word >> 1 & 0xFFFF_FFFF).ok()?.checked_mul(64)?;
        let end = at.checked_add(same)?;
        if word & 1 == 1 {
            found.get_mut(at.min(count)..end.min(count))?.fill(true);
        }
        at = end;
        for _ in 0..word >> 33 {
            let literal = words.next()?;
            let set = (0..64).filter(|bit| literal >> bit & 1 == 1);
            for bit in set {
                if let Some(found) = found.get_mut(at.checked_add(bit)?) {
                    *found = true;
                }
            }
            at = at.checked_add(64)?;
        }
    }
    Some(found)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(u32::from_be_bytes(four))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    type Named<'n> = (u32, &'n [u8]);

    fn index(version: u32, hash: usize, names: &[Named], extension: &[u8]) -> Vec<u8> {
        let mut bytes = [b"DIRC", version.to_be_bytes().as_slice()].concat();
        bytes.extend(u32::try_from(names.len()).unwrap().to_be_bytes());
        for (mode, name) in names {
            let start = bytes.len();
            bytes.extend([0; MODE_AT]);
            bytes.extend(mode.to_be_bytes());
            bytes.extend(vec![0; HASH_AT + hash + 2 - MODE_AT - 4]);
            bytes.extend_from_slice(name);
            bytes.push(0);
            while version < 4 && (bytes.len() - start) % 8 != 0 {
                bytes.push(0);
            }
        }
        bytes.extend_from_slice(extension);
        bytes.extend(vec![7; hash]);
        bytes
    }

    fn names(bytes: &[u8], base: Option<&[u8]>) -> Option<Vec<String>> {
        let base = base.map(|bytes| Index::read(bytes).unwrap());
        let names = Index::read(bytes)?.names(base)?;
        Some(names.into_iter().map(|name| String::from_utf8(name).unwrap()).collect())
    }

    const PLAIN: [Named; 3] = [
        (0o100_644, b"base/a.yaml"),
        (0o120_000, b"base/link.yaml"),
        (0o100_755, b"b"),
    ];

    #[test]
    fn names_are_read_in_every_version_with_either_hash() {
        let compressed: [Named; 3] = [
            (0o100_644, b"\x00base/a.yaml"),
            (0o120_000, b"\x06link.yaml"),
            (0o100_755, b"\x0eb"),
        ];
        let tree = b"TREE\0\0\0\x02xx";
        for (version, entries) in [(2, PLAIN), (3, PLAIN), (4, compressed)] {
            for hash in HASHES {
                let bytes = index(version, hash, &entries, tree);
                assert_eq!(names(&bytes, None).unwrap(), ["base/a.yaml", "b"], "{version} {hash}");
            }
        }
    }

    #[test]
    fn a_split_index_keeps_of_its_base_what_is_not_gone() {
        // One word as it is: the third entry is gone. Of the first the entry is replaced.
        let third = [
            0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0,
        ];
        let link = [b"link\0\0\0\x30".as_slice(), &[0xAB; 20], &third].concat();
        let own: [Named; 2] = [(0o100_644, b""), (0o100_644, b"c.yaml")];
        let (bytes, base) = (index(2, 20, &own, &link), index(2, 20, &PLAIN, b""));
        assert_eq!(names(&bytes, Some(&base)).unwrap(), ["c.yaml", "base/a.yaml"]);
        let shared = Index::read(&bytes).unwrap().shared();
        assert_eq!(shared, Some(format!("sharedindex.{}", "ab".repeat(20))));
        assert_eq!(Index::read(&base).unwrap().shared(), None);
    }

    #[test]
    fn runs_of_bits_are_counted_in_words() {
        // A word of ones, then one as it is.
        let runs = [
            0, 0, 0, 70, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0,
        ];
        let found = bits(&runs, 67).unwrap();
        assert!(found[..64].iter().all(|bit| *bit));
        assert_eq!(found[64..], [false, true, false]);
        let endless = [0, 0, 0, 70, 0, 0, 0, 1, 0, 0, 0, 1, 255, 255, 255, 255];
        assert_eq!(bits(&endless, 2), Some(vec![true, true]));
    }

    #[test]
    fn a_broken_index_says_nothing() {
        let whole = index(2, 20, &[(0o100_644, b"a.yaml")], b"");
        for length in 0..whole.len() {
            assert_eq!(Index::read(&whole[..length]), None, "{length}");
        }
        let far = index(4, 20, &[(0o100_644, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xffa")], b"");
        assert_eq!(Index::read(&far), None);
        assert_eq!(Index::read(&index(9, 20, &[], b"")), None);
        assert_eq!(
            Index::read(&index(2, 20, &[], b"soon\0\0\0\0")),
            None,
            "must be understood"
        );
    }
}
