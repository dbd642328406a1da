//! `/`: what this server is and how it does. Browsers are shown a live page instead.

use std::sync::Arc;

use bytes::Bytes;
use lantern_actors::ports::GatewayState;
use poem::http::{self, HeaderMap, HeaderValue, header};
use poem_openapi::{
    ApiResponse, Enum, Object, OpenApi, ResponseContent,
    payload::{Html, Json},
    types::Example,
};

use serde::Serialize;

use super::{ServerContext, VERSION, answer::Answer, page, tag::Tag, user_schema::Time};

/// The operations.
pub(super) struct InfoRoutes(pub Arc<ServerContext>);

#[OpenApi(tag = "Tag::Server")]
impl InfoRoutes {
    /// About this server
    ///
    /// Tells the version, how many users are monitored and how the connection to Discord is doing.
    /// Asked for `text/html`, as browsers do, it answers with a page that shows presence live.
    #[oai(path = "/", method = "get", operation_id = "get_info")]
    async fn info(&self, asked: &HeaderMap) -> Answer<About> {
        let accept = asked.get_all(header::ACCEPT).iter();
        let accept: Vec<&str> = accept.filter_map(|value| value.to_str().ok()).collect();
        let page = page::is_preferred(&accept.join(",")).then_some(&*page::HTML);
        let (content_type, body) = match page {
            Some(page) => ("text/html; charset=utf-8", page.text().clone()),
            None => ("application/json; charset=utf-8", Info::of(&self.0).json()),
        };
        let mut response = http::Response::new(body);
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, content_type),
            (header::CACHE_CONTROL, "no-cache"),
            (header::VARY, "Accept"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if let Some(page) = page {
            page.guard(headers);
        }
        response.into()
    }
}

/// How the connection to Discord is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(super) enum GatewayStatus {
    /// Logging in, or counting the members for the first time.
    Connecting,
    /// What is known is what Discord says.
    Live,
    /// The connection is lost; what is served is marked as stale.
    Away,
}

impl From<GatewayState> for GatewayStatus {
    fn from(state: GatewayState) -> Self {
        match state {
            GatewayState::Connecting => Self::Connecting,
            GatewayState::Live => Self::Live,
            GatewayState::Away { .. } => Self::Away,
        }
    }
}

/// The connection to Discord.
#[derive(Debug, Object, Serialize)]
struct Gateway {
    /// How it is doing.
    state: GatewayStatus,
    /// While away: when Discord was last heard.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Time>,
}

/// Where state survives a restart.
#[derive(Debug, Object, Serialize)]
#[oai(rename = "Store")]
struct StoreInfo {
    /// "embedded" or "scylla".
    kind: String,
    /// Whether it can be used now. If not, presence goes on and changes of storage are refused.
    available: bool,
    /// How many members' latest presence it does not hold yet.
    unsaved_members: u64,
}

/// Paths on this server.
#[derive(Debug, Object, Serialize)]
struct Links {
    /// The reference of this interface, to read.
    docs: String,
    /// The reference of the WebSocket, to read.
    socket_docs: String,
    /// That of this interface as an OpenAPI document.
    openapi: String,
    /// Users.
    users: String,
    /// The WebSocket.
    socket: String,
}

/// About this server.
#[derive(Debug, Object, Serialize)]
#[oai(example)]
struct Info {
    /// "Lantern".
    name: String,
    /// The version of the program.
    version: String,
    /// How long it has been running.
    uptime_seconds: u64,
    /// How many users are monitored.
    monitored_users: u64,
    /// Whether the member list has been complete.
    ready: bool,
    /// The connection to Discord.
    gateway: Gateway,
    /// Where state survives.
    store: StoreInfo,
    /// Paths to go on with.
    links: Links,
}

impl Example for Info {
    fn example() -> Self {
        Self {
            name: "Lantern".to_owned(),
            version: VERSION.to_owned(),
            uptime_seconds: 86_400,
            monitored_users: 201,
            ready: true,
            gateway: Gateway {
                state: GatewayStatus::Live,
                since: None,
            },
            store: StoreInfo {
                kind: "embedded".to_owned(),
                available: true,
                unsaved_members: 0,
            },
            links: Links::new(),
        }
    }
}

impl Links {
    fn new() -> Self {
        Self {
            docs: "/docs".to_owned(),
            socket_docs: "/docs/socket".to_owned(),
            openapi: "/openapi.json".to_owned(),
            users: "/api/v1/users".to_owned(),
            socket: "/socket".to_owned(),
        }
    }
}

impl Info {
    fn of(context: &ServerContext) -> Self {
        let hub = &context.hub;
        Self {
            name: "Lantern".to_owned(),
            version: VERSION.to_owned(),
            uptime_seconds: context.started.elapsed().as_secs(),
            monitored_users: hub.directory().monitored() as u64,
            ready: hub.is_complete(),
            gateway: Gateway {
                state: hub.gateway_state().into(),
                since: hub.stale_since().map(|since| Time {
                    unix: since.unix_seconds(),
                    raw: since.to_string(),
                }),
            },
            store: StoreInfo {
                kind: hub.store().kind().to_owned(),
                available: hub.store().is_available(),
                unsaved_members: hub.directory().unsaved_members() as u64,
            },
            links: Links::new(),
        }
    }

    fn json(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

#[derive(ResponseContent)]
#[expect(dead_code, reason = "only documents what is answered")]
enum AboutContent {
    Info(Json<Box<Info>>),
    Page(Html<&'static str>),
}

#[derive(ApiResponse)]
#[expect(dead_code, reason = "only documents what is answered")]
enum About {
    /// About this server.
    #[oai(status = 200)]
    Ok(
        AboutContent,
        /// The form depends on what is accepted.
        #[oai(header = "Vary")]
        String,
    ),
}
