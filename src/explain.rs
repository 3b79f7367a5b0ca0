//! Text for `harden explain` and `harden profile`: what a check wants, what is known of an image.

/// What there is to say about a check or an image; without a word, the list of checks. `None` if nothing is known.
pub fn explain(word: Option<&str>) -> Option<String> {
    let _ = word;
    None
}

/// What `harden profile` is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileQuestion {
    /// All built-in profiles, one a line.
    List,
    /// One profile by its name or by an image.
    Show(String),
    /// Whether these files are valid profiles.
    Check(Vec<std::path::PathBuf>),
}

/// The answer, or one line that says what is wrong and what to do.
pub fn profile(question: &ProfileQuestion) -> Result<String, String> {
    let _ = question;
    Err("profiles: not part of this build".to_string())
}
