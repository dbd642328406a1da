//! A client of the presence socket that sends exactly the bytes it is told to, right or wrong.

use std::net::SocketAddr;

use flate2::{Decompress, FlushDecompress};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Closed, exemplified::assert_known_error, within};

pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;

/// An opening handshake, right unless changed.
pub struct Upgrade {
    pub request_line: String,
    pub headers: Vec<(&'static str, String)>,
}

impl Default for Upgrade {
    fn default() -> Self {
        let headers = [
            ("Host", "lantern.test"),
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        Self {
            request_line: "GET /socket HTTP/1.1".to_owned(),
            headers: headers.map(|(name, value)| (name, value.to_owned())).into(),
        }
    }
}

impl Upgrade {
    /// With another query, question mark included.
    pub fn query(mut self, query: &str) -> Self {
        self.request_line = format!("GET /socket{query} HTTP/1.1");
        self
    }

    pub fn request_line(mut self, line: &str) -> Self {
        line.clone_into(&mut self.request_line);
        self
    }

    /// Adds a header or changes it.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self = self.without(name);
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self
    }

    pub fn deflate(self) -> Self {
        self.with("Sec-WebSocket-Extensions", "permessage-deflate")
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut request = format!("{}\r\n", self.request_line);
        for (name, value) in &self.headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        request.into_bytes()
    }
}

/// A frame to send: final, masked and with its length in the shortest form, unless changed.
#[derive(Debug, Clone)]
pub struct Frame {
    pub first: u8,
    pub mask: Option<[u8; 4]>,
    pub payload: Vec<u8>,
}

impl Frame {
    pub fn new(first: u8, payload: impl AsRef<[u8]>) -> Self {
        Self {
            first,
            mask: Some([0x1D, 0x7A, 0x00, 0xFF]),
            payload: payload.as_ref().to_vec(),
        }
    }

    /// A whole text message.
    pub fn text(payload: impl AsRef<[u8]>) -> Self {
        Self::new(0x80 | TEXT, payload)
    }

    pub fn close(code: u16, reason: &[u8]) -> Self {
        Self::new(0x80 | CLOSE, [&code.to_be_bytes(), reason].concat())
    }

    pub fn bytes(&self) -> Vec<u8> {
        let length = self.payload.len();
        let (short, long) = match length {
            0..=125 => (length as u8, Vec::new()),
            126..=0xFFFF => (126, (length as u16).to_be_bytes().to_vec()),
            _ => (127, (length as u64).to_be_bytes().to_vec()),
        };
        self.with_length(short, &long)
    }

    /// With a length that may be written wrongly, or be wrong.
    pub fn with_length(&self, short: u8, long: &[u8]) -> Vec<u8> {
        let masked_bit = if self.mask.is_some() { 0x80 } else { 0 };
        let mut bytes = vec![self.first, masked_bit | short];
        bytes.extend_from_slice(long);
        let mask = self.mask.unwrap_or_default();
        if self.mask.is_some() {
            bytes.extend_from_slice(&mask);
        }
        let masked = self.payload.iter().zip(mask.iter().cycle());
        bytes.extend(masked.map(|(byte, mask)| byte ^ mask));
        bytes
    }
}

/// A frame from the server.
#[derive(Debug, PartialEq, Eq)]
pub struct Received {
    pub first: u8,
    pub payload: Vec<u8>,
}

impl Received {
    /// Whether RSV1 is set: compressed.
    pub fn is_compressed(&self) -> bool {
        self.first & 0x40 != 0
    }

    /// The message in it, decompressed and decoded.
    pub fn message(&self) -> Value {
        let payload = if self.is_compressed() {
            inflate(&self.payload)
        } else {
            self.payload.clone()
        };
        match self.first & 0x0F {
            TEXT => serde_json::from_slice(&payload).unwrap(),
            BINARY => rmp_serde::from_slice(&payload).unwrap(),
            other => panic!("frame with opcode {other} is no message"),
        }
    }
}

fn inflate(compressed: &[u8]) -> Vec<u8> {
    let input = [compressed, &[0, 0, 0xFF, 0xFF]].concat();
    let mut output = Vec::with_capacity(16 << 20);
    Decompress::new(false)
        .decompress_vec(&input, &mut output, FlushDecompress::Sync)
        .unwrap();
    output
}

pub struct RawClient {
    stream: TcpStream,
    came: Vec<u8>,
    /// The head of the answer to the handshake.
    pub head: String,
}

impl RawClient {
    /// Sends a handshake, `behind` right behind it, and reads the head of the answer.
    pub async fn handshake(addr: SocketAddr, upgrade: &Upgrade, behind: &[u8]) -> Self {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let request = [&upgrade.bytes(), behind].concat();
        stream.write_all(&request).await.unwrap();
        let mut client = Self {
            stream,
            came: Vec::new(),
            head: String::new(),
        };
        client.read_head().await;
        client
    }

    /// Nothing follows the answer: the connection has ended behind it.
    pub async fn ended(&mut self) {
        self.body().await;
        let length: usize = self.header("content-length").unwrap().parse().unwrap();
        assert!(self.came.len() == length && !self.more().await);
    }

    /// Reads the head of what is answered after an interim answer.
    pub async fn read_next_head(&mut self) {
        self.read_head().await;
    }

    async fn read_head(&mut self) {
        let end = loop {
            let end = self.came.windows(4).position(|four| four == b"\r\n\r\n");
            match end {
                Some(end) => break end + 4,
                None => assert!(self.more().await, "an answer to the handshake"),
            }
        };
        let head: Vec<u8> = self.came.drain(..end).collect();
        self.head = String::from_utf8(head).unwrap();
    }

    /// Passes over the body of a refusal and reads the head of the next answer.
    pub async fn next_head(&mut self) {
        self.body().await;
        let length: usize = self.header("content-length").unwrap().parse().unwrap();
        self.came.drain(..length);
        self.read_head().await;
    }

    /// Connects and takes HELLO.
    pub async fn open(addr: SocketAddr, upgrade: &Upgrade) -> Self {
        let mut client = Self::handshake(addr, upgrade, b"").await;
        assert!(client.head.starts_with("HTTP/1.1 101 "), "{}", client.head);
        client.expect("HELLO").await;
        client
    }

    /// The status of the answer to the handshake.
    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// A header of the answer to the handshake.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// The JSON body of an answer that is no upgrade.
    pub async fn body(&mut self) -> Value {
        let length: usize = self.header("content-length").unwrap().parse().unwrap();
        while self.came.len() < length {
            assert!(self.more().await, "the body of the answer");
        }
        serde_json::from_slice(&self.came[..length]).unwrap()
    }

    /// The server may have closed already; what it said is to be read then.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    /// Says that nothing more will be sent.
    pub async fn shut_down(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// False when the connection has ended.
    async fn more(&mut self) -> bool {
        let mut buffer = [0; 16 * 1_024];
        let read = within("bytes come", self.stream.read(&mut buffer)).await;
        let length = read.unwrap_or(0);
        self.came.extend_from_slice(&buffer[..length]);
        length > 0
    }

    /// The next frame; `None` when the connection has ended.
    pub async fn next(&mut self) -> Option<Received> {
        loop {
            if let Some((frame, length)) = parse(&self.came) {
                self.came.drain(..length);
                return Some(frame);
            }
            if !self.more().await {
                assert!(self.came.is_empty(), "the connection ended within a frame");
                return None;
            }
        }
    }

    /// The `d` of the next message, which must be of this kind.
    pub async fn expect(&mut self, t: &str) -> Value {
        let message = self.next().await.unwrap().message();
        assert_known_error(&message);
        assert_eq!(message["t"], t, "{message}");
        message["d"].clone()
    }

    /// A heartbeat is answered next.
    pub async fn expect_ack(&mut self) {
        self.expect("HEARTBEAT_ACK").await;
    }

    /// Reads to the end; messages other than DISCONNECT are passed over.
    pub async fn closed(&mut self) -> Closed {
        let mut closed = Closed {
            disconnect: None,
            code: None,
        };
        while let Some(frame) = self.next().await {
            assert_eq!(closed.code, None, "nothing follows a close frame");
            match (frame.first & 0x0F, frame.payload.as_slice()) {
                (TEXT | BINARY, _) => {
                    let message = frame.message();
                    let reason = message["d"]["reason"].as_str();
                    closed.disconnect = reason.map(str::to_owned).or(closed.disconnect);
                }
                (CLOSE, [high, low, ..]) => {
                    closed.code = Some(u16::from_be_bytes([*high, *low]));
                    closed.assert_known();
                }
                _ => {}
            }
        }
        closed
    }
}

/// A server's frame at the start of `bytes`, and how long it is.
fn parse(bytes: &[u8]) -> Option<(Received, usize)> {
    let &[first, second, ref rest @ ..] = bytes else {
        return None;
    };
    assert_eq!(second & 0x80, 0, "a server does not mask");
    let (header, length) = match (second, rest) {
        (126, &[a, b, ..]) => (4, usize::from(u16::from_be_bytes([a, b]))),
        (127, &[a, b, c, d, e, f, g, h, ..]) => {
            (10, u64::from_be_bytes([a, b, c, d, e, f, g, h]) as usize)
        }
        (126 | 127, _) => return None,
        (short, _) => (2, usize::from(short)),
    };
    let payload = bytes.get(header..header + length)?.to_vec();
    Some((Received { first, payload }, header + length))
}
