//! One user into a store: in several commits when it is large, recognisable until the last of them.

use std::time::Duration;

use lantern_actors::{
    domain::{PairKey, PairValue, Version},
    ports::store::{
        AggregateId, EventPosition, NewEvent, Revision, Store, StoreError, StoredUser,
        TokenVersion, UserChange, UserKey,
    },
};

use super::{
    contents::Contents,
    error::TransferError,
    inventory,
    line::{EventLine, Line, UserLine},
};

/// How long events are kept in the store that they are imported into.
pub const EVENTS_KEPT_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What one commit holds at most, unless a single pair or event is larger.
const COMMIT_BYTES: usize = 256 * 1024;
/// Pairs and events that one commit holds at most.
const COMMIT_ITEMS: usize = 500;

/// The versions of a user of which only a part is there. No decision makes these: a member's
/// version is the microsecond in which Discord told it.
const UNFINISHED: (Version, Version) = (Version::new(0), Version::new(1));

/// Whether a user with these versions is there only in part, because an import was cut off.
pub fn is_unfinished(version: Version, member_version: Version) -> bool {
    (version, member_version) == UNFINISHED
}

/// What became of a user.
pub enum Outcome {
    /// It was written; this is how what the store holds has changed.
    Written(Contents),
    /// The same was there.
    Same,
    /// Something else was decided there about this user, and stays.
    Kept(UserKey),
}

/// Imports a user about whom nothing was decided in this store.
pub async fn add(store: &dyn Store, line: UserLine) -> Result<Outcome, TransferError> {
    write(store, line, StoredUser::default()).await
}

/// Imports a user unless something was decided about it here. One that is there only in part
/// becomes the one of the file.
pub async fn merge(store: &dyn Store, line: UserLine) -> Result<Outcome, TransferError> {
    let user = line.key();
    let there = store.users().load(user).await?;
    if there.revision == Revision::default() {
        return write(store, line, there).await;
    }
    if !is_unfinished(there.version, there.member_version) {
        let same = line.is_decided_as(&there);
        return Ok(if same {
            Outcome::Same
        } else {
            Outcome::Kept(user)
        });
    }
    // Its events are told again from the first: consumers expect that an event comes twice.
    let events = inventory::events(store, user).await?;
    let through = EventPosition {
        revision: there.revision,
        index: u16::MAX,
    };
    store
        .events()
        .acknowledge(AggregateId::User(user), through)
        .await?;
    let mut part = Contents::default();
    part.add(&Line::User(UserLine::of(user, there.clone(), events)))?;
    match write(store, line, there).await? {
        Outcome::Written(mut change) => {
            change.add_all(&part.negated());
            Ok(Outcome::Written(change))
        }
        other => Ok(other),
    }
}

async fn write(
    store: &dyn Store,
    line: UserLine,
    there: StoredUser,
) -> Result<Outcome, TransferError> {
    let user = line.key();
    let mut change = Contents::default();
    let line = Line::User(line);
    change.add(&line)?;
    let Line::User(line) = line else {
        return Ok(Outcome::Same);
    };
    let mut revision = there.revision;
    for commit in commits(line, there) {
        revision =
            store
                .users()
                .commit(user, revision, commit)
                .await
                .map_err(|error| match error {
                    StoreError::Conflict => TransferError::Contended,
                    error => error.into(),
                })?;
    }
    Ok(Outcome::Written(change))
}

/// The commits that make the user of this line out of what is there.
fn commits(line: UserLine, there: StoredUser) -> Vec<UserChange> {
    let mut commits = Commits::default();
    for key in there.pairs.keys() {
        if !line.pairs.contains_key(key) {
            commits.pair(key.clone(), None);
        }
    }
    for (key, value) in line.pairs {
        if there.pairs.get(&key) != Some(&value) {
            commits.pair(key, Some(value));
        }
    }
    for event in line.events {
        commits.event(event);
    }
    let mut last = commits.current;
    last.version = line.version;
    last.member_version = line.member_version;
    last.token_version =
        (line.token_version != TokenVersion::default()).then_some(line.token_version);
    commits.full.push(last);
    commits.full
}

/// Commits that are being filled, one after the other.
#[derive(Default)]
struct Commits {
    full: Vec<UserChange>,
    current: UserChange,
    bytes: usize,
}

impl Commits {
    fn pair(&mut self, key: PairKey, value: Option<PairValue>) {
        let value_bytes = value.as_ref().map_or(0, |value| value.as_str().len());
        self.make_room(key.as_str().len() + value_bytes);
        self.current.pairs.insert(key, value);
    }

    fn event(&mut self, event: EventLine) {
        self.make_room(event.kind.len() + event.body.len());
        self.current.events.push(NewEvent {
            kind: event.kind,
            body: event.body,
            keep_for: EVENTS_KEPT_FOR,
        });
    }

    fn make_room(&mut self, bytes: usize) {
        let items = self.current.pairs.len() + self.current.events.len();
        if items > 0 && (items >= COMMIT_ITEMS || self.bytes + bytes > COMMIT_BYTES) {
            let (version, member_version) = UNFINISHED;
            let part = UserChange {
                version,
                member_version,
                ..std::mem::take(&mut self.current)
            };
            self.full.push(part);
            self.bytes = 0;
        }
        self.bytes += bytes;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use lantern_actors::domain::{GuildId, Pairs, UserId};

    use super::*;

    fn line(pairs: Pairs, events: usize) -> UserLine {
        UserLine {
            guild: GuildId::try_from(1).unwrap(),
            user: UserId::try_from(2).unwrap(),
            version: Version::new(9),
            member_version: Version::new(8),
            token_version: TokenVersion::new(7),
            pairs,
            events: (0..events)
                .map(|number| EventLine {
                    kind: "e".to_owned(),
                    body: number.to_string(),
                })
                .collect(),
        }
    }

    fn pair(name: &str, text: &str) -> (PairKey, PairValue) {
        let key = PairKey::try_from(name.to_owned()).unwrap();
        (key, PairValue::try_from(text.to_owned()).unwrap())
    }

    #[test]
    fn a_small_user_is_one_commit() {
        let commits = commits(line([pair("a", "b")].into(), 1), StoredUser::default());
        let [only] = commits.as_slice() else {
            panic!("{commits:?}");
        };
        assert_eq!((only.pairs.len(), only.events.len()), (1, 1));
        assert_eq!(only.version, Version::new(9));
        // Also one that has nothing.
        assert_eq!(
            super::commits(line(Pairs::new(), 0), StoredUser::default()).len(),
            1
        );
    }

    #[test]
    fn a_large_user_is_unfinished_until_the_last_commit() {
        let text = "x".repeat(30_000);
        let pairs: Pairs = (0..100)
            .map(|number| pair(&format!("k{number}"), &text))
            .collect();
        let line = line(pairs, 2_000);
        let commits = commits(line.clone(), StoredUser::default());
        let mut user = StoredUser::default();
        let mut bodies = Vec::new();
        for (number, commit) in commits.iter().enumerate() {
            let unfinished = is_unfinished(user.version, user.member_version);
            assert_eq!(unfinished, number > 0);
            assert_eq!(user.token_version, TokenVersion::default());
            let bytes = |value: &Option<PairValue>| value.as_ref().map_or(0, |v| v.as_str().len());
            assert!(commit.pairs.values().map(bytes).sum::<usize>() <= COMMIT_BYTES);
            assert!(commit.pairs.len() + commit.events.len() <= COMMIT_ITEMS);
            bodies.extend(commit.events.iter().map(|event| event.body.clone()));
            user.apply(user.revision.next(), commit.clone());
        }
        assert!(line.is_decided_as(&user));
        let told: Vec<String> = line.events.into_iter().map(|event| event.body).collect();
        assert_eq!(bodies, told);
    }

    #[test]
    fn what_a_cut_off_import_left_becomes_the_user_of_the_file() {
        let part = StoredUser {
            pairs: [pair("a", "old"), pair("b", "same"), pair("c", "gone")].into(),
            ..StoredUser::default()
        };
        let line = line([pair("a", "new"), pair("b", "same")].into(), 0);
        let commits = commits(line.clone(), part.clone());
        let [only] = commits.as_slice() else {
            panic!("{commits:?}");
        };
        let keys: BTreeMap<&str, bool> = only
            .pairs
            .iter()
            .map(|(key, value)| (key.as_str(), value.is_some()))
            .collect();
        assert_eq!(keys, [("a", true), ("c", false)].into());
        let mut user = part;
        user.apply(Revision::new(1), only.clone());
        assert!(line.is_decided_as(&user));
    }
}
