//! Reads events that serenity could not: field by field, so that one odd field costs that field and
//! not the user.
//!
//! What has no id, or a whole user no name, cannot be used and is counted as lost.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::str::FromStr;

use lantern_actors::domain::{
    Activity, ActivityAsset, ActivityId, ActivityKind, ActivityTraits, Emoji, GuildId, Platforms,
    Presence, Profile, ServerTag, Status, Timestamp, UserFlags, UserId,
};
use serde_json::Value;

use super::dispatch::{Chunk, Dispatch};
use super::stats::EventKind;

/// What could be read of an event, and how many parts of it could not be used.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Salvage {
    /// Parts that were lost: activities without a name, members without an id.
    pub(super) lost: u64,
}

impl Salvage {
    /// What this event says, if its essentials can be read.
    pub(super) fn dispatch(&mut self, kind: EventKind, data: &Value) -> Option<Dispatch> {
        let guild = || id(data, "guild_id");
        Some(match kind {
            EventKind::Ready => Dispatch::Ready {
                guilds: list(data, "guilds")
                    .iter()
                    .filter_map(|guild| id(guild, "id"))
                    .collect(),
            },
            EventKind::Resumed => Dispatch::Resumed,
            EventKind::GuildCreate => self.guild(data)?,
            EventKind::GuildDelete => Dispatch::GuildGone {
                guild: id(data, "id")?,
                unavailable: flag(data, "unavailable"),
            },
            EventKind::MemberAdd => Dispatch::MemberAdded {
                guild: guild()?,
                profile: profile(data.get("user")?)?,
            },
            EventKind::MemberUpdate => Dispatch::MemberChanged {
                guild: guild()?,
                profile: profile(data.get("user")?)?,
            },
            EventKind::MemberRemove => Dispatch::MemberLeft {
                guild: guild()?,
                user: id(data.get("user")?, "id")?,
            },
            EventKind::MembersChunk => Dispatch::Members {
                guild: guild()?,
                chunk: self.chunk(data)?,
            },
            EventKind::PresenceUpdate => {
                let user = data.get("user")?;
                Dispatch::Presence {
                    guild: guild()?,
                    user: id(user, "id")?,
                    profile: whole_user(user).map(Box::new),
                    presence: self.presence(data),
                }
            }
            // What was asked and by whom is lost; nobody can be answered.
            EventKind::Interaction => return None,
            EventKind::Other => Dispatch::Other,
        })
    }

    fn guild(&mut self, data: &Value) -> Option<Dispatch> {
        let guild: GuildId = id(data, "id")?;
        if flag(data, "unavailable") {
            return Some(Dispatch::GuildGone {
                guild,
                unavailable: true,
            });
        }
        Some(Dispatch::Guild {
            guild,
            members: self.members(data),
            presences: self.presences(list(data, "presences")),
        })
    }

    fn chunk(&mut self, data: &Value) -> Option<Chunk> {
        let part = |name| number(data, name).and_then(|number| u32::try_from(number).ok());
        let presences = data.get("presences").and_then(Value::as_array);
        Some(Chunk {
            nonce: text(data, "nonce").unwrap_or_default(),
            index: part("chunk_index")?,
            count: part("chunk_count")?,
            members: self.members(data),
            presences: presences.map(|presences| self.presences(presences)),
            not_found: list(data, "not_found").iter().filter_map(as_id).collect(),
        })
    }

    fn members(&mut self, data: &Value) -> Vec<Profile> {
        let members = list(data, "members");
        let read = members
            .iter()
            .filter_map(|member| profile(member.get("user")?));
        let profiles: Vec<Profile> = read.collect();
        self.count_lost(members.len() - profiles.len());
        profiles
    }

    fn presences(&mut self, presences: &[Value]) -> HashMap<UserId, Presence> {
        let mut read = HashMap::with_capacity(presences.len());
        for presence in presences {
            match presence.get("user").and_then(|user| id(user, "id")) {
                Some(user) => {
                    read.insert(user, self.presence(presence));
                }
                None => self.count_lost(1),
            }
        }
        read
    }

    fn presence(&mut self, data: &Value) -> Presence {
        let status = |data: Option<&Value>, name| {
            let told = data.and_then(|data| data.get(name)).and_then(Value::as_str);
            told.map_or(Status::Offline, Status::from_name)
        };
        let on = data.get("client_status");
        let platforms = Platforms {
            desktop: status(on, "desktop"),
            mobile: status(on, "mobile"),
            web: status(on, "web"),
        };
        let activities = list(data, "activities");
        let read: Vec<Activity> = activities.iter().filter_map(activity).collect();
        self.count_lost(activities.len() - read.len());
        Presence::new(status(Some(data), "status"), platforms, read)
    }

    fn count_lost(&mut self, parts: usize) {
        self.lost += parts as u64;
    }
}

/// A presence update's user, if it is told as a whole: `convert` has the same rule.
fn whole_user(user: &Value) -> Option<Profile> {
    let _flags = number(user, "public_flags").or_else(|| number(user, "flags"))?;
    profile(user)
}

/// A whole user; `None` if it has no id or no name.
fn profile(user: &Value) -> Option<Profile> {
    Some(Profile {
        id: id(user, "id")?,
        username: text(user, "username")?,
        discriminator: number(user, "discriminator")
            .and_then(|number| u16::try_from(number).ok())
            .unwrap_or_default(),
        global_name: text(user, "global_name"),
        avatar: text(user, "avatar"),
        bot: flag(user, "bot"),
        flags: number(user, "public_flags")
            .or_else(|| number(user, "flags"))
            .map_or_else(UserFlags::default, |bits| {
                UserFlags::from_bits(bits.unsigned_abs())
            }),
        server_tag: user.get("primary_guild").and_then(server_tag),
    })
}

fn server_tag(primary: &Value) -> Option<ServerTag> {
    ServerTag::shown(
        id(primary, "identity_guild_id"),
        primary.get("identity_enabled").and_then(Value::as_bool),
        text(primary, "tag"),
        text(primary, "badge"),
    )
}

/// An activity needs a name; a custom status has its own if Discord leaves it out.
fn activity(told: &Value) -> Option<Activity> {
    let kind = ActivityKind::from_number(number(told, "type").unwrap_or_default());
    let own_name = || (kind == ActivityKind::Custom).then(|| "Custom Status".to_owned());
    let name = text(told, "name").or_else(own_name)?;
    let application_id = id(told, "application_id");
    let (session_id, sync_id) = (text(told, "session_id"), text(told, "sync_id"));
    let party_id = told.get("party").and_then(|party| text(party, "id"));
    let traits = ActivityTraits {
        kind,
        name: &name,
        application_id,
        session_id: session_id.as_deref(),
        sync_id: sync_id.as_deref(),
        party_id: party_id.as_deref(),
    };
    let assets = told.get("assets");
    let asset = |image, caption| {
        ActivityAsset::new(
            assets.and_then(|assets| text(assets, image)),
            assets.and_then(|assets| text(assets, caption)),
        )
    };
    let time = |name| told.get("timestamps").and_then(|times| moment(times, name));
    Some(Activity {
        id: ActivityId::of(&traits),
        kind,
        state: text(told, "state"),
        details: text(told, "details"),
        application_id,
        created_at: moment(told, "created_at").unwrap_or_default(),
        start: time("start"),
        end: time("end"),
        large_image: asset("large_image", "large_text"),
        small_image: asset("small_image", "small_text"),
        emoji: told.get("emoji").and_then(emoji),
        sync_id,
        name,
    })
}

fn emoji(told: &Value) -> Option<Emoji> {
    Emoji::new(
        text(told, "name"),
        id::<NonZeroU64>(told, "id").map(NonZeroU64::get),
        flag(told, "animated"),
    )
}

fn text(of: &Value, name: &str) -> Option<String> {
    of.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn flag(of: &Value, name: &str) -> bool {
    of.get(name).and_then(Value::as_bool).unwrap_or_default()
}

fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of.get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn moment(of: &Value, name: &str) -> Option<Timestamp> {
    number(of, name).map(Timestamp::from_unix_ms)
}

/// A whole number, also one that comes as text or with a fraction.
fn number(of: &Value, name: &str) -> Option<i64> {
    match of.get(name)? {
        Value::Number(number) => {
            // A cast from a float saturates, and what is not a number becomes 0.
            number
                .as_i64()
                .or_else(|| number.as_f64().map(|number| number as i64))
        }
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn id<Id: From<NonZeroU64>>(of: &Value, name: &str) -> Option<Id> {
    as_id(of.get(name)?)
}

fn as_id<Id: From<NonZeroU64>>(value: &Value) -> Option<Id> {
    let number = match value {
        Value::String(text) => UserId::from_str(text).ok()?.get(),
        Value::Number(number) => number.as_u64()?,
        _ => return None,
    };
    NonZeroU64::new(number).map(Id::from)
}

#[cfg(test)]
mod tests;
