//! What is kept only for some time: events nobody fetches, and traces of those who left.

use std::time::Duration;

use lantern_actors::ports::store::{NewEvent, StoredMember, UserChange};

use crate::{
    any::{bare, full, left, setting},
    fixture::{Ground, START, event, some_user, until},
};

const SHORT: Duration = Duration::from_secs(1);

pub async fn events_expire_each_in_its_time(ground: Ground) {
    let user = ground.somebody();
    let short = |body: &str| NewEvent {
        keep_for: SHORT,
        ..event("short", body)
    };
    let change = UserChange {
        events: vec![
            event("long", "1"),
            short("2"),
            event("long", "3"),
            short("4"),
        ],
        ..setting("kept", "")
    };
    let revision = ground.commit(user, START, change).await.unwrap();
    let decided = ground.user(user).await;
    until("short events expire", async || {
        let events = ground.events(user).await;
        events.iter().all(|event| event.kind == "long")
    })
    .await;
    let events = ground.events(user).await;
    let bodies: Vec<&str> = events.iter().map(|event| event.body.as_str()).collect();
    assert_eq!(bodies, ["1", "3"]);
    assert!(ground.waiting().await.contains(&user));
    // The decision itself does not expire.
    assert_eq!(ground.user(user).await, decided);
    assert_eq!(ground.users().await, [(user.user, decided)]);
    let next = ground.commit(user, revision, setting("kept", "")).await;
    assert_eq!(next, Ok(revision.next()));
}

pub async fn those_who_left_are_forgotten_and_members_are_not(mut ground: Ground) {
    ground.keep_left(SHORT).await;
    let stays = StoredMember::Present(full(some_user(), 1, "stays"));
    let leaves = some_user();
    let was_here = StoredMember::Present(full(leaves, 1, "leaves"));
    ground.keep(vec![stays.clone(), was_here]).await;
    ground
        .keep(vec![left(leaves, 2), left(some_user(), 2)])
        .await;
    until("those who left are forgotten", async || {
        ground.members().await.len() == 1
    })
    .await;
    // What they were before does not come back.
    assert_eq!(ground.member(leaves).await, None);
    let stays = [stays];
    assert_eq!(ground.members().await, stays);
    ground.reopen().await;
    assert_eq!(ground.member(leaves).await, None);
    assert_eq!(ground.members().await, stays);
}

pub async fn who_returned_does_not_expire(mut ground: Ground) {
    ground.keep_left(SHORT).await;
    let (one, other) = (some_user(), some_user());
    ground.keep(vec![left(one, 1), left(other, 1)]).await;
    let returned = [
        StoredMember::Present(full(one, 2, "back")),
        StoredMember::Present(bare(other, 2)),
    ];
    ground.keep(returned.to_vec()).await;
    // Left later than those who returned, so when this one is gone their time has come too.
    let later = some_user();
    ground.keep(vec![left(later, 1)]).await;
    until("who left later is forgotten", async || {
        ground.member(later).await.is_none()
    })
    .await;
    for member in returned {
        assert_eq!(ground.member(member.user()).await, Some(member));
    }
    assert_eq!(ground.members().await.len(), 2);
}

pub async fn who_was_forgotten_can_return(mut ground: Ground) {
    ground.keep_left(SHORT).await;
    let user = some_user();
    ground.keep(vec![left(user, 1)]).await;
    until("who left is forgotten", async || {
        ground.member(user).await.is_none()
    })
    .await;
    let back = StoredMember::Present(bare(user, 2));
    ground.keep(vec![back.clone()]).await;
    assert_eq!(ground.member(user).await, Some(back.clone()));
    assert_eq!(ground.members().await, [back]);
}
