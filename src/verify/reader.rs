//! The second reader: serde_yaml, a port of the parser that kubectl uses; for JSON, which kubectl reads with another
//! parser, serde_json. Reads a document into a [`Meaning`] that keeps duplicate keys and order. Types scalars its own way:
//! compare its trees only with its own.

use std::fmt;

use serde::de::{Deserialize, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};

use crate::yaml::Meaning;

/// What is wrong with a document, and on which of its lines, from 1.
pub(super) struct Rejection {
    pub(super) line: usize,
    pub(super) what: String,
}

/// One document; the text must hold no second one.
pub(super) fn read(document: &str, json: bool) -> Result<Meaning<'_>, Rejection> {
    let rejected = |line: usize, text: &str| Rejection {
        line: line.max(1),
        what: text.split(" at line ").next().unwrap_or(text).to_string(),
    };
    let tree: Result<Tree, Rejection> = if json {
        serde_json::from_str(document).map_err(|error| rejected(error.line(), &error.to_string()))
    } else {
        let line = |error: &serde_yaml::Error| error.location().map_or(1, |place| place.line());
        serde_yaml::from_str(document).map_err(|error| rejected(line(&error), &error.to_string()))
    };
    tree.map(|Tree(meaning)| meaning)
}

struct Tree<'t>(Meaning<'t>);

impl<'de> Deserialize<'de> for Tree<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tree<'de>, D::Error> {
        deserializer.deserialize_any(TreeVisitor).map(Tree)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Meaning<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Meaning<'de>, E> {
        Ok(Meaning::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Meaning<'de>, E> {
        Ok(Meaning::Int(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Meaning<'de>, E> {
        Ok(Meaning::Int(value.into()))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Meaning<'de>, E> {
        Ok(Meaning::Int(value))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Meaning<'de>, E> {
        Ok(Meaning::Float(value.to_string().into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Meaning<'de>, E> {
        Ok(Meaning::Float(value.to_string().into()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Meaning<'de>, E> {
        Ok(Meaning::str(value.to_string()))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Meaning<'de>, E> {
        Ok(Meaning::str(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Meaning<'de>, E> {
        Ok(Meaning::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Meaning<'de>, E> {
        Ok(Meaning::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Meaning<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(Tree(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Meaning::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Meaning<'de>, A::Error> {
        let mut pairs = Vec::new();
        while let Some((Tree(key), Tree(value))) = entries.next_entry()? {
            pairs.push((key, value));
        }
        Ok(Meaning::Map(pairs))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Meaning<'de>, A::Error> {
        let (tag, inner) = tagged.variant::<String>()?;
        let Tree(value) = inner.newtype_variant()?;
        Ok(Meaning::Tagged(tag.into(), Box::new(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Value;

    #[test]
    fn duplicates_tags_and_big_numbers_survive() {
        let text = "a: 1\na: !x 2\nb: 340282366920938463463374607431768211455\n? [k]\n: ~\n";
        let Ok(Value::Map(pairs)) = read(text, false) else {
            panic!("a mapping")
        };
        assert_eq!(pairs.len(), 4);
        assert_eq!(pairs[0].1, Value::Int(1));
        assert!(matches!(&pairs[1].1, Value::Tagged(tag, _) if tag.contains('x')));
    }

    #[test]
    fn what_it_rejects_it_says() {
        assert!(
            read("a: 1\nb: [", false).is_err_and(|rejection| rejection.line == 3),
            "the end of the text"
        );
        assert!(read("a: 1\n---\nb: 2\n", false).is_err());
    }

    #[test]
    fn json_is_read_as_json() {
        let pair = r#"{"a": "\ud83d\ude00", "a": 18446744073709551616}"#;
        assert!(read(pair, false).is_err());
        let Ok(Value::Map(pairs)) = read(pair, true) else {
            panic!("a mapping")
        };
        assert_eq!(pairs.len(), 2);
        assert_eq!(pairs[0].1, Value::str("\u{1f600}"));
        assert!(read("{a: 1}", true).is_err());
    }
}
