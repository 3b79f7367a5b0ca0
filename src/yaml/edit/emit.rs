//! New values as text, in block and in flow syntax. Where they go is the caller's matter.

use std::fmt::Write as _;

use super::super::scalar::is_plain_safe;
use super::super::{Step, Value};
use super::want::Want;

/// A value to be written, with the comments of its parts.
#[derive(Debug, Clone)]
pub(super) enum Emit {
    Scalar {
        value: Value,
        comment: Option<&'static str>,
    },
    Map(Vec<(String, Emit)>),
    List(Vec<Emit>),
}

/// A value as it may be pasted into any YAML, its words without quotes where they need none.
pub fn on_one_line(value: &Value) -> String {
    let layout = FlowLayout {
        quoted_keys: false,
        quoted_strings: false,
        trailing_comma: false,
        comments: false,
        colon: ": ",
        comma: ", ",
        unit: None,
        only_comments: false,
        eol: "\n",
    };
    flow_value(&Emit::from_value(value, None), "", &layout)
}

/// How block text is laid out around the place where it goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlockLayout {
    /// Columns from a mapping's keys to the keys of a mapping below one.
    pub(super) step: usize,
    /// Columns from a mapping's keys to the dashes of a list below one.
    pub(super) dash: usize,
    /// Columns from a dash to its item.
    pub(super) gap: usize,
    /// Keys in double quotes.
    pub(super) quoted_keys: bool,
    /// Strings in double quotes.
    pub(super) quoted_strings: bool,
    pub(super) eol: &'static str,
}

/// How flow text is written around the place where it goes.
#[derive(Debug, Clone)]
pub(super) struct FlowLayout {
    /// Keys in double quotes, as JSON has them.
    pub(super) quoted_keys: bool,
    /// Strings in double quotes.
    pub(super) quoted_strings: bool,
    /// A comma behind the last entry of a collection over several lines.
    pub(super) trailing_comma: bool,
    pub(super) comments: bool,
    pub(super) colon: &'static str,
    pub(super) comma: &'static str,
    /// One level of indentation where entries stand on lines of their own; `None` writes on one line.
    pub(super) unit: Option<String>,
    /// Only collections with a comment inside go on several lines.
    pub(super) only_comments: bool,
    pub(super) eol: &'static str,
}

impl Emit {
    pub(super) fn from_want(want: &Want) -> Emit {
        match want {
            Want::Set { value, comment } => Emit::from_value(value, *comment),
            Want::Remove => Emit::Scalar {
                value: Value::Null,
                comment: None,
            },
            Want::Fields(fields) if fields.iter().all(|(step, _)| matches!(step, Step::Index(_))) => {
                Emit::List(fields.iter().map(|(_, w)| Emit::from_want(w)).collect())
            }
            Want::Fields(fields) => Emit::Map(
                fields
                    .iter()
                    .filter(|(_, w)| !matches!(w, Want::Remove))
                    .map(|(s, w)| (key_of(s), Emit::from_want(w)))
                    .collect(),
            ),
        }
    }

    fn from_value(value: &Value, comment: Option<&'static str>) -> Emit {
        match value {
            Value::Map(entries) => {
                let entry = |(k, v): &(Value, Value)| (plain_text(k), Emit::from_value(v, None));
                Emit::Map(entries.iter().map(entry).collect())
            }
            Value::List(items) => Emit::List(items.iter().map(|v| Emit::from_value(v, None)).collect()),
            scalar => Emit::Scalar {
                value: scalar.clone(),
                comment,
            },
        }
    }

    /// Whether a scalar with one of `keys` has no comment; `key` is that of the value itself.
    pub(super) fn has_plain(&self, key: &str, keys: &[&str]) -> bool {
        match self {
            Emit::Scalar { comment, .. } => comment.is_none() && keys.contains(&key),
            Emit::Map(entries) => entries.iter().any(|(key, value)| value.has_plain(key, keys)),
            Emit::List(items) => items.iter().any(|item| item.has_plain("", keys)),
        }
    }

    /// The first comment anywhere inside, for syntax that has room for one only.
    pub(super) fn comment(&self) -> Option<&'static str> {
        match self {
            Emit::Scalar { comment, .. } => *comment,
            Emit::Map(entries) => entries.iter().find_map(|(_, e)| e.comment()),
            Emit::List(items) => items.iter().find_map(Emit::comment),
        }
    }
}

fn key_of(step: &Step) -> String {
    match step {
        Step::Key(key) => key.to_string(),
        Step::Index(n) => n.to_string(),
    }
}

fn plain_text(key: &Value) -> String {
    match key {
        Value::Str(text) => text.to_string(),
        other => scalar(other, false),
    }
}

pub(super) fn scalar(value: &Value, quoted: bool) -> String {
    match value {
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Float(text) => text.to_string(),
        Value::Str(text) if quoted || !is_plain_safe(text) => double_quoted(text),
        Value::Str(text) => text.to_string(),
        Value::Map(_) => "{}".into(),
        Value::List(_) => "[]".into(),
        Value::Null | Value::Tagged(..) => "null".into(),
    }
}

/// JSON's escapes are YAML's too.
pub(super) fn double_quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn key_text(key: &str, quoted: bool) -> String {
    if quoted || !is_plain_safe(key) {
        double_quoted(key)
    } else {
        key.to_string()
    }
}

/// Lines of `key: value` at `column`, each with its line end.
pub(super) fn block_entry(key: &str, value: &Emit, column: usize, layout: BlockLayout) -> String {
    let mut out = String::new();
    write_block_entry(&mut out, key, value, column, column, layout);
    out
}

/// Lines of `- item` with the dash at `column`.
pub(super) fn block_item(item: &Emit, column: usize, layout: BlockLayout) -> String {
    let mut out = String::new();
    write_block_item(&mut out, item, column, layout);
    out
}

/// Lines of the inside of a collection below a key at `column`.
pub(super) fn block_inside(value: &Emit, column: usize, layout: BlockLayout) -> String {
    let mut out = String::new();
    write_block_inside(&mut out, value, column, layout);
    out
}

/// `lead` is the number of spaces before the key: none where a dash stands before it.
fn write_block_entry(out: &mut String, key: &str, value: &Emit, lead: usize, column: usize, layout: BlockLayout) {
    let _ = write!(out, "{:lead$}{}:", "", key_text(key, layout.quoted_keys));
    match value {
        Emit::Scalar { value, comment } => {
            let _ = write!(out, " {}", scalar(value, layout.quoted_strings));
            if let Some(comment) = comment {
                let _ = write!(out, " # {comment}");
            }
            out.push_str(layout.eol);
        }
        Emit::Map(entries) if entries.is_empty() => {
            let _ = write!(out, " {{}}{}", layout.eol);
        }
        Emit::List(items) if items.is_empty() => {
            let _ = write!(out, " []{}", layout.eol);
        }
        Emit::Map(_) | Emit::List(_) => {
            out.push_str(layout.eol);
            write_block_inside(out, value, column, layout);
        }
    }
}

fn write_block_inside(out: &mut String, value: &Emit, column: usize, layout: BlockLayout) {
    match value {
        Emit::Map(entries) => {
            let below = column + layout.step;
            for (key, value) in entries {
                write_block_entry(out, key, value, below, below, layout);
            }
        }
        Emit::List(items) => {
            for item in items {
                write_block_item(out, item, column + layout.dash, layout);
            }
        }
        Emit::Scalar { .. } => {}
    }
}

fn write_block_item(out: &mut String, item: &Emit, column: usize, layout: BlockLayout) {
    let _ = write!(out, "{:column$}{:<gap$}", "", "-", gap = layout.gap);
    match item {
        Emit::Map(entries) => {
            for (i, (key, value)) in entries.iter().enumerate() {
                let below = column + layout.gap;
                write_block_entry(out, key, value, if i == 0 { 0 } else { below }, below, layout);
            }
        }
        Emit::Scalar { value, .. } => {
            let _ = write!(out, "{}{}", scalar(value, layout.quoted_strings), layout.eol);
        }
        Emit::List(_) => {
            let _ = write!(out, "[]{}", layout.eol);
        }
    }
}

/// A value in flow syntax; `indent` is the indentation of the line on which it starts.
pub(super) fn flow_value(value: &Emit, indent: &str, layout: &FlowLayout) -> String {
    let unit = layout.unit.as_deref();
    let unit = unit.filter(|_| !layout.only_comments || value.comment().is_some());
    match value {
        Emit::Scalar { value, .. } => scalar(value, layout.quoted_strings),
        Emit::Map(entries) => {
            let pair = |(k, v): &(String, Emit)| (flow_pair(k, v, &below(indent, layout), layout), own_comment(v));
            let entries: Vec<(String, Option<&str>)> = entries.iter().map(pair).collect();
            bracketed(['{', '}'], &entries, indent, unit, layout)
        }
        Emit::List(items) if unit.is_some() && is_cuddled(items, layout) => {
            let items: Vec<String> = items.iter().map(|v| flow_value(v, indent, layout)).collect();
            format!("[{}]", items.join(layout.comma))
        }
        Emit::List(items) => {
            let items: Vec<(String, Option<&str>)> = items
                .iter()
                .map(|v| (flow_value(v, &below(indent, layout), layout), own_comment(v)))
                .collect();
            bracketed(['[', ']'], &items, indent, unit, layout)
        }
    }
}

/// Whether the mappings of a list open on the line of its bracket, as KYAML has it and JSON does not.
fn is_cuddled(items: &[Emit], layout: &FlowLayout) -> bool {
    let is_map = |item: &Emit| matches!(item, Emit::Map(entries) if !entries.is_empty());
    !layout.quoted_keys && !items.is_empty() && items.iter().all(is_map)
}

/// `key: value` in flow syntax.
pub(super) fn flow_pair(key: &str, value: &Emit, indent: &str, layout: &FlowLayout) -> String {
    format!(
        "{}{}{}",
        key_text(key, layout.quoted_keys),
        layout.colon,
        flow_value(value, indent, layout)
    )
}

fn below(indent: &str, layout: &FlowLayout) -> String {
    format!("{indent}{}", layout.unit.as_deref().unwrap_or(""))
}

/// The comment that belongs on the line of a scalar entry.
pub(super) fn own_comment(value: &Emit) -> Option<&'static str> {
    match value {
        Emit::Scalar { comment, .. } => *comment,
        Emit::Map(_) | Emit::List(_) => None,
    }
}

/// On one line, or with `unit` on several.
fn bracketed(
    [open, close]: [char; 2],
    entries: &[(String, Option<&str>)],
    indent: &str,
    unit: Option<&str>,
    layout: &FlowLayout,
) -> String {
    let Some(unit) = unit.filter(|_| !entries.is_empty()) else {
        let inside: Vec<&str> = entries.iter().map(|(text, _)| text.as_str()).collect();
        return format!("{open}{}{close}", inside.join(layout.comma));
    };
    let mut out = format!("{open}{}", layout.eol);
    for (i, (text, comment)) in entries.iter().enumerate() {
        let comma = if i + 1 < entries.len() || layout.trailing_comma {
            ","
        } else {
            ""
        };
        let _ = write!(out, "{indent}{unit}{text}{comma}");
        if let Some(comment) = comment.filter(|_| layout.comments) {
            let _ = write!(out, " # {comment}");
        }
        out.push_str(layout.eol);
    }
    let _ = write!(out, "{indent}{close}");
    out
}
