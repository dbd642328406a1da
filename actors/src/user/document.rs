//! A user as REST and WebSocket clients see them: the contract's user object, then `v`.

use std::fmt::Display;

use serde::Serialize as DeriveSerialize;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::domain::flags::PublishedFlags;
use crate::domain::spotify::Spotify;
use crate::domain::time::PublishedTime;
use crate::domain::{
    Activity, ActivityAsset, ApplicationId, Emoji, ImageUrl, Pairs, Presence, Profile, ServerTag,
    Timestamp, Version,
};

/// A user's document at one moment. It borrows, and is written in one pass.
///
/// It is for self-describing formats: JSON, and MessagePack with named fields.
#[derive(Clone, Copy, Debug)]
pub struct UserDocument<'a> {
    pub(super) profile: &'a Profile,
    pub(super) presence: &'a Presence,
    pub(super) pairs: &'a Pairs,
    pub(super) monitoring_since: Timestamp,
    pub(super) last_seen_at: Option<Timestamp>,
    pub(super) version: Version,
}

impl Serialize for UserDocument<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut user = serializer.serialize_struct("User", 8)?;
        user.serialize_field(
            "metadata",
            &Metadata::of(self.profile, self.monitoring_since),
        )?;
        user.serialize_field(
            "active_platforms",
            &ActivePlatforms::of(self.presence, self.version.moment()),
        )?;
        user.serialize_field("activities", &Activities(&self.presence.activities))?;
        user.serialize_field("storage", self.pairs)?;
        user.serialize_field("server_tag", &self.profile.server_tag.as_ref().map(Tag::of))?;
        user.serialize_field("status", self.presence.status.as_str())?;
        user.serialize_field("last_seen_at", &self.last_seen_at.map(PublishedTime))?;
        user.serialize_field("v", &self.version)?;
        user.end()
    }
}

impl UserDocument<'_> {
    /// The fields before `storage`, and those behind it, each as a JSON object.
    pub(crate) fn around_pairs(&self) -> Result<[Vec<u8>; 2], serde_json::Error> {
        #[derive(DeriveSerialize)]
        struct Before<'a> {
            metadata: Metadata<'a>,
            active_platforms: ActivePlatforms<'a>,
            activities: Activities<'a>,
        }
        #[derive(DeriveSerialize)]
        struct Behind<'a> {
            server_tag: Option<Tag<'a>>,
            status: &'static str,
            last_seen_at: Option<PublishedTime>,
            v: Version,
        }
        let before = Before {
            metadata: Metadata::of(self.profile, self.monitoring_since),
            active_platforms: ActivePlatforms::of(self.presence, self.version.moment()),
            activities: Activities(&self.presence.activities),
        };
        let behind = Behind {
            server_tag: self.profile.server_tag.as_ref().map(Tag::of),
            status: self.presence.status.as_str(),
            last_seen_at: self.last_seen_at.map(PublishedTime),
            v: self.version,
        };
        Ok([serde_json::to_vec(&before)?, serde_json::to_vec(&behind)?])
    }
}

/// Written as a string in every format, ids in MessagePack too.
struct Text<T>(T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[derive(DeriveSerialize)]
struct Metadata<'a> {
    id: Text<crate::domain::UserId>,
    username: &'a str,
    discriminator: Text<crate::domain::profile::Discriminator>,
    global_name: Option<&'a str>,
    avatar: Option<&'a str>,
    avatar_url: Option<ImageUrl<'a>>,
    display_avatar_url: ImageUrl<'a>,
    bot: bool,
    flags: PublishedFlags,
    monitoring_since: PublishedTime,
}

impl<'a> Metadata<'a> {
    fn of(profile: &'a Profile, monitoring_since: Timestamp) -> Self {
        Self {
            id: Text(profile.id),
            username: &profile.username,
            discriminator: Text(profile.discriminator_text()),
            global_name: profile.global_name.as_deref(),
            avatar: profile.avatar.as_deref(),
            avatar_url: profile.avatar_url(),
            display_avatar_url: profile.display_avatar_url(),
            bot: profile.bot,
            flags: PublishedFlags(profile.flags),
            monitoring_since: PublishedTime(monitoring_since),
        }
    }
}

#[derive(DeriveSerialize)]
struct ActivePlatforms<'a> {
    desktop: &'static str,
    mobile: &'static str,
    web: &'static str,
    spotify: Option<Spotify<'a>>,
}

impl<'a> ActivePlatforms<'a> {
    fn of(presence: &'a Presence, now: Timestamp) -> Self {
        Self {
            desktop: presence.platforms.desktop.as_str(),
            mobile: presence.platforms.mobile.as_str(),
            web: presence.platforms.web.as_str(),
            spotify: Spotify::of(presence, now),
        }
    }
}

struct Activities<'a>(&'a [Activity]);

impl Serialize for Activities<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(PublishedActivity::of))
    }
}

#[derive(DeriveSerialize)]
struct PublishedActivity<'a> {
    id: Text<crate::domain::ActivityId>,
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    state: Option<&'a str>,
    details: Option<&'a str>,
    application_id: Option<Text<ApplicationId>>,
    created_at: i64,
    assets: Option<Assets<'a>>,
    timestamps: Option<Timestamps>,
    /// The contract does not show it; it is added when Discord tells one, because a custom status
    /// may be an emoji alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    emoji: Option<PublishedEmoji<'a>>,
}

impl<'a> PublishedActivity<'a> {
    fn of(activity: &'a Activity) -> Self {
        Self {
            id: Text(activity.id),
            name: &activity.name,
            kind: activity.kind.as_str(),
            state: activity.state.as_deref(),
            details: activity.details.as_deref(),
            application_id: activity.application_id.map(Text),
            created_at: activity.created_at.unix_seconds(),
            assets: Assets::of(activity),
            timestamps: Timestamps::of(activity),
            emoji: activity.emoji.as_ref().map(PublishedEmoji::of),
        }
    }
}

/// An emoji. `id` and `image_url` are null for a character, `name` for a guild's emoji that was
/// deleted.
#[derive(DeriveSerialize)]
struct PublishedEmoji<'a> {
    name: Option<&'a str>,
    id: Option<Text<u64>>,
    animated: bool,
    image_url: Option<ImageUrl<'a>>,
}

impl<'a> PublishedEmoji<'a> {
    fn of(emoji: &'a Emoji) -> Self {
        let animated = emoji.animated;
        Self {
            name: emoji.name.as_deref(),
            id: emoji.id.map(Text),
            animated,
            image_url: emoji.id.map(|id| ImageUrl::Emoji { id, animated }),
        }
    }
}

#[derive(DeriveSerialize)]
struct Assets<'a> {
    large_image: Option<Image<'a>>,
    small_image: Option<Image<'a>>,
}

impl<'a> Assets<'a> {
    fn of(activity: &'a Activity) -> Option<Self> {
        let image = |asset: &'a Option<ActivityAsset>| {
            asset
                .as_ref()
                .map(|asset| Image::of(asset, activity.application_id))
        };
        let (large_image, small_image) =
            (image(&activity.large_image), image(&activity.small_image));
        (large_image.is_some() || small_image.is_some()).then_some(Self {
            large_image,
            small_image,
        })
    }
}

#[derive(DeriveSerialize)]
struct Image<'a> {
    hash: Option<&'a str>,
    image_url: Option<ImageUrl<'a>>,
    text: Option<&'a str>,
}

impl<'a> Image<'a> {
    fn of(asset: &'a ActivityAsset, application: Option<ApplicationId>) -> Self {
        Self {
            hash: asset.hash.as_deref(),
            image_url: asset.image_url(application),
            text: asset.text.as_deref(),
        }
    }
}

/// The contract shows the start alone; an end is added when Discord tells one.
#[derive(DeriveSerialize)]
struct Timestamps {
    start_time: Option<PublishedTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<PublishedTime>,
}

impl Timestamps {
    fn of(activity: &Activity) -> Option<Self> {
        (activity.start.is_some() || activity.end.is_some()).then_some(Self {
            start_time: activity.start.map(PublishedTime),
            end_time: activity.end.map(PublishedTime),
        })
    }
}

#[derive(DeriveSerialize)]
struct Tag<'a> {
    guild_id: Text<crate::domain::GuildId>,
    name: &'a str,
    icon_url: Option<ImageUrl<'a>>,
}

impl<'a> Tag<'a> {
    fn of(tag: &'a ServerTag) -> Self {
        Self {
            guild_id: Text(tag.guild_id),
            name: &tag.name,
            icon_url: tag.icon_url(),
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::user::{UserState, samples};
    use crate::wire::{Encoding, Snapshot};

    const NOW: Timestamp = samples::NOW;

    fn pretty(document: &UserDocument<'_>) -> String {
        serde_json::to_string_pretty(document).unwrap()
    }

    #[test]
    fn a_busy_user_has_every_field_of_the_contract() {
        let user = UserState::new(samples::profile(), Some(samples::presence()), NOW);
        assert_snapshot!(pretty(&user.document()));
    }

    #[test]
    fn an_offline_user_is_small() {
        let user = UserState::new(samples::bare_profile(), None, NOW);
        let json = serde_json::to_string(&user.document()).unwrap();
        assert_snapshot!(json);
    }

    #[test]
    fn a_stale_user_says_since_when() {
        let user = UserState::new(samples::bare_profile(), None, NOW);
        let json = serde_json::to_vec(&user.document()).unwrap();
        let snapshot = Snapshot::new(user.id(), Version::default(), &json);
        let pieces = snapshot.document_pieces(Encoding::Json, Some(NOW));
        let stale: Vec<u8> = pieces.flatten().collect();
        let json: Value = serde_json::from_slice(&stale).unwrap();
        assert_eq!(json["stale"], true);
        assert_eq!(json["observed_at"]["unix"], NOW.unix_seconds());
    }

    #[test]
    fn an_emoji_without_name_keeps_id_and_picture() {
        let mut presence = samples::presence();
        presence.activities[0].emoji = Emoji::new(None, Some(41_771_983_429_993_937), true);
        let user = UserState::new(samples::bare_profile(), Some(presence), NOW);
        let json = serde_json::to_value(user.document()).unwrap();
        assert_eq!(
            json["activities"][0]["emoji"],
            serde_json::json!({
                "name": null,
                "id": "41771983429993937",
                "animated": true,
                "image_url": "https://cdn.discordapp.com/emojis/41771983429993937.gif",
            })
        );
    }

    #[test]
    fn fields_come_in_the_order_of_the_contract() {
        let user = UserState::new(samples::profile(), Some(samples::presence()), NOW);
        let json = serde_json::to_string(&user.document()).unwrap();
        let fields = [
            "metadata",
            "active_platforms",
            "activities",
            "storage",
            "server_tag",
            "status",
            "last_seen_at",
            "v",
        ];
        let places: Vec<_> = fields
            .iter()
            .map(|name| json.rfind(&format!(r#""{name}":"#)).unwrap())
            .collect();
        assert!(places.is_sorted(), "{places:?}");
    }

    proptest! {
        #[test]
        fn json_and_message_pack_say_the_same(
            profile in samples::any_profile(),
            presence in samples::any_presence()
        ) {
            let user = UserState::new(profile, Some(presence), NOW);
            let document = user.document();
            let json = serde_json::to_value(document).unwrap();
            let packed = rmp_serde::to_vec_named(&document).unwrap();
            prop_assert_eq!(rmp_serde::from_slice::<Value>(&packed).unwrap(), json);
        }
    }
}
