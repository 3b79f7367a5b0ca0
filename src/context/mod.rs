//! What decides about a file besides its text: what was asked for, its config, the facts about images, and what the
//! survey of its repository found. Holds; the planner reads.

mod images;
mod known;
mod remarks;
mod standing;

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::checks::{Level, Policy, PolicyVersion};
use crate::config::{Accept, Config, Override};
use crate::files::{self, ByPath, File, Listings};
use crate::kube::namespace::Namespace;
use crate::kube::release::Release;
use crate::kube::workload::Workload;
use crate::options::Rules;
use crate::outcome::{Diagnostic, Place, ReasonCode};
use crate::profiles::Library;
use crate::survey::Survey;

pub use images::{Contested, library};
pub use known::Known;
pub use standing::{Labels, Standings, Wanted};

/// The surroundings of one file.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub rules: &'a Rules,
    pub config: &'a Config,
    pub library: &'a Library,
    pub survey: &'a Survey,
    /// The root of the file's repository, absolute.
    pub root: &'a Path,
    /// The file below `root`.
    pub relative: &'a Path,
    /// How the workloads of the run stand to the labels that its namespaces are to get; `None` where nobody looked.
    pub standings: Option<&'a Standings>,
}

/// The level and version that a workload must pass, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub level: Level,
    pub version: PolicyVersion,
    /// Who chose the level; `None` for the default.
    pub chosen_by: Option<Choice>,
}

/// Who chose a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub code: ReasonCode,
    /// The line that says it; flags have none.
    pub place: Option<Place>,
}

impl<'a> Context<'a> {
    pub fn accept(&self) -> Accept {
        self.rules.accept.or(self.config.accept).unwrap_or_default()
    }

    /// The release of the cluster, where somebody says it.
    pub fn release(&self) -> Option<Release> {
        self.rules.kube_version.or(self.config.kube_version)
    }

    /// What a workload with this target is held to.
    pub fn policy(&self, target: &Target) -> Policy {
        Policy {
            level: target.level,
            version: target.version,
            server: self.release().map(|release| release.minor),
        }
    }

    /// The namespace in which a workload ends up, where the repository says it.
    pub fn namespace_of(&self, workload: &Workload<'a>) -> Option<&'a str> {
        Some(self.survey.namespace_of(self.relative, workload.namespace)).filter(|name| !name.is_empty())
    }

    /// The overrides of the config that name a workload, with their index.
    pub fn overrides_of(&self, workload: &Workload<'a>) -> impl Iterator<Item = (usize, &'a Override)> {
        let (namespace, kind, name) = (self.namespace_of(workload), workload.kind_name, workload.name);
        let all = self.config.overrides.iter().enumerate();
        all.filter(move |(_, decided)| decided.applies_to(kind, namespace, name))
    }

    /// Whether Namespace manifests are to get labels.
    pub fn labels_namespaces(&self) -> bool {
        !self.rules.label_namespaces.is_empty()
    }

    /// The name under which the cluster knows a Namespace: a kustomization that sets one renames it too.
    pub fn name_of(&self, namespace: &Namespace<'a>) -> &'a str {
        self.survey.namespace_of(self.relative, Some(namespace.name))
    }

    /// The names that it may get in all kustomizations that build it.
    pub fn names_of(&self, namespace: &Namespace<'a>) -> BTreeSet<&'a str> {
        self.survey.namespaces_of(self.relative, Some(namespace.name))
    }

    /// What a workload must pass.
    pub fn target(&self, workload: &Workload<'a>) -> Target {
        self.target_in(self.namespace_of(workload))
    }

    /// What is asked of the file in a namespace: flags, then config, then the labels of the namespace, then `restricted`,
    /// `latest`.
    pub fn target_in(&self, namespace: Option<&str>) -> Target {
        let config = self.config.target(&self.root.join(self.relative), self.root, namespace);
        let labels = namespace.and_then(|name| self.survey.namespace(name));
        let by_flag = self.rules.level.map(|level| {
            (
                level,
                Choice {
                    code: ReasonCode::FlagLevel,
                    place: None,
                },
            )
        });
        let by_config = config
            .level
            .map(|stated| (stated.value, self.config_choice(stated.line)));
        let by_label = labels.map(|labels| {
            let place = labels.from.clone();
            (
                labels.level,
                Choice {
                    code: ReasonCode::NamespaceLevel,
                    place: Some(place),
                },
            )
        });
        let level_is_label = by_flag.is_none() && by_config.is_none();
        let chosen = by_flag.or(by_config).or(by_label);
        let version = self
            .rules
            .policy_version
            .or(config.policy_version.map(|stated| stated.value));
        let label_version = labels.filter(|_| level_is_label).map(|labels| labels.version);
        Target {
            level: chosen.as_ref().map_or(Level::Restricted, |(level, _)| *level),
            version: version.or(label_version).unwrap_or(PolicyVersion::Latest),
            chosen_by: chosen.map(|(_, choice)| choice),
        }
    }

    fn config_choice(&self, line: usize) -> Choice {
        let place = self.config.path.clone().map(|path| Place { path, line });
        Choice {
            code: ReasonCode::ConfigLevel,
            place,
        }
    }
}

/// A file of a run, with the config that holds for it.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub file: &'a File,
    pub config: &'a Arc<Config>,
    /// What it reads as, where that is not what the disk says: standard input.
    pub text: Option<&'a [u8]>,
}

/// The contexts of all files of a run; each repository is surveyed once, each config's library built once.
#[derive(Debug)]
pub struct Contexts<'a> {
    rules: &'a Rules,
    /// By the root of the repository.
    surveys: ByPath<Survey>,
    /// By the root of the repository and the address of the config, of which there is one for all files that share it.
    libraries: ByPath<HashMap<usize, Library>>,
    /// Of all repositories together, where labels are asked for.
    standings: Option<Standings>,
    /// About images whose builds differ, and policy versions that flags and configs name.
    remarks: Vec<Diagnostic>,
}

impl<'a> Contexts<'a> {
    /// Reads the repositories of `inputs`. `listings` are the manifests of repositories, by root, as far as somebody
    /// has listed them; `cwd` is where people look from.
    ///
    /// # Errors
    /// A config whose `images:` contradict themselves.
    pub fn new(inputs: &[Input], listings: &Listings, rules: &'a Rules, cwd: &Path) -> anyhow::Result<Contexts<'a>> {
        let mut contexts = Contexts {
            rules,
            surveys: surveys(inputs, listings),
            libraries: ByPath::new(),
            standings: None,
            remarks: remarks::of_rules(rules).into_iter().collect(),
        };
        for input in inputs {
            let root = &input.file.repository.root;
            let libraries = contexts.libraries.entry(root.clone().into_os_string()).or_default();
            if let Entry::Vacant(vacant) = libraries.entry(address(input.config)) {
                let builds = contexts.surveys.get(root.as_os_str()).map_or(&[][..], Survey::builds);
                let (library, contested) = images::library(input.config, builds)?;
                vacant.insert(library);
                contexts.remarks.extend(
                    contested
                        .into_iter()
                        .map(|one| remarks::seen_from(cwd, root, one.remark)),
                );
                contexts.remarks.extend(remarks::of_config(input.config, rules));
            }
        }
        Ok(contexts)
    }

    /// Of a file given to [`Contexts::new`] with this config.
    pub fn of<'c>(&'c self, file: &'c File, config: &'c Arc<Config>) -> Option<Context<'c>> {
        let root = &file.repository.root;
        Some(Context {
            rules: self.rules,
            config,
            library: self.libraries.get(root.as_os_str())?.get(&address(config))?,
            survey: self.surveys.get(root.as_os_str())?,
            root,
            relative: relative(file),
            standings: self.standings.as_ref(),
        })
    }

    /// Adds how all workloads stand, once they were looked at.
    pub fn stand(&mut self, standings: Standings) {
        self.standings = Some(standings);
    }

    /// Adds what is to be said once the texts were looked at.
    pub fn remark(&mut self, remarks: Vec<Diagnostic>) {
        self.remarks.extend(remarks);
    }

    /// What there is to say about the run as a whole; paths are shown from `cwd`, as those of files are.
    pub fn diagnostics(&self, cwd: &Path) -> Vec<Diagnostic> {
        let mut found = self.remarks.clone();
        for (root, survey) in &self.surveys {
            found.extend(
                remarks::of_survey(survey)
                    .into_iter()
                    .map(|d| remarks::seen_from(cwd, Path::new(root), d)),
            );
        }
        found.sort();
        found.dedup();
        found
    }
}

/// One of each repository, by its root. Folders that are nobody's repository come by the thousand.
fn surveys(inputs: &[Input], listings: &Listings) -> ByPath<Survey> {
    let same = |a: &&Input, b: &&Input| Arc::ptr_eq(&a.file.repository, &b.file.repository);
    let firsts = inputs.chunk_by(|a, b| same(&a, &b)).filter_map(|inputs| inputs.first());
    let mut by_root: HashMap<&Path, &Input> = HashMap::new();
    for input in firsts {
        by_root.entry(&input.file.repository.root).or_insert(input);
    }
    let survey = |(root, input): (&Path, &Input)| (root.as_os_str().to_os_string(), survey(input, listings.get(root)));
    by_root.into_par_iter().map(survey).collect()
}

fn survey(input: &Input, listing: Option<&Vec<PathBuf>>) -> Survey {
    let Input { file, text, .. } = input;
    match (text, listing) {
        // A text without a name is a repository of its own.
        (Some(text), _) if file.path == file.repository.root => Survey::of_texts(&[(PathBuf::new(), text)]),
        (Some(text), _) => Survey::of_repository_with(&file.repository, relative(file), text),
        (None, Some(listing)) => Survey::of_listing(&file.repository, listing),
        (None, None) => Survey::of_repository(&file.repository),
    }
}

/// The path of a file below the root of its repository.
fn relative(file: &File) -> &Path {
    files::below(&file.path, &file.repository.root).unwrap_or(&file.path)
}

fn address(config: &Arc<Config>) -> usize {
    Arc::as_ptr(config) as usize
}
