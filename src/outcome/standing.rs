//! How the workloads of a namespace stand to a label that it is to get: what was seen, what fails, what is in doubt. Values
//! only; `harden` looks.

use std::fmt;

use super::reason::Place;
use crate::checks::PolicyVersion;

/// How the workloads of a namespace stand to a label, as far as they were seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Workloads of the namespace in the repository.
    pub seen: usize,
    /// Those of them that pass only once they are hardened.
    pub to_harden: usize,
    /// Those of the latter that are in files which the run does not harden, since they were not named.
    pub elsewhere: usize,
    /// In the order of the repository.
    pub failing: Vec<Failing>,
    /// Those of the failing that would pass, were they not hidden, excluded or hard-linked.
    pub as_it_is: usize,
    /// What passes, but not on every cluster.
    pub relaxed: Vec<Lenient>,
    /// What may belong to the namespace, in the order of the doubts.
    pub loose: Vec<(Doubt, Loose)>,
}

impl Standing {
    /// Adds what was seen elsewhere.
    pub fn add(&mut self, more: Standing) {
        self.seen += more.seen;
        self.to_harden += more.to_harden;
        self.elsewhere += more.elsewhere;
        self.failing.extend(more.failing);
        self.as_it_is += more.as_it_is;
        self.relaxed.extend(more.relaxed);
    }
}

/// Why nobody knows whether something belongs to a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// It names none, and goes where it is applied.
    NamesNone,
    /// Only its renderings say.
    Template,
    /// It cannot be read, and shows no sign of it.
    Unread,
    /// Somebody else installs what it speaks of.
    Installer,
    /// A kustomization builds from what is not here.
    Elsewhere,
}

impl Doubt {
    /// One of them, and several.
    pub fn nouns(self) -> (&'static str, &'static str) {
        match self {
            Doubt::NamesNone => ("workload that names no namespace", "workloads that name no namespace"),
            Doubt::Template => ("template", "templates"),
            Doubt::Unread => ("file that cannot be read", "files that cannot be read"),
            Doubt::Installer => (
                "object that has others installed and does not say where",
                "objects that have others installed and do not say where",
            ),
            Doubt::Elsewhere => (
                "kustomization that builds from elsewhere",
                "kustomizations that build from elsewhere",
            ),
        }
    }

    pub fn code(self) -> &'static str {
        match self {
            Doubt::NamesNone => "names-none",
            Doubt::Template => "template",
            Doubt::Unread => "unread",
            Doubt::Installer => "installer",
            Doubt::Elsewhere => "elsewhere",
        }
    }
}

/// How many things are in doubt for one reason, and where the first of them is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loose {
    pub count: usize,
    pub first: Place,
}

/// A workload that passes a label only where the cluster is new enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lenient {
    pub place: Place,
    /// `Deployment shop/web`.
    pub workload: String,
    /// The release from which on it passes.
    pub since: PolicyVersion,
    /// `hostUsers: false`; empty where a check came to allow a value.
    pub because: String,
}

/// A workload that would not pass, or that nobody can judge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failing {
    pub place: Place,
    /// `Deployment shop/web`; empty for a file that cannot be read.
    pub workload: String,
    pub why: String,
}

/// `k8s/agent.yaml:1: DaemonSet shop/agent: host namespaces (hostPID=true)`
impl fmt::Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.place.path.display(), self.place.line)?;
        if !self.workload.is_empty() {
            write!(f, "{}: ", self.workload)?;
        }
        f.write_str(&self.why)
    }
}
