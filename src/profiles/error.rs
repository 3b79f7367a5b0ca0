//! Errors of profile files and `images:` entries as people read them: the line, what is wrong, the nearest key.

use std::fmt;

use super::schema::Profile;

/// One thing that is wrong with a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileError {
    /// 1-based, where the reader knows it.
    pub line: Option<usize>,
    /// Without the line; says the nearest known key for an unknown one.
    pub message: String,
}

impl ProfileError {
    /// Rewrites serde's message; works for everything that is read with `deny_unknown_fields`, config included.
    pub fn from_yaml(error: &serde_yaml::Error) -> ProfileError {
        let line = error.location().map(|l| l.line());
        let full = error.to_string();
        // serde_yaml appends the place, which `line` says already.
        let text = full.split(" at line ").next().unwrap_or(&full);
        ProfileError {
            line,
            message: with_nearest(text),
        }
    }

    pub(super) fn new(message: impl Into<String>) -> ProfileError {
        ProfileError {
            line: None,
            message: message.into(),
        }
    }
}

impl Profile {
    /// Reads one profile.
    ///
    /// # Errors
    /// The first thing the reader stumbled over; `problems` says what is wrong with one that reads.
    pub fn parse(text: &str) -> Result<Profile, ProfileError> {
        serde_yaml::from_str(text).map_err(|e| ProfileError::from_yaml(&e))
    }
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for ProfileError {}

/// serde says ``unknown field `x`, expected one of `a`, `b` ``: keep the first half, add the key that was meant.
fn with_nearest(text: &str) -> String {
    let Some((head, expected)) = text.split_once(", expected ") else {
        return text.to_string();
    };
    if !head.contains("unknown field") && !head.contains("unknown variant") {
        return text.to_string();
    }
    let head = head
        .replace("unknown field", "unknown key")
        .replace("unknown variant", "unknown value");
    let quoted = |text: &str| {
        text.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_string)
            .collect::<Vec<_>>()
    };
    let known = quoted(expected);
    let written = quoted(&head).pop().unwrap_or_default();
    match nearest(&written, known.iter().map(String::as_str)) {
        Some(key) => format!("{head}; did you mean `{key}`?"),
        None => format!("{head}; known are {}", known.join(", ")),
    }
}

/// The known word that was meant by one that is not known.
pub fn nearest<'k>(written: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let near = known.map(|key| (strsim::damerau_levenshtein(key, written), key)).min();
    let (distance, key) = near?;
    (distance <= 2.max(written.len() / 3)).then_some(key)
}
