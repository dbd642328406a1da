//! Activities as Discord sends them to bots: games, Spotify, streams, custom statuses.
//!
//! Bots see a button's label only, so `buttons` is a list of strings.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::snowflake::pick;
use super::words::{EMOJI, GAMES, Game, SAYINGS, SONGS};

const MINUTE_MS: u64 = 60_000;

/// A game with some of assets, party, buttons and timestamps.
pub fn game(rng: &mut ChaCha8Rng, now_ms: u64) -> Value {
    let game = pick(rng, GAMES);
    let started = now_ms.saturating_sub(rng.random_range(0..180 * MINUTE_MS));
    let mut activity = json!({
        "id": activity_id(rng),
        "name": game.name,
        "type": 0,
        "created_at": started,
        "timestamps": {"start": started},
    });
    let rich = game.application != 0;
    if rich {
        set(
            &mut activity,
            "application_id",
            json!(game.application.to_string()),
        );
        set(&mut activity, "details", json!(pick(rng, game.details)));
        set(&mut activity, "state", json!(pick(rng, game.states)));
        set(&mut activity, "assets", assets(rng));
    }
    if game.party > 0 && rng.random_bool(0.6) {
        set(&mut activity, "party", party(rng, &game));
        set(
            &mut activity,
            "flags",
            json!(pick(rng, &[1_u32, 0b11_0010])),
        );
    }
    if rich && rng.random_bool(0.4) {
        set(
            &mut activity,
            "buttons",
            json!(pick(
                rng,
                &[&["Join the game"][..], &["Watch", "Website 🌐"][..]]
            )),
        );
    }
    if rng.random_bool(0.2) {
        let end = now_ms + rng.random_range(MINUTE_MS..30 * MINUTE_MS);
        set(
            &mut activity,
            "timestamps",
            json!({"start": started, "end": end}),
        );
    }
    activity
}

/// A song on Spotify, somewhere between its start and its end.
pub fn spotify(rng: &mut ChaCha8Rng, user: u64, now_ms: u64) -> Value {
    let (title, artists, album, track, cover) = pick(rng, SONGS);
    let length = rng.random_range(2 * MINUTE_MS..6 * MINUTE_MS);
    let start = now_ms.saturating_sub(rng.random_range(0..length));
    json!({
        "id": "spotify:1",
        "name": "Spotify",
        "type": 2,
        "flags": 48,
        "details": title,
        "state": artists,
        "sync_id": track,
        "session_id": format!("{:032x}", rng.random::<u128>()),
        "party": {"id": format!("spotify:{user}")},
        "assets": {"large_image": format!("spotify:{cover}"), "large_text": album},
        "timestamps": {"start": start, "end": start + length},
        "created_at": start,
    })
}

/// A custom status: text, an emoji (a character, or one of a server, maybe animated), or both.
pub fn custom(rng: &mut ChaCha8Rng, now_ms: u64) -> Value {
    let saying = pick(rng, SAYINGS);
    let mut activity = json!({
        "id": "custom",
        "name": "Custom Status",
        "type": 4,
        "state": if saying.is_empty() { Value::Null } else { json!(saying) },
        "created_at": now_ms.saturating_sub(rng.random_range(0..1_000 * MINUTE_MS)),
    });
    if saying.is_empty() || rng.random_bool(0.6) {
        let emoji = match rng.random_range(0..3) {
            0 => json!({"name": "lantern", "id": "1032711892231094302", "animated": false}),
            1 => json!({"name": "blobdance", "id": "585763004495298575", "animated": true}),
            _ => json!({"name": pick(rng, EMOJI)}),
        };
        set(&mut activity, "emoji", emoji);
    }
    activity
}

/// A stream on Twitch or YouTube.
pub fn streaming(rng: &mut ChaCha8Rng, now_ms: u64) -> Value {
    let (name, url, image) = pick(
        rng,
        &[
            (
                "Twitch",
                "https://www.twitch.tv/lanternkeeper",
                "twitch:lanternkeeper",
            ),
            (
                "YouTube",
                "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
                "youtube:dQw4w9WgXcQ",
            ),
        ],
    );
    let started = now_ms.saturating_sub(rng.random_range(0..240 * MINUTE_MS));
    json!({
        "id": activity_id(rng),
        "name": name,
        "type": 1,
        "url": url,
        "details": "Building a lighthouse, day 12",
        "state": pick(rng, GAMES).name,
        "assets": {"large_image": image},
        "created_at": started,
    })
}

/// Listening elsewhere than on Spotify, watching or competing.
pub fn other(rng: &mut ChaCha8Rng, now_ms: u64) -> Value {
    let (kind, name, details) = pick(
        rng,
        &[
            (2_u8, "Apple Music", "Nocturne Op. 9 No. 2"),
            (3, "a documentary about lighthouses", "Episode 4"),
            (5, "the Harbor Cup", "Semi-final"),
        ],
    );
    json!({
        "id": activity_id(rng),
        "name": name,
        "type": kind,
        "details": details,
        "created_at": now_ms.saturating_sub(rng.random_range(0..60 * MINUTE_MS)),
    })
}

/// What a bot shows.
pub fn bots(rng: &mut ChaCha8Rng, now_ms: u64) -> Value {
    let (kind, name) = pick(
        rng,
        &[
            (0_u8, "/help"),
            (3, "over 42 servers"),
            (2, "your commands"),
        ],
    );
    json!({"id": activity_id(rng), "name": name, "type": kind, "created_at": now_ms, "flags": 0})
}

fn assets(rng: &mut ChaCha8Rng) -> Value {
    let large = pick(
        rng,
        &[
            "1022519302133289030",
            "mp:external/x7cWJZcT0-y8K6L/https/example.com/large.png",
            "443926198120177664",
        ],
    );
    let mut assets = json!({"large_image": large, "large_text": "Level 42 ★"});
    if rng.random_bool(0.5) {
        set(&mut assets, "small_image", json!("565945769320775680"));
        set(&mut assets, "small_text", json!("Rank: Gold II"));
    }
    assets
}

fn party(rng: &mut ChaCha8Rng, game: &Game) -> Value {
    let id = format!("{:016x}", rng.random::<u64>());
    if rng.random_bool(0.2) {
        return json!({"id": id});
    }
    json!({"id": id, "size": [rng.random_range(1..=game.party), game.party]})
}

fn activity_id(rng: &mut ChaCha8Rng) -> String {
    format!("{:x}", rng.random::<u64>() >> 1)
}

fn set(object: &mut Value, key: &str, value: Value) {
    if let Some(map) = object.as_object_mut() {
        map.insert(key.to_owned(), value);
    }
}
