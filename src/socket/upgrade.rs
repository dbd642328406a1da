//! The opening handshake (RFC 6455 section 4.2), permessage-deflate (RFC 7692), and taking the
//! stream from hyper.
//!
//! After the handshake nothing of HTTP is left: the stream leaves the runtime and belongs to a
//! shard.

use std::{net::IpAddr, str::FromStr, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hyper::{
    HeaderMap, Method, Request, StatusCode, Version,
    body::Incoming,
    header::{
        CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
        SEC_WEBSOCKET_VERSION, UPGRADE,
    },
    upgrade::Upgraded,
};
use hyper_util::rt::TokioIo;
use lantern_actors::{
    Hub,
    wire::{Dialect, Encoding},
};
use poem::Response;
use sha1::{Digest, Sha1};

use super::Shards;
use crate::{
    admission::{Admission, Refusal, Reservation},
    server::HttpStream,
};

/// Opens presence sockets.
#[derive(Clone)]
pub struct Upgrader {
    hub: Hub,
    shards: Arc<Shards>,
    admission: Arc<Admission>,
}

/// Why a request does not become a socket.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// A plain HTTP request.
    #[error(
        "this is a WebSocket: connect with a WebSocket client, as in new WebSocket(\"ws://…/socket\")"
    )]
    NotAnUpgrade,
    /// Another version than 13.
    #[error("only version 13 of the WebSocket protocol is spoken here")]
    Version,
    /// The key is not 16 bytes in base64.
    #[error("Sec-WebSocket-Key must be 16 bytes in base64")]
    Key,
    /// `?encoding=` with something else.
    #[error("encoding must be \"json\" or \"msgpack\"")]
    Encoding,
    /// As many sockets are open as the configuration allows.
    #[error("this server has as many sockets open as it may; try again in a moment")]
    Full,
    /// The client has as many sockets open as one may.
    #[error("this address has as many sockets open as one address may; close some first")]
    Share,
    /// The client opens them too often.
    #[error("this address connects too often; wait a moment")]
    Rate,
}

impl From<Refusal> for HandshakeError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Full(_) => Self::Full,
            Refusal::Share(_) => Self::Share,
            Refusal::Rate => Self::Rate,
        }
    }
}

impl HandshakeError {
    /// The HTTP status that answers.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotAnUpgrade | Self::Version => StatusCode::UPGRADE_REQUIRED,
            Self::Key | Self::Encoding => StatusCode::BAD_REQUEST,
            Self::Full => StatusCode::SERVICE_UNAVAILABLE,
            Self::Share | Self::Rate => StatusCode::TOO_MANY_REQUESTS,
        }
    }
}

/// What the handshake agreed on.
#[derive(Debug, PartialEq, Eq)]
struct Agreed {
    dialect: Dialect,
    /// The answer to an offer of permessage-deflate.
    extension: Option<&'static str>,
    accept: String,
}

impl Upgrader {
    /// Opens sockets of these shards.
    pub fn new(hub: Hub, shards: Arc<Shards>, admission: Arc<Admission>) -> Self {
        Self {
            hub,
            shards,
            admission,
        }
    }

    /// Answers a client's request for `/socket`: switches protocols, or says why not. The socket has
    /// its place before it is promised.
    pub fn respond(
        &self,
        mut request: Request<Incoming>,
        peer: IpAddr,
        client: IpAddr,
    ) -> Result<Response, HandshakeError> {
        let agreed = agree(&request)?;
        let place = self.admission.open_socket(peer, client)?;
        let upgrading = hyper::upgrade::on(&mut request);
        let (hub, shards, dialect) = (self.hub.clone(), Arc::clone(&self.shards), agreed.dialect);
        tokio::spawn(async move {
            // The client may have gone before the answer was written.
            if let Ok(upgraded) = upgrading.await
                && let Err(error) = hand_over(upgraded, &hub, &shards, dialect, place)
            {
                tracing::debug!(%error, "a socket could not be handed over");
            }
        });
        let mut response = Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_ACCEPT, agreed.accept);
        if let Some(extension) = agreed.extension {
            response = response.header(SEC_WEBSOCKET_EXTENSIONS, extension);
        }
        Ok(response.finish())
    }
}

fn hand_over(
    upgraded: Upgraded,
    hub: &Hub,
    shards: &Shards,
    dialect: Dialect,
    place: Reservation,
) -> std::io::Result<()> {
    let not_tcp = || std::io::Error::other("not a TCP stream");
    let parts = upgraded
        .downcast::<TokioIo<HttpStream>>()
        .map_err(|_| not_tcp())?;
    let stream = parts.io.into_inner().into_stream()?.into_std()?;
    // Bytes that were read behind the request; a copy, so that hyper's buffer is freed.
    let read_ahead = Bytes::copy_from_slice(&parts.read_buf);
    let stream = mio::net::TcpStream::from_std(stream);
    if !shards.open(hub, stream, read_ahead, dialect, place) {
        tracing::debug!("a socket came while the hub stops");
    }
    Ok(())
}

fn agree<B>(request: &Request<B>) -> Result<Agreed, HandshakeError> {
    let headers = request.headers();
    let is_upgrade = request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && has_token(headers, &CONNECTION, "upgrade")
        && has_token(headers, &UPGRADE, "websocket");
    if !is_upgrade {
        return Err(HandshakeError::NotAnUpgrade);
    }
    if headers
        .get(SEC_WEBSOCKET_VERSION)
        .is_none_or(|version| version != "13")
    {
        return Err(HandshakeError::Version);
    }
    let key = headers
        .get(SEC_WEBSOCKET_KEY)
        .filter(|key| STANDARD.decode(key).is_ok_and(|key| key.len() == 16))
        .ok_or(HandshakeError::Key)?;
    let extension = deflate_answer(headers);
    Ok(Agreed {
        accept: accept(key.as_bytes()),
        dialect: Dialect {
            encoding: encoding(request.uri().query().unwrap_or_default())?,
            deflate: extension.is_some(),
        },
        extension,
    })
}

/// RFC 6455 section 4.2.2: the key and a fixed GUID, hashed.
fn accept(key: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    STANDARD.encode(hash.finalize())
}

fn encoding(query: &str) -> Result<Encoding, HandshakeError> {
    let asked = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("encoding="));
    match asked {
        None => Ok(Encoding::Json),
        Some(name) => Encoding::from_str(name).map_err(|()| HandshakeError::Encoding),
    }
}

fn values<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a str> + use<'a> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    values(headers, name).any(|value| value.eq_ignore_ascii_case(token))
}

const DEFLATE: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
const DEFLATE_WITH_WINDOW: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=15";

/// The answer to the first offer of permessage-deflate that this server can keep: it always uses the
/// full window, so an offer that limits the server's window is declined.
fn deflate_answer(headers: &HeaderMap) -> Option<&'static str> {
    values(headers, &SEC_WEBSOCKET_EXTENSIONS).find_map(|offer| {
        let mut parameters = offer.split(';').map(str::trim);
        if parameters.next() != Some("permessage-deflate") {
            return None;
        }
        let mut answer = DEFLATE;
        let mut seen = Vec::new();
        for parameter in parameters {
            let (name, value) = match parameter.split_once('=') {
                Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
                None => (parameter, None),
            };
            // RFC 7692 section 7.1: no parameter is repeated, and a number has no leading zeros.
            if seen.contains(&name) {
                return None;
            }
            seen.push(name);
            match (name, value) {
                ("server_no_context_takeover" | "client_no_context_takeover", None)
                | ("client_max_window_bits", None) => {}
                (
                    "client_max_window_bits",
                    Some("8" | "9" | "10" | "11" | "12" | "13" | "14" | "15"),
                ) => {}
                // RFC 7692 section 7.1.2.1: to accept this is to say it back.
                ("server_max_window_bits", Some("15")) => answer = DEFLATE_WITH_WINDOW,
                _ => return None,
            }
        }
        Some(answer)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(query: &str, headers: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder().uri(format!("/socket{query}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    const PLAIN: [(&str, &str); 4] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    #[test]
    fn the_handshake_of_the_rfc_is_accepted() {
        let agreed = agree(&request("", &PLAIN)).unwrap();
        assert_eq!(agreed.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(agreed.dialect, Dialect::JSON);
    }

    #[test]
    fn what_is_missing_is_named() {
        for (left_out, error) in [
            (0, HandshakeError::NotAnUpgrade),
            (1, HandshakeError::NotAnUpgrade),
            (2, HandshakeError::Version),
            (3, HandshakeError::Key),
        ] {
            let mut headers = PLAIN.to_vec();
            headers.remove(left_out);
            assert_eq!(agree(&request("", &headers)), Err(error));
        }
        let mut short_key = PLAIN;
        short_key[3].1 = "c2hvcnQ=";
        assert_eq!(agree(&request("", &short_key)), Err(HandshakeError::Key));
    }

    #[test]
    fn the_encoding_is_chosen_by_the_query() {
        for (query, encoding) in [
            ("?encoding=json", Ok(Encoding::Json)),
            ("?x=1&encoding=msgpack", Ok(Encoding::MsgPack)),
            ("?encoding=xml", Err(HandshakeError::Encoding)),
            ("?encoding=", Err(HandshakeError::Encoding)),
        ] {
            let agreed = agree(&request(query, &PLAIN)).map(|agreed| agreed.dialect.encoding);
            assert_eq!(agreed, encoding, "{query}");
        }
    }

    #[test]
    fn deflate_is_agreed_only_as_it_can_be_kept() {
        for (offer, agreed) in [
            ("permessage-deflate", true),
            ("permessage-deflate; client_max_window_bits", true),
            (
                "permessage-deflate; client_max_window_bits=9; server_no_context_takeover",
                true,
            ),
            ("permessage-deflate; server_max_window_bits=10", false),
            (
                "permessage-deflate; server_max_window_bits=10, permessage-deflate",
                true,
            ),
            ("permessage-deflate; server_max_window_bits=15", true),
            ("permessage-deflate; client_max_window_bits=99", false),
            ("permessage-deflate; client_max_window_bits=09", false),
            (
                "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
                false,
            ),
            (
                "permessage-deflate; client_max_window_bits; client_max_window_bits=15",
                false,
            ),
            ("permessage-deflate; unknown", false),
            ("x-webkit-deflate-frame", false),
        ] {
            let mut headers = PLAIN.to_vec();
            headers.push(("sec-websocket-extensions", offer));
            let answer = agree(&request("", &headers)).unwrap();
            assert_eq!(answer.dialect.deflate, agreed, "{offer}");
            assert_eq!(answer.extension.is_some(), agreed, "{offer}");
        }
    }
}
