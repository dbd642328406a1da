//! A gateway client that does only what a test says.

use std::io::ErrorKind;

use futures_util::{SinkExt, StreamExt};
use lantern_simulator::Simulator;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::soon;

/// Guilds, members and presences.
pub const INTENTS: u64 = 1 | 1 << 1 | 1 << 8;

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// With a close frame.
    Closed(u16),
    /// Without one.
    Cut,
    /// By a TCP reset.
    Reset,
}

pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub async fn open(simulator: &Simulator, query: &str) -> Self {
        let url = format!("ws://{}/?{query}", simulator.addr());
        Self(connect_async(url).await.expect("the socket opens").0)
    }

    /// Opens a socket and takes HELLO.
    pub async fn greeted(simulator: &Simulator) -> Self {
        let mut socket = Self::open(simulator, "v=10&encoding=json").await;
        assert_eq!(socket.payload().await["op"], 10);
        socket
    }

    /// Opens a socket, identifies, and returns it with READY's data.
    pub async fn logged_in(simulator: &Simulator) -> (Self, Value) {
        let mut socket = Self::greeted(simulator).await;
        socket.send(identify()).await;
        let ready = socket.event("READY").await;
        socket.event("GUILD_CREATE").await;
        (socket, ready["d"].clone())
    }

    pub async fn send(&mut self, payload: Value) {
        self.send_text(&payload.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.0
            .send(Message::text(text))
            .await
            .expect("the socket takes it");
    }

    pub async fn close(&mut self, code: u16) {
        let frame = CloseFrame {
            code: code.into(),
            reason: "".into(),
        };
        self.0.close(Some(frame)).await.expect("the socket is open");
    }

    pub async fn message(&mut self) -> Result<Message, Error> {
        let message = soon("a message", self.0.next()).await;
        message.unwrap_or(Err(Error::ConnectionClosed))
    }

    /// The next payload, which must be text.
    pub async fn payload(&mut self) -> Value {
        let message = self.message().await.expect("the socket is open");
        serde_json::from_str(message.to_text().expect("text")).expect("JSON")
    }

    /// The next event of this name; others are passed over.
    pub async fn event(&mut self, name: &str) -> Value {
        loop {
            let payload = self.payload().await;
            if payload["t"] == name {
                return payload;
            }
        }
    }

    /// The next payload with this opcode; others are passed over.
    pub async fn op(&mut self, op: u64) -> Value {
        loop {
            let payload = self.payload().await;
            if payload["op"] == op {
                return payload;
            }
        }
    }

    /// Reads until the connection ends.
    pub async fn end(&mut self) -> End {
        loop {
            match self.message().await {
                Ok(Message::Close(Some(frame))) => return End::Closed(frame.code.into()),
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == ErrorKind::ConnectionReset => {
                    return End::Reset;
                }
                Err(_) => return End::Cut,
            }
        }
    }
}

pub fn identify() -> Value {
    identify_with(json!({}))
}

pub fn identify_with(change: Value) -> Value {
    let mut d = json!({"token": "simulated-token", "properties": {}, "intents": INTENTS, "large_threshold": 250});
    for (key, value) in change.as_object().expect("an object") {
        d[key] = value.clone();
    }
    json!({"op": 2, "d": d})
}

pub fn resume(ready: &Value, seq: u64) -> Value {
    json!({"op": 6, "d": {"token": "simulated-token", "session_id": ready["session_id"], "seq": seq}})
}
