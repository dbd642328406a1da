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
                    profile: profile(user).map(Box::new),
                    presence: self.presence(data),
                }
            }
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
    let number_of_kind = number(told, "type").unwrap_or_default();
    let kind = ActivityKind::from_number(u8::try_from(number_of_kind).unwrap_or(u8::MAX));
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
    Some(Emoji {
        name: text(told, "name")?,
        id: id::<NonZeroU64>(told, "id").map(NonZeroU64::get),
        animated: flag(told, "animated"),
    })
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
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use serenity::model::event::Event;

    use super::*;
    use crate::discord::convert;

    fn user() -> Value {
        json!({
            "id": "123456789012345678", "username": "example", "discriminator": "0042",
            "global_name": "Example", "avatar": "a_0123456789abcdef0123456789abcdef", "bot": true,
            "public_flags": 4_194_817,
            "primary_guild": {
                "identity_guild_id": "987654321098765432", "identity_enabled": true, "tag": "GGEZ",
                "badge": "0123456789abcdef0123456789abcdef"
            }
        })
    }

    fn game() -> Value {
        json!({
            "id": "ec0b28a579ecb4bd", "name": "osu!", "type": 0, "state": "In a lobby",
            "details": "Playing", "application_id": "367827983903490050", "session_id": "abc",
            "created_at": 1_620_000_000_123_u64, "timestamps": {"start": 1, "end": 2},
            "assets": {"large_image": "1", "large_text": "a", "small_image": "mp:external/x"},
            "party": {"id": "p", "size": [1, 5]}, "buttons": ["Join"], "flags": 1
        })
    }

    fn song() -> Value {
        json!({
            "name": "Spotify", "type": 2, "sync_id": "4uLU6", "party": {"id": "spotify:1"},
            "created_at": 5, "assets": {"large_image": "spotify:ab", "large_text": "Album"}
        })
    }

    fn custom_status() -> Value {
        json!({
            "name": "Custom Status", "type": 4, "state": "hi", "created_at": 6,
            "emoji": {"name": "lantern", "id": "81384788765712384", "animated": true}
        })
    }

    fn presence() -> Value {
        json!({
            "guild_id": "1", "user": user(), "status": "dnd",
            "client_status": {"desktop": "dnd", "mobile": "idle"},
            "activities": [custom_status(), song(), game()]
        })
    }

    fn member() -> Value {
        json!({"user": user(), "roles": [], "flags": 0, "joined_at": "2021-05-03T00:00:00Z",
            "deaf": false, "mute": false})
    }

    fn read_by_serenity(kind: EventKind, data: &Value) -> Dispatch {
        let event = json!({"t": kind.as_str(), "d": data});
        let event: Event = serde_json::from_value(event).unwrap();
        assert!(
            !matches!(event, Event::Unknown(_)),
            "serenity cannot read {data}"
        );
        convert::dispatch(event)
    }

    fn salvaged(kind: EventKind, data: &Value) -> (Dispatch, u64) {
        let mut salvage = Salvage::default();
        (salvage.dispatch(kind, data).unwrap(), salvage.lost)
    }

    #[test]
    fn what_serenity_reads_is_salvaged_alike() {
        let mut member_in_guild = member();
        member_in_guild["guild_id"] = json!("1");
        let mut other_presence = presence();
        other_presence["user"] = json!({"id": "5"});
        let chunk = json!({
            "guild_id": "1", "members": [member()], "chunk_index": 2, "chunk_count": 3,
            "nonce": "n", "presences": [presence()], "not_found": ["7"]
        });
        for (kind, data) in [
            (EventKind::PresenceUpdate, presence()),
            (EventKind::PresenceUpdate, other_presence),
            (EventKind::MemberAdd, member_in_guild.clone()),
            (EventKind::MemberUpdate, member_in_guild),
            (
                EventKind::MemberRemove,
                json!({"guild_id": "1", "user": user()}),
            ),
            (EventKind::MembersChunk, chunk),
            (
                EventKind::GuildDelete,
                json!({"id": "1", "unavailable": true}),
            ),
        ] {
            assert_eq!(
                salvaged(kind, &data),
                (read_by_serenity(kind, &data), 0),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn one_odd_activity_costs_itself_alone() {
        let mut odd = game();
        odd["name"] = json!({"not": "a name"});
        let mut data = presence();
        data["activities"] = json!([song(), odd, 17, game()]);
        let (Dispatch::Presence { presence, .. }, lost) =
            salvaged(EventKind::PresenceUpdate, &data)
        else {
            panic!("not a presence");
        };
        let names: Vec<&str> = presence
            .activities
            .iter()
            .map(|activity| activity.name.as_str())
            .collect();
        assert_eq!((names, lost), (vec!["Spotify", "osu!"], 2));
    }

    #[test]
    fn one_odd_field_costs_that_field_alone() {
        let mut data = presence();
        data["client_status"] = json!("desktop");
        data["activities"] = json!([{
            "name": "osu!", "type": "zero", "state": 5, "details": "kept", "created_at": "soon",
            "timestamps": {"start": 1.5e3, "end": []}, "assets": 3, "emoji": {}, "party": null
        }]);
        data["user"]["avatar"] = json!("no hash");
        data["user"]["public_flags"] = json!(1_u64 << 50);
        let (
            Dispatch::Presence {
                presence, profile, ..
            },
            0,
        ) = salvaged(EventKind::PresenceUpdate, &data)
        else {
            panic!("not a presence");
        };
        assert_eq!(presence.status, Status::Dnd);
        let activity = presence.activities.first().unwrap();
        assert_eq!(activity.details.as_deref(), Some("kept"));
        assert_eq!(activity.start.map(Timestamp::unix_ms), Some(1_500));
        let profile = profile.unwrap();
        assert_eq!(profile.avatar.as_deref(), Some("no hash"));
        assert_eq!(profile.flags.bits(), 1 << 50);
    }

    #[test]
    fn one_odd_member_costs_itself_alone() {
        let chunk = json!({
            "guild_id": "1", "chunk_index": 0, "chunk_count": 1, "nonce": "n",
            "members": [{"user": {"id": "none"}}, member(), null],
            "presences": [{"status": "idle"}, presence()]
        });
        let (Dispatch::Members { chunk, .. }, lost) = salvaged(EventKind::MembersChunk, &chunk)
        else {
            panic!("not a chunk");
        };
        assert_eq!((chunk.members.len(), lost), (1, 3));
        assert_eq!(chunk.presences.unwrap().len(), 1);
    }

    #[test]
    fn what_has_no_id_cannot_be_used() {
        for data in [
            json!(null),
            json!([]),
            json!({"guild_id": "1"}),
            json!({"user": user()}),
        ] {
            let mut salvage = Salvage::default();
            assert_eq!(
                salvage.dispatch(EventKind::PresenceUpdate, &data),
                None,
                "{data}"
            );
        }
    }

    /// Any JSON, with the names that events have.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[0-9]{0,22}".prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        let names = prop::sample::select(vec![
            "user",
            "id",
            "guild_id",
            "username",
            "discriminator",
            "members",
            "presences",
            "activities",
            "name",
            "type",
            "timestamps",
            "start",
            "assets",
            "emoji",
            "party",
            "chunk_index",
            "chunk_count",
            "client_status",
            "primary_guild",
            "guilds",
        ]);
        leaf.prop_recursive(5, 64, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((names.clone(), inner), 0..8).prop_map(|fields| {
                    let fields = fields
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value));
                    Value::Object(fields.collect())
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn anything_is_salvaged_or_given_up(data in any_json()) {
            for kind in EventKind::ALL {
                let _ = Salvage::default().dispatch(kind, &data);
            }
        }
    }
}
