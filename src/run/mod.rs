//! One run over files or standard input: find, survey, then each file in parallel, reported in path order.
//! What becomes of a text is `harden_text`'s business; how it looks is `report`'s.

mod guard;
mod job;
mod others;
mod output;
mod overrides;
mod progress;
mod scattered;
mod standing;

use std::borrow::Cow;
use std::io::{Read, Write};
use std::mem;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::config::Configs;
use crate::context::Contexts;
use crate::files::{self, ByPath, Listings};
use crate::options::{ConfigChoice, Mode, Options, Verbosity};
use crate::outcome::{Diagnostic, FileStatus, Outcome};
use crate::report::{self, Paint, Rendering, Role, Scene, Talk, Tally};
use job::{Done, Job};
use others::Others;
use output::{Broken, Output};
use progress::Progress;

/// Files whose renderings are held at once: enough to keep all threads busy, few enough to forget.
const CHUNK: usize = 1024;

/// Lines about blocked workloads on standard error, beyond which they are only counted.
const BLOCKED_LINES: usize = 10;

/// Lines about labelled namespaces, and about what patches break, on standard error; beyond, each sort is only counted.
const NOTES: usize = 10;

/// Where a run reads and writes, and whether it may use colour there.
pub struct Streams<'a> {
    pub input: &'a mut dyn Read,
    pub out: &'a mut dyn Write,
    pub out_paint: Paint,
    pub err: &'a mut dyn Write,
    pub err_paint: Paint,
    /// Whether standard error is a terminal that may show a progress bar.
    pub progress: bool,
}

/// The exit code of a run, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: nothing left to do.
    Clean,
    /// 1: changes needed, or blockers remain.
    Work,
    /// 2: wrong usage, a broken config, a missing path, a file that failed, output that could not be written.
    Trouble,
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Exit::Clean => 0,
            Exit::Work => 1,
            Exit::Trouble => 2,
        }
    }
}

/// Does what `options` say. Every problem has been told on `streams.err` when this returns.
pub fn run(options: &Options, streams: &mut Streams<'_>) -> Exit {
    guard::quiet_panics();
    match start(options, streams) {
        Ok(exit) if options.exit_zero && exit == Exit::Work => Exit::Clean,
        Ok(exit) => exit,
        Err(message) => {
            let label = streams.err_paint.text(Role::Bad, "error");
            say(streams.err, &format!("{label}: {message}"));
            Exit::Trouble
        }
    }
}

/// Everything that can go wrong before anything is written goes wrong in here, as one line.
fn start(options: &Options, streams: &mut Streams<'_>) -> Result<Exit, String> {
    let cwd = files::working_directory()
        .map_err(|error| format!("the working directory cannot be used: {error}; change to another"))?;
    let mut scene = Scene {
        options: options.clone(),
        ..Scene::default()
    };
    let found = gather(options, streams.input, &cwd, &mut scene)?;
    let (mut jobs, listings) = (found.jobs, found.listings);
    if let Some(path) = &options.output_file {
        output::spare(path, &options.paths, &cwd, &mut jobs)?;
    }
    let mut configs = configs(options, &cwd, found.with_config).map_err(|error| error.to_string())?;
    let mut configured = jobs.iter_mut().map(|job| job.configure(&mut configs));
    configured.try_for_each(|done| done.map_err(|error| error.to_string()))?;
    let labels = !options.rules.label_namespaces.is_empty();
    let others = match labels {
        false => Others::like(&jobs, &mut configs, &cwd, |job| overrides::may_judge(job, &cwd)),
        true => Others::of(&jobs, &mut configs, &cwd).map_err(|error| error.to_string())?,
    };
    let files = jobs.iter().filter(|job| labels || !job.is_excluded());
    let files: Vec<_> = files.filter_map(Job::input).chain(others.inputs()).collect();
    let mut contexts = Contexts::new(&files, &listings, &options.rules, &cwd).map_err(|error| error.to_string())?;
    if labels {
        contexts.stand(standing::standings(&jobs, &others, &contexts));
    }
    contexts.remark(scattered::remarks(&named(options), &jobs, &cwd));
    let unused = overrides::remarks(&jobs, &others, &contexts, &cwd);
    contexts.remark(unused);
    let output = Output::open(options.output_file.as_deref(), streams.out)?;
    let paint = match options.output_file {
        Some(_) => Paint::OFF,
        None => streams.out_paint,
    };
    let progress = Progress::new(jobs.len(), streams.progress && options.verbosity > Verbosity::Quiet);
    let rendering = Rendering::of(options.mode, options.output_format);
    scene.rendering = Some(rendering);
    scene.told = options.verbosity == Verbosity::Verbose || matches!(rendering, Rendering::Text | Rendering::Json);
    let talk = Talker::new(options, rendering, streams.err, streams.err_paint);
    Run {
        options,
        rendering,
        diagnostics: contexts.diagnostics(&cwd),
        contexts: &contexts,
        paint,
        progress,
        output,
        talk,
        scene,
        tally: Tally::default(),
    }
    .all(&jobs)
}

/// The jobs, and what is known of repositories and folders from looking for them.
struct Gathered {
    jobs: Vec<Job>,
    listings: Listings,
    with_config: ByPath<bool>,
}

fn gather(options: &Options, input: &mut dyn Read, cwd: &Path, scene: &mut Scene) -> Result<Gathered, String> {
    if options.stdin {
        let name = options.stdin_filename.as_deref();
        return Ok(Gathered {
            jobs: vec![job::standard_input(input, name, cwd)?],
            listings: Listings::new(),
            with_config: ByPath::new(),
        });
    }
    let mut found = files::find(&named(options), cwd).map_err(|error| error.to_string())?;
    scene.hidden = found.hidden;
    scene.links = found.links;
    Ok(Gathered {
        listings: mem::take(&mut found.listings),
        with_config: mem::take(&mut found.with_config),
        jobs: job::of_files(found, cwd),
    })
}

/// The paths of the command line; where there are none, the working directory.
fn named(options: &Options) -> Cow<'_, [PathBuf]> {
    match options.paths.as_slice() {
        [] => Cow::Owned(vec![PathBuf::from(".")]),
        given => Cow::Borrowed(given),
    }
}

fn configs(options: &Options, cwd: &Path, with_config: ByPath<bool>) -> anyhow::Result<Configs> {
    match &options.config {
        ConfigChoice::Nearest => Ok(Configs::nearest(cwd.to_path_buf()).knowing(with_config)),
        ConfigChoice::None => Ok(Configs::none(cwd.to_path_buf())),
        ConfigChoice::File(path) => Configs::file(path, cwd.to_path_buf()),
    }
}

/// A run under way: everything has been found, nothing is done yet.
struct Run<'a> {
    options: &'a Options,
    rendering: Rendering,
    contexts: &'a Contexts<'a>,
    diagnostics: Vec<Diagnostic>,
    /// Of the data.
    paint: Paint,
    progress: Progress,
    output: Output<'a>,
    talk: Talker<'a>,
    scene: Scene,
    tally: Tally,
}

impl Run<'_> {
    fn all(mut self, jobs: &[Job]) -> Result<Exit, String> {
        self.talk.remarks(&self.diagnostics);
        self.output.write(&self.rendering.opening(&self.diagnostics));
        for chunk in jobs.chunks(CHUNK) {
            let done = self.process(chunk);
            let progress = self.progress.clone();
            progress.pause(|| self.report(chunk, &done));
            // Nobody reads any more; but what is to be written is written to the last.
            if self.output.is_broken() && self.options.mode != Mode::Write {
                break;
            }
        }
        self.progress.finish();
        self.output.write(&self.rendering.closing(&self.tally));
        self.output.flush();
        let exit = exit(self.options.mode, &self.tally);
        match self.output.broken() {
            Some(Broken::Failed(message)) => return Err(message),
            // The reader has left; it wants no summary.
            Some(Broken::Pipe) => {}
            None => self.talk.summary(&self.tally, &self.scene),
        }
        Ok(exit)
    }

    fn process(&self, jobs: &[Job]) -> Vec<Done> {
        let (mode, rendering, contexts, paint) = (self.options.mode, self.rendering, self.contexts, self.paint);
        let progress = &self.progress;
        let process = |job| {
            let done = job::process(job, mode, rendering, contexts, paint);
            progress.step();
            done
        };
        jobs.par_iter().with_max_len(1).map(process).collect()
    }

    /// Prints and counts what became of some files.
    fn report(&mut self, jobs: &[Job], done: &[Done]) {
        for (job, done) in jobs.iter().zip(done) {
            if job.is_no_news(&done.outcome) {
                continue;
            }
            self.output.item(&done.rendered, self.rendering.separator());
            self.talk.about(&done.outcome);
            self.tally.add(&done.outcome);
            let root = job.file().and_then(|file| file.root.as_ref());
            if let Some(root) = root.filter(|_| self.rendering == Rendering::Diff && !done.rendered.is_empty())
                && !self.scene.outside.contains(root)
            {
                self.scene.outside.push(root.clone());
            }
        }
        self.output.flush();
    }
}

/// Standard error.
struct Talker<'a> {
    options: &'a Options,
    rendering: Rendering,
    err: &'a mut dyn Write,
    paint: Paint,
    /// Lines about blocked workloads so far.
    blocked: usize,
    /// Lines about labels so far.
    notes: usize,
    /// Lines about what patches break so far.
    warnings: usize,
}

impl<'a> Talker<'a> {
    fn new(options: &'a Options, rendering: Rendering, err: &'a mut dyn Write, paint: Paint) -> Talker<'a> {
        Talker {
            options,
            rendering,
            err,
            paint,
            blocked: 0,
            notes: 0,
            warnings: 0,
        }
    }

    fn about(&mut self, outcome: &Outcome) {
        // Where the data names blocked workloads already, the talk need not.
        let named = matches!(self.rendering, Rendering::Text | Rendering::Paths | Rendering::Json);
        let explained = matches!(self.rendering, Rendering::Text | Rendering::Json);
        // Nobody can look again at what came on standard input.
        let is_lost = self.options.stdin && outcome.status == FileStatus::Skipped;
        let amount = match self.options.verbosity {
            Verbosity::Verbose => Talk::All,
            Verbosity::Normal if is_lost && !explained => Talk::Skipped,
            Verbosity::Normal if !named => Talk::Blocked,
            _ => Talk::Errors,
        };
        for line in outcome.talk(amount, self.paint) {
            if amount < Talk::All && outcome.status != FileStatus::Failed {
                self.blocked += 1;
                if self.blocked > BLOCKED_LINES {
                    continue;
                }
            }
            say(self.err, &line);
        }
        // With all notes they are said already.
        if amount == Talk::Blocked || amount == Talk::Skipped {
            for line in outcome.warnings(self.paint) {
                self.warnings += 1;
                if self.warnings <= NOTES {
                    say(self.err, &line);
                }
            }
        }
        if amount >= Talk::Blocked {
            for line in outcome.label_notes(self.paint) {
                self.notes += 1;
                if self.notes <= NOTES || amount == Talk::All {
                    say(self.err, &line);
                }
            }
        }
    }

    fn remarks(&mut self, diagnostics: &[Diagnostic]) {
        if self.options.verbosity > Verbosity::Quiet {
            for diagnostic in diagnostics {
                say(self.err, &report::remark(diagnostic, self.paint));
            }
        }
    }

    fn summary(&mut self, tally: &Tally, scene: &Scene) {
        if self.options.verbosity == Verbosity::Quiet {
            return;
        }
        let (blocked, warnings) = (self.blocked, self.warnings);
        self.more(Role::Warning, "blocked", "", blocked.saturating_sub(BLOCKED_LINES));
        self.more(Role::Warning, "warning", " of patches", warnings.saturating_sub(NOTES));
        if self.options.verbosity < Verbosity::Verbose {
            let notes = self.notes.saturating_sub(NOTES);
            self.more(Role::Faint, "note", " namespaces labelled", notes);
        }
        for line in report::summary(tally, scene) {
            say(self.err, &line);
        }
    }

    /// How many lines of a sort were kept back, if any.
    fn more(&mut self, role: Role, label: &str, of: &str, count: usize) {
        if count > 0 {
            let label = self.paint.text(role, label);
            say(self.err, &format!("{label}: and {count} more{of} (-v names all)"));
        }
    }
}

/// By the table of modes; files that failed weigh most.
fn exit(mode: Mode, tally: &Tally) -> Exit {
    let changes_needed = matches!(mode, Mode::Diff | Mode::Check) && tally.needed > 0;
    if tally.files(FileStatus::Failed) > 0 {
        Exit::Trouble
    } else if changes_needed || tally.left() > 0 {
        Exit::Work
    } else {
        Exit::Clean
    }
}

/// A line for people, in one piece. That nobody can read it is no reason to fail.
fn say(err: &mut dyn Write, line: &str) {
    let _ = err.write_all(format!("{line}\n").as_bytes());
}
