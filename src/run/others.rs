//! The files of the repositories of a run that it does not name: for verdicts that must not depend on which were named.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::job::{self, Job};
use crate::config::Configs;
use crate::context::Input;
use crate::files::{self, Repository};

/// Files that nobody named, with the config that holds there.
#[derive(Debug, Default)]
pub(super) struct Others(Vec<Other>);

#[derive(Debug)]
pub(super) struct Other {
    pub(super) job: Job,
    pub(super) is_hidden: bool,
}

impl Others {
    /// All of them.
    pub(super) fn of(jobs: &[Job], configs: &mut Configs, cwd: &Path) -> anyhow::Result<Others> {
        let mut others = unnamed(jobs, |_| true, cwd);
        for other in &mut others {
            other.job.configure(configs)?;
        }
        Ok(Others(others))
    }

    /// Those of the repositories of some jobs of which the same is true. A broken config elsewhere is no matter of theirs.
    pub(super) fn like(jobs: &[Job], configs: &mut Configs, cwd: &Path, is_alike: impl Fn(&Job) -> bool) -> Others {
        let mut others = unnamed(jobs, &is_alike, cwd);
        others.retain_mut(|other| other.job.configure(configs).is_ok() && is_alike(&other.job));
        Others(others)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Other> {
        self.0.iter()
    }

    pub(super) fn inputs(&self) -> impl Iterator<Item = Input<'_>> {
        self.0.iter().filter_map(|other| other.job.input())
    }
}

/// The other files in the repositories of those jobs that are `concerned`.
fn unnamed(jobs: &[Job], concerned: impl Fn(&Job) -> bool, cwd: &Path) -> Vec<Other> {
    let mut repositories: BTreeMap<PathBuf, Arc<Repository>> = BTreeMap::new();
    for file in jobs.iter().filter(|job| concerned(job)).filter_map(Job::file) {
        let repository = &file.repository;
        repositories.insert(repository.root.clone(), Arc::clone(repository));
    }
    if repositories.is_empty() {
        return Vec::new();
    }
    let named: HashSet<&Path> = jobs
        .iter()
        .filter_map(Job::file)
        .map(|file| file.path.as_path())
        .collect();
    let mut others = Vec::new();
    for repository in repositories.into_values() {
        let walked = files::repository_files(&repository);
        let hidden = walked.hidden_files().into_iter().map(|path| (path, true));
        let listed = walked.files.into_iter().map(|path| (path, false));
        for (path, is_hidden) in listed.chain(hidden).filter(|(path, _)| !named.contains(path.as_path())) {
            let job = job::of_repository(&repository, path, cwd);
            others.push(Other { job, is_hidden });
        }
    }
    others
}
