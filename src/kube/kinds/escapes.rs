//! Keys whose letters are written as escapes: a search for the word does not find them, kubectl reads them all the same.

/// Whether a text has a key in double quotes with an escape that may stand for a letter, or for nothing (a line end).
/// Text that looks like one counts too.
pub(super) fn has_escaped_key(bytes: &[u8]) -> bool {
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', bytes.get(at..).unwrap_or_default()) {
        at += found;
        if !matches!(bytes.get(at + 1), Some(b'x' | b'u' | b'U' | b'\r' | b'\n')) {
            at += 2;
            continue;
        }
        // If it stands in double quotes, these are they.
        let Some(end) = closing_quote(bytes, at) else {
            return false;
        };
        at = end + 1;
        if is_behind_key(bytes.get(at..).unwrap_or_default()) {
            return true;
        }
    }
    false
}

/// The next double quote that no backslash escapes.
fn closing_quote(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// Whether a colon comes next, white space and comments left out.
fn is_behind_key(mut rest: &[u8]) -> bool {
    loop {
        rest = rest.trim_ascii_start();
        let Some(comment) = rest.strip_prefix(b"#") else {
            return rest.starts_with(b":");
        };
        let end = memchr::memchr(b'\n', comment).unwrap_or(comment.len());
        rest = comment.get(end..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::has_escaped_key;

    #[test]
    fn only_keys_with_escapes_for_letters_count() {
        let table = [
            (r#""cont\x61iners": []"#, true),
            (r#"{"\u006bind" : "Pod"}"#, true),
            (r#""\U0000006bind": Pod"#, true),
            ("? \"cont\\\n  ainers\" # c\n# d\n: []", true),
            ("a: \\x \"\n\"\\x6bind\": Pod", true),
            (r#""a\"\x6b": 1"#, true),
            (r#"a: "\x6b", b: 1"#, false),
            (r#""a\\x6b": 1"#, false),
            (r#""a\n\t\"": 1"#, false),
            (r#"a: \x6b: 1"#, false),
            (r#""\x6b"#, false),
            ("", false),
        ];
        for (text, wanted) in table {
            assert_eq!(has_escaped_key(text.as_bytes()), wanted, "{text:?}");
        }
    }
}
