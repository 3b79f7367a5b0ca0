//! What kubectl reads as JSON: a file that is one JSON text. There a string may hold what YAML's readers refuse: an escape
//! for each half of a surrogate pair, U+007F, U+2028 and U+2029 as they are.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// Whether a text, all there is in its file, is JSON to kubectl.
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// A JSON text as a reader of YAML can read it, byte for byte as long: each half of a surrogate pair is shown as a
/// character of private use. What the string says, [`string`] knows.
pub(super) fn readable(text: &str) -> Cow<'_, [u8]> {
    let mut shown = Cow::Borrowed(text.as_bytes());
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', text.as_bytes().get(at..).unwrap_or_default()) {
        at += found;
        if let Some([b'u', b'd' | b'D', second @ (b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F')]) =
            text.as_bytes().get(at + 1..at + 4)
        {
            // U+D800 to U+DFFF become U+E000 to U+E7FF.
            let second = match second {
                b'8' | b'9' => second - 8,
                letter => b'2' + (letter.to_ascii_lowercase() - b'a'),
            };
            shown.to_mut()[at + 2..at + 4].copy_from_slice(&[b'e', second]);
        }
        at += 2;
    }
    shown
}

/// What a string says, given with its quotes. `None` where half of a surrogate pair stands alone.
pub(super) fn string(source: &str) -> Option<Box<str>> {
    serde_json::from_str(source).ok()
}

#[cfg(test)]
mod tests {
    use super::{is_json, readable, string};
    use crate::yaml::{gate, parse, split};

    #[test]
    fn json_is_one_json_text() {
        let table = [
            ("{}", true),
            (" \n{\"a\": \"\u{2028}\"}\n", true),
            ("{a: 1}", false),
            ("{\"a\": 1,}", false),
            ("[]", false),
            ("{}\n{}", false),
            ("{} # c", false),
        ];
        for (text, wanted) in table {
            assert_eq!(is_json(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn surrogates_are_shown_as_characters_of_private_use() {
        let table = [
            (r#""\ud83d\ude00""#, r#""\ue03d\ue600""#),
            (r#""\uD800\uDFFF""#, r#""\ue000\ue7FF""#),
            (r#""\\ud83d \ud7ff \n""#, r#""\\ud83d \ud7ff \n""#),
            (r#""\\\ud83d""#, r#""\\\ue03d""#),
        ];
        for (text, wanted) in table {
            assert_eq!(String::from_utf8_lossy(&readable(text)), wanted, "{text}");
        }
    }

    #[test]
    fn strings_say_what_they_say_to_kubectl() {
        assert_eq!(string(r#""\ud83d\ude00""#).as_deref(), Some("\u{1f600}"));
        assert_eq!(string(r#""\ud83d""#), None);
        let text = "{\"\\ud83d\\ude00\": \"a\u{2028}\u{7f}é\\u00e9\", \"b\": {\"c\": \"\\ue03d\"}}";
        let text = gate(text.as_bytes()).expect("it is JSON");
        let document = parse(&split(text)[0]).expect("it is JSON");
        let root = document.root().expect("a root");
        let said = root.get("\u{1f600}").and_then(|node| node.as_str());
        assert_eq!(said, Some("a\u{2028}\u{7f}éé"));
        assert_eq!(root.at(&["b", "c"]).and_then(|node| node.as_str()), Some("\u{e03d}"));
    }

    #[test]
    fn what_is_not_json_is_read_as_yaml() {
        for text in ["{a: \"\u{2028}\"}", "---\n{\"a\": \"\u{7f}\"}", "{\"a\": \"\u{9b}\"}"] {
            assert!(gate(text.as_bytes()).is_err(), "{text:?}");
        }
        for text in [r#"{a: "\ud83d\ude00"}"#, "---\n{\"a\": \"\\ud83d\\ude00\"}"] {
            assert!(split(text).iter().any(|chunk| parse(chunk).is_err()), "{text:?}");
        }
        let half = parse(&split("{\"a\":\n\"\\ud83d\"}")[0]).expect_err("half a pair");
        assert_eq!(half.line, 2);
        assert!(half.what.contains("surrogate"), "{}", half.what);
    }
}
