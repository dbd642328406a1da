//! The control API, by which people and tests change what is simulated.
//!
//! Everything is JSON; errors are `{"error", "code"}` and say what to do. [`page`] lists it all.

pub mod error;
pub mod gateway;
pub mod interactions;
pub mod members;
pub mod page;
pub mod request;
pub mod stream;

use poem::error::{MethodNotAllowedError, NotFoundError};
use poem::{Endpoint, EndpointExt, IntoResponse, Route, get, post, put};

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
        .at("/stream", get(stream::get_rate).put(stream::set_rate))
        .at("/bursts", post(stream::burst))
        .at("/interactions", post(interactions::fire))
        .at("/interactions/:id", get(interactions::show))
        .catch_error(|_: NotFoundError| async { ControlError::NotFound.reply().into_response() })
        .catch_error(|_: MethodNotAllowedError| async {
            ControlError::MethodNotAllowed.reply().into_response()
        })
}
