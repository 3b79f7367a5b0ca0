//! Why something was left alone, what there is to say of a run as a whole, and where in the files it is said.

use std::path::PathBuf;

/// Why something was left alone: a stable code for machines and a sentence for people
/// that says what is wrong, where, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    pub code: ReasonCode,
    pub message: String,
    /// 1-based line in the file, where one can be named.
    pub line: Option<usize>,
}

/// The closed list of reasons; the code printed is the kebab-case name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReasonCode {
    // of files
    Template,
    Unparsable,
    UnsafeBytes,
    TooLarge,
    TooDeep,
    Unreadable,
    Unwritable,
    Link,
    Hidden,
    Ignored,
    SecondReader,
    Verification,
    Panic,
    // of workloads
    PartialObject,
    PatchFile,
    Alias,
    MergeKey,
    DuplicateKey,
    Unsupported,
    WrongType,
    IgnoreComment,
    IgnoreAnnotation,
    NamespaceLevel,
    ConfigLevel,
    FlagLevel,
    Excluded,
}

/// A line of a file, as shown to people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub path: PathBuf,
    /// 1-based.
    pub line: usize,
}

/// A diagnostic that belongs to the run rather than to a workload (config, conflicts, unused ignores, ...).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    pub code: &'static str,
    pub path: Option<PathBuf>,
    /// 1-based, where one can be named.
    pub line: Option<usize>,
    /// What is wrong and what to do, without the place.
    pub message: String,
}

impl ReasonCode {
    /// The code as printed, kebab-case.
    pub fn code(self) -> &'static str {
        match self {
            ReasonCode::Template => "template",
            ReasonCode::Unparsable => "unparsable",
            ReasonCode::UnsafeBytes => "unsafe-bytes",
            ReasonCode::TooLarge => "too-large",
            ReasonCode::TooDeep => "too-deep",
            ReasonCode::Unreadable => "unreadable",
            ReasonCode::Unwritable => "unwritable",
            ReasonCode::Link => "link",
            ReasonCode::Hidden => "hidden",
            ReasonCode::Ignored => "git-ignored",
            ReasonCode::SecondReader => "second-reader",
            ReasonCode::Verification => "verification",
            ReasonCode::Panic => "panic",
            ReasonCode::PartialObject => "partial-object",
            ReasonCode::PatchFile => "patch-file",
            ReasonCode::Alias => "alias",
            ReasonCode::MergeKey => "merge-key",
            ReasonCode::DuplicateKey => "duplicate-key",
            ReasonCode::Unsupported => "unsupported",
            ReasonCode::WrongType => "wrong-type",
            ReasonCode::IgnoreComment => "ignore-comment",
            ReasonCode::IgnoreAnnotation => "ignore-annotation",
            ReasonCode::NamespaceLevel => "namespace-level",
            ReasonCode::ConfigLevel => "config-level",
            ReasonCode::FlagLevel => "flag-level",
            ReasonCode::Excluded => "excluded",
        }
    }
}
