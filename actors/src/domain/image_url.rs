//! Where the pictures are that Discord only names by a hash.
//!
//! Forms: Discord's developer documentation, "Image Formatting" and "Activity Asset Image".

use std::fmt;

use serde::ser::{Serialize, Serializer};

use super::id::{ApplicationId, GuildId, UserId};

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
        hash: &'a str,
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
        hash: &'a str,
    },
    /// A picture that an application's owner uploaded.
    ApplicationAsset {
        /// The application.
        application: ApplicationId,
        /// Discord's id of the picture.
        asset: &'a str,
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
        path: &'a str,
    },
    /// An album cover at Spotify.
    SpotifyCover {
        /// Spotify's id of it.
        image: &'a str,
    },
    /// The live preview of a Twitch stream.
    TwitchPreview {
        /// The streamer's name there.
        name: &'a str,
    },
    /// The live preview of a YouTube stream.
    YouTubePreview {
        /// The video's id there.
        video: &'a str,
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

    /// The picture that an activity names. `None` if it is an application's and the application is
    /// not known.
    pub fn activity_asset(application: Option<ApplicationId>, asset: &'a str) -> Option<Self> {
        Some(match asset.split_once(':') {
            Some(("mp", path)) => Self::Proxied { path },
            Some(("spotify", image)) => Self::SpotifyCover { image },
            Some(("twitch", name)) => Self::TwitchPreview { name },
            Some(("youtube", video)) => Self::YouTubePreview { video },
            _ => Self::ApplicationAsset {
                application: application?,
                asset,
            },
        })
    }
}

impl fmt::Display for ImageUrl<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Avatar { user, hash } => {
                let format = if hash.starts_with(ANIMATED) {
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
        let still = ImageUrl::Avatar {
            user: user(),
            hash: "abc",
        };
        let moving = ImageUrl::Avatar {
            user: user(),
            hash: "a_abc",
        };
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
                "mp:external/x/y.png",
                "https://media.discordapp.net/external/x/y.png",
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
    fn an_application_picture_without_application_has_no_address() {
        assert_eq!(ImageUrl::activity_asset(None, "123"), None);
        assert!(ImageUrl::activity_asset(None, "spotify:ab67").is_some());
    }
}
