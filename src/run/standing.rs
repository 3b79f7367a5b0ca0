//! Before labels are written on Namespace manifests: how all workloads of their repositories stand to them. Looks at whole
//! repositories, so that what becomes of a manifest does not depend on which paths were named.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::job::{self, Job};
use crate::config::Configs;
use crate::context::{Contexts, Labels, Standings};
use crate::files::{self, Listings, Repository};
use crate::harden;

/// Every file of the repositories of some jobs, with the config that holds there; of a text on standard input, the job
/// itself stands for the file.
pub(super) fn everything(
    jobs: &[Job],
    listings: &Listings,
    configs: &mut Configs,
    cwd: &Path,
) -> anyhow::Result<Vec<Job>> {
    let mut repositories: BTreeMap<PathBuf, Arc<Repository>> = BTreeMap::new();
    for file in jobs.iter().filter_map(Job::file) {
        let repository = &file.repository;
        repositories.insert(repository.root.clone(), Arc::clone(repository));
    }
    let texts: Vec<&Job> = jobs.iter().filter(|job| job.is_text()).collect();
    let mut all = Vec::new();
    for (root, repository) in repositories {
        let listed = listings.get(&root).cloned();
        let listed = listed.unwrap_or_else(|| files::repository_files(&repository).files);
        for path in listed {
            if texts.iter().any(|job| job.is_text_of(&path)) {
                continue;
            }
            let mut job = job::of_repository(&repository, path, cwd);
            job.configure(configs)?;
            all.push(job);
        }
    }
    Ok(all)
}

/// How the workloads of each repository stand to the labels that Namespace manifests among the jobs are to get.
pub(super) fn standings(jobs: &[Job], everything: &[Job], contexts: &Contexts) -> BTreeMap<PathBuf, Standings> {
    let mut wanted: BTreeMap<PathBuf, Labels> = BTreeMap::new();
    let labels: Vec<_> = jobs.par_iter().filter_map(|job| labels(job, contexts)).collect();
    for (root, labels) in labels {
        let of_root = wanted.entry(root).or_default();
        for (name, targets) in labels {
            of_root.entry(name).or_default().extend(targets);
        }
    }
    let texts = jobs.iter().filter(|job| job.is_text());
    let all: Vec<&Job> = everything.iter().chain(texts).collect();
    let found: Vec<_> = all.par_iter().filter_map(|job| stand(job, &wanted, contexts)).collect();
    let mut standings: BTreeMap<PathBuf, Standings> =
        wanted.into_keys().map(|root| (root, Standings::default())).collect();
    for (root, found) in found {
        standings.entry(root).or_default().extend(found);
    }
    standings
}

/// The labels that the Namespace manifests of a file are to get, by the root of its repository.
fn labels(job: &Job, contexts: &Contexts) -> Option<(PathBuf, Labels)> {
    let context = job.context(contexts).filter(|_| !job.is_excluded())?;
    // What cannot be read is told where it is hardened.
    let text = job.text().ok()?;
    let labels = job::guarded(|| harden::labels(&text, &context)).ok()?;
    (!labels.is_empty()).then(|| (context.root.to_path_buf(), labels))
}

/// How the workloads of a file stand, by the root of its repository.
fn stand(job: &Job, wanted: &BTreeMap<PathBuf, Labels>, contexts: &Contexts) -> Option<(PathBuf, Standings)> {
    let context = job.context(contexts)?;
    let labels = wanted.get(context.root)?;
    if context.survey.may_hold_workload(context.relative) == Some(false) {
        return None;
    }
    let unread = |why: String| harden::against(labels.iter(), &harden::unread(job.shown(), 1, why));
    let look = |text: &[u8]| harden::standings(job.shown(), text, &context, job.is_excluded(), labels);
    let standings = match job.text() {
        Ok(text) => job::guarded(|| look(&text)).unwrap_or_else(unread),
        Err(reason) => unread(reason.message),
    };
    Some((context.root.to_path_buf(), standings))
}
