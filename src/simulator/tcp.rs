//! TCP connections as they are accepted, so that one can end with a reset.
//!
//! The web framework hides the socket of a connection from whoever serves it. The acceptor
//! therefore keeps a mark for each, by the address of the other end, and a socket that bears the
//! mark is reset when it is dropped.

use std::collections::HashMap;
use std::io::{IoSlice, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use parking_lot::Mutex;
use poem::Addr;
use poem::http::uri::Scheme;
use poem::listener::Acceptor;
use poem::web::{LocalAddr, RemoteAddr};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// A connection's mark.
#[derive(Debug, Default)]
pub struct Resettable(AtomicBool);

impl Resettable {
    /// The connection ends with a reset instead of a FIN, and what was not sent is lost.
    pub fn reset_when_dropped(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The marks of all open connections.
#[derive(Debug, Clone, Default)]
pub struct Streams(Arc<Mutex<HashMap<SocketAddr, Arc<Resettable>>>>);

impl Streams {
    /// The mark of the connection with this other end.
    pub fn of(&self, remote: &RemoteAddr) -> Option<Arc<Resettable>> {
        self.0.lock().get(remote.as_socket_addr()?).cloned()
    }
}

/// Accepts connections and keeps their marks.
#[derive(Debug)]
pub struct Accepting {
    /// Where it listens.
    pub listener: TcpListener,
    /// The address that it listens on.
    pub addr: SocketAddr,
    /// Where the marks are kept.
    pub streams: Streams,
}

impl Acceptor for Accepting {
    type Io = Stream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        vec![LocalAddr(Addr::from(self.addr))]
    }

    async fn accept(&mut self) -> Result<(Stream, LocalAddr, RemoteAddr, Scheme)> {
        let (socket, remote) = self.listener.accept().await?;
        let mark = Arc::<Resettable>::default();
        self.streams.0.lock().insert(remote, Arc::clone(&mark));
        let stream = Stream {
            socket,
            remote,
            mark,
            streams: self.streams.clone(),
        };
        let local = LocalAddr(Addr::from(self.addr));
        Ok((stream, local, RemoteAddr(Addr::from(remote)), Scheme::HTTP))
    }
}

/// A connection.
#[derive(Debug)]
pub struct Stream {
    socket: TcpStream,
    remote: SocketAddr,
    mark: Arc<Resettable>,
    streams: Streams,
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut streams = self.streams.0.lock();
        // The port may be another connection's already.
        if streams
            .get(&self.remote)
            .is_some_and(|mark| Arc::ptr_eq(mark, &self.mark))
        {
            streams.remove(&self.remote);
        }
        if self.mark.0.load(Ordering::Relaxed) {
            // A socket that is broken already needs no reset.
            _ = self.socket.set_zero_linger();
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
