//! The file that an export makes is there as a whole, or not.

use std::fs;

use indicatif::ProgressBar;
use lantern::store::transfer::{TransferError, export_to};
use lantern_actors::{
    domain::Version,
    ports::store::{Store, UserChange, UserKey},
};

use super::{exported, fill};
use crate::{
    fixture::{START, some_guild, some_user},
    model::ModelStore,
};

#[tokio::test]
async fn the_file_is_there_when_it_is_whole() {
    let (store, guild) = (ModelStore::default(), some_guild());
    fill(&store, guild).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export");
    // What a killed export left does not stand in the way.
    fs::write(folder.path().join("export.part"), "half").unwrap();
    let bar = ProgressBar::hidden();
    export_to(&store, vec![guild], &path, &bar).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), exported(&store, guild).await);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

    let again = export_to(&store, vec![guild], &path, &bar).await;
    let error = again.unwrap_err().to_string();
    assert!(error.contains("choose another name"), "{error}");
}

#[tokio::test]
async fn an_export_that_fails_leaves_no_file() {
    let (store, guild) = (ModelStore::default(), some_guild());
    let user = UserKey {
        guild,
        user: some_user(),
    };
    let part = UserChange {
        member_version: Version::new(1),
        ..UserChange::default()
    };
    store.users().commit(user, START, part).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export");
    let bar = ProgressBar::hidden();
    let refused = export_to(&store, vec![guild], &path, &bar).await;
    assert!(matches!(refused, Err(TransferError::Unfinished(who)) if who == user));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

    let nowhere = folder.path().join("no such folder").join("export");
    let error = export_to(&store, vec![guild], &nowhere, &bar)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("export.part"), "{error}");
}
