//! One text through all stages: gate, documents, workloads, plan, edits, proof. Pure: files, standard input and other
//! callers share it. What becomes of one document is `document`'s; this file puts documents together to a file.

mod document;
mod doubts;
mod look;
mod namespaces;
mod overrides;
mod parsed;
mod rewrite;
mod standing;
mod workloads;

use std::path::Path;

use crate::context::Context;
use crate::kube::{kinds, namespace, workload};
use crate::outcome::{FileStatus, Hardened, Outcome, Reason, ReasonCode};
use crate::verify;
use crate::yaml::{self, Chunk, ParseError, ParseErrorKind};

use parsed::Parsed;
use rewrite::Rewritten;

pub(crate) use look::Look;
pub(crate) use overrides::effects;
pub(crate) use standing::labels;

/// Hardens one text. `name` is what the outcome calls it.
pub fn harden_text(name: &Path, text: &[u8], context: &Context) -> Outcome {
    let outcome = Outcome::unchanged(name);
    if !kinds::shows_pods(text) && !may_label(text, context) {
        return utf16_outcome(outcome, text);
    }
    let read = read(text, context);
    match read {
        Ok((text, documents)) => harden_documents(outcome, text, &documents, context),
        Err((status, reason)) => Outcome {
            status,
            reason: Some(reason),
            ..outcome
        },
    }
}

/// Whether a text holds a workload of a kind that needs no config, as far as it can be read.
pub fn holds_workload(bytes: &[u8]) -> bool {
    let Some(text) = Some(bytes)
        .filter(|b| kinds::shows_pods(b))
        .and_then(|b| yaml::gate(b).ok())
    else {
        return false;
    };
    let has_workload = |document: &Parsed| {
        let root = document.root();
        root.is_some_and(|root| !workload::find(root).workloads.is_empty())
    };
    let chunks = yaml::split(text);
    let mut suspects = chunks.iter().filter(|chunk| kinds::may_hold_workload(chunk.text));
    suspects.any(|chunk| Parsed::parse(chunk).is_ok_and(|document| has_workload(&document)))
}

/// The outcome of a text that is all there is of a run: where nothing was found in it because it cannot be read, that is
/// said. Files are too many to be read for that.
pub(crate) fn told_unread(outcome: Outcome, bytes: &[u8], context: &Context) -> Outcome {
    let is_empty = outcome.workloads.is_empty() && outcome.namespaces.is_empty() && outcome.unknown_carriers.is_empty();
    if outcome.status != FileStatus::Unchanged || !is_empty {
        return outcome;
    }
    match read_where(bytes, context, |_, _| true) {
        Ok(_) => outcome,
        Err((_, reason)) => refused(outcome, FileStatus::Skipped, reason),
    }
}

/// How templates begin what they fill in.
const OPENS_TEMPLATE: [&str; 2] = ["{{", "{%"];

type Refused = (FileStatus, Reason);

/// The documents that may hold a workload, with their index among all documents.
type Documents<'t> = Vec<(usize, Parsed<'t>)>;

fn read<'t>(bytes: &'t [u8], context: &Context) -> Result<(&'t str, Documents<'t>), Refused> {
    read_where(bytes, context, |text, chunk| may_hold_workload(text, chunk, context))
}

fn read_where<'t>(
    bytes: &'t [u8],
    context: &Context,
    is_wanted: impl Fn(&str, &Chunk) -> bool,
) -> Result<(&'t str, Documents<'t>), Refused> {
    if context.survey.is_chart_template(context.relative) {
        return Err(skipped(
            ReasonCode::Template,
            "it is a template of a Helm chart; harden what it renders to",
            None,
        ));
    }
    let unreadable = if kinds::shows_workload(bytes) {
        FileStatus::Failed
    } else {
        FileStatus::Skipped
    };
    let text = yaml::gate(bytes).map_err(|e| {
        let message = format!("it holds {}", e.what);
        (
            unreadable,
            Reason {
                code: ReasonCode::UnsafeBytes,
                message,
                line: Some(e.line),
            },
        )
    })?;
    let mut documents = Vec::new();
    for (index, chunk) in yaml::split(text).iter().enumerate() {
        if is_wanted(text, chunk) {
            let refused = |error: ParseError| unparsable(text, chunk, index, unreadable, &error);
            let document = yaml::parse(chunk).map_err(refused)?;
            if let Some(line) = document.template_line() {
                return Err(a_template(Some(line)));
            }
            documents.push((index, Parsed::of(document).map_err(refused)?));
        }
    }
    Ok((text, documents))
}

/// Whether a text may hold a Namespace that is to get labels.
fn may_label(text: &[u8], context: &Context) -> bool {
    context.labels_namespaces() && namespace::shows_namespace(text)
}

/// Whether a document may hold a workload, or something that keeps kubectl from reading any document of the file.
fn may_hold_workload(text: &str, chunk: &Chunk, context: &Context) -> bool {
    let separator = || text.get(..chunk.offset).and_then(|before| before.lines().next_back());
    kinds::may_hold_workload_of(chunk.text, &context.config.kinds)
        || may_label(chunk.text.as_bytes(), context)
        || chunk.content_on_separator && separator().is_some_and(|line| line.contains("containers"))
        || chunk.has_directive()
}

/// Why the file stays as it is for the sake of one of the other documents: it is a template, or so broken that kubectl fails
/// on the file. Only for files that are about to change: nothing else reads those documents.
fn refused_elsewhere(text: &str, documents: &Documents) -> Option<Refused> {
    let is_known = |index: usize| documents.iter().any(|(known, _)| *known == index);
    let chunks = yaml::split(text);
    let mut others = chunks.iter().enumerate().filter(|(index, _)| !is_known(*index));
    others.find_map(|(index, chunk)| {
        let may_be_template = OPENS_TEMPLATE.iter().any(|open| chunk.text.contains(open));
        match yaml::parse(chunk) {
            Ok(document) => {
                let line = document.template_line().filter(|_| may_be_template);
                line.map(|line| a_template(Some(line)))
            }
            Err(error) => {
                // One reader alone may be too strict.
                let is_broken = || may_be_template || verify::is_broken(chunk.text);
                let is_refused = chunk.content_on_separator || error.kind == ParseErrorKind::Syntax && is_broken();
                is_refused.then(|| unparsable(text, chunk, index, FileStatus::Failed, &error))
            }
        }
    })
}

fn a_template(line: Option<usize>) -> Refused {
    skipped(
        ReasonCode::Template,
        "it is a template; harden what it renders to",
        line,
    )
}

fn skipped(code: ReasonCode, message: &str, line: Option<usize>) -> Refused {
    (
        FileStatus::Skipped,
        Reason {
            code,
            message: message.into(),
            line,
        },
    )
}

fn unparsable(text: &str, chunk: &Chunk, index: usize, status: FileStatus, error: &ParseError) -> Refused {
    let is_template = OPENS_TEMPLATE.iter().any(|open| text.contains(open));
    let document = if index > 0 || chunk.line > 1 {
        format!(" (document {})", index + 1)
    } else {
        String::new()
    };
    let (code, status, message) = match error.kind {
        ParseErrorKind::Syntax if is_template => (
            ReasonCode::Template,
            FileStatus::Skipped,
            "it is a template; harden what it renders to".to_string(),
        ),
        ParseErrorKind::Syntax if is_several_json(chunk.text) => (
            ReasonCode::Unparsable,
            status,
            "it holds several JSON texts one behind the other; give each a file, or make them `items` of a `kind: List`"
                .to_string(),
        ),
        ParseErrorKind::Syntax if chunk.is_json() => (
            ReasonCode::Unparsable,
            status,
            format!("it is JSON that cannot be read: {}; write it as YAML", error.what),
        ),
        ParseErrorKind::Syntax if error.what.contains("found a tab") => (
            ReasonCode::Unparsable,
            status,
            format!("it is not valid YAML{document}: a tab where spaces should be; write spaces"),
        ),
        ParseErrorKind::Syntax => (
            ReasonCode::Unparsable,
            status,
            format!("it is not valid YAML{document}: {}; mend it", error.what),
        ),
        ParseErrorKind::TooDeep => (
            ReasonCode::TooDeep,
            status,
            format!("it has {}{document}; flatten it", error.what),
        ),
        ParseErrorKind::Unsupported => (
            ReasonCode::Unsupported,
            status,
            format!("it has {}{document}", error.what),
        ),
    };
    (
        status,
        Reason {
            code,
            message,
            line: Some(error.line),
        },
    )
}

/// JSON texts one behind the other, or one on each line: kubectl reads them, no reader of YAML does.
fn is_several_json(text: &str) -> bool {
    let texts = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    text.trim_start().starts_with('{') && texts.take(2).filter(Result::is_ok).count() == 2
}

/// UTF-16 shows no word to a search for its bytes.
fn utf16_outcome(outcome: Outcome, bytes: &[u8]) -> Outcome {
    let big = bytes.starts_with(&[0xFE, 0xFF]);
    if !big && !bytes.starts_with(&[0xFF, 0xFE]) {
        return outcome;
    }
    let low_bytes: Vec<u8> = bytes.iter().skip(2 + usize::from(big)).step_by(2).copied().collect();
    if !kinds::shows_workload(&low_bytes) {
        return outcome;
    }
    let message = "it is UTF-16 text; convert the file to UTF-8".to_string();
    let reason = Reason {
        code: ReasonCode::UnsafeBytes,
        message,
        line: Some(1),
    };
    Outcome {
        status: FileStatus::Failed,
        reason: Some(reason),
        ..outcome
    }
}

fn harden_documents(mut outcome: Outcome, text: &str, documents: &Documents, context: &Context) -> Outcome {
    let mut rewritten: Vec<(Chunk, String)> = Vec::new();
    for (index, parsed) in documents {
        let done = document::harden(*index, parsed, context);
        outcome.workloads.extend(done.workloads);
        outcome.namespaces.extend(done.namespaces);
        outcome.unknown_carriers.extend(done.unknown_carriers);
        match done.rewritten {
            Ok(None) => {}
            Ok(Some(Rewritten { chunk, text })) => rewritten.push((chunk, text)),
            Err(reason) => return failed(outcome, reason),
        }
    }
    if rewritten.is_empty() {
        return outcome;
    }
    if let Some((status, reason)) = refused_elsewhere(text, documents) {
        return refused(outcome, status, reason);
    }
    let new = assemble(text, &rewritten);
    let parts: Vec<(Chunk, &str)> = rewritten.iter().map(|(chunk, text)| (*chunk, text.as_str())).collect();
    if !verify::untouched_elsewhere(text, &new, &parts) {
        let message = "the rewrite would touch other documents; this is a defect of harden, please report it".into();
        return failed(
            outcome,
            Reason {
                code: ReasonCode::Verification,
                message,
                line: None,
            },
        );
    }
    outcome.status = FileStatus::Hardened;
    outcome.hardened = Some(Hardened {
        old: text.to_string(),
        new,
    });
    outcome
}

/// The file with the new text of the rewritten documents.
fn assemble(text: &str, rewritten: &[(Chunk, String)]) -> String {
    let edits: Vec<yaml::Edit> = rewritten
        .iter()
        .map(|(chunk, new)| yaml::Edit {
            start: chunk.offset,
            end: chunk.offset + chunk.text.len(),
            text: new.clone(),
        })
        .collect();
    yaml::splice(text, &edits)
}

fn failed(outcome: Outcome, reason: Reason) -> Outcome {
    refused(outcome, FileStatus::Failed, reason)
}

fn refused(mut outcome: Outcome, status: FileStatus, reason: Reason) -> Outcome {
    outcome.refuse(status, reason);
    outcome
}
