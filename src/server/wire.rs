//! The stream that hyper has: it counts what an unfinished head takes, and is there again when hyper
//! has ended, so that the connection can be closed gently.

use std::{
    io::{self, IoSlice},
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::activity::Activity;
use crate::{
    admission::{Admission, Refusal},
    tcp::ClientStream,
};

/// A client's stream, while it is hyper's.
pub struct Wire {
    /// Until it is taken.
    stream: Option<ClientStream>,
    peer: IpAddr,
    admission: Arc<Admission>,
    activity: Arc<Activity>,
    /// Something is not written yet, because the client does not read.
    is_behind: bool,
    left: Left,
}

/// Where a stream is when hyper has let go of it.
#[derive(Clone, Default)]
pub(super) struct Left(Arc<Mutex<Option<Leftover>>>);

/// A stream that hyper has let go of.
pub(super) struct Leftover {
    pub(super) stream: ClientStream,
    /// Why nothing more was read, if it can still be told.
    pub(super) refusal: Option<Refusal>,
}

impl Left {
    pub(super) fn take(&self) -> Option<Leftover> {
        self.0.lock().take()
    }
}

impl Wire {
    pub(super) fn new(
        stream: ClientStream,
        peer: IpAddr,
        admission: &Arc<Admission>,
        activity: &Arc<Activity>,
        left: &Left,
    ) -> Self {
        Self {
            stream: Some(stream),
            peer,
            admission: Arc::clone(admission),
            activity: Arc::clone(activity),
            is_behind: false,
            left: left.clone(),
        }
    }

    /// The stream, for whom it belongs to from now on.
    pub fn into_stream(mut self) -> io::Result<TcpStream> {
        let stream = self.stream.take();
        stream.ok_or(io::ErrorKind::NotConnected)?.into_inner()
    }

    fn stream(&mut self) -> io::Result<Pin<&mut ClientStream>> {
        let stream = self.stream.as_mut().map(Pin::new);
        stream.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    fn wrote<T>(&mut self, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.is_behind = written.is_pending();
        written
    }

    /// Nothing more is read; whether that is told depends on what the client was being told.
    fn refused(&mut self, refusal: Refusal) -> io::Error {
        if let Some(stream) = self.stream.take() {
            let refusal = Some(refusal).filter(|_| !self.is_behind);
            *self.left.0.lock() = Some(Leftover { stream, refusal });
        }
        io::Error::other(refusal)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            let refusal = None;
            *self.left.0.lock() = Some(Leftover { stream, refusal });
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(self.stream()?.poll_read(context, buffer))?;
        let came = buffer.filled().len() - before;
        let counted = self.activity.came(came, &self.admission, self.peer);
        Poll::Ready(counted.map_err(|refusal| self.refused(refusal)))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.stream()?.poll_write(context, bytes);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.stream()?.poll_write_vectored(context, bytes);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream
            .as_ref()
            .is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(context)
    }
}
