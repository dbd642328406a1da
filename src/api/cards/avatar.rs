//! `/ID.png` and its kin: where a user's avatar is.

use bytes::Bytes;
use lantern_actors::Hub;
use lantern_card::{Address, Cards};
use poem::http::{self, HeaderValue, StatusCode, header};

use super::found;
use crate::api::{Problem, ProblemKind};

/// Leads to the avatar in a format, or says why not.
pub(super) fn avatar(
    hub: &Hub,
    cards: &Cards,
    id: &str,
    format: &str,
    size: Option<&str>,
) -> Result<http::Response<Bytes>, Problem> {
    let size = size.map(self::size).transpose()?;
    let document = found(hub, id)?;
    let url = lantern_card::avatar_url(&document).map_err(|error| {
        tracing::error!(%error, "a user's document could not be read");
        Problem::new(ProblemKind::Internal, "The user could not be read.")
    })?;
    let unexpected = |_| {
        Problem::new(
            ProblemKind::Internal,
            "The avatar is not where avatars are.",
        )
    };
    let address = Address::parse(&url).map_err(unexpected)?;
    let moves = url.ends_with(".gif");
    let address = match (url.contains("/embed/"), format) {
        // The default ones are PNGs of one size.
        (true, _) => address,
        (false, "gif") if !moves => address.in_format("png", size),
        (false, format) => address.in_format(format, size),
    };
    let location = address.through(cards.image_proxy());
    let location = HeaderValue::try_from(location)
        .map_err(|_| Problem::new(ProblemKind::Internal, "The avatar's address is no header."))?;
    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=60"),
    );
    Ok(response)
}

/// Discord makes pictures of these sizes.
fn size(value: &str) -> Result<u32, Problem> {
    let size = value
        .parse()
        .ok()
        .filter(|size: &u32| size.is_power_of_two() && (16..=4_096).contains(size));
    size.ok_or_else(|| {
        let shown: String = value.chars().take(40).collect();
        let detail = format!("size takes a power of two from 16 to 4096; \"{shown}\" was given.");
        Problem::new(ProblemKind::InvalidOption, detail)
    })
}
