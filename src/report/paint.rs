//! Colour, and the taming of text from strangers: what a manifest says must not move a reader's cursor or forge a line.
//! Whether colour is wanted is the caller's decision.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::Path;

use anstyle::{AnsiColor, Style};

/// Whether escape sequences are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    pub on: bool,
}

/// What a piece of text is to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Plain,
    Heading,
    Position,
    Added,
    Removed,
    Good,
    Warning,
    Bad,
    Faint,
}

impl Paint {
    pub const OFF: Paint = Paint { on: false };

    /// `text` in its role's style.
    pub fn text(self, role: Role, text: &str) -> String {
        let style = role.style();
        if self.on {
            format!("{style}{text}{style:#}")
        } else {
            text.to_string()
        }
    }

    /// Appends bytes and a newline; the newline stays outside the style.
    pub(crate) fn line(self, out: &mut Vec<u8>, role: Role, bytes: &[u8]) {
        if self.on && role != Role::Plain {
            let style = role.style();
            out.extend_from_slice(style.render().to_string().as_bytes());
            out.extend_from_slice(bytes);
            out.extend_from_slice(style.render_reset().to_string().as_bytes());
        } else {
            out.extend_from_slice(bytes);
        }
        out.push(b'\n');
    }
}

impl Role {
    fn style(self) -> Style {
        match self {
            Role::Plain => Style::new(),
            Role::Heading => Style::new().bold(),
            Role::Position => AnsiColor::Cyan.on_default(),
            Role::Added | Role::Good => AnsiColor::Green.on_default(),
            Role::Removed | Role::Bad => AnsiColor::Red.on_default(),
            Role::Warning => AnsiColor::Yellow.on_default(),
            Role::Faint => Style::new().dimmed(),
        }
    }
}

/// `text` on one line and without control characters: each is written as `\u{1b}`.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~');
    if text.as_bytes().iter().all(is_plain) || !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_unsafe(character) {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

/// A path as text; bytes that are not Unicode are written as `\xe9`, so that no two files look the same.
pub(super) fn readable(path: &Path) -> Cow<'_, str> {
    if let Some(text) = path.to_str() {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    Cow::Owned(out)
}

/// Control characters, line separators, and the marks that reverse the direction of text.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
