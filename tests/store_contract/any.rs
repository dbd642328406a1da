//! Members, pairs and texts for the tests: plain ones, the largest, and any.

use lantern_actors::{
    domain::{
        Activity, ActivityAsset, ActivityId, ActivityKind, ActivityTraits, ApplicationId, Emoji,
        GuildId, Member, PairKey, PairValue, Platforms, Presence, Profile, ServerTag, Status,
        Timestamp, UserFlags, UserId, Version,
    },
    ports::store::{StoredMember, UserChange},
};
use proptest::prelude::*;

/// The greatest version: the largest whole number that every JavaScript client can hold.
pub const LAST_VERSION: u64 = (1 << 53) - 1;

/// A text that goes wrong wherever text is not kept as it is: a character of each length in UTF-8
/// and of each plane, ends of lines, NUL, quotes, combining marks, characters that are none.
pub const NASTY: &str = "\0a\u{7f}\u{80}ß\u{7ff}\u{800}語\u{d7ff}\u{e000}\u{fffd}\u{fffe}\u{ffff}\
    \u{10000}\u{1f3ee}\u{1ffff}\u{2fffd}\u{3134a}\u{e0001}\u{f0000}\u{10ffff}\r\n\t\"'\\`;--\u{1b}e\u{301}\
    \u{200f}\u{feff}\u{2028} ";

pub fn now() -> Timestamp {
    Timestamp::from_unix_ms(Timestamp::from(std::time::SystemTime::now()).unix_ms())
}

pub fn key(text: &str) -> PairKey {
    PairKey::try_from(text.to_owned()).unwrap()
}

pub fn value(text: &str) -> PairValue {
    PairValue::try_from(text.to_owned()).unwrap()
}

/// A change that sets one pair.
pub fn setting(name: &str, text: &str) -> UserChange {
    UserChange {
        pairs: [(key(name), Some(value(text)))].into(),
        ..UserChange::default()
    }
}

/// A member with nothing that can be left out.
pub fn bare(user: UserId, version: u64) -> Member {
    Member {
        version: Version::new(version),
        user_version: Version::new(0),
        monitoring_since: Timestamp::from_unix_ms(1_620_000_000_000),
        last_seen_at: None,
        profile: Profile {
            id: user,
            username: "example".to_owned(),
            discriminator: 0,
            global_name: None,
            avatar: None,
            bot: false,
            flags: UserFlags::default(),
            server_tag: None,
        },
        presence: Presence::default(),
    }
}

/// A member with everything that there can be, whose every text is this one.
pub fn full(user: UserId, version: u64, text: &str) -> Member {
    let some = || Some(text.to_owned());
    let activity = |kind, text: &str| Activity {
        state: some(),
        details: some(),
        application_id: ApplicationId::try_from(u64::MAX).ok(),
        created_at: Timestamp::from_unix_ms(i64::MAX),
        start: Some(Timestamp::from_unix_ms(0)),
        end: Some(Timestamp::from_unix_ms(i64::MAX)),
        large_image: ActivityAsset::new(some(), some()),
        small_image: ActivityAsset::new(None, some()),
        emoji: Some(Emoji {
            name: some(),
            id: Some(u64::MAX),
            animated: true,
        }),
        sync_id: some(),
        ..plain_activity(kind, text)
    };
    Member {
        version: Version::new(version),
        user_version: Version::new(version),
        monitoring_since: Timestamp::from_unix_ms(0),
        last_seen_at: Some(Timestamp::from_unix_ms(i64::MAX)),
        profile: Profile {
            id: user,
            username: text.to_owned(),
            discriminator: 9_999,
            global_name: some(),
            avatar: some(),
            bot: true,
            flags: UserFlags::from_bits(u64::MAX),
            server_tag: Some(ServerTag {
                guild_id: GuildId::try_from(u64::MAX).unwrap(),
                name: text.to_owned(),
                badge: some(),
            }),
        },
        presence: Presence::new(
            Status::Dnd,
            Platforms {
                desktop: Status::Online,
                mobile: Status::Idle,
                web: Status::Dnd,
            },
            vec![
                activity(ActivityKind::Custom, text),
                activity(ActivityKind::Unknown(i64::MIN), text),
            ],
        ),
    }
}

/// Somebody who left just now.
pub fn left(user: UserId, version: u64) -> StoredMember {
    StoredMember::Left {
        user,
        version: Version::new(version),
        left_at: now(),
    }
}

fn plain_activity(kind: ActivityKind, name: &str) -> Activity {
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
        created_at: Timestamp::from_unix_ms(1_620_000_000_000),
        start: None,
        end: None,
        large_image: None,
        small_image: None,
        emoji: None,
        sync_id: None,
    }
}

/// Any text of up to so many characters.
pub fn any_text(most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..=most).prop_map(String::from_iter)
}

pub fn any_key() -> impl Strategy<Value = PairKey> {
    "[0-9A-Za-z]{1,255}".prop_map(|text| key(&text))
}

pub fn any_value() -> impl Strategy<Value = PairValue> {
    any_text(60).prop_map(|text| value(&text))
}

fn any_moment() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_unix_ms)
}

fn any_status() -> impl Strategy<Value = Status> {
    use Status::{Dnd, Idle, Offline, Online};
    prop::sample::select(vec![Offline, Online, Idle, Dnd])
}

/// Any member, about this user.
pub fn any_member(user: UserId) -> impl Strategy<Value = Member> {
    let times = (any_moment(), prop::option::of(any_moment()));
    (1..=LAST_VERSION, times, any_profile(user), any_presence()).prop_map(
        |(version, (monitoring_since, last_seen_at), profile, presence)| Member {
            version: Version::new(version),
            user_version: Version::new(version / 2),
            monitoring_since,
            last_seen_at,
            profile,
            presence,
        },
    )
}

fn any_profile(user: UserId) -> impl Strategy<Value = Profile> {
    let tag = (1..=u64::MAX, any_text(4), prop::option::of(any_text(32)));
    let tag = tag.prop_map(|(guild, name, badge)| ServerTag {
        guild_id: GuildId::try_from(guild).unwrap(),
        name,
        badge,
    });
    let names = (any_text(32), prop::option::of(any_text(32)));
    let rest = (prop::option::of("[0-9a-f]{32}"), any::<(bool, u64)>());
    (names, 0..=9_999_u16, rest, prop::option::of(tag)).prop_map(
        move |((username, global_name), discriminator, (avatar, (bot, flags)), server_tag)| {
            Profile {
                id: user,
                username,
                discriminator,
                global_name,
                avatar,
                bot,
                flags: UserFlags::from_bits(flags),
                server_tag,
            }
        },
    )
}

fn any_presence() -> impl Strategy<Value = Presence> {
    let statuses = (any_status(), any_status(), any_status(), any_status());
    let activities = prop::collection::vec(any_activity(), 0..4);
    (statuses, activities).prop_map(|((status, desktop, mobile, web), activities)| {
        let platforms = Platforms {
            desktop,
            mobile,
            web,
        };
        Presence::new(status, platforms, activities)
    })
}

fn any_activity() -> impl Strategy<Value = Activity> {
    let text = || prop::option::of(any_text(20));
    let moment = || prop::option::of(any_moment());
    let asset = || (text(), text()).prop_map(|(hash, text)| ActivityAsset::new(hash, text));
    let emoji = (prop::option::of(any_text(3)), any::<(Option<u64>, bool)>());
    let emoji = emoji.prop_map(|(name, (id, animated))| Emoji::new(name, id, animated));
    let kind = (any::<i64>(), any_text(20), any::<Option<u64>>());
    let times = (any_moment(), moment(), moment());
    let pictures = (asset(), asset(), emoji);
    (kind, (text(), text(), text()), times, pictures).prop_map(|(kind, texts, times, pictures)| {
        let (kind, name, application) = kind;
        let (state, details, sync_id) = texts;
        let (created_at, start, end) = times;
        let (large_image, small_image, emoji) = pictures;
        Activity {
            state,
            details,
            application_id: application.and_then(|id| ApplicationId::try_from(id).ok()),
            created_at,
            start,
            end,
            large_image,
            small_image,
            emoji,
            sync_id,
            ..plain_activity(ActivityKind::from_number(kind), &name)
        }
    })
}
