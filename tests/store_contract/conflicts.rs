//! Many writers: one of them wins, nothing is lost, nothing is half there.

use std::sync::Arc;

use lantern_actors::{
    domain::Version,
    ports::store::{Revision, Store, StoreError, StoredUser, TokenVersion, UserChange, UserKey},
};
use tokio::{sync::Barrier, task::JoinSet};

use crate::{
    any::{key, setting, value},
    fixture::{Ground, START, event, position},
};

pub async fn of_many_commits_on_one_revision_one_wins(ground: Ground) {
    const WRITERS: usize = 8;
    let user = ground.somebody();
    let mut revision = START;
    for round in 0..5 {
        let barrier = Arc::new(Barrier::new(WRITERS));
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let (store, barrier) = (ground.store.clone(), barrier.clone());
            let text = format!("{round} {writer}");
            writers.spawn(async move {
                let change = UserChange {
                    events: vec![event("won", &text)],
                    ..setting("winner", &text)
                };
                barrier.wait().await;
                (text, store.users().commit(user, revision, change).await)
            });
        }
        let mut winners = Vec::new();
        for (text, answer) in writers.join_all().await {
            match answer {
                Ok(next) => winners.push((text, next)),
                Err(error) => assert_eq!(error, StoreError::Conflict),
            }
        }
        let [(text, next)] = winners.as_slice() else {
            panic!("one is to win: {winners:?}");
        };
        assert_eq!(*next, revision.next());
        revision = *next;
        let read = ground.user(user).await;
        assert_eq!(read.revision, revision);
        assert_eq!(read.pairs, [(key("winner"), value(text))].into());
        let events = ground.events(user).await;
        assert_eq!(events.len(), round + 1);
        assert_eq!(&events[round].body, text);
    }
}

pub async fn what_is_retried_is_never_lost(ground: Ground) {
    const WRITERS: u64 = 4;
    const EACH: u64 = 10;
    let user = ground.somebody();
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let store = ground.store.clone();
        writers.spawn(async move {
            for _ in 0..EACH {
                increment(&*store, user).await;
            }
        });
    }
    writers.join_all().await;
    let read = ground.user(user).await;
    assert_eq!(read.revision, Revision::new(WRITERS * EACH));
    let total = (WRITERS * EACH).to_string();
    assert_eq!(read.pairs, [(key("count"), value(&total))].into());
    let counted: Vec<String> = (1..=WRITERS * EACH)
        .map(|count| count.to_string())
        .collect();
    let events = ground.events(user).await;
    let bodies: Vec<&str> = events.iter().map(|event| event.body.as_str()).collect();
    assert_eq!(bodies, counted);
}

async fn increment(store: &dyn Store, user: UserKey) {
    loop {
        let stored = store.users().load(user).await.unwrap();
        let count = stored
            .pairs
            .get("count")
            .map_or("0", |count| count.as_str());
        let count = (count.parse::<u64>().unwrap() + 1).to_string();
        let change = UserChange {
            events: vec![event("counted", &count)],
            ..setting("count", &count)
        };
        match store.users().commit(user, stored.revision, change).await {
            Ok(_) => return,
            Err(error) => assert_eq!(error, StoreError::Conflict),
        }
    }
}

pub async fn different_users_never_conflict(ground: Ground) {
    let mut writers = JoinSet::new();
    for _ in 0..8 {
        let (store, user) = (ground.store.clone(), ground.somebody());
        writers.spawn(async move {
            let mut revision = START;
            for number in 0..5 {
                let change = setting("number", &number.to_string());
                revision = store.users().commit(user, revision, change).await.unwrap();
            }
            revision
        });
    }
    for revision in writers.join_all().await {
        assert_eq!(revision, Revision::new(5));
    }
    assert_eq!(ground.users().await.len(), 8);
}

pub async fn a_commit_on_the_past_or_the_future_is_refused(ground: Ground) {
    let user = ground.somebody();
    let refused = async |based_on| {
        let answer = ground.commit(user, based_on, setting("wrong", "")).await;
        assert_eq!(answer, Err(StoreError::Conflict), "based on {based_on:?}");
    };
    refused(Revision::new(1)).await;
    assert_eq!(ground.user(user).await, StoredUser::default());
    let mut revision = START;
    for _ in 0..3 {
        revision = ground
            .commit(user, revision, setting("right", ""))
            .await
            .unwrap();
    }
    for number in [0, 1, 2, 4, 5, (1 << 47) - 2] {
        refused(Revision::new(number)).await;
    }
    let read = ground.user(user).await;
    assert_eq!(read.revision, Revision::new(3));
    assert_eq!(read.pairs, [(key("right"), value(""))].into());
}

pub async fn a_refused_commit_leaves_nothing(ground: Ground) {
    let user = ground.somebody();
    let everything = |text: &str, number| UserChange {
        version: Version::new(number),
        member_version: Version::new(number),
        token_version: Some(TokenVersion::new(number)),
        pairs: [
            (key("kept"), Some(value(text))),
            (key(text), Some(value(text))),
        ]
        .into(),
        events: vec![event(text, text), event(text, text)],
    };
    // The first commit of all is refused too.
    let refused = ground
        .commit(user, Revision::new(9), everything("none", 9))
        .await;
    assert_eq!(refused, Err(StoreError::Conflict));
    assert_eq!(ground.user(user).await, StoredUser::default());
    assert_eq!(ground.users().await, []);
    assert_eq!(ground.events(user).await, []);

    let revision = ground
        .commit(user, START, everything("first", 1))
        .await
        .unwrap();
    let before = (ground.user(user).await, ground.events(user).await);
    let mut wrong = everything("second", 2);
    wrong.pairs.insert(key("first"), None);
    for based_on in [START, revision.next()] {
        let refused = ground.commit(user, based_on, wrong.clone()).await;
        assert_eq!(refused, Err(StoreError::Conflict));
        let after = (ground.user(user).await, ground.events(user).await);
        assert_eq!(after, before);
        assert_eq!(ground.users().await, [(user.user, before.0.clone())]);
    }
    let next = ground.commit(user, revision, wrong).await.unwrap();
    let events = ground.events(user).await;
    let positions: Vec<_> = events.iter().map(|event| event.position).collect();
    let expected = [(revision, 0), (revision, 1), (next, 0), (next, 1)];
    assert_eq!(
        positions,
        expected.map(|(revision, index)| position(revision, index))
    );
}
