//! The user's public document, read back. A card shows what REST shows and nothing else.

use std::borrow::Cow;

use lantern_actors::domain::Timestamp;
use serde::Deserialize;

/// What of a user's document cards show.
#[derive(Debug, Deserialize)]
pub struct Document<'a> {
    /// Who it is.
    #[serde(borrow)]
    pub metadata: Metadata<'a>,
    /// Where they are.
    #[serde(borrow)]
    pub active_platforms: Platforms<'a>,
    /// What they do.
    #[serde(borrow)]
    pub activities: Vec<Activity<'a>>,
    /// Which server they wear the tag of.
    #[serde(borrow)]
    pub server_tag: Option<Tag<'a>>,
    /// How available they are.
    pub status: Cow<'a, str>,
    /// When they went.
    pub last_seen_at: Option<Moment>,
}

/// Who somebody is.
#[derive(Debug, Deserialize)]
pub struct Metadata<'a> {
    /// The Discord id.
    pub id: Cow<'a, str>,
    /// The unique name.
    pub username: Cow<'a, str>,
    /// The chosen name.
    pub global_name: Option<Cow<'a, str>>,
    /// Where the avatar is.
    pub display_avatar_url: Cow<'a, str>,
    /// Whether it is a program.
    pub bot: bool,
    /// What badges come from.
    #[serde(borrow)]
    pub flags: Flags<'a>,
}

/// Public flags.
#[derive(Debug, Deserialize)]
pub struct Flags<'a> {
    /// Their names.
    #[serde(borrow)]
    pub human_readable: Vec<Cow<'a, str>>,
}

/// A status on each kind of device, and the song.
#[derive(Debug, Deserialize)]
pub struct Platforms<'a> {
    /// The desktop app.
    pub desktop: Cow<'a, str>,
    /// The phone app.
    pub mobile: Cow<'a, str>,
    /// The browser.
    pub web: Cow<'a, str>,
    /// The song on Spotify.
    #[serde(borrow)]
    pub spotify: Option<Spotify<'a>>,
}

/// A song.
#[derive(Debug, Deserialize)]
pub struct Spotify<'a> {
    /// Its name.
    pub song: Option<Cow<'a, str>>,
    /// Whose it is, several separated by `; `.
    pub artist: Option<Cow<'a, str>>,
    /// What it is from.
    pub album: Option<Cow<'a, str>>,
    /// Where the cover is.
    pub album_cover: Option<Cow<'a, str>>,
    /// When it began.
    pub start_time: Option<Moment>,
    /// When it ends.
    pub end_time: Option<Moment>,
}

/// An activity.
#[derive(Debug, Deserialize)]
pub struct Activity<'a> {
    /// Of what.
    pub name: Cow<'a, str>,
    /// Which kind.
    #[serde(rename = "type")]
    pub kind: Cow<'a, str>,
    /// The second line.
    pub state: Option<Cow<'a, str>>,
    /// The first line.
    pub details: Option<Cow<'a, str>>,
    /// Its pictures.
    #[serde(borrow)]
    pub assets: Option<Assets<'a>>,
    /// When it began and ends.
    pub timestamps: Option<Times>,
    /// The emoji of a custom status.
    #[serde(borrow, default)]
    pub emoji: Option<Emoji<'a>>,
}

/// The pictures of an activity.
#[derive(Debug, Deserialize)]
pub struct Assets<'a> {
    /// The artwork.
    #[serde(borrow)]
    pub large_image: Option<Image<'a>>,
    /// What sits at its corner.
    #[serde(borrow)]
    pub small_image: Option<Image<'a>>,
}

/// A picture.
#[derive(Debug, Deserialize)]
pub struct Image<'a> {
    /// Where it is.
    pub image_url: Option<Cow<'a, str>>,
}

/// When something began and ends.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Times {
    /// When it began.
    pub start_time: Option<Moment>,
    /// When it ends.
    #[serde(default)]
    pub end_time: Option<Moment>,
}

/// An emoji.
#[derive(Debug, Deserialize)]
pub struct Emoji<'a> {
    /// The character, or the name of a guild's emoji, which is gone if the emoji was deleted.
    pub name: Option<Cow<'a, str>>,
    /// Where the picture of a guild's emoji is.
    pub image_url: Option<Cow<'a, str>>,
}

/// The tag of a server.
#[derive(Debug, Deserialize)]
pub struct Tag<'a> {
    /// Up to four letters.
    pub name: Cow<'a, str>,
    /// Where its badge is.
    pub icon_url: Option<Cow<'a, str>>,
}

/// A moment, in whole seconds.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Moment {
    unix: i64,
}

impl Moment {
    /// The moment itself.
    pub fn at(self) -> Timestamp {
        Timestamp::from_unix_ms(self.unix.saturating_mul(1_000))
    }
}
