//! Answers of REST that the control API has changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use poem::http::{Method, StatusCode};
use poem::{Endpoint, IntoResponse, Request, Response};
use serde_json::{Value, json};

use super::reply::Reply;
use crate::live::Live;
use crate::patch::Patch;

/// Changes to what GET answers, by path without `/api/v10`.
#[derive(Debug, Default)]
pub struct Patches(Mutex<BTreeMap<String, Patch>>);

impl Patches {
    /// Changes the answers of a route, instead of what was set before. An empty patch ends it.
    pub fn set(&self, route: String, patch: Patch) {
        let mut patches = self.0.lock();
        if patch.is_empty() {
            patches.remove(&route);
        } else {
            patches.insert(route, patch);
        }
    }

    /// All of them.
    pub fn all(&self) -> BTreeMap<String, Patch> {
        self.0.lock().clone()
    }

    fn of(&self, req: &Request) -> Option<Patch> {
        let patches = self.0.lock();
        let found = patches.get(req.uri().path());
        found.filter(|_| req.method() == Method::GET).cloned()
    }
}

/// Wraps all routes: changes what succeeds. An answer that the patch does not fit becomes a 500
/// that says so.
pub async fn patched<E: Endpoint>(endpoint: Arc<E>, req: Request) -> poem::Result<Response> {
    let live: Option<&Arc<Live>> = req.data();
    let patch = live.and_then(|live| live.patches.of(&req));
    let response = endpoint.get_response(req).await;
    match patch {
        Some(patch) if response.status() == StatusCode::OK => {
            let body = response.into_body().into_string().await?;
            Ok(change(&body, &patch).into_response())
        }
        _ => Ok(response),
    }
}

fn change(body: &str, patch: &Patch) -> Reply {
    let mut json: Value = serde_json::from_str(body).unwrap_or_default();
    match patch.apply(&mut json) {
        Ok(()) => Reply::ok(&json),
        Err(error) => {
            let message = format!("the patch of /control/rest/patch does not fit: {error}");
            let body = json!({"message": message, "code": 0});
            Reply::new(StatusCode::INTERNAL_SERVER_ERROR, body.to_string())
        }
    }
}
