//! How a store is put to the test: who opens it, and a piece of it for each test.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use futures_util::TryStreamExt;
use lantern_actors::{
    domain::{GuildId, UserId},
    ports::store::{
        AggregateId, EventPosition, NewEvent, Revision, Scan, Store, StoreError, StoredEvent,
        StoredMember, StoredUser, UserChange, UserKey,
    },
};

/// The revision of a user about whom nothing was decided.
pub const START: Revision = Revision::new(0);

/// How long traces of those who left are kept where a test is not about that.
const LONG: Duration = Duration::from_secs(3_600);

/// Makes one kind of store. Each test has a fixture of its own, but what is behind it (a server, a
/// keyspace) may be shared: no test assumes that a store is empty.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// Whether there is what the store needs, a server perhaps. If not, its tests are skipped.
    fn is_there() -> bool
    where
        Self: Sized,
    {
        true
    }

    /// What a store needs before it can be opened: a folder, a keyspace.
    async fn prepare() -> Self
    where
        Self: Sized;

    /// Opens the store. After the one before was closed and dropped, what it held is there again.
    /// Traces of those who left are kept this long, in whole seconds.
    async fn open(&self, keep_left: Duration) -> Arc<dyn Store>;

    /// How many random histories the store is put through. Each has up to 40 steps.
    fn histories(&self) -> u32 {
        64
    }
}

/// A store and a guild in it that nobody else uses.
pub struct Ground {
    // Before the fixture, so that it is dropped before the folder is.
    pub store: Arc<dyn Store>,
    pub guild: GuildId,
    keep_left: Duration,
    fixture: Box<dyn Fixture>,
}

impl Ground {
    /// A guild of its own in a store of this kind.
    pub async fn new(fixture: impl Fixture + 'static) -> Self {
        Self {
            store: fixture.open(LONG).await,
            guild: some_guild(),
            keep_left: LONG,
            fixture: Box::new(fixture),
        }
    }

    /// Closes the store and opens it again.
    pub async fn reopen(&mut self) {
        self.store.close().await;
        // The port promises nothing while another one is open, so it goes first.
        self.store = Arc::new(crate::model::ModelStore::default());
        self.store = self.fixture.open(self.keep_left).await;
    }

    /// From here on the store forgets soon those who left.
    pub async fn keep_left(&mut self, keep_left: Duration) {
        self.keep_left = keep_left;
        self.reopen().await;
    }

    /// From here on the test goes on with a guild that nothing is stored of.
    pub fn change_guild(&mut self) {
        self.guild = some_guild();
    }

    pub fn histories(&self) -> u32 {
        self.fixture.histories()
    }

    /// A user that nothing is stored of.
    pub fn somebody(&self) -> UserKey {
        self.key(some_user())
    }

    pub fn key(&self, user: UserId) -> UserKey {
        let guild = self.guild;
        UserKey { guild, user }
    }

    pub async fn member(&self, user: UserId) -> Option<StoredMember> {
        let members = self.store.members();
        members.load(self.key(user)).await.unwrap()
    }

    pub async fn keep(&self, members: Vec<StoredMember>) {
        let kept = self.store.members().keep(self.guild, members).await;
        kept.unwrap();
    }

    /// All members of the guild, in the order of their ids.
    pub async fn members(&self) -> Vec<StoredMember> {
        let mut members = all(self.store.members().scan(self.guild)).await;
        members.sort_by_key(StoredMember::user);
        members
    }

    pub async fn user(&self, user: UserKey) -> StoredUser {
        self.store.users().load(user).await.unwrap()
    }

    pub async fn commit(
        &self,
        user: UserKey,
        based_on: Revision,
        change: UserChange,
    ) -> Result<Revision, StoreError> {
        self.store.users().commit(user, based_on, change).await
    }

    /// All users of the guild, in the order of their ids.
    pub async fn users(&self) -> Vec<(UserId, StoredUser)> {
        let mut users = all(self.store.users().scan(self.guild)).await;
        users.sort_by_key(|(user, _)| *user);
        users
    }

    /// All events of a user.
    pub async fn events(&self, user: UserKey) -> Vec<StoredEvent> {
        self.events_after(user, None, usize::MAX).await
    }

    pub async fn events_after(
        &self,
        user: UserKey,
        after: Option<EventPosition>,
        most: usize,
    ) -> Vec<StoredEvent> {
        let events = self.store.events();
        events
            .read(AggregateId::User(user), after, most)
            .await
            .unwrap()
    }

    pub async fn acknowledge(&self, user: UserKey, through: EventPosition) {
        let events = self.store.events();
        events
            .acknowledge(AggregateId::User(user), through)
            .await
            .unwrap();
    }

    /// Users of the guild that are named as having events.
    pub async fn waiting(&self) -> Vec<UserKey> {
        let mut waiting: Vec<UserKey> = all(self.store.events().waiting())
            .await
            .into_iter()
            .map(|AggregateId::User(user)| user)
            .filter(|user| user.guild == self.guild)
            .collect();
        waiting.sort();
        waiting
    }
}

/// Everything that a scan gives.
pub async fn all<T>(scan: Scan<'_, T>) -> Vec<T> {
    scan.try_collect().await.unwrap()
}

/// A guild that no other test has. Half of them do not fit a signed number.
pub fn some_guild() -> GuildId {
    GuildId::try_from(some_number()).unwrap()
}

/// A user that no other test has.
pub fn some_user() -> UserId {
    UserId::try_from(some_number()).unwrap()
}

fn some_number() -> u64 {
    // Each one is seeded differently.
    RandomState::new().hash_one(0).max(1)
}

/// An event that is kept long.
pub fn event(kind: &str, body: &str) -> NewEvent {
    NewEvent {
        kind: kind.to_owned(),
        body: body.to_owned(),
        keep_for: LONG,
    }
}

/// The position of the event with this index of a commit.
pub fn position(revision: Revision, index: u16) -> EventPosition {
    EventPosition { revision, index }
}

/// Asks again until the answer is yes; fails when it takes much too long. Expiry is in whole
/// seconds and a store may take its time, so nothing is said about how soon.
pub async fn until<F: Future<Output = bool>>(what: &str, mut ask: impl FnMut() -> F) {
    const PATIENCE: Duration = Duration::from_secs(60);
    const PAUSE: Duration = Duration::from_millis(50);
    let polled = async {
        while !ask().await {
            tokio::time::sleep(PAUSE).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, polled).await;
    assert!(in_time.is_ok(), "not within {PATIENCE:?}: {what}");
}

/// Puts a kind of store through the whole suite.
macro_rules! contract {
    ($name:ident, $fixture:ty) => {
        mod $name {
            $crate::fixture::tests! { $fixture;
                members:
                    a_member_is_read_as_it_was_kept,
                    members_at_the_limits_are_kept_whole,
                    texts_of_any_length_and_script_are_kept,
                    somebody_unknown_is_nobody,
                    the_greater_version_stays_in_any_order,
                    of_two_in_one_call_the_greater_version_stays,
                    keeping_the_same_again_changes_nothing,
                    who_leaves_and_who_returns_replace_each_other_whole,
                    a_scan_has_every_member_of_the_guild_and_no_other,
                    keeping_nobody_is_allowed,
                    members_are_kept_by_many_at_once;
                users:
                    a_user_without_a_commit_is_the_default,
                    a_decision_is_read_as_it_was_committed,
                    as_many_and_as_long_pairs_as_allowed_are_kept,
                    values_of_any_text_are_kept,
                    keys_are_told_apart_by_case_and_length,
                    pairs_are_replaced_and_deleted_and_the_others_stay,
                    deleting_what_is_not_there_is_allowed,
                    a_token_version_stays_until_the_next,
                    an_empty_change_raises_the_revision,
                    ids_and_versions_at_the_ends_are_kept,
                    the_same_user_of_two_guilds_is_two,
                    a_scan_has_every_user_of_the_guild_and_no_other;
                conflicts:
                    of_many_commits_on_one_revision_one_wins,
                    what_is_retried_is_never_lost,
                    different_users_never_conflict,
                    a_commit_on_the_past_or_the_future_is_refused,
                    a_refused_commit_leaves_nothing;
                events:
                    events_are_read_in_the_order_of_their_commits,
                    the_order_within_a_commit_is_kept,
                    events_of_any_text_are_kept,
                    reading_goes_on_after_a_position,
                    what_is_acknowledged_is_gone_and_nothing_else,
                    acknowledging_is_safe_to_repeat,
                    acknowledging_never_takes_a_later_event,
                    acknowledging_is_no_commit,
                    events_of_one_user_are_not_those_of_another,
                    whoever_has_events_is_waiting,
                    committed_events_wait_also_after_reopening;
                expiry:
                    events_expire_each_in_its_time,
                    those_who_left_are_forgotten_and_members_are_not,
                    who_returned_does_not_expire,
                    who_was_forgotten_can_return;
                whole:
                    everything_is_there_after_reopening,
                    guilds_are_listed_in_order,
                    a_closed_store_is_unavailable,
                    members_and_users_do_not_touch_each_other;
                transfer:
                    a_guild_goes_into_a_file_and_into_another_store,
                    a_file_goes_into_a_store;
                properties:
                    any_history_gives_what_the_model_gives,
                    any_member_is_read_as_it_was_kept,
                    any_decision_is_read_as_it_was_committed;
            }
        }
    };
}
pub(crate) use contract;

macro_rules! tests {
    ($fixture:ty; $($noun:ident: $($test:ident),+;)+) => {
        $(mod $noun {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                use $crate::fixture::{Fixture, Ground};
                if !<$fixture as Fixture>::is_there() {
                    return;
                }
                let fixture = <$fixture as Fixture>::prepare().await;
                $crate::$noun::$test(Ground::new(fixture).await).await;
            })+
        })+
    };
}
pub(crate) use tests;
