//! What a card says: a user's document seen through the options, at one moment.

use std::borrow::Cow;

use lantern_actors::domain::Timestamp;

use super::{
    document::{Activity, Document, Spotify},
    options::CardOptions,
    words,
};

mod time;

pub use time::Time;

/// The most activities that are shown; the rest are counted.
const PANELS: usize = 2;

/// What is said and shown. Addresses of pictures are those of the document.
#[derive(Debug, Hash)]
pub struct Content<'a> {
    /// The Discord id.
    pub id: &'a str,
    /// What they are called.
    pub name: &'a str,
    /// The unique name below it, if it is another one.
    pub handle: Option<&'a str>,
    /// Where the avatar is.
    pub avatar: &'a str,
    /// Whether it is a program.
    pub is_bot: bool,
    /// Flags that may have a badge.
    pub flags: Vec<&'a str>,
    /// Name and badge of the server tag.
    pub tag: Option<(&'a str, Option<&'a str>)>,
    /// The status, unless it is hidden.
    pub presence: Option<Shown>,
    /// Devices with a status, unless that is hidden.
    pub platforms: Vec<(Platform, Shown)>,
    /// The line below the names.
    pub note: Option<Note<'a>>,
    /// What they do.
    pub activities: Activities<'a>,
}

/// A status as it is shown.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Shown {
    /// There.
    Online,
    /// Away from the keyboard.
    Idle,
    /// Do not disturb.
    Dnd,
    /// Not there.
    Offline,
    /// Streaming, whatever the status.
    Streaming,
}

/// A kind of device.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Platform {
    /// The desktop app.
    Desktop,
    /// The phone app.
    Mobile,
    /// The browser.
    Web,
}

/// The line below the names.
#[derive(Debug, Eq, Hash, PartialEq)]
pub enum Note<'a> {
    /// What they wrote themselves.
    Custom {
        /// The character, or nothing.
        emoji: Option<&'a str>,
        /// Where the picture of a guild's emoji is.
        picture: Option<&'a str>,
        /// The text, which may be empty.
        text: &'a str,
    },
    /// Since when they are away.
    LastSeen(String),
}

/// The lower part of a card.
#[derive(Debug, Hash)]
pub enum Activities<'a> {
    /// There is none.
    Hidden,
    /// Nothing is being done.
    None {
        /// Says so.
        title: &'a str,
        /// And more.
        message: &'a str,
    },
    /// What is being done, and how much more of it there is.
    Some(Vec<Panel<'a>>, usize),
}

/// One activity.
#[derive(Debug, Hash)]
pub struct Panel<'a> {
    /// What kind of activity it is, in capitals; empty if there is no word for it.
    pub label: Cow<'a, str>,
    /// What is drawn where there is no artwork.
    pub kind: Kind,
    /// Where the artwork is.
    pub art: Option<&'a str>,
    /// Where the picture at its corner is.
    pub corner: Option<&'a str>,
    /// The first line.
    pub title: &'a str,
    /// Further lines.
    pub lines: Vec<Cow<'a, str>>,
    /// How long it has been and will be.
    pub time: Option<Time>,
}

/// What kind of activity it is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// A game.
    Game,
    /// A song on Spotify.
    Spotify,
    /// Other music.
    Music,
    /// A film.
    Film,
    /// A stream.
    Stream,
    /// A contest.
    Contest,
    /// One of a kind that Lantern has no word for.
    Other,
}

impl<'a> Content<'a> {
    /// What a card says of this user.
    pub fn of(user: &'a Document<'a>, options: &'a CardOptions, now: Timestamp) -> Self {
        let metadata = &user.metadata;
        let username: &str = &metadata.username;
        let global = metadata.global_name.as_deref();
        let global = global.filter(|name| !options.hide_global_name && is_visible(name));
        let handle = global.filter(|name| *name != username).map(|_| username);
        let is_shown = !options.hide_status;
        Self {
            id: &metadata.id,
            name: global.unwrap_or(username),
            handle,
            avatar: &metadata.display_avatar_url,
            is_bot: metadata.bot,
            flags: if options.hide_badges {
                Vec::new()
            } else {
                metadata
                    .flags
                    .human_readable
                    .iter()
                    .map(|flag| &**flag)
                    .collect()
            },
            tag: user
                .server_tag
                .as_ref()
                .filter(|_| !options.hide_server_tag)
                .map(|tag| (&*tag.name, tag.icon_url.as_deref())),
            presence: is_shown.then(|| presence(user)),
            platforms: if is_shown {
                platforms(user)
            } else {
                Vec::new()
            },
            note: note(user, options, now),
            activities: Activities::of(user, options, now),
        }
    }

    /// The addresses of all its pictures.
    pub fn pictures(&self) -> Vec<(&'a str, Use)> {
        let mut pictures = vec![(self.avatar, Use::Avatar)];
        pictures.extend(self.tag.and_then(|(_, icon)| Some((icon?, Use::Icon))));
        if let Some(Note::Custom {
            picture: Some(url), ..
        }) = self.note
        {
            pictures.push((url, Use::Icon));
        }
        if let Activities::Some(panels, _) = &self.activities {
            for panel in panels {
                pictures.extend(panel.art.map(|url| (url, Use::Art)));
                pictures.extend(panel.corner.map(|url| (url, Use::Corner)));
            }
        }
        pictures
    }
}

/// What a picture is used as, which decides how large it is needed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Use {
    /// The large circle.
    Avatar,
    /// The square of an activity.
    Art,
    /// The circle at its corner.
    Corner,
    /// As high as a letter.
    Icon,
}

/// Whether there is anything to see of a text. People use letters that are none.
fn is_visible(text: &str) -> bool {
    let is_blank = |letter: char| {
        letter.is_whitespace()
            || letter.is_control()
            || matches!(letter, '\u{AD}' | '\u{115F}' | '\u{1160}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}')
            || matches!(letter, '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}')
            || matches!(letter, '\u{FEFF}' | '\u{FFA0}' | '\u{E0000}'..='\u{E0FFF}')
    };
    !text.chars().all(is_blank)
}

fn shown(status: &str) -> Shown {
    match status {
        "online" => Shown::Online,
        "idle" => Shown::Idle,
        "dnd" => Shown::Dnd,
        _ => Shown::Offline,
    }
}

fn presence(user: &Document<'_>) -> Shown {
    let status = shown(&user.status);
    let is_streaming = user
        .activities
        .iter()
        .any(|activity| activity.kind == "STREAMING");
    if is_streaming && status != Shown::Offline {
        Shown::Streaming
    } else {
        status
    }
}

fn platforms(user: &Document<'_>) -> Vec<(Platform, Shown)> {
    let on = &user.active_platforms;
    [
        (Platform::Desktop, shown(&on.desktop)),
        (Platform::Mobile, shown(&on.mobile)),
        (Platform::Web, shown(&on.web)),
    ]
    .into_iter()
    .filter(|(_, status)| *status != Shown::Offline)
    .collect()
}

fn note<'a>(user: &'a Document<'a>, options: &CardOptions, now: Timestamp) -> Option<Note<'a>> {
    let custom = user
        .activities
        .iter()
        .find(|activity| activity.kind == "CUSTOM");
    if let Some(custom) = custom.filter(|_| !options.hide_status) {
        let text = custom.state.as_deref().unwrap_or_default();
        let emoji = custom.emoji.as_ref();
        let picture = emoji.and_then(|emoji| emoji.image_url.as_deref());
        let emoji = emoji
            .and_then(|emoji| emoji.name.as_deref())
            .filter(|_| picture.is_none());
        if is_visible(text) || emoji.is_some() || picture.is_some() {
            return Some(Note::Custom {
                emoji,
                picture,
                text,
            });
        }
    }
    let seen = user.last_seen_at.filter(|_| !options.hide_last_seen)?.at();
    Some(Note::LastSeen(format!(
        "Last seen {}",
        words::ago(now.ms_since(seen))
    )))
}

impl<'a> Activities<'a> {
    fn of(user: &'a Document<'a>, options: &'a CardOptions, now: Timestamp) -> Self {
        if options.hide_activity {
            return Self::Hidden;
        }
        let song = user.active_platforms.spotify.as_ref();
        let mut panels: Vec<Panel<'a>> = user
            .activities
            .iter()
            .filter(|activity| {
                activity.kind != "CUSTOM" && !(song.is_some() && is_spotify(activity))
            })
            .map(|activity| Panel::of_activity(activity, now))
            .collect();
        // The song goes last, but is not what is left out.
        let song = song.map(|song| Panel::of_song(song, now));
        let count = panels.len() + usize::from(song.is_some());
        panels.truncate(PANELS - usize::from(song.is_some()));
        panels.extend(song);
        if panels.is_empty() {
            return Self::None {
                title: &options.no_activity_title,
                message: &options.no_activity_message,
            };
        }
        let more = count - panels.len();
        Self::Some(panels, more)
    }
}

fn is_spotify(activity: &Activity<'_>) -> bool {
    activity.kind == "LISTENING" && activity.name == "Spotify"
}

impl<'a> Panel<'a> {
    fn of_song(song: &'a Spotify<'a>, now: Timestamp) -> Self {
        let artist = song.artist.as_deref().filter(|artist| is_visible(artist));
        let album = song.album.as_deref().filter(|album| is_visible(album));
        let artist = artist.map(|artist| Cow::Owned(artist.replace("; ", ", ")));
        Self {
            label: Cow::Borrowed("LISTENING TO SPOTIFY"),
            kind: Kind::Spotify,
            art: song.album_cover.as_deref(),
            corner: None,
            title: song
                .song
                .as_deref()
                .filter(|song| is_visible(song))
                .unwrap_or("Something"),
            lines: artist.into_iter().chain(album.map(Cow::Borrowed)).collect(),
            time: Time::of(song.start_time, song.end_time, now),
        }
    }

    fn of_activity(activity: &'a Activity<'a>, now: Timestamp) -> Self {
        let (kind, label) = match &*activity.kind {
            "LISTENING" if is_visible(&activity.name) => (
                Kind::Music,
                Cow::Owned(format!("LISTENING TO {}", activity.name.to_uppercase())),
            ),
            "LISTENING" => (Kind::Music, Cow::Borrowed("LISTENING")),
            "WATCHING" => (Kind::Film, Cow::Borrowed("WATCHING")),
            "STREAMING" => (Kind::Stream, Cow::Borrowed("STREAMING")),
            "COMPETING" => (Kind::Contest, Cow::Borrowed("COMPETING IN")),
            "PLAYING" => (Kind::Game, Cow::Borrowed("PLAYING")),
            _ => (Kind::Other, Cow::Borrowed("")),
        };
        let mut lines = [&activity.details, &activity.state]
            .into_iter()
            .filter_map(|line| line.as_deref())
            .filter(|line| is_visible(line));
        // Whoever listens wants to read the song; where it is played stands above it.
        let title = if kind == Kind::Music {
            lines.next()
        } else {
            None
        };
        let assets = activity.assets.as_ref();
        let url = |image: Option<&'a super::document::Image<'a>>| image?.image_url.as_deref();
        let times = activity.timestamps;
        Self {
            label,
            kind,
            art: assets.and_then(|assets| url(assets.large_image.as_ref())),
            corner: assets.and_then(|assets| url(assets.small_image.as_ref())),
            title: title.unwrap_or(if is_visible(&activity.name) {
                &activity.name
            } else {
                "Something"
            }),
            lines: lines.map(Cow::Borrowed).collect(),
            time: times.and_then(|times| Time::of(times.start_time, times.end_time, now)),
        }
    }
}
