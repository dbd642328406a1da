//! Responses as Discord sends them. Clients look at the content type: it is `application/json`
//! and nothing more, and a 204 has none.

use poem::http::{StatusCode, header};
use poem::{IntoResponse, Response};
use serde_json::Value;

/// A status and, unless it is 204, JSON.
#[derive(Debug, Clone)]
pub struct Reply {
    status: StatusCode,
    /// The JSON text.
    pub body: Option<String>,
}

impl Reply {
    /// Any status with JSON text.
    pub fn new(status: StatusCode, body: String) -> Self {
        Self {
            status,
            body: Some(body),
        }
    }

    /// 200 with JSON text.
    pub fn text(body: String) -> Self {
        Self::new(StatusCode::OK, body)
    }

    /// 200 with a value.
    pub fn ok(body: &Value) -> Self {
        Self::text(body.to_string())
    }

    /// 201 with a value.
    pub fn created(body: &Value) -> Self {
        Self::new(StatusCode::CREATED, body.to_string())
    }

    /// 204.
    pub fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: None,
        }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let builder = Response::builder().status(self.status);
        match self.body {
            Some(body) => builder
                .header(header::CONTENT_TYPE, "application/json")
                .body(body),
            None => builder.finish(),
        }
    }
}
