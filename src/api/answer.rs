//! An answer that is made already, with the documentation of what it can be.

use std::marker::PhantomData;

use bytes::Bytes;
use poem::{IntoResponse, Response, http};
use poem_openapi::{
    ApiResponse,
    registry::{MetaResponses, Registry},
};

/// A finished answer; `Documented` lists every status that it can have. Bodies that exist as bytes
/// are so sent as they are, and still described.
pub(super) struct Answer<Documented> {
    response: http::Response<Bytes>,
    documented: PhantomData<fn() -> Documented>,
}

impl<Documented> From<http::Response<Bytes>> for Answer<Documented> {
    fn from(response: http::Response<Bytes>) -> Self {
        Self {
            response,
            documented: PhantomData,
        }
    }
}

impl<Documented> IntoResponse for Answer<Documented> {
    fn into_response(self) -> Response {
        super::to_poem(self.response)
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
