//! The one place where what Discord sends is read: from its JSON, tolerantly, every field by itself.
//!
//! Unknown bits, kinds, hashes and nulls are kept or passed over. A field of another form than it
//! should have is taken as left out; only what has no id is lost. Nothing else in Lantern repairs
//! what Discord sends.

mod fields;
mod interaction;
mod presence;
mod user;

use std::collections::HashMap;
use std::time::Duration;

use lantern_actors::domain::{Presence, ProfileUpdate, UserId};
use serde_json::Value;

pub(super) use self::fields::{Fields, as_number};
use self::fields::{as_id, as_text};
use super::event::{Chunk, Event, EventKind, Resume};

#[cfg(test)]
mod tests;

/// The opcode of requests for members.
const REQUEST_MEMBERS: i64 = 8;
/// Discord's pause between two requests for all members, for when it does not say how long to wait.
const USUAL_RETRY: Duration = Duration::from_secs(30);
/// The longest wait that is believed, in seconds.
const LONGEST_RETRY: f64 = 86_400.0;

/// What an event says; `None` if what it is about cannot be read.
pub(super) fn event(fields: &Fields, kind: EventKind, data: &Value) -> Option<Event> {
    let guild = || fields.id(data, "guild_id");
    let user = || fields.object(data, "user");
    Some(match kind {
        EventKind::Ready => ready(fields, data),
        EventKind::Resumed => Event::Resumed,
        EventKind::GuildCreate => whole_guild(fields, data),
        EventKind::GuildDelete => Event::GuildGone {
            guild: fields.id(data, "id"),
            unavailable: fields.flag(data, "unavailable").unwrap_or_default(),
        },
        EventKind::MemberAdd | EventKind::MemberUpdate => Event::Member {
            guild: guild(),
            update: user::update(fields, user()?)?,
        },
        EventKind::MemberRemove => Event::MemberLeft {
            guild: guild(),
            user: fields.id(user()?, "id")?,
        },
        EventKind::MembersChunk => Event::Members {
            guild: guild(),
            chunk: chunk(fields, data),
        },
        EventKind::PresenceUpdate => Event::Presence {
            guild: guild(),
            update: Box::new(user::update(fields, user()?)?),
            presence: presence::presence(fields, data),
        },
        EventKind::Interaction => {
            Event::Interaction(Box::new(interaction::interaction(fields, data)?))
        }
        EventKind::RateLimited => rate_limited(fields, data),
        EventKind::Other => Event::Other,
    })
}

fn ready(fields: &Fields, data: &Value) -> Event {
    let guilds = fields.list_if_told(data, "guilds").map(|guilds| {
        let ids = guilds.iter().map(|guild| fields.id(guild, "id"));
        ids.collect()
    });
    let session = fields.text(data, "session_id");
    Event::Ready {
        guilds,
        resume: session.map(|session| Resume {
            session,
            url: fields.text(data, "resume_gateway_url"),
        }),
    }
}

fn whole_guild(fields: &Fields, data: &Value) -> Event {
    let guild = fields.id(data, "id");
    if fields.flag(data, "unavailable") == Some(true) {
        return Event::GuildGone {
            guild,
            unavailable: true,
        };
    }
    Event::Guild {
        guild,
        members: members(fields, data),
        presences: presences(fields, fields.list(data, "presences")),
    }
}

fn chunk(fields: &Fields, data: &Value) -> Chunk {
    let part = |name| fields.some(data, name, |value| as_number(value)?.try_into().ok());
    let presences = fields.list_if_told(data, "presences");
    let entries = fields.list(data, "members").len();
    let told = presences.map(|told| self::presences(fields, told));
    Chunk {
        nonce: fields.text(data, "nonce"),
        index: part("chunk_index"),
        count: part("chunk_count"),
        members: members(fields, data),
        entries: entries.max(usize::from(
            !data.get("members").is_some_and(Value::is_array),
        )),
        lacks_presences: match (&told, presences) {
            (Some(read), Some(told)) => read.len() < told.len(),
            _ => false,
        },
        presences: told,
        not_found: fields
            .list(data, "not_found")
            .iter()
            .filter_map(as_id)
            .collect(),
    }
}

fn members(fields: &Fields, data: &Value) -> Vec<ProfileUpdate> {
    let read = |member: &Value| {
        let user = fields.object(member, "user");
        let update = user.and_then(|user| user::update(fields, user));
        if update.is_none() {
            fields.lose();
        }
        update
    };
    let members = fields.list(data, "members");
    members.iter().filter_map(read).collect()
}

fn presences(fields: &Fields, told: &[Value]) -> HashMap<UserId, Presence> {
    let read = |told: &Value| {
        let user = fields.object(told, "user");
        let id = user.and_then(|user| fields.id(user, "id"));
        if id.is_none() {
            fields.lose();
        }
        Some((id?, presence::presence(fields, told)))
    };
    told.iter().filter_map(read).collect()
}

/// Requests for members are all that can be limited of what Lantern sends.
fn rate_limited(fields: &Fields, data: &Value) -> Event {
    if fields
        .number(data, "opcode")
        .is_some_and(|opcode| opcode != REQUEST_MEMBERS)
    {
        return Event::Other;
    }
    let seconds = |value: &Value| match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_f64(),
    };
    let retry_after = fields
        .some(data, "retry_after", seconds)
        .filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
        .map_or(USUAL_RETRY, |seconds| {
            Duration::from_secs_f64(seconds.min(LONGEST_RETRY))
        });
    let meta = fields.object(data, "meta");
    Event::RateLimited {
        nonce: meta.and_then(|meta| fields.some(meta, "nonce", as_text)),
        retry_after,
    }
}
