//! Values without positions, and the changes that can be asked of a document.
//! Shared by the planner (what to write) and by verify (what both readers must see).

use std::borrow::Cow;
use std::fmt;

/// A YAML value as Kubernetes would read it, borrowed from the text `'t` as far as it stands there as it reads.
/// Mappings are lists of pairs: duplicates and order survive.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning<'t> {
    Null,
    Bool(bool),
    Int(i128),
    /// Floats keep their spelling: nothing here computes with them.
    Float(Cow<'t, str>),
    Str(Cow<'t, str>),
    List(Vec<Meaning<'t>>),
    Map(Vec<(Meaning<'t>, Meaning<'t>)>),
    /// An explicit tag that is not resolved.
    Tagged(Cow<'t, str>, Box<Meaning<'t>>),
}

/// A meaning of its own, that no text need outlive: what a plan holds.
pub type Value = Meaning<'static>;

/// One step from a node to a child.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Mostly a field that the program knows by name: paths are cloned often.
    Key(Cow<'static, str>),
    Index(usize),
}

/// Where a field is; prints as Kubernetes prints it: `spec.containers[0].securityContext`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FieldPath(pub Vec<Step>);

/// One field to set (creating missing parents; an index one past the end appends) or to remove.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// From the document's root.
    pub path: FieldPath,
    /// `None` removes the field.
    pub to: Option<Value>,
    /// Written behind the value as `# comment` where the syntax has comments.
    pub comment: Option<&'static str>,
}

impl<'t> Meaning<'t> {
    pub fn str(text: impl Into<Cow<'t, str>>) -> Meaning<'t> {
        Meaning::Str(text.into())
    }

    /// A mapping with string keys, in this order.
    pub fn map<const N: usize>(entries: [(&'t str, Meaning<'t>); N]) -> Meaning<'t> {
        Meaning::Map(entries.into_iter().map(|(k, v)| (Meaning::str(k), v)).collect())
    }

    /// The value some steps below; `None` where there is none.
    pub fn at(&self, steps: &[Step]) -> Option<&Meaning<'t>> {
        steps.iter().try_fold(self, |value, step| match (value, step) {
            (Meaning::Map(entries), Step::Key(key)) => {
                entries.iter().find(|(known, _)| known.is(key)).map(|(_, value)| value)
            }
            (Meaning::List(items), Step::Index(index)) => items.get(*index),
            _ => None,
        })
    }

    /// Whether it is this string.
    pub fn is(&self, text: &str) -> bool {
        matches!(self, Meaning::Str(own) if own == text)
    }

    /// The same, whatever becomes of the text it was read from.
    pub fn into_owned(self) -> Value {
        let owned = |text: Cow<'t, str>| Cow::Owned(text.into_owned());
        match self {
            Meaning::Null => Value::Null,
            Meaning::Bool(value) => Value::Bool(value),
            Meaning::Int(value) => Value::Int(value),
            Meaning::Float(text) => Value::Float(owned(text)),
            Meaning::Str(text) => Value::Str(owned(text)),
            Meaning::List(items) => Value::List(items.into_iter().map(Meaning::into_owned).collect()),
            Meaning::Map(entries) => {
                let entries = entries.into_iter();
                Value::Map(
                    entries
                        .map(|(key, value)| (key.into_owned(), value.into_owned()))
                        .collect(),
                )
            }
            Meaning::Tagged(tag, value) => Value::Tagged(owned(tag), Box::new(value.into_owned())),
        }
    }
}

impl FieldPath {
    /// From dotted keys: `FieldPath::parse("spec.template")`; has no syntax for indices or dots in keys.
    pub fn keys(keys: &[&'static str]) -> FieldPath {
        FieldPath::default().below(keys)
    }

    /// The field some keys below this one.
    #[must_use]
    pub fn below(&self, keys: &[&'static str]) -> FieldPath {
        let keys = keys.iter().map(|key| Step::Key(Cow::Borrowed(key)));
        self.extended(keys)
    }

    #[must_use]
    pub fn key(&self, key: impl Into<Cow<'static, str>>) -> FieldPath {
        self.extended(std::iter::once(Step::Key(key.into())))
    }

    /// The last key: of an item, that of its list.
    pub fn last_key(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(key.as_ref()),
            Step::Index(_) => None,
        })
    }

    #[must_use]
    pub fn index(&self, index: usize) -> FieldPath {
        self.extended(std::iter::once(Step::Index(index)))
    }

    #[must_use]
    pub fn join(&self, tail: &FieldPath) -> FieldPath {
        self.extended(tail.0.iter().cloned())
    }

    fn extended(&self, tail: impl ExactSizeIterator<Item = Step>) -> FieldPath {
        let mut steps = Vec::with_capacity(self.0.len() + tail.len());
        steps.extend_from_slice(&self.0);
        steps.extend(tail);
        FieldPath(steps)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(n) => write!(f, "[{n}]")?,
                Step::Key(key) if key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') => {
                    write!(f, "{}{key}", if i == 0 { "" } else { "." })?;
                }
                Step::Key(key) => write!(f, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}
