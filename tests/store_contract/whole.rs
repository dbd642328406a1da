//! The store as a whole: reopening, guilds, closing.

use std::sync::Arc;

use futures_util::StreamExt;
use lantern_actors::{
    domain::Version,
    ports::store::{
        AggregateId, Revision, Scan, Store, StoreError, StoredMember, TokenVersion, UserChange,
    },
};

use crate::{
    any::{NASTY, bare, full, left, setting},
    fixture::{Ground, START, event, position, some_user},
};

pub async fn everything_is_there_after_reopening(mut ground: Ground) {
    ground
        .keep(vec![
            StoredMember::Present(full(some_user(), 5, NASTY)),
            StoredMember::Present(bare(some_user(), 6)),
            left(some_user(), 7),
        ])
        .await;
    let user = ground.somebody();
    let change = UserChange {
        version: Version::new(9),
        member_version: Version::new(8),
        token_version: Some(TokenVersion::new(7)),
        events: vec![event("told", NASTY)],
        ..setting("key", NASTY)
    };
    let revision = ground.commit(user, START, change).await.unwrap();
    let everything = async |ground: &Ground| {
        let guilds = ground.store.guilds().await.unwrap();
        (
            ground.members().await,
            ground.users().await,
            ground.user(user).await,
            ground.events(user).await,
            ground.waiting().await,
            guilds.contains(&ground.guild),
        )
    };
    let before = everything(&ground).await;
    for _ in 0..2 {
        ground.reopen().await;
        assert_eq!(everything(&ground).await, before);
    }
    // It goes on where it was.
    let stale = ground.commit(user, START, setting("a", "b")).await;
    assert_eq!(stale, Err(StoreError::Conflict));
    let next = ground.commit(user, revision, setting("a", "b")).await;
    assert_eq!(next, Ok(revision.next()));
}

pub async fn guilds_are_listed_in_order(mut ground: Ground) {
    let mut guilds = Vec::new();
    for number in 0..6 {
        ground.change_guild();
        let unknown = ground.store.guilds().await.unwrap();
        assert!(!unknown.contains(&ground.guild));
        if number % 2 == 0 {
            let member = bare(some_user(), 1);
            ground.keep(vec![StoredMember::Present(member)]).await;
        } else {
            let user = ground.somebody();
            ground.commit(user, START, setting("a", "b")).await.unwrap();
        }
        guilds.push(ground.guild);
    }
    for _ in 0..2 {
        let listed = ground.store.guilds().await.unwrap();
        assert!(listed.is_sorted_by(|one, other| one < other));
        assert!(guilds.iter().all(|guild| listed.contains(guild)));
        ground.reopen().await;
    }
}

pub async fn members_and_users_do_not_touch_each_other(ground: Ground) {
    let user = ground.somebody();
    ground.commit(user, START, setting("a", "b")).await.unwrap();
    assert_eq!(ground.member(user.user).await, None);
    assert_eq!(ground.members().await, []);
    let decided = ground.user(user).await;
    for member in [
        StoredMember::Present(bare(user.user, 1)),
        left(user.user, 2),
        StoredMember::Present(bare(user.user, 3)),
    ] {
        ground.keep(vec![member]).await;
        assert_eq!(ground.user(user).await, decided);
        assert_eq!(ground.users().await.len(), 1);
    }
    let member = ground.member(user.user).await;
    let next = ground
        .commit(user, decided.revision, setting("a", "c"))
        .await;
    assert!(next.is_ok());
    assert_eq!(ground.member(user.user).await, member);
}

pub async fn a_closed_store_is_unavailable(mut ground: Ground) {
    let user = ground.somebody();
    ground.commit(user, START, setting("a", "b")).await.unwrap();
    let closed: Arc<dyn Store> = ground.store.clone();
    closed.close().await;
    // Once more, as somebody does who is not sure.
    closed.close().await;

    let (members, users, events) = (closed.members(), closed.users(), closed.events());
    let aggregate = AggregateId::User(user);
    let member = StoredMember::Present(bare(user.user, 1));
    refused(closed.guilds().await);
    refused(members.load(user).await);
    refused(members.keep(user.guild, vec![member]).await);
    refused(users.load(user).await);
    let revision = Revision::new(1);
    refused(users.commit(user, revision, setting("a", "c")).await);
    refused(events.read(aggregate, None, 1).await);
    refused(events.acknowledge(aggregate, position(revision, 0)).await);
    refused(first(members.scan(user.guild)).await);
    refused(first(users.scan(user.guild)).await);
    refused(first(events.waiting()).await);

    drop(closed);
    ground.reopen().await;
    let read = ground.user(user).await;
    assert_eq!(read.revision, revision);
    assert_eq!(ground.member(user.user).await, None);
}

async fn first<T>(mut scan: Scan<'_, T>) -> Result<T, StoreError> {
    scan.next().await.expect("a scan that fails says so")
}

#[track_caller]
fn refused<T>(answer: Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::Unavailable(_))));
}
