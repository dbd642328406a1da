//! What was decided about users, as it is stored.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{NewEvent, Revision, Scan, StoreError, UserKey};
use crate::{
    domain::{GuildId, PairKey, PairValue, Pairs, UserId, Version},
    wire::PairsText,
};

/// Which of a user's tokens is valid: the one that was derived with this number. It only grows.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(transparent)]
pub struct TokenVersion(u64);

impl TokenVersion {
    /// The version with this number; 0 means that no token was ever created.
    pub fn new(number: u64) -> Self {
        Self(number)
    }

    /// As a number.
    pub fn get(self) -> u64 {
        self.0
    }
}

/// What was decided about a user. The default is that of a user about whom nothing was.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct StoredUser {
    /// What the next commit is based on.
    pub revision: Revision,
    /// The version of the document that the last commit made.
    pub version: Version,
    /// The version of the [`Member`](crate::domain::Member) that this document showed.
    pub member_version: Version,
    /// Which token is valid.
    pub token_version: TokenVersion,
    /// The key-value pairs.
    pub pairs: Pairs,
    /// The pairs, encoded when they are first needed so.
    #[serde(skip)]
    pub encoded: EncodedPairs,
}

/// Pairs that were encoded, shared by all clones until one of them has other pairs. It says nothing
/// about the pairs: any two are equal.
#[derive(Clone, Debug, Default)]
pub struct EncodedPairs(OnceLock<Arc<PairsText>>);

impl PartialEq for EncodedPairs {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for EncodedPairs {}

/// One decision about a user.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct UserChange {
    /// The version of the document that it makes.
    pub version: Version,
    /// The version of the member that this document shows.
    pub member_version: Version,
    /// A new token version.
    pub token_version: Option<TokenVersion>,
    /// Pairs to set, or with `None` to delete; the others stay.
    pub pairs: BTreeMap<PairKey, Option<PairValue>>,
    /// Events that go out because of it, in their order.
    pub events: Vec<NewEvent>,
}

impl StoredUser {
    /// Bytes of all keys and values.
    pub fn pairs_bytes(&self) -> usize {
        let bytes =
            |(key, value): (&PairKey, &PairValue)| key.as_str().len() + value.as_str().len();
        self.pairs.iter().map(bytes).sum()
    }

    /// The pairs, encoded once for everybody who reads this user.
    ///
    /// # Errors
    /// None that pairs can cause.
    pub fn pairs_text(&self) -> Result<Arc<PairsText>, serde_json::Error> {
        if let Some(text) = self.encoded.0.get() {
            return Ok(Arc::clone(text));
        }
        let text = Arc::new(PairsText::new(&self.pairs)?);
        Ok(Arc::clone(self.encoded.0.get_or_init(|| text)))
    }

    /// Takes in a change that was committed as `revision`.
    pub fn apply(&mut self, revision: Revision, change: UserChange) {
        self.revision = revision;
        self.version = change.version;
        self.member_version = change.member_version;
        if let Some(token_version) = change.token_version {
            self.token_version = token_version;
        }
        for (key, value) in change.pairs {
            self.set_pair(key, value);
        }
    }

    /// Sets a pair, or removes it.
    pub fn set_pair(&mut self, key: PairKey, value: Option<PairValue>) {
        self.encoded = EncodedPairs::default();
        match value {
            Some(value) => self.pairs.insert(key, value),
            None => self.pairs.remove(&key),
        };
    }
}

/// Users, each an aggregate.
#[async_trait]
pub trait Users: Send + Sync {
    /// What was decided about a user; the default, with revision 0, if nothing was.
    async fn load(&self, user: UserKey) -> Result<StoredUser, StoreError>;

    /// Commits a decision that is based on this revision, whole or not at all, and gives the new
    /// one. When it returns, the change is on disk.
    async fn commit(
        &self,
        user: UserKey,
        based_on: Revision,
        change: UserChange,
    ) -> Result<Revision, StoreError>;

    /// Everybody of a guild about whom anything was decided.
    fn scan(&self, guild: GuildId) -> Scan<'_, (UserId, StoredUser)>;
}
