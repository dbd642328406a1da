//! The REST routes that bots use, under `/api` and `/api/v10`.

pub mod commands;
pub mod error;
pub mod form;
pub mod guilds;
pub mod interactions;
pub mod limits;
pub mod login;
pub mod patches;
pub mod reply;
pub mod request;

use std::sync::Arc;

use poem::http::StatusCode;
use poem::{Endpoint, EndpointExt, IntoResponse, Response, Route, RouteMethod, get, post};

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
        .at("/applications/:application/commands", all_commands())
        .at(
            "/applications/:application/commands/:command",
            one_command(),
        )
        .at(
            "/applications/:application/guilds/:guild/commands",
            all_commands(),
        )
        .at(
            "/applications/:application/guilds/:guild/commands/:command",
            one_command(),
        )
        .at(
            "/interactions/:interaction/:token/callback",
            post(interactions::callback),
        )
        .at(
            "/webhooks/:application/:token",
            post(interactions::follow_up),
        )
        .at(
            "/webhooks/:application/:token/messages/:message",
            messages(),
        )
        .catch_all_error(|error| async move { answer(&error) })
        .around(patches::patched)
        .around(move |endpoint, req| limited(endpoint, req, Arc::clone(&limits)))
}

fn all_commands() -> RouteMethod {
    get(commands::list)
        .post(commands::create)
        .put(commands::overwrite)
}

fn one_command() -> RouteMethod {
    get(commands::get)
        .patch(commands::edit)
        .delete(commands::delete)
}

fn messages() -> RouteMethod {
    get(interactions::get_message)
        .patch(interactions::edit_message)
        .delete(interactions::delete_message)
}

/// Every error in Discord's words, also those that the web framework has found.
fn answer(error: &poem::Error) -> Response {
    let error = match (error.downcast_ref::<RestError>(), error.status()) {
        (Some(error), _) => error.clone(),
        (None, StatusCode::NOT_FOUND) => RestError::NotFound,
        (None, StatusCode::METHOD_NOT_ALLOWED) => RestError::MethodNotAllowed,
        (None, _) => RestError::field("_", "INVALID", error.to_string()),
    };
    error.reply().into_response()
}
