//! Where the pictures are that Discord only names by a hash.
//!
//! Forms: Discord's developer documentation, "Image Formatting" and "Activity Asset Image". What an
//! address is made of is checked first, so that none is made that cannot exist: applications may
//! send any text as the name of a picture.

use std::fmt;

use serde::ser::{Serialize, Serializer};

use super::id::{ApplicationId, GuildId, UserId};
use super::image_name::{MediaPath, Word};

const CDN: &str = "https://cdn.discordapp.com";
const MEDIA_PROXY: &str = "https://media.discordapp.net";

/// Hashes that start so belong to animated pictures.
const ANIMATED: &str = "a_";

/// The address of a picture; its `Display` is the URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ImageUrl<'a> {
    /// A user's own avatar: a GIF if it is animated, else WebP.
    Avatar {
        /// Whose it is.
        user: UserId,
        /// Discord's hash of it.
        hash: Word<'a>,
    },
    /// The coloured avatar of users that have none.
    DefaultAvatar {
        /// Which of the six.
        index: u64,
    },
    /// The badge of a server tag.
    TagBadge {
        /// The guild whose tag it is.
        guild: GuildId,
        /// Discord's hash of it.
        hash: Word<'a>,
    },
    /// A picture that an application's owner uploaded.
    ApplicationAsset {
        /// The application.
        application: ApplicationId,
        /// Discord's id of the picture.
        asset: Word<'a>,
    },
    /// A guild's emoji.
    Emoji {
        /// Its id.
        id: u64,
        /// Whether it moves.
        animated: bool,
    },
    /// A picture from elsewhere, through Discord's media proxy.
    Proxied {
        /// Its path there, without the leading slash.
        path: MediaPath<'a>,
    },
    /// An album cover at Spotify.
    SpotifyCover {
        /// Spotify's id of it.
        image: Word<'a>,
    },
    /// The live preview of a Twitch stream.
    TwitchPreview {
        /// The streamer's name there.
        name: Word<'a>,
    },
    /// The live preview of a YouTube stream.
    YouTubePreview {
        /// The video's id there.
        video: Word<'a>,
    },
}

impl<'a> ImageUrl<'a> {
    /// The default avatar of a user. Discord picks it by the discriminator, or by the id for users
    /// that have none (0).
    pub fn default_avatar(user: UserId, discriminator: u16) -> Self {
        let index = if discriminator == 0 {
            (user.get() >> 22) % 6
        } else {
            u64::from(discriminator % 5)
        };
        Self::DefaultAvatar { index }
    }

    /// A user's own avatar. `None` if the hash can be none of Discord's.
    pub fn avatar(user: UserId, hash: &'a str) -> Option<Self> {
        Word::new(hash).map(|hash| Self::Avatar { user, hash })
    }

    /// The badge of a server tag. `None` if the hash can be none of Discord's.
    pub fn tag_badge(guild: GuildId, hash: &'a str) -> Option<Self> {
        Word::new(hash).map(|hash| Self::TagBadge { guild, hash })
    }

    /// The picture that an activity names.
    ///
    /// `None` if it is an application's and the application is not known, or if nothing can be at
    /// the address: the prefix is unknown, what follows it is empty or malformed. A bare web
    /// address is `None` too: Discord shows pictures from elsewhere through its own proxy only, and
    /// whoever opens a document's pictures must not be led to a stranger's host.
    pub fn activity_asset(application: Option<ApplicationId>, asset: &'a str) -> Option<Self> {
        let Some((prefix, rest)) = asset.split_once(':') else {
            let (application, asset) = (application?, Word::new(asset)?);
            return Some(Self::ApplicationAsset { application, asset });
        };
        Some(match prefix {
            "mp" => Self::Proxied {
                path: MediaPath::new(rest)?,
            },
            "spotify" => Self::SpotifyCover {
                image: Word::new(rest)?,
            },
            "twitch" => Self::TwitchPreview {
                name: Word::new(rest)?,
            },
            "youtube" => Self::YouTubePreview {
                video: Word::new(rest)?,
            },
            _ => return None,
        })
    }
}

impl fmt::Display for ImageUrl<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Avatar { user, hash } => {
                let format = if hash.as_str().starts_with(ANIMATED) {
                    "gif"
                } else {
                    "webp"
                };
                write!(out, "{CDN}/avatars/{user}/{hash}.{format}")
            }
            Self::DefaultAvatar { index } => write!(out, "{CDN}/embed/avatars/{index}.png"),
            Self::TagBadge { guild, hash } => {
                write!(out, "{CDN}/guild-tag-badges/{guild}/{hash}.webp")
            }
            Self::ApplicationAsset { application, asset } => {
                write!(out, "{CDN}/app-assets/{application}/{asset}.png")
            }
            Self::Emoji { id, animated } => {
                let format = if animated { "gif" } else { "webp" };
                write!(out, "{CDN}/emojis/{id}.{format}")
            }
            Self::Proxied { path } => write!(out, "{MEDIA_PROXY}/{path}"),
            Self::SpotifyCover { image } => write!(out, "https://i.scdn.co/image/{image}"),
            Self::TwitchPreview { name } => {
                write!(
                    out,
                    "https://static-cdn.jtvnw.net/previews-ttv/live_user_{name}.png"
                )
            }
            Self::YouTubePreview { video } => {
                write!(out, "https://i.ytimg.com/vi/{video}/hqdefault_live.jpg")
            }
        }
    }
}

impl Serialize for ImageUrl<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> UserId {
        UserId::try_from(123_456_789_012_345_678).unwrap()
    }

    #[test]
    fn avatars_are_webp_and_animated_ones_gif() {
        let [still, moving] = ["abc", "a_abc"].map(|hash| ImageUrl::avatar(user(), hash).unwrap());
        assert_eq!(
            still.to_string(),
            "https://cdn.discordapp.com/avatars/123456789012345678/abc.webp"
        );
        assert_eq!(
            moving.to_string(),
            "https://cdn.discordapp.com/avatars/123456789012345678/a_abc.gif"
        );
    }

    #[test]
    fn default_avatars_go_by_discriminator_or_else_by_id() {
        let by_id = ImageUrl::default_avatar(user(), 0);
        let by_discriminator = ImageUrl::default_avatar(user(), 1337);
        assert_eq!(
            by_id,
            ImageUrl::DefaultAvatar {
                index: (123_456_789_012_345_678 >> 22) % 6
            }
        );
        assert_eq!(
            by_discriminator.to_string(),
            "https://cdn.discordapp.com/embed/avatars/2.png"
        );
    }

    #[test]
    fn activity_pictures_are_found_where_their_prefix_says() {
        let application = ApplicationId::try_from(7).ok();
        for (asset, url) in [
            ("123", "https://cdn.discordapp.com/app-assets/7/123.png"),
            (
                "mp:external/x-_9/%3Fv%3D1/https/e.org/y%20z.png",
                "https://media.discordapp.net/external/x-_9/%3Fv%3D1/https/e.org/y%20z.png",
            ),
            (
                "mp:attachments/1/2/y.png?ex=1&is=2&hm=3",
                "https://media.discordapp.net/attachments/1/2/y.png?ex=1&is=2&hm=3",
            ),
            ("spotify:ab67", "https://i.scdn.co/image/ab67"),
            (
                "twitch:monstercat",
                "https://static-cdn.jtvnw.net/previews-ttv/live_user_monstercat.png",
            ),
            (
                "youtube:dQw4",
                "https://i.ytimg.com/vi/dQw4/hqdefault_live.jpg",
            ),
        ] {
            let found = ImageUrl::activity_asset(application, asset).unwrap();
            assert_eq!(found.to_string(), url);
        }
    }

    #[test]
    fn no_address_is_made_that_cannot_exist() {
        let application = ApplicationId::try_from(7).ok();
        for asset in [
            "",
            "https://e.org/a.png",
            "http://e.org/a.png",
            "HTTPS://e.org/a.png",
            "//e.org/a.png",
            "foo:bar",
            "mp:",
            ":123",
            "spotify:",
            "spotify:../x",
            "twitch:",
            "twitch:a b",
            "youtube:",
            "youtube:a/b?c",
            "12/../3",
            "12 3",
            "12.png",
            "\u{e9}",
            "12\n3",
        ] {
            let found = ImageUrl::activity_asset(application, asset);
            assert_eq!(found, None, "{asset:?}");
        }
        assert_eq!(ImageUrl::avatar(user(), ""), None);
        assert_eq!(ImageUrl::avatar(user(), "a/b"), None);
        let guild = GuildId::try_from(9).unwrap();
        assert_eq!(ImageUrl::tag_badge(guild, "../x"), None);
    }

    #[test]
    fn an_application_picture_without_application_has_no_address() {
        assert_eq!(ImageUrl::activity_asset(None, "123"), None);
        assert!(ImageUrl::activity_asset(None, "spotify:ab67").is_some());
    }
}
