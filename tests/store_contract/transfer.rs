//! Export and import: what one store held, another holds.

mod files;
mod hostile;
mod merge;
mod program;

use indicatif::ProgressBar;
use lantern::store::transfer::{Contents, Import, Imported, Reader, TransferError, export, verify};
use lantern_actors::{
    domain::{GuildId, UserId, Version},
    ports::store::{Store, StoredMember, TokenVersion, UserChange, UserKey},
};

use crate::{
    any::{LAST_VERSION, NASTY, bare, full, key, left, setting, value},
    fixture::{Ground, START, event, some_guild, some_user},
    model::ModelStore,
};

pub async fn a_guild_goes_into_a_file_and_into_another_store(ground: Ground) {
    fill(&*ground.store, ground.guild).await;
    let file = exported(&*ground.store, ground.guild).await;
    let other = ModelStore::default();
    let imported = import(&other, &file, Import::IntoEmpty).await.unwrap();
    assert_eq!(imported.file, imported.store);
    assert_same(&*ground.store, &other, ground.guild).await;
    assert_eq!(lines(&exported(&other, ground.guild).await), lines(&file));
}

pub async fn a_file_goes_into_a_store(mut ground: Ground) {
    let model = ModelStore::default();
    fill(&model, ground.guild).await;
    let file = exported(&model, ground.guild).await;
    let imported = import(&*ground.store, &file, Import::IntoEmpty).await;
    assert_eq!(imported.unwrap().store, imported_contents(&file));
    assert_same(&model, &*ground.store, ground.guild).await;
    ground.reopen().await;
    assert_same(&model, &*ground.store, ground.guild).await;
}

#[tokio::test]
async fn a_store_of_many_guilds_is_exported_whole() {
    let store = ModelStore::default();
    let mut guilds = [some_guild(), some_guild(), some_guild()];
    guilds.sort();
    for guild in guilds {
        fill(&store, guild).await;
    }
    let mut file = Vec::new();
    let bar = ProgressBar::hidden();
    let listed = store.guilds().await.unwrap();
    assert_eq!(listed, guilds);
    let contents = export(&store, listed, &mut file, &bar).await.unwrap();
    assert_eq!(contents, imported_contents(&file));
    let other = ModelStore::default();
    let imported = import(&other, &file, Import::IntoEmpty).await.unwrap();
    assert_eq!(imported.store, contents);
    for guild in guilds {
        assert_same(&store, &other, guild).await;
    }
}

#[tokio::test]
async fn an_empty_store_is_a_file_too() {
    let mut file = Vec::new();
    let bar = ProgressBar::hidden();
    let empty = ModelStore::default();
    export(&empty, Vec::new(), &mut file, &bar).await.unwrap();
    // The first line; the last is not counted.
    assert_eq!(lines(&file).len(), 1);
    let imported = import(&empty, &file, Import::IntoEmpty).await.unwrap();
    assert_eq!(imported, Imported::default());
}

#[tokio::test]
async fn ten_thousand_users_go_through_a_file() {
    let (store, guild) = (ModelStore::default(), some_guild());
    let mut members = Vec::new();
    for number in 0..10_000 {
        let user = some_user();
        members.push(StoredMember::Present(full(user, number + 1, "text")));
        let change = setting("number", &number.to_string());
        let user = UserKey { guild, user };
        store.users().commit(user, START, change).await.unwrap();
    }
    store.members().keep(guild, members).await.unwrap();
    let file = exported(&store, guild).await;
    let other = ModelStore::default();
    let imported = import(&other, &file, Import::IntoEmpty).await.unwrap();
    assert_eq!(imported.store.members.count, 10_000);
    assert_eq!(imported.store.users.count, 10_000);
    assert_same(&store, &other, guild).await;
}

/// A guild in which there is everything once.
async fn fill(store: &dyn Store, guild: GuildId) {
    let members = vec![
        StoredMember::Present(bare(some_user(), 1)),
        StoredMember::Present(full(some_user(), LAST_VERSION, NASTY)),
        StoredMember::Present(full(UserId::try_from(u64::MAX).unwrap(), 5, "")),
        left(some_user(), 7),
    ];
    store.members().keep(guild, members).await.unwrap();
    let commit = async |user, based_on, change| {
        let user = UserKey { guild, user };
        store.users().commit(user, based_on, change).await.unwrap()
    };
    // One with nothing but a commit, one with everything, one that takes several commits.
    commit(some_user(), START, UserChange::default()).await;
    let user = some_user();
    let change = UserChange {
        version: Version::new(LAST_VERSION),
        member_version: Version::new(LAST_VERSION - 1),
        token_version: Some(TokenVersion::new(LAST_VERSION)),
        events: vec![event("first", NASTY), event(NASTY, "second")],
        ..setting("nasty", NASTY)
    };
    let revision = commit(user, START, change).await;
    let change = UserChange {
        version: Version::new(LAST_VERSION),
        events: vec![event("third", "")],
        ..setting("empty", "")
    };
    commit(user, revision, change).await;
    large(
        store,
        UserKey {
            guild,
            user: some_user(),
        },
    )
    .await;
}

/// A user of which one commit holds only a part, with events.
async fn large(store: &dyn Store, user: UserKey) {
    let mut revision = START;
    for number in 0..4 {
        let change = UserChange {
            version: Version::new(1_620_000_000_000_000),
            pairs: [(
                key(&format!("large{number}")),
                Some(value(&"🏮".repeat(29_000 + number))),
            )]
            .into(),
            events: vec![event("large", &"x".repeat(100_000 + number))],
            ..UserChange::default()
        };
        revision = store.users().commit(user, revision, change).await.unwrap();
    }
}

async fn exported(store: &dyn Store, guild: GuildId) -> Vec<u8> {
    let mut file = Vec::new();
    let bar = ProgressBar::hidden();
    let contents = export(store, vec![guild], &mut file, &bar).await.unwrap();
    assert_eq!(imported_contents(&file), contents);
    file
}

async fn import(store: &dyn Store, file: &[u8], import: Import) -> Result<Imported, TransferError> {
    let mut reader = Reader::start(file, &ProgressBar::hidden())?;
    import.run(store, &mut reader).await
}

/// What a file holds.
fn imported_contents(file: &[u8]) -> Contents {
    verify(file, &ProgressBar::hidden()).unwrap()
}

/// The lines of a file but the last; which come first is the store's affair.
fn lines(file: &[u8]) -> Vec<&str> {
    let text = std::str::from_utf8(file).unwrap();
    let mut lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("{\"end\""))
        .collect();
    lines.sort();
    lines
}

/// Whether two stores hold the same of a guild. Read by the port, so nothing of the export is
/// trusted.
async fn assert_same(one: &dyn Store, other: &dyn Store, guild: GuildId) {
    let (one, other) = (held(one, guild).await, held(other, guild).await);
    // Some have large values, and a difference in them is no message that helps.
    assert_eq!(one.0, other.0);
    assert!(one.1 == other.1, "users or events differ");
}

type Held = (Vec<StoredMember>, Vec<(UserId, String)>);

async fn held(store: &dyn Store, guild: GuildId) -> Held {
    use crate::fixture::all;
    let mut members = all(store.members().scan(guild)).await;
    members.sort_by_key(StoredMember::user);
    let mut users = Vec::new();
    for (user, stored) in all(store.users().scan(guild)).await {
        let id = lantern_actors::ports::store::AggregateId::User(UserKey { guild, user });
        let events = store.events().read(id, None, usize::MAX).await.unwrap();
        let events: Vec<_> = events
            .iter()
            .map(|event| (&event.kind, &event.body))
            .collect();
        // How many commits a user has seen is not what it is.
        let text = format!(
            "{} {} {:?} {:?} {events:?}",
            stored.version, stored.member_version, stored.token_version, stored.pairs
        );
        users.push((user, text));
    }
    users.sort();
    (members, users)
}
