//! What requests for pictures can be answered with, for the reference.

use poem_openapi::{
    ApiResponse,
    payload::{Binary, PlainText},
};

use crate::api::problem::ProblemJson;

/// What a card as SVG can be answered with.
#[derive(ApiResponse)]
#[expect(dead_code, reason = "only documents what is answered")]
pub(super) enum SvgCard {
    /// The card, or a picture of what is wrong.
    #[oai(status = 200, content_type = "image/svg+xml")]
    Drawn(
        PlainText<String>,
        /// Changes whenever the picture does; there is none if something is wrong.
        #[oai(header = "ETag")]
        Option<String>,
        /// The code of what is wrong, as problem documents have it.
        #[oai(header = "Lantern-Problem")]
        Option<String>,
    ),
    /// `If-None-Match` names the current picture.
    #[oai(status = 304)]
    NotModified(
        /// The current picture.
        #[oai(header = "ETag")]
        String,
    ),
    /// To who prefers JSON: `invalid_option`, `invalid_user_id`.
    #[oai(status = 400)]
    Invalid(ProblemJson),
    /// To who prefers JSON: `unknown_user`.
    #[oai(status = 404)]
    Unknown(ProblemJson),
    /// To who prefers JSON: `not_ready`. To everybody, while too many cards are being drawn: `busy`. To everybody, while too many cards are being drawn: `busy`.
    #[oai(status = 503)]
    NotReady(
        ProblemJson,
        /// Seconds to wait before trying again.
        #[oai(header = "Retry-After")]
        u32,
    ),
}

/// What a card as PNG can be answered with.
#[derive(ApiResponse)]
#[expect(dead_code, reason = "only documents what is answered")]
pub(super) enum PngCard {
    /// The card, or a picture of what is wrong.
    #[oai(status = 200, content_type = "image/png")]
    Drawn(
        Binary<Vec<u8>>,
        /// Changes whenever the picture does; there is none if something is wrong.
        #[oai(header = "ETag")]
        Option<String>,
        /// The code of what is wrong, as problem documents have it.
        #[oai(header = "Lantern-Problem")]
        Option<String>,
    ),
    /// `If-None-Match` names the current picture.
    #[oai(status = 304)]
    NotModified(
        /// The current picture.
        #[oai(header = "ETag")]
        String,
    ),
    /// To who prefers JSON: `invalid_option`, `invalid_user_id`.
    #[oai(status = 400)]
    Invalid(ProblemJson),
    /// To who prefers JSON: `unknown_user`.
    #[oai(status = 404)]
    Unknown(ProblemJson),
    /// To who prefers JSON: `not_ready`.
    #[oai(status = 503)]
    NotReady(
        ProblemJson,
        /// Seconds to wait before trying again.
        #[oai(header = "Retry-After")]
        u32,
    ),
}

/// What a request for an avatar can be answered with.
#[derive(ApiResponse)]
#[expect(dead_code, reason = "only documents what is answered")]
pub(super) enum Avatar {
    /// The avatar is there.
    #[oai(status = 302)]
    There(
        /// Where it is.
        #[oai(header = "Location")]
        String,
    ),
    /// The id is not a Discord id, or there is no such size: `invalid_user_id`, `invalid_option`.
    #[oai(status = 400)]
    Invalid(ProblemJson),
    /// The user is not monitored: `unknown_user`.
    #[oai(status = 404)]
    Unknown(ProblemJson),
    /// The members are still being counted: `not_ready`.
    #[oai(status = 503)]
    NotReady(
        ProblemJson,
        /// Seconds to wait before trying again.
        #[oai(header = "Retry-After")]
        u32,
    ),
}
