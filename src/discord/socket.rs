//! The WebSocket to Discord's gateway: JSON out, JSON in, also deflated.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message, Utf8Bytes};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};

/// The largest message, in bytes: GUILD_CREATE of a large guild has some 10 MB.
const MAX_MESSAGE: usize = 128 << 20;
/// How long a close may take before the connection is dropped.
const CLOSING: Duration = Duration::from_secs(1);
/// Keeps the session, where 1000 and 1001 would end it.
const KEEP_SESSION: u16 = 4000;

/// Why a WebSocket cannot be opened or used any more; boxed, for it is large.
pub(super) type SocketError = Box<Error>;

/// An open WebSocket.
pub(super) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    timeout: Duration,
}

/// What came.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A message.
    Text(Utf8Bytes),
    /// A message that came deflated.
    Inflated(String),
    /// Nothing to read: a ping, or what cannot be inflated.
    Nothing,
    /// Discord closes, with this code if it says one.
    Closed(Option<u16>),
    /// The connection broke.
    Broken(SocketError),
}

impl Socket {
    /// Connects. `timeout` is for this and for each message that is sent.
    pub(super) async fn connect(url: &str, timeout: Duration) -> Result<Self, SocketError> {
        let address = format!("{}/?v=10&encoding=json", url.trim_end_matches('/'));
        let limits = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        let connector = address.starts_with("wss:").then(tls).transpose()?;
        let connecting = tokio_tungstenite::connect_async_tls_with_config(
            address,
            Some(limits),
            true,
            connector,
        );
        let (stream, _) = in_time(timeout, connecting).await?;
        Ok(Self { stream, timeout })
    }

    /// Waits for what comes next.
    pub(super) async fn next(&mut self) -> Incoming {
        match self.stream.next().await {
            Some(Ok(Message::Text(text))) => Incoming::Text(text),
            Some(Ok(Message::Binary(bytes))) => match inflate(&bytes) {
                Some(text) => Incoming::Inflated(text),
                None => Incoming::Nothing,
            },
            Some(Ok(Message::Close(frame))) => {
                Incoming::Closed(frame.map(|frame| frame.code.into()))
            }
            Some(Ok(_)) => Incoming::Nothing,
            Some(Err(error)) => Incoming::Broken(Box::new(error)),
            None => Incoming::Closed(None),
        }
    }

    /// Sends a payload.
    pub(super) async fn send(&mut self, payload: &Value) -> Result<(), SocketError> {
        let message = Message::Text(payload.to_string().into());
        in_time(self.timeout, self.stream.send(message)).await
    }

    /// Closes so that the session ends and the bot is shown as offline.
    pub(super) async fn end_session(self) {
        self.close(CloseCode::Normal).await;
    }

    /// Closes so that the session can be resumed.
    pub(super) async fn keep_session(self) {
        self.close(KEEP_SESSION.into()).await;
    }

    async fn close(mut self, code: CloseCode) {
        let frame = CloseFrame {
            code,
            reason: Utf8Bytes::default(),
        };
        let closing = async {
            if self.stream.close(Some(frame)).await.is_ok() {
                while let Some(Ok(_)) = self.stream.next().await {}
            }
        };
        let _ = tokio::time::timeout(CLOSING, closing).await;
    }
}

async fn in_time<T>(
    timeout: Duration,
    doing: impl Future<Output = Result<T, Error>>,
) -> Result<T, SocketError> {
    let late = |_| Error::Io(std::io::ErrorKind::TimedOut.into());
    let done = tokio::time::timeout(timeout, doing).await.map_err(late)?;
    done.map_err(Box::new)
}

fn tls() -> Result<Connector, SocketError> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    // Several providers of cryptography are in the program, so one has to be named.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Io(std::io::Error::other(error)))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Connector::Rustls(Arc::new(config)))
}

/// A payload that was deflated by itself, as `compress` of IDENTIFY allows.
fn inflate(bytes: &Bytes) -> Option<String> {
    let mut text = String::new();
    let most = u64::try_from(MAX_MESSAGE).unwrap_or(u64::MAX);
    let mut inflated = flate2::read::ZlibDecoder::new(bytes.as_ref()).take(most);
    inflated.read_to_string(&mut text).ok()?;
    Some(text)
}
