//! The receiving side, a process of its own: so many sockets, and a count of the bytes that came.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use mio::{Events, Interest, Poll, Token};

use crate::child::{self, Child};

/// Starts a receiver with plain sockets, or with WebSockets that watch this user.
pub fn start(port: &str, sockets: usize, user: Option<&str>) -> Child {
    let user = user.unwrap_or_default();
    Child::start(&format!("receiver {port} {sockets} {user}"))
}

/// In the child.
pub fn run(arguments: &[&str]) {
    let [port, sockets, user @ ..] = arguments else {
        panic!("port and sockets are needed");
    };
    let (port, sockets) = (port.parse().unwrap(), sockets.parse().unwrap());
    let mut receiver = Receiver::new(port, sockets, |stream| {
        if let [user] = user {
            subscribe(stream, user);
        }
    });
    println!("connected");
    child::obey(|what, count| match what {
        "await" => {
            receiver.await_frames(count);
            Some(vec![receiver.frame as f64])
        }
        "latency" => Some(receiver.arrivals(count)),
        other => panic!("unknown request {other}"),
    });
}

struct Receiver {
    poll: Poll,
    events: Events,
    sockets: Vec<mio::net::TcpStream>,
    scratch: Vec<u8>,
    /// Bytes of one update, known after the first.
    frame: usize,
    received: usize,
}

impl Receiver {
    fn new(port: u16, count: usize, greet: impl Fn(&mut TcpStream)) -> Self {
        let poll = Poll::new().unwrap();
        let mut sockets = Vec::with_capacity(count);
        for number in 0..count {
            let mut stream = TcpStream::connect(("127.0.0.1", port))
                .expect("as many file descriptors as sockets: raise `ulimit -n`");
            greet(&mut stream);
            stream.set_nonblocking(true).unwrap();
            let mut stream = mio::net::TcpStream::from_std(stream);
            poll.registry()
                .register(&mut stream, Token(number), Interest::READABLE)
                .unwrap();
            sockets.push(stream);
        }
        Self {
            poll,
            events: Events::with_capacity(4_096),
            sockets,
            scratch: vec![0; 256 * 1024],
            frame: 0,
            received: 0,
        }
    }

    /// Waits until every socket has got so many more updates.
    fn await_frames(&mut self, updates: usize) {
        if self.frame == 0 {
            self.learn(updates);
            return;
        }
        let expected = self.frame * updates * self.sockets.len();
        while self.received < expected {
            self.receive();
        }
        assert_eq!(self.received, expected, "more came than was published");
        self.received = 0;
    }

    /// Milliseconds from `began`, in microseconds since the epoch, until each socket has got one
    /// update, in ascending order.
    fn arrivals(&mut self, began_us: usize) -> Vec<f64> {
        let mut arrivals = Vec::with_capacity(self.sockets.len());
        while arrivals.len() < self.sockets.len() {
            let before = self.received;
            self.receive();
            let since = UNIX_EPOCH + Duration::from_micros(began_us as u64);
            let ms = SystemTime::now()
                .duration_since(since)
                .unwrap()
                .as_secs_f64()
                * 1e3;
            // An event loop's round is far shorter than what is measured.
            let frames = self.received / self.frame - before / self.frame;
            arrivals.extend(std::iter::repeat_n(ms, frames));
        }
        self.received = 0;
        arrivals
    }

    /// The first update tells how long one is.
    fn learn(&mut self, updates: usize) {
        let mut quiet = 0;
        while quiet < 20 {
            let before = self.received;
            self.receive();
            quiet = if self.received == before {
                quiet + 1
            } else {
                0
            };
        }
        self.frame = self.received / updates / self.sockets.len();
        assert_eq!(self.frame * updates * self.sockets.len(), self.received);
        self.received = 0;
    }

    fn receive(&mut self) {
        let wait = Duration::from_millis(50);
        self.poll.poll(&mut self.events, Some(wait)).unwrap();
        for event in &self.events {
            let socket = &mut self.sockets[event.token().0];
            loop {
                match socket.read(&mut self.scratch) {
                    Ok(0) => panic!("the server closed a socket"),
                    Ok(length) => {
                        self.received += length;
                        if length < self.scratch.len() {
                            break;
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }
}

/// The handshake, and INIT for one user; returns when INIT_ACK is read.
fn subscribe(stream: &mut TcpStream, user: &str) {
    let init = format!(r#"{{"op":2,"d":{{"user_id":"{user}"}}}}"#);
    let mut request = b"GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".to_vec();
    // A text frame with a mask of zeros.
    request.extend_from_slice(&[0x81, 0x80 | u8::try_from(init.len()).unwrap(), 0, 0, 0, 0]);
    request.extend_from_slice(init.as_bytes());
    stream.write_all(&request).unwrap();
    let mut got = Vec::new();
    let mut chunk = [0; 4_096];
    while !got.windows(8).any(|window| window == b"INIT_ACK") || !got.ends_with(b"}}") {
        let length = stream.read(&mut chunk).unwrap();
        assert!(length > 0, "closed: {}", String::from_utf8_lossy(&got));
        got.extend_from_slice(&chunk[..length]);
    }
}
