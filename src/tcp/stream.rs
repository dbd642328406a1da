//! A client's connection, as long as it speaks HTTP. When it is dropped, the kernel keeps nothing for
//! a client that does not read.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::{TcpLimits, abandon, reset, tune};

static RESETS: AtomicU64 = AtomicU64::new(0);

/// How many HTTP connections were reset, because they ended while something could not be written.
pub fn http_resets() -> u64 {
    RESETS.load(Ordering::Relaxed)
}

/// A connection that was accepted.
#[derive(Debug)]
pub struct ClientStream {
    /// Until it is taken.
    tcp: Option<TcpStream>,
    limits: TcpLimits,
    /// The kernel took nothing of what was written last, because the client does not read.
    is_full: bool,
}

impl ClientStream {
    /// Prepares a connection.
    pub fn new(tcp: TcpStream, limits: TcpLimits) -> Self {
        tune(&tcp, &limits);
        Self {
            tcp: Some(tcp),
            limits,
            is_full: false,
        }
    }

    /// The connection, for another protocol.
    pub fn into_inner(mut self) -> io::Result<TcpStream> {
        self.tcp.take().ok_or_else(taken)
    }

    /// The connection itself, for who only reads on; none if it was taken.
    pub fn tcp_stream(&self) -> Option<&TcpStream> {
        self.tcp.as_ref()
    }

    fn tcp(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        self.tcp.as_mut().map(Pin::new).ok_or_else(taken)
    }

    fn wrote(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.is_full = written.is_pending();
        written
    }
}

fn taken() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

impl Drop for ClientStream {
    fn drop(&mut self) {
        let Some(tcp) = &self.tcp else { return };
        if self.is_full {
            RESETS.fetch_add(1, Ordering::Relaxed);
            reset(tcp);
        } else {
            abandon(tcp, self.limits.abandoned_timeout);
        }
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.tcp()?.poll_read(context, bytes)
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.tcp()?.poll_write(context, bytes);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.tcp()?.poll_write_vectored(context, pieces);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp()?.poll_shutdown(context)
    }
}
