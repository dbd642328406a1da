//! The rows of an embedded store: what the bytes of keys and values mean.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `members` | guild, user | [`MemberRow`] |
//! | `users` | guild, user | [`UserRow`] |
//! | `pairs` | guild, user, the pair's key | the pair's value, as it is |
//! | `events` | kind of aggregate, its id, position | [`EventRow`] |
//! | `expiry` | second, then a key of `members` | nothing |
//!
//! Numbers in keys are big-endian, so that the order of bytes is that of numbers. Values are
//! MessagePack arrays: a field may be added at the end with a serde default. Anything else is a new
//! format of the folder.

use lantern_actors::{
    domain::{GuildId, Member, Timestamp, UserId, Version},
    ports::store::{
        AggregateId, EventPosition, Revision, StoreError, StoredMember, StoredUser, TokenVersion,
        UserKey,
    },
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A member, or who left.
#[derive(Debug, Deserialize, Serialize)]
pub(super) enum MemberRow {
    Present(Member),
    Left(LeftRow),
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct LeftRow {
    version: Version,
    left_at: Timestamp,
    expires_s: u64,
}

/// What was decided about a user, without the pairs.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(super) struct UserRow {
    pub(super) revision: u64,
    pub(super) version: Version,
    pub(super) member_version: Version,
    pub(super) token_version: TokenVersion,
}

/// An event that waits.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct EventRow {
    pub(super) expires_s: u64,
    pub(super) kind: String,
    pub(super) body: String,
}

/// How long the key of an event is, mostly.
const EVENT_KEY_BYTES: usize = 1 + 16 + 8;
/// The mark of an aggregate that is a user.
const USER: u8 = 1;

pub(super) fn guild_key(guild: GuildId) -> [u8; 8] {
    guild.get().to_be_bytes()
}

pub(super) fn user_key(key: UserKey) -> [u8; 16] {
    (u128::from(key.guild.get()) << 64 | u128::from(key.user.get())).to_be_bytes()
}

pub(super) fn pair_key(user: UserKey, key: &str) -> Vec<u8> {
    [&user_key(user), key.as_bytes()].concat()
}

pub(super) fn aggregate_key(aggregate: AggregateId) -> Vec<u8> {
    let mut key = Vec::with_capacity(EVENT_KEY_BYTES);
    match aggregate {
        AggregateId::User(user) => {
            key.push(USER);
            key.extend(user_key(user));
        }
    }
    key
}

pub(super) fn event_key(aggregate: AggregateId, position: EventPosition) -> Vec<u8> {
    let mut key = aggregate_key(aggregate);
    key.extend(position.number().to_be_bytes());
    key
}

pub(super) fn expiry_key(expires_s: u64, member: &[u8]) -> Vec<u8> {
    [&expires_s.to_be_bytes()[..], member].concat()
}

/// When, and the key of the member.
pub(super) fn read_expiry_key(bytes: &[u8]) -> Result<(u64, &[u8]), StoreError> {
    let (second, member) = bytes.split_first_chunk().ok_or_else(odd_key)?;
    Ok((u64::from_be_bytes(*second), member))
}

pub(super) fn read_user_key(bytes: &[u8]) -> Result<UserKey, StoreError> {
    let (guild, rest) = bytes.split_first_chunk().ok_or_else(odd_key)?;
    let (user, _) = rest.split_first_chunk().ok_or_else(odd_key)?;
    Ok(UserKey {
        guild: GuildId::try_from(u64::from_be_bytes(*guild)).map_err(|_| odd_key())?,
        user: UserId::try_from(u64::from_be_bytes(*user)).map_err(|_| odd_key())?,
    })
}

/// The aggregate and the position that a key of `events` names.
pub(super) fn read_event_key(bytes: &[u8]) -> Result<(AggregateId, EventPosition), StoreError> {
    let (aggregate, position) = bytes.split_last_chunk().ok_or_else(odd_key)?;
    let aggregate = match aggregate.split_first() {
        Some((&USER, key)) => AggregateId::User(read_user_key(key)?),
        _ => return Err(odd_key()),
    };
    let position = EventPosition::from_number(u64::from_be_bytes(*position));
    Ok((aggregate, position))
}

/// Whether this is of a commit: the row of a user, a pair or an event. The key of a user is like that
/// of a member, but the value is an array, and a member's is a map from the kind of row. What has no
/// value may be anything.
pub(super) fn is_decision(key: &[u8], value: &[u8]) -> bool {
    const ARRAY: u8 = 0x90;
    let is_user_or_member = key.len() == size_of::<u128>();
    let kind = value.first();
    kind.is_some_and(|kind| !is_user_or_member || kind & 0xF0 == ARRAY)
}

pub(super) fn odd_key() -> StoreError {
    StoreError::Corrupt("a key has a form that is not known".to_owned())
}

pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    rmp_serde::from_slice(bytes).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// Writes it behind these bytes.
pub(super) fn write<T: Serialize>(bytes: &mut Vec<u8>, row: &T) -> Result<(), StoreError> {
    rmp_serde::encode::write(bytes, row).map_err(|error| StoreError::Corrupt(error.to_string()))
}

impl MemberRow {
    pub(super) fn of(member: StoredMember, left_expires_s: u64) -> Self {
        match member {
            StoredMember::Present(member) => Self::Present(member),
            StoredMember::Left {
                version, left_at, ..
            } => Self::Left(LeftRow {
                version,
                left_at,
                expires_s: left_expires_s,
            }),
        }
    }

    pub(super) fn version(&self) -> Version {
        match self {
            Self::Present(member) => member.version,
            Self::Left(left) => left.version,
        }
    }

    /// When it is forgotten, in seconds since the epoch.
    pub(super) fn expires_s(&self) -> Option<u64> {
        match self {
            Self::Present(_) => None,
            Self::Left(left) => Some(left.expires_s),
        }
    }

    /// What it says of this user, unless it is to be forgotten by now.
    pub(super) fn stored(self, user: UserId, now_s: u64) -> Option<StoredMember> {
        match self {
            Self::Present(member) => Some(StoredMember::Present(member)),
            Self::Left(left) => (left.expires_s > now_s).then_some(StoredMember::Left {
                user,
                version: left.version,
                left_at: left.left_at,
            }),
        }
    }
}

impl UserRow {
    pub(super) fn stored(self) -> StoredUser {
        StoredUser {
            revision: Revision::new(self.revision),
            version: self.version,
            member_version: self.member_version,
            token_version: self.token_version,
            ..StoredUser::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_are_told_from_members() {
        let key = [7; 16];
        let mut user = Vec::new();
        write(&mut user, &UserRow::default()).unwrap();
        assert!(is_decision(&key, &user));
        assert!(is_decision(&[7; 17], b"the value of a pair"));
        let left = StoredMember::Left {
            user: UserId::try_from(7).unwrap(),
            version: Version::default(),
            left_at: Timestamp::from_unix_ms(1),
        };
        let mut bytes = Vec::new();
        write(&mut bytes, &MemberRow::of(left, 1)).unwrap();
        assert!(!is_decision(&key, &bytes));
        assert!(!is_decision(&key, &[]));
    }
}
