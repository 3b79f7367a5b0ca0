//! Makes changes true of a value tree. Shares no code with the editor: verify compares the two.

use crate::yaml::{Change, FieldPath, Step, Value};

/// `value` with every change made, in order; says which path cannot be reached.
pub(super) fn apply(mut value: Value, changes: &[Change]) -> Result<Value, FieldPath> {
    for change in changes {
        let done = match &change.to {
            Some(to) => set(&mut value, &change.path.0, to),
            None => remove(&mut value, &change.path.0),
        };
        done.ok_or_else(|| change.path.clone())?;
    }
    Ok(value)
}

fn set(value: &mut Value, path: &[Step], to: &Value) -> Option<()> {
    let Some((step, rest)) = path.split_first() else {
        *value = to.clone();
        return Some(());
    };
    match step {
        Step::Key(key) => {
            if is_blank(value) {
                *value = Value::Map(Vec::new());
            }
            let Value::Map(entries) = value else { return None };
            let wanted = Value::str(key.as_str());
            if !entries.iter().any(|(k, _)| *k == wanted) {
                entries.push((wanted.clone(), Value::Null));
            }
            let (_, child) = entries.iter_mut().rev().find(|(k, _)| *k == wanted)?;
            set(child, rest, to)
        }
        Step::Index(index) => {
            if is_blank(value) {
                *value = Value::List(Vec::new());
            }
            let Value::List(items) = value else { return None };
            if *index == items.len() {
                items.push(Value::Null);
            }
            set(items.get_mut(*index)?, rest, to)
        }
    }
}

/// Removes a field, and a mapping around it that it leaves empty. A field that is not there is removed already.
fn remove(value: &mut Value, path: &[Step]) -> Option<()> {
    let (step, rest) = path.split_first()?;
    let Step::Key(key) = step else {
        let (Step::Index(index), Value::List(items)) = (step, value) else {
            return None;
        };
        return remove(items.get_mut(*index)?, rest);
    };
    let wanted = Value::str(key.as_str());
    let Value::Map(entries) = value else { return None };
    let Some(at) = entries.iter().rposition(|(k, _)| *k == wanted) else {
        return Some(());
    };
    if !rest.is_empty() {
        remove(&mut entries[at].1, rest)?;
    }
    if rest.is_empty() || matches!(&entries[at].1, Value::Map(inside) if inside.is_empty()) {
        entries.remove(at);
    }
    Some(())
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Map(entries) => entries.is_empty(),
        Value::List(items) => items.is_empty(),
        _ => false,
    }
}

/// The same value with every mapping in one order, since order means nothing there.
pub(super) fn in_order(value: Value) -> Value {
    match value {
        Value::List(items) => Value::List(items.into_iter().map(in_order).collect()),
        Value::Map(entries) => {
            let mut entries: Vec<(Value, Value)> =
                entries.into_iter().map(|(k, v)| (in_order(k), in_order(v))).collect();
            entries.sort_by_cached_key(|(k, _)| format!("{k:?}"));
            Value::Map(entries)
        }
        Value::Tagged(tag, inner) => Value::Tagged(tag, Box::new(in_order(*inner))),
        scalar => scalar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_made_where_they_say() {
        let path = |steps: &[Step]| FieldPath(steps.to_vec());
        let key = |k: &str| Step::Key(k.into());
        let old = Value::map([("a", Value::Null), ("l", Value::List(vec![Value::Int(1)]))]);
        let changes = [
            Change {
                path: path(&[key("a"), key("b")]),
                to: Some(Value::Bool(true)),
                comment: None,
            },
            Change {
                path: path(&[key("l"), Step::Index(1)]),
                to: Some(Value::Int(2)),
                comment: None,
            },
        ];
        let new = apply(old, &changes).expect("applies");
        assert_eq!(
            new,
            Value::map([
                ("a", Value::map([("b", Value::Bool(true))])),
                ("l", Value::List(vec![Value::Int(1), Value::Int(2)])),
            ])
        );
        let removed = apply(
            new,
            &[Change {
                path: path(&[key("a"), key("b")]),
                to: None,
                comment: None,
            }],
        )
        .expect("applies");
        assert_eq!(
            removed,
            Value::map([("l", Value::List(vec![Value::Int(1), Value::Int(2)]))])
        );
        let beyond = [Change {
            path: path(&[key("l"), Step::Index(7)]),
            to: Some(Value::Null),
            comment: None,
        }];
        assert!(apply(removed, &beyond).is_err());
    }
}
