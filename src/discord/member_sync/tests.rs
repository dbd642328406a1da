//! Lists that are whole, odd, stalled, refused, and older than what was told meanwhile.

use lantern_actors::domain::Status;

use super::*;

const PATIENCE: Duration = Duration::from_secs(15);

fn user(id: u64) -> UserId {
    UserId::try_from(id).unwrap()
}

fn named(id: u64, name: &str) -> ProfileUpdate {
    ProfileUpdate {
        username: Some(name.to_owned()),
        ..ProfileUpdate::empty(user(id))
    }
}

fn listed(id: u64) -> ProfileUpdate {
    ProfileUpdate {
        avatar: Some(Some("listed".to_owned())),
        ..named(id, "listed")
    }
}

fn doing(status: Status) -> Presence {
    Presence {
        status,
        ..Presence::default()
    }
}

fn chunk(nonce: &str, index: u32) -> Chunk {
    Chunk {
        nonce: Some(nonce.to_owned()),
        index: Some(index),
        count: Some(2),
        ..Chunk::default()
    }
}

fn running(now: Instant) -> (MemberSync, String) {
    let mut sync = MemberSync::new(PATIENCE);
    let nonce = sync.begin(now).unwrap();
    (sync, nonce)
}

#[test]
fn a_list_is_complete_when_every_chunk_has_come() {
    let now = Instant::now();
    let (mut sync, nonce) = running(now);
    assert!(sync.accepts(&chunk(&nonce, 1), false, now));
    let _ = sync.member_listed(listed(1), None);
    assert_eq!(sync.finish(&HashSet::new()), None);
    assert!(
        !sync.accepts(&chunk(&nonce, 1), false, now),
        "a chunk counts once"
    );
    assert!(
        !sync.accepts(&chunk("members-0", 0), false, now),
        "a chunk of another list"
    );
    assert!(sync.accepts(&chunk(&nonce, 0), false, now));
    let _ = sync.member_listed(listed(2), None);
    assert_eq!(
        sync.finish(&HashSet::new()),
        Some(HashSet::from([user(1), user(2)]))
    );
    assert!(sync.is_complete());
}

#[test]
fn a_chunk_of_which_one_field_cannot_be_read_counts_all_the_same() {
    let odd: [fn(&mut Chunk); 3] = [
        |chunk| chunk.nonce = None,
        |chunk| chunk.index = None,
        |chunk| chunk.count = None,
    ];
    for (which, damage) in odd.into_iter().enumerate() {
        for damaged in 0..2 {
            let now = Instant::now();
            let (mut sync, nonce) = running(now);
            for index in 0..2 {
                let mut chunk = chunk(&nonce, index);
                if index == 0 {
                    chunk.entries = CHUNK_MEMBERS;
                }
                if index == damaged {
                    damage(&mut chunk);
                }
                assert_eq!(sync.finish(&HashSet::new()), None);
                assert!(sync.accepts(&chunk, false, now));
                let _ = sync.member_listed(listed(7), None);
            }
            assert!(
                sync.finish(&HashSet::new()).is_some(),
                "field {which} of {damaged}"
            );
        }
    }
}

#[test]
fn a_list_without_anybody_is_not_believed() {
    let now = Instant::now();
    let (mut sync, nonce) = running(now);
    let only = Chunk {
        count: Some(1),
        ..chunk(&nonce, 0)
    };
    assert!(sync.accepts(&only, false, now));
    assert_eq!(sync.finish(&HashSet::new()), None);
}

#[test]
fn who_leaves_meanwhile_stays_away_and_may_come_back() {
    let now = Instant::now();
    let (mut sync, nonce) = running(now);
    assert!(
        sync.accepts(&chunk(&nonce, 0), false, now) && sync.accepts(&chunk(&nonce, 1), false, now)
    );
    let _ = sync.member_listed(listed(1), None);
    sync.member_left(user(1));
    sync.member_left(user(2));
    assert_eq!(sync.member_listed(listed(2), None), None);
    sync.member_told(&named(1, "back"));
    assert_eq!(sync.finish(&HashSet::new()), Some(HashSet::from([user(1)])));
}

#[test]
fn what_was_told_meanwhile_is_newer_than_the_list() {
    let (mut sync, _) = running(Instant::now());
    let idle = || Some(doing(Status::Idle));
    sync.presence_told(user(1));
    let told = sync.member_listed(listed(1), idle());
    assert_eq!(told, Some((listed(1), None)));
    assert_eq!(sync.keep_for_later(user(2), doing(Status::Dnd)), None);
    let told = sync.member_listed(listed(2), idle());
    assert_eq!(told, Some((listed(2), Some(doing(Status::Dnd)))));
    sync.member_told(&named(3, "told"));
    let both = ProfileUpdate {
        avatar: Some(Some("listed".to_owned())),
        ..named(3, "told")
    };
    let told = sync.member_listed(listed(3), idle());
    assert_eq!(told, Some((both, idle())));
}

#[test]
fn a_list_that_stalls_is_asked_for_again_with_longer_patience() {
    let start = Instant::now();
    let (mut sync, first) = running(start);
    assert_eq!(sync.begin_if_due(start + PATIENCE / 2), None);
    assert!(sync.accepts(&chunk(&first, 0), false, start + PATIENCE / 2));
    assert_eq!(sync.begin_if_due(start + PATIENCE), None);
    let second = sync.begin_if_due(start + PATIENCE * 2);
    assert!(second.is_some_and(|second| second != first));
    assert_eq!(sync.begin_if_due(start + PATIENCE * 3), None);
    assert!(sync.begin_if_due(start + PATIENCE * 4).is_some());
    assert!(!sync.accepts(&chunk(&first, 1), false, start + PATIENCE * 4));
}

#[test]
fn a_list_that_discord_refuses_is_asked_for_when_it_allows_it() {
    let start = Instant::now();
    let (mut sync, nonce) = running(start);
    let pause = Duration::from_millis(26_300);
    assert!(!sync.rate_limited(Some("another"), pause, start));
    assert!(sync.rate_limited(Some(&nonce), pause, start));
    assert_eq!(sync.begin_if_due(start + pause), None);
    // Whatever else wants the list, it is not asked for earlier.
    assert_eq!(sync.begin(start + pause / 2), None);
    assert!(sync.begin_if_due(start + pause + RETRY_MARGIN).is_some());
}

#[test]
fn a_limit_is_kept_also_while_the_guild_is_gone() {
    let start = Instant::now();
    let (mut sync, nonce) = running(start);
    sync.guild_is_gone();
    let pause = PATIENCE * 2;
    assert!(sync.rate_limited(Some(&nonce), pause, start));
    assert_eq!(sync.guild_is_there(start + PATIENCE), None);
    assert_eq!(sync.begin_if_due(start + pause), None);
    assert!(sync.begin_if_due(start + pause + RETRY_MARGIN).is_some());
}

#[test]
fn of_a_list_with_odd_members_nobody_is_missing() {
    let now = Instant::now();
    let (mut sync, nonce) = running(now);
    for (index, entries) in [(0, 3), (1, 1)] {
        let odd = Chunk {
            entries,
            members: vec![listed(1)],
            ..chunk(&nonce, index)
        };
        assert!(sync.accepts(&odd, false, now));
    }
    let _ = sync.member_listed(listed(1), None);
    sync.member_left(user(3));
    let known = [1, 2, 3].map(user).into();
    assert_eq!(sync.finish(&known), Some([1, 2].map(user).into()));
}

#[test]
fn a_count_that_cannot_be_does_not_end_the_list() {
    let now = Instant::now();
    let (mut sync, nonce) = running(now);
    let first = Chunk {
        count: Some(0),
        entries: CHUNK_MEMBERS,
        ..chunk(&nonce, 0)
    };
    assert!(sync.accepts(&first, false, now));
    let _ = sync.member_listed(listed(1), None);
    assert_eq!(sync.finish(&HashSet::new()), None);
    let nameless = Chunk {
        nonce: None,
        ..chunk(&nonce, 1)
    };
    assert!(!sync.accepts(&nameless, true, now), "it may answer another");
}

#[test]
fn a_session_without_its_guild_asks_all_the_same() {
    let start = Instant::now();
    let mut sync = MemberSync::new(PATIENCE);
    assert_eq!(sync.begin_if_due(start + PATIENCE * 9), None);
    sync.session_began(start);
    assert!(sync.begin_if_due(start + PATIENCE).is_some());
}
