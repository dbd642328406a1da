//! Users who are worth a look.

use std::sync::Arc;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use lantern_actors::domain::Timestamp;
use serde_json::{Value, json};

use crate::{
    album::{Album, Picture},
    content::{Content, Use},
    document::Document,
    draw,
    options::CardOptions,
    pictures,
};

/// When they are drawn.
pub const NOW: Timestamp = Timestamp::from_unix_ms(1_620_000_000_000);

/// Somebody who has everything.
pub fn busy() -> Value {
    serde_json::from_str(include_str!("busy.json")).unwrap()
}

/// Somebody who has everything but what is changed: pointers into the document, and values.
pub fn but(changes: &[(&str, Value)]) -> Value {
    let mut user = busy();
    for (pointer, value) in changes {
        *user.pointer_mut(pointer).unwrap() = value.clone();
    }
    user
}

/// Somebody who is away and does nothing.
pub fn away() -> Value {
    but(&[
        ("/status", json!("offline")),
        (
            "/active_platforms",
            json!({"desktop": "offline", "mobile": "offline", "web": "offline", "spotify": null}),
        ),
        ("/activities", json!([])),
        ("/server_tag", json!(null)),
        ("/metadata/flags/human_readable", json!([])),
        ("/last_seen_at", json!({"unix": 1_619_990_000, "raw": ""})),
    ])
}

/// A card with all its pictures.
pub fn card(user: &Value, query: &[(&str, &str)]) -> String {
    with_pictures(user, query, |used| Some(picture(used)))
}

/// A card with some pictures.
pub fn with_pictures(
    user: &Value,
    query: &[(&str, &str)],
    picture: impl Fn(Use) -> Option<Arc<Picture>>,
) -> String {
    let text = user.to_string();
    let user: Document<'_> = serde_json::from_str(&text).unwrap();
    let options = CardOptions::parse(query.iter().copied()).unwrap();
    let content = Content::of(&user, &options, NOW);
    let mut album = Album::default();
    for (url, used) in content.pictures() {
        if let Some(picture) = picture(used) {
            album.insert(url, used, picture);
        }
    }
    draw::card(&content, &options, &album)
}

/// A sunset over a sea.
fn picture(used: Use) -> Arc<Picture> {
    let sunset = RgbImage::from_fn(192, 192, |x, y| {
        let from_sun = ((x as f32 - 96.0).powi(2) + (y as f32 - 100.0).powi(2)).sqrt();
        match (from_sun < 40.0, y < 120) {
            (true, true) => Rgb([255, 214, 120]),
            (_, true) => Rgb([220 - (y / 2) as u8, 70 + (y / 2) as u8, 110]),
            _ => Rgb([24, 40 + ((x + 3 * y) % 12) as u8 * 4, 90]),
        }
    });
    let mut file = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(sunset)
        .write_to(&mut file, ImageFormat::Png)
        .unwrap();
    Arc::new(pictures::develop(file.get_ref(), used).unwrap())
}
