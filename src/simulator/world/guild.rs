//! The guild's own objects: roles, channels, and the guild as REST and GUILD_CREATE show it.

use serde_json::{Map, Value, json};

use super::{BOT_ID, GUILD_ID, MODERATOR_ROLE};

/// What the guild is called.
pub const GUILD_NAME: &str = "Lantern Harbor";
/// The text channel that interactions come from unless told otherwise.
pub const GENERAL_CHANNEL: u64 = GUILD_ID + 2;
/// Everything but what only administrators may do.
pub const PERMISSIONS: &str = "2248473465835073";
const CREATED_AT: &str = "2023-04-07T21:21:07.000000+00:00";

/// The roles; the one with the guild's id is everyone's.
pub fn roles() -> Value {
    let role = |id: u64, name: &str, position: u32, permissions: &str| {
        json!({
            "id": id.to_string(), "name": name, "description": null, "color": 0, "colors":
            {"primary_color": 0, "secondary_color": null, "tertiary_color": null}, "hoist": false, "icon": null,
            "unicode_emoji": null, "position": position, "permissions": permissions, "managed": false,
            "mentionable": false, "flags": 0,
        })
    };
    json!([
        role(GUILD_ID, "@everyone", 0, PERMISSIONS),
        role(MODERATOR_ROLE, "Keepers 🔦", 1, "8")
    ])
}

/// The channels: a category, two for text and one for voice.
pub fn channels() -> Value {
    let category = GUILD_ID + 1;
    let text = |id: u64, name: &str, position: u32| {
        json!({
            "id": id.to_string(), "guild_id": GUILD_ID.to_string(), "type": 0, "name": name, "position": position,
            "parent_id": category.to_string(), "topic": null, "nsfw": false, "last_message_id": null,
            "rate_limit_per_user": 0, "permission_overwrites": [], "flags": 0,
        })
    };
    json!([
        {"id": category.to_string(), "guild_id": GUILD_ID.to_string(), "type": 4, "name": "Harbor", "position": 0,
         "permission_overwrites": [], "nsfw": false, "flags": 0},
        text(GENERAL_CHANNEL, "general", 0),
        text(GUILD_ID + 3, "lichter-und-灯", 1),
        {"id": (GUILD_ID + 4).to_string(), "guild_id": GUILD_ID.to_string(), "type": 2, "name": "Pier", "position": 0,
         "parent_id": category.to_string(), "bitrate": 64000, "user_limit": 0, "rtc_region": null, "nsfw": false,
         "rate_limit_per_user": 0, "permission_overwrites": [], "last_message_id": null, "flags": 0},
    ])
}

/// One channel, if the guild has it.
pub fn channel(id: u64) -> Option<Value> {
    let id = id.to_string();
    channels()
        .as_array()?
        .iter()
        .find(|channel| channel.get("id").is_some_and(|it| *it == id))
        .cloned()
}

/// The guild without members, as REST answers.
pub fn guild(owner: u64) -> Map<String, Value> {
    let identity = json!({
        "id": GUILD_ID.to_string(), "name": GUILD_NAME, "icon": null, "icon_hash": null, "splash": null,
        "discovery_splash": null, "home_header": null, "banner": null, "description": "A guild that is simulated",
        "owner_id": owner.to_string(), "region": "deprecated", "roles": roles(), "emojis": [], "stickers": [],
        "features": ["COMMUNITY"], "application_id": null, "vanity_url_code": null, "preferred_locale": "en-US",
    });
    let settings = json!({
        "afk_channel_id": null, "afk_timeout": 300, "widget_enabled": false, "widget_channel_id": null,
        "verification_level": 1, "default_message_notifications": 1, "explicit_content_filter": 0, "mfa_level": 0,
        "system_channel_id": GENERAL_CHANNEL.to_string(), "system_channel_flags": 0, "rules_channel_id": null,
        "public_updates_channel_id": null, "safety_alerts_channel_id": null, "nsfw": false, "nsfw_level": 0,
    });
    let limits = json!({
        "max_presences": null, "max_members": 500_000, "premium_tier": 0, "premium_subscription_count": 0,
        "premium_progress_bar_enabled": false, "max_video_channel_users": 25, "max_stage_video_channel_users": 50,
        "incidents_data": null, "latest_onboarding_question_id": null,
    });
    [identity, settings, limits]
        .into_iter()
        .filter_map(|part| part.as_object().cloned())
        .flatten()
        .collect()
}

/// The `d` of GUILD_CREATE; members and presences are JSON objects, ready to send.
pub fn guild_create(
    owner: u64,
    member_count: usize,
    large: bool,
    members: &[String],
    presences: &[&str],
) -> String {
    let mut guild = guild(owner);
    let mut set = |key: &str, value: Value| guild.insert(key.to_owned(), value);
    set("joined_at", json!(CREATED_AT));
    set("large", json!(large));
    set("unavailable", json!(false));
    set("member_count", json!(member_count));
    set("channels", channels());
    for empty in [
        "voice_states",
        "threads",
        "stage_instances",
        "guild_scheduled_events",
        "soundboard_sounds",
    ] {
        set(empty, json!([]));
    }
    let rest = Value::Object(guild).to_string();
    let rest = rest.strip_prefix('{').unwrap_or(&rest);
    format!(
        r#"{{"members":[{}],"presences":[{}],{rest}"#,
        members.join(","),
        presences.join(",")
    )
}

/// The bot's own user object.
pub fn bot_user() -> Map<String, Value> {
    let user = json!({
        "id": BOT_ID.to_string(), "username": "Lantern", "discriminator": "0001", "global_name": null,
        "avatar": null, "avatar_decoration_data": null, "banner": null, "accent_color": null, "bot": true,
        "public_flags": 0, "primary_guild": null,
    });
    match user {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The bot's user object with what only the bot sees.
pub fn current_user() -> Map<String, Value> {
    let mut user = bot_user();
    for (key, value) in [
        ("verified", json!(true)),
        ("mfa_enabled", json!(true)),
        ("email", Value::Null),
        ("flags", json!(0)),
    ] {
        user.insert(key.to_owned(), value);
    }
    user
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guild_create_is_one_object() {
        let text = guild_create(5, 1, false, &[r#"{"a":1}"#.to_owned()], &[r#"{"b":2}"#]);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["members"], json!([{"a": 1}]));
        assert_eq!(value["presences"], json!([{"b": 2}]));
        assert_eq!(value["unavailable"], false);
        assert_eq!(value["roles"][0]["id"], value["id"]);
    }
}
