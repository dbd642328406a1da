//! Users for tests: the contract's example, the barest one, and any.

use proptest::prelude::*;

use crate::domain::{
    Activity, ActivityAsset, ActivityId, ActivityKind, ActivityTraits, ApplicationId, Emoji,
    GuildId, Platforms, Presence, Profile, ServerTag, Status, Timestamp, UserFlags, UserId,
};

/// 2021-05-03T00:00:00Z, the moment of the contract's example.
pub const NOW: Timestamp = Timestamp::from_unix_ms(1_620_000_000_000);

/// The account of the contract's example.
pub fn profile() -> Profile {
    Profile {
        id: UserId::try_from(123_456_789_012_345_678).unwrap(),
        username: "example".to_owned(),
        discriminator: 0,
        global_name: Some("example".to_owned()),
        avatar: Some("abcdef1234567890".to_owned()),
        bot: false,
        flags: UserFlags::from_bits(1),
        server_tag: Some(ServerTag {
            guild_id: GuildId::try_from(987_654_321_098_765_432).unwrap(),
            name: "GGEZ".to_owned(),
            badge: Some("abcdef1234567890".to_owned()),
        }),
    }
}

/// An account with nothing that could be left out.
pub fn bare_profile() -> Profile {
    Profile {
        global_name: None,
        avatar: None,
        flags: UserFlags::default(),
        server_tag: None,
        ..profile()
    }
}

/// A game, a song and a custom status at once.
pub fn presence() -> Presence {
    let platforms = Platforms {
        desktop: Status::Online,
        ..Platforms::default()
    };
    Presence::new(
        Status::Online,
        platforms,
        vec![custom_status(), song(), game()],
    )
}

fn plain(kind: ActivityKind, name: &str) -> Activity {
    let traits = ActivityTraits {
        kind,
        name,
        application_id: None,
        session_id: None,
        sync_id: None,
        party_id: None,
    };
    Activity {
        id: ActivityId::of(&traits),
        kind,
        name: name.to_owned(),
        state: None,
        details: None,
        application_id: None,
        created_at: NOW,
        start: None,
        end: None,
        large_image: None,
        small_image: None,
        emoji: None,
        sync_id: None,
    }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn custom_status() -> Activity {
    Activity {
        state: text("lighting \"lanterns\" \u{1f3ee}"),
        emoji: Emoji::new(text("\u{1f3ee}"), None, false),
        ..plain(ActivityKind::Custom, "Custom Status")
    }
}

fn song() -> Activity {
    Activity {
        id: ActivityId::SPOTIFY,
        state: text("example"),
        details: text("example"),
        start: Some(Timestamp::from_unix_ms(NOW.unix_ms() - 61_000)),
        end: Some(Timestamp::from_unix_ms(NOW.unix_ms() + 123_000)),
        large_image: ActivityAsset::new(text("spotify:abcdef1234567890"), text("example")),
        sync_id: text("abcdef1234567890"),
        ..plain(ActivityKind::Listening, "Spotify")
    }
}

fn game() -> Activity {
    Activity {
        state: text("example"),
        details: text("example"),
        application_id: ApplicationId::try_from(123_456_789_012_345_678).ok(),
        start: Some(NOW),
        large_image: ActivityAsset::new(text("abcdef1234567890"), text("example")),
        small_image: ActivityAsset::new(text("mp:external/x/https/e.org/p.png"), None),
        ..plain(ActivityKind::Playing, "example")
    }
}

/// Any account of one user.
pub fn any_profile() -> impl Strategy<Value = Profile> {
    let tag = (1..=u64::MAX, ".{1,4}", prop::option::of("[0-9a-f]{32}")).prop_map(
        |(guild, name, badge)| ServerTag {
            guild_id: GuildId::try_from(guild).unwrap(),
            name,
            badge,
        },
    );
    (
        ".{0,32}",
        0..=9_999_u16,
        prop::option::of(".{0,32}"),
        prop::option::of("(a_)?[0-9a-f]{32}"),
        any::<bool>(),
        any::<u64>(),
        prop::option::of(tag),
    )
        .prop_map(
            |(username, discriminator, global_name, avatar, bot, flags, server_tag)| Profile {
                id: profile().id,
                username,
                discriminator,
                global_name,
                avatar,
                bot,
                flags: UserFlags::from_bits(flags),
                server_tag,
            },
        )
}

fn any_status() -> impl Strategy<Value = Status> {
    prop::sample::select(vec![
        Status::Offline,
        Status::Online,
        Status::Idle,
        Status::Dnd,
    ])
}

/// Any presence.
pub fn any_presence() -> impl Strategy<Value = Presence> {
    let activities = prop::collection::vec(any_activity(), 0..4);
    (
        any_status(),
        any_status(),
        any_status(),
        any_status(),
        activities,
    )
        .prop_map(|(status, desktop, mobile, web, activities)| {
            Presence::new(
                status,
                Platforms {
                    desktop,
                    mobile,
                    web,
                },
                activities,
            )
        })
}

fn any_activity() -> impl Strategy<Value = Activity> {
    let moment = || prop::option::of(any::<i64>().prop_map(Timestamp::from_unix_ms));
    let asset = || {
        let parts = (
            prop::option::of("((mp|spotify):)?[a-z0-9/]{1,20}"),
            prop::option::of(".*"),
        );
        parts.prop_map(|(hash, text)| ActivityAsset::new(hash, text))
    };
    let emoji = (
        prop::option::of(".{0,3}"),
        any::<Option<u64>>(),
        any::<bool>(),
    )
        .prop_map(|(name, id, animated)| Emoji::new(name, id, animated));
    let lines = (
        prop::option::of(".*"),
        prop::option::of(".*"),
        prop::option::of("[a-z]{4}"),
    );
    let kind = (-3..300_i64, ".{0,20}", any::<Option<u64>>());
    let rest = (moment(), moment(), asset(), asset(), emoji);
    (kind, lines, rest).prop_map(
        |((kind, name, application), (state, details, sync), rest)| {
            let (start, end, large_image, small_image, emoji) = rest;
            Activity {
                state,
                details,
                application_id: application.and_then(|id| ApplicationId::try_from(id).ok()),
                start,
                end,
                large_image,
                small_image,
                emoji,
                sync_id: sync,
                ..plain(ActivityKind::from_number(kind), &name)
            }
        },
    )
}
