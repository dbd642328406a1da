//! The routes: pictures as their hosts answer them, and the other host that a redirect leads to.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use poem::http::{StatusCode, header};
use poem::web::{Data, Path};
use poem::{Body, IntoResponse, Request, Response, handler};

use super::Picture;
use super::address::{NoPicture, Wanted};
use super::faults::Behaviour;
use crate::live::Live;

/// A year, which is how long hosts let their pictures be kept: another picture has another address.
const KEEP: &str = "public, max-age=31536000";
/// How every PNG begins.
const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The pieces of a huge body, and how many there are: 64 MiB.
const HUGE: (usize, usize) = (64 << 10, 1 << 10);

/// GET /images/{host}/{path}
#[handler]
pub async fn serve(
    req: &Request,
    Path((host, path)): Path<(String, String)>,
    Data(live): Data<&Arc<Live>>,
) -> Response {
    match live.pictures.faults.meet(&host, &path) {
        Behaviour::Serve => picture(req, &host, &path, live).await,
        Behaviour::Missing => refusal(StatusCode::NOT_FOUND, "404: Not Found"),
        Behaviour::Failing => refusal(StatusCode::INTERNAL_SERVER_ERROR, "500: Internal Error"),
        Behaviour::Silent => {
            live.pictures.faults.silence().await;
            refusal(StatusCode::SERVICE_UNAVAILABLE, "the simulator stops")
        }
        Behaviour::Broken => file("image/png", [PNG_SIGNATURE, b"no picture"].concat().into()),
        Behaviour::Huge => file("image/png", huge()),
        Behaviour::WrongType => file("text/html", "<!doctype html><h1>Not a picture</h1>".into()),
        Behaviour::Redirect => redirect(req, live),
    }
}

/// GET /elsewhere/{host}/{path}: where redirects lead.
#[handler]
pub async fn elsewhere(
    req: &Request,
    Path((host, path)): Path<(String, String)>,
    Data(live): Data<&Arc<Live>>,
) -> Response {
    live.pictures.faults.follow();
    picture(req, &host, &path, live).await
}

async fn picture(req: &Request, host: &str, path: &str, live: &Live) -> Response {
    let query = req.original_uri().query().unwrap_or_default();
    let wanted = match Wanted::at(host, path, query) {
        Ok(wanted) => wanted,
        Err(none) => return refusal(status(none), &none.to_string()),
    };
    match live.pictures.picture(&wanted).await {
        Ok(picture) => answer(req, &picture),
        Err(error) => {
            tracing::error!(%error, name = wanted.name, "a picture could not be drawn");
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "500: Internal Error")
        }
    }
}

fn answer(req: &Request, picture: &Picture) -> Response {
    let response = Response::builder()
        .header(header::ETAG, &picture.etag)
        .header(header::CACHE_CONTROL, KEEP);
    let known = req.header(header::IF_NONE_MATCH).unwrap_or_default();
    if known.split(',').any(|known| known.trim() == picture.etag) {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    response
        .content_type(picture.content_type)
        .body(picture.bytes.clone())
}

fn status(none: NoPicture) -> StatusCode {
    match none {
        NoPicture::NotFound => StatusCode::NOT_FOUND,
        NoPicture::Size => StatusCode::BAD_REQUEST,
        NoPicture::Format => StatusCode::UNSUPPORTED_MEDIA_TYPE,
    }
}

fn refusal(status: StatusCode, why: &str) -> Response {
    let body = serde_json::json!({ "message": why }).to_string();
    let response = Response::builder().status(status);
    response.content_type("application/json").body(body)
}

fn file(content_type: &str, body: Body) -> Response {
    Response::builder().content_type(content_type).body(body)
}

fn huge() -> Body {
    let (length, pieces) = HUGE;
    let piece = Bytes::from(vec![0; length]);
    let signature = stream::iter([Bytes::from_static(PNG_SIGNATURE)]);
    let pieces = stream::repeat(piece).take(pieces);
    Body::from_bytes_stream(signature.chain(pieces).map(Ok::<_, io::Error>))
}

/// To the same port by another name, since that is another host to every client.
fn redirect(req: &Request, live: &Live) -> Response {
    let asked = req.original_uri().to_string();
    let address = asked.strip_prefix("/images").unwrap_or(&asked);
    let port = live.addr.port();
    let location = format!("http://localhost:{port}/elsewhere{address}");
    let response = StatusCode::FOUND.with_header(header::LOCATION, location);
    response.into_response()
}
