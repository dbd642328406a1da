//! What requests for storage can be answered with.

use std::collections::BTreeMap;

use poem_openapi::{ApiResponse, Object, payload::Json, types::Example};

use crate::api::problem::ProblemJson;

/// A pair's value.
#[derive(Debug, Object)]
#[oai(rename = "PairValue", example)]
pub(super) struct ValueSchema {
    /// The value.
    #[oai(validator(max_length = 30_000))]
    value: String,
}

impl Example for ValueSchema {
    fn example() -> Self {
        Self {
            value: "Oslo".to_owned(),
        }
    }
}

/// A change was made.
#[derive(Debug, Object)]
#[oai(rename = "Success", example)]
pub(super) struct SuccessSchema {
    /// Always true.
    success: bool,
}

impl Example for SuccessSchema {
    fn example() -> Self {
        Self { success: true }
    }
}

/// What a request for all pairs can be answered with.
#[derive(ApiResponse)]
#[expect(dead_code, reason = "only documents what is answered")]
pub(super) enum Pairs {
    /// The pairs.
    #[oai(status = 200)]
    Found(
        Json<BTreeMap<String, String>>,
        /// Changes whenever a pair does.
        #[oai(header = "ETag")]
        String,
    ),
    /// `If-None-Match` names the current version.
    #[oai(status = 304)]
    NotModified(
        /// The current version.
        #[oai(header = "ETag")]
        String,
    ),
    /// The id is not a Discord id: `invalid_user_id`.
    #[oai(status = 400)]
    Invalid(ProblemJson),
    /// The user is not monitored: `unknown_user`.
    #[oai(status = 404)]
    Unknown(ProblemJson),
    /// The members are still being counted, or the store cannot be read: `not_ready`,
    /// `store_unavailable`. So much waits for slow readers that nothing large is answered: `busy`.
    #[oai(status = 503)]
    NotReady(
        ProblemJson,
        /// Seconds to wait before trying again.
        #[oai(header = "Retry-After")]
        u32,
    ),
}

/// What a request for one pair can be answered with.
#[derive(ApiResponse)]
#[expect(dead_code, reason = "only documents what is answered")]
pub(super) enum OnePair {
    /// The pair.
    #[oai(status = 200)]
    Found(
        Json<ValueSchema>,
        /// Changes whenever the value does; for `If-Match` and `If-None-Match`.
        #[oai(header = "ETag")]
        String,
    ),
    /// `If-None-Match` names the current version.
    #[oai(status = 304)]
    NotModified(
        /// The current version.
        #[oai(header = "ETag")]
        String,
    ),
    /// The id or the key is none: `invalid_user_id`, `invalid_key`.
    #[oai(status = 400)]
    Invalid(ProblemJson),
    /// The user is not monitored, or has no such pair: `unknown_user`, `unknown_key`.
    #[oai(status = 404)]
    Unknown(ProblemJson),
    /// The members are still being counted, or the store cannot be read: `not_ready`,
    /// `store_unavailable`.
    #[oai(status = 503)]
    NotReady(
        ProblemJson,
        /// Seconds to wait before trying again.
        #[oai(header = "Retry-After")]
        u32,
    ),
}

/// What a change of one pair can be answered with.
#[derive(ApiResponse)]
#[expect(dead_code, reason = "only documents what is answered")]
pub(super) enum ChangedPair {
    /// It is on disk.
    #[oai(status = 200)]
    Done(
        Json<SuccessSchema>,
        /// The pair's new `ETag`.
        #[oai(header = "ETag")]
        String,
    ),
    /// The id, the key or the value is none: `invalid_user_id`, `invalid_key`, `value_not_text`,
    /// `value_too_long`, `bad_request`.
    #[oai(status = 400)]
    Invalid(ProblemJson),
    /// There is no token, or it is none or not the newest: `missing_token`, `invalid_token`.
    #[oai(status = 401)]
    NoToken(
        ProblemJson,
        /// The scheme of RFC 6750; the token may stand without it too.
        #[oai(header = "WWW-Authenticate")]
        String,
    ),
    /// The token is another user's: `not_your_storage`.
    #[oai(status = 403)]
    NotYours(ProblemJson),
    /// The user is not monitored, or has no such pair: `unknown_user`, `unknown_key`.
    #[oai(status = 404)]
    Unknown(ProblemJson),
    /// The body did not come in time: `body_too_slow`.
    #[oai(status = 408)]
    TooSlow(ProblemJson),
    /// There are 512 pairs already: `too_many_pairs`.
    #[oai(status = 409)]
    TooMany(ProblemJson),
    /// `If-Match` names another version: `precondition_failed`.
    #[oai(status = 412)]
    OtherVersion(ProblemJson),
    /// The value is far too long: `payload_too_large`.
    #[oai(status = 413)]
    TooLarge(ProblemJson),
    /// Too many wrong tokens came from this address, or too much at once: `too_many_failures`,
    /// `too_much_from_address`.
    #[oai(status = 429)]
    TooManyFailures(
        ProblemJson,
        /// Seconds to wait before trying again.
        #[oai(header = "Retry-After")]
        u32,
    ),
    /// It cannot be stored now, or too much is being sent: `store_unavailable`, `not_ready`,
    /// `tokens_off`, `busy`.
    #[oai(status = 503)]
    Unavailable(
        ProblemJson,
        /// Seconds to wait before trying again, if it helps.
        #[oai(header = "Retry-After")]
        Option<u32>,
    ),
}

/// What another change can be answered with.
#[derive(ApiResponse)]
#[expect(dead_code, reason = "only documents what is answered")]
pub(super) enum Changed {
    /// It is on disk.
    #[oai(status = 200)]
    Done(Json<SuccessSchema>),
    /// The id, a key or the body is none: `invalid_user_id`, `invalid_key`, `invalid_pairs`,
    /// `bad_request`.
    #[oai(status = 400)]
    Invalid(ProblemJson),
    /// There is no token, or it is none or not the newest: `missing_token`, `invalid_token`.
    #[oai(status = 401)]
    NoToken(
        ProblemJson,
        /// The scheme of RFC 6750; the token may stand without it too.
        #[oai(header = "WWW-Authenticate")]
        String,
    ),
    /// The token is another user's: `not_your_storage`.
    #[oai(status = 403)]
    NotYours(ProblemJson),
    /// The user is not monitored, or has no such pair: `unknown_user`, `unknown_key`.
    #[oai(status = 404)]
    Unknown(ProblemJson),
    /// The body did not come in time: `body_too_slow`.
    #[oai(status = 408)]
    TooSlow(ProblemJson),
    /// There would be more than 512 pairs: `too_many_pairs`.
    #[oai(status = 409)]
    TooMany(ProblemJson),
    /// `If-Match` names another version: `precondition_failed`.
    #[oai(status = 412)]
    OtherVersion(ProblemJson),
    /// The body is far too long: `payload_too_large`.
    #[oai(status = 413)]
    TooLarge(ProblemJson),
    /// Too many wrong tokens came from this address, or too much at once: `too_many_failures`,
    /// `too_much_from_address`.
    #[oai(status = 429)]
    TooManyFailures(
        ProblemJson,
        /// Seconds to wait before trying again.
        #[oai(header = "Retry-After")]
        u32,
    ),
    /// It cannot be stored now, or too much is being sent: `store_unavailable`, `not_ready`,
    /// `tokens_off`, `busy`.
    #[oai(status = 503)]
    Unavailable(
        ProblemJson,
        /// Seconds to wait before trying again, if it helps.
        #[oai(header = "Retry-After")]
        Option<u32>,
    ),
}
