//! A member's presence: status, platforms and activities, kept as the JSON that is sent.

use std::sync::Arc;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};

use super::GUILD_ID;
use super::activities;
use super::people::{Persona, Taste};
use super::snowflake::pick;

/// Whether a member is seen as there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Visibility {
    /// Online, idle or do not disturb: part of `presences`.
    #[default]
    Present,
    /// Offline or invisible: left out of `presences`.
    Offline,
}

/// The `d` of a PRESENCE_UPDATE, ready to send, shared by all who send it.
#[derive(Debug, Clone)]
pub struct Presence {
    /// Whether the status is other than offline.
    pub visibility: Visibility,
    /// The JSON object.
    pub json: Arc<str>,
}

impl Presence {
    /// A member who is not there.
    pub fn offline(user: u64) -> Self {
        let json = format!(
            r#"{{"user":{{"id":"{user}"}},"guild_id":"{GUILD_ID}","status":"offline","activities":[],"client_status":{{}}}}"#
        );
        Self {
            visibility: Visibility::Offline,
            json: json.into(),
        }
    }

    /// Any object as it is; only `user.id` and `guild_id` are filled in where they are missing.
    pub fn verbatim(user: u64, mut object: Map<String, Value>) -> Self {
        let owner = object.entry("user").or_insert_with(|| json!({}));
        if let Some(owner) = owner.as_object_mut() {
            owner.entry("id").or_insert_with(|| json!(user.to_string()));
        }
        object
            .entry("guild_id")
            .or_insert_with(|| json!(GUILD_ID.to_string()));
        let visibility = match object.get("status").and_then(Value::as_str) {
            Some("offline" | "invisible") => Visibility::Offline,
            _ => Visibility::Present,
        };
        Self {
            visibility,
            json: Value::Object(object).to_string().into(),
        }
    }

    /// Composes what someone of this persona might be doing. Activities' times lie around `now_ms`.
    pub fn compose(
        rng: &mut ChaCha8Rng,
        persona: &Persona,
        visibility: Visibility,
        now_ms: u64,
    ) -> Self {
        if visibility == Visibility::Offline {
            return Self::offline(persona.id);
        }
        let status = pick(rng, &["online", "online", "online", "idle", "dnd"]);
        let platforms = platforms(rng, persona, status);
        let activities = activities_of(rng, persona, now_ms);
        let json = json!({
            "user": {"id": persona.id.to_string()},
            "guild_id": GUILD_ID.to_string(),
            "status": status,
            "activities": activities,
            "client_status": platforms,
        });
        Self {
            visibility,
            json: json.to_string().into(),
        }
    }
}

fn platforms(rng: &mut ChaCha8Rng, persona: &Persona, status: &str) -> Value {
    if persona.bot {
        return json!({"web": status});
    }
    let on = pick(
        rng,
        &[
            &["desktop"][..],
            &["desktop"],
            &["mobile"],
            &["web"],
            &["desktop", "mobile"],
            &["desktop", "mobile", "web"],
        ],
    );
    on.iter()
        .map(|platform| ((*platform).to_owned(), json!(status)))
        .collect::<Map<_, _>>()
        .into()
}

fn activities_of(rng: &mut ChaCha8Rng, persona: &Persona, now_ms: u64) -> Vec<Value> {
    if persona.bot {
        return vec![activities::bots(rng, now_ms)];
    }
    match persona.taste {
        Taste::Everything => vec![
            activities::custom(rng, now_ms),
            activities::game(rng, now_ms),
            activities::spotify(rng, persona.id, now_ms),
        ],
        Taste::Games if rng.random_bool(0.2) => {
            vec![activities::game(rng, now_ms), activities::game(rng, now_ms)]
        }
        Taste::Games => vec![activities::game(rng, now_ms)],
        Taste::Music => vec![activities::spotify(rng, persona.id, now_ms)],
        Taste::Streams => vec![activities::streaming(rng, now_ms)],
        Taste::Words => vec![activities::custom(rng, now_ms)],
        Taste::Others => vec![activities::other(rng, now_ms)],
        Taste::Nothing => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::super::snowflake::randomness;
    use super::*;

    fn object(text: &str) -> Map<String, Value> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_verbatim_presence_keeps_what_a_parser_would_refuse() {
        let presence = Presence::verbatim(
            7,
            object(r#"{"status":17,"activities":"none","new":{"a":1}}"#),
        );
        let json: Value = serde_json::from_str(&presence.json).unwrap();
        assert_eq!(json["status"], 17);
        assert_eq!(json["activities"], "none");
        assert_eq!(json["new"]["a"], 1);
        assert_eq!(json["user"]["id"], "7");
        assert_eq!(json["guild_id"], GUILD_ID.to_string());
    }

    #[test]
    fn a_verbatim_presence_keeps_its_own_user_and_guild() {
        let presence = Presence::verbatim(
            7,
            object(r#"{"user":{"id":"8","username":"x"},"guild_id":null}"#),
        );
        let json: Value = serde_json::from_str(&presence.json).unwrap();
        assert_eq!(json["user"], json!({"id": "8", "username": "x"}));
        assert_eq!(json["guild_id"], Value::Null);
    }

    #[test]
    fn offline_shows_nothing() {
        let mut rng = randomness(1, 1);
        let persona = Persona::of(1, 0);
        let presence = Presence::compose(&mut rng, &persona, Visibility::Offline, 1);
        let json: Value = serde_json::from_str(&presence.json).unwrap();
        assert_eq!(json["status"], "offline");
        assert_eq!(json["activities"], json!([]));
        assert_eq!(json["client_status"], json!({}));
    }
}
