//! The REST interface, by poem-openapi: one file per resource.
//!
//! [`endpoint`] answers every HTTP request but those for `/socket`. [`at_once`] answers the request
//! that matters most, for one user, without a router; the endpoint tries it first, and whoever owns
//! the connection may call it before making a poem request at all.

mod answer;
mod builder;
mod cards;
mod content;
pub mod cors;
mod docs;
pub mod etag;
mod health;
mod html;
mod info;
pub mod metrics;
mod nullable;
mod page;
pub mod problem;
mod routes;
mod storage;
mod tag;
mod user_ids;
pub mod user_schema;
pub mod users;

use std::{net::IpAddr, sync::Arc, time::Instant};

use bytes::Bytes;
use futures_util::Stream;
use lantern_actors::Hub;
use poem::{
    Endpoint, EndpointExt, IntoEndpoint, Request, Response, ResponseParts,
    endpoint::BoxEndpoint,
    http::{self, HeaderMap, HeaderValue, Method, Uri, header},
};
use poem_openapi::OpenApiService;

use lantern_card::Cards;

pub use self::{
    content::Content,
    docs::document,
    problem::{Problem, ProblemKind},
    storage::Gate,
};
use self::{content::without_body, metrics::Collector, routes::RouteTable};

/// What the interface is built on.
pub struct ApiContext {
    /// The live core.
    pub hub: Hub,
    /// Who may change storage.
    pub gate: Arc<Gate>,
    /// Draws cards.
    pub cards: Arc<Cards>,
    /// When the server started.
    pub started: Instant,
    /// What others add to `/metrics`.
    pub collectors: Vec<Collector>,
}

/// What operations that are about the server are built on.
struct ServerContext {
    hub: Hub,
    started: Instant,
    collectors: Vec<Collector>,
}

/// All operations.
type Operations = (
    users::UserRoutes,
    cards::CardRoutes,
    builder::BuilderRoutes,
    storage::StorageRoutes,
    info::InfoRoutes,
    health::HealthRoutes,
    metrics::MetricsRoutes,
    docs::DocsRoutes,
);

/// Answers every request but those for `/socket`.
pub fn endpoint(context: ApiContext) -> BoxEndpoint<'static, Response> {
    let ApiContext {
        hub,
        gate,
        cards,
        started,
        collectors,
    } = context;
    let context = Arc::new(ServerContext {
        hub: hub.clone(),
        started,
        collectors,
    });
    let operations: Operations = (
        users::UserRoutes {
            hub: hub.clone(),
            cards: Arc::clone(&cards),
        },
        cards::CardRoutes {
            hub: hub.clone(),
            cards,
        },
        builder::BuilderRoutes,
        storage::StorageRoutes {
            hub: hub.clone(),
            gate,
        },
        info::InfoRoutes(Arc::clone(&context)),
        health::HealthRoutes(hub.clone()),
        metrics::MetricsRoutes::new(context),
        docs::DocsRoutes::default(),
    );
    let door = Door {
        hub,
        routes: RouteTable::of::<Operations>(),
        service: OpenApiService::new(operations, "Lantern", VERSION)
            .into_endpoint()
            .boxed(),
    };
    door.boxed()
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Answers `GET` and `HEAD` of one user and of their pairs by a plain id and key, and leaves everything
/// else. `from` is asked whose request it is, if that matters.
#[inline]
pub fn at_once(
    hub: &Hub,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    from: impl FnOnce() -> IpAddr,
) -> Option<http::Response<Content>> {
    if uri.query().is_some() {
        return None;
    }
    let path = uri.path().strip_prefix("/api/v1/users/")?;
    let digits = path.bytes().take_while(u8::is_ascii_digit).count();
    let (id, rest) = path.split_at_checked(digits)?;
    if id.is_empty() || !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let mut response = match rest.strip_prefix("/storage") {
        None if rest.is_empty() => users::one(hub, id, headers, from),
        None => return None,
        Some("") => storage::pairs(hub, id, headers),
        Some(key) => {
            let key = key.strip_prefix('/')?;
            let is_plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if key.is_empty() || !is_plain {
                return None;
            }
            storage::pair(hub, id, key, headers).map(Content::from)
        }
    };
    secure(response.headers_mut());
    Some(match *method {
        Method::HEAD => without_body(response),
        _ => response,
    })
}

/// Whether [`change_at_once`] answers this.
#[inline]
pub fn is_changed_at_once(method: &Method, path: &str) -> bool {
    matches!(*method, Method::PUT | Method::PATCH) && storage::plain_pair(path).is_some()
}

/// Answers `PUT` and `PATCH` of one pair by a plain id and key.
pub async fn change_at_once<E>(
    hub: &Hub,
    gate: &Gate,
    asked: &http::request::Parts,
    from: IpAddr,
    body: impl Stream<Item = Result<Bytes, E>>,
) -> http::Response<Content> {
    let mut response = storage::set_at_once(hub, gate, asked, from, body).await;
    secure(response.headers_mut());
    response
}

/// Where requests come in: refuses what no route answers, and gives every error its form.
struct Door {
    hub: Hub,
    routes: RouteTable,
    service: BoxEndpoint<'static>,
}

impl Endpoint for Door {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let path = request.uri().path();
        let (method, uri) = (request.method(), request.uri());
        let from = || storage::address(request.remote_addr());
        if let Some(response) = at_once(&self.hub, method, uri, request.headers(), from) {
            return Ok(to_poem(response));
        }
        let is_public = cors::is_public(path);
        let is_head = request.method() == Method::HEAD;
        let response = match self.refusal(&request) {
            Some(response) => response.map(Content::from),
            None => self.routed(request).await,
        };
        let mut response = if is_head {
            without_body(response)
        } else {
            response
        };
        if is_public {
            cors::allow(response.headers_mut());
        }
        secure(response.headers_mut());
        Ok(to_poem(response))
    }
}

impl Door {
    /// The answer to a request that no operation sees.
    fn refusal(&self, request: &Request) -> Option<http::Response<Bytes>> {
        if cors::is_preflight(request.method(), request.headers()) {
            return Some(cors::preflight(request.headers()));
        }
        if !routes::is_well_formed(request.uri()) {
            let detail = "The URL has a percent sign that is not followed by two hexadecimal digits, or bytes that are not UTF-8.";
            return Some(Problem::new(ProblemKind::MalformedUrl, detail).response());
        }
        let path = request.uri().path();
        let Some(allow) = self.routes.allow(path) else {
            let path = problem::echo(path);
            let detail = format!("There is nothing at {path}. /docs tells what there is.");
            return Some(Problem::new(ProblemKind::NotFound, detail).response());
        };
        let method = request.method();
        if method == Method::OPTIONS {
            return Some(cors::options(allow));
        }
        if allow.split(", ").any(|allowed| allowed == method.as_str()) {
            return None;
        }
        let (shown, path) = (problem::echo(method.as_str()), problem::echo(path));
        let detail = format!("{shown} is not possible at {path}; {allow} are.");
        let mut response = Problem::new(ProblemKind::MethodNotAllowed, detail).response();
        if let Ok(allow) = HeaderValue::from_str(allow) {
            response.headers_mut().insert(header::ALLOW, allow);
        }
        Some(response)
    }

    async fn routed(&self, mut request: Request) -> http::Response<Content> {
        if request.method() == Method::HEAD {
            request.set_method(Method::GET);
        }
        if let Some(uri) = routes::without_file_name(request.uri()) {
            *request.uri_mut() = uri;
        }
        let (mut parts, body) = self.service.get_response(request).await.into_parts();
        let Ok(body) = body.into_bytes().await else {
            let detail = "The answer could not be put together.";
            let problem = Problem::new(ProblemKind::Internal, detail);
            return problem.response().map(Content::from);
        };
        let shared = parts.extensions.remove::<Content>();
        let mut response = http::Response::new(body);
        *response.status_mut() = parts.status;
        *response.headers_mut() = parts.headers;
        match shared {
            Some(content) => response.map(|_| content),
            None => problem::in_form(response).map(Content::from),
        }
    }
}

/// What every answer says: it is of the type that it says, whatever it looks like.
pub fn secure(headers: &mut HeaderMap) {
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
}

fn to_poem(response: http::Response<impl Into<Content>>) -> Response {
    let (parts, body) = response.into_parts();
    let body = match body.into() {
        Content::Whole(bytes) => bytes.into(),
        pieces => poem::Body::from(pieces.boxed()),
    };
    Response::from_parts(
        ResponseParts {
            status: parts.status,
            version: parts.version,
            headers: parts.headers,
            extensions: parts.extensions,
        },
        body,
    )
}
