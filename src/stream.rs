//! A client's connection as hyper sees it, where hyper's own answers are given our form.
//!
//! hyper answers by itself what it cannot read as a request: 400, 414 and 431, a head without a
//! body. It has no hook for that, so the head is recognised when it is written: no answer of ours
//! is just a head of these statuses, and none ends with an empty line, so that what is left of a
//! longer answer is not mistaken for one either.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf as _, Bytes, BytesMut};
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderValue};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

use crate::{
    api::{Problem, ProblemKind, cors, secure},
    tcp::ClientStream,
};

/// How long a client that was refused may go on sending what is not read any more. Closing at once
/// would reset the connection, and the answer would be lost on its way (RFC 9112 section 9.6).
const LINGER: Duration = Duration::from_secs(1);

/// How many bytes of that are passed over.
const MOST_PASSED_OVER: usize = 1 << 20;

/// A connection.
#[derive(Debug)]
pub struct HttpStream {
    tcp: ClientStream,
    refusal: Option<Refusal>,
}

/// The last answer on a connection.
#[derive(Debug, Default)]
struct Refusal {
    /// What is still to be written of it.
    rest: Bytes,
    /// Runs since all is written.
    lingering: Option<Pin<Box<Sleep>>>,
    passed_over: usize,
}

impl HttpStream {
    /// A connection that was accepted.
    pub fn new(tcp: ClientStream) -> Self {
        Self { tcp, refusal: None }
    }

    /// The connection, for another protocol.
    pub fn into_inner(self) -> io::Result<TcpStream> {
        self.tcp.into_inner()
    }

    /// Takes a write of hyper's, if it is an answer of its own.
    fn takes(&mut self, bytes: &[u8]) -> bool {
        let answer = in_form(bytes);
        let is_taken = answer.is_some();
        if let Some(rest) = answer {
            self.refusal = Some(Refusal {
                rest,
                ..Refusal::default()
            });
        }
        is_taken
    }

    fn poll_refusal(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(refusal) = &mut self.refusal {
            while refusal.rest.has_remaining() {
                let writing = Pin::new(&mut self.tcp).poll_write(context, &refusal.rest);
                match ready!(writing)? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    length => refusal.rest.advance(length),
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Passes over what comes until the client closes, too.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(refusal) = &mut self.refusal else {
            return Poll::Ready(());
        };
        let lingering = refusal
            .lingering
            .get_or_insert_with(|| Box::pin(sleep(LINGER)));
        if lingering.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        let mut space = [0; 4_096];
        while refusal.passed_over < MOST_PASSED_OVER {
            let mut bytes = ReadBuf::new(&mut space);
            let read = ready!(Pin::new(&mut self.tcp).poll_read(context, &mut bytes));
            let length = bytes.filled().len();
            if read.is_err() || length == 0 {
                break;
            }
            refusal.passed_over += length;
        }
        Poll::Ready(())
    }
}

impl AsyncRead for HttpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(context, bytes)
    }
}

impl AsyncWrite for HttpStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.takes(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.tcp).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [piece] = pieces
            && self.takes(piece)
        {
            return Poll::Ready(Ok(piece.len()));
        }
        Pin::new(&mut self.tcp).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_refusal(context))?;
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_refusal(context))?;
        let is_lingering = self
            .refusal
            .as_ref()
            .is_some_and(|it| it.lingering.is_some());
        if !is_lingering {
            ready!(Pin::new(&mut self.tcp).poll_shutdown(context))?;
        }
        self.poll_linger(context).map(Ok)
    }
}

/// The longest head that hyper makes by itself is far below it.
const LONGEST_HEAD: usize = 256;

/// An answer of hyper's own in our form; nothing if the bytes are anything else.
fn in_form(bytes: &[u8]) -> Option<Bytes> {
    if bytes.len() > LONGEST_HEAD || !bytes.starts_with(b"HTTP/1.1 4") {
        return None;
    }
    let head = std::str::from_utf8(bytes).ok()?.strip_suffix("\r\n\r\n")?;
    let (status, fields) = head.split_once("\r\n")?;
    let fields = fields
        .split("\r\n")
        .filter_map(|field| field.split_once(": "));
    let mut date = None;
    for (name, value) in fields {
        match (name, value) {
            ("connection", "close") | ("content-length", "0") => {}
            ("date", value) => date = Some(value),
            _ => return None,
        }
    }
    let (kind, detail) = match status.strip_prefix("HTTP/1.1 ")?.get(..4)? {
        "400 " => (
            ProblemKind::BadRequest,
            "This is no request as HTTP/1.1 (RFC 9112) has it: its first line or a field of its head is malformed.",
        ),
        "414 " => (
            ProblemKind::UriTooLong,
            "The address is longer than 65,534 bytes.",
        ),
        "431 " => (
            ProblemKind::HeadTooLarge,
            "The head of the request is longer than 64 KiB or has more than 100 fields.",
        ),
        _ => return None,
    };
    Some(written(&Problem::new(kind, detail), status, date))
}

/// A problem as the bytes of the last answer on a connection.
fn written(problem: &Problem, status: &str, date: Option<&str>) -> Bytes {
    let mut response = problem.response();
    let length = HeaderValue::from(response.body().len());
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, length);
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    cors::allow(headers);
    secure(headers);
    let mut bytes = BytesMut::from(status.as_bytes());
    for (name, value) in response.headers() {
        for part in [b"\r\n", name.as_str().as_bytes(), b": ", value.as_bytes()] {
            bytes.extend_from_slice(part);
        }
    }
    if let Some(date) = date {
        bytes.extend_from_slice(format!("\r\ndate: {date}").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n\r\n");
    bytes.extend_from_slice(response.body());
    bytes.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_of_hyper_get_our_form() {
        let head = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\ndate: Sat, 28 Nov 2026 02:00:00 GMT\r\n\r\n";
        let answer = in_form(head).unwrap();
        insta::assert_snapshot!(String::from_utf8_lossy(&answer).replace('\r', ""));
    }

    #[test]
    fn other_writes_are_left_alone() {
        for bytes in [
            "",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 7\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n{}",
            "{\"value\":\"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
        ] {
            assert_eq!(in_form(bytes.as_bytes()), None, "{bytes:?}");
        }
    }
}
