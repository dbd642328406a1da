//! What a client wrote, in either encoding, as far as it is read.
//!
//! One reader for both, so that a message means the same in JSON and in MessagePack: a whole number
//! is one however it is written (JSON Schema 2020-12 section 6.1.1 has it so), and a field that
//! nobody reads may hold anything, also what JSON has no word for.

use std::{collections::BTreeMap, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Encoding;

/// How deep what is read may be nested; serde_json's own limit. Both formats are walked by
/// recursion, which must end before the stack does.
const MOST_NESTED: usize = 128;

/// A value from a client.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// A whole number that is not negative, also one that was written as a float.
    Whole(u64),
    /// Any other number.
    Number(f64),
    Text(String),
    List(Vec<Value>),
    Object(Object),
    /// MessagePack's binary and extension types.
    Binary,
}

/// An object, or a part of it: the fields that are read.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Object {
    /// The last one counts if a name comes twice.
    fields: BTreeMap<String, Value>,
    /// Whether there were keys that are no texts. JSON has none.
    has_other_keys: bool,
}

impl Object {
    /// A field; null is as left out.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| **value != Value::Null)
    }

    /// All fields, if their keys are texts.
    pub fn all(&self) -> Option<&BTreeMap<String, Value>> {
        (!self.has_other_keys).then_some(&self.fields)
    }
}

impl fmt::Display for Value {
    /// As JSON if that is short, as what is shown to a person who wrote it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => out.write_str("null"),
            Self::Bool(value) => write!(out, "{value}"),
            Self::Whole(number) => write!(out, "{number}"),
            Self::Number(number) if number.fract() == 0.0 && number.abs() < LONG => {
                write!(out, "{number}")
            }
            Self::Number(number) => write!(out, "{number:?}"),
            Self::Text(text) => write!(out, "{}", serde_json::Value::from(text.as_str())),
            Self::List(_) => out.write_str("A list"),
            Self::Object(_) => out.write_str("An object"),
            Self::Binary => out.write_str("Binary data"),
        }
    }
}

/// Numbers from here on are shown with an exponent.
const LONG: f64 = 1e19;

/// The only value in `payload`, of which a message's fields are read; `None` if it is not valid.
pub(super) fn read(encoding: Encoding, payload: &[u8]) -> Option<Value> {
    match encoding {
        Encoding::Json => {
            let mut decoder = serde_json::Deserializer::from_slice(payload);
            let value = Place::Message.deserialize(&mut decoder).ok()?;
            decoder.end().ok()?;
            Some(value)
        }
        Encoding::MsgPack => {
            let mut rest = payload;
            let mut decoder = rmp_serde::Deserializer::new(&mut rest);
            decoder.set_max_depth(MOST_NESTED);
            let value = Place::Message.deserialize(&mut decoder).ok()?;
            // As in JSON, nothing may follow.
            rest.is_empty().then_some(value)
        }
    }
}

/// Where in a message a value stands: that decides which of its fields are read.
#[derive(Debug, Clone, Copy)]
enum Place {
    Message,
    /// `d`.
    Data,
    /// A field that is read, with all that is in it.
    Field,
}

impl Place {
    /// The place of a field; `None` if nobody reads it.
    fn of(self, field: &str) -> Option<Self> {
        match (self, field) {
            (Self::Message, "op") | (Self::Data, "user_id" | "user_ids" | "known" | "chunk") => {
                Some(Self::Field)
            }
            (Self::Message, "d") => Some(Self::Data),
            (Self::Message | Self::Data, _) => None,
            (Self::Field, _) => Some(Self::Field),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Place {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Whole(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(u64::try_from(number).map_or(Value::Number(number as f64), Value::Whole))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(whole(number).map_or(Value::Number(number), Value::Whole))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<Value, E> {
        Ok(Value::Binary)
    }

    /// MessagePack's extension types come so.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_ignored_any(IgnoredAny)?;
        Ok(Value::Binary)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        if matches!(self, Self::Field) {
            while let Some(item) = items.next_element_seed(self)? {
                list.push(item);
            }
        } else {
            // There is to be an object here, so nobody looks into it.
            while items.next_element::<IgnoredAny>()?.is_some() {}
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Value, A::Error> {
        let mut object = Object::default();
        while let Some(key) = pairs.next_key_seed(Self::Field)? {
            let Value::Text(name) = key else {
                object.has_other_keys = true;
                pairs.next_value::<IgnoredAny>()?;
                continue;
            };
            match self.of(&name) {
                Some(place) => {
                    let value = pairs.next_value_seed(place)?;
                    object.fields.insert(name, value);
                }
                None => {
                    pairs.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Value::Object(object))
    }
}

/// The whole number that a float is, if it is one that is not negative and below 2^64.
fn whole(number: f64) -> Option<u64> {
    const BEYOND: f64 = u64::MAX as f64;
    (number.fract() == 0.0 && (0.0..BEYOND).contains(&number)).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_is_a_whole_number_if_it_has_no_fraction() {
        for (float, number) in [
            (4.0, Some(4)),
            (0.0, Some(0)),
            (-0.0, Some(0)),
            (1.79e15, Some(1_790_000_000_000_000)),
            (9_007_199_254_740_992.0, Some(1 << 53)),
            (9_223_372_036_854_775_808.0, Some(1 << 63)),
            (18_446_744_073_709_551_616.0, None),
            (4.5, None),
            (-4.0, None),
            (1e300, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
            (f64::NEG_INFINITY, None),
        ] {
            assert_eq!(whole(float), number, "{float}");
        }
    }

    #[test]
    fn numbers_are_shown_as_they_were_written() {
        for (number, shown) in [
            (-4.0, "-4"),
            (4.5, "4.5"),
            (1e300, "1e300"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(Value::Number(number).to_string(), shown);
        }
    }
}
