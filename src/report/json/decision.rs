//! What was decided about an object, be it a workload or a Namespace: changes, blockers, reasons. And how values and paths
//! are spelled.

use std::path::Path;

use serde::Serialize;

use super::super::paint::readable;
use crate::change::{Action, Blocker, Planned};
use crate::outcome::Reason;
use crate::yaml::Value;

#[derive(Serialize)]
pub(super) struct Change<'a> {
    field: String,
    container: Option<&'a str>,
    action: &'a str,
    from: Option<serde_json::Value>,
    to: Option<serde_json::Value>,
    basis: &'a str,
    because: &'a str,
    line: usize,
}

#[derive(Serialize)]
pub(super) struct Block<'a> {
    check: &'a str,
    code: &'a str,
    field: String,
    container: Option<&'a str>,
    line: usize,
    message: &'a str,
    suggestion: String,
}

#[derive(Serialize)]
pub(super) struct Cause<'a> {
    code: &'a str,
    message: &'a str,
}

pub(super) fn change(planned: &Planned) -> Change<'_> {
    Change {
        field: planned.field.to_string(),
        container: planned.container.as_deref(),
        action: match planned.action {
            Action::Set => "set",
            Action::Remove => "remove",
        },
        from: planned.from.as_ref().map(json_value),
        to: planned.to.as_ref().map(json_value),
        basis: planned.basis.name(),
        because: &planned.because,
        line: planned.line,
    }
}

pub(super) fn block(blocker: &Blocker) -> Block<'_> {
    Block {
        check: blocker.check,
        code: blocker.code,
        field: blocker.field.to_string(),
        container: blocker.container.as_deref(),
        line: blocker.line,
        message: &blocker.message,
        suggestion: blocker.suggestion.to_string(),
    }
}

pub(super) fn cause(reason: &Reason) -> Cause<'_> {
    Cause {
        code: reason.code.code(),
        message: &reason.message,
    }
}

/// A manifest's value in JSON: what JSON cannot say (an integer beyond 64 bits, `.inf`) becomes its spelling.
fn json_value(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Int(n) => serde_json::Number::from_i128(*n).map_or_else(|| Json::String(n.to_string()), Json::Number),
        Value::Float(spelling) => spelling
            .parse()
            .ok()
            .and_then(serde_json::Number::from_f64)
            .map_or_else(|| Json::String(spelling.to_string()), Json::Number),
        Value::Str(text) => Json::String(text.to_string()),
        Value::List(items) => Json::Array(items.iter().map(json_value).collect()),
        Value::Map(pairs) => Json::Object(pairs.iter().map(|(k, v)| (key_text(k), json_value(v))).collect()),
        Value::Tagged(_, inner) => json_value(inner),
    }
}

fn key_text(key: &Value) -> String {
    match json_value(key) {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}

pub(super) fn slashed(path: &Path) -> String {
    let text = readable(path);
    if cfg!(windows) {
        text.replace('\\', "/")
    } else {
        text.into_owned()
    }
}
