//! Who the members are, decided by the seed and their number alone.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};

use super::member::Member;
use super::presence::{Presence, Visibility};
use super::snowflake::{pick, randomness, snowflake};
use super::words::{DISPLAY, FIRST, SECOND, TAGS};
use super::{GUILD_ID, MODERATOR_ROLE};

/// The first accounts were made in September 2015, the last in January 2025.
const ACCOUNTS_MS: std::ops::Range<u64> = 1_441_065_600_000..1_736_000_000_000;
/// Members joined in 2025.
const JOINED_MS: std::ops::Range<u64> = 1_736_000_000_000..1_767_000_000_000;

/// What a member mostly does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Taste {
    /// A custom status, a game and Spotify at once.
    #[default]
    Everything,
    /// Games, sometimes two.
    Games,
    /// Spotify.
    Music,
    /// Streaming.
    Streams,
    /// A custom status.
    Words,
    /// Listening elsewhere, watching or competing.
    Others,
    /// No activity.
    Nothing,
}

/// The tastes in the order in which the first members have them.
const TASTES: &[Taste] = &[
    Taste::Everything,
    Taste::Games,
    Taste::Music,
    Taste::Streams,
    Taste::Words,
    Taste::Others,
    Taste::Nothing,
];

/// What decides how a member behaves.
#[derive(Debug, Clone)]
pub struct Persona {
    /// The user's id.
    pub id: u64,
    /// Whether the account is a bot's.
    pub bot: bool,
    /// What it mostly does.
    pub taste: Taste,
}

impl Persona {
    /// The persona of member `number` of the guild that `seed` makes.
    pub fn of(seed: u64, number: u32) -> Self {
        Self::draw(&mut randomness(seed, purpose(number)), number)
    }

    fn draw(rng: &mut ChaCha8Rng, number: u32) -> Self {
        let id = snowflake(rng.random_range(ACCOUNTS_MS), u64::from(number));
        // Every trait is among the first few members, so that small guilds have all.
        let bot = number % 23 == 8;
        let drawn = pick(rng, TASTES);
        let taste = TASTES.get(number as usize).copied().unwrap_or(drawn);
        Self { id, bot, taste }
    }
}

/// Member `number` of the guild that `seed` makes, as it is before anything happens.
pub fn member(seed: u64, number: u32, now_ms: u64) -> Member {
    let mut rng = randomness(seed, purpose(number));
    let persona = Persona::draw(&mut rng, number);
    let user = user(&mut rng, &persona, number);
    let joined_at_ms = rng.random_range(JOINED_MS);
    let nick = (number % 11 == 3).then(|| pick(&mut rng, DISPLAY).to_owned());
    let roles = if number % 9 == 4 {
        vec![MODERATOR_ROLE]
    } else {
        vec![]
    };
    let there = number == 0 || rng.random_bool(0.65);
    let visibility = if there {
        Visibility::Present
    } else {
        Visibility::Offline
    };
    let presence = Presence::compose(&mut rng, &persona, visibility, now_ms);
    Member::new(persona.id, user, nick, roles, joined_at_ms, presence)
}

fn purpose(number: u32) -> u64 {
    1 + u64::from(number)
}

fn user(rng: &mut ChaCha8Rng, persona: &Persona, number: u32) -> Map<String, Value> {
    let mut user = Map::new();
    let mut set = |key: &str, value: Value| user.insert(key.to_owned(), value);
    set("id", json!(persona.id.to_string()));
    set("username", json!(username(rng, number)));
    set(
        "discriminator",
        json!(if persona.bot {
            format!("{:04}", 1 + number % 9_998)
        } else {
            "0".to_owned()
        }),
    );
    set(
        "global_name",
        if number % 7 == 2 {
            Value::Null
        } else {
            json!(display_name(rng, number))
        },
    );
    set("avatar", avatar(rng, number));
    set("avatar_decoration_data", decoration(rng, number));
    set("public_flags", json!(flags(rng, persona, number)));
    set("bot", json!(persona.bot));
    match number % 6 {
        0 => set("primary_guild", tag(rng, true)),
        1 => set("primary_guild", tag(rng, false)),
        2 => set("primary_guild", cleared_tag()),
        3 => set("primary_guild", Value::Null),
        _ => None,
    };
    user
}

fn username(rng: &mut ChaCha8Rng, number: u32) -> String {
    let name = format!("{}.{}_{number}", pick(rng, FIRST), pick(rng, SECOND));
    if number % 13 == 5 {
        format!("{name:_<32}")
    } else {
        name
    }
}

fn display_name(rng: &mut ChaCha8Rng, number: u32) -> String {
    // The first members have one each, then they repeat.
    let drawn = pick(rng, DISPLAY);
    DISPLAY
        .get(number as usize)
        .copied()
        .unwrap_or(drawn)
        .to_owned()
}

fn avatar(rng: &mut ChaCha8Rng, number: u32) -> Value {
    let hash = format!("{:032x}", rng.random::<u128>());
    match number % 5 {
        4 => Value::Null,
        1 => json!(format!("a_{hash}")),
        _ => json!(hash),
    }
}

fn decoration(rng: &mut ChaCha8Rng, number: u32) -> Value {
    let asset = format!("a_{:032x}", rng.random::<u128>());
    if number % 8 == 6 {
        json!({"asset": asset, "sku_id": "1144058844004233369"})
    } else {
        Value::Null
    }
}

fn flags(rng: &mut ChaCha8Rng, persona: &Persona, number: u32) -> u64 {
    if persona.bot {
        return 1 << 16;
    }
    let drawn = pick(
        rng,
        &[
            0,
            0,
            1 << 6,
            1 << 7,
            1 << 8,
            1 << 9,
            (1 << 6) | (1 << 9) | (1 << 22),
            1 << 17,
        ],
    );
    // One has all documented ones, one has a bit that nobody has heard of.
    match number {
        0 => (1 << 6) | (1 << 22),
        3 => 0b101_0111_0100_0100_1111,
        9 => 1 << 28,
        _ => drawn,
    }
}

fn tag(rng: &mut ChaCha8Rng, enabled: bool) -> Value {
    json!({
        "identity_guild_id": GUILD_ID.to_string(),
        "identity_enabled": enabled,
        "tag": pick(rng, TAGS),
        "badge": format!("{:032x}", rng.random::<u128>()),
    })
}

fn cleared_tag() -> Value {
    json!({"identity_guild_id": null, "identity_enabled": null, "tag": null, "badge": null})
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_members() {
        for number in 0..300 {
            let (one, two) = (member(5, number, 1_000_000), member(5, number, 1_000_000));
            assert_eq!(one.json(), two.json());
            assert_eq!(one.presence().json, two.presence().json);
            assert_eq!(one.id(), Persona::of(5, number).id);
        }
        assert_ne!(member(5, 0, 0).json(), member(6, 0, 0).json());
    }

    #[test]
    fn ids_are_unique() {
        let ids: HashSet<u64> = (0..20_000)
            .map(|number| Persona::of(1, number).id)
            .collect();
        assert_eq!(ids.len(), 20_000);
    }

    #[test]
    fn small_guilds_have_every_trait() {
        let members: Vec<Member> = (0..200).map(|number| member(1, number, 0)).collect();
        let users: Vec<Value> = members
            .iter()
            .map(|m| serde_json::from_str(m.user_json()).unwrap())
            .collect();
        let presences: Vec<Value> = members
            .iter()
            .map(|m| serde_json::from_str(&m.presence().json).unwrap())
            .collect();
        let any = |test: &dyn Fn(&Value) -> bool| assert!(users.iter().any(test));
        any(&|u| u["avatar"].is_null());
        any(&|u| u["avatar"].as_str().is_some_and(|a| a.starts_with("a_")));
        any(&|u| u["bot"] == true);
        any(&|u| u["primary_guild"]["identity_enabled"] == true);
        any(&|u| u["primary_guild"]["identity_enabled"] == false);
        any(&|u| u.get("primary_guild").is_none());
        any(&|u| u["username"].as_str().is_some_and(|name| name.len() == 32));
        any(&|u| {
            u["public_flags"]
                .as_u64()
                .is_some_and(|it| it.count_ones() > 5)
        });
        // One of each script: names that are drawn must be able to hold them all.
        for within in [
            '\u{5d0}'..='\u{5ea}',
            '\u{621}'..='\u{64a}',
            '\u{3040}'..='\u{30ff}',
            '\u{4e00}'..='\u{9fff}',
            '\u{ac00}'..='\u{d7a3}',
            '\u{1d4d0}'..='\u{1d4ff}',
            '\u{1f300}'..='\u{1f9ff}',
        ] {
            any(&|u| {
                u["global_name"]
                    .as_str()
                    .is_some_and(|name| name.contains(|c| within.contains(&c)))
            });
        }
        let activities: Vec<&Value> = presences
            .iter()
            .flat_map(|p| p["activities"].as_array().unwrap())
            .collect();
        for kind in 0..=5 {
            assert!(
                activities.iter().any(|a| a["type"] == kind),
                "no activity of type {kind}"
            );
        }
        for key in [
            "sync_id",
            "buttons",
            "party",
            "assets",
            "emoji",
            "timestamps",
            "url",
        ] {
            assert!(
                activities.iter().any(|a| a.get(key).is_some()),
                "no activity has {key}"
            );
        }
        for image in ["large_image", "small_image"] {
            assert!(
                activities.iter().any(|a| a["assets"].get(image).is_some()),
                "no activity has a {image}"
            );
        }
        for status in ["online", "idle", "dnd", "offline"] {
            assert!(
                presences.iter().any(|p| p["status"] == status),
                "nobody is {status}"
            );
        }
        assert!(
            presences
                .iter()
                .any(|p| p["activities"].as_array().unwrap().len() >= 3)
        );
    }
}
