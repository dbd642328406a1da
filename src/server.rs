//! The HTTP listener: hyper's connections, with `/socket` taken out and everything else answered by
//! the API.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use hyper::{
    Request, Response, body::Incoming, http::uri::Scheme, server::conn::http1, service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::{
    Addr, Endpoint as _,
    endpoint::BoxEndpoint,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
};

use crate::socket::Upgrader;

/// What a connection may cost, from the configuration.
#[derive(Debug, Clone)]
pub struct ServerLimits {
    /// How many HTTP connections may be open; further ones wait to be accepted.
    pub max_connections: usize,
    /// How long a client may take to send a request's head.
    pub header_read_timeout: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            max_connections: 65_536,
            header_read_timeout: Duration::from_secs(30),
        }
    }
}

/// Longest request head, in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Everything that answers requests.
#[derive(Clone)]
pub struct Routes {
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
    // Presences are small and must not wait for more.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let routes = routes.clone();
        async move { Ok::<_, Infallible>(routes.answer(request, peers).await) }
    });
    let answering = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read_timeout)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut answering = pin!(answering);
    tokio::select! {
        // A client that breaks off is no news.
        _ = answering.as_mut() => {}
        () = stopped(&mut stop) => {
            answering.as_mut().graceful_shutdown();
            let _ = answering.await;
        }
    }
}

type HyperResponse = Response<http_body_util::combinators::BoxBody<bytes::Bytes, io::Error>>;

impl Routes {
    async fn answer(&self, request: Request<Incoming>, peers: Peers) -> HyperResponse {
        if request.uri().path() == "/socket" {
            return match self.sockets.respond(request) {
                Ok(response) => response.into(),
                Err(error) => refused(&error).into(),
            };
        }
        let local = peers
            .local
            .map_or_else(LocalAddr::default, |addr| LocalAddr(Addr::from(addr)));
        let remote = RemoteAddr(Addr::from(peers.remote));
        let request = poem::Request::from((request, local, remote, Scheme::HTTP));
        self.api.get_response(request).await.into()
    }
}

fn refused(error: &crate::socket::HandshakeError) -> poem::Response {
    let mut response = poem::Response::builder().status(error.status());
    for (name, value) in crate::socket::headers_of(error) {
        response = response.header(name, value);
    }
    response.body(error.to_string())
}
