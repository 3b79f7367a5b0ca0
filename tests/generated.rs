//! What is made from the code: the JSON schemas, and tables for the README. After a change, make the schemas anew:
//! `cargo test --test generated -- --ignored`.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use harden::checks::CHECKS;
use harden::{config, explain, profiles};
use serde_json::Value;

const AGAIN: &str = "cargo test --test generated -- --ignored";

fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn schemas() -> [(&'static str, Value); 2] {
    [
        ("profiles/schema.json", profiles::json_schema()),
        ("schema/harden.schema.json", config::json_schema()),
    ]
}

fn pretty(schema: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(schema).unwrap())
}

#[test]
fn the_schemas_are_those_of_the_code() {
    for (name, schema) in schemas() {
        let there = fs::read_to_string(place(name)).unwrap_or_default();
        assert!(
            there == pretty(&schema),
            "{name} is not what the code says; run `{AGAIN}`"
        );
    }
}

/// `tests/readme.rs` puts them into the README.
#[test]
fn the_tables_have_a_row_for_everything() {
    let rows = |table: &str| table.lines().skip(2).map(str::to_string).collect::<Vec<_>>();
    let checks = rows(&explain::checks_table());
    assert_eq!(checks.len(), CHECKS.len());
    for (row, check) in checks.iter().zip(CHECKS) {
        assert!(row.starts_with(&format!("| [`{}`](https://", check.id)), "{row}");
        assert!(row.contains(check.guide.demands), "{row}");
    }
    let profiles = rows(&explain::profiles_table());
    assert_eq!(profiles.len(), profiles::builtin_profiles().count());
    let postgres = profiles
        .iter()
        .find(|row| row.starts_with("| [postgres](profiles/postgres.yaml) |"))
        .unwrap();
    assert!(postgres.contains("| 999, 70 | possible | dockerfile"), "{postgres}");
}

#[test]
#[ignore = "writes the files; see the head of this file"]
fn make_anew() {
    for (name, schema) in schemas() {
        fs::create_dir_all(place(name).parent().unwrap()).unwrap();
        fs::write(place(name), pretty(&schema)).unwrap();
    }
}

/// All objects of a schema that list their properties.
fn objects<'s>(schema: &'s Value, found: &mut Vec<&'s Value>) {
    match schema {
        Value::Object(map) => {
            if map.contains_key("properties") {
                found.push(schema);
            }
            map.values().for_each(|value| objects(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| objects(value, found)),
        _ => {}
    }
}

#[test]
fn the_schemas_know_every_key_and_no_other() {
    for (name, schema) in schemas() {
        let mut found = Vec::new();
        objects(&schema, &mut found);
        assert!(found.len() > 5, "{name}");
        for object in found {
            assert_eq!(object["additionalProperties"], Value::Bool(false), "{name}: {object}");
            for key in object["properties"].as_object().unwrap().keys() {
                assert!(
                    key.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
                    "{name}: {key}"
                );
            }
        }
    }
}

/// A validator just large enough for what the schemas use: types, enumerations, properties, items, alternatives.
fn fits(value: &Value, schema: &Value, root: &Value) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap();
        return fits(value, target, root);
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(choices) = schema[key].as_array()
            && choices.iter().all(|choice| fits(value, choice, root).is_err())
        {
            return Err(format!("{value} is none of {choices:?}"));
        }
    }
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other}"),
    };
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        name => name.as_str().into_iter().collect(),
    };
    if !types.is_empty() && !types.iter().any(|name| is(name)) {
        return Err(format!("{value} is no {types:?}"));
    }
    let constants = schema["enum"].as_array().cloned().unwrap_or_default();
    let constants: Vec<Value> = constants.into_iter().chain(schema.get("const").cloned()).collect();
    if !constants.is_empty() && !constants.contains(value) {
        return Err(format!("{value} is none of {constants:?}"));
    }
    if let Some(items) = value.as_array() {
        items.iter().try_for_each(|item| fits(item, &schema["items"], root))?;
    }
    if let (Some(entries), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
        for (key, entry) in entries {
            fits(entry, properties.get(key).ok_or(format!("unknown key {key}"))?, root)?;
        }
        for key in schema["required"].as_array().into_iter().flatten() {
            if !entries.contains_key(key.as_str().unwrap()) {
                return Err(format!("{key} is missing"));
            }
        }
    }
    Ok(())
}

#[test]
fn every_built_in_profile_fits_the_schema() {
    let schema = profiles::json_schema();
    for (name, text, _) in profiles::builtin_profiles() {
        let value: Value = serde_yaml::from_str(text).unwrap();
        assert_eq!(fits(&value, &schema, &schema), Ok(()), "{name}");
    }
}

#[test]
fn schema_and_reader_of_a_config_agree() {
    let schema = config::json_schema();
    let cases = [
        (
            "level: restricted\npolicy-version: v1.30\naccept: safe\nplatform: openshift\n",
            true,
        ),
        (
            "read-only-root: known\nassumed-comment: false\nexclude:\nmirrors: [a.b/c]\n",
            true,
        ),
        (
            "images:\n- name: nginx\n  writable: [/a, {path: /b, when: always}]\n",
            true,
        ),
        (
            "namespaces: [{name: a, level: baseline}]\npaths: [{path: a/, policy-version: latest}]\n",
            true,
        ),
        (
            "overrides: [{kind: Pod, name: a, field: hostNetwork, value: false}]\n",
            true,
        ),
        ("kinds: [{group: a.b, kind: C, pods: [spec.x]}]\n", true),
        ("levle: restricted\n", false),
        ("level: strict\n", false),
        ("images: [{name: nginx, user: me}]\n", false),
        ("images: [{name: nginx, writable: [{wen: always, path: /a}]}]\n", false),
        ("kinds: [{group: a.b, kind: C}]\n", false),
        ("exclude: a\n", false),
    ];
    for (text, good) in cases {
        let value: Value = serde_yaml::from_str(text).unwrap();
        assert_eq!(fits(&value, &schema, &schema).is_ok(), good, "schema: {text}");
        assert_eq!(
            config::Config::parse(text, Path::new("harden.yaml")).is_ok(),
            good,
            "reader: {text}"
        );
    }
}
