//! The control API, by which people and tests change what is simulated.
//!
//! Everything is JSON; errors are `{"error", "code"}` and say what to do. [`page`] lists it all.

pub mod error;
pub mod events;
pub mod gateway;
pub mod guard;
pub mod images;
pub mod interactions;
pub mod limits;
pub mod members;
pub mod page;
pub mod request;
pub mod rest;
pub mod stream;

use poem::http::StatusCode;
use poem::{Endpoint, EndpointExt, IntoResponse, Response, Route, get, post, put};

use error::ControlError;

/// All routes under `/control`.
pub fn routes() -> impl Endpoint {
    Route::new()
        .at("/", get(page::show))
        .at("/members", get(members::list).post(members::join))
        .at("/members/:id", get(members::get).delete(members::leave))
        .at("/members/:id/presence", put(members::put_presence))
        .at("/members/:id/user", poem::patch(members::patch_user))
        .at("/gateway", get(gateway::show).post(gateway::act))
        .at("/gateway/events", post(events::dispatch))
        .at("/gateway/limits", get(limits::show).put(limits::set))
        .at("/rest/patch", get(rest::show).put(rest::set))
        .at("/stream", get(stream::get_rate).put(stream::set_rate))
        .at("/bursts", post(stream::burst))
        .at("/images", get(images::show).put(images::set))
        .at("/interactions", post(interactions::fire))
        .at("/interactions/:id", get(interactions::show))
        .around(guard::guarded)
        .catch_all_error(|error| async move { answer(&error) })
}

/// Every error as `{"error", "code"}`, also those that the web framework has found.
fn answer(error: &poem::Error) -> Response {
    let error = match (error.downcast_ref::<ControlError>(), error.status()) {
        (Some(error), _) => error.clone(),
        (None, StatusCode::NOT_FOUND) => ControlError::NotFound,
        (None, StatusCode::METHOD_NOT_ALLOWED) => ControlError::MethodNotAllowed,
        (None, _) => ControlError::InvalidQuery(error.to_string()),
    };
    error.reply().into_response()
}
