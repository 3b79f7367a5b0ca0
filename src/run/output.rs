//! Where the data of a run goes: standard output or a file. Remembers when no more can be written.

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::job::Job;
use crate::{files, holds_workload};

/// Why no more can be written.
#[derive(Debug)]
pub(super) enum Broken {
    /// The reader of standard output has left, as `head` does. Nothing to complain about.
    Pipe,
    /// Anything else, as a message.
    Failed(String),
}

/// Accepts data for ever; once broken it drops it.
pub(super) struct Output<'a> {
    sink: Box<dyn Write + 'a>,
    /// `None`: standard output.
    file: Option<PathBuf>,
    items: usize,
    broken: Option<Broken>,
}

/// Takes the report of an earlier run off the list of inputs, where this run will write over it. A manifest is never
/// written over, whether or not the run reads it. What standard input became is a manifest, and no report.
pub(super) fn spare(output: &Path, named: &[PathBuf], cwd: &Path, jobs: &mut Vec<Job>) -> Result<(), String> {
    let Some(place) = files::resolved(&cwd.join(output)) else {
        return Ok(());
    };
    let is_named = named
        .iter()
        .any(|path| files::resolved(&cwd.join(path)).is_some_and(|path| path == place));
    let shown = output.display();
    if is_named {
        return Err(format!(
            "{shown}: is a manifest to read and cannot be the --output-file too; name another"
        ));
    }
    if !jobs.iter().any(Job::is_text) && is_manifest(&place) {
        return Err(format!(
            "{shown}: is a manifest, which no report is written over; name another --output-file, or remove it first"
        ));
    }
    jobs.retain(|job| job.file().is_none_or(|file| job.is_text() || file.path != place));
    Ok(())
}

/// Whether a file is named as a manifest and is none of our reports, which end in `.json` at most and hold no workload.
fn is_manifest(place: &Path) -> bool {
    let is_json = place
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let holds_one = |text: Vec<u8>| {
        if is_json {
            holds_workload(&text)
        } else {
            !text.is_empty()
        }
    };
    files::is_manifest_name(place) && files::read(place).is_ok_and(holds_one)
}

impl<'a> Output<'a> {
    /// Opens the file now, before anything is written elsewhere.
    pub(super) fn open(path: Option<&Path>, stdout: &'a mut dyn Write) -> Result<Output<'a>, String> {
        let sink: Box<dyn Write + 'a> = match path {
            None => Box::new(stdout),
            // Opened once more, a file that is standard output would be written over from its start.
            Some(path) if path == Path::new("/dev/stdout") => Box::new(stdout),
            Some(path) => Box::new(files::open_output(path).map_err(|error| unwritable(path, &error))?),
        };
        Ok(Output {
            sink,
            file: path.map(Path::to_path_buf),
            items: 0,
            broken: None,
        })
    }

    /// One item of a list; the separator stands between items that are not empty.
    pub(super) fn item(&mut self, bytes: &[u8], separator: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if self.items > 0 {
            self.write(separator);
        }
        self.items += 1;
        self.write(bytes);
    }

    pub(super) fn write(&mut self, bytes: &[u8]) {
        if self.broken.is_none() {
            let result = self.sink.write_all(bytes);
            self.note(result);
        }
    }

    pub(super) fn flush(&mut self) {
        if self.broken.is_none() {
            let result = self.sink.flush();
            self.note(result);
        }
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    pub(super) fn broken(self) -> Option<Broken> {
        self.broken
    }

    fn note(&mut self, result: io::Result<()>) {
        let Err(error) = result else { return };
        self.broken = Some(match &self.file {
            Some(path) => Broken::Failed(unwritable(path, &error)),
            None if error.kind() == ErrorKind::BrokenPipe => Broken::Pipe,
            None => Broken::Failed(format!(
                "standard output cannot be written: {error}; what was printed is incomplete"
            )),
        });
    }
}

fn unwritable(path: &Path, error: &io::Error) -> String {
    format!(
        "{}: the output cannot be written: {error}; choose another --output-file",
        path.display()
    )
}
