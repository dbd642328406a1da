//! A client on a connection that stays open, which does as little as it can.

use std::net::SocketAddr;

use lantern_actors::domain::UserId;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A pair that a client reads and changes.
#[derive(Clone)]
pub struct Pair {
    pub user: UserId,
    pub token: String,
    pub key: usize,
}

impl Pair {
    pub fn with_key(&self, key: usize) -> Self {
        Self {
            key,
            ..self.clone()
        }
    }
}

pub struct Client {
    stream: TcpStream,
    read: Vec<u8>,
    put_head: String,
    /// What came and was not looked at.
    came: Vec<u8>,
    count: u64,
}

impl Client {
    pub async fn connect(addr: SocketAddr, pair: Pair) -> Self {
        let stream = TcpStream::connect(addr).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let Pair { user, token, key } = pair;
        let target = format!("/api/v1/users/{user}/storage/key{key} HTTP/1.1\r\nhost: {addr}\r\n");
        Self {
            stream,
            read: format!("GET {target}\r\n").into_bytes(),
            put_head: format!("PUT {target}authorization: {token}\r\ncontent-length: 20\r\n\r\n"),
            came: Vec::new(),
            count: 0,
        }
    }

    pub async fn read(&mut self) {
        self.stream.write_all(&self.read).await.unwrap();
        self.answer().await;
    }

    pub async fn change(&mut self) {
        self.count += 1;
        let request = format!("{}{:020}", self.put_head, self.count);
        self.stream.write_all(request.as_bytes()).await.unwrap();
        self.answer().await;
    }

    /// Reads an answer, which must be 200.
    async fn answer(&mut self) {
        self.came.clear();
        loop {
            assert_ne!(self.stream.read_buf(&mut self.came).await.unwrap(), 0);
            let Some(end) = self.came.windows(4).position(|four| four == b"\r\n\r\n") else {
                continue;
            };
            let head = std::str::from_utf8(&self.came[..end]).unwrap();
            assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
            let length = head
                .split("\r\n")
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.unwrap().parse().unwrap();
            if self.came.len() == end + 4 + length {
                return;
            }
        }
    }
}
