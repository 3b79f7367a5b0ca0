//! Turns the reader's words into the user's: `PLACE: what is wrong, and what to write instead`.

use super::lines::Place;
use crate::profiles::ProfileError;

/// What a type of ours is called where the reader names it.
const WANTED: &[(&str, &str)] = &[
    ("a boolean", "`true` or `false`"),
    ("a string", "text"),
    ("path string", "text"),
    ("a sequence", "a list, one `- entry` per line"),
    ("u32", "a whole number from 0 to 4294967295"),
    ("u16", "a whole number from 0 to 65535"),
];

/// The place and the sentence of an error of the reader.
pub(super) fn of_reader(error: &serde_yaml::Error) -> (Option<Place>, String) {
    let place = error.location().map(|location| Place {
        line: location.line(),
        column: location.column(),
    });
    let text = ProfileError::from_yaml(error).message;
    (place, plain(&text))
}

fn plain(text: &str) -> String {
    if text.contains("more than one document") {
        return "more than one YAML document; keep one and remove the `---` between them".to_string();
    }
    // Only after the path of the entry (`images[0]: invalid type: ...`) or at the start.
    let (path, rest) = match text.find("invalid type: ") {
        Some(at) => text.split_at(at),
        None => return missing(text),
    };
    let Some((found, wanted)) = rest.trim_start_matches("invalid type: ").split_once(", expected ") else {
        return text.to_string();
    };
    format!("{path}{} is not {}", found_in_words(found), wanted_in_words(wanted))
}

fn missing(text: &str) -> String {
    match text.split_once("missing field `") {
        Some((path, key)) => format!("{path}`{}` is missing; add it", key.trim_end_matches('`')),
        None => text.to_string(),
    }
}

fn found_in_words(found: &str) -> String {
    match found {
        "sequence" => "a list".to_string(),
        "map" => "a block of keys".to_string(),
        "unit value" => "nothing".to_string(),
        _ => match found.split_once('"') {
            Some(("string ", text)) => format!("`{}`", text.trim_end_matches('"')),
            _ => found.to_string(),
        },
    }
}

fn wanted_in_words(wanted: &str) -> &str {
    if wanted.starts_with("struct ") {
        return "a block of keys (`key: value`)";
    }
    WANTED
        .iter()
        .find(|(reader, _)| *reader == wanted)
        .map_or(wanted, |(_, ours)| ours)
}
