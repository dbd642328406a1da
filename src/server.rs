//! The HTTP listener: hyper's connections, with `/socket` taken out and everything else answered by
//! the API.

mod host;

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::{self, Ready};
use http_body_util::{BodyDataStream, Either, Full, combinators::BoxBody};
use hyper::{
    Request, Response, StatusCode,
    body::{Frame, Incoming, SizeHint},
    header::{CONNECTION, HeaderValue, SEC_WEBSOCKET_VERSION, UPGRADE},
    http::uri::Scheme,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use lantern_actors::Hub;
use poem::{
    Addr, Endpoint as _,
    endpoint::BoxEndpoint,
    web::{LocalAddr, RemoteAddr},
};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
};

use self::host::HostError;

use crate::{
    api::{self, Content, Gate, Problem, ProblemKind, cors},
    socket::{HandshakeError, Upgrader},
    stream::HttpStream,
    tcp::{ClientStream, TcpLimits},
};

/// What a connection may cost, from the configuration.
#[derive(Debug, Clone)]
pub struct ServerLimits {
    /// How many HTTP connections may be open; further ones wait to be accepted.
    pub max_connections: usize,
    /// How long a connection may be open without a request: the first, or the next one.
    pub idle_timeout: Duration,
    /// What the kernel is told about each connection.
    pub tcp: TcpLimits,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            max_connections: 65_536,
            idle_timeout: Duration::from_secs(75),
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
    let room = Arc::new(Semaphore::new(limits.max_connections));
    let mut connections = JoinSet::new();
    loop {
        let permit = tokio::select! {
            permit = Arc::clone(&room).acquire_owned() => permit,
            () = stopped(&mut stop) => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stop) => break,
        };
        match accepted {
            Ok((stream, remote)) => {
                let answering = connection(
                    stream,
                    Peers { local, remote },
                    routes.clone(),
                    limits.clone(),
                    stop.clone(),
                );
                connections.spawn(async move {
                    answering.await;
                    drop(permit);
                });
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
) {
    let stream = ClientStream::new(stream, limits.tcp);
    let activity = Arc::new(Activity::default());
    let service = service_fn({
        let activity = Arc::clone(&activity);
        move |request| routes.answer(request, peers, &activity)
    });
    let answering = http1::Builder::new()
        .max_buf_size(MAX_HEAD_BYTES)
        .max_header_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(HttpStream::new(stream)), service)
        .with_upgrades();
    let mut answering = pin!(answering);
    tokio::select! {
        // A client that breaks off is no news.
        _ = answering.as_mut() => {}
        // Dropping the connection closes it.
        () = activity.ceases(limits.idle_timeout) => {}
        () = stopped(&mut stop) => {
            answering.as_mut().graceful_shutdown();
            let _ = answering.await;
        }
    }
}

/// What happens on a connection, requests and pieces of long answers, so that one on which nothing happens can be closed. hyper's own
/// timer is set anew for every request; this costs a request one addition.
#[derive(Default)]
struct Activity {
    events: AtomicU64,
    answering: AtomicU64,
}

impl Activity {
    /// Resolves when nothing happened and no answer was being made for that long, and at the latest
    /// after twice that.
    async fn ceases(&self, idle_timeout: Duration) {
        let mut before = None;
        loop {
            let now = self.events.load(Ordering::Relaxed);
            if before == Some(now) && self.answering.load(Ordering::Relaxed) == 0 {
                return;
            }
            before = Some(now);
            tokio::time::sleep(idle_timeout).await;
        }
    }
}

/// A request whose answer is being made. When it is written, [`Paced`] tells of it.
struct Underway(Arc<Activity>);

impl Underway {
    fn new(activity: &Arc<Activity>) -> Self {
        activity.answering.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(activity))
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.answering.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body that is there already, or one of poem's.
type Body = Either<Full<Bytes>, Paced>;

/// Bytes of a body that count as something happening on its connection.
const PIECE_BYTES: usize = 16 * 1024;

/// One of poem's bodies in small pieces. hyper takes the next ones as the client reads, so a client
/// that reads slowly keeps its connection, and one that does not read loses it.
struct Paced {
    body: BoxBody<Bytes, io::Error>,
    /// What `body` gave and hyper has not taken.
    rest: Bytes,
    activity: Arc<Activity>,
}

impl Paced {
    fn new(body: BoxBody<Bytes, io::Error>, activity: &Arc<Activity>) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            activity: Arc::clone(activity),
        }
    }
}

impl hyper::body::Body for Paced {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        self.activity.events.fetch_add(1, Ordering::Relaxed);
        let length = self.rest.len().min(PIECE_BYTES);
        let piece = self.rest.split_to(length);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        match self.body.size_hint().exact() {
            Some(length) => SizeHint::with_exact(length + rest),
            None => SizeHint::default(),
        }
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
        activity.events.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = host::check(&request) {
            return ready_made(without_host(error), activity);
        }
        let (path, headers) = (request.uri().path(), request.headers());
        if let Some(response) = api::at_once(&self.hub, request.method(), request.uri(), headers) {
            let response = response.map(|content| body_of(content, activity));
            return future::Either::Left(future::ready(Ok(response)));
        }
        if api::is_changed_at_once(request.method(), path) {
            let (hub, gate) = (self.hub.clone(), Arc::clone(&self.gate));
            let underway = Underway::new(activity);
            return future::Either::Right(Box::pin(async move {
                let (asked, body) = request.into_parts();
                let body = BodyDataStream::new(body);
                let from = peers.remote.ip();
                let response = api::change_at_once(&hub, &gate, &asked, from, body).await;
                Ok(response.map(|content| body_of(content, &underway.0)))
            }));
        }
        if path == "/socket" && !cors::is_preflight(request.method(), headers) {
            let response = self.sockets.respond(request);
            return ready_made(response.unwrap_or_else(|error| refused(&error)), activity);
        }
        let local = peers
            .local
            .map_or_else(LocalAddr::default, |addr| LocalAddr(Addr::from(addr)));
        let remote = RemoteAddr(Addr::from(peers.remote));
        let request = poem::Request::from((request, local, remote, Scheme::HTTP));
        let api = Arc::clone(&self.api);
        let underway = Underway::new(activity);
        future::Either::Right(Box::pin(async move {
            let response = Response::from(api.get_response(request).await);
            Ok(response.map(|body| Either::Right(Paced::new(body, &underway.0))))
        }))
    }
}

/// A short body is written in one go; of a longer one the client is seen to read it.
fn body_of(content: Content, activity: &Arc<Activity>) -> Body {
    match content {
        Content::Whole(bytes) if bytes.len() <= PIECE_BYTES => Either::Left(Full::new(bytes)),
        long => Either::Right(Paced::new(long.boxed(), activity)),
    }
}

/// An answer of poem's that needs no work.
fn ready_made(response: poem::Response, activity: &Arc<Activity>) -> Answering {
    let mut response = Response::from(response);
    api::secure(response.headers_mut());
    let response = response.map(|body| Either::Right(Paced::new(body, activity)));
    future::Either::Left(future::ready(Ok(response)))
}

/// Nothing more is read behind such a request: it may end elsewhere than it seems to.
fn without_host(error: HostError) -> poem::Response {
    let problem = Problem::new(ProblemKind::InvalidHost, error.to_string());
    let mut response = poem::IntoResponse::into_response(problem);
    cors::allow(response.headers_mut());
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
    };
    let problem = Problem::new(kind, error.to_string());
    let problem = match error {
        HandshakeError::Full => problem.retry_after_s(FULL_RETRY_S),
        _ => problem,
    };
    let mut response = poem::IntoResponse::into_response(problem);
    cors::allow(response.headers_mut());
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

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use hyper::body::Body as _;

    use super::*;

    #[tokio::test]
    async fn a_long_body_is_something_happening_until_it_is_read() {
        let activity = Arc::new(Activity::default());
        let bytes = Bytes::from(vec![7; 2 * PIECE_BYTES + 1]);
        let body = Full::new(bytes.clone()).map_err(|never| match never {});
        let mut paced = Paced::new(BoxBody::new(body), &activity);
        let mut read = Vec::new();
        for events in 1..=3 {
            assert!(!paced.is_end_stream());
            let left = (bytes.len() - read.len()) as u64;
            assert_eq!(paced.size_hint().exact(), Some(left));
            let piece = paced.frame().await.unwrap().unwrap().into_data().unwrap();
            read.extend_from_slice(&piece);
            assert_eq!(activity.events.load(Ordering::Relaxed), events);
        }
        assert!(paced.is_end_stream() && paced.frame().await.is_none());
        assert_eq!(read, bytes);
    }
}
