//! A client of the presence socket.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use super::{
    exemplified::{assert_known_end, assert_known_error},
    within,
};

pub struct Client {
    stream: WebSocketStream<TcpStream>,
    pub hello: Value,
    /// Whether it speaks MessagePack.
    packed: bool,
}

/// How the server ended a socket.
#[derive(Debug, PartialEq, Eq)]
pub struct Closed {
    /// The reason in DISCONNECT, if it came.
    pub disconnect: Option<String>,
    /// The code of the close frame; `None` if the connection just ended.
    pub code: Option<u16>,
}

impl Closed {
    /// Fails if the description of the socket has no such end.
    pub fn assert_known(&self) {
        if let (Some(reason), Some(code)) = (&self.disconnect, self.code) {
            assert_known_end(reason, code);
        }
    }
}

impl Client {
    /// Connects and reads HELLO. `query` begins with a question mark, or is empty.
    pub async fn connect(addr: SocketAddr, query: &str) -> Self {
        let stream = TcpStream::connect(addr).await.unwrap();
        Self::over(stream, addr, query).await
    }

    /// As a client whose machine takes only so many bytes that it has not read.
    pub async fn with_little_room(addr: SocketAddr, bytes: u32) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(bytes).unwrap();
        let stream = socket.connect(addr).await.unwrap();
        Self::over(stream, addr, "").await
    }

    async fn over(stream: TcpStream, addr: SocketAddr, query: &str) -> Self {
        let url = format!("ws://{addr}/socket{query}");
        let connected = client_async(url, stream);
        let (stream, _) = within("the socket opens", connected).await.unwrap();
        let mut client = Self {
            stream,
            hello: Value::Null,
            packed: query.contains("encoding=msgpack"),
        };
        client.hello = client.expect("HELLO").await;
        client
    }

    pub async fn send(&mut self, message: &Value) {
        let message = match self.packed {
            true => Message::binary(rmp_serde::to_vec_named(message).unwrap()),
            false => Message::text(message.to_string()),
        };
        self.stream.send(message).await.unwrap();
    }

    /// As MessagePack.
    pub async fn send_packed(&mut self, message: &Value) {
        let packed = rmp_serde::to_vec_named(message).unwrap();
        self.stream.send(Message::binary(packed)).await.unwrap();
    }

    pub async fn send_raw(&mut self, message: Message) {
        self.stream.send(message).await.unwrap();
    }

    /// The next message, `t` and `d`; `None` when the connection has ended.
    pub async fn next(&mut self) -> Option<(String, Value)> {
        let message = self.next_whole().await?;
        let t = message["t"].as_str().unwrap().to_owned();
        Some((t, message["d"].clone()))
    }

    /// The next message with all that stands beside `d`; `None` when the connection has ended.
    pub async fn next_whole(&mut self) -> Option<Value> {
        loop {
            let message = within("a message comes", self.stream.next()).await;
            let message = match message {
                Some(Ok(Message::Text(text))) => Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Binary(bytes))) => Some(rmp_serde::from_slice(&bytes).unwrap()),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Close(frame))) => {
                    let code = frame.map(|frame| u16::from(frame.code));
                    Some(json!({"t": "close", "d": code}))
                }
                Some(Err(_)) | None => None,
            };
            message.iter().for_each(assert_known_error);
            return message;
        }
    }

    /// The `d` of the next message, which must be of this kind.
    pub async fn expect(&mut self, t: &str) -> Value {
        let next = self.next().await;
        match next {
            Some((got, d)) if got == t => d,
            other => panic!("expected {t}, got {other:?}"),
        }
    }

    /// INIT, and the `d` of its answer.
    pub async fn init(&mut self, d: &Value) -> Value {
        self.send(&json!({"op": 2, "d": d})).await;
        self.expect("INIT_ACK").await
    }

    /// The next PRESENCE_UPDATE that is wanted; others are passed over.
    pub async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let update = self.expect("PRESENCE_UPDATE").await;
            if wanted(&update) {
                return update;
            }
        }
    }

    /// Proves that the server has nothing more to say now: a heartbeat is answered next.
    pub async fn expect_silence(&mut self) {
        self.send(&json!({"t": "HEARTBEAT", "op": 4})).await;
        self.expect("HEARTBEAT_ACK").await;
    }

    /// Closes as the protocol has it.
    pub async fn close(mut self) {
        self.stream.close(None).await.unwrap();
        while let Some(Ok(_)) = within("the server answers", self.stream.next()).await {}
    }

    /// Reads to the end; messages other than DISCONNECT are passed over.
    pub async fn closed(&mut self) -> Closed {
        let mut closed = Closed {
            disconnect: None,
            code: None,
        };
        while let Some((t, d)) = self.next().await {
            match t.as_str() {
                "DISCONNECT" => closed.disconnect = d["reason"].as_str().map(str::to_owned),
                "close" => {
                    closed.code = d.as_u64().map(|code| u16::try_from(code).unwrap());
                    closed.assert_known();
                }
                _ => {}
            }
        }
        closed
    }
}

/// The number of an update of a burst; 0 for any other presence.
pub fn number(user: &Value) -> usize {
    let state = user["activities"][0]["state"].as_str().unwrap_or_default();
    let number = state.split(" of ").next().unwrap_or_default();
    number.parse().unwrap_or(0)
}

/// The name of the first activity.
pub fn game(user: &Value) -> &str {
    user["activities"][0]["name"].as_str().unwrap_or_default()
}
