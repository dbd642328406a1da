//! What is read of events, whole, odd, broken, and of anything at all.

use lantern_actors::domain::{Status, Timestamp, UserFlags};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::discord::interaction::{CommandUse, InteractionKind};

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

/// What is read, how many fields were odd, how many parts lost.
fn read(kind: EventKind, data: &Value) -> (Option<Event>, u64, u64) {
    let fields = Fields::default();
    let event = event(&fields, kind, data);
    (event, fields.odd(), fields.lost())
}

fn read_presence(data: &Value) -> (ProfileUpdate, Presence, u64) {
    match read(EventKind::PresenceUpdate, data) {
        (
            Some(Event::Presence {
                update, presence, ..
            }),
            _,
            lost,
        ) => (*update, presence, lost),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_whole_presence_is_read_whole() {
    let (event, odd, lost) = read(EventKind::PresenceUpdate, &presence());
    assert_eq!((odd, lost), (0, 0));
    insta::assert_debug_snapshot!(event);
}

#[test]
fn what_a_user_leaves_out_is_told_apart_from_null() {
    let data = json!({"user": {
        "id": "5", "username": "renamed", "avatar": null, "primary_guild": null,
        "public_flags": 64
    }});
    let (update, ..) = read_presence(&data);
    let expected = ProfileUpdate {
        username: Some("renamed".to_owned()),
        avatar: Some(None),
        flags: Some(UserFlags::from_bits(64)),
        server_tag: Some(None),
        ..ProfileUpdate::empty(UserId::try_from(5).unwrap())
    };
    assert_eq!(update, expected);
}

#[test]
fn flags_are_the_bits_that_discord_sends_whatever_else_is_odd() {
    for (sent, bits) in [
        (json!(8_388_672), 8_388_672),
        (json!(8_388_672.0), 8_388_672),
        (json!("8388672"), 8_388_672),
        (json!(1_u64 << 44), 1 << 44),
        (json!(u64::MAX), u64::MAX),
        (json!(0), 0),
    ] {
        for avatar in [json!("a_0123456789abcdef0123456789abcdef"), json!(7)] {
            let data = json!({"user": {"id": "5", "public_flags": sent, "avatar": avatar}});
            let flags = read_presence(&data).0.flags;
            assert_eq!(flags.map(UserFlags::bits), Some(bits), "{data}");
        }
    }
    for odd in [
        json!(-1),
        json!(1.5),
        json!("many"),
        json!(1e300),
        json!([]),
    ] {
        let data = json!({"user": {"id": "5", "public_flags": odd}});
        assert_eq!(read_presence(&data).0.flags, None, "{data}");
    }
}

#[test]
fn one_odd_activity_costs_its_odd_fields_alone() {
    let mut odd = game();
    odd["name"] = json!({"not": "a name"});
    let mut data = presence();
    data["activities"] = json!([song(), odd, 17, {"type": {}, "name": []}, game()]);
    let (_, presence, lost) = read_presence(&data);
    let names = presence
        .activities
        .iter()
        .map(|activity| (activity.name.as_str(), activity.details.as_deref()));
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            ("Spotify", None),
            ("", Some("Playing")),
            ("osu!", Some("Playing"))
        ]
    );
    assert_eq!(lost, 2);
}

#[test]
fn a_status_that_cannot_be_read_is_that_of_the_devices() {
    let mut data = presence();
    data["status"] = json!(3);
    assert_eq!(read_presence(&data).1.status, Status::Idle);
    data["client_status"] = json!(null);
    assert_eq!(read_presence(&data).1.status, Status::Offline);
}

#[test]
fn times_are_read_however_they_are_written() {
    let mut data = presence();
    data["activities"] = json!([{"name": "osu!", "timestamps": {"start": 1.5e3, "end": "7"}}]);
    let (_, presence, _) = read_presence(&data);
    let activity = presence.activities.first().unwrap();
    let times = [activity.start, activity.end].map(|time| time.map(Timestamp::unix_ms));
    assert_eq!(times, [Some(1_500), Some(7)]);
}

#[test]
fn one_odd_member_costs_itself_alone() {
    let chunk = json!({
        "guild_id": "1", "chunk_index": 0, "chunk_count": 1, "nonce": "n",
        "members": [{"user": {"id": "none"}}, member(), null],
        "presences": [{"status": "idle"}, presence()]
    });
    let (Some(Event::Members { chunk, .. }), _, lost) = read(EventKind::MembersChunk, &chunk)
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
        json!({"user": {}}),
    ] {
        assert_eq!(read(EventKind::PresenceUpdate, &data).0, None, "{data}");
    }
}

fn interaction() -> Value {
    json!({
        "id": "9", "application_id": "8", "type": 2, "token": "secret", "guild_id": "1",
        "member": {"user": user(), "permissions": "2248473465835073", "flags": 0},
        "entitlements": [], "attachment_size_limit": 5_000_000,
        "data": {"id": "3", "name": "storage", "type": 1, "options": [
            {"name": "create", "type": 2, "options": [
                {"name": "data", "type": 1, "options": [
                    {"name": "key", "type": 3, "value": "city"},
                    {"name": "value", "type": 3, "value": "Oslo"}
                ]}
            ]}
        ]}
    })
}

fn read_interaction(data: &Value) -> crate::discord::interaction::Interaction {
    match read(EventKind::Interaction, data).0 {
        Some(Event::Interaction(interaction)) => *interaction,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_command_is_read_with_its_options() {
    let read = read_interaction(&interaction());
    let used = CommandUse {
        name: "storage".to_owned(),
        subcommand: "create data".to_owned(),
        texts: [("key", "city"), ("value", "Oslo")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        typed: None,
    };
    assert_eq!(read.kind, InteractionKind::Command(used));
    assert_eq!((read.id, read.token.as_str()), (9, "secret"));
    assert_eq!(read.largest_file, 5_000_000);
}

#[test]
fn a_member_that_a_strict_model_refuses_is_answered() {
    let mut odd = interaction();
    odd["member"]["user"]["public_flags"] = json!(17_592_186_044_416_u64);
    odd["member"]["user"]["avatar"] = json!("not a hash");
    odd["member"]["permissions"] = json!("36893488147419103232");
    for name in ["entitlements", "attachment_size_limit", "type"] {
        odd.as_object_mut().unwrap().remove(name);
    }
    let (read, whole) = (read_interaction(&odd), read_interaction(&interaction()));
    assert_eq!(read.kind, whole.kind);
    assert_eq!((read.user, read.largest_file), (whole.user, 10 << 20));
}

/// Every place in a value, with what stands there.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                places(inner, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                places(inner, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn places_of(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    places(value, "", &mut found);
    found.retain(|place| !place.is_empty());
    found
}

/// The texts of what was read, as `{:#?}` shows them: a line is a field.
fn lines(event: &Option<Event>) -> Vec<String> {
    let shown = format!("{event:#?}");
    shown.lines().map(|line| line.trim().to_owned()).collect()
}

/// How many of what was read must be read still when one place is broken: everything, but for the
/// lines of the field itself, what is computed from it, and what it holds.
fn survives(kind: EventKind, whole: &Value, place: &str, damage: &Value) {
    let mut broken = whole.clone();
    *broken.pointer_mut(place).unwrap() = damage.clone();
    let inside = places_of(whole.pointer(place).unwrap()).len();
    let (before, after) = (read(kind, whole).0, read(kind, &broken).0);
    let (before, after) = (lines(&before), lines(&after));
    let missing = before.iter().filter(|line| !after.contains(line)).count();
    // An activity's id is computed from its name, kind and others; a tag is shown as a whole.
    let allowed = 6 + 4 * inside;
    assert!(
        missing <= allowed,
        "{place} as {damage}: {missing} of {} lines are gone",
        before.len()
    );
}

/// Places without which an event says nothing that could be used.
const ESSENTIAL: [&str; 4] = ["/user", "/user/id", "/id", "/token"];

fn damages() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(2.5),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("\u{fffd}"),
        json!("99999999999999999999999"),
        json!([]),
        json!([[]]),
        json!({}),
        json!({"id": {}}),
    ])
}

proptest! {
    #[test]
    fn one_broken_field_of_a_presence_costs_that_field_alone(
        at in any::<prop::sample::Index>(), damage in damages()
    ) {
        let whole = presence();
        let places = places_of(&whole);
        let place = at.get(&places);
        prop_assume!(!ESSENTIAL.contains(&place.as_str()));
        survives(EventKind::PresenceUpdate, &whole, place, &damage);
    }

    #[test]
    fn one_broken_field_of_an_interaction_leaves_it_answerable(
        at in any::<prop::sample::Index>(), damage in damages()
    ) {
        let whole = interaction();
        let places = places_of(&whole);
        let place = at.get(&places);
        prop_assume!(!ESSENTIAL.contains(&place.as_str()));
        let mut broken = whole.clone();
        *broken.pointer_mut(place).unwrap() = damage;
        let read = read_interaction(&broken);
        prop_assert_eq!((read.id, read.token.as_str()), (9, "secret"));
    }

    #[test]
    fn anything_is_read_or_given_up(data in any_json()) {
        for kind in EventKind::ALL {
            read(kind, &data);
        }
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
