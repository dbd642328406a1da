//! An answer that is made already, with the documentation of what it can be.

use std::marker::PhantomData;

use super::Content;
use bytes::Bytes;
use poem::{IntoResponse, Response, http};
use poem_openapi::{
    ApiResponse,
    registry::{MetaResponses, Registry},
};

/// A finished answer; `Documented` lists every status that it can have. Bodies that exist as bytes
/// are so sent as they are, and still described.
pub(super) struct Answer<Documented> {
    response: http::Response<Content>,
    documented: PhantomData<fn() -> Documented>,
}

impl<Documented, Body: Into<Content>> From<http::Response<Body>> for Answer<Documented> {
    fn from(response: http::Response<Body>) -> Self {
        Self {
            response: response.map(Into::into),
            documented: PhantomData,
        }
    }
}

impl<Documented> IntoResponse for Answer<Documented> {
    fn into_response(self) -> Response {
        let (mut parts, content) = self.response.into_parts();
        let bytes = match content {
            Content::Whole(bytes) => bytes,
            // What gathers the body of an answer would copy these together.
            pieces => {
                parts.extensions.insert(pieces);
                Bytes::new()
            }
        };
        super::to_poem(http::Response::from_parts(parts, bytes))
    }
}

impl<Documented: ApiResponse> ApiResponse for Answer<Documented> {
    fn meta() -> MetaResponses {
        Documented::meta()
    }

    fn register(registry: &mut Registry) {
        Documented::register(registry);
    }
}
