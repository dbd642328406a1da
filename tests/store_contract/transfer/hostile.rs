//! Files that are no exports, or no longer: each is refused, with the line that is wrong.

use indicatif::ProgressBar;
use lantern::store::transfer::{Import, Reader, TransferError, verify};
use lantern_actors::{
    domain::GuildId,
    ports::store::{Store, StoredMember, UserKey},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{exported, import};
use crate::{
    any::{bare, setting},
    fixture::{START, event, some_guild, some_user},
    model::ModelStore,
};

/// A store with a member and a user, and its export: first line, member, user, last line.
async fn small() -> (GuildId, Vec<u8>) {
    let (store, guild) = (ModelStore::default(), some_guild());
    let member = StoredMember::Present(bare(some_user(), 1));
    store.members().keep(guild, vec![member]).await.unwrap();
    let user = UserKey {
        guild,
        user: some_user(),
    };
    let mut change = setting("key", "value");
    change.events.push(event("told", "{}"));
    store.users().commit(user, START, change).await.unwrap();
    (guild, exported(&store, guild).await)
}

/// Where and why a file is refused. Nothing of it is in the store when it was verified first.
fn refused(file: &[u8]) -> (u64, String) {
    match verify(file, &ProgressBar::hidden()) {
        Err(TransferError::File { line, problem }) => (line, problem),
        other => panic!("is to be refused: {other:?}"),
    }
}

/// The file with another line in the place of one, and a last line that fits.
fn with_line(file: &[u8], number: usize, line: &str) -> Vec<u8> {
    let text = std::str::from_utf8(file).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[number - 1] = line;
    signed(&lines)
}

/// The lines, of which the last is mended so that counts and checksum are right.
fn signed(lines: &[&str]) -> Vec<u8> {
    let count = |name: &str| lines.iter().filter(|line| line.starts_with(name)).count();
    let mut file = String::new();
    for line in &lines[..lines.len() - 1] {
        file.push_str(line);
        file.push('\n');
    }
    let sha256: String = Sha256::digest(&file)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let events = file.matches("\"kind\":").count();
    let (members, left, users) = (count("{\"present"), count("{\"left"), count("{\"user"));
    let end = format!(
        "{{\"end\":{{\"members\":{members},\"left\":{left},\"users\":{users},\"events\":{events},\"sha256\":\"{sha256}\"}}}}\n"
    );
    (file + &end).into_bytes()
}

/// The user's line, changed.
fn changed_user(file: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let text = std::str::from_utf8(file).unwrap();
    let line = text.lines().nth(2).unwrap();
    let mut user: Value = serde_json::from_str(line).unwrap();
    change(&mut user["user"]);
    // Fields in the order in which Lantern writes them, and the events as they were.
    let (_, events) = line.split_once("\"events\":").unwrap();
    let fields = [
        "guild",
        "user",
        "version",
        "member_version",
        "token_version",
        "pairs",
    ];
    let fields = fields.map(|name| format!("\"{name}\":{},", user["user"][name]));
    let line = format!("{{\"user\":{{{}\"events\":{events}", fields.concat());
    with_line(file, 3, &line)
}

#[tokio::test]
async fn a_file_that_is_mended_by_the_tests_is_taken() {
    let (_, file) = small().await;
    let text = std::str::from_utf8(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(signed(&lines), file);
    assert_eq!(changed_user(&file, |_| {}), file);
}

#[tokio::test]
async fn what_is_no_export_is_refused() {
    for file in [
        "hello\n",
        "{}\n",
        "[1]\n",
        "{\"start\":{\"format\":\"another\",\"version\":1,\"guilds\":[]}}\n",
        "{\"end\":{}}\n",
        "\0\n",
        "\n",
    ] {
        let (line, problem) = refused(file.as_bytes());
        assert_eq!(
            (line, problem.as_str()),
            (1, "this is no export of Lantern"),
            "{file}"
        );
    }
    let (line, problem) = refused(b"");
    assert_eq!(line, 1);
    assert!(problem.contains("cut off"), "{problem}");
}

#[tokio::test]
async fn another_version_of_the_format_is_refused() {
    let newer = "{\"start\":{\"format\":\"lantern export\",\"version\":2,\"new\":[]}}\n";
    let (line, problem) = refused(newer.as_bytes());
    assert_eq!(line, 1);
    assert!(problem.contains("version 2 of the format"), "{problem}");
}

#[tokio::test]
async fn a_file_that_was_cut_off_anywhere_is_refused() {
    let (_, file) = small().await;
    for length in 0..file.len() {
        let cut = &file[..length];
        let (line, problem) = refused(cut);
        let ends = cut.iter().filter(|byte| **byte == b'\n').count() as u64;
        assert_eq!(line, ends + 1);
        assert!(problem.contains("cut off"), "{problem}");
    }
}

#[tokio::test]
async fn a_byte_that_was_changed_anywhere_is_noticed() {
    let (_, file) = small().await;
    for place in 0..file.len() {
        for bit in [0, 1, 5, 7] {
            let mut changed = file.clone();
            changed[place] ^= 1 << bit;
            let (line, _) = refused(&changed);
            assert!((1..=5).contains(&line));
        }
    }
}

#[tokio::test]
async fn lines_that_are_missing_or_too_many_are_noticed() {
    let (_, file) = small().await;
    let text = std::str::from_utf8(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let without = |number: usize| {
        let mut lines = lines.clone();
        lines.remove(number - 1);
        lines.join("\n") + "\n"
    };
    let (line, problem) = refused(without(2).as_bytes());
    assert_eq!(line, 3);
    assert!(
        problem.contains("should hold 1 members and holds 0"),
        "{problem}"
    );
    let (line, problem) = refused(without(3).as_bytes());
    assert_eq!(line, 3);
    assert!(
        problem.contains("should hold 1 users and holds 0"),
        "{problem}"
    );

    let (line, problem) = refused(format!("{text}\n").as_bytes());
    assert_eq!(line, 5);
    assert!(problem.contains("after the last line"), "{problem}");

    let swapped = [lines[0], lines[2], lines[1], lines[3]].join("\n") + "\n";
    let (line, problem) = refused(swapped.as_bytes());
    assert_eq!(line, 4);
    assert!(problem.contains("checksum"), "{problem}");
}

#[tokio::test]
async fn lines_that_fit_the_checksum_are_still_checked() {
    let (_, file) = small().await;
    let text = std::str::from_utf8(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let refuses = |file: &[u8], number: u64, why: &str| {
        let (line, problem) = refused(file);
        assert_eq!(line, number, "{problem}");
        assert!(problem.contains(why), "{problem}");
    };
    let twice = |number: usize| {
        let mut lines = lines.clone();
        lines.insert(3, lines[number - 1]);
        signed(&lines)
    };
    refuses(&twice(1), 4, "a second first line");
    refuses(&twice(2), 4, "for the second time");
    refuses(&twice(3), 4, "for the second time");
    refuses(
        &with_line(&file, 2, "{\"present\":"),
        2,
        "EOF while parsing",
    );
    refuses(
        &with_line(&file, 2, "{\"unknown\":1}"),
        2,
        "unknown variant",
    );
    refuses(
        &with_line(&file, 3, &format!(" {}", lines[2])),
        3,
        "as Lantern writes it",
    );
    // A field that this Lantern does not know would be lost.
    let more = lines[1].replacen("\"version\"", "\"new\":1,\"version\"", 1);
    refuses(&with_line(&file, 2, &more), 2, "does not know");
}

#[tokio::test]
async fn users_past_the_limits_are_refused() {
    let (_, file) = small().await;
    let refuses = |change: &dyn Fn(&mut Value), why: &str| {
        let (line, problem) = refused(&changed_user(&file, change));
        assert_eq!(line, 3, "{problem}");
        assert!(problem.contains(why), "{problem}");
    };
    let long = |length: usize| "x".repeat(length);
    refuses(
        &|user| user["pairs"]["not a key"] = json!(""),
        "a key is 1 to 255",
    );
    refuses(
        &|user| user["pairs"][long(256)] = json!(""),
        "a key is 1 to 255",
    );
    refuses(
        &|user| user["pairs"]["a"] = json!(long(30_001)),
        "at most 30000 characters",
    );
    refuses(
        &|user| {
            for number in 0..512 {
                user["pairs"][format!("k{number}")] = json!("");
            }
        },
        "513 pairs",
    );
    refuses(&|user| user["version"] = json!(1_u64 << 53), "too great");
    refuses(&|user| user["token_version"] = json!(u64::MAX), "too great");
    refuses(
        &|user| user["guild"] = json!("5"),
        "not named in the first line",
    );
    refuses(&|user| user["user"] = json!("0"), "a Discord id is");
    refuses(&|user| user["user"] = json!(7), "as Lantern writes it");
    refuses(
        &|user| {
            user["version"] = json!(0);
            user["member_version"] = json!(1);
        },
        "only in part",
    );
}

#[tokio::test]
async fn what_is_refused_at_the_start_writes_nothing() {
    let (guild, file) = small().await;
    let store = ModelStore::default();
    let user = UserKey {
        guild,
        user: some_user(),
    };
    store
        .users()
        .commit(user, START, setting("a", "b"))
        .await
        .unwrap();
    match import(&store, &file, Import::IntoEmpty).await {
        Err(TransferError::Holds(guilds)) => assert_eq!(guilds, [guild]),
        other => panic!("is to be refused: {other:?}"),
    }
    assert_eq!(
        crate::fixture::all(store.users().scan(guild)).await.len(),
        1
    );
    assert_eq!(
        crate::fixture::all(store.members().scan(guild)).await.len(),
        0
    );
}

#[tokio::test]
async fn a_stream_that_is_cut_off_is_told_at_its_end_and_can_be_repeated() {
    let (guild, file) = small().await;
    let store = ModelStore::default();
    let cut = &file[..file.len() - 1];
    let mut reader = Reader::start(cut, &ProgressBar::hidden()).unwrap();
    let error = Import::IntoEmpty
        .run(&store, &mut reader)
        .await
        .unwrap_err();
    assert!(error.to_string().starts_with("line 4: "), "{error}");
    let again = import(&store, &file, Import::IntoEmpty).await;
    // Whether something of it is there depends on what was written when the stream ended.
    if let Err(error) = again {
        assert!(matches!(error, TransferError::Holds(_)), "{error}");
    }
    let merged = import(&store, &file, Import::Merge).await.unwrap();
    assert_eq!(merged.store, merged.file);
    assert_eq!(store.guilds().await.unwrap(), [guild]);
}
