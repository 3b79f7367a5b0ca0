//! Collects what the rules decide for one workload: changes, blockers, notes. Decides nothing itself.

use std::collections::BTreeSet;

use super::seat::Seat;
use super::{Action, Basis, Blocker, Planned};
use crate::kube::pod::{Pod, Scope};
use crate::outcome::Ground;
use crate::profiles::{Origin, same_place};
use crate::yaml::{FieldPath, Meaning, NodeRef, Step, Value};

#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) changes: Vec<Planned>,
    pub(super) blockers: Vec<Blocker>,
    pub(super) notes: Vec<String>,
    /// Of the notes, those about what will not start elsewhere.
    pub(super) warnings: Vec<String>,
    /// Containers that run on an assumed uid afterwards.
    pub(super) assumed_users: BTreeSet<String>,
    /// Marked values that facts confirm: writing them again takes the marker away.
    pub(super) confirmed: BTreeSet<FieldPath>,
    /// Whether facts give a container another uid than an earlier run assumed.
    pub(super) moves_user: bool,
    /// What the user of each container rests on; empty where users are nobody's concern.
    pub(super) grounds: Vec<Option<Ground>>,
}

/// Why a value is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reasoned {
    pub(super) basis: Basis,
    pub(super) because: String,
}

impl Reasoned {
    pub(super) fn new(basis: Basis, because: impl Into<String>) -> Reasoned {
        Reasoned {
            basis,
            because: because.into(),
        }
    }
}

/// What a value rests on that is a fact of this origin.
pub(super) fn basis(origin: Origin) -> Basis {
    match origin {
        Origin::Config => Basis::Config,
        Origin::Profile => Basis::Profile,
        Origin::Assumed => Basis::Assumed,
    }
}

impl Draft {
    /// Sets a field of the pod spec, given by its keys.
    pub(super) fn set_pod(&mut self, pod: &Pod, keys: &[&'static str], to: Value, why: Reasoned) {
        let field = pod.path.below(keys);
        self.set(pod.spec, field, keys, None, to, why);
    }

    /// Sets a field of a container, given by its keys.
    pub(super) fn set_container(&mut self, seat: &Seat, keys: &[&'static str], to: Value, why: Reasoned) {
        let field = seat.container.path.below(keys);
        self.set(seat.container.node, field, keys, Some(seat.name()), to, why);
    }

    /// Appends to a list of the pod or of a container (`base`), behind what is there and what was appended before.
    pub(super) fn append(
        &mut self,
        base: NodeRef,
        base_path: &FieldPath,
        keys: &[&'static str],
        container: Option<&str>,
        to: Value,
        why: Reasoned,
    ) {
        let list = base_path.below(keys);
        if let Some(whole) = self.changes.iter_mut().find(|c| c.field == list) {
            append_to(whole, to, &why.because);
            return;
        }
        let there = base.at(keys).map_or(0, |list| list.items().count());
        let is_behind = |field: &FieldPath| is_item_of(field, &list) && *field >= list.index(there);
        let planned = self.changes.iter().filter(|c| is_behind(&c.field)).count();
        let line = line_near(base, keys);
        self.push(list.index(there + planned), container, None, Some(to), why, line);
    }

    fn set(
        &mut self,
        base: NodeRef,
        field: FieldPath,
        keys: &[&'static str],
        container: Option<&str>,
        to: Value,
        why: Reasoned,
    ) {
        let from = base
            .at(keys)
            .and_then(NodeRef::value)
            .filter(|value| *value != Value::Null);
        let line = line_near(base, keys);
        self.push(field, container, from, Some(to), why, line);
    }

    /// Sets or removes any field by its path relative to the object.
    pub(super) fn push(
        &mut self,
        field: FieldPath,
        container: Option<&str>,
        from: Option<Value>,
        to: Option<Value>,
        why: Reasoned,
        line: usize,
    ) {
        self.changes.retain(|c| c.field != field);
        self.changes.push(Planned {
            field,
            container: container.map(str::to_string),
            action: if to.is_some() { Action::Set } else { Action::Remove },
            from,
            to,
            basis: why.basis,
            because: why.because,
            line,
        });
    }

    pub(super) fn block(&mut self, blocker: Blocker) {
        let identity = |b: &Blocker| (b.check, b.code, b.field.clone(), b.container.clone());
        let same = |b: &Blocker| identity(b) == identity(&blocker);
        if !self.blockers.iter().any(same) {
            self.blockers.push(blocker);
        }
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// What was planned so far for a field.
    pub(super) fn change(&self, field: &FieldPath) -> Option<&Planned> {
        self.changes.iter().find(|c| c.field == *field)
    }

    /// What was planned for a field or for what it is part of.
    fn change_over(&self, field: &FieldPath) -> Option<&Planned> {
        self.changes.iter().find(|c| field.0.starts_with(&c.field.0))
    }

    /// Whether something is planned for a field or for what it is part of.
    pub(super) fn covers(&self, field: &FieldPath) -> bool {
        self.change_over(field).is_some()
    }

    /// The scalar that will stand at a field of a scope.
    pub(super) fn value<'d>(&self, scope: &Scope<'_, 'd>, keys: &[&'static str]) -> Option<Meaning<'d>> {
        let Some((change, below)) = self.change_in(scope, keys) else {
            return scope.get(keys).and_then(NodeRef::scalar);
        };
        change.to.as_ref()?.at(&below).cloned()
    }

    /// Whether a field of a scope is there and no change takes it away.
    pub(super) fn keeps(&self, scope: &Scope, keys: &[&'static str]) -> bool {
        let stays =
            |(change, below): (&Planned, Vec<Step>)| change.to.as_ref().is_some_and(|to| to.at(&below).is_some());
        scope.get(keys).is_some() && self.change_in(scope, keys).is_none_or(stays)
    }

    /// What was planned for a field of a scope or for what it is part of, and the way from there to the field. Asked often
    /// and mostly in vain, so the field's path is only made where there is something.
    fn change_in(&self, scope: &Scope, keys: &[&'static str]) -> Option<(&Planned, Vec<Step>)> {
        let path = &scope.path.0;
        let is_step = |index: usize, step: &Step| match (path.get(index), step) {
            (Some(own), step) => own == step,
            (None, Step::Key(key)) => keys.get(index - path.len()) == Some(&key.as_ref()),
            (None, Step::Index(_)) => false,
        };
        // From the end, where they differ.
        let is_over = |change: &&Planned| {
            change
                .field
                .0
                .iter()
                .enumerate()
                .rev()
                .all(|(i, step)| is_step(i, step))
        };
        let change = self.changes.iter().find(is_over)?;
        Some((change, scope.field(keys).0.split_off(change.field.0.len())))
    }

    /// Takes back what was planned for a field.
    pub(super) fn remove(&mut self, field: &FieldPath) -> Option<Planned> {
        let at = self.changes.iter().position(|c| c.field == *field)?;
        Some(self.changes.remove(at))
    }

    /// Whether an item was appended to a list of a container, given by its keys.
    pub(super) fn appends(&self, seat: &Seat, keys: &[&'static str]) -> bool {
        let list = seat.container.path.below(keys);
        self.changes.iter().any(|c| is_item_of(&c.field, &list))
    }

    /// Whether a volume is mounted into a container by the plan, at this very place.
    pub(super) fn mounts_at(&self, seat: &Seat, place: &str) -> bool {
        let list = seat.container.path.below(&["volumeMounts"]);
        let of_list = self
            .changes
            .iter()
            .filter(|c| c.field == list || is_item_of(&c.field, &list));
        let mounts = of_list.filter_map(|c| c.to.as_ref()).flat_map(|to| match to {
            Value::List(mounts) => mounts.as_slice(),
            mount => std::slice::from_ref(mount),
        });
        let path = [Step::Key("mountPath".into())];
        mounts.filter_map(|mount| mount.at(&path)).any(|path| match path {
            Value::Str(path) => same_place(path, place),
            _ => false,
        })
    }

    /// Leaves out what would write the value that stands there already.
    pub(super) fn drop_idle(&mut self) {
        let confirmed = &self.confirmed;
        self.changes.retain(|c| !is_idle(c, confirmed));
    }

    pub(super) fn is_idle(&self, change: &Planned) -> bool {
        is_idle(change, &self.confirmed)
    }
}

/// Adds an item to a list that an override gives or takes away as a whole.
fn append_to(list: &mut Planned, item: Value, because: &str) {
    match &mut list.to {
        Some(Value::List(items)) => items.push(item),
        to => *to = Some(Value::List(vec![item])),
    }
    list.action = Action::Set;
    list.because = format!("{}; {because}", list.because);
}

/// Whether a change would write the value that stands there already, and not to confirm it.
fn is_idle(change: &Planned, confirmed: &BTreeSet<FieldPath>) -> bool {
    change.from.is_some() && change.from == change.to && !confirmed.contains(&change.field)
}

fn is_item_of(field: &FieldPath, list: &FieldPath) -> bool {
    field.0.len() == list.0.len() + 1 && field.0.starts_with(&list.0) && matches!(field.0.last(), Some(Step::Index(_)))
}

/// Line of the deepest node that exists on the way to a field.
pub(super) fn line_near(base: NodeRef, keys: &[&'static str]) -> usize {
    let mut node = base;
    for key in keys {
        match node.get(key) {
            Some(child) => node = child,
            None => break,
        }
    }
    node.line()
}
