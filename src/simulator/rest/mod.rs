//! The REST routes that bots use, under `/api` and `/api/v10`.

pub mod error;
pub mod guilds;
pub mod limits;
pub mod login;
pub mod reply;
pub mod request;

use std::sync::Arc;

use poem::error::{MethodNotAllowedError, NotFoundError};
use poem::{Endpoint, EndpointExt, IntoResponse, Route, get};

use error::RestError;
use limits::{Limits, limited};

/// All routes, without prefix.
pub fn routes(requests_per_second: u32) -> impl Endpoint {
    let limits = Limits::new(requests_per_second);
    Route::new()
        .at("/gateway", get(login::get_gateway))
        .at("/gateway/bot", get(login::get_gateway_bot))
        .at("/users/:user", get(login::get_user))
        .at("/users/:user/guilds", get(login::list_user_guilds))
        .at("/applications/:application", get(login::get_application))
        .at(
            "/oauth2/applications/@me",
            get(login::get_oauth2_application),
        )
        .at("/channels/:channel", get(guilds::get_channel))
        .at("/guilds/:guild", get(guilds::get_guild))
        .at("/guilds/:guild/channels", get(guilds::list_channels))
        .at("/guilds/:guild/roles", get(guilds::list_roles))
        .at("/guilds/:guild/members", get(guilds::list_members))
        .at("/guilds/:guild/members/search", get(guilds::search_members))
        .at("/guilds/:guild/members/:user", get(guilds::get_member))
        .catch_error(|_: NotFoundError| async { RestError::NotFound.reply().into_response() })
        .catch_error(|_: MethodNotAllowedError| async {
            RestError::MethodNotAllowed.reply().into_response()
        })
        .around(move |endpoint, req| limited(endpoint, req, Arc::clone(&limits)))
}
