//! JSON of others as a tree.
//!
//! `Value` reads a member with a name of `serde_json`'s own (`$serde_json::private::RawValue`) as a text that holds the value, and begins
//! to count anew there how deep it is nested: who knows the name gets 1,600 levels into a message of 64 KiB, where 127 are meant to be the
//! most, and all that walks the tree goes down as far. Here every name is a name, and what is nested more than 127 deep is refused.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Any JSON value, nested at most 127 deep.
///
/// # Errors
/// The text is no JSON, or is nested deeper.
pub fn tree(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str(text).map(|Tree(value)| value)
}

/// The members of an object; for fields of what is read whole.
pub(crate) fn members<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Map<String, Value>, D::Error> {
    match Tree::deserialize(deserializer)?.0 {
        Value::Object(members) => Ok(members),
        _ => Err(D::Error::custom("no object")),
    }
}

/// A [`Value`] that is read as this module says.
pub(crate) struct Tree(pub(crate) Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any).map(Self)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Tree(value)) = elements.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Tree(value))) = entries.next_entry()? {
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_that_the_library_keeps_for_itself_is_a_name() {
        let text = r#"{"$serde_json::private::RawValue":"[1]"}"#;
        assert_eq!(
            tree(text).unwrap(),
            json!({"$serde_json::private::RawValue": "[1]"})
        );
        // This is what makes the difference.
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), json!([1]));
    }

    #[test]
    fn what_is_nested_127_deep_is_read_and_nothing_deeper() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(tree(&nested(127)).is_ok());
        assert!(tree(&nested(128)).is_err());
        assert!(tree(&nested(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn all_else_is_read_as_the_library_reads_it(text in r#"[\[\]{}:,"a1.eE+\\u0-]{0,24}|-?[0-9]{1,30}(\.[0-9]{1,20})?([eE]-?[0-9]{1,3})?"#) {
            prop_assert_eq!(tree(&text).ok(), serde_json::from_str::<Value>(&text).ok());
        }
    }
}
