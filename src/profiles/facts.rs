//! What one image comes out as once the profile, its variant and the config entries are laid over each other,
//! with the origin of every single fact. Lays over; which layers there are is `library`'s business.

use super::condition::Setting;
use super::paths::same_place;
use super::schema::{
    ChangePolicy, Class, Data, EnvVar, Evidence, Field, FsGroupWhen, ImageUser, Move, OwnerOnly, Port, Probe, Profile,
    ReadOnlyRoot, RootOnly, When, WritablePath,
};

/// Where a fact comes from, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Stated in `harden.yaml`.
    Config,
    /// Stated by a built-in profile that has evidence for it.
    Profile,
    /// A guess, or a profile used for an image of which only the name is known.
    Assumed,
}

/// Whose statement a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The built-in profile's.
    Builtin,
    /// Of the profile at this index among those of the config's `profile-dirs`.
    Shared(usize),
    /// Of the image that the repository builds, at this index.
    Built(usize),
    /// Of the entry at this index of the config's `images`.
    Entry(usize),
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact<T> {
    pub value: T,
    pub origin: Origin,
    /// `None` where config states it without evidence.
    pub class: Option<Class>,
    pub source: Source,
    /// Whether a variant of `source` says it, rather than its base.
    pub variant: bool,
}

/// Everything known of one image. `None`: nobody said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    pub user: Option<Fact<u32>>,
    /// The uid that profiles know the image to be made for, whatever config chooses.
    made_for: Option<Fact<u32>>,
    /// Whether anybody but config said something.
    is_profiled: bool,
    pub group: Option<Fact<u32>>,
    pub image_user: Option<Fact<ImageUser>>,
    pub any_user: Option<Fact<bool>>,
    pub fs_group: Option<Fact<u32>>,
    pub fs_group_when: FsGroupWhen,
    pub fs_group_change_policy: Option<ChangePolicy>,
    pub owner_only: Option<Fact<OwnerOnly>>,
    pub read_only_root: Option<Fact<ReadOnlyRoot>>,
    pub read_only_root_reason: Option<String>,
    /// In the order of the profile; never with `When::Never`. Declared volumes that the profile does not name
    /// itself stand at the end.
    pub writable: Vec<Fact<WritablePath>>,
    /// Declared `VOLUME`s.
    pub volumes: Option<Fact<Vec<String>>>,
    pub ports: Option<Fact<Vec<Port>>>,
    /// Without `CAP_`: `NET_BIND_SERVICE`.
    pub capabilities: Option<Fact<Vec<String>>>,
    pub data: Option<Fact<Data>>,
    pub env: Vec<Fact<EnvVar>>,
    pub probes: Vec<Fact<Probe>>,
    pub moves: Vec<Fact<Move>>,
    pub root_only: Option<Fact<RootOnly>>,
    pub advice: Vec<String>,
}

/// One set of statements to lay over the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layer<'a> {
    pub(super) profile: &'a Profile,
    /// Of the profile that `profile` is a variant of; what a variant without evidence rests on.
    pub(super) parent: Option<&'a Evidence>,
    pub(super) source: Source,
    /// `profile` is a variant.
    pub(super) variant: bool,
    /// The image is only taken for this one by its name.
    pub(super) doubt: bool,
}

impl Facts {
    /// The uid that the image is made for. Where nobody but config knows the image, its uid is that one.
    pub fn own_user(&self) -> Option<&Fact<u32>> {
        match self.is_profiled {
            true => self.made_for.as_ref(),
            false => self.user.as_ref(),
        }
    }

    /// True where the image is stated to work under every uid.
    pub fn works_under_any_user(&self) -> bool {
        self.any_user.as_ref().is_some_and(|fact| fact.value)
    }

    /// Paths for which the container needs a writable mount. Those with `ships_content` are among them: they must
    /// not be mounted over, so that they stand against a read-only root.
    pub fn writable_in(&self, seen: &Setting<'_>) -> Vec<&Fact<WritablePath>> {
        let counts = |w: &WritablePath| w.when.counts(seen) && w.only_if.holds(seen);
        self.writable.iter().filter(|fact| counts(&fact.value)).collect()
    }

    /// Variables to set; those that the container sets itself are left out.
    pub fn env_in(&self, seen: &Setting<'_>) -> Vec<&Fact<EnvVar>> {
        let unset = |e: &EnvVar| !seen.env.contains(&e.name.as_str());
        let counts = |e: &EnvVar| e.when.counts(seen) && e.only_if.holds(seen) && unset(e);
        self.env.iter().filter(|fact| counts(&fact.value)).collect()
    }

    /// Ports below 1024 that the image opens by itself here. Where a mounted configuration decides, this is empty.
    pub fn ports_in(&self, seen: &Setting<'_>) -> Vec<u16> {
        let ports = self.ports.iter().flat_map(|fact| &fact.value);
        ports
            .filter(|port| port.only_if.holds(seen))
            .map(|port| port.port)
            .collect()
    }

    /// The ports that it may open all the same: as if its own command ran with its own configuration.
    pub fn possible_ports_in(&self, seen: &Setting<'_>) -> Vec<u16> {
        let as_shipped = Setting {
            command: false,
            mounts: Vec::new(),
            ..seen.clone()
        };
        self.ports_in(&as_shipped)
    }

    /// Lays one set of statements over what is known so far.
    pub(super) fn lay(&mut self, layer: Layer<'_>) {
        let p = layer.profile;
        set(&mut self.user, &p.user, layer, Field::User);
        if !layer.is_config() {
            self.made_for.clone_from(&self.user);
            self.is_profiled = true;
        }
        set(&mut self.group, &p.group, layer, Field::Group);
        set(&mut self.image_user, &p.image_user, layer, Field::ImageUser);
        set(&mut self.any_user, &p.any_user, layer, Field::AnyUser);
        set(&mut self.fs_group, &p.fs_group, layer, Field::FsGroup);
        set(&mut self.owner_only, &p.owner_only, layer, Field::OwnerOnly);
        set(&mut self.read_only_root, &p.read_only_root, layer, Field::ReadOnlyRoot);
        set(&mut self.volumes, &p.volumes, layer, Field::Volumes);
        set(&mut self.ports, &p.ports, layer, Field::Ports);
        set(&mut self.capabilities, &p.capabilities, layer, Field::Capabilities);
        set(&mut self.data, &p.data, layer, Field::Data);
        if p.user.is_some() {
            // Who states a non-root user says that one works.
            self.root_only = None;
        }
        set(&mut self.root_only, &p.root_only, layer, Field::RootOnly);
        self.fs_group_when = p.fs_group_when.unwrap_or(self.fs_group_when);
        self.fs_group_change_policy = p.fs_group_change_policy.or(self.fs_group_change_policy);
        if p.read_only_root.is_some() || p.read_only_root_reason.is_some() {
            self.read_only_root_reason.clone_from(&p.read_only_root_reason);
        }
        if let Some(probes) = &p.probes {
            self.probes = probes.iter().map(|probe| layer.fact(probe, Field::Probes)).collect();
        }
        if let Some(moves) = &p.moves {
            self.moves = moves.iter().map(|one| layer.fact(one, Field::Moves)).collect();
        }
        merge(&mut self.writable, &p.writable, layer, Field::Writable, |one, other| {
            same_place(&one.path, &other.path)
        });
        merge(&mut self.env, &p.env, layer, Field::Env, |one, other| {
            one.name == other.name
        });
        self.advice.extend(p.advice.iter().cloned());
    }

    /// Lays its directory of data alone.
    pub(super) fn lay_data(&mut self, layer: Layer<'_>) {
        set(&mut self.data, &layer.profile.data, layer, Field::Data);
    }

    /// After the last layer: declared volumes join the writable paths; what was taken back goes.
    pub(super) fn settle(&mut self) {
        if let Some(volumes) = &self.volumes {
            for path in &volumes.value {
                if self.writable.iter().all(|known| !same_place(&known.value.path, path)) {
                    let value = WritablePath::declared_volume(path);
                    self.writable.push(Fact {
                        value,
                        origin: volumes.origin,
                        class: volumes.class,
                        source: volumes.source,
                        variant: volumes.variant,
                    });
                }
            }
        }
        self.writable.retain(|fact| fact.value.when != When::Never);
        self.env.retain(|fact| fact.value.when != When::Never);
    }

    /// Lowers all that decides to assumptions: another image may be meant.
    pub(super) fn doubt(&mut self) {
        self.doubt_ids();
        let lower = |origin: &mut Origin| *origin = (*origin).max(Origin::Assumed);
        self.any_user.iter_mut().for_each(|fact| lower(&mut fact.origin));
        self.read_only_root.iter_mut().for_each(|fact| lower(&mut fact.origin));
    }

    /// Lowers what decides on ids to assumptions: the tag does not say which variant it is.
    pub(super) fn doubt_ids(&mut self) {
        for id in [&mut self.user, &mut self.group, &mut self.fs_group]
            .into_iter()
            .flatten()
        {
            if id.origin == Origin::Profile {
                id.origin = Origin::Assumed;
            }
        }
    }
}

impl When {
    fn counts(self, seen: &Setting<'_>) -> bool {
        match self {
            When::Always => true,
            When::ReadOnlyRoot => seen.read_only_root,
            When::AnyUser => seen.foreign_user,
            When::Never => false,
        }
    }
}

impl Layer<'_> {
    fn fact<T: Clone>(&self, value: &T, field: Field) -> Fact<T> {
        let class = self.class(field);
        Fact {
            value: value.clone(),
            origin: self.origin(class),
            class,
            source: self.source,
            variant: self.variant,
        }
    }

    fn is_config(&self) -> bool {
        matches!(self.source, Source::Entry(_))
    }

    fn origin(&self, class: Option<Class>) -> Origin {
        match (self.is_config(), self.doubt, class) {
            (_, true, _) => Origin::Assumed,
            (true, false, _) => Origin::Config,
            (false, false, None | Some(Class::Guess)) => Origin::Assumed,
            (false, false, Some(_)) => Origin::Profile,
        }
    }

    /// The own evidence first, and in each the statement's own class first.
    fn class(&self, field: Field) -> Option<Class> {
        let of = |e: &Evidence| e.facts.get(&field).copied().unwrap_or(e.class);
        self.profile.evidence.as_ref().or(self.parent).map(of)
    }

    /// What a variant's evidence says of statements that it inherits: those it names, and all if it is a guess.
    fn class_of_inherited(&self, field: Field) -> Option<Class> {
        let evidence = self.profile.evidence.as_ref().filter(|_| !self.is_config())?;
        let guess = (evidence.class == Class::Guess).then_some(Class::Guess);
        evidence.facts.get(&field).copied().or(guess)
    }

    fn reclass<T>(&self, known: &mut Fact<T>, field: Field) {
        if let Some(class) = self.class_of_inherited(field) {
            known.class = Some(class);
            known.origin = self.origin(Some(class));
        }
    }
}

fn set<T: Clone>(known: &mut Option<Fact<T>>, stated: &Option<T>, layer: Layer<'_>, field: Field) {
    match (stated, known) {
        (Some(value), known) => *known = Some(layer.fact(value, field)),
        (None, Some(known)) => layer.reclass(known, field),
        (None, None) => {}
    }
}

/// Replaces what speaks of the same in place, appends the rest.
fn merge<T: Clone>(known: &mut Vec<Fact<T>>, stated: &[T], layer: Layer<'_>, field: Field, same: fn(&T, &T) -> bool) {
    for fact in known.iter_mut() {
        layer.reclass(fact, field);
    }
    for value in stated {
        let fact = layer.fact(value, field);
        match known.iter_mut().find(|k| same(&k.value, value)) {
            Some(old) => *old = fact,
            None => known.push(fact),
        }
    }
}
