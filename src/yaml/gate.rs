//! The byte gate: refuses text that YAML readers are known to read differently from one another.
//! Looks at bytes only; what a document is, `split` says.

use super::json;
use super::split::MARK;

/// Why a text is unsafe to edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateError {
    /// 1-based line of the offending byte.
    pub line: usize,
    pub what: String,
}

/// The text of a file that is safe to parse.
///
/// Refused: invalid UTF-8, NUL and other control characters but tab and line ends (libyaml, and so kubectl,
/// rejects them), a carriage return alone, and U+0085, U+2028, U+2029: these end a line, and so a comment, for
/// kubectl and for nobody else, so that a comment here could be a field there. JSON has no comments; in its strings U+007F,
/// U+2028 and U+2029 are what they are.
pub fn gate(bytes: &[u8]) -> Result<&str, GateError> {
    let text = std::str::from_utf8(bytes).map_err(|e| refuse(bytes, e.valid_up_to(), encoding(bytes)))?;
    let found = first_unsafe(bytes, |_| true).and_then(|_| {
        let is_json = json::is_json(text.strip_prefix(MARK).unwrap_or(text));
        first_unsafe(bytes, |tail| !(is_json && is_harmless_in_json(tail)))
    });
    match found {
        Some((offset, what)) => Err(refuse(bytes, offset, what)),
        None => Ok(text),
    }
}

fn is_harmless_in_json(tail: &[u8]) -> bool {
    matches!(tail, [0x7F, ..] | [0xE2, 0x80, 0xA8 | 0xA9, ..])
}

/// What to call a file that is not UTF-8.
fn encoding(bytes: &[u8]) -> String {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        "UTF-16 text; convert the file to UTF-8".to_string()
    } else {
        "bytes that are not UTF-8; convert the file to UTF-8".to_string()
    }
}

fn first_unsafe(bytes: &[u8], counts: impl Fn(&[u8]) -> bool) -> Option<(usize, String)> {
    // Nearly every block is harmless, and a compiler asks that of many bytes at once.
    let blocks = bytes.chunks(BLOCK).enumerate();
    let mut suspects = blocks
        .filter(|(_, block)| has_suspect(block))
        .flat_map(|(index, block)| {
            let numbered = block.iter().enumerate();
            numbered
                .filter(|(_, b)| is_suspect(**b))
                .map(move |(i, _)| index * BLOCK + i)
        });
    suspects.find_map(|i| {
        let tail = &bytes[i..];
        let what = match tail {
            [b'\r', b'\n', ..] => return None,
            [b'\r', ..] => "a carriage return without a line feed; convert the line ends to LF or CRLF".to_string(),
            [0xC2, second @ 0x80..=0x9F, ..] => control(u32::from(*second)),
            [0xE2, 0x80, third @ (0xA8 | 0xA9), ..] => control(0x2000 + u32::from(*third) - 0x80),
            [0xEF, 0xBF, third @ (0xBE | 0xBF), ..] => control(0xFFC0 + u32::from(*third) - 0x80),
            [0xC2 | 0xE2 | 0xEF, ..] => return None,
            [byte, ..] => control(u32::from(*byte)),
            [] => return None,
        };
        counts(tail).then_some((i, what))
    })
}

fn control(code: u32) -> String {
    format!("the control character U+{code:04X}; remove it, or write it as an escape in a quoted string")
}

fn refuse(bytes: &[u8], offset: usize, what: String) -> GateError {
    let line = 1 + memchr::memchr_iter(b'\n', bytes.get(..offset).unwrap_or(bytes)).count();
    GateError { line, what }
}

const BLOCK: usize = 64;

/// Without a branch, so that it is done on whole registers.
fn has_suspect(block: &[u8]) -> bool {
    block.iter().fold(false, |found, byte| found | is_suspect(*byte))
}

/// Whether a byte is refused, or begins a sequence which may be.
fn is_suspect(byte: u8) -> bool {
    (byte < 0x20) & (byte != b'\t') & (byte != b'\n')
        | (byte == 0x7F)
        | (byte == 0xC2)
        | (byte == 0xE2)
        | (byte == 0xEF)
}

#[cfg(test)]
mod tests {
    use super::gate;

    #[test]
    fn ordinary_text_passes() {
        for text in [
            "",
            "a: b\r\nc: d\n",
            "\u{feff}a: \u{e9}\u{1f600} \u{2019}\tx\n",
            "\u{a0}\u{fffd}",
        ] {
            assert!(gate(text.as_bytes()).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn unsafe_bytes_are_refused_with_their_line() {
        let cases: [(&[u8], usize, &str); 9] = [
            (b"a\n\0", 2, "U+0000"),
            (b"a\rb", 1, "carriage return"),
            (b"a\n\nb\r", 3, "carriage return"),
            ("x\n\u{85}".as_bytes(), 2, "U+0085"),
            ("\u{2028}".as_bytes(), 1, "U+2028"),
            ("\u{2029}".as_bytes(), 1, "U+2029"),
            ("\u{7f}".as_bytes(), 1, "U+007F"),
            ("\u{ffff}".as_bytes(), 1, "U+FFFF"),
            (b"\xff\xfea\0", 1, "UTF-16"),
        ];
        for (bytes, line, what) in cases {
            let error = gate(bytes).expect_err("refused");
            assert_eq!(error.line, line, "{bytes:?}");
            assert!(error.what.contains(what), "{bytes:?}: {}", error.what);
        }
    }
}
