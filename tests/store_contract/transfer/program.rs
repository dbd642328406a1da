//! `lantern export` and `lantern import` as people run them.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Output, Stdio},
};

use lantern::store::embedded::{EmbeddedConfig, EmbeddedStore};
use lantern_actors::ports::store::Store;

use super::{assert_same, fill};
use crate::fixture::some_guild;

/// Runs the program on the store in this folder.
fn lantern(store: &Path, arguments: &[&str], input: Stdio) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lantern"))
        .args(arguments)
        .env("LANTERN__STORE__PATH", store)
        .stdin(input)
        .output()
        .unwrap()
}

fn told(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    String::from_utf8_lossy(out).into_owned() + &String::from_utf8_lossy(err)
}

#[track_caller]
fn succeeded(output: &Output, text: &str) {
    let told = told(output);
    assert!(output.status.success(), "{told}");
    assert!(told.contains(text), "{told}");
}

#[track_caller]
fn refused(output: &Output, text: &str) {
    let told = told(output);
    assert!(!output.status.success(), "{told}");
    assert!(told.contains(text), "{told}");
}

fn open(folder: &Path) -> EmbeddedStore {
    EmbeddedStore::open(&EmbeddedConfig::at(folder)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_goes_through_a_file_and_through_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let [source, by_file, by_pipe] = ["a", "b", "c"].map(|name| folder.path().join(name));
    let guild = some_guild();
    let store = open(&source);
    fill(&store, guild).await;
    store.close().await;
    drop(store);

    let file = folder.path().join("export");
    let name = file.to_str().unwrap();
    let exported = lantern(&source, &["export", name], Stdio::null());
    succeeded(&exported, "Exported 3 members, 1 who left, 3 users");
    refused(
        &lantern(&source, &["export", name], Stdio::null()),
        "exists",
    );
    let imported = lantern(&by_file, &["import", name], Stdio::null());
    succeeded(&imported, "Both were compared.");
    refused(
        &lantern(&by_file, &["import", name], Stdio::null()),
        "--merge",
    );
    let merged = lantern(&by_file, &["import", "--merge", name], Stdio::null());
    succeeded(&merged, "3 users were there already");

    let piped = lantern(&by_file, &["export", "-"], Stdio::null());
    let by_name = fs::read(&file).unwrap();
    assert_eq!(super::lines(&piped.stdout), super::lines(&by_name));
    let input = File::open(&file).unwrap();
    let imported = lantern(&by_pipe, &["import", "-"], input.into());
    succeeded(&imported, "known at its end");

    let cut = folder.path().join("cut");
    fs::write(&cut, &by_name[..by_name.len() / 2]).unwrap();
    let untouched = folder.path().join("d");
    let output = lantern(
        &untouched,
        &["import", cut.to_str().unwrap()],
        Stdio::null(),
    );
    refused(&output, "it was cut off");

    let source = open(&source);
    for copy in [by_file, by_pipe] {
        assert_same(&source, &open(&copy), guild).await;
    }
    assert_eq!(open(&untouched).guilds().await.unwrap(), []);
}
