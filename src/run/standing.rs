//! Before labels are written on Namespace manifests: how all workloads of their repositories stand to them. Looks at whole
//! repositories, so that what becomes of a manifest does not depend on which of their files were named; what was named
//! besides, wherever it is, counts as well.

use rayon::prelude::*;

use super::guard::guarded;
use super::job::Job;
use super::others::Others;
use crate::context::{Context, Contexts, Labels, Standings};
use crate::harden::{self, Look};

/// Something to look at.
#[derive(Clone, Copy)]
struct Seen<'j> {
    job: &'j Job,
    /// Why it counts as it is.
    as_it_is: Option<&'static str>,
    is_named: bool,
}

/// Named and not named, in the order of their paths.
fn all<'j>(others: &'j Others, jobs: &'j [Job]) -> Vec<Seen<'j>> {
    let stays = |job: &Job| {
        let excluded = job.is_excluded().then_some("excluded");
        excluded.or_else(|| (!job.is_replaceable()).then_some("hard-linked"))
    };
    let named = jobs.iter().map(|job| Seen {
        job,
        as_it_is: stays(job),
        is_named: true,
    });
    let others = others.iter().map(|other| Seen {
        job: &other.job,
        as_it_is: other.is_hidden.then_some("hidden").or_else(|| stays(&other.job)),
        is_named: false,
    });
    let mut all: Vec<Seen> = named.chain(others).collect();
    all.sort_by_key(|seen| seen.job.shown().as_os_str().as_encoded_bytes());
    all
}

/// How all workloads stand to the labels that Namespace manifests among the jobs are to get.
pub(super) fn standings(jobs: &[Job], others: &Others, contexts: &Contexts) -> Standings {
    let mut wanted = Labels::new();
    let labels: Vec<Labels> = jobs.par_iter().filter_map(|job| labels(job, contexts)).collect();
    for (name, more) in labels.into_iter().flatten() {
        let so_far = wanted.entry(name).or_default();
        so_far.targets.extend(more.targets);
        so_far.manifests.extend(more.manifests);
    }
    if wanted.is_empty() {
        return Standings::default();
    }
    let all = all(others, jobs);
    let found: Vec<Standings> = all
        .par_iter()
        .filter_map(|seen| stand(*seen, &wanted, contexts))
        .collect();
    let mut standings = Standings::default();
    for found in found {
        standings.extend(found);
    }
    standings
}

/// The labels that the Namespace manifests of a file are to get.
fn labels(job: &Job, contexts: &Contexts) -> Option<Labels> {
    let context = job.context(contexts).filter(|_| !job.is_excluded())?;
    // What cannot be read is told where it is hardened.
    let text = job.text().ok()?;
    guarded(|| harden::labels(&text, &context)).ok()
}

/// How the workloads of a file stand.
fn stand(seen: Seen, labels: &Labels, contexts: &Contexts) -> Option<Standings> {
    let context = seen.job.context(contexts)?;
    // What cannot be read may hold anything.
    let unread = |why| look(seen, &[], &context, labels).against_all(why);
    Some(match seen.job.text() {
        Ok(text) => guarded(|| look(seen, &text, &context, labels).standings()).unwrap_or_else(unread),
        Err(reason) => unread(reason.message),
    })
}

fn look<'a>(seen: Seen<'a>, text: &'a [u8], context: &'a Context<'a>, labels: &'a Labels) -> Look<'a> {
    Look {
        shown: seen.job.shown(),
        text,
        context,
        labels,
        as_it_is: seen.as_it_is,
        is_named: seen.is_named,
    }
}
