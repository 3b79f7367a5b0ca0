//! Values without positions, and the changes that can be asked of a document.
//! Shared by the planner (what to write) and by verify (what both readers must see).

use std::fmt;

/// A YAML value as Kubernetes would read it. Mappings are lists of pairs: duplicates and order survive.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i128),
    /// Floats keep their spelling: nothing here computes with them.
    Float(String),
    Str(String),
    List(Vec<Value>),
    Map(Vec<(Value, Value)>),
    /// An explicit tag that is not resolved.
    Tagged(String, Box<Value>),
}

/// One step from a node to a child.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    Key(String),
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

impl Value {
    pub fn str(text: impl Into<String>) -> Value {
        Value::Str(text.into())
    }

    /// A mapping with string keys, in this order.
    pub fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
        Value::Map(entries.into_iter().map(|(k, v)| (Value::str(k), v)).collect())
    }
}

impl Value {
    /// The value some steps below; `None` where there is none.
    pub fn at(&self, steps: &[Step]) -> Option<&Value> {
        steps.iter().try_fold(self, |value, step| match (value, step) {
            (Value::Map(entries), Step::Key(key)) => entries
                .iter()
                .find(|(known, _)| matches!(known, Value::Str(known) if known == key))
                .map(|(_, value)| value),
            (Value::List(items), Step::Index(index)) => items.get(*index),
            _ => None,
        })
    }
}

impl FieldPath {
    /// From dotted keys: `FieldPath::parse("spec.template")`; has no syntax for indices or dots in keys.
    pub fn keys(keys: &[&str]) -> FieldPath {
        FieldPath(keys.iter().map(|k| Step::Key((*k).to_string())).collect())
    }

    #[must_use]
    pub fn key(&self, key: &str) -> FieldPath {
        let mut steps = self.0.clone();
        steps.push(Step::Key(key.to_string()));
        FieldPath(steps)
    }

    #[must_use]
    pub fn index(&self, index: usize) -> FieldPath {
        let mut steps = self.0.clone();
        steps.push(Step::Index(index));
        FieldPath(steps)
    }

    #[must_use]
    pub fn join(&self, tail: &FieldPath) -> FieldPath {
        let mut steps = self.0.clone();
        steps.extend(tail.0.iter().cloned());
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
