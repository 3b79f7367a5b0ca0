//! The editor alone: random changes on random documents, against a reference that knows no bytes.

use harden::yaml::{self, Change, EditRules, FieldPath, Placement, Step};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_yaml::Value;

use crate::choices::Choices;
use crate::layout::{Layout, Tree, Written, scalar};

const RULES: EditRules = EditRules {
    placements: &[Placement {
        key: "new",
        before: &["b", "c"],
    }],
    marker: "mark",
    marked: &["new"],
};
const KEYS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// A document of mappings at the top, up to five levels deep.
fn document(choices: &mut Choices) -> Written {
    let tree = mapping(choices, 0);
    Layout::random(choices).write(&[tree])
}

fn mapping(choices: &mut Choices, depth: usize) -> Tree {
    let count = 1 + choices.below(4);
    Tree::Map(
        KEYS.iter()
            .take(count)
            .map(|key| (*key, tree(choices, depth + 1)))
            .collect(),
    )
}

fn tree(choices: &mut Choices, depth: usize) -> Tree {
    match choices.below(if depth < 5 { 9 } else { 5 }) {
        0 | 1 => scalar(choices.of(&["word", "1", "true", "a b", "/x/y"])),
        2 => Tree::Nothing,
        3 => choices.of(&[Tree::Map(Vec::new()), Tree::List(Vec::new())]),
        4 => Tree::Block(choices.of(&[vec!["one", "  two", "", "three"], vec!["# one"], vec!["x", "", ""]])),
        5 | 6 => mapping(choices, depth),
        _ => {
            let count = 1 + choices.below(3);
            Tree::List((0..count).map(|_| tree(choices, depth + 1)).collect())
        }
    }
}

/// A change that the document has a place for.
fn change(choices: &mut Choices, root: &Value, new_key: &str) -> Change {
    let mut steps = Vec::new();
    let mut at = root;
    let to = loop {
        match at {
            Value::Mapping(map) if !map.is_empty() && !choices.rarely(3) => {
                let (key, value) = map.iter().nth(choices.below(map.len())).unwrap();
                steps.push(Step::Key(key.as_str().unwrap().to_string().into()));
                at = value;
            }
            Value::Sequence(items) if !items.is_empty() && !choices.rarely(3) => {
                let index = choices.below(items.len());
                steps.push(Step::Index(index));
                at = &items[index];
            }
            Value::Sequence(items) => {
                steps.push(Step::Index(items.len()));
                break leaf(choices);
            }
            Value::Mapping(_) | Value::Null => {
                steps.push(Step::Key(new_key.to_string().into()));
                if choices.rarely(2) {
                    steps.push(Step::Key(choices.of(&["x", "y"]).into()));
                }
                break leaf(choices);
            }
            _ => break yaml::Value::Bool(true),
        }
    };
    Change {
        path: FieldPath(steps),
        to: Some(to),
        comment: choices.of(&[None, None, Some("mark")]),
    }
}

fn leaf(choices: &mut Choices) -> yaml::Value {
    match choices.below(4) {
        0 => yaml::Value::Bool(false),
        1 => yaml::Value::Int(7),
        2 => yaml::Value::str("Word"),
        _ => yaml::Value::map([("p", yaml::Value::Int(1)), ("q", yaml::Value::map([]))]),
    }
}

fn set(at: &mut Value, steps: &[Step], to: &yaml::Value) {
    match steps.split_first() {
        None => *at = plain(to),
        Some((Step::Key(key), rest)) => {
            if at.is_null() {
                *at = Value::Mapping(serde_yaml::Mapping::new());
            }
            let map = at.as_mapping_mut().unwrap();
            set(map.entry(key.as_ref().into()).or_insert(Value::Null), rest, to);
        }
        Some((Step::Index(index), rest)) => {
            let items = at.as_sequence_mut().unwrap();
            if *index == items.len() {
                items.push(Value::Null);
            }
            set(&mut items[*index], rest, to);
        }
    }
}

fn plain(value: &yaml::Value) -> Value {
    match value {
        yaml::Value::Bool(b) => Value::from(*b),
        yaml::Value::Int(n) => Value::from(i64::try_from(*n).unwrap()),
        yaml::Value::Str(text) => Value::from(text.as_ref()),
        yaml::Value::Map(entries) => Value::Mapping(entries.iter().map(|(k, v)| (plain(k), plain(v))).collect()),
        other => panic!("{other:?} is not written here"),
    }
}

/// What was checked: whether the editor wrote something.
fn check(bytes: &[u8]) -> Result<bool, String> {
    let choices = &mut Choices::new(bytes);
    let written = document(choices);
    let text = written.text.as_str();
    let old: Value = serde_yaml::from_str(text).map_err(|e| format!("the generator is wrong: {e}\n{text}"))?;
    let mut wanted = old.clone();
    let mut changes = Vec::new();
    for new_key in ["new", "n1", "n2", "n3"].into_iter().take(1 + choices.below(4)) {
        // Each on the value as it is by then, so that they fit together.
        let next = change(choices, &wanted, new_key);
        set(&mut wanted, &next.path.0, next.to.as_ref().unwrap());
        changes.push(next);
    }
    let chunks = yaml::split(text);
    let parsed = yaml::parse(chunks.last().unwrap()).map_err(|e| format!("{}\n{text}", e.what))?;
    let Ok(edits) = yaml::edit(&parsed, &changes, RULES) else {
        return Ok(false);
    };
    let new = yaml::splice(parsed.text, &edits);
    let told = || format!("{changes:?}\n--- old\n{}\n--- new\n{new}\n---", parsed.text);
    let value: Value = serde_yaml::from_str(&new).map_err(|e| format!("{e}\n{}", told()))?;
    if value != wanted {
        return Err(format!("another meaning: {}", told()));
    }
    let mut rest = new.as_str();
    for comment in &written.comments {
        let Some(at) = rest.find(comment.as_str()) else {
            // A comment on the separator line is outside the document.
            if !parsed.text.contains(comment.as_str()) {
                continue;
            }
            return Err(format!("{comment} is lost: {}", told()));
        };
        rest = &rest[at..];
    }
    Ok(true)
}

proptest! {
    #![proptest_config(crate::config(1500))]

    #[test]
    fn edits_say_what_the_changes_say(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(what) = check(&bytes) {
            prop_assert!(false, "{}", what);
        }
    }
}

#[test]
fn most_changes_can_be_written() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = prop::collection::vec(any::<u8>(), 50..200);
    let written = (0..500)
        .filter(|_| check(&strategy.new_tree(&mut runner).unwrap().current()) == Ok(true))
        .count();
    assert!(written > 300, "{written} of 500");
}
