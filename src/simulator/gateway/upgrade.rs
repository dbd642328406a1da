//! `GET /`: where the gateway's sockets are opened.

use std::sync::Arc;

use poem::http::StatusCode;
use poem::http::header::{HOST, ORIGIN};
use poem::web::websocket::{CloseCode, Message, WebSocket, WebSocketStream};
use poem::web::{Data, Query};
use poem::{IntoResponse, Request, Response, handler};
use serde::Deserialize;

use super::close::{Close, Frame};
use super::connection;
use super::encoder::Encoder;
use crate::live::Live;
use futures_util::SinkExt;

/// Versions of the gateway that are spoken. They do not differ in what is simulated.
const VERSIONS: [&str; 3] = ["8", "9", "10"];

#[derive(Debug, Deserialize)]
struct Options {
    v: Option<String>,
    encoding: Option<String>,
    compress: Option<String>,
}

/// Opens a gateway connection, or shows people who come with a browser where to go.
#[handler]
pub async fn open(
    req: &Request,
    socket: Result<WebSocket, poem::Error>,
    Query(options): Query<Options>,
    Data(live): Data<&Arc<Live>>,
) -> Response {
    let Ok(socket) = socket else {
        return Response::builder()
            .status(StatusCode::SEE_OTHER)
            .header("location", "/control")
            .finish();
    };
    if !live.access.socket(req.header(ORIGIN)) {
        let message = "web pages of other machines may not open a gateway socket; \
            --control-host names hosts whose pages may";
        return message.with_status(StatusCode::FORBIDDEN).into_response();
    }
    let live = Arc::clone(live);
    let url = live.gateway_url(req.header(HOST));
    let tcp = live.streams.of(req.remote_addr());
    let known = options
        .v
        .as_deref()
        .is_some_and(|version| VERSIONS.contains(&version));
    let json = matches!(options.encoding.as_deref(), None | Some("json"));
    let encoder = Encoder::for_transport(options.compress.as_deref());
    socket
        .on_upgrade(move |socket| async move {
            match encoder {
                Some(encoder) if known && json => {
                    connection::serve(live, socket, encoder, url, tcp).await
                }
                _ if known => refuse(socket, Close::DecodeError).await,
                _ => refuse(socket, Close::InvalidApiVersion).await,
            }
        })
        .into_response()
}

async fn refuse(mut socket: WebSocketStream, close: Close) {
    let frame = Frame::from(close);
    // The client may be gone already; there is nobody to tell then.
    _ = socket
        .send(Message::Close(Some((
            CloseCode::from(frame.code()),
            frame.reason().to_owned(),
        ))))
        .await;
}
