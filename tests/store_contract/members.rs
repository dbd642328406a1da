//! Members: of two versions the greater stays, and what is read is what was kept.

use lantern_actors::{
    domain::{Timestamp, UserId, Version},
    ports::store::StoredMember,
};

use crate::{
    any::{LAST_VERSION, NASTY, bare, full, left, now},
    fixture::{Ground, some_user},
};

pub async fn a_member_is_read_as_it_was_kept(ground: Ground) {
    for member in [
        StoredMember::Present(bare(some_user(), 1)),
        StoredMember::Present(full(some_user(), 1_620_000_000_000_000, "text")),
        left(some_user(), 1_620_000_000_000_001),
    ] {
        ground.keep(vec![member.clone()]).await;
        let read = ground.member(member.user()).await;
        assert_eq!(read, Some(member));
    }
}

pub async fn members_at_the_limits_are_kept_whole(ground: Ground) {
    let ids = [1, 1 << 63, u64::MAX - 1, u64::MAX].map(|id| UserId::try_from(id).unwrap());
    let mut members: Vec<StoredMember> = ids
        .into_iter()
        .map(|id| StoredMember::Present(full(id, LAST_VERSION, "")))
        .collect();
    // As far from now as a moment can be that is not over yet.
    members.push(StoredMember::Left {
        user: some_user(),
        version: Version::new(LAST_VERSION),
        left_at: Timestamp::from_unix_ms(i64::MAX),
    });
    ground.keep(members.clone()).await;
    for member in &members {
        let read = ground.member(member.user()).await;
        assert_eq!(read.as_ref(), Some(member));
    }
    members.sort_by_key(StoredMember::user);
    assert_eq!(ground.members().await, members);
}

pub async fn texts_of_any_length_and_script_are_kept(ground: Ground) {
    let long = "語".repeat(10_000);
    for text in ["", "\0", NASTY, &long] {
        let member = StoredMember::Present(full(some_user(), 7, text));
        ground.keep(vec![member.clone()]).await;
        assert_eq!(ground.member(member.user()).await, Some(member));
    }
}

pub async fn somebody_unknown_is_nobody(mut ground: Ground) {
    let known = some_user();
    ground
        .keep(vec![StoredMember::Present(bare(known, 1))])
        .await;
    assert_eq!(ground.member(some_user()).await, None);
    ground.change_guild();
    assert_eq!(ground.member(known).await, None);
    assert_eq!(ground.members().await, []);
}

pub async fn the_greater_version_stays_in_any_order(ground: Ground) {
    let orders = [
        [1, 2, 3],
        [1, 3, 2],
        [2, 1, 3],
        [2, 3, 1],
        [3, 1, 2],
        [3, 2, 1],
    ];
    for order in orders {
        for leaving in 0..=3 {
            let (user, left_at) = (some_user(), now());
            let at = |version| {
                if version == leaving {
                    StoredMember::Left {
                        user,
                        version: Version::new(version),
                        left_at,
                    }
                } else {
                    StoredMember::Present(full(user, version, &version.to_string()))
                }
            };
            for version in order {
                ground.keep(vec![at(version)]).await;
            }
            let read = ground.member(user).await;
            assert_eq!(read, Some(at(3)), "in the order {order:?}, {leaving} left");
        }
    }
}

pub async fn of_two_in_one_call_the_greater_version_stays(ground: Ground) {
    for versions in [[5, 6], [6, 5]] {
        let user = some_user();
        let members = versions.map(|version| StoredMember::Present(bare(user, version)));
        ground.keep(members.to_vec()).await;
        let read = ground.member(user).await;
        assert_eq!(read, Some(StoredMember::Present(bare(user, 6))));
    }
}

pub async fn keeping_the_same_again_changes_nothing(ground: Ground) {
    let members = vec![
        StoredMember::Present(full(some_user(), 9, NASTY)),
        left(some_user(), 9),
    ];
    for _ in 0..3 {
        ground.keep(members.clone()).await;
    }
    let mut expected = members;
    expected.sort_by_key(StoredMember::user);
    assert_eq!(ground.members().await, expected);
}

pub async fn who_leaves_and_who_returns_replace_each_other_whole(ground: Ground) {
    let user = some_user();
    for member in [
        StoredMember::Present(full(user, 1, "before")),
        left(user, 2),
        // Nothing of the first may be seen through what this one leaves out.
        StoredMember::Present(bare(user, 3)),
        left(user, 4),
        StoredMember::Present(full(user, 5, "after")),
        StoredMember::Present(bare(user, 6)),
    ] {
        ground.keep(vec![member.clone()]).await;
        assert_eq!(ground.member(user).await, Some(member.clone()));
        assert_eq!(ground.members().await, [member]);
    }
}

pub async fn a_scan_has_every_member_of_the_guild_and_no_other(mut ground: Ground) {
    let neighbour = ground.guild;
    let shared = some_user();
    let theirs = StoredMember::Present(full(shared, 8, "theirs"));
    ground.keep(vec![theirs.clone()]).await;
    ground.change_guild();

    let mut members: Vec<StoredMember> = (0..5_000)
        .map(|number| {
            let user = some_user();
            match number % 50 {
                0 => left(user, 1),
                1 => StoredMember::Present(full(user, 1, "text")),
                _ => StoredMember::Present(bare(user, 1)),
            }
        })
        .collect();
    members.push(StoredMember::Present(bare(shared, 2)));
    ground.keep(members.clone()).await;
    members.sort_by_key(StoredMember::user);
    // Compared one by one: five thousand members are no message that helps.
    let scanned = ground.members().await;
    assert_eq!(scanned.len(), members.len());
    for (scanned, member) in scanned.iter().zip(&members) {
        assert_eq!(scanned, member);
    }

    ground.guild = neighbour;
    assert_eq!(ground.members().await, [theirs]);
}

pub async fn keeping_nobody_is_allowed(ground: Ground) {
    ground.keep(Vec::new()).await;
    assert_eq!(ground.members().await, []);
}

pub async fn members_are_kept_by_many_at_once(ground: Ground) {
    let user = some_user();
    let kept = (1..=16).map(|version| {
        let (store, guild) = (ground.store.clone(), ground.guild);
        tokio::spawn(async move {
            let contested = StoredMember::Present(full(user, version, &version.to_string()));
            let own = StoredMember::Present(bare(some_user(), version));
            store.members().keep(guild, vec![contested, own]).await
        })
    });
    for task in kept.collect::<Vec<_>>() {
        task.await.unwrap().unwrap();
    }
    let read = ground.member(user).await;
    assert_eq!(read, Some(StoredMember::Present(full(user, 16, "16"))));
    assert_eq!(ground.members().await.len(), 17);
}
