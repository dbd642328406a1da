//! Who a user is, apart from what they are doing.

use serde::{Deserialize, Serialize};

use super::flags::UserFlags;
use super::id::{GuildId, UserId};
use super::image_url::ImageUrl;

/// What Discord says about a user's account.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Profile {
    /// The user's id.
    pub id: UserId,
    /// The unique name.
    pub username: String,
    /// The number that told users of one name apart; 0 since names are unique.
    pub discriminator: u16,
    /// The name that is shown, if the user chose one.
    pub global_name: Option<String>,
    /// The hash of the avatar, if there is one.
    pub avatar: Option<String>,
    /// Whether this is an application's account.
    pub bot: bool,
    /// Public flags.
    pub flags: UserFlags,
    /// The guild whose tag the user wears.
    pub server_tag: Option<ServerTag>,
}

impl Profile {
    /// The user's own avatar, if there is one.
    pub fn avatar_url(&self) -> Option<ImageUrl<'_>> {
        ImageUrl::avatar(self.id, self.avatar.as_deref()?)
    }

    /// The avatar that Discord shows: the user's own or else the default one.
    pub fn display_avatar_url(&self) -> ImageUrl<'_> {
        self.avatar_url()
            .unwrap_or_else(|| ImageUrl::default_avatar(self.id, self.discriminator))
    }

    /// The name to show: the chosen one or else the unique one.
    pub fn display_name(&self) -> &str {
        let chosen = self.global_name.as_deref();
        let chosen = chosen.filter(|name| !name.is_empty());
        chosen.unwrap_or(&self.username)
    }

    /// The discriminator as Discord writes it: `0`, or four digits.
    pub fn discriminator_text(&self) -> Discriminator {
        Discriminator(self.discriminator)
    }
}

/// What Discord says about a user's account: each field as it is now, or `None` if it was left out,
/// which means that it has not changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProfileUpdate {
    /// The user's id.
    pub id: UserId,
    /// See [`Profile::username`].
    pub username: Option<String>,
    /// See [`Profile::discriminator`].
    pub discriminator: Option<u16>,
    /// See [`Profile::global_name`]; `Some(None)`: the user has none now.
    pub global_name: Option<Option<String>>,
    /// See [`Profile::avatar`].
    pub avatar: Option<Option<String>>,
    /// See [`Profile::bot`].
    pub bot: Option<bool>,
    /// See [`Profile::flags`].
    pub flags: Option<UserFlags>,
    /// See [`Profile::server_tag`].
    pub server_tag: Option<Option<ServerTag>>,
}

impl ProfileUpdate {
    /// An update that says nothing but whose it is.
    pub fn empty(id: UserId) -> Self {
        Self {
            id,
            username: None,
            discriminator: None,
            global_name: None,
            avatar: None,
            bot: None,
            flags: None,
            server_tag: None,
        }
    }

    /// Whether it says nothing but whose it is.
    pub fn is_empty(&self) -> bool {
        *self == Self::empty(self.id)
    }

    /// This update with what a later one says.
    #[must_use]
    pub fn then(self, later: Self) -> Self {
        Self {
            id: self.id,
            username: later.username.or(self.username),
            discriminator: later.discriminator.or(self.discriminator),
            global_name: later.global_name.or(self.global_name),
            avatar: later.avatar.or(self.avatar),
            bot: later.bot.or(self.bot),
            flags: later.flags.or(self.flags),
            server_tag: later.server_tag.or(self.server_tag),
        }
    }

    /// The profile after this update.
    #[must_use]
    pub fn apply_to(self, profile: &Profile) -> Profile {
        Self::from(profile.clone()).then(self).into_profile()
    }

    /// The profile of somebody who was not known before. Without a username they go by their id.
    pub fn into_profile(self) -> Profile {
        Profile {
            id: self.id,
            username: self.username.unwrap_or_else(|| self.id.to_string()),
            discriminator: self.discriminator.unwrap_or_default(),
            global_name: self.global_name.unwrap_or_default(),
            avatar: self.avatar.unwrap_or_default(),
            bot: self.bot.unwrap_or_default(),
            flags: self.flags.unwrap_or_default(),
            server_tag: self.server_tag.unwrap_or_default(),
        }
    }
}

impl From<Profile> for ProfileUpdate {
    fn from(profile: Profile) -> Self {
        Self {
            id: profile.id,
            username: Some(profile.username),
            discriminator: Some(profile.discriminator),
            global_name: Some(profile.global_name),
            avatar: Some(profile.avatar),
            bot: Some(profile.bot),
            flags: Some(profile.flags),
            server_tag: Some(profile.server_tag),
        }
    }
}

/// A discriminator to be written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Discriminator(u16);

impl std::fmt::Display for Discriminator {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            0 => out.write_str("0"),
            number => write!(out, "{number:04}"),
        }
    }
}

/// The short name of a guild that a user shows next to their own ("primary guild").
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ServerTag {
    /// The guild.
    pub guild_id: GuildId,
    /// The tag, up to four characters.
    pub name: String,
    /// The hash of its badge.
    pub badge: Option<String>,
}

impl ServerTag {
    /// The tag that a user's `primary_guild` shows to others: none unless the user turned it on
    /// and it is complete.
    pub fn shown(
        guild_id: Option<GuildId>,
        identity_enabled: Option<bool>,
        tag: Option<String>,
        badge: Option<String>,
    ) -> Option<Self> {
        if identity_enabled != Some(true) {
            return None;
        }
        let name = tag.filter(|name| !name.is_empty())?;
        Some(Self {
            guild_id: guild_id?,
            name,
            badge,
        })
    }

    /// The badge's picture, if the tag has one.
    pub fn icon_url(&self) -> Option<ImageUrl<'_>> {
        ImageUrl::tag_badge(self.guild_id, self.badge.as_deref()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_shown_only_when_turned_on_and_complete() {
        let guild = GuildId::try_from(9).ok();
        let tag = || Some("GGEZ".to_owned());
        assert!(ServerTag::shown(guild, Some(true), tag(), None).is_some());
        assert_eq!(ServerTag::shown(guild, Some(false), tag(), None), None);
        assert_eq!(ServerTag::shown(guild, None, tag(), None), None);
        assert_eq!(ServerTag::shown(None, Some(true), tag(), None), None);
        assert_eq!(ServerTag::shown(guild, Some(true), None, None), None);
        assert_eq!(
            ServerTag::shown(guild, Some(true), Some(String::new()), None),
            None
        );
    }

    #[test]
    fn what_an_update_leaves_out_has_not_changed_and_null_is_a_value() {
        let id = UserId::try_from(5).unwrap();
        let known = ProfileUpdate {
            username: Some("ada".to_owned()),
            global_name: Some(Some("Ada".to_owned())),
            avatar: Some(Some("a_1".to_owned())),
            bot: Some(true),
            flags: Some(UserFlags::from_bits(64)),
            ..ProfileUpdate::empty(id)
        };
        let known = known.into_profile();
        let update = ProfileUpdate {
            username: Some("renamed".to_owned()),
            avatar: Some(None),
            ..ProfileUpdate::empty(id)
        };
        let expected = Profile {
            username: "renamed".to_owned(),
            avatar: None,
            ..known.clone()
        };
        assert_eq!(update.apply_to(&known), expected);
        assert_eq!(ProfileUpdate::empty(id).apply_to(&known), known);
        assert_eq!(ProfileUpdate::empty(id).into_profile().username, "5");
    }

    #[test]
    fn discriminators_are_written_as_discord_does() {
        assert_eq!(Discriminator(0).to_string(), "0");
        assert_eq!(Discriminator(7).to_string(), "0007");
    }
}
