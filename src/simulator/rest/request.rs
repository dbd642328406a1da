//! What handlers take from a request: the bot's token, JSON bodies, flags of the query.

use std::sync::Arc;

use poem::http::header;
use poem::{FromRequest, Request, RequestBody};
use serde_json::Value;

use super::error::RestError;
use crate::live::Live;

/// The longest JSON body, in bytes.
const MAX_JSON: usize = 1 << 20;

/// Proof that the request carries the bot's token.
#[derive(Debug)]
pub struct Bot;

impl<'a> FromRequest<'a> for Bot {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let token = req
            .header(header::AUTHORIZATION)
            .and_then(|value| value.strip_prefix("Bot "));
        let live: Option<&Arc<Live>> = req.data();
        match (token, live) {
            (Some(token), Some(live)) if token == live.config.token => Ok(Self),
            _ => Err(RestError::Unauthorized.into()),
        }
    }
}

/// A JSON body.
#[derive(Debug)]
pub struct JsonBody(pub Value);

impl<'a> FromRequest<'a> for JsonBody {
    async fn from_request(_: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let bytes = body
            .take()?
            .into_bytes_limit(MAX_JSON)
            .await
            .map_err(|_| RestError::TooLarge)?;
        Ok(Self(
            serde_json::from_slice(&bytes).map_err(|_| RestError::InvalidJson)?,
        ))
    }
}

/// Whether a flag of the query is set: clients write `true` as well as `1`.
pub fn flag(req: &Request, name: &str) -> bool {
    parameter(req, name).is_some_and(|value| value == "true" || value == "1" || value == "True")
}

/// A parameter of the query. Those that are read so need no decoding.
pub fn parameter<'a>(req: &'a Request, name: &str) -> Option<&'a str> {
    req.uri()
        .query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// An id in a path. What is not a number is nobody's id.
pub fn id(text: &str) -> u64 {
    text.parse().unwrap_or_default()
}
