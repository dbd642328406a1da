//! Key-value pairs: a small public store of each user (seed: "KV Storage").

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

/// The most pairs that a user may have.
pub const MAX_PAIRS: usize = 512;
/// The longest key, in characters.
pub const MAX_KEY_CHARS: usize = 255;
/// The longest value, in characters (Unicode scalar values, not bytes).
pub const MAX_VALUE_CHARS: usize = 30_000;

/// A user's pairs, in the order of their keys.
pub type Pairs = BTreeMap<PairKey, PairValue>;

/// The text is not a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a key is 1 to {MAX_KEY_CHARS} letters and digits, A-Z, a-z and 0-9")]
pub struct InvalidPairKey;

/// The text is longer than a value may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a value is at most {MAX_VALUE_CHARS} characters")]
pub struct InvalidPairValue;

/// The key of a pair: 1 to 255 ASCII letters and digits.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PairKey(Arc<str>);

/// The value of a pair: any text of up to 30,000 characters, the empty one too.
#[derive(Clone, Eq, PartialEq)]
pub struct PairValue(Arc<str>);

impl PairKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PairValue {
    /// The value as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The entity tag of a pair with this value (RFC 9110 section 8.8.3), a strong one.
    pub fn tag(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        format!("\"p-{:016x}\"", hasher.finish())
    }
}

impl TryFrom<String> for PairKey {
    type Error = InvalidPairKey;

    fn try_from(text: String) -> Result<Self, InvalidPairKey> {
        let is_key = (1..=MAX_KEY_CHARS).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_key.then(|| Self(text.into())).ok_or(InvalidPairKey)
    }
}

impl TryFrom<String> for PairValue {
    type Error = InvalidPairValue;

    fn try_from(text: String) -> Result<Self, InvalidPairValue> {
        // No text has more characters than bytes, so most are not counted.
        let fits = text.len() <= MAX_VALUE_CHARS || text.chars().count() <= MAX_VALUE_CHARS;
        fits.then(|| Self(text.into())).ok_or(InvalidPairValue)
    }
}

impl Borrow<str> for PairKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

macro_rules! as_text {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, out)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::try_from(String::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    };
}

as_text!(PairKey);
as_text!(PairValue);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_letters_and_digits() {
        for text in ["a", "Z9", &"k".repeat(255)] {
            assert!(PairKey::try_from(text.to_owned()).is_ok(), "{text}");
        }
        for text in ["", "a b", "a-b", "ä", "a\0", &"k".repeat(256)] {
            assert!(PairKey::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn values_are_measured_in_characters() {
        for text in [String::new(), "x".repeat(30_000), "🏮".repeat(30_000)] {
            assert!(PairValue::try_from(text).is_ok());
        }
        for text in ["x".repeat(30_001), "🏮".repeat(30_001)] {
            assert_eq!(PairValue::try_from(text), Err(InvalidPairValue));
        }
    }
}
