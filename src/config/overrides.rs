//! The entries of `overrides:`. Refuses what cannot be meant before any run starts: fields that are none, values that do
//! not fit, removals that would move what stands behind. What an override does to a workload, the planner decides.

use super::lines::{Lines, Problem, each};
use super::rules::Override;
use super::schema::{WrittenKind, WrittenOverride};
use crate::kube::fields::{Field, Misfit, Owner};
use crate::kube::kinds::KINDS;
use crate::kube::pod::Class;
use crate::profiles::nearest;
use crate::yaml::{FieldPath, Step, Value};

/// Fields that hold more than one decision, with one that is in them: the planner writes to what else is there.
const TOO_WIDE: &[(Owner, &[&str], &str)] = &[
    (Owner::Pod, &["securityContext"], "securityContext.runAsNonRoot"),
    (Owner::Pod, &["volumes"], "volumes[0].hostPath"),
    (Owner::Container, &["securityContext"], "securityContext.privileged"),
    (
        Owner::Container,
        &["securityContext", "capabilities"],
        "securityContext.capabilities.add",
    ),
];

/// How the ways from an object to its pod spec begin.
const ABOVE_POD: &[&str] = &["spec", "template"];

pub(super) fn read(
    written: Vec<WrittenOverride>,
    own_kinds: &[WrittenKind],
    lines: &Lines,
) -> Result<Vec<Override>, Problem> {
    let read = each(written, "overrides", |rule, entry| one(rule, own_kinds, entry, lines))?;
    for (i, rule) in read.iter().enumerate() {
        if let Some(first) = read[..i].iter().find(|first| first.is_about_the_same(rule)) {
            let problem = format!("line {} decides on the same field; keep one of them", first.line);
            return Err((format!("overrides[{i}]"), problem));
        }
    }
    Ok(read)
}

fn one(mut rule: WrittenOverride, own_kinds: &[WrittenKind], entry: &str, lines: &Lines) -> Result<Override, Problem> {
    let at = |key: &str, problem: String| (format!("{entry}.{key}"), problem);
    check_names(&rule, own_kinds).map_err(|(key, problem)| at(key, problem))?;
    let to = match (rule.value.take(), rule.remove) {
        (Some(value), false) => Some(json_like(value).map_err(|problem| at("value", problem))?),
        (None, true) => None,
        _ => {
            let problem = "say either `value: ...` or `remove: true`".to_string();
            return Err((entry.to_string(), problem));
        }
    };
    let path = field_path(&rule.field).ok_or_else(|| {
        let problem = format!(
            "`{}` is not a field; write it as in `securityContext.capabilities.add`",
            rule.field
        );
        at("field", problem)
    })?;
    let decided = Override {
        kind: rule.kind,
        name: rule.name,
        namespace: rule.namespace,
        container: rule.container,
        field: path,
        to,
        line: lines.line(entry),
    };
    let field = known_field(&decided).map_err(|problem| at("field", problem))?;
    match &decided.to {
        None => check_removal(&decided.field).map_err(|problem| at("field", problem))?,
        Some(value) => check_value(field, value).map_err(|problem| at("value", problem))?,
    }
    Ok(decided)
}

/// The key of a name that no single workload has, and why.
fn check_names(rule: &WrittenOverride, own_kinds: &[WrittenKind]) -> Result<(), (&'static str, String)> {
    for (key, text) in [("kind", &rule.kind), ("name", &rule.name)] {
        if text.is_empty() || text.contains(['*', '?']) {
            return Err((
                key,
                format!("`{text}` is not the {key} of one workload; write it in full"),
            ));
        }
    }
    for (key, text) in [("namespace", &rule.namespace), ("container", &rule.container)] {
        if let Some(text) = text
            .as_ref()
            .filter(|text| text.is_empty() || text.contains(['*', '?']))
        {
            return Err((
                key,
                format!("`{text}` is not one {key}; write it in full, or leave `{key}` out"),
            ));
        }
    }
    let known = || {
        KINDS
            .iter()
            .map(|k| k.kind)
            .chain(own_kinds.iter().map(|k| k.kind.as_str()))
    };
    if known().any(|kind| kind == rule.kind) {
        return Ok(());
    }
    let way_out = match nearest(&rule.kind, known()) {
        Some(kind) => format!("did you mean `{kind}`?"),
        None => "a custom resource that does is named under `kinds:`".to_string(),
    };
    Err(("kind", format!("`{}` is no kind that holds pods; {way_out}", rule.kind)))
}

/// What is known of the field of an override.
fn known_field(rule: &Override) -> Result<Field, String> {
    let (owner, path) = (rule.owner(), &rule.field);
    let wanted = below_owner(owner, path);
    if wanted.len() < path.0.len() {
        return Err(from_the_owner(owner, path, wanted));
    }
    let is_wide = |(of, keys, _): &&(Owner, &[&'static str], &str)| *of == owner && *path == FieldPath::keys(keys);
    if let Some((_, _, part)) = TOO_WIDE.iter().find(is_wide) {
        return Err(format!(
            "`{path}` holds more than one decision; name a field in it, such as `{part}`"
        ));
    }
    owner.field(path).map_err(|misfit| no_field(owner, path, misfit))
}

/// The steps of a path that lie below the pod spec or the container; all of them, where it is written as it should be.
fn below_owner(owner: Owner, path: &FieldPath) -> &[Step] {
    let is = |step: &Step, words: &[&str]| matches!(step, Step::Key(key) if words.contains(&key.as_ref()));
    let mut steps = path.0.as_slice();
    if steps.first().is_some_and(|first| is(first, ABOVE_POD)) {
        let spec = steps.iter().rposition(|step| is(step, &["spec"]));
        steps = &steps[spec.map_or(0, |at| at + 1)..];
    }
    match steps {
        [Step::Key(list), Step::Index(_), rest @ ..] if Class::is_list(list) => rest,
        [Step::Key(list)] if owner == Owner::Pod && Class::is_list(list) => &[],
        _ => steps,
    }
}

fn from_the_owner(owner: Owner, path: &FieldPath, wanted: &[Step]) -> String {
    let is_of_container = path
        .0
        .iter()
        .any(|step| matches!(step, Step::Key(key) if Class::is_list(key)));
    let wanted = match wanted {
        [] => String::new(),
        steps => format!(" and write `{}`", FieldPath(steps.to_vec())),
    };
    match (is_of_container, owner) {
        (true, Owner::Pod) => format!("`{path}` is of containers; name the container with `container:`{wanted}"),
        (true, Owner::Container) => format!("`{path}` starts at the object; count from the container{wanted}"),
        (false, _) => format!("`{path}` starts at the object; count from the pod spec{wanted}"),
    }
}

fn no_field(owner: Owner, path: &FieldPath, misfit: Misfit) -> String {
    let (whose, other) = match owner {
        Owner::Pod => ("the pod", Owner::Container),
        Owner::Container => ("a container", Owner::Pod),
    };
    if other.field(path).is_ok() {
        let way_out = match other {
            Owner::Container => "is a container's field; name the container with `container:`",
            Owner::Pod => "is the pod's field; leave `container:` out",
        };
        return format!("`{path}` {way_out}");
    }
    match misfit {
        Misfit::Type { at, what } => format!("`{path}`: `{at}` {what}"),
        Misfit::Unknown { key, known } => {
            let way_out = match nearest(&key, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known are {}", known.join(", ")),
            };
            let place = match path.0.as_slice() {
                [_] => String::new(),
                _ => format!("`{path}`: "),
            };
            format!("{place}`{key}` is no field of {whose} that Pod Security looks at; {way_out}")
        }
    }
}

/// JSON patches count the items of a list: one that goes would move those behind it.
fn check_removal(path: &FieldPath) -> Result<(), String> {
    let Some((Step::Index(_), list)) = path.0.split_last() else {
        return Ok(());
    };
    let way_out = match list {
        [Step::Key(key)] if key == "volumes" => {
            format!("remove what it holds, such as `{path}.hostPath`, which becomes an emptyDir")
        }
        _ => format!("give `{}` as a `value:` with what stays", FieldPath(list.to_vec())),
    };
    Err(format!(
        "`{path}` is an item of a list, and those behind it would move; {way_out}"
    ))
}

fn check_value(field: Field, value: &Value) -> Result<(), String> {
    match field.misfit(value) {
        None => Ok(()),
        Some(Misfit::Unknown { key, known }) => {
            let near = nearest(&key, known.iter().copied()).unwrap_or_default();
            Err(format!("`{key}` is no field there; did you mean `{near}`?"))
        }
        Some(Misfit::Type { at, what }) if at.0.is_empty() => Err(what),
        Some(Misfit::Type { at, what }) => Err(format!("`{at}`: {what}")),
    }
}

/// `a.b[0].c`: dots between keys, indices in brackets.
fn field_path(text: &str) -> Option<FieldPath> {
    let mut steps = Vec::new();
    for part in text.split('.') {
        let (key, indices) = part.split_at(part.find('[').unwrap_or(part.len()));
        let is_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric());
        steps.push(is_key.then(|| Step::Key(key.to_string().into()))?);
        let mut rest = indices;
        while !rest.is_empty() {
            let (index, tail) = rest.strip_prefix('[')?.split_once(']')?;
            steps.push(Step::Index(index.parse().ok()?));
            rest = tail;
        }
    }
    Some(FieldPath(steps))
}

/// A value as Kubernetes would get it. The depth is bounded by serde_yaml, which refuses more than 128 levels.
fn json_like(value: serde_yaml::Value) -> Result<Value, String> {
    use serde_yaml::Value as Yaml;
    Ok(match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::Number(number) => match number.as_i64() {
            Some(value) => Value::Int(value.into()),
            None => Value::Float(number.to_string().into()),
        },
        Yaml::String(text) => Value::str(text),
        Yaml::Sequence(items) => Value::List(items.into_iter().map(json_like).collect::<Result<_, _>>()?),
        Yaml::Mapping(entries) => {
            let pair = |(key, value)| Ok((json_like(key)?, json_like(value)?));
            Value::Map(entries.into_iter().map(pair).collect::<Result<_, String>>()?)
        }
        Yaml::Tagged(tagged) => return Err(format!("the tag `{}` is not understood here; leave it out", tagged.tag)),
    })
}
