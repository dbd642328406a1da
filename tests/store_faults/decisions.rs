//! Commits of many parts that all say the same, so that half of one would be seen.

use std::{sync::Arc, time::Duration};

use lantern::store::embedded::{EmbeddedConfig, EmbeddedStore, OpenError};
use lantern_actors::{
    domain::{GuildId, PairKey, PairValue, Timestamp, UserId, Version},
    ports::store::{
        AggregateId, EventPosition, NewEvent, Revision, Store, StoreError, StoredEvent,
        StoredMember, TokenVersion, UserChange, UserKey,
    },
};

const PARTS: [&str; 3] = ["first", "second", "third"];
const EVENTS: u16 = 2;

pub fn open(folder: &std::path::Path) -> Result<Arc<EmbeddedStore>, OpenError> {
    EmbeddedStore::open(&EmbeddedConfig::at(folder)).map(Arc::new)
}

pub fn user(number: u64) -> UserKey {
    UserKey {
        guild: guild(),
        user: UserId::try_from(number).unwrap(),
    }
}

pub fn guild() -> GuildId {
    GuildId::try_from(1).unwrap()
}

/// The decision that makes this revision; `text` says whose it is.
pub fn decision(revision: u64, text: &str) -> UserChange {
    let pair = |name: &str, value: Option<&str>| {
        let key = PairKey::try_from(name.to_owned()).unwrap();
        let value = value.map(|value| PairValue::try_from(value.to_owned()).unwrap());
        (key, value)
    };
    let parts = PARTS.map(|part| pair(part, Some(text)));
    // One pair comes with each commit, and that of the commit before goes.
    let moving = [
        pair(&format!("only{}", revision % 2), Some(text)),
        pair(&format!("only{}", (revision + 1) % 2), None),
    ];
    UserChange {
        version: Version::new(revision),
        member_version: Version::new(revision),
        token_version: Some(TokenVersion::new(revision)),
        pairs: parts.into_iter().chain(moving).collect(),
        events: (0..EVENTS)
            .map(|_| NewEvent {
                kind: "decided".to_owned(),
                body: text.to_owned(),
                keep_for: Duration::from_secs(3_600),
            })
            .collect(),
    }
}

/// Commits the next decision about a user; its revision.
pub async fn decide(store: &dyn Store, user: UserKey, text: &str) -> Result<u64, StoreError> {
    let stored = store.users().load(user).await?;
    let next = stored.revision.next().get();
    let change = decision(next, text);
    let revision = store.users().commit(user, stored.revision, change).await?;
    assert_eq!(revision.get(), next);
    Ok(next)
}

/// What a user's commits left: the revision, its text, and the events that wait, as revision and text.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Left {
    pub revision: u64,
    pub text: String,
    pub events: Vec<(u64, String)>,
}

/// Reads a user and sees that everything there is of one whole commit, and that the events are those
/// of the commits before it, each whole and in order.
pub async fn left(store: &dyn Store, user: UserKey) -> Left {
    let stored = store.users().load(user).await.unwrap();
    let revision = stored.revision.get();
    let events = store.events();
    let events = events.read(AggregateId::User(user), None, usize::MAX).await;
    let events = by_commit(&events.unwrap());
    if revision == 0 {
        assert!(stored.pairs.is_empty() && events.is_empty(), "{stored:?}");
        return Left::default();
    }
    let whole = decision(revision, stored.pairs.values().next().unwrap().as_str());
    let pairs = whole.pairs.iter();
    let pairs = pairs.filter_map(|(key, value)| Some((key.clone(), value.clone()?)));
    assert_eq!(
        stored.pairs,
        pairs.collect(),
        "half of {revision} of {user:?}"
    );
    assert_eq!(stored.version, whole.version);
    assert_eq!(stored.member_version, whole.member_version);
    assert_eq!(Some(stored.token_version), whole.token_version);
    let text = whole.events[0].body.clone();
    if let Some(last) = events.last() {
        assert_eq!(*last, (revision, text.clone()), "of {user:?}");
    }
    Left {
        revision,
        text,
        events,
    }
}

fn by_commit(events: &[StoredEvent]) -> Vec<(u64, String)> {
    let commits = events.chunks(usize::from(EVENTS)).map(|events| {
        let revision = events[0].position.revision;
        for (index, event) in (0..EVENTS).zip(events) {
            assert_eq!(event.position, EventPosition { revision, index });
            assert_eq!(event.body, events[0].body);
        }
        assert_eq!(events.len(), usize::from(EVENTS), "half of {revision:?}");
        (revision.get(), events[0].body.clone())
    });
    let commits: Vec<(u64, String)> = commits.collect();
    for pair in commits.windows(2) {
        assert_eq!(pair[0].0 + 1, pair[1].0, "events of one are missing");
    }
    commits
}

/// The last event of a commit.
pub fn last_event(revision: u64) -> EventPosition {
    EventPosition {
        revision: Revision::new(revision),
        index: EVENTS - 1,
    }
}

/// A member's row with this version: the smallest there is.
pub fn member(number: u64, version: u64) -> StoredMember {
    StoredMember::Left {
        user: UserId::try_from(number).unwrap(),
        version: Version::new(version),
        left_at: Timestamp::from_unix_ms(1),
    }
}

/// The version of a member, 0 if there is none.
pub async fn member_version(store: &dyn Store, number: u64) -> u64 {
    let member = store.members().load(user(number)).await.unwrap();
    member.map_or(0, |member| member.version().get())
}
