//! Bodies as they pass: answers in small pieces, and requests whose end is noticed.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body_util::{Either, Full, combinators::BoxBody};
use hyper::body::{Frame, Incoming, SizeHint};

use lantern_actors::wire::{LARGE, is_too_much_pinned};

use super::activity::Activity;
use crate::api::Content;

/// Bytes of a body that count as something happening on its connection.
const PIECE_BYTES: usize = 16 * 1024;

/// A body that is there already, or one that is read piece by piece.
pub(super) type Body = Either<Full<Bytes>, Paced>;

/// A short body is written in one go; of a longer one the client is seen to read it.
pub(super) fn body_of(content: Content, activity: &Arc<Activity>) -> Body {
    match content {
        Content::Whole(bytes) if bytes.len() <= PIECE_BYTES => Either::Left(Full::new(bytes)),
        long => Either::Right(Paced::new(long.boxed(), activity)),
    }
}

/// A body in small pieces. hyper takes the next ones as the client reads, so a client
/// that reads slowly keeps its connection, and one that does not read loses it.
pub(super) struct Paced {
    body: BoxBody<Bytes, io::Error>,
    /// What `body` gave and hyper has not taken.
    rest: Bytes,
    activity: Arc<Activity>,
    is_large: bool,
}

impl Paced {
    pub(super) fn new(body: BoxBody<Bytes, io::Error>, activity: &Arc<Activity>) -> Self {
        let length = hyper::body::Body::size_hint(&body).exact();
        Self {
            is_large: length.is_some_and(|length| length >= LARGE as u64),
            body,
            rest: Bytes::new(),
            activity: Arc::clone(activity),
        }
    }
}

impl hyper::body::Body for Paced {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        // Who reads slowly pins what was replaced meanwhile.
        if self.is_large && is_too_much_pinned() {
            return Poll::Ready(Some(Err(io::Error::other("too much is pinned"))));
        }
        self.activity.happened();
        let length = self.rest.len().min(PIECE_BYTES);
        let piece = self.rest.split_to(length);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        match self.body.size_hint().exact() {
            Some(length) => SizeHint::with_exact(length + rest),
            None => SizeHint::default(),
        }
    }
}

/// The body of a request. What is left of it when the answer is there is never read.
pub(super) struct Asked {
    body: Incoming,
    activity: Arc<Activity>,
}

impl Asked {
    pub(super) fn new(body: Incoming, activity: &Arc<Activity>) -> Self {
        Self {
            body,
            activity: Arc::clone(activity),
        }
    }
}

impl hyper::body::Body for Asked {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() || self.body.is_end_stream() {
            self.activity.body_ended();
        }
        Poll::Ready(frame.map(|frame| frame.map_err(io::Error::other)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use hyper::body::Body as _;

    use super::*;

    #[tokio::test]
    async fn a_long_body_is_something_happening_until_it_is_read() {
        let activity = Arc::new(Activity::default());
        let bytes = Bytes::from(vec![7; 2 * PIECE_BYTES + 1]);
        let body = Full::new(bytes.clone()).map_err(|never| match never {});
        let mut paced = Paced::new(BoxBody::new(body), &activity);
        let mut read = Vec::new();
        for events in 1..=3_u64 {
            assert!(!paced.is_end_stream());
            let left = (bytes.len() - read.len()) as u64;
            assert_eq!(paced.size_hint().exact(), Some(left));
            let piece = paced.frame().await.unwrap().unwrap().into_data().unwrap();
            read.extend_from_slice(&piece);
            assert_eq!(activity.events(), events);
        }
        assert!(paced.is_end_stream() && paced.frame().await.is_none());
        assert_eq!(read, bytes);
    }
}
