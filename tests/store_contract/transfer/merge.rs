//! Imports into a store that holds something, and imports that were cut off.

use std::sync::Arc;

use indicatif::ProgressBar;
use lantern::store::transfer::{Import, TransferError, export};
use lantern_actors::{
    domain::{UserId, Version},
    ports::store::{AggregateId, Store, StoredMember, TokenVersion, UserChange, UserKey},
};

use super::{assert_same, exported, fill, import, large, lines};
use crate::{
    any::{bare, full, left, setting},
    fixture::{START, all, event, some_guild, some_user},
    model::ModelStore,
};

#[tokio::test]
async fn importing_twice_changes_nothing() {
    let (store, guild) = (ModelStore::default(), some_guild());
    fill(&store, guild).await;
    let file = exported(&store, guild).await;
    let other = ModelStore::default();
    import(&other, &file, Import::IntoEmpty).await.unwrap();
    let again = import(&other, &file, Import::Merge).await.unwrap();
    assert_eq!(again.members_kept, 4);
    assert_eq!((again.users_same, again.users_kept), (3, 0));
    assert_eq!(again.store, again.file);
    assert_same(&store, &other, guild).await;
}

#[tokio::test]
async fn of_members_the_greater_version_stays() {
    let guild = some_guild();
    let here = |user, version| StoredMember::Present(full(user, version, "here"));
    let there = |user, version| StoredMember::Present(bare(user, version));
    let users = [(); 6].map(|()| some_user());
    let [older, same, newer, back, gone, new] = users;
    let (source, target) = (ModelStore::default(), ModelStore::default());
    let file = [
        there(older, 1),
        there(same, 2),
        there(newer, 3),
        there(back, 5),
        left(gone, 5),
        there(new, 1),
    ];
    let own = [
        here(older, 2),
        here(same, 2),
        here(newer, 2),
        left(back, 4),
        here(gone, 4),
    ];
    source.members().keep(guild, file.to_vec()).await.unwrap();
    target.members().keep(guild, own.to_vec()).await.unwrap();
    let file = exported(&source, guild).await;
    let merged = import(&target, &file, Import::Merge).await.unwrap();
    assert_eq!(merged.members_kept, 2);
    let stored = async |user| {
        let member = target.members().load(UserKey { guild, user }).await;
        member.unwrap().unwrap()
    };
    assert_eq!(stored(older).await, here(older, 2));
    assert_eq!(stored(same).await, here(same, 2));
    assert_eq!(stored(newer).await, there(newer, 3));
    assert_eq!(stored(back).await, there(back, 5));
    assert!(matches!(stored(gone).await, StoredMember::Left { .. }));
    assert_eq!(stored(new).await, there(new, 1));
}

#[tokio::test]
async fn users_about_whom_something_was_decided_stay() {
    let guild = some_guild();
    let key = |user: UserId| UserKey { guild, user };
    let [other, same, new] = [(); 3].map(|()| some_user());
    let (source, target) = (ModelStore::default(), ModelStore::default());
    let told = UserChange {
        token_version: Some(TokenVersion::new(2)),
        events: vec![event("told", "there")],
        ..setting("a", "there")
    };
    for user in [other, same, new] {
        let commit = source.users().commit(key(user), START, told.clone());
        commit.await.unwrap();
    }
    let own = UserChange {
        events: vec![event("told", "here")],
        ..setting("b", "here")
    };
    target.users().commit(key(other), START, own).await.unwrap();
    let equal = UserChange {
        events: Vec::new(),
        ..told
    };
    target
        .users()
        .commit(key(same), START, equal)
        .await
        .unwrap();
    let before = target.users().load(key(other)).await.unwrap();

    let file = exported(&source, guild).await;
    let merged = import(&target, &file, Import::Merge).await.unwrap();
    assert_eq!((merged.users_kept, merged.users_same), (1, 1));
    assert_eq!(merged.store.users.count, 3);
    assert_eq!(target.users().load(key(other)).await.unwrap(), before);
    let events = async |user| {
        let id = AggregateId::User(key(user));
        let events = target.events().read(id, None, 9).await.unwrap();
        let bodies = events.into_iter().map(|event| event.body);
        bodies.collect::<Vec<String>>()
    };
    assert_eq!(events(other).await, ["here"]);
    // They were delivered since, and are not told again.
    assert_eq!(events(same).await, [""; 0]);
    assert_eq!(events(new).await, ["there"]);
}

#[tokio::test]
async fn an_import_that_was_cut_off_after_any_commit_is_finished_by_a_merge() {
    let (source, guild) = (ModelStore::default(), some_guild());
    let user = UserKey {
        guild,
        user: some_user(),
    };
    large(&source, user).await;
    let file = exported(&source, guild).await;
    let commits = {
        let whole = ModelStore::default();
        import(&whole, &file, Import::IntoEmpty).await.unwrap();
        whole.users().load(user).await.unwrap().revision.get()
    };
    assert!(commits > 3);
    for done in 1..commits {
        let target = ModelStore::default();
        target.fail_after(done);
        let cut_off = import(&target, &file, Import::IntoEmpty).await;
        assert!(matches!(cut_off, Err(TransferError::Store(_))));
        target.fail_after(u64::MAX);

        // It is recognised by all who could take it for whole.
        let mut out = Vec::new();
        let bar = ProgressBar::hidden();
        let answer = export(&target, vec![guild], &mut out, &bar).await;
        assert!(matches!(answer, Err(TransferError::Unfinished(who)) if who == user));
        let answer = import(&target, &file, Import::IntoEmpty).await;
        assert!(matches!(answer, Err(TransferError::Holds(_))));

        let merged = import(&target, &file, Import::Merge).await.unwrap();
        assert_eq!(merged.store, merged.file);
        assert_same(&source, &target, guild).await;
        assert_eq!(lines(&exported(&target, guild).await), lines(&file));
    }
}

#[tokio::test]
async fn a_user_that_another_import_left_in_part_is_told() {
    let (source, guild) = (ModelStore::default(), some_guild());
    fill(&source, guild).await;
    let file = exported(&source, guild).await;
    let target = ModelStore::default();
    let user = UserKey {
        guild,
        user: some_user(),
    };
    let part = UserChange {
        member_version: Version::new(1),
        ..setting("a", "b")
    };
    target.users().commit(user, START, part).await.unwrap();
    let answer = import(&target, &file, Import::Merge).await;
    assert!(matches!(answer, Err(TransferError::Unfinished(who)) if who == user));
}

#[tokio::test]
async fn a_user_without_member_and_version_is_not_taken_for_unfinished() {
    let (source, guild) = (ModelStore::default(), some_guild());
    let user = UserKey {
        guild,
        user: some_user(),
    };
    let change = UserChange {
        version: Version::default(),
        member_version: Version::default(),
        token_version: Some(TokenVersion::new(1)),
        ..UserChange::default()
    };
    source.users().commit(user, START, change).await.unwrap();
    let file = exported(&source, guild).await;
    let merged = import(&source, &file, Import::Merge).await.unwrap();
    assert_eq!(merged.users_same, 1);
}

#[tokio::test]
async fn somebody_else_who_writes_meanwhile_is_noticed() {
    let (source, guild) = (ModelStore::default(), some_guild());
    fill(&source, guild).await;
    let file = exported(&source, guild).await;
    let target = Arc::new(ModelStore::default());
    // A reader that lets somebody write when the file is half read.
    let text = std::str::from_utf8(&file).unwrap();
    let half = text.lines().next().unwrap().len() + 1;
    let (first, rest) = file.split_at(half);
    let intruder = target.clone();
    let source = std::io::Read::chain(
        first,
        OnRead(move || {
            let intruder = intruder.clone();
            futures_util::FutureExt::now_or_never(async move {
                let member = StoredMember::Present(bare(some_user(), 1));
                intruder.members().keep(guild, vec![member]).await
            });
        }),
    );
    let source = std::io::BufReader::new(std::io::Read::chain(source, rest));
    let mut reader =
        lantern::store::transfer::Reader::start(source, &ProgressBar::hidden()).unwrap();
    let error = Import::Merge.run(&*target, &mut reader).await.unwrap_err();
    assert!(
        error.to_string().contains("4 members instead of 3"),
        "{error}"
    );
    // With the one who left.
    assert_eq!(all(target.members().scan(guild)).await.len(), 5);
}

/// Reads nothing, and does something then.
struct OnRead<F>(F);

impl<F: FnMut()> std::io::Read for OnRead<F> {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        (self.0)();
        Ok(0)
    }
}
