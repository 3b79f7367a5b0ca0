//! Overrides of the config: what one makes of a field that a check objects to, why another does nothing, and the entry
//! that would decide where none does yet.

use super::Basis;
use super::case::Case;
use super::draft::{Draft, Reasoned};
use super::host_paths;
use super::standard::RUNTIME_DEFAULT;
use crate::checks::{Level, Site, volume_sources};
use crate::config::Override;
use crate::yaml::{self, FieldPath, Meaning, NodeRef, Step, Value};

/// What an override would say, where one answer to a decision is obvious.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Remove,
    Set(bool),
    /// The list without the items that violate.
    Rest,
}

/// A field, what stands there, and what it becomes.
type Part = (FieldPath, Option<Value>, Option<Value>);

/// An override of the config that names this workload and this field (or what it is part of).
pub(super) fn decide(case: &Case, site: &Site, draft: &mut Draft) -> bool {
    for decided in named(case) {
        let Some(field) = place(case, decided).filter(|field| site.path.0.starts_with(&field.0)) else {
            continue;
        };
        let changes = changes(case, decided, &field);
        if changes.is_empty() {
            continue;
        }
        if let Some(why) = why_not_emptied(case, decided, &field) {
            draft.block(host_paths::blocker(&field, site.line, &why));
            return true;
        }
        push(case, decided, changes, site.line, draft);
        if decided.to.is_none() {
            fill_volume(case, &field, site.line, draft);
        }
        return true;
    }
    false
}

/// What an override does to a workload that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It changes something, or nobody can say that it does not.
    Some,
    /// The workload is as the override asks: it did its work, and stands guard.
    Done,
    /// Why it does nothing, and the line of the workload.
    None(String, usize),
}

pub(super) fn effect(case: &Case, decided: &Override) -> Effect {
    let name = format!("{} {}", case.workload.kind_name, case.workload.name);
    let none = |why: String| Effect::None(why, case.workload.line);
    let Some(field) = place(case, decided) else {
        let container = decided.container.as_deref().unwrap_or_default();
        return none(format!("{name} has no container `{container}`"));
    };
    if !has_items(case, &field) {
        return none(format!("{name} does not have it"));
    }
    if changes(case, decided, &field).is_empty() {
        return Effect::Done;
    }
    if objected(case, &field) || replaces(case, &field) {
        return Effect::Some;
    }
    match case.level {
        Level::Privileged => none(format!("nothing is asked of {name}, whose level is `privileged`")),
        // What was to go is gone, and what the rules write stands in its place.
        _ if decided.to.is_none() || begins_as_asked(case, decided, &field) => Effect::Done,
        level => none(format!("nothing there is against `{}` in {name}", level.name())),
    }
}

/// Whether the items of lists are there that a field counts on. What else is not there may be gone as asked.
fn has_items(case: &Case, field: &FieldPath) -> bool {
    let is_item = |(_, step): &(usize, &Step)| matches!(step, Step::Index(_));
    let mut items = field.0.iter().enumerate().filter(is_item);
    items.all(|(index, _)| {
        let item = FieldPath(field.0[..=index].to_vec());
        case.workload.object.at_path(&item).is_some()
    })
}

/// Whether a list has what was asked for, and behind it what the rules append.
fn begins_as_asked(case: &Case, decided: &Override, field: &FieldPath) -> bool {
    let there = case.workload.object.at_path(field).filter(|node| node.is_sequence());
    let (Some(Value::List(items)), Some(there)) = (&decided.to, there) else {
        return false;
    };
    let mut found = Vec::new();
    for (index, (item, old)) in items.iter().zip(there.items()).enumerate() {
        spread(field.index(index), Some(old), item, &mut found);
    }
    found.is_empty() && there.items().count() >= items.len()
}

/// Whether a check objects to a field, or to a part of it, and leaves it to a decision.
fn objected(case: &Case, field: &FieldPath) -> bool {
    let sites = case
        .violations
        .iter()
        .flat_map(|v| v.sites.iter().map(move |site| (v, site)));
    let mut sites = sites.filter(|(v, site)| case.is_decision(v, site));
    sites.any(|(_, site)| site.path.0.starts_with(&field.0))
}

/// Whether a field is the source of a volume whose own source another override takes away.
fn replaces(case: &Case, field: &FieldPath) -> bool {
    let removed = named(case).filter(|other| other.to.is_none());
    let mut removed = removed.filter_map(|other| place(case, other));
    removed.any(|other| is_sibling_source(case, &other, field) && objected(case, &other))
}

/// The overrides that name the workload.
fn named<'c>(case: &Case<'c>) -> impl Iterator<Item = &'c Override> {
    case.context.overrides_of(case.workload).map(|(_, decided)| decided)
}

/// Where the field of an override is, below the object; `None` where there is no such container.
fn place(case: &Case, decided: &Override) -> Option<FieldPath> {
    Some(base(case, decided.container.as_deref())?.join(&decided.field))
}

/// What the fields of an override count from: the pod spec, or the container.
fn base<'c>(case: &'c Case, container: Option<&str>) -> Option<&'c FieldPath> {
    match container {
        None => Some(&case.pod.path),
        Some(name) => Some(&case.seats.iter().find(|seat| seat.name() == name)?.container.path),
    }
}

/// What has to change for the field to be as asked.
fn changes(case: &Case, decided: &Override, field: &FieldPath) -> Vec<Part> {
    let there = case.workload.object.at_path(field).filter(|node| !node.is_null());
    let mut found = Vec::new();
    match (&decided.to, there) {
        (Some(to), there) => spread(field.clone(), there, to, &mut found),
        (None, None) => {}
        (None, Some(node)) => match demanded(case, field) {
            Some(to) => spread(field.clone(), there, &to, &mut found),
            None => found.push((field.clone(), node.value(), None)),
        },
    }
    found
}

/// What `restricted` wants to be said: whoever takes the opposite away gets that.
fn demanded(case: &Case, field: &FieldPath) -> Option<Value> {
    if case.level != Level::Restricted {
        return None;
    }
    let profile = || Value::str(RUNTIME_DEFAULT);
    match field.0.as_slice() {
        [.., Step::Key(key)] if key == "runAsNonRoot" => Some(Value::Bool(true)),
        // Windows knows neither of the others.
        _ if case.is_windows() => None,
        [.., Step::Key(key)] if key == "allowPrivilegeEscalation" => Some(Value::Bool(false)),
        [.., Step::Key(key)] if key == "seccompProfile" => Some(Value::map([("type", profile())])),
        [.., Step::Key(above), Step::Key(key)] if above == "seccompProfile" && key == "type" => Some(profile()),
        _ => None,
    }
}

/// The parts of a value that differ from what stands there: what does not change keeps its bytes. A list that becomes
/// shorter is replaced as a whole. As deep as the value, which the reader of the config bounds.
fn spread(at: FieldPath, there: Option<NodeRef>, to: &Value, found: &mut Vec<Part>) {
    match (there.filter(|node| !node.is_null()), to) {
        (Some(node), Value::Map(entries)) if node.is_mapping() => {
            let is_wanted = |key: &str| entries.iter().any(|(k, _)| k.is(key));
            for (key, old) in node.entries() {
                if let Some(key) = key.key_text().filter(|key| !is_wanted(key)) {
                    found.push((at.key(key.to_string()), old.value(), None));
                }
            }
            for (key, value) in entries {
                if let Value::Str(key) = key {
                    spread(at.key(key.clone()), node.get(key), value, found);
                }
            }
        }
        (Some(node), Value::List(items)) if node.is_sequence() => {
            if node.items().count() > items.len() {
                found.push((at, None, Some(to.clone())));
                return;
            }
            let mut old = node.items();
            for (index, item) in items.iter().enumerate() {
                spread(at.index(index), old.next(), item, found);
            }
        }
        (Some(node), to) if node.scalar().as_ref() == Some(to) => {}
        (node, to) => found.push((at, node.and_then(NodeRef::value), Some(to.clone()))),
    }
}

fn push(case: &Case, decided: &Override, changes: Vec<Part>, line: usize, draft: &mut Draft) {
    let because = format!("the config decides it on line {}", decided.line);
    let why = Reasoned::new(Basis::Override, because);
    for (field, from, to) in changes {
        let line = case.workload.object.at_path(&field).map_or(line, NodeRef::line);
        draft.push(field, decided.container.as_deref(), from, to, why.clone(), line);
    }
}

/// A volume that loses its source gets the one that another override gives it, or else becomes an emptyDir, as it would
/// in the API server: a reader of the manifest should see that.
fn fill_volume(case: &Case, removed: &FieldPath, line: usize, draft: &mut Draft) {
    let others = other_sources(case, removed);
    for (other, field) in &others {
        push(case, other, changes(case, other, field), line, draft);
    }
    let Some(volume) = volume_of(case, removed).filter(|_| others.is_empty()) else {
        return;
    };
    let stays = |source: &str| !draft.covers(&volume.key(source.to_string()));
    let has_source = |node: NodeRef| volume_sources(node).any(stays);
    if !case.workload.object.at_path(&volume).is_some_and(has_source) {
        let why = Reasoned::new(
            Basis::Override,
            "the config removes its source; without one it is an emptyDir",
        );
        let empty = Some(Value::Map(Vec::new()));
        draft.push(volume.key("emptyDir"), None, None, empty, why, line);
    }
}

/// Why a volume cannot lose its hostPath without another source of the config's.
fn why_not_emptied(case: &Case, decided: &Override, field: &FieldPath) -> Option<String> {
    let is_host_path = matches!(field.0.last(), Some(Step::Key(key)) if key == "hostPath");
    let volume = volume_of(case, field).filter(|_| is_host_path && decided.to.is_none())?;
    host_paths::why_not_empty(case, &volume).filter(|_| other_sources(case, field).is_empty())
}

/// What overrides give the volume that loses its source, and where.
fn other_sources<'c>(case: &Case<'c>, removed: &FieldPath) -> Vec<(&'c Override, FieldPath)> {
    let given = named(case).filter(|other| other.to.is_some());
    let placed = given.filter_map(|other| Some((other, place(case, other)?)));
    placed
        .filter(|(_, field)| is_sibling_source(case, removed, field))
        .collect()
}

/// Why the volume of a site cannot become an emptyDir.
pub(super) fn why_not_empty(case: &Case, site: &Site) -> Option<String> {
    host_paths::why_not_empty(case, &volume_of(case, &site.path)?)
}

/// The volume of the pod whose field this is.
fn volume_of(case: &Case, field: &FieldPath) -> Option<FieldPath> {
    let below = field.0.strip_prefix(case.pod.path.0.as_slice())?;
    match below {
        [Step::Key(list), Step::Index(index), Step::Key(_)] if list == "volumes" => {
            Some(case.pod.path.key(list.clone()).index(*index))
        }
        _ => None,
    }
}

/// Whether two fields are different ones of one volume.
fn is_sibling_source(case: &Case, one: &FieldPath, other: &FieldPath) -> bool {
    let volume = volume_of(case, one);
    volume.is_some() && volume == volume_of(case, other) && one != other
}

/// The entry of `overrides:` that decides about a site, if the workload has a name by which to call it.
pub(super) fn entry(case: &Case, site: &Site, answer: Answer) -> Option<String> {
    let workload = case.workload;
    let base = base(case, site.container.as_deref())?;
    let mut field = site.path.clone();
    let to = match answer {
        Answer::Remove => None,
        Answer::Set(value) => Some(Value::Bool(value)),
        Answer::Rest => {
            let index = field.0.iter().rposition(|step| matches!(step, Step::Index(_)))?;
            field.0.truncate(index);
            rest(case, &field)
        }
    };
    let field = FieldPath(field.0.strip_prefix(base.0.as_slice())?.to_vec());
    if workload.name.is_empty() || field.0.is_empty() {
        return None;
    }
    let mut pairs = vec![
        ("kind", workload.kind_name.to_string()),
        ("name", workload.name.to_string()),
    ];
    pairs.extend(
        case.context
            .namespace_of(workload)
            .map(|name| ("namespace", name.to_string())),
    );
    pairs.extend(site.container.as_ref().map(|name| ("container", name.clone())));
    pairs.push(("field", field.to_string()));
    let words = pairs
        .into_iter()
        .map(|(key, text)| format!("{key}: {}", yaml::on_one_line(&Value::str(text))));
    let to = to.map_or("remove: true".to_string(), |to| {
        format!("value: {}", yaml::on_one_line(&to))
    });
    Some(format!("{{{}, {to}}}", words.collect::<Vec<_>>().join(", ")))
}

/// The items of a list that no check objects to; `None` where none is left.
fn rest(case: &Case, list: &FieldPath) -> Option<Value> {
    let sites = || case.violations.iter().flat_map(|v| &v.sites);
    let is_fine = |index: &usize| !sites().any(|site| site.path.0.starts_with(&list.index(*index).0));
    let items = case.workload.object.at_path(list)?.items().enumerate();
    let kept = items.filter(|(index, _)| is_fine(index));
    let kept: Vec<Value> = kept
        .filter_map(|(_, item)| item.to_value(&mut 100))
        .map(Meaning::into_owned)
        .collect();
    (!kept.is_empty()).then_some(Value::List(kept))
}
