//! Events: read in order, at least once, and gone when they are acknowledged.

use lantern_actors::ports::store::{
    AggregateId, NewEvent, Revision, StoredEvent, UserChange, UserKey,
};

use crate::{
    any::{NASTY, setting},
    fixture::{Ground, START, event, position},
};

fn telling(events: Vec<NewEvent>) -> UserChange {
    UserChange {
        events,
        ..UserChange::default()
    }
}

fn stored(revision: Revision, index: u16, kind: &str, body: &str) -> StoredEvent {
    StoredEvent {
        position: position(revision, index),
        kind: kind.to_owned(),
        body: body.to_owned(),
    }
}

/// Commits so many events, one with each commit.
async fn tell(ground: &Ground, user: UserKey, count: u64) -> Revision {
    let mut revision = ground.user(user).await.revision;
    for _ in 0..count {
        let body = revision.next().get().to_string();
        let change = telling(vec![event("told", &body)]);
        revision = ground.commit(user, revision, change).await.unwrap();
    }
    revision
}

fn told(revisions: impl IntoIterator<Item = u64>) -> Vec<StoredEvent> {
    revisions
        .into_iter()
        .map(|number| stored(Revision::new(number), 0, "told", &number.to_string()))
        .collect()
}

pub async fn events_are_read_in_the_order_of_their_commits(ground: Ground) {
    let user = ground.somebody();
    // More than nine, more than fifteen: where order is that of texts it shows.
    tell(&ground, user, 20).await;
    assert_eq!(ground.events(user).await, told(1..=20));
}

pub async fn the_order_within_a_commit_is_kept(ground: Ground) {
    let user = ground.somebody();
    let events = |count: u16| {
        (0..count)
            .map(|index| event("e", &index.to_string()))
            .collect()
    };
    let first = ground
        .commit(user, START, telling(events(300)))
        .await
        .unwrap();
    let silent = ground.commit(user, first, setting("a", "b")).await.unwrap();
    let second = ground
        .commit(user, silent, telling(events(2)))
        .await
        .unwrap();
    let expected: Vec<StoredEvent> = (0..300)
        .map(|index| (first, index))
        .chain([(second, 0), (second, 1)])
        .map(|(revision, index)| stored(revision, index, "e", &index.to_string()))
        .collect();
    assert_eq!(ground.events(user).await, expected);
}

pub async fn events_of_any_text_are_kept(ground: Ground) {
    let user = ground.somebody();
    let long = "語".repeat(50_000);
    let texts = [
        ("", ""),
        ("offer_redeemed", "{}"),
        (NASTY, NASTY),
        ("long", &long),
    ];
    let events = texts.map(|(kind, body)| event(kind, body));
    let revision = ground
        .commit(user, START, telling(events.into()))
        .await
        .unwrap();
    let expected: Vec<StoredEvent> = (0..)
        .zip(texts)
        .map(|(index, (kind, body))| stored(revision, index, kind, body))
        .collect();
    assert_eq!(ground.events(user).await, expected);
}

pub async fn reading_goes_on_after_a_position(ground: Ground) {
    let user = ground.somebody();
    let events = |names: [&str; 3]| telling(names.map(|name| event(name, "")).into());
    let first = ground
        .commit(user, START, events(["a", "b", "c"]))
        .await
        .unwrap();
    ground
        .commit(user, first, events(["d", "e", "f"]))
        .await
        .unwrap();
    let all = ground.events(user).await;
    assert_eq!(all.len(), 6);
    for most in 0..=7 {
        for (number, event) in all.iter().enumerate() {
            let rest = &all[number + 1..];
            let read = ground.events_after(user, Some(event.position), most).await;
            assert_eq!(read, rest[..most.min(rest.len())]);
        }
        let read = ground.events_after(user, None, most).await;
        assert_eq!(read, all[..most.min(6)]);
    }
    // Positions that no event has.
    let between = position(first, u16::MAX);
    assert_eq!(ground.events_after(user, Some(between), 9).await, all[3..]);
    let before = position(START, u16::MAX);
    assert_eq!(ground.events_after(user, Some(before), 9).await, all);
    let beyond = position(Revision::new((1 << 47) - 1), u16::MAX);
    assert_eq!(ground.events_after(user, Some(beyond), 9).await, []);
}

pub async fn what_is_acknowledged_is_gone_and_nothing_else(ground: Ground) {
    let user = ground.somebody();
    let events = |names: [&str; 2]| telling(names.map(|name| event(name, "")).into());
    let first = ground
        .commit(user, START, events(["a", "b"]))
        .await
        .unwrap();
    let second = ground
        .commit(user, first, events(["c", "d"]))
        .await
        .unwrap();
    let all = ground.events(user).await;
    for (number, through) in [(first, 0), (first, 1), (second, 0), (second, 1)]
        .into_iter()
        .enumerate()
    {
        ground
            .acknowledge(user, position(through.0, through.1))
            .await;
        assert_eq!(ground.events(user).await, all[number + 1..]);
    }
}

pub async fn acknowledging_is_safe_to_repeat(ground: Ground) {
    let user = ground.somebody();
    // Nothing was ever told.
    ground
        .acknowledge(user, position(Revision::new(1), 0))
        .await;
    tell(&ground, user, 4).await;
    for through in [2, 2, 1, 0, 2] {
        ground
            .acknowledge(user, position(Revision::new(through), 0))
            .await;
    }
    assert_eq!(ground.events(user).await, told(3..=4));
}

pub async fn acknowledging_never_takes_a_later_event(ground: Ground) {
    let user = ground.somebody();
    let mut last = tell(&ground, user, 1).await;
    for _ in 0..10 {
        // The consumer is slower than the next commit.
        let next = tell(&ground, user, 1).await;
        ground.acknowledge(user, position(last, 0)).await;
        assert_eq!(ground.events(user).await, told([next.get()]));
        last = next;
    }
    // One that acknowledges what does not exist takes only what does.
    ground
        .acknowledge(user, position(Revision::new(last.get() + 5), 0))
        .await;
    assert_eq!(ground.events(user).await, []);
    tell(&ground, user, 2).await;
    let expected = told([last.get() + 1, last.get() + 2]);
    assert_eq!(ground.events(user).await, expected);
}

pub async fn acknowledging_is_no_commit(ground: Ground) {
    let user = ground.somebody();
    let change = UserChange {
        events: vec![event("told", "")],
        ..setting("a", "b")
    };
    let revision = ground.commit(user, START, change).await.unwrap();
    let before = ground.user(user).await;
    ground.acknowledge(user, position(revision, 0)).await;
    assert_eq!(ground.user(user).await, before);
    let next = ground.commit(user, revision, setting("a", "c")).await;
    assert_eq!(next, Ok(revision.next()));

    // Nor does it make a user out of somebody about whom nothing was decided.
    let nobody = ground.somebody();
    ground.acknowledge(nobody, position(revision, 0)).await;
    assert_eq!(ground.users().await.len(), 1);
    assert!(
        ground
            .commit(nobody, START, setting("a", "b"))
            .await
            .is_ok()
    );
}

pub async fn events_of_one_user_are_not_those_of_another(mut ground: Ground) {
    let one = ground.somebody();
    let other = ground.somebody();
    ground.change_guild();
    let elsewhere = ground.key(one.user);
    for user in [one, other, elsewhere] {
        tell(&ground, user, 2).await;
    }
    ground.acknowledge(one, position(Revision::new(2), 0)).await;
    assert_eq!(ground.events(one).await, []);
    assert_eq!(ground.events(other).await, told(1..=2));
    assert_eq!(ground.events(elsewhere).await, told(1..=2));
}

pub async fn whoever_has_events_is_waiting(ground: Ground) {
    let mut users = [(); 40].map(|()| ground.somebody());
    users.sort();
    for user in users {
        tell(&ground, user, 1).await;
    }
    let waiting = ground.waiting().await;
    assert_eq!(waiting, users);
    // Who has some left still waits.
    let [one, ..] = users;
    tell(&ground, one, 1).await;
    ground.acknowledge(one, position(Revision::new(1), 0)).await;
    assert!(ground.waiting().await.contains(&one));
    let silent = ground.somebody();
    ground
        .commit(silent, START, setting("a", "b"))
        .await
        .unwrap();
    assert!(!ground.waiting().await.contains(&silent));
}

pub async fn committed_events_wait_also_after_reopening(mut ground: Ground) {
    let user = ground.somebody();
    tell(&ground, user, 3).await;
    ground
        .acknowledge(user, position(Revision::new(1), 0))
        .await;
    ground.reopen().await;
    assert_eq!(ground.waiting().await, [user]);
    assert_eq!(ground.events(user).await, told(2..=3));
    // A consumer that starts is told of every aggregate it could read.
    let ids: Vec<AggregateId> = crate::fixture::all(ground.store.events().waiting()).await;
    assert!(ids.contains(&AggregateId::User(user)));
    tell(&ground, user, 1).await;
    assert_eq!(ground.events(user).await, told(2..=4));
    ground
        .acknowledge(user, position(Revision::new(4), 0))
        .await;
    ground.reopen().await;
    assert_eq!(ground.events(user).await, []);
}
