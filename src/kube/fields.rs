//! Fields and values that somebody names outside of a manifest, held to the tables of `schema`: whether there is such a
//! field, and what does not fit there. The tables hold what Pod Security and `harden` look at; other fields exist.

use super::schema::{CONTAINER, POD_SPEC, Type, name_of_value};
use crate::yaml::{FieldPath, Step, Value};

/// Whose field it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    Pod,
    Container,
}

/// Why a field or a value cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// Something has a `key` that is not among those `known`.
    Unknown { key: String, known: Vec<&'static str> },
    /// `expected a boolean, found a string`, at a field; the empty path for the value as a whole.
    Type { at: FieldPath, what: String },
}

/// What is known of a field.
#[derive(Debug, Clone, Copy)]
pub struct Field(Type);

impl Owner {
    /// The field at `path` below the pod spec or the container.
    ///
    /// # Errors
    /// The first step that leads nowhere.
    pub fn field(self, path: &FieldPath) -> Result<Field, Misfit> {
        let mut at = match self {
            Owner::Pod => POD_SPEC,
            Owner::Container => CONTAINER,
        };
        for (index, step) in path.0.iter().enumerate() {
            let misfit = |what: String| Misfit::Type {
                at: FieldPath(path.0[..index].to_vec()),
                what,
            };
            at = match (at, step) {
                (Type::Object(fields), Step::Key(key)) => {
                    let found = fields.iter().find(|(known, _)| known == key);
                    found.map(|(_, field)| *field).ok_or_else(|| unknown(key, fields))?
                }
                (Type::TextMap, Step::Key(_)) => Type::Text,
                (Type::List(item), Step::Index(_)) => *item,
                (Type::List(_), Step::Key(_)) => return Err(misfit("is a list: say which, as in `[0]`".into())),
                (at, Step::Index(_)) => return Err(misfit(format!("is {}, which has no items", at.name()))),
                (at, Step::Key(_)) => return Err(misfit(format!("is {}, which has no fields", at.name()))),
            };
        }
        Ok(Field(at))
    }
}

impl Field {
    /// The first thing about a value that the API server could not decode there, or that is nearly, and only nearly, the
    /// name of a field.
    pub fn misfit(self, value: &Value) -> Option<Misfit> {
        misfit(value, self.0, &FieldPath::default())
    }
}

/// Recurses over the tables, not over the input: as deep as they are.
fn misfit(value: &Value, wanted: Type, at: &FieldPath) -> Option<Misfit> {
    match (wanted, value) {
        (Type::Object(fields), Value::Map(entries)) => entries.iter().find_map(|(key, value)| {
            let Value::Str(key) = key else { return None };
            match fields.iter().find(|(known, _)| known == key) {
                Some((_, wanted)) => misfit(value, *wanted, &at.key(key.clone())),
                None => is_nearly(key, fields).then(|| unknown(key, fields)),
            }
        }),
        (Type::TextMap, Value::Map(entries)) => entries.iter().find_map(|(key, value)| match key {
            Value::Str(key) => misfit(value, Type::Text, &at.key(key.clone())),
            _ => None,
        }),
        (Type::List(wanted), Value::List(items)) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| misfit(item, *wanted, &at.index(index)))
        }
        (Type::Bool, Value::Bool(_)) | (Type::Text | Type::IntOrText, Value::Str(_)) => None,
        (Type::Int32, Value::Int(n)) if i32::try_from(*n).is_ok() => None,
        (Type::Int64 | Type::IntOrText, Value::Int(n)) if i64::try_from(*n).is_ok() => None,
        _ => Some(Misfit::Type {
            at: at.clone(),
            what: format!("expected {}, found {}", wanted.name(), name_of_value(value)),
        }),
    }
}

fn unknown(key: &str, fields: &[(&'static str, Type)]) -> Misfit {
    Misfit::Unknown {
        key: key.to_string(),
        known: fields.iter().map(|(known, _)| *known).collect(),
    }
}

/// Whether a slip of the finger explains a key: values may have fields that nobody here looks at.
fn is_nearly(key: &str, fields: &[(&'static str, Type)]) -> bool {
    let folded = key.to_ascii_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&known.to_ascii_lowercase(), &folded);
    fields
        .iter()
        .any(|(known, _)| distance(known) <= 1.max(known.len() / 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_hold_what_no_table_lists_but_no_slip_of_the_finger() {
        let field = |keys: &[&'static str]| Owner::Pod.field(&FieldPath::keys(keys)).ok();
        let volume = |source: &'static str, key: &'static str| {
            let inside = Value::map([(key, Value::str("x"))]);
            let path = FieldPath::keys(&["volumes"]).index(0);
            let volume = Value::map([("name", Value::str("a")), (source, inside)]);
            Owner::Pod.field(&path).map(|field| field.misfit(&volume))
        };
        assert_eq!(volume("emptyDir", "sizeLimit"), Ok(None));
        assert_eq!(volume("secret", "optional"), Ok(None));
        assert_eq!(volume("csi", "fsType"), Ok(None));
        assert!(matches!(volume("emptydir", "medium"), Ok(Some(Misfit::Unknown { .. }))));
        assert!(matches!(
            volume("secret", "secretname"),
            Ok(Some(Misfit::Unknown { .. }))
        ));
        assert!(field(&["hostNetwork"]).is_some_and(|f| f.misfit(&Value::Bool(false)).is_none()));
        assert!(field(&["hostNetwork"]).is_some_and(|f| f.misfit(&Value::str("no")).is_some()));
        assert!(field(&["hostNetwrok"]).is_none());
    }
}
