//! Profile cards and avatars: users as pictures.
//!
//! Pages embed them with addresses that look like files. What goes wrong is told in a picture too,
//! with the status 200, because image proxies and pages show nothing else; the header
//! `Lantern-Problem` has the code. Who prefers JSON is answered with a problem document.

mod answers;
mod avatar;

use std::{sync::Arc, time::SystemTime};

use bytes::Bytes;
use lantern_actors::{
    Hub,
    domain::{Timestamp, UserId},
};
use poem::http::{self, HeaderMap, HeaderValue, StatusCode, Uri, header};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use self::answers::{Avatar, PngCard, SvgCard};
use super::{Problem, ProblemKind, answer::Answer, etag, page::weight, tag::Tag, users};
use lantern_card::{
    Card, CardError, Cards, Format,
    options::{self, CardOptions, OptionError},
};

/// How soon a card may be tried again, in seconds.
const RETRY_AFTER_S: u32 = 2;

/// What is wrong, in the answer that shows it as a picture.
const PROBLEM: &str = "lantern-problem";

/// A picture runs no script and loads nothing, also when it is opened by itself.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; img-src data:; sandbox";

/// The operations.
pub(super) struct CardRoutes {
    pub hub: Hub,
    pub cards: Arc<Cards>,
}

#[OpenApi(tag = "Tag::Cards")]
impl CardRoutes {
    /// A user's card, as SVG
    ///
    /// The same as `/api/v1/users/{id}?svg=1`, for places that want a file name. Problems are told
    /// in a picture with the status 200 and the header `Lantern-Problem`, unless `Accept` prefers JSON.
    #[oai(
        path = "/api/v1/users/:id/svg",
        method = "get",
        operation_id = "get_card_svg"
    )]
    async fn svg(&self, id: Path<String>, uri: &Uri, headers: &HeaderMap) -> Answer<SvgCard> {
        self.file(&id.0, Format::Svg, uri, headers).await.into()
    }

    /// A user's card, as PNG
    ///
    /// As the SVG, for places that show none. Nothing moves in it.
    #[oai(
        path = "/api/v1/users/:id/png",
        method = "get",
        operation_id = "get_card_png"
    )]
    async fn png(&self, id: Path<String>, uri: &Uri, headers: &HeaderMap) -> Answer<PngCard> {
        self.file(&id.0, Format::Png, uri, headers).await.into()
    }

    /// A user's avatar, as PNG
    ///
    /// Redirects to where the avatar is now; who has none is shown with Discord's default one.
    #[oai(
        path = "/avatar/:id/png",
        method = "get",
        operation_id = "get_avatar_png"
    )]
    async fn avatar_png(&self, id: Path<String>, size: Query<Option<String>>) -> Answer<Avatar> {
        self.avatar(&id.0, "png", size.0.as_deref()).into()
    }

    /// A user's avatar, as WebP
    ///
    /// As the PNG; a default avatar is a PNG in any case.
    #[oai(
        path = "/avatar/:id/webp",
        method = "get",
        operation_id = "get_avatar_webp"
    )]
    async fn avatar_webp(&self, id: Path<String>, size: Query<Option<String>>) -> Answer<Avatar> {
        self.avatar(&id.0, "webp", size.0.as_deref()).into()
    }

    /// A user's avatar, as GIF
    ///
    /// As the PNG, which it is if the avatar does not move.
    #[oai(
        path = "/avatar/:id/gif",
        method = "get",
        operation_id = "get_avatar_gif"
    )]
    async fn avatar_gif(&self, id: Path<String>, size: Query<Option<String>>) -> Answer<Avatar> {
        self.avatar(&id.0, "gif", size.0.as_deref()).into()
    }

    /// A user's avatar, as JPEG
    ///
    /// As the PNG; a default avatar is a PNG in any case.
    #[oai(
        path = "/avatar/:id/jpg",
        method = "get",
        operation_id = "get_avatar_jpg"
    )]
    async fn avatar_jpg(&self, id: Path<String>, size: Query<Option<String>>) -> Answer<Avatar> {
        self.avatar(&id.0, "jpg", size.0.as_deref()).into()
    }
}

impl CardRoutes {
    fn avatar(&self, id: &str, format: &str, size: Option<&str>) -> http::Response<Bytes> {
        let found = avatar::avatar(&self.hub, &self.cards, id, format, size);
        found.unwrap_or_else(|problem| problem.response())
    }

    /// A card at an address with a file name: a picture, whatever happens.
    async fn file(
        &self,
        id: &str,
        format: Format,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> http::Response<Bytes> {
        let prefers = Preference::of(headers);
        let shows = !matches!(prefers, Preference::Json);
        let wish = Wish {
            format,
            headers,
            shows_bad_options: shows,
            shows_others: shows,
        };
        answer(&self.hub, &self.cards, id, uri.query(), wish).await
    }
}

/// Whether a card is wanted at the address that otherwise answers with JSON. The options are checked
/// in any case, so that nobody believes that they had an effect.
pub(super) fn is_wanted(query: Option<&str>) -> Result<bool, Problem> {
    let pairs = pairs(query);
    let mut is_wanted = false;
    for (_, value) in pairs.iter().filter(|(name, _)| name == "svg") {
        is_wanted = options::switch("svg", value).map_err(|error| invalid(&error))?;
    }
    if !is_wanted {
        parse(query)?;
    }
    Ok(is_wanted)
}

/// The card at the address that otherwise answers with JSON.
pub(super) async fn at_user(
    hub: &Hub,
    cards: &Cards,
    id: &str,
    query: Option<&str>,
    headers: &HeaderMap,
) -> http::Response<Bytes> {
    let prefers = Preference::of(headers);
    let wish = Wish {
        format: Format::Svg,
        headers,
        // Who tries options by hand is told as by every other endpoint.
        shows_bad_options: matches!(prefers, Preference::Picture),
        shows_others: !matches!(prefers, Preference::Json),
    };
    answer(hub, cards, id, query, wish).await
}

/// What kind of answer `Accept` prefers.
enum Preference {
    Picture,
    Json,
    Neither,
}

impl Preference {
    fn of(headers: &HeaderMap) -> Self {
        let accept = headers
            .get(header::ACCEPT)
            .and_then(|accept| accept.to_str().ok());
        let accept = accept.unwrap_or("*/*");
        let pictures = ["svg+xml", "png", "webp", "avif", "jpeg", "gif"];
        let picture = pictures.map(|name| weight(accept, "image", name));
        let picture = picture.into_iter().max().unwrap_or_default();
        let json = weight(accept, "application", "json").max(weight(
            accept,
            "application",
            "problem+json",
        ));
        match picture.cmp(&json) {
            std::cmp::Ordering::Greater => Self::Picture,
            std::cmp::Ordering::Less => Self::Json,
            std::cmp::Ordering::Equal => Self::Neither,
        }
    }
}

/// How a card is to be answered.
struct Wish<'a> {
    format: Format,
    headers: &'a HeaderMap,
    /// Whether options out of range are told in a picture.
    shows_bad_options: bool,
    /// Whether other problems are.
    shows_others: bool,
}

async fn answer(
    hub: &Hub,
    cards: &Cards,
    id: &str,
    query: Option<&str>,
    wish: Wish<'_>,
) -> http::Response<Bytes> {
    let options = match parse(query) {
        Ok(options) => options,
        Err(problem) => {
            return refused(cards, problem, wish.shows_bad_options, wish.format, query).await;
        }
    };
    let drawn = match found(hub, id) {
        Ok(document) => {
            let now = Timestamp::from(SystemTime::now());
            cards.card(&document, &options, wish.format, now).await
        }
        Err(problem) if wish.shows_others => {
            return told(cards, &problem, &options, wish.format).await;
        }
        Err(problem) => return problem.response(),
    };
    match drawn {
        Ok(card) => picture(card, wish.format, wish.headers),
        Err(error) => broken(&error),
    }
}

fn found(hub: &Hub, id: &str) -> Result<Bytes, Problem> {
    let id: UserId = users::parse_id(id)?;
    let snapshot = hub.user(id);
    let snapshot =
        snapshot.ok_or_else(|| users::unknown(hub, format!("User {id} is not monitored.")))?;
    Ok(snapshot.document_without_large_storage())
}

async fn refused(
    cards: &Cards,
    problem: Problem,
    is_shown: bool,
    format: Format,
    query: Option<&str>,
) -> http::Response<Bytes> {
    if !is_shown {
        return problem.response();
    }
    let pairs = pairs(query);
    let options = CardOptions::parse_what_is_right(borrowed(&pairs));
    told(cards, &problem, &options, format).await
}

/// What is answered to a wrong `svg`, and to wrong options of a card that is not asked for.
pub(super) async fn not_wanted(
    cards: &Cards,
    problem: Problem,
    query: Option<&str>,
    headers: &HeaderMap,
) -> http::Response<Bytes> {
    let is_shown = matches!(Preference::of(headers), Preference::Picture);
    refused(cards, problem, is_shown, Format::Svg, query).await
}

/// A problem as a picture.
async fn told(
    cards: &Cards,
    problem: &Problem,
    options: &CardOptions,
    format: Format,
) -> http::Response<Bytes> {
    let kind = problem.kind();
    match cards
        .notice((kind.title(), problem.detail()), options, format)
        .await
    {
        Err(error) => broken(&error),
        Ok(card) => {
            let mut response = picture(card, format, &HeaderMap::new());
            let headers = response.headers_mut();
            headers.insert(PROBLEM, HeaderValue::from_static(kind.code()));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.remove(header::ETAG);
            response
        }
    }
}

fn broken(error: &CardError) -> http::Response<Bytes> {
    if matches!(error, CardError::Busy) {
        let detail = "So many cards are being drawn that this one has to wait: try again.";
        let problem = Problem::new(ProblemKind::Busy, detail);
        return problem.retry_after_s(RETRY_AFTER_S).response();
    }
    tracing::error!(%error, "a card could not be drawn");
    Problem::new(ProblemKind::Internal, "The card could not be drawn.").response()
}

/// The file, or that it is the one that the client has. A cache keeps it and asks each time, which
/// costs it no more than a 304: so a card on a page is as new as a fetch.
fn picture(card: Card, format: Format, asked: &HeaderMap) -> http::Response<Bytes> {
    let tag = etag::of_fingerprint(card.fingerprint);
    let is_known = etag::is_known(asked, &tag);
    let mut response = http::Response::new(if is_known { Bytes::new() } else { card.bytes });
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let kind = match format {
        Format::Svg => "image/svg+xml; charset=utf-8",
        Format::Png => "image/png",
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag);
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::VARY, "Accept"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (
            header::HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn invalid(error: &OptionError) -> Problem {
    Problem::new(ProblemKind::InvalidOption, error.to_string())
}

fn parse(query: Option<&str>) -> Result<CardOptions, Problem> {
    let pairs = pairs(query);
    CardOptions::parse(borrowed(&pairs)).map_err(|error| invalid(&error))
}

/// The decoded parameters of an address; that they can be decoded was seen before.
fn pairs(query: Option<&str>) -> Vec<(String, String)> {
    let decoded = query.map(serde_urlencoded::from_str).transpose();
    decoded.ok().flatten().unwrap_or_default()
}

fn borrowed(pairs: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
}
