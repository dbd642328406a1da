//! Hints of waiting events: written before the events, deleted when they are old and lead nowhere.

use std::time::{Duration, SystemTime};

use futures_util::TryStreamExt;
use lantern::store::scylla::ScyllaSettings;
use lantern_actors::ports::store::{
    AggregateId, EventPosition, Revision, Store, StoreError, UserChange, UserKey,
};

use crate::fixture::{change, session, settings, shared_server, somebody, store};

const START: Revision = Revision::new(0);

async fn waiting(store: &impl Store) -> Vec<AggregateId> {
    store.events().waiting().try_collect().await.unwrap()
}

/// When each hint was written, in microseconds since the epoch.
async fn hints(settings: &ScyllaSettings) -> Vec<i64> {
    let text = format!(
        "SELECT written_us FROM {}.waiting_events",
        settings.keyspace
    );
    let rows = session(settings).await.query_unpaged(text, ()).await;
    let rows = rows.unwrap().into_rows_result().unwrap();
    let rows = rows.rows::<(i64,)>().unwrap();
    rows.map(|row| row.unwrap().0).collect()
}

/// Makes the only hint so much older.
async fn age(settings: &ScyllaSettings, by: Duration) -> i64 {
    let session = session(settings).await;
    session
        .use_keyspace(&settings.keyspace, false)
        .await
        .unwrap();
    let text = "SELECT bucket, noun, guild_id, id, written_us FROM waiting_events";
    let rows = session.query_unpaged(text, ()).await.unwrap();
    let rows = rows.into_rows_result().unwrap();
    let (bucket, noun, guild, id, written) =
        rows.single_row::<(i16, String, i64, i64, i64)>().unwrap();
    let older = written - i64::try_from(by.as_micros()).unwrap();
    // TRUNCATE leaves no tombstone that would hide the older row.
    session
        .query_unpaged("TRUNCATE waiting_events", ())
        .await
        .unwrap();
    let text = "INSERT INTO waiting_events (bucket, noun, guild_id, id, written_us) \
                VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?";
    let values = (bucket, noun, guild, id, older, older);
    session.query_unpaged(text, values).await.unwrap();
    older
}

async fn acknowledge_all(store: &impl Store, user: UserKey) {
    let through = EventPosition {
        revision: Revision::new(1_000),
        index: 0,
    };
    let aggregate = AggregateId::User(user);
    store
        .events()
        .acknowledge(aggregate, through)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_hint_goes_when_it_is_old_and_its_events_are_gone() {
    let Some(server) = shared_server() else {
        return;
    };
    let settings = settings(&server);
    let store = store(&settings).await;
    let user = somebody();
    let users = store.users();
    users
        .commit(user, START, change(&["a"], "1"))
        .await
        .unwrap();
    assert_eq!(waiting(&store).await, [AggregateId::User(user)]);

    // Old, but there is an event.
    let written = age(&settings, Duration::from_secs(700)).await;
    assert_eq!(waiting(&store).await, [AggregateId::User(user)]);
    assert_eq!(hints(&settings).await, [written]);

    acknowledge_all(&store, user).await;
    assert_eq!(waiting(&store).await, []);
    assert_eq!(hints(&settings).await, [0_i64; 0]);

    // The deletion does not hide a hint that comes later.
    let users = store.users();
    users
        .commit(user, Revision::new(1), change(&["a"], "2"))
        .await
        .unwrap();
    assert_eq!(waiting(&store).await, [AggregateId::User(user)]);
}

#[tokio::test]
async fn a_young_hint_stays_for_its_commit_may_be_under_way() {
    let Some(server) = shared_server() else {
        return;
    };
    let settings = settings(&server);
    let store = store(&settings).await;
    let user = somebody();
    let users = store.users();
    users
        .commit(user, START, change(&["a"], "1"))
        .await
        .unwrap();
    acknowledge_all(&store, user).await;
    assert_eq!(waiting(&store).await, []);
    assert_eq!(hints(&settings).await.len(), 1);
    let written = age(&settings, Duration::from_secs(500)).await;
    assert_eq!(waiting(&store).await, []);
    assert_eq!(hints(&settings).await, [written]);
}

#[tokio::test]
async fn the_hint_is_there_before_the_events_and_also_for_a_refused_commit() {
    let Some(server) = shared_server() else {
        return;
    };
    let settings = settings(&server);
    let store = store(&settings).await;
    let user = somebody();
    let users = store.users();
    let refused = users
        .commit(user, Revision::new(7), change(&["a"], "1"))
        .await;
    assert_eq!(refused, Err(StoreError::Conflict));
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now_us = i64::try_from(now.unwrap().as_micros()).unwrap();
    let hints_now = hints(&settings).await;
    assert!(
        hints_now.len() == 1 && hints_now[0] <= now_us,
        "{hints_now:?}"
    );
    // It leads nowhere, so it is not told of.
    assert_eq!(waiting(&store).await, []);

    let silent = somebody();
    let no_events = UserChange {
        events: Vec::new(),
        ..change(&["a"], "1")
    };
    users.commit(silent, START, no_events).await.unwrap();
    assert_eq!(hints(&settings).await, hints_now);
}
