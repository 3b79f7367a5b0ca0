//! One text of a run that labels namespaces, with what is asked of it: in which namespaces its objects may end up, and
//! what is counted against their labels. What there is to count, `standing` and `doubts` say.

use std::path::Path;

use crate::context::{Context, Labels, Standings};
use crate::outcome::{Doubt, Failing, Place, Standing};

/// Where kubectl puts what names no namespace.
const DEFAULT: &str = "default";

/// One text, and what is asked of it.
pub(crate) struct Look<'a> {
    pub(crate) shown: &'a Path,
    pub(crate) text: &'a [u8],
    pub(crate) context: &'a Context<'a>,
    pub(crate) labels: &'a Labels,
    /// Why it is not to be hardened and counts as it is: `hidden`, `excluded`.
    pub(crate) as_it_is: Option<&'static str>,
    /// Whether the run hardens it.
    pub(crate) is_named: bool,
}

impl Look<'_> {
    /// Of a file that cannot even be looked at.
    pub(crate) fn against_all(&self, why: String) -> Standings {
        let mut standings = Standings::default();
        let failing = self.failing(String::new(), 1, why);
        for name in self.labels.keys() {
            self.against(name, &failing, &mut standings);
        }
        standings
    }

    /// The namespaces in which an object may end up. One that names none leaves a doubt, and counts for that of kubectl.
    pub(super) fn names<'n>(
        &'n self,
        declared: Option<&'n str>,
        line: usize,
        is_whole: bool,
        standings: &mut Standings,
    ) -> Vec<&'n str> {
        let names = self.context.survey.namespaces_of(self.context.relative, declared);
        if names.contains("") && is_whole {
            standings.doubt(Doubt::NamesNone, self.place(line));
        }
        names
            .into_iter()
            .map(|name| if name.is_empty() { DEFAULT } else { name })
            .collect()
    }

    /// Counts something against all labels of a namespace.
    pub(super) fn against(&self, name: &str, failing: &Failing, standings: &mut Standings) {
        for (level, version) in self.labels.get(name).into_iter().flat_map(|wanted| &wanted.targets) {
            let standing: &mut Standing = standings.entry(name, *level, *version);
            standing.seen += usize::from(!failing.workload.is_empty());
            standing.failing.push(failing.clone());
        }
    }

    pub(super) fn failing(&self, workload: String, line: usize, why: String) -> Failing {
        Failing {
            place: self.place(line),
            workload,
            why,
        }
    }

    pub(super) fn place(&self, line: usize) -> Place {
        Place {
            path: self.shown.to_path_buf(),
            line,
        }
    }
}
