//! A profile as the YAML of its file: what is not stated is not written.

use serde_yaml::Value;

use super::schema::Profile;

impl Profile {
    /// The text of a profile file, which [`Profile::parse`] reads back as the same profile.
    pub fn to_yaml(&self) -> String {
        let mut value = serde_yaml::to_value(self).unwrap_or_default();
        prune(&mut value);
        // `null` is the only value that a mapping of plain values could fail to become.
        serde_yaml::to_string(&value).unwrap_or_default()
    }
}

/// Takes out defaults. Profiles nest a fixed few levels.
fn prune(value: &mut Value) {
    match value {
        Value::Mapping(map) => {
            map.iter_mut().for_each(|(_, inner)| prune(inner));
            map.retain(|key, inner| !is_default(key, inner));
        }
        Value::Sequence(list) => list.iter_mut().for_each(prune),
        _ => {}
    }
}

fn is_default(key: &Value, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Sequence(list) => list.is_empty(),
        Value::Mapping(map) => map.is_empty(),
        Value::Bool(false) => key == "ships-content",
        Value::String(word) => key == "when" && word == "read-only-root",
        _ => false,
    }
}
