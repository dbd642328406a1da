//! What handlers of the control API take from a request.

use std::fmt;

use poem::{FromRequest, Request, RequestBody};
use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer};

use super::error::ControlError;

/// The longest body, in bytes.
const MAX_BODY: usize = 8 << 20;

/// A JSON body; an empty one counts as `{}`.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<'a, T: DeserializeOwned> FromRequest<'a> for Body<T> {
    async fn from_request(_: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let bytes = body
            .take()?
            .into_bytes_limit(MAX_BODY)
            .await
            .map_err(|_| ControlError::TooLarge)?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        let read = serde_json::from_slice(text)
            .map(Self)
            .map_err(|error| match error.classify() {
                serde_json::error::Category::Data => ControlError::InvalidBody(error.to_string()),
                _ => ControlError::NotJson(error.to_string()),
            });
        Ok(read?)
    }
}

/// An id in a body: a string or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id(pub u64);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Id;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an id, as a string or a number")
            }

            fn visit_u64<E: serde::de::Error>(self, id: u64) -> Result<Id, E> {
                Ok(Id(id))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Id, E> {
                text.parse()
                    .map(Id)
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// An id in a path.
pub fn path_id(text: &str) -> Result<u64, ControlError> {
    text.parse()
        .map_err(|_| ControlError::InvalidId(text.to_owned()))
}
