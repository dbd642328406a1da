//! Events of any name and content, so that tests see how a client takes what Discord may send.

use std::sync::Arc;

use poem::handler;
use poem::web::Data;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::error::ControlError;
use super::request::Body;
use crate::live::Live;
use crate::rest::reply::Reply;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dispatched {
    /// The event's name.
    t: String,
    /// Its data.
    #[serde(default, deserialize_with = "given")]
    d: Option<Value>,
    /// Its data as text, which need not be what the JSON reader here takes.
    raw: Option<String>,
}

/// A value that is there, be it null.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Dispatched {
    /// The name and the text of the data.
    fn read(self) -> Result<(String, String), ControlError> {
        let is_name = |c: char| matches!(c, 'A'..='Z' | '0'..='9' | '_');
        if self.t.is_empty() || !self.t.chars().all(is_name) {
            let message = "t is a name like PRESENCE_UPDATE: capital letters, digits and _";
            return Err(ControlError::InvalidBody(message.to_owned()));
        }
        match (self.d, self.raw) {
            (Some(d), None) => Ok((self.t, d.to_string())),
            (None, Some(raw)) => Ok((self.t, raw)),
            _ => {
                let message =
                    "it takes either d, any JSON value, or raw, a string with the text of d";
                Err(ControlError::InvalidBody(message.to_owned()))
            }
        }
    }
}

/// POST /control/gateway/events
#[handler]
pub fn dispatch(
    Body(event): Body<Dispatched>,
    Data(live): Data<&Arc<Live>>,
) -> Result<Reply, ControlError> {
    let (name, data) = event.read()?;
    match live.broadcast(name, data) {
        0 => Err(ControlError::NoBot(format!("{}/api", live.api_url()))),
        sessions => Ok(Reply::ok(&json!({"sessions": sessions}))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value) -> Result<(String, String), String> {
        let event: Dispatched = serde_json::from_value(body).map_err(|error| error.to_string())?;
        event.read().map_err(|error| error.to_string())
    }

    #[test]
    fn null_is_data_too() {
        let null = json!({"t": "A_1", "d": null});
        assert_eq!(read(null), Ok(("A_1".to_owned(), "null".to_owned())));
    }

    #[test]
    fn raw_text_is_not_looked_at() {
        let text = r#"{"n":1E400,"s":"\ud800","#;
        let raw = json!({"t": "A", "raw": text});
        assert_eq!(read(raw), Ok(("A".to_owned(), text.to_owned())));
    }

    #[test]
    fn neither_and_both_and_bad_names_are_refused() {
        for body in [
            json!({"t": "A"}),
            json!({"t": "A", "d": 1, "raw": "1"}),
            json!({"t": "", "d": 1}),
            json!({"t": "a\"b", "d": 1}),
            json!({"d": 1}),
        ] {
            assert!(read(body.clone()).is_err(), "{body}");
        }
    }
}
