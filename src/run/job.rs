//! One file through reading, hardening, writing and rendering, in a worker thread.
//! Whatever goes wrong in here, a panic included, is this file's outcome and nobody else's.

use std::borrow::Cow;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use super::guard::guarded;
use crate::config::{Config, Configs};
use crate::context::{Context, Contexts, Input};
use crate::files::{self, File, Found, MAX_MANIFEST_BYTES, PassedOver, Repositories, Repository, RepositoryKind};
use crate::harden::told_unread;
use crate::options::Mode;
use crate::outcome::{FileStatus, Outcome, Reason, ReasonCode};
use crate::report::{Paint, Rendering};
use crate::{harden_text, holds_workload};

/// Of jobs before somebody has looked: one for the thousands of them.
static NO_CONFIG: LazyLock<Arc<Config>> = LazyLock::new(Arc::default);

/// How a text on standard input is called where no name was given.
const STDIN_NAME: &str = "<stdin>";

/// One thing to look at.
#[derive(Debug)]
pub(super) struct Job {
    /// The path in reports: relative to the working directory, whole where it is not below.
    shown: PathBuf,
    source: Source,
    config: Arc<Config>,
    /// Why a config excludes it.
    excluded: Option<Reason>,
}

#[derive(Debug)]
enum Source {
    File(File),
    /// Standard input, read already, and the place it says it belongs.
    Text(Box<File>, Vec<u8>),
    /// A manifest that a walk left out.
    PassedOver(PathBuf, PassedOver),
    /// Something that cannot be a manifest, found while listing.
    Problem(Reason),
}

/// What is left of a file after it was processed: no text but that to be printed.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) outcome: Outcome,
    pub(super) rendered: Vec<u8>,
}

impl Job {
    fn new(shown: PathBuf, source: Source) -> Job {
        Job {
            shown,
            source,
            config: Arc::clone(&NO_CONFIG),
            excluded: None,
        }
    }

    /// Looks up the config that holds here. The error is that of a config; no run should start with it.
    pub(super) fn configure(&mut self, configs: &mut Configs) -> anyhow::Result<()> {
        let Some(file) = self.file() else { return Ok(()) };
        let folder = file.path.parent().unwrap_or(&file.path);
        let root = &file.repository.root;
        let config = configs.of(folder, root)?;
        let line = config.excluded(&file.path, root);
        self.excluded = line.map(|line| {
            let config = config.path.as_deref().unwrap_or(Path::new("the config")).display();
            reason(ReasonCode::Excluded, format!("is excluded by {config}:{line}"))
        });
        self.config = config;
        Ok(())
    }

    /// As shown to people.
    pub(super) fn shown(&self) -> &Path {
        &self.shown
    }

    pub(super) fn config(&self) -> &Arc<Config> {
        &self.config
    }

    pub(super) fn is_excluded(&self) -> bool {
        self.excluded.is_some()
    }

    /// Whether it is of a nature that is ever written.
    pub(super) fn is_replaceable(&self) -> bool {
        match &self.source {
            Source::File(file) => files::replaceable(&file.path).is_ok(),
            Source::Text(..) | Source::PassedOver(..) | Source::Problem(_) => true,
        }
    }

    /// Whether it is a text on standard input.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.source, Source::Text(..))
    }

    pub(super) fn context<'c>(&'c self, contexts: &'c Contexts) -> Option<Context<'c>> {
        contexts.of(self.file()?, &self.config)
    }

    /// What it reads as.
    pub(super) fn text(&self) -> Result<Cow<'_, [u8]>, Reason> {
        match &self.source {
            Source::Text(_, text) => Ok(Cow::Borrowed(text)),
            Source::File(file) => files::read(&file.path).map(Cow::Owned),
            Source::PassedOver(path, _) => files::read(path).map(Cow::Owned),
            Source::Problem(reason) => Err(reason.clone()),
        }
    }

    /// The file with its config, excluded or not.
    pub(super) fn input(&self) -> Option<Input<'_>> {
        let text = match &self.source {
            Source::Text(_, text) => Some(text.as_slice()),
            Source::File(_) | Source::PassedOver(..) | Source::Problem(_) => None,
        };
        let (file, config) = (self.file()?, &self.config);
        Some(Input { file, config, text })
    }

    /// The file, or the place where a text on standard input belongs.
    pub(super) fn file(&self) -> Option<&File> {
        match &self.source {
            Source::File(file) => Some(file),
            Source::Text(file, _) => Some(file),
            Source::PassedOver(..) | Source::Problem(_) => None,
        }
    }

    /// Whether nobody need hear of this job: what a walk left out and holds no workload.
    pub(super) fn is_no_news(&self, outcome: &Outcome) -> bool {
        matches!(self.source, Source::PassedOver(..)) && outcome.status == FileStatus::Unchanged
    }
}

/// The jobs of all files and problems, in the order in which they are reported: by the bytes of the shown path.
pub(super) fn of_files(found: Found, cwd: &Path) -> Vec<Job> {
    let file = |file: File| {
        let shown = file
            .root
            .as_ref()
            .map_or(file.display.clone(), |root| root.join(&file.display));
        Job::new(shown, Source::File(file))
    };
    let below = |path: &Path| path.strip_prefix(cwd).unwrap_or(path).to_path_buf();
    let problem = |(path, reason): files::Problem| Job::new(below(&path), Source::Problem(reason));
    let passed_over = |(path, why): (PathBuf, PassedOver)| Job::new(below(&path), Source::PassedOver(path, why));
    let mut jobs: Vec<Job> = found.files.into_iter().map(file).collect();
    jobs.extend(found.passed_over.into_iter().map(passed_over));
    jobs.extend(found.problems.into_iter().map(problem));
    jobs.sort_by(|a, b| {
        a.shown
            .as_os_str()
            .as_encoded_bytes()
            .cmp(b.shown.as_os_str().as_encoded_bytes())
    });
    jobs
}

/// The job of a file that belongs to a repository, whether or not it was named.
pub(super) fn of_repository(repository: &Arc<Repository>, path: PathBuf, cwd: &Path) -> Job {
    let shown = path.strip_prefix(cwd).map_or(path.clone(), Path::to_path_buf);
    let file = File {
        display: shown.clone(),
        root: None,
        repository: Arc::clone(repository),
        path,
    };
    Job::new(shown, Source::File(file))
}

/// The job of standard input. With a name it belongs where that name says, else to no repository at all.
pub(super) fn standard_input(input: &mut dyn Read, name: Option<&Path>, cwd: &Path) -> Result<Job, String> {
    let mut text = Vec::new();
    input
        .take(MAX_MANIFEST_BYTES + 1)
        .read_to_end(&mut text)
        .map_err(|error| format!("standard input cannot be read: {error}"))?;
    let path = absolute(cwd, name.unwrap_or(Path::new(STDIN_NAME)));
    let below = path.strip_prefix(cwd).ok().map(Path::to_path_buf);
    let shown = below.clone().unwrap_or(path.clone());
    if text.len() as u64 > MAX_MANIFEST_BYTES {
        let limit = MAX_MANIFEST_BYTES >> 20;
        let reason = reason(ReasonCode::TooLarge, format!("is larger than {limit} MiB; split it"));
        return Ok(Job::new(shown, Source::Problem(reason)));
    }
    let folder = path.parent().unwrap_or(cwd).to_path_buf();
    let repository = match name {
        Some(_) => Repositories::new(cwd.to_path_buf()).of(&folder),
        // A root that holds no file: nothing else of the working directory speaks about this text.
        None => Arc::new(Repository {
            root: path.clone(),
            kind: RepositoryKind::Folder,
        }),
    };
    let file_name = || PathBuf::from(path.file_name().unwrap_or_default());
    let file = File {
        root: below.is_none().then_some(folder),
        display: below.unwrap_or_else(file_name),
        repository,
        path,
    };
    Ok(Job::new(shown, Source::Text(Box::new(file), text)))
}

/// `name` as an absolute path; its folder need not exist.
fn absolute(cwd: &Path, name: &Path) -> PathBuf {
    let path = cwd.join(name);
    let resolved = path.parent().and_then(files::resolved);
    match (resolved, path.file_name()) {
        (Some(folder), Some(file)) => folder.join(file),
        _ => path,
    }
}

/// All that happens to one file. Never panics.
pub(super) fn process(job: &Job, mode: Mode, rendering: Rendering, contexts: &Contexts, paint: Paint) -> Done {
    let done = guarded(|| {
        let mut outcome = harden(job, contexts);
        outcome.path.clone_from(&job.shown);
        put(job, mode, &mut outcome);
        let rendered = render(job, &outcome, rendering, paint);
        // Texts are large and no longer needed; that there was one still tells the report.
        outcome.hardened = None;
        Done { outcome, rendered }
    });
    done.unwrap_or_else(|message| {
        let outcome = failed(&job.shown, reason(ReasonCode::Panic, message));
        let rendered = rendering.file(&outcome, &job.shown, paint);
        Done { outcome, rendered }
    })
}

fn harden(job: &Job, contexts: &Contexts) -> Outcome {
    if let Some(reason) = &job.excluded {
        return Outcome {
            status: FileStatus::Skipped,
            ..failed(&job.shown, reason.clone())
        };
    }
    match &job.source {
        Source::Problem(reason) => return failed(&job.shown, reason.clone()),
        Source::PassedOver(path, why) => return passed_over(&job.shown, path, *why),
        Source::Text(..) | Source::File(_) => {}
    }
    let Some(context) = job.context(contexts) else {
        return failed(&job.shown, reason(ReasonCode::Panic, "it has no context".to_string()));
    };
    // The survey saw every byte: most files need no second look.
    let is_of_interest = job.is_text()
        || context.labels_namespaces()
        || context.survey.may_hold_workload(context.relative) != Some(false);
    if !is_of_interest {
        return Outcome::unchanged(&job.shown);
    }
    match job.text() {
        Ok(text) if job.is_text() => told_unread(harden_text(&job.shown, &text, &context), &text, &context),
        Ok(text) => harden_text(&job.shown, &text, &context),
        Err(reason) => failed(&job.shown, reason),
    }
}

/// A manifest that a walk left out. One that cannot be read or parsed is nobody's trouble: nobody asked for it.
fn passed_over(shown: &Path, path: &Path, why: PassedOver) -> Outcome {
    if !files::read(path).is_ok_and(|text| holds_workload(&text)) {
        return Outcome::unchanged(shown);
    }
    let (code, what) = match why {
        PassedOver::Hidden => (ReasonCode::Hidden, "is hidden, or in a hidden folder"),
        PassedOver::Ignored => (ReasonCode::Ignored, "is ignored by a .gitignore"),
        PassedOver::MaybeTracked => (
            ReasonCode::Ignored,
            "is ignored by a .gitignore unless Git tracks it, which its index does not tell",
        ),
    };
    Outcome {
        status: FileStatus::Skipped,
        ..failed(shown, reason(code, format!("{what}; name it to include it")))
    }
}

/// Writes a hardened text, or asks whether it ever could be, so that all modes say the same of a file. If not, the outcome
/// says so, and claims nothing that did not happen.
fn put(job: &Job, mode: Mode, outcome: &mut Outcome) {
    let (Source::File(file), Some(hardened)) = (&job.source, &outcome.hardened) else {
        return;
    };
    let done = match mode {
        Mode::Write => files::replace(&file.path, hardened.old.as_bytes(), hardened.new.as_bytes()),
        Mode::Diff | Mode::Check | Mode::Filter => files::replaceable(&file.path),
    };
    if let Err(reason) = done {
        outcome.refuse(FileStatus::Failed, reason);
    }
}

fn render(job: &Job, outcome: &Outcome, rendering: Rendering, paint: Paint) -> Vec<u8> {
    if let (Rendering::Manifests, Source::Text(_, text), None) = (rendering, &job.source, &outcome.hardened) {
        // Nothing to do: what came in goes out. Nothing at all where the exit code is 2.
        return if outcome.status == FileStatus::Failed {
            Vec::new()
        } else {
            text.clone()
        };
    }
    let patch_name = job.file().map_or(&job.shown, |file| &file.display);
    rendering.file(outcome, patch_name, paint)
}

fn failed(shown: &Path, reason: Reason) -> Outcome {
    Outcome {
        path: shown.to_path_buf(),
        status: FileStatus::Failed,
        reason: Some(reason),
        workloads: Vec::new(),
        namespaces: Vec::new(),
        unknown_carriers: Vec::new(),
        hardened: None,
    }
}

fn reason(code: ReasonCode, message: String) -> Reason {
    Reason {
        code,
        message,
        line: None,
    }
}
