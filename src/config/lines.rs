//! Where each entry of a config stands, which serde does not tell once the values are read.

use std::collections::HashMap;
use std::fmt;

use yaml_rust2::parser::{Event, Parser};
use yaml_rust2::scanner::Marker;

/// A place in a text, both 1-based; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Places by path (`namespaces[0].level`), spelled as serde_yaml spells them.
#[derive(Debug, Default)]
pub(super) struct Lines {
    places: HashMap<String, Place>,
    /// Keys that a mapping has already: the key, its place, the line of the first.
    pub(super) duplicates: Vec<(String, Place, usize)>,
    /// Where the text stops being YAML, and how.
    pub(super) broken: Option<(Place, String)>,
}

/// A mapping or list that is open.
enum Frame {
    /// `key` is the path of the entry whose value comes next; `None` while a key is expected.
    Map {
        path: String,
        key: Option<String>,
    },
    List {
        path: String,
        next: usize,
    },
}

/// The path of the entry that is wrong, and what is.
pub(super) type Problem = (String, String);

/// Converts a list; `entry` is the path of each item.
pub(super) fn each<A, B>(
    items: Vec<A>,
    key: &str,
    convert: impl Fn(A, &str) -> Result<B, Problem>,
) -> Result<Vec<B>, Problem> {
    items
        .into_iter()
        .enumerate()
        .map(|(i, item)| convert(item, &format!("{key}[{i}]")))
        .collect()
}

/// The text of a file.
///
/// # Errors
/// Where it stops being UTF-8.
pub(super) fn utf8(bytes: Vec<u8>) -> Result<String, Place> {
    String::from_utf8(bytes).map_err(|error| {
        let sound = error.as_bytes().get(..error.utf8_error().valid_up_to());
        let sound = String::from_utf8_lossy(sound.unwrap_or_default());
        let last = sound.rsplit('\n').next().unwrap_or_default();
        Place {
            line: sound.matches('\n').count() + 1,
            column: last.chars().count() + 1,
        }
    })
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl Lines {
    /// Indexes the first document, up to its end or to where it breaks.
    pub(super) fn of(text: &str) -> Lines {
        let mut lines = Lines::default();
        let mut open: Vec<Frame> = Vec::new();
        let mut parser = Parser::new_from_str(text);
        loop {
            let (event, marker) = match parser.next_token() {
                Ok(token) => token,
                Err(error) => {
                    lines.broken = Some((place(*error.marker()), error.info().to_string()));
                    break;
                }
            };
            match event {
                Event::Scalar(text, ..) => {
                    lines.entry(&mut open, Some(&text), marker);
                }
                Event::Alias(_) => {
                    lines.entry(&mut open, None, marker);
                }
                Event::MappingStart(..) => {
                    let path = lines.entry(&mut open, None, marker);
                    open.push(Frame::Map { path, key: None });
                }
                Event::SequenceStart(..) => {
                    let path = lines.entry(&mut open, None, marker);
                    open.push(Frame::List { path, next: 0 });
                }
                Event::MappingEnd | Event::SequenceEnd => {
                    open.pop();
                }
                Event::DocumentEnd | Event::StreamEnd => break,
                _ => {}
            }
        }
        lines
    }

    /// Where the entry at `path` starts: its key, or the item itself; the top of the file if it has none.
    pub(super) fn place(&self, path: &str) -> Place {
        self.places.get(path).copied().unwrap_or(Place { line: 1, column: 1 })
    }

    pub(super) fn line(&self, path: &str) -> usize {
        self.place(path).line
    }

    /// Notes one node and returns its path. `text` is that of a scalar, which alone can be a key here.
    fn entry(&mut self, open: &mut [Frame], text: Option<&str>, marker: Marker) -> String {
        let place = Place {
            line: marker.line(),
            column: marker.col() + 1,
        };
        match open.last_mut() {
            None => String::new(),
            Some(Frame::List { path, next }) => {
                let item = format!("{path}[{next}]");
                *next += 1;
                self.places.insert(item.clone(), place);
                item
            }
            Some(Frame::Map { path, key }) => match key.take() {
                Some(entry) => entry,
                None => {
                    // A block mapping is only noticed at its first colon; it starts with its first key.
                    if let Some(start) = self.places.get_mut(path).filter(|start| place < **start) {
                        *start = place;
                    }
                    let name = text.unwrap_or("?");
                    let entry = if path.is_empty() {
                        name.to_string()
                    } else {
                        format!("{path}.{name}")
                    };
                    if let Some(first) = self.places.get(&entry).filter(|_| text.is_some()) {
                        self.duplicates.push((name.to_string(), place, first.line));
                    } else {
                        self.places.insert(entry.clone(), place);
                    }
                    *key = Some(entry.clone());
                    entry
                }
            },
        }
    }
}

fn place(marker: Marker) -> Place {
    Place {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_in_block_and_flow_style() {
        let lines =
            Lines::of("# c\nlevel: a\nlist:\n  - name: x\n    level: b\n  - {name: y, level: c}\nlast: [1, 2]\n");
        let at = |path: &str| (lines.place(path).line, lines.place(path).column);
        assert_eq!(at("level"), (2, 1));
        assert_eq!(at("list[0]"), (4, 5));
        assert_eq!(at("list[0].level"), (5, 5));
        assert_eq!(at("list[1].level"), (6, 15));
        assert_eq!(at("last[1]"), (7, 11));
        assert!(lines.duplicates.is_empty());
    }

    #[test]
    fn a_repeated_key_names_both_lines_and_equal_keys_elsewhere_do_not_count() {
        let lines = Lines::of("a:\n- x: 1\n- x: 2\n  y: {x: 1}\n  x: 3\nb: {x: 1}\n");
        assert_eq!(lines.duplicates, [("x".to_string(), Place { line: 5, column: 3 }, 3)]);
    }
}
