//! Makes changes true of a value tree. Shares no code with the editor: verify compares the two.

use crate::yaml::{Change, FieldPath, Meaning, Step, Value};

/// `value` with every change made, in order; says which path cannot be reached.
pub(super) fn apply<'t>(mut value: Meaning<'t>, changes: &[Change]) -> Result<Meaning<'t>, FieldPath> {
    for change in changes {
        let done = match &change.to {
            Some(to) => set(&mut value, &change.path.0, to),
            None => remove(&mut value, &change.path.0),
        };
        done.ok_or_else(|| change.path.clone())?;
    }
    Ok(value)
}

fn set(value: &mut Meaning, path: &[Step], to: &Value) -> Option<()> {
    let Some((step, rest)) = path.split_first() else {
        *value = to.clone();
        return Some(());
    };
    match step {
        Step::Key(key) => {
            if is_blank(value) {
                *value = Meaning::Map(Vec::new());
            }
            let Meaning::Map(entries) = value else { return None };
            let at = entries.iter().rposition(|(known, _)| known.is(key));
            let at = at.unwrap_or_else(|| {
                entries.push((Meaning::Str(key.clone()), Meaning::Null));
                entries.len() - 1
            });
            let (_, child) = entries.get_mut(at)?;
            set(child, rest, to)
        }
        Step::Index(index) => {
            if is_blank(value) {
                *value = Meaning::List(Vec::new());
            }
            let Meaning::List(items) = value else { return None };
            if *index == items.len() {
                items.push(Meaning::Null);
            }
            set(items.get_mut(*index)?, rest, to)
        }
    }
}

/// Removes a field, and a mapping around it that it leaves empty. A field that is not there is removed already.
fn remove(value: &mut Meaning, path: &[Step]) -> Option<()> {
    let (step, rest) = path.split_first()?;
    let Step::Key(key) = step else {
        let (Step::Index(index), Meaning::List(items)) = (step, value) else {
            return None;
        };
        return remove(items.get_mut(*index)?, rest);
    };
    let Meaning::Map(entries) = value else { return None };
    let Some(at) = entries.iter().rposition(|(known, _)| known.is(key)) else {
        return Some(());
    };
    if !rest.is_empty() {
        remove(&mut entries[at].1, rest)?;
    }
    if rest.is_empty() || matches!(&entries[at].1, Meaning::Map(inside) if inside.is_empty()) {
        entries.remove(at);
    }
    Some(())
}

fn is_blank(value: &Meaning) -> bool {
    match value {
        Meaning::Null => true,
        Meaning::Map(entries) => entries.is_empty(),
        Meaning::List(items) => items.is_empty(),
        _ => false,
    }
}

/// Whether two values are the same but for the order of mappings, which means nothing there.
pub(super) fn same(a: &Meaning, b: &Meaning) -> bool {
    match (a, b) {
        (Meaning::List(a), Meaning::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Meaning::Map(a), Meaning::Map(b)) => a.len() == b.len() && same_entries(a, b),
        (Meaning::Tagged(tag_a, a), Meaning::Tagged(tag_b, b)) => tag_a == tag_b && same(a, b),
        (a, b) => a == b,
    }
}

/// Entries mostly come in the same order, and then are compared in pairs. Of a key that stands twice, the first is
/// compared with the first.
fn same_entries(a: &[(Meaning, Meaning)], b: &[(Meaning, Meaning)]) -> bool {
    for (at, ((key, value), (other_key, other_value))) in a.iter().zip(b).enumerate() {
        if !same(key, other_key) {
            return same_in_any_order(&a[at..], &b[at..]);
        }
        if !same(value, other_value) {
            return false;
        }
    }
    true
}

/// Each is looked for first behind the one found before.
fn same_in_any_order(a: &[(Meaning, Meaning)], b: &[(Meaning, Meaning)]) -> bool {
    let mut used = vec![false; b.len()];
    let mut next = 0;
    a.iter().all(|(key, value)| {
        let fits = |i: usize, used: &[bool]| used.get(i) == Some(&false) && same(key, &b[i].0);
        let found = if fits(next, &used) {
            Some(next)
        } else {
            (0..b.len()).find(|i| fits(*i, &used))
        };
        let Some(i) = found else { return false };
        used[i] = true;
        next = i + 1;
        same(value, &b[i].1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_order_of_mappings_means_nothing() {
        let map = |pairs: &[(&'static str, i128)]| {
            Value::Map(pairs.iter().map(|(k, v)| (Value::str(*k), Value::Int(*v))).collect())
        };
        let same = |a: &[(&'static str, i128)], b: &[(&'static str, i128)]| same(&map(a), &map(b));
        assert!(same(&[("a", 1), ("b", 2)], &[("b", 2), ("a", 1)]));
        assert!(same(&[("x", 1), ("y", 3), ("x", 2)], &[("y", 3), ("x", 1), ("x", 2)]));
        assert!(!same(&[("x", 1), ("x", 2)], &[("x", 2), ("x", 1)]));
        assert!(!same(&[("a", 1)], &[("a", 2)]));
        assert!(!same(&[("a", 1)], &[("a", 1), ("b", 1)]));
        assert!(!same(&[("a", 1), ("a", 1)], &[("a", 1), ("b", 1)]));
        let list = |items: &[i128]| Value::List(items.iter().map(|n| Value::Int(*n)).collect());
        assert!(!super::same(&list(&[1, 2]), &list(&[2, 1])));
    }

    #[test]
    fn changes_are_made_where_they_say() {
        let path = |steps: &[Step]| FieldPath(steps.to_vec());
        let key = |k: &str| Step::Key(k.to_string().into());
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
