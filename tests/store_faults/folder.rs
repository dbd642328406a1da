//! Folders that are not to be used, and what the program says of them.

use std::{fs, path::Path};

use rustix::process::Signal;

use crate::{
    child::{Child, say},
    decisions::{decide, open, user},
    disk::on_small_disk,
    program::{Program, run},
};

pub const DEMO: [&str; 8] = [
    "serve",
    "--demo",
    "--listen",
    "127.0.0.1:0",
    "--simulator-listen",
    "127.0.0.1:0",
    "--rate",
    "0",
];

/// Starts the program with a folder that it cannot use; its one sentence.
async fn refusal(folder: &Path) -> String {
    let path = folder.to_str().unwrap();
    let ended = run(&DEMO, &[("LANTERN__STORE__PATH", path)]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.errors);
    let lines = ended.errors.lines();
    let said: Vec<&str> = lines.filter(|line| line.starts_with("lantern: ")).collect();
    assert_eq!(said.len(), 1, "{}", ended.errors);
    for nonsense in ["panicked", "stack backtrace", "Error {", "Os {"] {
        assert!(!ended.errors.contains(nonsense), "{}", ended.errors);
    }
    assert!(said[0].contains(path), "{}", said[0]);
    said[0].to_owned()
}

#[tokio::test]
async fn a_folder_that_is_not_to_be_used_is_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let format = folder.path().join("format");
    fs::write(&format, "lantern-store 2\n").unwrap();
    let said = refusal(folder.path()).await;
    assert!(
        said.contains("has format 2") && said.contains("it knows 1"),
        "{said}"
    );
    fs::write(&format, "something else").unwrap();
    let said = refusal(folder.path()).await;
    assert!(said.contains("has format something else"), "{said}");

    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("holiday.jpg");
    fs::write(&photo, "a photo").unwrap();
    let said = refusal(folder.path()).await;
    assert!(said.contains("not empty and not a data folder"), "{said}");
    let names = fs::read_dir(folder.path()).unwrap();
    assert_eq!(names.count(), 1, "nothing was put into it");
    let said = refusal(&photo).await;
    assert!(said.contains("not a directory"), "{said}");
}

#[test]
fn a_folder_that_may_not_be_written_is_refused_in_a_sentence() {
    let test = "folder::a_folder_that_may_not_be_written_is_refused_in_a_sentence";
    on_small_disk(test, 8, |disk| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        disk.forbid();
        let said = runtime.block_on(refusal(disk.path()));
        assert!(said.contains("Read-only file system"), "{said}");
    });
}

#[tokio::test]
async fn a_folder_in_use_is_refused_and_its_owner_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let mut owner = Child::start(&format!("hold {path}"));
    assert_eq!(owner.told().unwrap(), "1");
    let said = refusal(folder.path()).await;
    assert!(said.contains("is in use by another lantern"), "{said}");
    assert!(
        said.contains(&format!("(process {})", owner.id())),
        "{said}"
    );
    owner.tell("go on");
    assert_eq!(owner.told().unwrap(), "2");

    // What a killed owner leaves in the file `lock` is no obstacle.
    owner.kill();
    let mut next = Program::start(&DEMO, &[("LANTERN__STORE__PATH", path)]);
    next.says("Live page").await;
    next.stop(Signal::TERM).await;
    let store = open(folder.path()).unwrap();
    assert_eq!(decide(&*store, user(1), "after").await, Ok(3));
}

/// In a child: has the folder open, and commits whenever it is told.
#[tokio::main(flavor = "current_thread")]
pub async fn hold(folder: &str) {
    let store = open(Path::new(folder)).unwrap();
    let mut orders = std::io::stdin().lines();
    loop {
        let revision = decide(&*store, user(1), "held").await.unwrap();
        say(&revision.to_string());
        if orders.next().is_none() {
            return;
        }
    }
}
