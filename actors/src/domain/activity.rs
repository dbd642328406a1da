//! One thing that a user is doing: a game, a song, a stream, a custom status.
//!
//! Kept is what Lantern publishes or derives something from. Discord sends more (party sizes,
//! buttons, flags), which changes often and is not in the contract: keeping it would make presences
//! differ that look the same.

use std::fmt;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use serde::{Deserialize as DeriveDeserialize, Serialize as DeriveSerialize};

use super::id::ApplicationId;
use super::image_url::ImageUrl;
use super::time::Timestamp;

/// An activity, as [`Presence`](super::Presence) holds it.
#[derive(Clone, Debug, DeriveDeserialize, DeriveSerialize, Eq, PartialEq)]
pub struct Activity {
    /// Tells it from the user's other activities; stays when its details change.
    pub id: ActivityId,
    /// What kind of thing it is.
    pub kind: ActivityKind,
    /// The game's or service's name.
    pub name: String,
    /// The second line; the text of a custom status; a song's artists.
    pub state: Option<String>,
    /// The first line; a song's title.
    pub details: Option<String>,
    /// The application that told Discord about it.
    pub application_id: Option<ApplicationId>,
    /// When it was added to the user's session.
    pub created_at: Timestamp,
    /// When it began, as its application says.
    pub start: Option<Timestamp>,
    /// When it will end, as its application says.
    pub end: Option<Timestamp>,
    /// The large picture.
    pub large_image: Option<ActivityAsset>,
    /// The small picture.
    pub small_image: Option<ActivityAsset>,
    /// The emoji of a custom status.
    pub emoji: Option<Emoji>,
    /// Spotify's track id.
    pub sync_id: Option<String>,
}

impl Activity {
    /// Whether this is Discord's own Spotify integration.
    pub fn is_spotify(&self) -> bool {
        self.id == ActivityId::SPOTIFY
    }
}

/// A picture of an activity. One without a picture but with a text is possible.
#[derive(Clone, Debug, DeriveDeserialize, DeriveSerialize, Eq, PartialEq)]
pub struct ActivityAsset {
    /// Discord's name of the picture.
    pub hash: Option<String>,
    /// The text shown when pointing at it.
    pub text: Option<String>,
}

impl ActivityAsset {
    /// The picture, or nothing if Discord named neither picture nor text.
    ///
    /// An empty name is none.
    pub fn new(hash: Option<String>, text: Option<String>) -> Option<Self> {
        let hash = hash.filter(|hash| !hash.is_empty());
        (hash.is_some() || text.is_some()).then_some(Self { hash, text })
    }

    /// Where the picture is, if that can be told.
    pub fn image_url(&self, application: Option<ApplicationId>) -> Option<ImageUrl<'_>> {
        ImageUrl::activity_asset(application, self.hash.as_deref()?)
    }
}

/// An emoji: a Unicode one, or one of a guild, which has an id. It has at least one of name and id.
#[derive(Clone, Debug, DeriveDeserialize, DeriveSerialize, Eq, PartialEq)]
pub struct Emoji {
    /// The character, or the name of a guild's emoji. A guild's emoji that was deleted has none.
    pub name: Option<String>,
    /// The id of a guild's emoji.
    pub id: Option<u64>,
    /// Whether a guild's emoji moves.
    pub animated: bool,
}

impl Emoji {
    /// The emoji, or nothing if Discord told neither a name nor an id. An empty name is none.
    pub fn new(name: Option<String>, id: Option<u64>, animated: bool) -> Option<Self> {
        let name = name.filter(|name| !name.is_empty());
        (name.is_some() || id.is_some()).then_some(Self { name, id, animated })
    }
}

/// Discord's activity types.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ActivityKind {
    /// Playing a game.
    Playing,
    /// Streaming.
    Streaming,
    /// Listening to something.
    Listening,
    /// Watching something.
    Watching,
    /// A custom status.
    Custom,
    /// Competing in something.
    Competing,
    /// One that Discord does not document, by its number as Discord sent it.
    Unknown(i64),
}

impl ActivityKind {
    /// The kind with Discord's number.
    pub fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Playing,
            1 => Self::Streaming,
            2 => Self::Listening,
            3 => Self::Watching,
            4 => Self::Custom,
            5 => Self::Competing,
            other => Self::Unknown(other),
        }
    }

    /// Discord's number for it.
    pub fn number(self) -> i64 {
        match self {
            Self::Playing => 0,
            Self::Streaming => 1,
            Self::Listening => 2,
            Self::Watching => 3,
            Self::Custom => 4,
            Self::Competing => 5,
            Self::Unknown(number) => number,
        }
    }

    /// The name that Lantern publishes; `UNKNOWN` for every kind that it does not know.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Playing => "PLAYING",
            Self::Streaming => "STREAMING",
            Self::Listening => "LISTENING",
            Self::Watching => "WATCHING",
            Self::Custom => "CUSTOM",
            Self::Competing => "COMPETING",
            Self::Unknown(_) => "UNKNOWN",
        }
    }
}

impl Serialize for ActivityKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.number())
    }
}

impl<'de> Deserialize<'de> for ActivityKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i64::deserialize(deserializer).map(Self::from_number)
    }
}

/// The id that Lantern gives an activity, because Discord's own does not reach it.
///
/// Where Discord's ids are well known it is the same: `custom` for the custom status, `spotify:1`
/// for Spotify. Otherwise it is 16 hexadecimal digits, derived (FNV-1a) from the type, the name,
/// the application's id and the session's id, so it is the same on every node and after a restart,
/// and stays while details, pictures or times change.
#[derive(Clone, Copy, Debug, DeriveDeserialize, DeriveSerialize, Eq, Hash, PartialEq)]
#[serde(from = "u64", into = "u64")]
pub struct ActivityId(u64);

impl ActivityId {
    /// The custom status; a user has one at most.
    pub const CUSTOM: Self = Self(0);
    /// Discord's Spotify integration; a user has one at most.
    pub const SPOTIFY: Self = Self(1);

    /// The id of an activity with these traits.
    pub fn of(traits: &ActivityTraits<'_>) -> Self {
        if traits.kind == ActivityKind::Custom {
            return Self::CUSTOM;
        }
        if traits.are_of_spotify() {
            return Self::SPOTIFY;
        }
        let mut hash = Fnv1a::default();
        // One byte for numbers that fit, as it was when numbers were bytes.
        match u8::try_from(traits.kind.number()) {
            Ok(number) => hash.write(&[number]),
            Err(_) => hash.write(&traits.kind.number().to_be_bytes()),
        }
        hash.write(traits.name.as_bytes());
        // A byte that UTF-8 never has keeps the parts apart.
        hash.write(&[0xff]);
        hash.write(
            &traits
                .application_id
                .map_or(0, ApplicationId::get)
                .to_be_bytes(),
        );
        hash.write(traits.session_id.unwrap_or_default().as_bytes());
        Self(hash.0).outside_reserved()
    }

    /// The id to take if this one is taken.
    pub(super) fn next(self) -> Self {
        Self(self.0.wrapping_add(1)).outside_reserved()
    }

    fn outside_reserved(self) -> Self {
        Self(self.0.max(Self::SPOTIFY.0 + 1))
    }
}

impl From<u64> for ActivityId {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl From<ActivityId> for u64 {
    fn from(id: ActivityId) -> u64 {
        id.0
    }
}

impl fmt::Display for ActivityId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::CUSTOM => out.write_str("custom"),
            Self::SPOTIFY => out.write_str("spotify:1"),
            Self(number) => write!(out, "{number:016x}"),
        }
    }
}

/// What an activity's id is made of.
#[derive(Clone, Copy, Debug)]
pub struct ActivityTraits<'a> {
    /// Its kind.
    pub kind: ActivityKind,
    /// Its name.
    pub name: &'a str,
    /// Its application.
    pub application_id: Option<ApplicationId>,
    /// The session of the client that shows it.
    pub session_id: Option<&'a str>,
    /// Spotify's track id.
    pub sync_id: Option<&'a str>,
    /// The party, `spotify:<user>` for those who listen there.
    pub party_id: Option<&'a str>,
}

impl ActivityTraits<'_> {
    fn are_of_spotify(&self) -> bool {
        let in_spotify_party = || self.party_id.is_some_and(|id| id.starts_with("spotify:"));
        self.kind == ActivityKind::Listening
            && self.name == "Spotify"
            && (self.sync_id.is_some() || in_spotify_party())
    }
}

struct Fnv1a(u64);

impl Default for Fnv1a {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv1a {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn game<'a>(name: &'a str, session: Option<&'a str>) -> ActivityTraits<'a> {
        ActivityTraits {
            kind: ActivityKind::Playing,
            name,
            application_id: ApplicationId::try_from(367_827_983_903_490_050).ok(),
            session_id: session,
            sync_id: None,
            party_id: None,
        }
    }

    #[test]
    fn an_id_is_the_same_everywhere_and_always() {
        assert_eq!(
            ActivityId::of(&game("osu!", None)).to_string(),
            "1806901cd644f3c1"
        );
    }

    #[test]
    fn every_trait_makes_another_id() {
        let base = game("osu!", Some("a"));
        let ids = [
            ActivityId::of(&base),
            ActivityId::of(&game("osu", Some("a"))),
            ActivityId::of(&game("osu!", Some("b"))),
            ActivityId::of(&game("osu!", None)),
            ActivityId::of(&ActivityTraits {
                application_id: None,
                ..base
            }),
            ActivityId::of(&ActivityTraits {
                kind: ActivityKind::Competing,
                ..base
            }),
        ];
        for (index, id) in ids.iter().enumerate() {
            assert_eq!(ids.iter().position(|other| other == id), Some(index));
        }
    }

    #[test]
    fn well_known_ids_are_those_of_discord() {
        let custom = ActivityTraits {
            kind: ActivityKind::Custom,
            ..game("Custom Status", None)
        };
        assert_eq!(ActivityId::of(&custom).to_string(), "custom");
        let listening = ActivityTraits {
            kind: ActivityKind::Listening,
            ..game("Spotify", None)
        };
        let by_track = ActivityTraits {
            sync_id: Some("0VjIj"),
            ..listening
        };
        let by_party = ActivityTraits {
            party_id: Some("spotify:123"),
            ..listening
        };
        assert_eq!(ActivityId::of(&by_track).to_string(), "spotify:1");
        assert_eq!(ActivityId::of(&by_party), ActivityId::SPOTIFY);
    }

    #[test]
    fn kinds_that_are_not_documented_are_known_by_number_and_published_as_unknown() {
        let numbers = [-1, 6, 9, 255, 256, i64::MAX];
        let kinds = numbers.map(ActivityKind::from_number);
        assert_eq!(kinds.map(ActivityKind::as_str), ["UNKNOWN"; 6]);
        let ids = kinds.map(|kind| {
            ActivityId::of(&ActivityTraits {
                kind,
                ..game("osu!", None)
            })
        });
        for (index, id) in ids.iter().enumerate() {
            assert_eq!(ids.iter().position(|other| other == id), Some(index));
        }
    }

    #[test]
    fn a_picture_without_a_name_is_none() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(ActivityAsset::new(text(""), None), None);
        let captioned = ActivityAsset::new(text(""), text("caption")).unwrap();
        assert_eq!(captioned.hash, None);
    }

    #[test]
    fn a_game_that_calls_itself_spotify_is_not_spotify() {
        let listening = ActivityTraits {
            kind: ActivityKind::Listening,
            ..game("Spotify", None)
        };
        assert_ne!(ActivityId::of(&listening), ActivityId::SPOTIFY);
        let playing = ActivityTraits {
            sync_id: Some("0VjIj"),
            ..game("Spotify", None)
        };
        assert_ne!(ActivityId::of(&playing), ActivityId::SPOTIFY);
    }

    #[test]
    fn an_emoji_has_a_name_or_an_id() {
        let deleted = Emoji::new(None, Some(41_771_983_429_993_937), true).unwrap();
        assert_eq!((deleted.name, deleted.animated), (None, true));
        let named = Emoji::new(Some("\u{1f3ee}".to_owned()), None, false).unwrap();
        assert_eq!(named.name.as_deref(), Some("\u{1f3ee}"));
        let unnamed = Emoji::new(Some(String::new()), Some(1), false).unwrap();
        assert_eq!(unnamed.name, None);
        assert_eq!(Emoji::new(None, None, true), None);
        assert_eq!(Emoji::new(Some(String::new()), None, true), None);
    }

    proptest! {
        #[test]
        fn kinds_keep_their_number(number: i64, small in -1..=9_i64) {
            for number in [number, small] {
                let kind = ActivityKind::from_number(number);
                prop_assert_eq!(kind.number(), number);
                let packed = rmp_serde::to_vec(&kind).unwrap();
                prop_assert_eq!(rmp_serde::from_slice::<ActivityKind>(&packed).unwrap(), kind);
            }
        }
    }
}
