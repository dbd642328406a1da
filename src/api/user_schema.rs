//! The user document as the generated reference describes it.
//!
//! Nothing is answered from these types: the document is written in the core. A test reads a
//! document of the core into them and back, so they cannot drift apart.

use std::{borrow::Cow, collections::HashMap};

use poem_openapi::{
    Enum, Object,
    registry::{MetaSchema, MetaSchemaRef},
    types::{Example, ParseFromJSON, ParseFromParameter, ParseResult, Type},
};

use serde::Serialize;

use super::{nullable::Nullable, users::MAX_USERS};

/// A moment in time.
#[derive(Debug, Clone, Object, Serialize)]
pub struct Time {
    /// Seconds since the Unix epoch.
    pub unix: i64,
    /// ISO 8601, in UTC, with milliseconds.
    pub raw: String,
}

/// How available somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase")]
pub enum Status {
    /// There.
    Online,
    /// Away from the keyboard.
    Idle,
    /// Do not disturb.
    Dnd,
    /// Not connected, or hiding it.
    Offline,
}

/// Public flags of an account.
#[derive(Debug, Clone, Object)]
pub struct Flags {
    /// The names of the known flags.
    pub human_readable: Vec<String>,
    /// All flags, bit by bit.
    pub bitfield: u64,
}

/// Who somebody is.
#[derive(Debug, Clone, Object)]
pub struct Metadata {
    /// The Discord id.
    pub id: String,
    /// The unique name.
    pub username: String,
    /// Four digits on old accounts, otherwise "0".
    pub discriminator: String,
    /// The name that is shown.
    pub global_name: Nullable<String>,
    /// The avatar's hash.
    pub avatar: Nullable<String>,
    /// The avatar, if there is one.
    pub avatar_url: Nullable<String>,
    /// The picture that Discord shows: the avatar or a default one.
    pub display_avatar_url: String,
    /// Whether this is an application's account.
    pub bot: bool,
    /// Public flags.
    pub flags: Flags,
    /// Since when Lantern knows the user.
    pub monitoring_since: Time,
}

/// How far a song has got, at the moment of the update.
#[derive(Debug, Clone, Object)]
pub struct Progress {
    /// How far the song was when this version was published: mm:ss, from an hour on h:mm:ss. To
    /// show how far it is now, count from the song's start to its end.
    pub current_human_readable: Nullable<String>,
    /// The length, likewise.
    pub end_human_readable: Nullable<String>,
}

/// The song that somebody listens to on Spotify.
#[derive(Debug, Clone, Object)]
pub struct Spotify {
    /// Spotify's id of the track.
    pub track_id: Nullable<String>,
    /// The title.
    pub song: Nullable<String>,
    /// The artists, separated by "; ".
    pub artist: Nullable<String>,
    /// The album.
    pub album: Nullable<String>,
    /// The album's cover.
    pub album_cover: Nullable<String>,
    /// When the song began.
    pub start_time: Nullable<Time>,
    /// When the song will end.
    pub end_time: Nullable<Time>,
    /// How far it has got.
    pub time: Progress,
}

/// Where somebody is online.
#[derive(Debug, Clone, Object)]
pub struct ActivePlatforms {
    /// The desktop app.
    pub desktop: Status,
    /// The phone app.
    pub mobile: Status,
    /// The browser.
    pub web: Status,
    /// The current song.
    pub spotify: Nullable<Spotify>,
}

/// What kind of activity it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "UPPERCASE")]
pub enum ActivityType {
    /// A game.
    Playing,
    /// A stream.
    Streaming,
    /// Music or the like.
    Listening,
    /// A film or the like.
    Watching,
    /// A custom status.
    Custom,
    /// A competition.
    Competing,
    /// One that Discord added later.
    Unknown,
}

/// A picture of an activity.
#[derive(Debug, Clone, Object)]
pub struct Image {
    /// Discord's name of the picture.
    pub hash: Nullable<String>,
    /// Where the picture is.
    pub image_url: Nullable<String>,
    /// The text shown when pointing at it.
    pub text: Nullable<String>,
}

/// The pictures of an activity.
#[derive(Debug, Clone, Object)]
pub struct Assets {
    /// The large picture.
    pub large_image: Nullable<Image>,
    /// The small picture.
    pub small_image: Nullable<Image>,
}

/// When an activity began and will end.
#[derive(Debug, Clone, Object)]
pub struct ActivityTimestamps {
    /// When it began.
    pub start_time: Nullable<Time>,
    /// When it will end, if that is known.
    #[oai(skip_serializing_if_is_none)]
    pub end_time: Option<Time>,
}

/// One thing that somebody is doing.
#[derive(Debug, Clone, Object)]
pub struct Activity {
    /// Tells it from the user's other activities; stays while details change.
    pub id: String,
    /// The game's or service's name.
    pub name: String,
    /// What kind of thing it is.
    #[oai(rename = "type")]
    pub kind: ActivityType,
    /// The second line.
    pub state: Nullable<String>,
    /// The first line.
    pub details: Nullable<String>,
    /// The application that told Discord about it.
    pub application_id: Nullable<String>,
    /// Seconds since the Unix epoch.
    pub created_at: i64,
    /// Its pictures.
    pub assets: Nullable<Assets>,
    /// When it began and will end.
    pub timestamps: Nullable<ActivityTimestamps>,
    /// The emoji of a custom status; missing if there is none.
    #[oai(skip_serializing_if_is_none)]
    pub emoji: Option<Emoji>,
}

/// An emoji: a character, or a guild's own.
#[derive(Debug, Clone, Object)]
pub struct Emoji {
    /// The character, or the name of a guild's emoji; null for a guild's emoji that was deleted.
    pub name: Nullable<String>,
    /// The id of a guild's emoji; null for a character.
    pub id: Nullable<String>,
    /// Whether a guild's emoji moves.
    pub animated: bool,
    /// Where its picture is; null for a character.
    pub image_url: Nullable<String>,
}

/// The short name of a guild, shown next to the user's own.
#[derive(Debug, Clone, Object)]
pub struct ServerTag {
    /// The guild.
    pub guild_id: String,
    /// The tag.
    pub name: String,
    /// Its badge.
    pub icon_url: Nullable<String>,
}

/// A monitored user.
#[derive(Debug, Clone, Object)]
#[oai(example)]
pub struct User {
    /// Who it is.
    pub metadata: Metadata,
    /// Where the user is online, and the current song.
    pub active_platforms: ActivePlatforms,
    /// What the user is doing, in Discord's order.
    pub activities: Vec<Activity>,
    /// The user's key-value pairs.
    pub storage: HashMap<String, String>,
    /// The guild tag that the user wears.
    pub server_tag: Nullable<ServerTag>,
    /// How available the user is.
    pub status: Status,
    /// When the user was last online; null while that is now, or if it is not known.
    pub last_seen_at: Nullable<Time>,
    /// The version: grows with every change of this user.
    pub v: u64,
    /// True while the connection to Discord is lost; otherwise missing.
    #[oai(skip_serializing_if_is_none)]
    pub stale: Option<bool>,
    /// With `stale`: when Discord was last heard.
    #[oai(skip_serializing_if_is_none)]
    pub observed_at: Option<Time>,
}

impl Example for User {
    fn example() -> Self {
        let text = include_str!("user_example.json");
        let value = serde_json::from_str(text).ok();
        #[expect(clippy::expect_used, reason = "the text is ours and a test reads it")]
        Self::parse_from_json(value).expect("the example is a user")
    }
}

/// The repeated parameter `user_ids`. Every text is taken: the operation refuses, with its own
/// problems, what does not fit.
#[derive(Debug, Clone)]
pub struct UserIds(pub Vec<String>);

impl Type for UserIds {
    const IS_REQUIRED: bool = true;

    type RawValueType = Self;
    type RawElementValueType = String;

    fn name() -> Cow<'static, str> {
        "user_ids".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let id = MetaSchema {
            pattern: Some("^[0-9]{1,20}$".to_owned()),
            example: Some("123456789012345678".into()),
            ..MetaSchema::new("string")
        };
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            items: Some(Box::new(MetaSchemaRef::Inline(Box::new(id)))),
            min_items: Some(1),
            max_items: Some(MAX_USERS),
            unique_items: Some(true),
            ..MetaSchema::new("array")
        }))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a String> + 'a> {
        Box::new(self.0.iter())
    }
}

impl ParseFromParameter for UserIds {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Ok(Self(vec![value.to_owned()]))
    }

    fn parse_from_parameters<I: IntoIterator<Item = A>, A: AsRef<str>>(
        values: I,
    ) -> ParseResult<Self> {
        let values = values.into_iter();
        Ok(Self(
            values.map(|value| value.as_ref().to_owned()).collect(),
        ))
    }
}
