//! Users: pairs, tokens and versions are read as they were decided.

use std::collections::BTreeMap;

use lantern_actors::{
    domain::{GuildId, PairKey, PairValue, Pairs, UserId, Version},
    ports::store::{Revision, StoredUser, TokenVersion, UserChange, UserKey},
};

use crate::{
    any::{LAST_VERSION, NASTY, key, setting, value},
    fixture::{Ground, START, some_user},
};

pub async fn a_user_without_a_commit_is_the_default(ground: Ground) {
    let user = ground.somebody();
    assert_eq!(ground.user(user).await, StoredUser::default());
    assert_eq!(ground.users().await, []);
    assert_eq!(ground.events(user).await, []);
}

pub async fn a_decision_is_read_as_it_was_committed(ground: Ground) {
    let user = ground.somebody();
    let change = UserChange {
        version: Version::new(1_620_000_000_000_001),
        member_version: Version::new(1_620_000_000_000_000),
        token_version: Some(TokenVersion::new(3)),
        ..setting("key", "value")
    };
    let revision = ground.commit(user, START, change).await.unwrap();
    assert_eq!(revision, START.next());
    let expected = StoredUser {
        revision,
        version: Version::new(1_620_000_000_000_001),
        member_version: Version::new(1_620_000_000_000_000),
        token_version: TokenVersion::new(3),
        pairs: [(key("key"), value("value"))].into(),
        ..StoredUser::default()
    };
    assert_eq!(ground.user(user).await, expected);
    assert_eq!(ground.users().await, [(user.user, expected)]);
}

pub async fn as_many_and_as_long_pairs_as_allowed_are_kept(ground: Ground) {
    // About a megabyte.
    const PER_COMMIT: usize = 8;
    let user = ground.somebody();
    let pairs: Vec<(PairKey, PairValue)> = (0..512)
        .map(|number| {
            let name = format!("{number:0>255}");
            let last = char::from_u32(0x1f300 + number).unwrap();
            let text = "🏮".repeat(29_999) + &last.to_string();
            (key(&name), value(&text))
        })
        .collect();
    let mut revision = START;
    for pairs in pairs.chunks(PER_COMMIT) {
        let change = UserChange {
            pairs: pairs
                .iter()
                .map(|(k, v)| (k.clone(), Some(v.clone())))
                .collect(),
            ..UserChange::default()
        };
        revision = ground.commit(user, revision, change).await.unwrap();
    }
    let pairs: Pairs = pairs.into_iter().collect();
    let read = ground.user(user).await;
    assert_eq!(read.revision, revision);
    // Not `assert_eq`: nobody reads sixty megabytes.
    assert!(read.pairs == pairs, "{} pairs are read", read.pairs.len());
    let scanned = ground.users().await;
    assert!(scanned.len() == 1 && scanned[0].1.pairs == pairs);
}

pub async fn values_of_any_text_are_kept(ground: Ground) {
    let user = ground.somebody();
    let texts = ["", " ", "\0", "\u{ffff}", "\n", "null", "{}", NASTY];
    let mut revision = START;
    for (number, text) in texts.iter().enumerate() {
        let change = setting(&format!("k{number}"), text);
        revision = ground.commit(user, revision, change).await.unwrap();
    }
    let read = ground.user(user).await.pairs;
    let texts_read: Vec<&str> = read.values().map(PairValue::as_str).collect();
    assert_eq!(texts_read, texts);
}

pub async fn keys_are_told_apart_by_case_and_length(ground: Ground) {
    let user = ground.somebody();
    let longest = "k".repeat(255);
    let names = [
        "0",
        "00",
        "A",
        "AA",
        "a",
        "aA",
        "aa",
        &longest[1..],
        &longest,
    ];
    let change = UserChange {
        pairs: names.map(|name| (key(name), Some(value(name)))).into(),
        ..UserChange::default()
    };
    ground.commit(user, START, change).await.unwrap();
    let read = ground.user(user).await.pairs;
    let expected: Pairs = names.map(|name| (key(name), value(name))).into();
    assert_eq!(read, expected);
}

pub async fn pairs_are_replaced_and_deleted_and_the_others_stay(ground: Ground) {
    let user = ground.somebody();
    let pairs = |pairs: &[(&str, Option<&str>)]| UserChange {
        pairs: pairs
            .iter()
            .map(|(name, text)| (key(name), text.map(value)))
            .collect(),
        ..UserChange::default()
    };
    let steps: [(&[_], &[_]); 4] = [
        (
            &[("a", Some("1")), ("b", Some("2")), ("c", Some("3"))],
            &[("a", "1"), ("b", "2"), ("c", "3")],
        ),
        (
            &[("a", Some("one")), ("b", None)],
            &[("a", "one"), ("c", "3")],
        ),
        (&[("a", None), ("c", None)], &[]),
        (&[("b", Some("again"))], &[("b", "again")]),
    ];
    let mut revision = START;
    for (change, expected) in steps {
        revision = ground.commit(user, revision, pairs(change)).await.unwrap();
        let read = ground.user(user).await;
        let expected: Pairs = expected.iter().map(|(k, v)| (key(k), value(v))).collect();
        assert_eq!(read.pairs, expected);
        // Also a user whose last pair went is one about whom something was decided.
        assert_eq!(ground.users().await, [(user.user, read)]);
    }
}

pub async fn deleting_what_is_not_there_is_allowed(ground: Ground) {
    let user = ground.somebody();
    let deleting = || UserChange {
        pairs: BTreeMap::from([(key("nothing"), None)]),
        ..UserChange::default()
    };
    let revision = ground.commit(user, START, deleting()).await.unwrap();
    let revision = ground.commit(user, revision, deleting()).await.unwrap();
    let expected = StoredUser {
        revision,
        ..StoredUser::default()
    };
    assert_eq!(ground.user(user).await, expected);
}

pub async fn a_token_version_stays_until_the_next(ground: Ground) {
    let user = ground.somebody();
    let mut revision = START;
    let mut expected = TokenVersion::default();
    for token_version in [None, Some(1), None, Some(2), Some(LAST_VERSION), None] {
        let token_version = token_version.map(TokenVersion::new);
        let change = UserChange {
            token_version,
            ..setting("a", "b")
        };
        revision = ground.commit(user, revision, change).await.unwrap();
        expected = token_version.unwrap_or(expected);
        assert_eq!(ground.user(user).await.token_version, expected);
    }
}

pub async fn an_empty_change_raises_the_revision(ground: Ground) {
    let user = ground.somebody();
    let mut revision = START;
    for number in 1..=3 {
        let next = ground.commit(user, revision, UserChange::default()).await;
        revision = next.unwrap();
        assert_eq!(revision, Revision::new(number));
        let expected = StoredUser {
            revision,
            ..StoredUser::default()
        };
        assert_eq!(ground.user(user).await, expected);
        assert_eq!(ground.users().await, [(user.user, expected)]);
    }
}

pub async fn ids_and_versions_at_the_ends_are_kept(mut ground: Ground) {
    // The guild with the greatest id is shared by all tests of a store, its users are not.
    let greatest = GuildId::try_from(u64::MAX).unwrap();
    let random = ground.somebody();
    for (guild, id) in [
        (ground.guild, 1),
        (ground.guild, u64::MAX),
        (ground.guild, 1 << 63),
        (greatest, random.user.get()),
    ] {
        let user = UserId::try_from(id).unwrap();
        let user = UserKey { guild, user };
        let change = UserChange {
            version: Version::new(LAST_VERSION),
            member_version: Version::new(LAST_VERSION - 1),
            ..UserChange::default()
        };
        let revision = ground.commit(user, START, change).await.unwrap();
        let read = ground.user(user).await;
        assert_eq!(read.revision, revision);
        assert_eq!(read.version, Version::new(LAST_VERSION));
        assert_eq!(read.member_version, Version::new(LAST_VERSION - 1));
        ground.guild = guild;
        assert!(ground.users().await.contains(&(user.user, read)));
    }
}

pub async fn the_same_user_of_two_guilds_is_two(mut ground: Ground) {
    let one = ground.somebody();
    ground.commit(one, START, setting("a", "1")).await.unwrap();
    ground.change_guild();
    let other = ground.key(one.user);
    assert_eq!(ground.user(other).await, StoredUser::default());
    ground
        .commit(other, START, setting("a", "2"))
        .await
        .unwrap();
    for (user, text) in [(one, "1"), (other, "2")] {
        let pairs = ground.user(user).await.pairs;
        assert_eq!(pairs, [(key("a"), value(text))].into());
    }
}

pub async fn a_scan_has_every_user_of_the_guild_and_no_other(mut ground: Ground) {
    let neighbour = ground.somebody();
    ground
        .commit(neighbour, START, setting("a", "b"))
        .await
        .unwrap();
    ground.change_guild();
    let mut expected = Vec::new();
    let mut commits = tokio::task::JoinSet::new();
    for number in 0..300_u32 {
        let (store, user) = (ground.store.clone(), ground.key(some_user()));
        let change = UserChange {
            version: Version::new(number.into()),
            pairs: (0..number % 5)
                .map(|pair| (key(&format!("k{pair}")), Some(value(&number.to_string()))))
                .collect(),
            ..UserChange::default()
        };
        let mut stored = StoredUser::default();
        stored.apply(START.next(), change.clone());
        expected.push((user.user, stored));
        commits.spawn(async move { store.users().commit(user, START, change).await });
        while commits.len() >= 32 {
            commits.join_next().await.unwrap().unwrap().unwrap();
        }
    }
    while let Some(committed) = commits.join_next().await {
        committed.unwrap().unwrap();
    }
    expected.sort_by_key(|(user, _)| *user);
    assert_eq!(ground.users().await, expected);
}
