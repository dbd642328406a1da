//! IDENTIFY, checked in the order in which Discord checks it.

use serde_json::{Map, Value};

use super::close::Close;
use super::intents;
use crate::world::GUILD_ID;

/// What a client asked for when it logged in.
#[derive(Debug, Clone, PartialEq)]
pub struct Identify {
    /// The events that it wants.
    pub intents: u64,
    /// Its shard and how many there are.
    pub shard: Option<(u64, u64)>,
    /// Whether large payloads may be compressed one by one.
    pub compress: bool,
    /// Members from which on a guild is large.
    pub large_threshold: usize,
    /// The bot's first presence.
    pub presence: Option<Map<String, Value>>,
}

/// What the bot is allowed.
#[derive(Debug, Clone)]
pub struct Credentials<'a> {
    /// The token, without prefix.
    pub token: &'a str,
    /// Whether it may have privileged intents.
    pub privileged_intents: bool,
}

impl Credentials<'_> {
    /// Whether a client showed the right token.
    pub fn accept(&self, token: &str) -> bool {
        token.strip_prefix("Bot ").unwrap_or(token) == self.token
    }
}

impl Identify {
    /// Checks the `d` of an IDENTIFY.
    pub fn check(d: &Map<String, Value>, credentials: &Credentials<'_>) -> Result<Self, Close> {
        let token = d
            .get("token")
            .and_then(Value::as_str)
            .ok_or(Close::DecodeError)?;
        if !d.get("properties").is_some_and(Value::is_object) {
            return Err(Close::DecodeError);
        }
        if !credentials.accept(token) {
            return Err(Close::AuthenticationFailed);
        }
        let intents = intents_of(d, credentials)?;
        Ok(Self {
            intents,
            shard: shard_of(d)?,
            compress: optional(d, "compress", Value::as_bool)?.unwrap_or(false),
            large_threshold: large_threshold_of(d)?,
            presence: optional(d, "presence", |value| value.as_object().cloned())?,
        })
    }

    /// Whether the guild belongs to this shard.
    pub fn has_guild(&self) -> bool {
        self.shard
            .is_none_or(|(shard, count)| (GUILD_ID >> 22) % count.max(1) == shard)
    }
}

fn optional<T>(
    d: &Map<String, Value>,
    key: &str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Option<T>, Close> {
    match d.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(value).map(Some).ok_or(Close::DecodeError),
    }
}

fn intents_of(d: &Map<String, Value>, credentials: &Credentials<'_>) -> Result<u64, Close> {
    let intents = d
        .get("intents")
        .and_then(Value::as_u64)
        .ok_or(Close::InvalidIntents)?;
    if !intents::exist(intents) {
        return Err(Close::InvalidIntents);
    }
    if intents::privileged(intents) && !credentials.privileged_intents {
        return Err(Close::DisallowedIntents);
    }
    Ok(intents)
}

fn shard_of(d: &Map<String, Value>) -> Result<Option<(u64, u64)>, Close> {
    let shard = match d.get("shard") {
        None | Some(Value::Null) => return Ok(None),
        Some(shard) => shard.as_array().ok_or(Close::InvalidShard)?,
    };
    match shard
        .iter()
        .map(Value::as_u64)
        .collect::<Option<Vec<_>>>()
        .as_deref()
    {
        Some([shard, count]) if shard < count => Ok(Some((*shard, *count))),
        _ => Err(Close::InvalidShard),
    }
}

fn large_threshold_of(d: &Map<String, Value>) -> Result<usize, Close> {
    let threshold = optional(d, "large_threshold", Value::as_u64)?.unwrap_or(50);
    usize::try_from(threshold.clamp(50, 250)).map_err(|_| Close::DecodeError)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(change: Value) -> Result<Identify, Close> {
        let mut d = json!({"token": "t", "properties": {}, "intents": 259, "shard": [0, 1]});
        let map = d.as_object_mut().unwrap();
        for (key, value) in change.as_object().unwrap() {
            map.insert(key.clone(), value.clone());
        }
        Identify::check(
            map,
            &Credentials {
                token: "t",
                privileged_intents: true,
            },
        )
    }

    #[test]
    fn a_good_identify_is_understood() {
        let identify =
            check(json!({"compress": true, "large_threshold": 250, "presence": {"status": "dnd"}}))
                .unwrap();
        assert_eq!(
            (identify.intents, identify.shard, identify.compress),
            (259, Some((0, 1)), true)
        );
        assert_eq!(identify.large_threshold, 250);
        assert!(identify.has_guild());
        assert_eq!(
            check(json!({"token": "Bot t", "shard": null}))
                .unwrap()
                .shard,
            None
        );
    }

    #[test]
    fn each_fault_has_its_close_code() {
        for (change, close) in [
            (json!({"token": "x"}), Close::AuthenticationFailed),
            (json!({"token": 5}), Close::DecodeError),
            (json!({"properties": null}), Close::DecodeError),
            (json!({"intents": null}), Close::InvalidIntents),
            (json!({"intents": -1}), Close::InvalidIntents),
            (json!({"intents": 1_u64 << 40}), Close::InvalidIntents),
            (json!({"shard": [1, 1]}), Close::InvalidShard),
            (json!({"shard": [0]}), Close::InvalidShard),
            (json!({"shard": "0"}), Close::InvalidShard),
            (json!({"compress": "yes"}), Close::DecodeError),
        ] {
            assert_eq!(check(change.clone()), Err(close), "{change}");
        }
    }

    #[test]
    fn privileged_intents_need_permission() {
        let d = json!({"token": "t", "properties": {}, "intents": 1 << 8});
        let strict = Credentials {
            token: "t",
            privileged_intents: false,
        };
        assert_eq!(
            Identify::check(d.as_object().unwrap(), &strict),
            Err(Close::DisallowedIntents)
        );
    }

    #[test]
    fn the_guild_belongs_to_one_shard_of_several() {
        let with = |shard| check(json!({"shard": [shard, 3]})).unwrap().has_guild();
        assert_eq!((0..3).filter(|shard| with(*shard)).count(), 1);
    }
}
