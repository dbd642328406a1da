//! What is read of events that serenity cannot read.

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
    let (Dispatch::Presence { presence, .. }, lost) = salvaged(EventKind::PresenceUpdate, &data)
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
    let (Dispatch::Members { chunk, .. }, lost) = salvaged(EventKind::MembersChunk, &chunk) else {
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

#[test]
fn a_part_of_a_user_in_a_presence_is_no_profile() {
    let mut data = presence();
    data["user"] = user();
    for (name, whole) in [("avatar", true), ("public_flags", false)] {
        data["user"].as_object_mut().unwrap().remove(name);
        let (dispatch, _) = salvaged(EventKind::PresenceUpdate, &data);
        let Dispatch::Presence { profile, .. } = dispatch else {
            panic!("{dispatch:?}")
        };
        assert_eq!(profile.is_some(), whole, "without {name}");
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
