//! `/api/v1/users/{id}/storage`: the key-value pairs of users.
//!
//! Everybody may read. Changes need the user's token, are decided by the user's actor and answered
//! when they are on disk.

mod answers;
mod body;
mod conditions;
mod token;

use std::{net::IpAddr, sync::Arc};

use bytes::Bytes;
use futures_util::Stream;
use lantern_actors::{
    Hub,
    domain::{InvalidPairKey, PairKey, PairValue, UserId},
    ports::store::StoredUser,
    user::{Authority, Condition, StorageAnswer, StorageError, StorageRequest},
    wire::Encoding,
};
use poem::http::{self, HeaderMap, HeaderValue, StatusCode, header};
use poem::web::RemoteAddr;
use poem_openapi::{OpenApi, param::Path};

use self::{
    answers::{Changed, ChangedPair, OnePair, Pairs},
    body::{MergeBody, ValueBody},
    conditions::{IfMatch, IfNoneMatch},
    token::TokenHeader,
};
use super::{Content, Problem, ProblemKind, answer::Answer, cors, etag, tag::Tag, users};

pub use self::token::{Gate, address};

/// After how many seconds it is worth asking again when the store is away.
const RETRY_AFTER_S: u32 = 2;

type Response = http::Response<Content>;

/// The operations.
pub(super) struct StorageRoutes {
    pub(super) hub: Hub,
    pub(super) gate: Arc<Gate>,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Storage")]
impl StorageRoutes {
    /// All pairs
    ///
    /// The pairs of a user as an object, in the order of their keys. They are also `storage` in the
    /// user, and STORAGE_UPDATE on the WebSocket.
    #[oai(
        path = "/users/:id/storage",
        method = "get",
        operation_id = "get_storage"
    )]
    async fn pairs(
        &self,
        /// The user's Discord id.
        id: Path<String>,
        headers: &HeaderMap,
    ) -> Answer<Pairs> {
        pairs(&self.hub, &id.0, headers).into()
    }

    /// Change several pairs
    ///
    /// A merge patch (RFC 7396): texts set pairs, `null` removes them, the others stay. It is done as
    /// a whole or not at all.
    #[oai(
        path = "/users/:id/storage",
        method = "patch",
        operation_id = "merge_storage"
    )]
    async fn merge(
        &self,
        /// The user's Discord id.
        id: Path<String>,
        token: TokenHeader,
        remote: &RemoteAddr,
        body: MergeBody,
    ) -> Answer<Changed> {
        let merge = async {
            let from = address(remote);
            let (user, authority) = open(&self.hub, &self.gate, &id.0, &token, from)?;
            let pairs = body.read(self.gate.budget(from)).await?;
            let request = StorageRequest::Merge(pairs);
            self.change(user, authority, request).await
        };
        done(merge.await, None).into()
    }

    /// Remove all pairs
    #[oai(
        path = "/users/:id/storage",
        method = "delete",
        operation_id = "reset_storage"
    )]
    async fn reset(
        &self,
        /// The user's Discord id.
        id: Path<String>,
        token: TokenHeader,
        remote: &RemoteAddr,
    ) -> Answer<Changed> {
        let reset = async {
            let (user, authority) = open(&self.hub, &self.gate, &id.0, &token, address(remote))?;
            self.change(user, authority, StorageRequest::Reset).await
        };
        done(reset.await, None).into()
    }

    /// One pair
    #[oai(
        path = "/users/:id/storage/:key",
        method = "get",
        operation_id = "get_pair"
    )]
    async fn pair(
        &self,
        /// The user's Discord id.
        id: Path<String>,
        /// The key: 1 to 255 letters and digits.
        key: Path<String>,
        headers: &HeaderMap,
    ) -> Answer<OnePair> {
        pair(&self.hub, &id.0, &key.0, headers).into()
    }

    /// Set a pair
    ///
    /// Creates it, or replaces its value. The body is the value as it is, of any or no content type:
    /// up to 30,000 characters, also none.
    #[oai(
        path = "/users/:id/storage/:key",
        method = "put",
        operation_id = "put_pair"
    )]
    #[expect(
        clippy::too_many_arguments,
        reason = "each is a parameter of the request"
    )]
    async fn put(
        &self,
        /// The user's Discord id.
        id: Path<String>,
        /// The key: 1 to 255 letters and digits.
        key: Path<String>,
        /// Only if the pair has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// `*`: only if there is no such pair.
        #[oai(name = "If-None-Match")]
        if_none_match: IfNoneMatch,
        token: TokenHeader,
        remote: &RemoteAddr,
        body: ValueBody,
    ) -> Answer<ChangedPair> {
        let condition = if_match.or(if_none_match);
        let from = address(remote);
        let change = Change {
            id: &id.0,
            key: key.0,
            condition,
            token: &token,
            from,
        };
        let value = body.read(self.gate.budget(from));
        set(&self.hub, &self.gate, change, value).await.into()
    }

    /// Change a pair
    ///
    /// As PUT, for a pair that is there.
    #[oai(
        path = "/users/:id/storage/:key",
        method = "patch",
        operation_id = "patch_pair"
    )]
    async fn patch(
        &self,
        /// The user's Discord id.
        id: Path<String>,
        /// The key: 1 to 255 letters and digits.
        key: Path<String>,
        /// Only if the pair has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        token: TokenHeader,
        remote: &RemoteAddr,
        body: ValueBody,
    ) -> Answer<ChangedPair> {
        let condition = if_match.of_existing();
        let from = address(remote);
        let change = Change {
            id: &id.0,
            key: key.0,
            condition,
            token: &token,
            from,
        };
        let value = body.read(self.gate.budget(from));
        set(&self.hub, &self.gate, change, value).await.into()
    }

    /// Remove a pair
    #[oai(
        path = "/users/:id/storage/:key",
        method = "delete",
        operation_id = "delete_pair"
    )]
    async fn delete(
        &self,
        /// The user's Discord id.
        id: Path<String>,
        /// The key: 1 to 255 letters and digits.
        key: Path<String>,
        /// Only if the pair has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        token: TokenHeader,
        remote: &RemoteAddr,
    ) -> Answer<Changed> {
        let delete = async {
            let (user, authority) = open(&self.hub, &self.gate, &id.0, &token, address(remote))?;
            let key = parsed(key.0)?;
            let condition = if_match.of_existing();
            let request = StorageRequest::Delete { key, condition };
            self.change(user, authority, request).await
        };
        done(delete.await, None).into()
    }
}

impl StorageRoutes {
    async fn change(
        &self,
        user: UserId,
        authority: Authority,
        request: StorageRequest,
    ) -> Result<(), Problem> {
        change(&self.hub, user, authority, request).await
    }
}

/// A pair is to be set.
struct Change<'a> {
    id: &'a str,
    key: String,
    condition: Condition,
    token: &'a TokenHeader,
    from: IpAddr,
}

/// Whose storage it is, and by what right it is changed, as far as that is known without asking the
/// user's actor: before the body is read.
fn open(
    hub: &Hub,
    gate: &Gate,
    id: &str,
    token: &TokenHeader,
    from: IpAddr,
) -> Result<(UserId, Authority), Problem> {
    let (user, authority) = gate.open(id, token, from)?;
    if !hub.directory().knows(user) {
        let unknown = StorageError::UnknownUser;
        return Err(problem(hub, user, &unknown));
    }
    match (hub.decided(user), authority) {
        // Versions of tokens only grow, on all nodes.
        (Some(Ok(decided)), Authority::Token(version)) if version < decided.token_version => {
            Err(problem(hub, user, &StorageError::OldToken))
        }
        _ => Ok((user, authority)),
    }
}

/// `value` is read once it is known that the token may be right.
async fn set(
    hub: &Hub,
    gate: &Gate,
    asked: Change<'_>,
    value: impl Future<Output = Result<PairValue, Problem>>,
) -> Response {
    let set = async {
        let (user, authority) = open(hub, gate, asked.id, asked.token, asked.from)?;
        let key = parsed(asked.key)?;
        let value = value.await?;
        let tag = value.tag();
        let request = StorageRequest::Put {
            key,
            value,
            condition: asked.condition,
        };
        change(hub, user, authority, request).await?;
        Ok(tag)
    };
    match set.await {
        Ok(tag) => done(Ok(()), Some(&tag)),
        Err(problem) => done(Err(problem), None),
    }
}

async fn change(
    hub: &Hub,
    user: UserId,
    authority: Authority,
    request: StorageRequest,
) -> Result<(), Problem> {
    match hub.storage(user, authority, request).await {
        Ok(StorageAnswer::Done | StorageAnswer::Token(_)) => Ok(()),
        Err(error) => Err(problem(hub, user, &error)),
    }
}

/// Id and key of a plain path to a pair.
pub(super) fn plain_pair(path: &str) -> Option<(&str, &str)> {
    let (id, key) = path
        .strip_prefix("/api/v1/users/")?
        .split_once("/storage/")?;
    let is_plain =
        |text: &str, of: fn(&u8) -> bool| !text.is_empty() && text.bytes().all(|b| of(&b));
    (is_plain(id, u8::is_ascii_digit) && is_plain(key, u8::is_ascii_alphanumeric))
        .then_some((id, key))
}

/// Sets a pair without a router: what `PUT` and `PATCH` of a plain path do.
pub(super) async fn set_at_once<E>(
    hub: &Hub,
    gate: &Gate,
    asked: &http::request::Parts,
    from: IpAddr,
    body: impl Stream<Item = Result<Bytes, E>>,
) -> Response {
    let (id, key) = plain_pair(asked.uri.path()).unwrap_or_default();
    let change = Change {
        id,
        key: key.to_owned(),
        condition: conditions::condition(&asked.method, &asked.headers),
        token: &TokenHeader::of(&asked.headers),
        from,
    };
    let value = body::value_of(body, gate.budget(from));
    let mut response = set(hub, gate, change, value).await;
    cors::allow(response.headers_mut());
    response
}

/// Answers with all pairs of a user.
pub(super) fn pairs(hub: &Hub, id: &str, headers: &HeaderMap) -> Response {
    let user = match known(hub, id) {
        Ok(user) => user,
        Err(problem) => return refused(&problem),
    };
    let tag = etag::of_storage(user.version);
    if etag::is_known(headers, &tag) {
        return users::not_modified(tag);
    }
    match user.pairs_text() {
        Ok(text) => users::ok(tag, text.encoded(Encoding::Json).clone().into()),
        Err(_) => refused(&Problem::new(
            ProblemKind::Internal,
            "The pairs could not be written.",
        )),
    }
}

/// Answers with one pair of a user.
pub(super) fn pair(hub: &Hub, id: &str, key: &str, headers: &HeaderMap) -> Response {
    let value = parsed(key.to_owned()).and_then(|key| {
        let user = known(hub, id)?;
        let value = user.pairs.get(&key).cloned();
        value.ok_or_else(|| unknown_key(&key))
    });
    let value = match value {
        Ok(value) => value,
        Err(problem) => return refused(&problem),
    };
    let tag =
        HeaderValue::try_from(value.tag()).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
    if etag::is_known(headers, &tag) {
        return users::not_modified(tag);
    }
    let body = serde_json::json!({ "value": value.as_str() }).to_string();
    users::ok(tag, Bytes::from(body).into())
}

/// A user of whom is known what was decided.
fn known(hub: &Hub, id: &str) -> Result<Arc<StoredUser>, Problem> {
    let user = users::parse_id(id)?;
    match hub.decided(user) {
        Some(Ok(decided)) => Ok(decided),
        Some(Err(_)) => Err(unavailable("The pairs of this user are not known yet.")),
        None => Err(users::unknown(
            hub,
            format!("User {user} is not monitored."),
        )),
    }
}

fn parsed(key: String) -> Result<PairKey, Problem> {
    PairKey::try_from(key).map_err(|error: InvalidPairKey| {
        Problem::new(ProblemKind::InvalidKey, format!("In the path: {error}."))
    })
}

fn problem(hub: &Hub, user: UserId, error: &StorageError) -> Problem {
    match error {
        StorageError::OldToken => Problem::new(
            ProblemKind::InvalidToken,
            "This token was replaced by a newer one: use that, or make another with /storage create token.",
        ),
        StorageError::UnknownKey(key) => unknown_key(key),
        StorageError::TooManyPairs => Problem::new(
            ProblemKind::TooManyPairs,
            "There are 512 pairs, as many as a user may have: remove some first.",
        ),
        StorageError::PreconditionFailed => Problem::new(
            ProblemKind::PreconditionFailed,
            "The pair is not as If-Match or If-None-Match wants it: read it, and try again with its ETag.",
        ),
        StorageError::UnknownUser | StorageError::NotReady => {
            users::unknown(hub, format!("User {user} is not monitored."))
        }
        StorageError::Unavailable(reason) => {
            tracing::warn!(%user, reason, "a change of storage was not stored");
            unavailable(
                "It cannot be stored now. It may have been or not; asking again does no harm.",
            )
        }
    }
}

fn unknown_key(key: &PairKey) -> Problem {
    let shown: String = key.as_str().chars().take(40).collect();
    let detail = format!("There is no pair with the key \"{shown}\".");
    Problem::new(ProblemKind::UnknownKey, detail)
}

fn unavailable(detail: &'static str) -> Problem {
    Problem::new(ProblemKind::StoreUnavailable, detail).retry_after_s(RETRY_AFTER_S)
}

fn done(outcome: Result<(), Problem>, tag: Option<&str>) -> Response {
    if let Err(problem) = outcome {
        return refused(&problem);
    }
    let mut response = http::Response::new(Bytes::from_static(br#"{"success":true}"#));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, json);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(tag).ok()) {
        headers.insert(header::ETAG, tag);
    }
    response.map(Content::from)
}

fn refused(problem: &Problem) -> Response {
    let mut response = problem.response();
    cors::allow(response.headers_mut());
    response.map(Content::from)
}
