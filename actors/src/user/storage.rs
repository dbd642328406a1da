//! Decisions about a user's storage: pairs and tokens. Pure: requests go in, a draft of one commit and
//! the answers come out.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    domain::{PairKey, PairValue, Timestamp, Version, pair::MAX_PAIRS},
    ports::store::{StoredUser, TokenVersion, UserChange},
};

/// Who asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Authority {
    /// The user, through Discord.
    Owner,
    /// Who holds the token of this version, which was proven to be genuine.
    Token(TokenVersion),
}

/// What is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StorageRequest {
    /// Set a pair.
    Put {
        /// The key.
        key: PairKey,
        /// The new value.
        value: PairValue,
        /// When only.
        condition: Condition,
    },
    /// Remove a pair.
    Delete {
        /// The key.
        key: PairKey,
        /// When only.
        condition: Condition,
    },
    /// Set some pairs and remove others (`None`), all or nothing.
    Merge(BTreeMap<PairKey, Option<PairValue>>),
    /// Remove every pair.
    Reset,
    /// Make a new token; those before are invalid from then on.
    RenewToken,
    /// Tell the version of the token that is valid; make one if there never was.
    Token,
}

impl StorageRequest {
    /// About how many bytes it brings.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Put { value, .. } => value.as_str().len(),
            Self::Merge(pairs) => pairs
                .iter()
                .map(|(key, value)| {
                    64 + key.as_str().len() + value.as_ref().map_or(0, |text| text.as_str().len())
                })
                .sum(),
            Self::Delete { .. } | Self::Reset | Self::RenewToken | Self::Token => 0,
        }
    }
}

/// On what a request depends.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Condition {
    /// On nothing.
    #[default]
    Always,
    /// The pair is there.
    Exists,
    /// The pair is not there yet.
    Absent,
    /// The pair is there and has one of these entity tags.
    Matches(Vec<String>),
    /// The same; that the pair is not there is told before (RFC 9110 section 13.2.1).
    ExistsAs(Vec<String>),
    /// The pair is not there, or has none of these entity tags.
    Differs(Vec<String>),
}

/// What was done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StorageAnswer {
    /// The pairs are as asked.
    Done,
    /// The version of the token that is valid.
    Token(TokenVersion),
}

/// Why it was not done.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StorageError {
    /// The token is not the newest.
    #[error("the token was replaced by a newer one")]
    OldToken,
    /// There is no pair with this key.
    #[error("there is no pair with the key {0:?}")]
    UnknownKey(PairKey),
    /// There are as many pairs as may be.
    #[error("a user has at most {MAX_PAIRS} pairs")]
    TooManyPairs,
    /// The pair has another entity tag, or is not there, or should not be and is.
    #[error("the pair is not the one that If-Match names")]
    PreconditionFailed,
    /// The user is not monitored.
    #[error("the user is not monitored")]
    UnknownUser,
    /// The members are still being counted.
    #[error("the members are still being counted")]
    NotReady,
    /// It cannot be stored now. It may have been or not; asking again does no harm.
    #[error("it cannot be stored now: {0}")]
    Unavailable(String),
}

/// One commit in the making: requests are applied to it one after the other.
#[derive(Debug)]
pub struct Draft {
    /// The user as they are behind it.
    user: StoredUser,
    changed: BTreeMap<PairKey, Option<PairValue>>,
    token_version: Option<TokenVersion>,
    now: Timestamp,
}

impl Draft {
    /// A draft that is based on what is known to be committed.
    pub fn new(user: &StoredUser, now: Timestamp) -> Self {
        Self {
            user: user.clone(),
            changed: BTreeMap::new(),
            token_version: None,
            now,
        }
    }

    /// Applies a request: whole, or with an error not at all.
    pub fn apply(
        &mut self,
        authority: Authority,
        request: &StorageRequest,
    ) -> Result<StorageAnswer, StorageError> {
        if let Authority::Token(version) = authority
            && version != self.user.token_version
        {
            return Err(StorageError::OldToken);
        }
        match request {
            StorageRequest::Put {
                key,
                value,
                condition,
            } => {
                self.check(key, condition)?;
                self.merge([(key, Some(value))])?;
            }
            StorageRequest::Delete { key, condition } => {
                self.check(key, condition)?;
                self.check(key, &Condition::Exists)?;
                self.merge([(key, None)])?;
            }
            StorageRequest::Merge(pairs) => {
                self.merge(pairs.iter().map(|(key, value)| (key, value.as_ref())))?;
            }
            StorageRequest::Reset => {
                let keys: Vec<PairKey> = self.user.pairs.keys().cloned().collect();
                self.merge(keys.iter().map(|key| (key, None)))?;
            }
            StorageRequest::RenewToken => return Ok(self.renew_token()),
            StorageRequest::Token if self.user.token_version == TokenVersion::default() => {
                return Ok(self.renew_token());
            }
            StorageRequest::Token => return Ok(StorageAnswer::Token(self.user.token_version)),
        }
        Ok(StorageAnswer::Done)
    }

    fn check(&self, key: &PairKey, condition: &Condition) -> Result<(), StorageError> {
        match (condition, self.user.pairs.get(key)) {
            (Condition::Always, _)
            | (Condition::Exists, Some(_))
            | (Condition::Absent | Condition::Differs(_), None) => Ok(()),
            (Condition::Exists | Condition::ExistsAs(_), None) => {
                Err(StorageError::UnknownKey(key.clone()))
            }
            (Condition::Matches(tags) | Condition::ExistsAs(tags), Some(value))
                if is_among(tags, value) =>
            {
                Ok(())
            }
            (Condition::Differs(tags), Some(value)) if !is_weakly_among(tags, value) => Ok(()),
            _ => Err(StorageError::PreconditionFailed),
        }
    }

    fn merge<'a>(
        &mut self,
        pairs: impl IntoIterator<Item = (&'a PairKey, Option<&'a PairValue>)> + Clone,
    ) -> Result<(), StorageError> {
        let held = &self.user.pairs;
        let (mut added, mut removed) = (0, 0);
        for (key, value) in pairs.clone() {
            match (held.contains_key(key), value) {
                (false, Some(_)) => added += 1,
                (true, None) => removed += 1,
                _ => {}
            }
        }
        // Who has too many already, from elsewhere, may still remove and replace.
        if added > removed && held.len() + added - removed > MAX_PAIRS {
            return Err(StorageError::TooManyPairs);
        }
        for (key, value) in pairs {
            if self.user.pairs.get(key) == value {
                continue;
            }
            self.user.set_pair(key.clone(), value.cloned());
            self.changed.insert(key.clone(), value.cloned());
        }
        Ok(())
    }

    /// Greater than any before, whatever became of those: a token that was valid once never is again.
    fn renew_token(&mut self) -> StorageAnswer {
        let before = self.user.token_version.get();
        let version = TokenVersion::new(self.now.unix_us().max(before + 1));
        self.user.token_version = version;
        self.token_version = Some(version);
        StorageAnswer::Token(version)
    }

    /// Whether there is anything to commit.
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.token_version.is_none()
    }

    /// Whether the document becomes another one.
    pub fn changes_pairs(&self) -> bool {
        !self.changed.is_empty()
    }

    /// What is to be committed, and the user behind it. `version` and `member_version` are those of
    /// the document that it makes; without a change of pairs the document stays.
    pub fn finish(
        mut self,
        version: Version,
        member_version: Version,
    ) -> (UserChange, Arc<StoredUser>) {
        if self.changes_pairs() {
            self.user.version = version;
            self.user.member_version = member_version;
        }
        self.user.revision = self.user.revision.next();
        let change = UserChange {
            version: self.user.version,
            member_version: self.user.member_version,
            token_version: self.token_version,
            pairs: self.changed,
            events: Vec::new(),
        };
        (change, Arc::new(self.user))
    }
}

/// Whether a pair with this value has one of the tags. Weak ones never match (RFC 9110 13.1.1).
fn is_among(tags: &[String], value: &PairValue) -> bool {
    let tag = value.tag();
    tags.iter().any(|wanted| *wanted == tag || wanted == "*")
}

/// As [`is_among`], also weak ones (RFC 9110 13.1.2).
fn is_weakly_among(tags: &[String], value: &PairValue) -> bool {
    let strong = |tag: &String| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    is_among(&tags.iter().map(strong).collect::<Vec<_>>(), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_ms(5_000);

    fn key(text: &str) -> PairKey {
        PairKey::try_from(text.to_owned()).unwrap()
    }

    fn value(text: &str) -> PairValue {
        PairValue::try_from(text.to_owned()).unwrap()
    }

    fn put(name: &str, text: &str, condition: Condition) -> StorageRequest {
        StorageRequest::Put {
            key: key(name),
            value: value(text),
            condition,
        }
    }

    fn user(pairs: usize) -> StoredUser {
        let pair = |number| (key(&format!("key{number}")), value("x"));
        StoredUser {
            token_version: TokenVersion::new(7),
            pairs: (0..pairs).map(pair).collect(),
            ..StoredUser::default()
        }
    }

    fn asked(user: &StoredUser, request: StorageRequest) -> Result<StorageAnswer, StorageError> {
        Draft::new(user, NOW).apply(Authority::Owner, &request)
    }

    #[test]
    fn the_512th_pair_is_taken_and_the_513th_is_not() {
        let full = user(MAX_PAIRS);
        let one_more = put("more", "x", Condition::Always);
        assert!(asked(&user(MAX_PAIRS - 1), one_more.clone()).is_ok());
        assert_eq!(asked(&full, one_more), Err(StorageError::TooManyPairs));
        assert!(asked(&full, put("key5", "other", Condition::Always)).is_ok());
        let exchange = [(key("key5"), None), (key("more"), Some(value("x")))];
        assert!(asked(&full, StorageRequest::Merge(exchange.into())).is_ok());
    }

    #[test]
    fn a_merge_is_done_whole_or_not_at_all() {
        let full = user(MAX_PAIRS);
        let mut draft = Draft::new(&full, NOW);
        let merge = StorageRequest::Merge(
            [
                (key("key1"), None),
                (key("new1"), Some(value("x"))),
                (key("new2"), Some(value("x"))),
            ]
            .into(),
        );
        assert_eq!(
            draft.apply(Authority::Owner, &merge),
            Err(StorageError::TooManyPairs)
        );
        assert!(draft.is_empty());
    }

    #[test]
    fn only_the_newest_token_opens() {
        let user = user(1);
        let mut draft = Draft::new(&user, NOW);
        let change = put("key0", "y", Condition::Always);
        let old = Authority::Token(TokenVersion::new(7));
        assert!(draft.apply(old, &change).is_ok());
        let Ok(StorageAnswer::Token(new)) =
            draft.apply(Authority::Owner, &StorageRequest::RenewToken)
        else {
            panic!("no token");
        };
        assert_eq!(new.get(), NOW.unix_us());
        assert_eq!(draft.apply(old, &change), Err(StorageError::OldToken));
        assert!(draft.apply(Authority::Token(new), &change).is_ok());
    }

    #[test]
    fn a_token_is_made_when_there_is_none_and_stays() {
        let mut draft = Draft::new(&StoredUser::default(), NOW);
        let first = draft.apply(Authority::Owner, &StorageRequest::Token);
        assert_eq!(draft.apply(Authority::Owner, &StorageRequest::Token), first);
    }

    #[test]
    fn conditions_are_about_the_pair_as_it_is_then() {
        let user = user(1);
        let tag = value("x").tag();
        let matches = |tag: &str| Condition::Matches(vec![tag.to_owned()]);
        assert!(asked(&user, put("key0", "y", matches(&tag))).is_ok());
        assert!(asked(&user, put("key0", "y", matches("*"))).is_ok());
        let refused = Err(StorageError::PreconditionFailed);
        assert_eq!(asked(&user, put("key0", "y", matches("\"p-0\""))), refused);
        assert_eq!(
            asked(&user, put("key0", "y", matches(&format!("W/{tag}")))),
            refused
        );
        assert_eq!(asked(&user, put("none", "y", matches(&tag))), refused);
        assert_eq!(asked(&user, put("key0", "y", Condition::Absent)), refused);
        assert!(asked(&user, put("none", "y", Condition::Absent)).is_ok());
        let unknown = Err(StorageError::UnknownKey(key("none")));
        assert_eq!(asked(&user, put("none", "y", Condition::Exists)), unknown);
        let exists_as = |tag: &str| Condition::ExistsAs(vec![tag.to_owned()]);
        assert_eq!(asked(&user, put("none", "y", exists_as("*"))), unknown);
        assert_eq!(asked(&user, put("key0", "y", exists_as("x"))), refused);
        assert!(asked(&user, put("key0", "y", exists_as(&tag))).is_ok());
        let differs = |tag: &str| Condition::Differs(vec![tag.to_owned()]);
        assert!(asked(&user, put("none", "y", differs("*"))).is_ok());
        assert!(asked(&user, put("key0", "y", differs("\"p-0\""))).is_ok());
        for tag in ["*".to_owned(), tag.clone(), format!("W/{tag}")] {
            assert_eq!(asked(&user, put("key0", "y", differs(&tag))), refused);
        }
        let delete = StorageRequest::Delete {
            key: key("none"),
            condition: Condition::Always,
        };
        assert_eq!(asked(&user, delete), unknown);
    }

    #[test]
    fn what_changes_nothing_is_no_commit() {
        let user = user(2);
        let mut draft = Draft::new(&user, NOW);
        for request in [
            put("key0", "x", Condition::Always),
            StorageRequest::Merge([(key("none"), None)].into()),
        ] {
            draft.apply(Authority::Owner, &request).unwrap();
        }
        assert!(draft.is_empty());
        let _ = draft.apply(Authority::Owner, &StorageRequest::Reset);
        let (change, behind) = draft.finish(Version::new(9), Version::new(4));
        assert_eq!(change.pairs.len(), 2);
        assert_eq!((behind.pairs.len(), behind.revision.get()), (0, 1));
        assert_eq!((behind.version.get(), behind.member_version.get()), (9, 4));
    }
}
