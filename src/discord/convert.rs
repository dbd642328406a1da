//! serenity's model into Lantern's values.
//!
//! serenity 0.12 leaves out Discord's activity ids and unknown flag bits. It keeps `primary_guild`
//! on users, whole or in presence updates, so server tags come from there.

use std::collections::HashMap;
use std::num::NonZeroU64;

use lantern_actors::domain::{
    Activity, ActivityAsset, ActivityId, ActivityKind, ActivityTraits, Emoji, GuildId, Platforms,
    Presence, Profile, ServerTag, Status, Timestamp, UserFlags, UserId,
};
use serenity::model::event::{Event, GuildMembersChunkEvent};
use serenity::model::gateway as model;
use serenity::model::guild::{Guild, Member};
use serenity::model::user::{OnlineStatus, PrimaryGuild, User};

use super::dispatch::{Chunk, Dispatch};

/// What an event says that serenity could read.
pub(super) fn dispatch(event: Event) -> Dispatch {
    match event {
        Event::Ready(event) => Dispatch::Ready {
            guilds: event
                .ready
                .guilds
                .iter()
                .map(|guild| id(guild.id))
                .collect(),
        },
        Event::Resumed(_) => Dispatch::Resumed,
        Event::GuildCreate(event) => guild(event.guild),
        Event::GuildDelete(event) => Dispatch::GuildGone {
            guild: id(event.guild.id),
            unavailable: event.guild.unavailable,
        },
        Event::GuildMemberAdd(event) => Dispatch::MemberAdded {
            guild: id(event.member.guild_id),
            profile: profile(event.member.user),
        },
        Event::GuildMemberUpdate(event) => Dispatch::MemberChanged {
            guild: id(event.guild_id),
            profile: profile(event.user),
        },
        Event::GuildMemberRemove(event) => Dispatch::MemberLeft {
            guild: id(event.guild_id),
            user: id(event.user.id),
        },
        Event::GuildMembersChunk(event) => Dispatch::Members {
            guild: id(event.guild_id),
            chunk: chunk(event),
        },
        Event::PresenceUpdate(event) => presence_update(event.presence),
        _ => Dispatch::Other,
    }
}

fn id<From: Into<NonZeroU64>, To: std::convert::From<NonZeroU64>>(id: From) -> To {
    To::from(id.into())
}

fn guild(guild: Guild) -> Dispatch {
    let id: GuildId = id(guild.id);
    if guild.unavailable {
        return Dispatch::GuildGone {
            guild: id,
            unavailable: true,
        };
    }
    Dispatch::Guild {
        guild: id,
        members: profiles(guild.members),
        presences: presences(guild.presences.into_values()),
    }
}

fn chunk(event: GuildMembersChunkEvent) -> Chunk {
    Chunk {
        nonce: event.nonce.unwrap_or_default(),
        index: event.chunk_index,
        count: event.chunk_count,
        members: profiles(event.members),
        presences: event.presences.map(presences),
        not_found: event.not_found.into_iter().map(id).collect(),
    }
}

fn profiles(members: HashMap<serenity::model::id::UserId, Member>) -> Vec<Profile> {
    members
        .into_values()
        .map(|member| profile(member.user))
        .collect()
}

fn presences(presences: impl IntoIterator<Item = model::Presence>) -> HashMap<UserId, Presence> {
    presences
        .into_iter()
        .map(|told| (id(told.user.id), presence(told)))
        .collect()
}

fn presence_update(told: model::Presence) -> Dispatch {
    let Some(guild) = told.guild_id else {
        return Dispatch::Other;
    };
    Dispatch::Presence {
        guild: id(guild),
        user: id(told.user.id),
        profile: whole_user(&told.user).map(Box::new),
        presence: presence(told),
    }
}

/// A presence update's user is its id alone, the whole user, or what changed of it. Only the whole
/// user replaces a profile; it is known by its flags, which are always told of it. Another change
/// is told by a member update too.
fn whole_user(user: &model::PresenceUser) -> Option<Profile> {
    let told = user.public_flags.or(user.flags)?;
    Some(Profile {
        id: id(user.id),
        username: user.name.clone()?,
        discriminator: user.discriminator.map_or(0, Into::into),
        global_name: user.global_name.clone(),
        avatar: user.avatar.map(|hash| hash.to_string()),
        bot: user.bot.unwrap_or_default(),
        flags: flags(told),
        server_tag: server_tag(user.primary_guild.clone()),
    })
}

fn profile(user: User) -> Profile {
    Profile {
        id: id(user.id),
        username: user.name,
        discriminator: user.discriminator.map_or(0, Into::into),
        global_name: user.global_name,
        avatar: user.avatar.map(|hash| hash.to_string()),
        bot: user.bot,
        flags: flags(user.public_flags.unwrap_or(user.flags)),
        server_tag: server_tag(user.primary_guild),
    }
}

fn flags(flags: serenity::model::user::UserPublicFlags) -> UserFlags {
    UserFlags::from_bits(flags.bits().into())
}

fn server_tag(primary: Option<PrimaryGuild>) -> Option<ServerTag> {
    let primary = primary?;
    ServerTag::shown(
        primary.identity_guild_id.map(id),
        primary.identity_enabled,
        primary.tag,
        primary.badge.map(|hash| hash.to_string()),
    )
}

fn presence(told: model::Presence) -> Presence {
    let on = |status: Option<OnlineStatus>| status.map_or(Status::Offline, self::status);
    let platforms = told
        .client_status
        .map_or_else(Platforms::default, |told| Platforms {
            desktop: on(told.desktop),
            mobile: on(told.mobile),
            web: on(told.web),
        });
    let activities = told.activities.into_iter().map(activity).collect();
    Presence::new(status(told.status), platforms, activities)
}

fn status(status: OnlineStatus) -> Status {
    Status::from_name(status.name())
}

fn activity(told: model::Activity) -> Activity {
    let kind = ActivityKind::from_number(u8::from(told.kind).into());
    let application_id = told.application_id.map(id);
    let traits = ActivityTraits {
        kind,
        name: &told.name,
        application_id,
        session_id: told.session_id.as_deref(),
        sync_id: told.sync_id.as_deref(),
        party_id: told.party.as_ref().and_then(|party| party.id.as_deref()),
    };
    let (large_image, small_image) = told.assets.map_or((None, None), |assets| {
        (
            ActivityAsset::new(assets.large_image, assets.large_text),
            ActivityAsset::new(assets.small_image, assets.small_text),
        )
    });
    Activity {
        id: ActivityId::of(&traits),
        kind,
        state: told.state,
        details: told.details,
        application_id,
        created_at: moment(told.created_at),
        start: told
            .timestamps
            .as_ref()
            .and_then(|times| times.start)
            .map(moment),
        end: told
            .timestamps
            .as_ref()
            .and_then(|times| times.end)
            .map(moment),
        large_image,
        small_image,
        emoji: told.emoji.and_then(emoji),
        sync_id: told.sync_id,
        name: told.name,
    }
}

fn moment(unix_ms: u64) -> Timestamp {
    Timestamp::from_unix_ms(i64::try_from(unix_ms).unwrap_or(i64::MAX))
}

fn emoji(told: model::ActivityEmoji) -> Option<Emoji> {
    Emoji::new(
        Some(told.name),
        told.id.map(serenity::model::id::EmojiId::get),
        told.animated.unwrap_or_default(),
    )
}
