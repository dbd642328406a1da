//! Any history of keeping, deciding, acknowledging and reopening gives what it gives the model.

use std::collections::BTreeMap;

use lantern_actors::{
    domain::{PairKey, PairValue, Timestamp, UserId, Version},
    ports::store::{
        AggregateId, EventPosition, Revision, Store, StoreError, StoredMember, StoredUser,
        TokenVersion, UserChange, UserKey,
    },
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tokio::{runtime::Handle, sync::Mutex, task::block_in_place};

use crate::{
    any::{LAST_VERSION, any_key, any_member, any_text, any_value, full, key, now},
    fixture::{Ground, START, all, event, some_user},
    model::ModelStore,
};

/// How many users a history is about.
const PEOPLE: usize = 3;
const STEPS: usize = 40;

#[derive(Clone, Debug)]
enum Step {
    /// Members are kept, each with a version.
    Keep(Vec<(usize, u64)>),
    /// A decision, based on the current revision or on one near it.
    Commit {
        who: usize,
        base: Base,
        change: UserChange,
    },
    /// All events up to the one with this index, or further than there are any.
    Acknowledge { who: usize, index: usize },
    /// The store is closed and opened.
    Reopen,
}

#[derive(Clone, Copy, Debug)]
enum Base {
    Current,
    Past,
    Future,
}

pub async fn any_history_gives_what_the_model_gives(ground: Ground) {
    let histories = ground.histories();
    let steps = prop::collection::vec(any_step(), 1..=STEPS);
    for_any(ground, histories, steps, async |ground, steps| {
        let mut history = History::new(ground);
        for step in steps {
            history.take(step).await;
        }
        history.compare().await;
    });
}

pub async fn any_member_is_read_as_it_was_kept(ground: Ground) {
    let histories = ground.histories();
    let user = some_user();
    for_any(
        ground,
        histories,
        any_member(user),
        async |ground, member| {
            ground.change_guild();
            let member = StoredMember::Present(member);
            ground.keep(vec![member.clone()]).await;
            assert_eq!(ground.member(user).await.as_ref(), Some(&member));
            assert_eq!(ground.members().await, [member]);
        },
    );
}

pub async fn any_decision_is_read_as_it_was_committed(ground: Ground) {
    let histories = ground.histories();
    let pairs = prop::collection::btree_map(any_key(), any_value().prop_map(Some), 0..20);
    for_any(
        ground,
        histories,
        any_change(pairs),
        async |ground, change| {
            let user = ground.somebody();
            let revision = ground.commit(user, START, change.clone()).await.unwrap();
            let told: Vec<(String, String)> = change
                .events
                .iter()
                .map(|event| (event.kind.clone(), event.body.clone()))
                .collect();
            let read = ground.events(user).await.into_iter();
            let read: Vec<_> = read.map(|event| (event.kind, event.body)).collect();
            assert_eq!(read, told);
            let mut expected = StoredUser::default();
            expected.apply(revision, change);
            assert_eq!(ground.user(user).await, expected);
        },
    );
}

/// Checks a property of many random inputs; the smallest that breaks it is printed.
fn for_any<S: Strategy>(
    ground: Ground,
    cases: u32,
    inputs: S,
    property: impl AsyncFn(&mut Ground, S::Value),
) {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 500,
        ..Config::default()
    };
    let ground = Mutex::new(ground);
    let held = TestRunner::new(config).run(&inputs, |input| {
        block_in_place(|| {
            Handle::current().block_on(async {
                property(&mut *ground.lock().await, input).await;
            });
        });
        Ok(())
    });
    if let Err(broken) = held {
        panic!("{broken}");
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    let who = || 0..PEOPLE;
    let base = prop_oneof![
        8 => Just(Base::Current),
        1 => Just(Base::Past),
        1 => Just(Base::Future)
    ];
    let members = prop::collection::vec((who(), 1..=12_u64), 0..4);
    let name = prop::sample::select(vec!["a", "A", "aa", "b"]).prop_map(key);
    let pairs = prop::collection::btree_map(name, prop::option::of(any_value()), 0..4);
    prop_oneof![
        6 => members.prop_map(Step::Keep),
        10 => (who(), base, any_change(pairs))
            .prop_map(|(who, base, change)| Step::Commit { who, base, change }),
        4 => (who(), 0..6_usize).prop_map(|(who, index)| Step::Acknowledge { who, index }),
        1 => Just(Step::Reopen),
    ]
}

fn any_change(
    pairs: impl Strategy<Value = BTreeMap<PairKey, Option<PairValue>>>,
) -> impl Strategy<Value = UserChange> {
    let versions = (0..=LAST_VERSION, 0..=LAST_VERSION);
    let token = prop::option::of(0..=LAST_VERSION);
    let events = prop::collection::vec((any_text(10), any_text(40)), 0..3);
    (versions, token, pairs, events).prop_map(
        |((version, member_version), token, pairs, events)| UserChange {
            version: Version::new(version),
            member_version: Version::new(member_version),
            token_version: token.map(TokenVersion::new),
            pairs,
            events: events
                .iter()
                .map(|(kind, body)| event(kind, body))
                .collect(),
        },
    )
}

/// A store and a model that go through the same.
struct History<'a> {
    ground: &'a mut Ground,
    model: ModelStore,
    people: [UserId; PEOPLE],
    left_at: Timestamp,
}

impl<'a> History<'a> {
    fn new(ground: &'a mut Ground) -> Self {
        ground.change_guild();
        Self {
            ground,
            model: ModelStore::default(),
            people: [(); PEOPLE].map(|()| some_user()),
            left_at: now(),
        }
    }

    fn key(&self, who: usize) -> UserKey {
        self.ground.key(self.people[who])
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Keep(members) => self.keep(members).await,
            Step::Commit { who, base, change } => self.commit(who, base, change).await,
            Step::Acknowledge { who, index } => self.acknowledge(who, index).await,
            Step::Reopen => {
                self.ground.reopen().await;
                self.compare().await;
            }
        }
    }

    async fn keep(&mut self, members: Vec<(usize, u64)>) {
        // Who has the same version is the same, as with real members.
        let members: Vec<StoredMember> = members
            .into_iter()
            .map(|(who, version)| {
                let user = self.people[who];
                match version % 3 {
                    0 => StoredMember::Left {
                        user,
                        version: Version::new(version),
                        left_at: self.left_at,
                    },
                    _ => StoredMember::Present(full(user, version, &version.to_string())),
                }
            })
            .collect();
        self.ground.keep(members.clone()).await;
        let guild = self.ground.guild;
        self.model.members().keep(guild, members).await.unwrap();
        for who in 0..PEOPLE {
            let key = self.key(who);
            let modelled = self.model.members().load(key).await.unwrap();
            assert_eq!(self.ground.member(key.user).await, modelled);
        }
    }

    async fn commit(&mut self, who: usize, base: Base, change: UserChange) {
        let key = self.key(who);
        let current = self.model.users().load(key).await.unwrap().revision;
        let based_on = match base {
            Base::Current => current,
            Base::Past => Revision::new(current.get().saturating_sub(1)),
            Base::Future => current.next(),
        };
        let answer = self.ground.commit(key, based_on, change.clone()).await;
        let modelled = self.model.users().commit(key, based_on, change).await;
        assert_eq!(answer, modelled);
        assert!(matches!(answer, Ok(_) | Err(StoreError::Conflict)));
        self.compare_user(key).await;
    }

    async fn acknowledge(&mut self, who: usize, index: usize) {
        let key = self.key(who);
        let id = AggregateId::User(key);
        let events = self
            .model
            .events()
            .read(id, None, usize::MAX)
            .await
            .unwrap();
        let through = match events.get(index) {
            Some(event) => event.position,
            None => EventPosition {
                revision: Revision::new(index as u64),
                index: 1,
            },
        };
        self.ground.acknowledge(key, through).await;
        self.model.events().acknowledge(id, through).await.unwrap();
        self.compare_user(key).await;
    }

    async fn compare_user(&self, key: UserKey) {
        let modelled = self.model.users().load(key).await.unwrap();
        assert_eq!(self.ground.user(key).await, modelled);
        let id = AggregateId::User(key);
        let modelled = self.model.events().read(id, None, usize::MAX).await;
        assert_eq!(Ok(self.ground.events(key).await), modelled);
    }

    async fn compare(&self) {
        let guild = self.ground.guild;
        // The model lists everything in order.
        let members = all(self.model.members().scan(guild)).await;
        assert_eq!(self.ground.members().await, members);
        let users = all(self.model.users().scan(guild)).await;
        assert_eq!(self.ground.users().await, users);
        for who in 0..PEOPLE {
            self.compare_user(self.key(who)).await;
        }
        let waiting = all(self.model.events().waiting()).await;
        let named = self.ground.waiting().await;
        for AggregateId::User(key) in waiting {
            assert!(named.contains(&key), "{key:?} has events");
        }
    }
}
