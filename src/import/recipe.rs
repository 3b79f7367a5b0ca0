//! What a Dockerfile says of the image that it builds: its last stage, the stages below it, and the profile of the
//! image at the bottom where that one is known.

use std::collections::BTreeMap;

use super::found::Found;
use super::image_config;
use super::stages::{self, Arguments, Base, Line, Stage};
use super::users::{self, Names};
use crate::kube::image::ImageRef;
use crate::profiles::{Class, Evidence, Fact, Facts, Field, ImageUser, Library, Match, Origin, Profile};

/// A stage may build on a stage; longer chains are nothing that somebody wrote.
const MAX_CHAIN: usize = 100;

/// Users that every usual base has.
const NOBODY: (&str, u32) = ("nobody", 65534);
/// The user of images without a distribution, by the beginning of their names.
const NONROOT: (&str, u32) = ("nonroot", 65532);
const NONROOT_BASES: [&str; 2] = ["gcr.io/distroless/", "cgr.dev/"];

/// What a Dockerfile says.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Statements without name, repositories and evidence.
    profile: Profile,
    /// The class of what the base says; what the Dockerfile says is of class `dockerfile`.
    classes: BTreeMap<Field, Class>,
    /// What decides, line by line.
    told: Vec<Told>,
    remarks: Vec<String>,
}

/// A line that decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// 1-based.
    pub line: usize,
    /// `USER 1000`.
    pub what: String,
}

impl Recipe {
    /// Of the stage called `target`, or of the last, as built with the arguments `given`. `None` for a text without a
    /// stage of that name.
    pub fn read(text: &str, target: Option<&str>, given: &Arguments, library: &Library) -> Option<Recipe> {
        let stages = stages::stages(text, given);
        let chain = chain(&stages, stages::target(&stages, target)?);
        let bottom = chain.last()?;
        let mut recipe = Recipe {
            profile: Profile::default(),
            classes: BTreeMap::new(),
            told: Vec::new(),
            remarks: Vec::new(),
        };
        recipe.inherit(bottom, chain.iter().any(|stage| stage.program.is_some()), library);
        recipe.doubt_any_user(&chain);
        recipe.state_user(&chain, bottom);
        recipe.state_volumes(&chain);
        recipe.state_ports(&chain);
        recipe.state_capabilities(&chain);
        Some(recipe)
    }

    /// The statements with their evidence, for an image of these names; `shown` is the Dockerfile's path.
    pub fn profile(&self, repositories: Vec<String>, shown: &str) -> Profile {
        Profile {
            repositories,
            evidence: Some(self.evidence(shown)),
            ..self.profile.clone()
        }
    }

    /// The line that says who runs the program: `USER`, or else what the image is built on.
    pub fn decisive(&self) -> Option<&Told> {
        let user = self.told.iter().find(|told| told.what.starts_with("USER "));
        user.or(self.told.first())
    }

    /// Whether both say the same of the image, on whatever lines.
    pub fn agrees_with(&self, other: &Recipe) -> bool {
        self.profile == other.profile && self.classes == other.classes
    }

    pub(super) fn found(&self, shown: &str) -> Found {
        Found {
            profile: self.profile.clone(),
            evidence: Some(self.evidence(shown)),
            remarks: self.remarks.clone(),
        }
    }

    fn evidence(&self, shown: &str) -> Evidence {
        let say = |told: &Told| super::render::one_line(&format!("{shown}:{} says {}", told.line, told.what));
        Evidence {
            class: Class::Dockerfile,
            sources: self.told.iter().map(say).collect(),
            facts: self.classes.clone(),
        }
    }

    /// What holds of the image at the bottom holds here too, as long as its own program runs.
    fn inherit(&mut self, bottom: &Stage, replaces_program: bool, library: &Library) {
        match &bottom.base {
            Base::Scratch => self.tell(bottom.line, "FROM scratch"),
            Base::Stage(_) => {}
            Base::Open(written) => {
                self.tell(bottom.line, &format!("FROM {written}"));
                let remark = "its base is only known when it is built; give the ARG a default";
                self.remarks.push(remark.to_string());
            }
            Base::Image(name) => {
                self.tell(bottom.line, &format!("FROM {name}"));
                match ImageRef::parse(name).and_then(|image| library.find(&image)) {
                    Some(known) => self.inherit_from(&known, replaces_program),
                    None => self.remarks.push(format!(
                        "nothing is known of its base {name}; state it in `images` of harden.yaml and import again"
                    )),
                }
            }
        }
    }

    fn inherit_from(&mut self, known: &Match, replaces_program: bool) {
        let Inherited { profile, mut classes } = inherited(&known.facts);
        if replaces_program {
            // The base's user exists here too, but whether the program works under it is nobody's statement.
            classes.values_mut().for_each(|class| *class = Class::Guess);
            self.remarks.push(format!(
                "the statements of {} are about its own program, which this image replaces",
                known.profile
            ));
        }
        self.profile = profile;
        self.classes = classes;
    }

    /// That every uid will do is said of the base's own files. Others may be readable by one user alone.
    fn doubt_any_user(&mut self, chain: &[&Stage]) {
        if self.profile.any_user == Some(true) && chain.iter().any(|stage| stage.adds_files) {
            self.classes.insert(Field::AnyUser, Class::Guess);
        }
    }

    fn state_user(&mut self, chain: &[&Stage], bottom: &Stage) {
        let stated = chain.iter().find_map(|stage| stage.user.as_ref());
        let Some(Line { line, value }) = stated else {
            if bottom.base == Base::Scratch {
                self.remarks
                    .extend(users::state(&mut self.profile, "", &Names::default()));
            }
            return;
        };
        self.tell(*line, &format!("USER {value}"));
        if value.contains('$') {
            self.forget_user();
            self.remarks
                .push(format!("USER {value} is only known when it is built"));
            return;
        }
        let names = names(chain, bottom);
        let base_user = self.profile.image_user;
        let mut own = Profile::default();
        let mut remark = users::state(&mut own, value, &names);
        self.profile.image_user = own.image_user;
        self.classes.remove(&Field::ImageUser);
        let name = value.split(':').next().unwrap_or("");
        let is_root = matches!(name, "root" | "0");
        let base_is_called_so = self.base_is_called(bottom, name);
        if base_is_called_so && own.user.is_none() && self.profile.user.is_some() {
            // The user of an image is usually called like it (`node`, `nginx`), but nobody says so.
            self.classes.insert(Field::User, Class::Guess);
            self.classes.insert(Field::Group, Class::Guess);
            remark = Some(format!("the uid of {name} is taken for that which its base states"));
        } else if is_root && base_user != Some(ImageUser::Root) {
            // Somebody took the base's user back, and does not say why.
            for field in [Field::User, Field::Group, Field::FsGroup] {
                self.classes.entry(field).and_modify(|class| *class = Class::Guess);
            }
        } else if !is_root {
            self.forget_user();
            self.profile.user = own.user;
            self.profile.group = own.group;
        }
        self.remarks.extend(remark);
    }

    fn base_is_called(&self, bottom: &Stage, name: &str) -> bool {
        let Base::Image(image) = &bottom.base else { return false };
        ImageRef::parse(image).is_some_and(|image| image.repository.rsplit('/').next() == Some(name))
    }

    /// Another user than the base's: its ids, and the group of its files, no longer hold. Who chooses one has made the
    /// image for it.
    fn forget_user(&mut self) {
        let profile = &mut self.profile;
        (profile.user, profile.group, profile.fs_group, profile.fs_group_when) = (None, None, None, None);
        profile.root_only = None;
        profile.any_user = None;
        let own = [
            Field::User,
            Field::Group,
            Field::FsGroup,
            Field::RootOnly,
            Field::AnyUser,
        ];
        for field in own {
            self.classes.remove(&field);
        }
    }

    fn state_volumes(&mut self, chain: &[&Stage]) {
        let own: Vec<&Line> = chain.iter().rev().flat_map(|stage| &stage.volumes).collect();
        if own.is_empty() {
            return;
        }
        own.iter()
            .for_each(|line| self.tell(line.line, &format!("VOLUME {}", line.value)));
        let inherited = self.profile.volumes.take().unwrap_or_default();
        let paths = inherited.iter().chain(own.iter().map(|line| &line.value));
        let odd = image_config::state_volumes(&mut self.profile, paths.map(String::as_str));
        self.remarks.extend(odd);
        self.classes.remove(&Field::Volumes);
    }

    /// Own ports take the place of the base's: who writes `EXPOSE 8080` over nginx has changed its configuration.
    fn state_ports(&mut self, chain: &[&Stage]) {
        let own: Vec<&Line> = chain.iter().flat_map(|stage| &stage.exposed).collect();
        if own.is_empty() {
            return;
        }
        own.iter()
            .for_each(|line| self.tell(line.line, &format!("EXPOSE {}", line.value)));
        self.profile.ports = Some(Vec::new()).filter(|_| self.profile.ports.is_some());
        image_config::state_ports(&mut self.profile, own.iter().map(|line| line.value.as_str()));
        self.classes.remove(&Field::Ports);
    }

    fn state_capabilities(&mut self, chain: &[&Stage]) {
        let program = chain.iter().find_map(|stage| stage.program.as_deref());
        let file = program.and_then(|program| program.rsplit('/').next());
        let given = |stage: &&Stage| stage.low_ports.iter().any(|low| Some(low.as_str()) == file);
        if chain.iter().any(given) {
            self.profile.capabilities = Some(vec!["NET_BIND_SERVICE".to_string()]);
            self.classes.remove(&Field::Capabilities);
        }
    }

    fn tell(&mut self, line: usize, what: &str) {
        self.told.push(Told {
            line,
            what: what.to_string(),
        });
    }
}

/// The stage and those that it builds on, from the top down.
fn chain(stages: &[Stage], target: usize) -> Vec<&Stage> {
    let below = |stage: &&Stage| match stage.base {
        Base::Stage(index) => stages.get(index),
        _ => None,
    };
    std::iter::successors(stages.get(target), below)
        .take(MAX_CHAIN)
        .collect()
}

/// Those that the Dockerfile makes, over those that bases have. The upper stage knows what the lower ones made.
fn names(chain: &[&Stage], bottom: &Stage) -> Names {
    let mut names = chain.first().map(|stage| stage.names.clone()).unwrap_or_default();
    let mut known = |(name, id): (&str, u32)| {
        names.users.entry(name.to_string()).or_insert((id, Some(id)));
    };
    known(NOBODY);
    if let Base::Image(image) = &bottom.base
        && NONROOT_BASES.iter().any(|start| image.starts_with(start))
    {
        known(NONROOT);
        names.groups.entry(NONROOT.0.to_string()).or_insert(NONROOT.1);
    }
    names
}

/// The facts of an image as a profile, with the class of each.
struct Inherited {
    profile: Profile,
    classes: BTreeMap<Field, Class>,
}

fn inherited(facts: &Facts) -> Inherited {
    let mut classes = BTreeMap::new();
    let profile = Profile {
        user: take(&facts.user, Field::User, &mut classes),
        group: take(&facts.group, Field::Group, &mut classes),
        image_user: take(&facts.image_user, Field::ImageUser, &mut classes),
        any_user: take(&facts.any_user, Field::AnyUser, &mut classes),
        fs_group: take(&facts.fs_group, Field::FsGroup, &mut classes),
        fs_group_when: facts.fs_group.as_ref().map(|_| facts.fs_group_when),
        fs_group_change_policy: facts.fs_group_change_policy,
        read_only_root: take(&facts.read_only_root, Field::ReadOnlyRoot, &mut classes),
        read_only_root_reason: facts.read_only_root_reason.clone(),
        volumes: take(&facts.volumes, Field::Volumes, &mut classes),
        ports: take(&facts.ports, Field::Ports, &mut classes),
        capabilities: take(&facts.capabilities, Field::Capabilities, &mut classes),
        data: take(&facts.data, Field::Data, &mut classes),
        root_only: take(&facts.root_only, Field::RootOnly, &mut classes),
        owner_only: take(&facts.owner_only, Field::OwnerOnly, &mut classes),
        writable: take_all(&facts.writable, Field::Writable, &mut classes),
        env: take_all(&facts.env, Field::Env, &mut classes),
        probes: Some(take_all(&facts.probes, Field::Probes, &mut classes)).filter(|probes| !probes.is_empty()),
        moves: Some(take_all(&facts.moves, Field::Moves, &mut classes)).filter(|moves| !moves.is_empty()),
        advice: facts.advice.clone(),
        ..Profile::default()
    };
    Inherited { profile, classes }
}

fn take<T: Clone>(fact: &Option<Fact<T>>, field: Field, classes: &mut BTreeMap<Field, Class>) -> Option<T> {
    let fact = fact.as_ref()?;
    classes.insert(field, class(fact));
    Some(fact.value.clone())
}

/// One statement: the weakest of its parts decides.
fn take_all<T: Clone>(facts: &[Fact<T>], field: Field, classes: &mut BTreeMap<Field, Class>) -> Vec<T> {
    if let Some(weakest) = facts.iter().map(class).max() {
        classes.insert(field, weakest);
    }
    facts.iter().map(|fact| fact.value.clone()).collect()
}

fn class<T>(fact: &Fact<T>) -> Class {
    match fact.origin {
        Origin::Assumed => Class::Guess,
        _ => fact.class.unwrap_or(Class::Docs),
    }
}
