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
};

use bytes::{Buf as _, Bytes, BytesMut};
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderValue};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::wire::Wire;
use crate::api::{Problem, ProblemKind, cors, secure};

/// A connection.
pub struct HttpStream {
    wire: Wire,
    /// What is still to be written of an answer in place of hyper's.
    rest: Bytes,
}

impl HttpStream {
    pub(super) fn new(wire: Wire) -> Self {
        Self {
            wire,
            rest: Bytes::new(),
        }
    }

    /// The connection, for another protocol.
    pub fn into_stream(self) -> io::Result<TcpStream> {
        self.wire.into_stream()
    }

    /// Takes a write of hyper's, if it is an answer of its own.
    fn takes(&mut self, bytes: &[u8]) -> bool {
        let answer = in_form(bytes);
        let is_taken = answer.is_some();
        if let Some(rest) = answer {
            self.rest = rest;
        }
        is_taken
    }

    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.rest.has_remaining() {
            let writing = Pin::new(&mut self.wire).poll_write(context, &self.rest);
            match ready!(writing)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                length => self.rest.advance(length),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for HttpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_read(context, bytes)
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
        Pin::new(&mut self.wire).poll_write(context, bytes)
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
        Pin::new(&mut self.wire).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_rest(context))?;
        Pin::new(&mut self.wire).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_rest(context))?;
        Pin::new(&mut self.wire).poll_shutdown(context)
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
