//! `lantern backup` and `lantern restore`, as people run them.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use serde_json::Value;

use crate::{
    harness::{Discord, eventually, game},
    process::program::{Ended, Program, run},
};

async fn lantern(args: &[&str], path: &str) -> Ended {
    run(args, &[("LANTERN__STORE__PATH", path)]).await
}

fn by_id(users: Value) -> Vec<(String, Value)> {
    let id = |user: &Value| user["metadata"]["id"].as_str().unwrap().to_owned();
    let users = users.as_array().unwrap().iter();
    let mut users: Vec<_> = users.map(|user| (id(user), user.clone())).collect();
    users.sort_by(|one, other| one.0.cmp(&other.0));
    users
}

/// A backup that is made while members change holds each of them as they were at one moment.
#[tokio::test]
async fn a_backup_of_a_running_hub_is_whole_and_restores_what_was_stored() {
    let discord = Discord::on_embedded_store(30).await;
    let hub = discord.hub().await;
    let members = hub.members().await;
    let quiet = members[0];
    hub.control.playing(quiet, "Go").await;
    let before = hub
        .until_user(quiet, "it is told", |user| game(user) == "Go")
        .await;
    eventually("it is stored", async || {
        (hub.metric("lantern_members_unsaved").await == 0).then_some(())
    })
    .await;
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("lantern.backup").display().to_string();
    let folder = discord.folder().display().to_string();
    let args = ["backup", file.as_str()];
    let (ended, ()) = tokio::join!(
        lantern(&args, &folder),
        hub.control.burst(&members[1..], 2_000)
    );
    assert!(ended.succeeded, "{}", ended.errors);
    assert!(
        ended.says.starts_with("Backed up 31 rows"),
        "{}",
        ended.says
    );
    hub.stop().await;

    let restored = place.path().join("restored").display().to_string();
    let ended = lantern(&["restore", &file], &restored).await;
    assert!(ended.succeeded, "{}", ended.errors);
    let again = lantern(&["restore", &file], &restored).await;
    assert!(
        again.errors.contains("restore into an empty folder"),
        "{}",
        again.errors
    );
    let environment = discord.environment();
    let mut environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    environment.push(("LANTERN__STORE__PATH", &restored));
    let mut program = Program::start(&["serve", "--listen", "127.0.0.1:0"], &environment);
    program.says("Live page").await;
    let url = format!("http://{}/api/v1/users/{quiet}", program.addr());
    // It is stale until Discord has told of everybody.
    let after = eventually("Discord is heard", async || {
        let user: Value = reqwest::get(&url).await.unwrap().json().await.unwrap();
        user.get("stale").is_none().then_some(user)
    })
    .await;
    assert_eq!(after, before);
    program.kill().await;
}

#[tokio::test]
async fn a_backup_of_a_store_that_nobody_uses_is_the_same_twice() {
    let discord = Discord::on_embedded_store(5).await;
    let hub = discord.hub().await;
    let told = hub.everybody().await;
    hub.stop().await;
    let place = tempfile::tempdir().unwrap();
    let folder = discord.folder().display().to_string();
    let mut contents = Vec::new();
    for name in ["one", "other"] {
        let file = place.path().join(name);
        let ended = lantern(&["backup", &file.display().to_string()], &folder).await;
        assert!(ended.succeeded, "{}", ended.errors);
        contents.push(fs::read(file).unwrap());
    }
    assert!(contents[0] == contents[1]);

    let file = place.path().join("one").display().to_string();
    fs::remove_dir_all(discord.folder()).unwrap();
    let ended = lantern(&["restore", &file], &folder).await;
    assert!(ended.succeeded, "{}", ended.errors);
    let hub = discord.hub().await;
    let again = hub.everybody().await;
    assert_eq!(by_id(again), by_id(told));
}

#[tokio::test]
async fn a_damaged_backup_is_refused_and_leaves_nothing() {
    let discord = Discord::on_embedded_store(5).await;
    discord.hub().await.stop().await;
    let place = tempfile::tempdir().unwrap();
    let folder = discord.folder().display().to_string();
    let file = place.path().join("backup");
    let ended = lantern(&["backup", &file.display().to_string()], &folder).await;
    assert!(ended.succeeded, "{}", ended.errors);
    let whole = fs::read(&file).unwrap();
    let restored = place.path().join("restored");
    let flipped = |place: usize| {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        bytes
    };
    let damaged = [
        Vec::new(),
        b"lantern-backup 2\n".to_vec(),
        whole[..whole.len() - 1].to_vec(),
        whole[..whole.len() / 2].to_vec(),
        flipped(3),
        flipped(whole.len() / 2),
        flipped(whole.len() - 1),
    ];
    for bytes in damaged {
        fs::write(&file, bytes).unwrap();
        let args = ["restore", &file.display().to_string()];
        let ended = lantern(&args, &restored.display().to_string()).await;
        assert!(!ended.succeeded && ended.errors.starts_with("lantern: cannot restore: "));
        let left: Vec<_> = fs::read_dir(place.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "only the backup itself");
    }
    let nowhere = place.path().join("nowhere").display().to_string();
    let ended = lantern(&["backup", &format!("{nowhere}.backup")], &nowhere).await;
    assert!(
        ended.errors.contains("there is no store in"),
        "{}",
        ended.errors
    );
}

/// Runs the program as a careless shell does: with a umask that keeps nothing from anybody.
fn unmasked(args: &[&str], store: &Path) -> (bool, String) {
    let output = Command::new("sh")
        .args(["-c", "umask 000; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_lantern"))
        .args(args)
        .env("LANTERN__STORE__PATH", store)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// Fails if anybody but its owner may do anything with a file or folder, or one in it.
fn expect_private(path: &Path) {
    let found = fs::symlink_metadata(path).unwrap();
    let mode = found.permissions().mode();
    assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
    if found.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            expect_private(&entry.unwrap().path());
        }
    }
}

#[tokio::test]
async fn what_is_written_is_for_its_owner_alone_and_replaces_nothing() {
    let discord = Discord::on_embedded_store(5).await;
    discord.hub().await.stop().await;
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    let name = |path: &Path| path.display().to_string();
    let (export, backup) = (at("export"), at("backup"));
    let (imported, restored) = (at("imported"), at("restored"));
    let steps = [
        ("export", &export, discord.folder(), &export),
        ("import", &export, imported.as_path(), &imported),
        ("backup", &backup, imported.as_path(), &backup),
        ("restore", &backup, restored.as_path(), &restored),
    ];
    for (command, file, store, written) in steps {
        let (succeeded, said) = unmasked(&[command, &name(file)], store);
        assert!(succeeded, "{said}");
        expect_private(written);
    }
    for (command, file) in [("export", &export), ("backup", &backup)] {
        let before = fs::read(file).unwrap();
        let (succeeded, said) = unmasked(&[command, &name(file)], &imported);
        assert!(!succeeded && said.contains("exists"), "{command}: {said}");
        assert_eq!(fs::read(file).unwrap(), before);
    }
    let nowhere = at("nowhere");
    for command in ["export", "backup"] {
        let (succeeded, said) = unmasked(&[command, &name(&at("new"))], &nowhere);
        assert!(
            !succeeded && said.contains("there is no store in"),
            "{said}"
        );
        assert!(!nowhere.exists() && !at("new").exists(), "{command}");
    }
    let left = fs::read_dir(place.path()).unwrap().count();
    assert_eq!(left, 4, "nothing unfinished is left");
}
