//! A progress bar on a terminal, for runs that take longer than a second. Never on standard output.

use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shorter runs show no bar.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(super) struct Progress {
    bar: ProgressBar,
    started: Instant,
    wanted: bool,
    shown: Arc<Once>,
}

impl Progress {
    pub(super) fn new(files: usize, wanted: bool) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(files as u64), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} files") {
            bar.set_style(style);
        }
        Progress {
            bar,
            started: Instant::now(),
            wanted,
            shown: Arc::new(Once::new()),
        }
    }

    /// One more file is done.
    pub(super) fn step(&self) {
        if !self.wanted {
            return;
        }
        self.bar.inc(1);
        if self.started.elapsed() > PATIENCE {
            self.shown
                .call_once(|| self.bar.set_draw_target(ProgressDrawTarget::stderr()));
        }
    }

    /// Clears the bar while `talk` writes to the terminal.
    pub(super) fn pause(&self, talk: impl FnOnce()) {
        self.bar.suspend(talk);
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
