//! Overrides of configs that match nothing: a slip in a name, or a decision about what is gone. Looks at every
//! file of the repository that shares the config, named or not, so that `harden .` and a hook that names one file say the
//! same. Nobody can look at all files of a config that lies in none of their repositories (`--config` of one that many
//! share), so nothing is said of it. Ignored files that were named count too, and can only keep a remark back.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::guard::guarded;
use super::job::Job;
use super::others::Others;
use crate::config::{Config, Override};
use crate::context::Contexts;
use crate::files;
use crate::harden;
use crate::outcome::Diagnostic;
use crate::plan::Effect;

/// Whether the overrides that hold for a job can be judged.
pub(super) fn may_judge(job: &Job, cwd: &Path) -> bool {
    let Some(file) = job.file().filter(|_| !job.is_excluded()) else {
        return false;
    };
    let (config, root) = (job.config(), &file.repository.root);
    let is_home = |path: &PathBuf| {
        let home = cwd.join(path);
        let climbs = home.components().any(|part| part == Component::ParentDir);
        home.starts_with(root) && !climbs || climbs && files::is_below(&home, root)
    };
    !config.overrides.is_empty() && config.path.as_ref().is_some_and(is_home)
}

/// What overrides do that are looked at together: by the index in their config, where each names a workload.
struct Seen<'a> {
    config: &'a Arc<Config>,
    effects: BTreeMap<usize, Vec<(PathBuf, Effect)>>,
}

/// About each override that does nothing.
pub(super) fn remarks(jobs: &[Job], others: &Others, contexts: &Contexts, cwd: &Path) -> Vec<Diagnostic> {
    let others = others.iter().map(|other| &other.job);
    let judged: Vec<&Job> = jobs.iter().chain(others).filter(|job| may_judge(job, cwd)).collect();
    let looked: Vec<_> = judged.par_iter().map(|job| effects(job, contexts)).collect();
    // By address, of which there is one for all files that share a config.
    let mut seen: BTreeMap<usize, Seen> = BTreeMap::new();
    for (job, effects) in judged.into_iter().zip(looked) {
        let config = job.config();
        let so_far = seen.entry(Arc::as_ptr(config) as usize).or_insert_with(|| Seen {
            config,
            effects: BTreeMap::new(),
        });
        for (index, effect) in effects {
            let place = job.shown().to_path_buf();
            so_far.effects.entry(index).or_default().push((place, effect));
        }
    }
    seen.values().flat_map(Seen::remarks).collect()
}

/// What the overrides do in one file.
fn effects(job: &Job, contexts: &Contexts) -> Vec<(usize, Effect)> {
    let Some(context) = job.context(contexts) else {
        return Vec::new();
    };
    if !job.is_text() && context.survey.may_hold_workload(context.relative) == Some(false) {
        return Vec::new();
    }
    // What cannot be read is told where it is hardened, and may hold what an override names.
    let all = || {
        (0..context.config.overrides.len())
            .map(|index| (index, Effect::Some))
            .collect()
    };
    match job.text() {
        Ok(text) => guarded(|| harden::effects(&text, &context)).unwrap_or_else(|_| all()),
        Err(_) => all(),
    }
}

impl Seen<'_> {
    fn remarks(&self) -> Vec<Diagnostic> {
        let overrides = self.config.overrides.iter().enumerate();
        let remarks = overrides.filter_map(|(index, decided)| {
            let why = self.why_idle(index, decided)?;
            let field = &decided.field;
            Some(Diagnostic {
                code: "unused-override",
                path: self.config.path.clone(),
                line: Some(decided.line),
                message: format!("the override of `{field}` does nothing: {why}; mend or remove it"),
            })
        });
        remarks.collect()
    }

    /// `None` where it does something to one of the workloads, or did: whoever runs this after every commit does not want
    /// to hear of decisions that hold.
    fn why_idle(&self, index: usize, decided: &Override) -> Option<String> {
        let mut idle: Vec<(&Path, usize, &str)> = Vec::new();
        for (path, effect) in self.effects.get(&index).into_iter().flatten() {
            match effect {
                Effect::Some | Effect::Done => return None,
                Effect::None(why, line) => idle.push((path, *line, why)),
            }
        }
        let first = idle.into_iter().min();
        let first = first.map(|(path, line, why)| format!("{why} ({}:{line})", path.display()));
        first.or_else(|| {
            let (kind, name) = (&decided.kind, &decided.name);
            let namespace = decided.namespace.as_ref();
            let namespace = namespace.map_or(String::new(), |namespace| format!(" in namespace `{namespace}`"));
            Some(format!("no manifest has a {kind} `{name}`{namespace}"))
        })
    }
}
