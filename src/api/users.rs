//! `/api/v1/users`: what monitored users are doing.
//!
//! Bodies are the bytes that user actors published, shared and never serialised again.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use lantern_actors::{
    Claimant, Hub,
    domain::{Timestamp, UserId},
    wire::{Encoding, LARGE, Snapshot, is_too_much_pinned},
};
use poem::http::{self, HeaderMap, HeaderValue, StatusCode, Uri, header};
use poem::web::RemoteAddr;
use poem_openapi::{
    ApiResponse, OpenApi, ResponseContent,
    param::{Path, Query},
    payload::{Json, PlainText},
};

use lantern_card::Cards;

use super::{
    Content, Problem, ProblemKind,
    answer::Answer,
    cards, cors, etag,
    problem::ProblemJson,
    storage::address,
    tag::Tag,
    user_ids,
    user_schema::{User, UserIds},
};

/// Most users that one list holds.
pub const MAX_USERS: usize = 50;

/// How long a client is to wait for the member list, in seconds.
const RETRY_AFTER_S: u32 = 2;

/// The operations.
pub(super) struct UserRoutes {
    pub hub: Hub,
    pub cards: Arc<Cards>,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Users")]
impl UserRoutes {
    /// One user
    ///
    /// The presence of one user. `ETag` grows with `v`: send it back in `If-None-Match` to be
    /// answered 304 while nothing changed. To be told of changes, use the WebSocket at `/socket`.
    ///
    /// With `svg=1` the user is answered as a picture, which the other parameters change; they are
    /// checked in any case.
    #[oai(path = "/users/:id", method = "get", operation_id = "get_user")]
    async fn one(
        &self,
        /// The user's Discord id.
        id: Path<String>,
        uri: &Uri,
        remote: &RemoteAddr,
        headers: &HeaderMap,
    ) -> Answer<OneUser> {
        let answer = match cards::is_wanted(uri.query()) {
            Ok(true) => cards::at_user(&self.hub, &self.cards, &id.0, uri.query(), headers).await,
            Ok(false) => return one(&self.hub, &id.0, headers, || address(remote)).into(),
            Err(problem) => cards::not_wanted(&self.cards, problem, uri.query(), headers).await,
        };
        answer.into()
    }

    /// Several users
    ///
    /// The presence of up to 50 users, in the order of the ids. Users that are not monitored are
    /// left out.
    #[oai(path = "/users", method = "get", operation_id = "get_users")]
    async fn many(
        &self,
        /// The users' Discord ids: the parameter is repeated for each of them. These are read as
        /// well: `user_ids[]=1&user_ids[]=2`, `user_ids[0]=1&user_ids[1]=2` and `user_ids=1,2`.
        #[oai(name = "user_ids")]
        _documented: Query<UserIds>,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Answer<ManyUsers> {
        many(&self.hub, &user_ids::of(uri), headers).into()
    }
}

/// Answers with one user. `from` is whose request it is.
pub fn one(
    hub: &Hub,
    id: &str,
    headers: &HeaderMap,
    from: impl FnOnce() -> IpAddr,
) -> http::Response<Content> {
    let id = match parse_id(id) {
        Ok(id) => id,
        Err(problem) => return refused(problem),
    };
    let Some(snapshot) = hub.user(id) else {
        return refused(unknown(hub, format!("User {id} is not monitored.")));
    };
    let stale_since = hub.stale_since().filter(|since| snapshot.is_stale(*since));
    let tag = etag::of_one(snapshot.version(), stale_since);
    if etag::is_known(headers, &tag) {
        return not_modified(tag);
    }
    // Who holds more than there is, from before a crash, keeps it until there is something newer.
    if let Some(held) = etag::held_version(headers).filter(|held| *held > snapshot.version())
        && hub.outrun(id, held, Claimant::Address(from()))
    {
        return not_modified(etag::of_one(held, None));
    }
    ok(tag, document(&snapshot, stale_since))
}

/// Answers with several users.
pub fn many(hub: &Hub, ids: &[String], headers: &HeaderMap) -> http::Response<Content> {
    let ids = match parsed(ids) {
        Ok(ids) => ids,
        Err(problem) => return refused(problem),
    };
    let users: Vec<Arc<Snapshot>> = ids.iter().filter_map(|id| hub.user(*id)).collect();
    let some_may_come = users.len() < ids.len() && !hub.is_complete();
    if users.is_empty() || some_may_come {
        let detail = "None of these users is monitored.";
        return refused(unknown(hub, detail.to_owned()));
    }
    let stale_since = hub
        .stale_since()
        .filter(|since| users.iter().any(|user| user.is_stale(*since)));
    let tag = etag::of_list(users.iter().map(Arc::as_ref), stale_since);
    if etag::is_known(headers, &tag) {
        return not_modified(tag);
    }
    ok(tag, joined(&users, stale_since))
}

const NAME_ONE: &str =
    "Name at least one user, as in ?user_ids=123456789012345678&user_ids=234567890123456789.";

fn parsed(ids: &[String]) -> Result<Vec<UserId>, Problem> {
    if ids.is_empty() {
        let detail = NAME_ONE;
        return Err(Problem::new(ProblemKind::NoUserIds, detail));
    }
    if ids.len() > MAX_USERS {
        let detail = format!(
            "{} users were asked for; at most {MAX_USERS} are answered at once.",
            ids.len()
        );
        return Err(Problem::new(ProblemKind::TooManyUserIds, detail));
    }
    let mut seen = HashSet::with_capacity(ids.len());
    ids.iter()
        .map(|text| {
            let id: UserId = text.parse().map_err(|_| not_an_id(text))?;
            if seen.insert(id) {
                return Ok(id);
            }
            let detail = format!("User {id} is named twice.");
            Err(Problem::new(ProblemKind::DuplicateUserIds, detail))
        })
        .collect()
}

/// The user that a path names.
pub(super) fn parse_id(text: &str) -> Result<UserId, Problem> {
    text.parse().map_err(|_| not_an_id(text))
}

fn not_an_id(text: &str) -> Problem {
    let shown: String = text.chars().take(40).collect();
    let cut = if shown.len() < text.len() { "…" } else { "" };
    // As in ["1","2"], which no path holds.
    let hint = if text.contains('[') {
        " Repeat the parameter for each user, as in ?user_ids=1&user_ids=2."
    } else {
        ""
    };
    let detail = format!(
        "\"{shown}{cut}\" is not a user id: a whole number as in 123456789012345678.{hint}"
    );
    Problem::new(ProblemKind::InvalidUserId, detail)
}

/// Nobody is unknown before the member list is complete.
pub(super) fn unknown(hub: &Hub, detail: String) -> Problem {
    if hub.is_complete() {
        return Problem::new(ProblemKind::UnknownUser, detail);
    }
    let detail = "The members are still being counted, so it is not known yet who is monitored.";
    Problem::new(ProblemKind::NotReady, detail).retry_after_s(RETRY_AFTER_S)
}

fn document(snapshot: &Snapshot, stale_since: Option<Timestamp>) -> Content {
    Content::of(snapshot.document_pieces(Encoding::Json, stale_since))
}

/// Small documents are copied together, large ones shared.
fn joined(users: &[Arc<Snapshot>], stale_since: Option<Timestamp>) -> Content {
    let (mut pieces, mut together) = (Vec::new(), Vec::new());
    for (index, user) in users.iter().enumerate() {
        together.push(if index == 0 { b'[' } else { b',' });
        for piece in user.document_pieces(Encoding::Json, stale_since) {
            if piece.len() < LARGE {
                together.extend_from_slice(&piece);
            } else {
                pieces.push(std::mem::take(&mut together).into());
                pieces.push(piece);
            }
        }
    }
    together.push(b']');
    pieces.push(together.into());
    Content::of(pieces)
}

pub(super) fn ok(tag: HeaderValue, body: Content) -> http::Response<Content> {
    if body.len() >= LARGE && is_too_much_pinned() {
        let detail = "Too much waits for readers that are slow. Try again in a moment.";
        let problem = Problem::new(ProblemKind::Busy, detail);
        return refused(problem.retry_after_s(RETRY_AFTER_S));
    }
    let mut response = tagged(tag, body);
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

pub(super) fn not_modified(tag: HeaderValue) -> http::Response<Content> {
    let mut response = tagged(tag, Content::default());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response
}

fn tagged(tag: HeaderValue, body: Content) -> http::Response<Content> {
    let mut response = http::Response::new(body);
    let headers = response.headers_mut();
    headers.reserve(7);
    headers.insert(header::ETAG, tag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    cors::allow(headers);
    response
}

fn refused(problem: Problem) -> http::Response<Content> {
    let mut response = problem.response().map(Content::from);
    cors::allow(response.headers_mut());
    response
}

/// A user, as text or as picture.
#[derive(ResponseContent)]
#[expect(dead_code, reason = "only documents what `one` answers")]
enum UserOrCard {
    /// The user's document.
    Document(Json<Box<User>>),
    /// The user's card, with `svg=1`.
    #[oai(content_type = "image/svg+xml")]
    Card(PlainText<String>),
}

/// What a request for one user can be answered with.
#[derive(ApiResponse)]
#[expect(dead_code, reason = "only documents what `one` answers")]
enum OneUser {
    /// The user.
    #[oai(status = 200)]
    Found(
        UserOrCard,
        /// Changes whenever what is answered does.
        #[oai(header = "ETag")]
        Option<String>,
        /// The code of what is wrong, in an answer that is a picture of it.
        #[oai(header = "Lantern-Problem")]
        Option<String>,
    ),
    /// `If-None-Match` names the current version.
    #[oai(status = 304)]
    NotModified(
        /// The current version.
        #[oai(header = "ETag")]
        String,
    ),
    /// The id is not a Discord id, or a parameter is out of range: `invalid_user_id`,
    /// `invalid_option`.
    #[oai(status = 400)]
    Invalid(ProblemJson),
    /// The user is not monitored: `unknown_user`.
    #[oai(status = 404)]
    Unknown(ProblemJson),
    /// The members are still being counted: `not_ready`. With `svg=1`, while too many cards are being
    /// drawn: `busy`.
    #[oai(status = 503)]
    NotReady(
        ProblemJson,
        /// Seconds to wait before trying again.
        #[oai(header = "Retry-After")]
        u32,
    ),
}

/// What a request for several users can be answered with.
#[derive(ApiResponse)]
#[expect(dead_code, reason = "only documents what `many` answers")]
enum ManyUsers {
    /// Those of the users that are monitored, in the order of the ids.
    #[oai(status = 200)]
    Found(
        Json<Vec<User>>,
        /// Changes whenever one of the users' presence does.
        #[oai(header = "ETag")]
        String,
    ),
    /// `If-None-Match` names the current versions.
    #[oai(status = 304)]
    NotModified(
        /// The current versions.
        #[oai(header = "ETag")]
        String,
    ),
    /// The ids are not 1 to 50 different Discord ids: `no_user_ids`, `too_many_user_ids`,
    /// `duplicate_user_ids`, `invalid_user_id`.
    #[oai(status = 400)]
    Invalid(ProblemJson),
    /// None of the users is monitored: `unknown_user`.
    #[oai(status = 404)]
    Unknown(ProblemJson),
    /// The members are still being counted: `not_ready`. So much waits for slow readers that nothing
    /// large is answered: `busy`.
    #[oai(status = 503)]
    NotReady(
        ProblemJson,
        /// Seconds to wait before trying again.
        #[oai(header = "Retry-After")]
        u32,
    ),
}
