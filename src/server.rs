//! The HTTP listener: hyper's connections, with `/socket` taken out and everything else answered by
//! the API.

mod activity;
mod body;
mod host;
mod linger;
mod refusal;
mod seats;
mod stream;
mod wire;

use std::{
    convert::Infallible, io, net::SocketAddr, pin::Pin, pin::pin, sync::Arc, time::Duration,
};

use futures_util::future::{self, Ready};
use http_body_util::{BodyDataStream, Either, combinators::BoxBody};
use hyper::{
    Request, Response, StatusCode,
    body::{Body as _, Incoming},
    header::{CONNECTION, HeaderValue, SEC_WEBSOCKET_VERSION, UPGRADE},
    http::uri::Scheme,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use lantern_actors::Hub;
use poem::{
    Addr, Endpoint as _, RequestParts,
    endpoint::BoxEndpoint,
    web::{LocalAddr, RemoteAddr},
};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

pub use self::stream::HttpStream;
use self::{
    activity::{Activity, Underway},
    body::{Asked, Body, Paced, body_of},
    host::HostError,
    seats::{Seat, Seats},
    wire::{Left, Wire},
};
use crate::{
    admission::{Admission, Refusal, Reservation},
    api::{self, Gate, Problem, ProblemKind, cors},
    socket::{HandshakeError, Upgrader},
    tcp::{ClientStream, TcpLimits},
};

/// What a connection may cost, from the configuration.
#[derive(Debug, Clone)]
pub struct ServerLimits {
    /// How long a connection may be open without a request.
    pub idle_timeout: Duration,
    /// How soon the first request must have come.
    pub first_request_timeout: Duration,
    /// What the kernel is told about each connection.
    pub tcp: TcpLimits,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            idle_timeout: Duration::from_secs(75),
            first_request_timeout: Duration::from_secs(10),
            tcp: TcpLimits {
                max_unsent_bytes: 32 * 1024,
                abandoned_timeout: Duration::from_secs(75),
            },
        }
    }
}

/// Each socket is a file descriptor, and the usual soft limit of 1,024 is for programs that still
/// use select(2).
pub fn allow_many_sockets() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
}

/// Longest request head, in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Everything that answers requests.
#[derive(Clone)]
pub struct Routes {
    /// The live core, for the request that matters most.
    pub hub: Hub,
    /// Who is let in.
    pub admission: Arc<Admission>,
    /// Who may change storage.
    pub gate: Arc<Gate>,
    /// `/socket`.
    pub sockets: Upgrader,
    /// Everything else.
    pub api: Arc<BoxEndpoint<'static, poem::Response>>,
}

/// Accepts connections until `stop` turns true, then lets those that are answering finish.
pub async fn serve(
    listener: TcpListener,
    routes: Routes,
    limits: ServerLimits,
    mut stop: watch::Receiver<bool>,
) {
    let local = listener.local_addr().ok();
    let mut connections = JoinSet::new();
    let mut seats = Seats::default();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stop) => break,
        };
        match accepted {
            Ok((stream, remote)) => {
                let Some(place) = place(&routes.admission, &mut seats, remote) else {
                    refuse(&stream);
                    continue;
                };
                let seat = Seat::new(place);
                seats.add(&seat);
                let answering = connection(
                    stream,
                    Peers { local, remote },
                    routes.clone(),
                    limits.clone(),
                    stop.clone(),
                    seat,
                );
                connections.spawn(answering);
                while connections.try_join_next().is_some() {}
            }
            Err(error) => accept_failed(&error).await,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A closed channel means that whoever could say stop is gone.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// A place for another connection; one on which nothing was asked gives way to it.
fn place(admission: &Arc<Admission>, seats: &mut Seats, remote: SocketAddr) -> Option<Reservation> {
    match admission.connect(remote.ip()) {
        Err(Refusal::Full(_)) if seats.free_one() => admission.connect(remote.ip()).ok(),
        admitted => admitted.ok(),
    }
}

/// The connection ends with a reset, so that the kernel keeps nothing of it.
fn refuse(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

/// Out of file descriptors and the like: waiting helps, trying at once does not.
async fn accept_failed(error: &io::Error) {
    tracing::warn!(%error, "a connection could not be accepted");
    tokio::time::sleep(Duration::from_millis(50)).await;
}

#[derive(Clone, Copy)]
struct Peers {
    local: Option<SocketAddr>,
    remote: SocketAddr,
}

async fn connection(
    stream: TcpStream,
    peers: Peers,
    routes: Routes,
    limits: ServerLimits,
    mut stop: watch::Receiver<bool>,
    seat: Arc<Seat>,
) {
    let stream = ClientStream::new(stream, limits.tcp);
    let activity = Arc::clone(seat.activity());
    let (left, admission) = (Left::default(), Arc::clone(&routes.admission));
    let wire = Wire::new(stream, peers.remote.ip(), &admission, &activity, &left);
    let service = service_fn({
        let activity = Arc::clone(&activity);
        move |request| routes.answer(request, peers, &activity)
    });
    let is_over = {
        let answering = http1::Builder::new()
            .max_buf_size(MAX_HEAD_BYTES)
            .max_header_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(HttpStream::new(wire)), service)
            .with_upgrades();
        let mut answering = pin!(answering);
        tokio::select! {
            // A client that breaks off is no news.
            _ = answering.as_mut() => true,
            // Dropping the connection closes it.
            () = activity.ceases(limits.first_request_timeout, limits.idle_timeout) => false,
            () = seat.is_taken() => false,
            () = stopped(&mut stop) => {
                answering.as_mut().graceful_shutdown();
                let _ = answering.await;
                false
            }
        }
    };
    if is_over && let Some(mut leftover) = left.take() {
        refusal::tell(leftover.refusal, &mut leftover.stream).await;
        linger::close(leftover.stream).await;
    }
}

/// An answer that is there already, or one that is being worked on. The latter is boxed, so that
/// the former does not carry its size around.
type Answering = future::Either<Ready<Answer>, Pin<Box<dyn Future<Output = Answer> + Send>>>;
type Answer = Result<Response<Body>, Infallible>;

impl Routes {
    fn answer(
        &self,
        request: Request<Incoming>,
        peers: Peers,
        activity: &Arc<Activity>,
    ) -> Answering {
        let has_body = !request.body().is_end_stream();
        activity.begins(has_body);
        if let Err(error) = host::check(&request) {
            return ready_made(without_host(error), activity);
        }
        let (path, headers) = (request.uri().path(), request.headers());
        let client = || self.admission.client(peers.remote.ip(), headers);
        let (method, uri) = (request.method(), request.uri());
        if let Some(mut response) = api::at_once(&self.hub, method, uri, headers, client) {
            close_behind_body(activity, &mut response);
            let response = response.map(|content| body_of(content, activity));
            return future::Either::Left(future::ready(Ok(response)));
        }
        let client = client();
        if api::is_changed_at_once(request.method(), path) {
            let (hub, gate) = (self.hub.clone(), Arc::clone(&self.gate));
            let underway = Underway::new(activity);
            return future::Either::Right(Box::pin(async move {
                let (asked, body) = request.into_parts();
                let body = BodyDataStream::new(Asked::new(body, underway.activity()));
                let mut response = api::change_at_once(&hub, &gate, &asked, client, body).await;
                close_behind_body(underway.activity(), &mut response);
                Ok(response.map(|content| body_of(content, underway.activity())))
            }));
        }
        if path == "/socket" && has_body && headers.contains_key(UPGRADE) {
            return ready_made(with_body(), activity);
        }
        if path == "/socket" && !cors::is_preflight(request.method(), headers) {
            let response = self.sockets.respond(request, peers.remote.ip(), client);
            return ready_made(response.unwrap_or_else(|error| refused(&error)), activity);
        }
        let local = peers
            .local
            .map_or_else(LocalAddr::default, |addr| LocalAddr(Addr::from(addr)));
        let client = SocketAddr::new(client, peers.remote.port());
        let remote = RemoteAddr(Addr::from(client));
        let (asked, body) = request.into_parts();
        let body = poem::Body::from(BoxBody::new(Asked::new(body, activity)));
        let parts = RequestParts::from((asked, local, remote, Scheme::HTTP));
        let request = poem::Request::from_parts(parts, body);
        let api = Arc::clone(&self.api);
        let underway = Underway::new(activity);
        future::Either::Right(Box::pin(async move {
            let mut response = Response::from(api.get_response(request).await);
            close_behind_body(underway.activity(), &mut response);
            Ok(response.map(|body| Either::Right(Paced::new(body, underway.activity()))))
        }))
    }
}

/// What is left of a request's body is not read, so nothing can be read behind it. hyper would close
/// the connection too, without saying so.
fn close_behind_body<B>(activity: &Activity, response: &mut Response<B>) {
    if activity.body_is_left() {
        let headers = response.headers_mut();
        let close = match headers.contains_key(CONNECTION) {
            true => "Upgrade, close",
            false => "close",
        };
        headers.insert(CONNECTION, HeaderValue::from_static(close));
    }
}

/// A handshake has no body: what would be read behind it are frames.
fn with_body() -> poem::Response {
    let detail = "A WebSocket handshake is a GET without a body.";
    told(Problem::new(ProblemKind::BadRequest, detail))
}

/// A problem as an answer to anybody, whichever page they ask from.
fn told(problem: Problem) -> poem::Response {
    let mut response = poem::IntoResponse::into_response(problem);
    cors::allow(response.headers_mut());
    response
}

/// An answer of poem's that needs no work.
fn ready_made(response: poem::Response, activity: &Arc<Activity>) -> Answering {
    let mut response = Response::from(response);
    api::secure(response.headers_mut());
    close_behind_body(activity, &mut response);
    let response = response.map(|body| Either::Right(Paced::new(body, activity)));
    future::Either::Left(future::ready(Ok(response)))
}

/// Nothing more is read behind such a request: it may end elsewhere than it seems to.
fn without_host(error: HostError) -> poem::Response {
    let mut response = told(Problem::new(ProblemKind::InvalidHost, error.to_string()));
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}

fn refused(error: &HandshakeError) -> poem::Response {
    let kind = match error {
        HandshakeError::NotAnUpgrade => ProblemKind::UpgradeRequired,
        HandshakeError::Version => ProblemKind::WebSocketVersion,
        HandshakeError::Key => ProblemKind::WebSocketKey,
        HandshakeError::Encoding => ProblemKind::InvalidEncoding,
        HandshakeError::Full => ProblemKind::TooManySockets,
        HandshakeError::Share | HandshakeError::Rate => ProblemKind::TooMuchFromAddress,
    };
    let problem = Problem::new(kind, error.to_string());
    let problem = match error {
        HandshakeError::Full | HandshakeError::Share | HandshakeError::Rate => {
            problem.retry_after_s(FULL_RETRY_S)
        }
        _ => problem,
    };
    let mut response = told(problem);
    if error.status() == StatusCode::UPGRADE_REQUIRED {
        // RFC 9110 section 15.5.22 and RFC 6455 section 4.4.
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    }
    response
}

/// Seconds after which a socket that found no room may be tried again.
const FULL_RETRY_S: u32 = 5;
