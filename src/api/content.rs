//! The body of an answer: bytes, or shares of what is kept anyway, which are written one after the
//! other and never copied together.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, combinators::BoxBody};
use hyper::body::{Body, Frame, SizeHint};
use poem::http::{self, HeaderValue, StatusCode, header};

/// A body.
#[derive(Clone, Debug)]
pub enum Content {
    /// In one piece.
    Whole(Bytes),
    /// In several.
    Pieces(VecDeque<Bytes>),
}

impl Content {
    /// Shares that are written one after the other.
    pub(super) fn of(pieces: impl IntoIterator<Item = Bytes>) -> Self {
        let mut pieces: VecDeque<Bytes> = pieces.into_iter().collect();
        match pieces.len() {
            0 | 1 => Self::Whole(pieces.pop_front().unwrap_or_default()),
            _ => Self::Pieces(pieces),
        }
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        match self {
            Self::Whole(bytes) => bytes.len(),
            Self::Pieces(pieces) => pieces.iter().map(Bytes::len).sum(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As a body that can be read piece by piece.
    pub fn boxed(self) -> BoxBody<Bytes, io::Error> {
        self.map_err(|never| match never {}).boxed()
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(bytes)
    }
}

impl Default for Content {
    fn default() -> Self {
        Self::Whole(Bytes::new())
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let next = match self.get_mut() {
            Self::Whole(bytes) => Some(std::mem::take(bytes)).filter(|bytes| !bytes.is_empty()),
            Self::Pieces(pieces) => pieces.pop_front(),
        };
        Poll::Ready(next.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len() as u64)
    }
}

/// The answer to HEAD in place of that to GET.
pub(super) fn without_body(mut response: http::Response<Content>) -> http::Response<Content> {
    let length = HeaderValue::from(response.body().len());
    if response.status() != StatusCode::NOT_MODIFIED {
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length);
    }
    *response.body_mut() = Content::default();
    response
}
