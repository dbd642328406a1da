//! Commits of the ScyllaDB store in a second, against the same statements issued bare through the
//! driver, in turns in one run: `LANTERN_TEST_CQL=host:port cargo bench --bench cql_commits`.
//!
//! Each writer has a user of its own, so what is measured is the path and not conflicts.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a benchmark ends by panicking"
)]

use std::{
    env,
    sync::Arc,
    time::{Duration, Instant},
};

use lantern::store::scylla::{ScyllaSettings, ScyllaStore, migrate};
use lantern_actors::{
    domain::{GuildId, PairKey, PairValue, UserId, Version},
    ports::store::{Revision, Store, UserChange, UserKey},
};
use scylla::{
    client::{session::Session, session_builder::SessionBuilder},
    statement::{
        batch::{Batch, BatchType},
        prepared::PreparedStatement,
    },
};

const KEYSPACE: &str = "bench";
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(60);

/// The statements of a commit that sets one pair, prepared once.
struct Bare {
    session: Session,
    first: PreparedStatement,
    next: PreparedStatement,
    mark: PreparedStatement,
    pair: PreparedStatement,
}

#[tokio::main]
async fn main() {
    let Ok(node) = env::var("LANTERN_TEST_CQL") else {
        println!("LANTERN_TEST_CQL is not set: nothing is measured");
        return;
    };
    let settings = ScyllaSettings {
        nodes: vec![node],
        keyspace: KEYSPACE.to_owned(),
        replication: "{'class': 'SimpleStrategy', 'replication_factor': 1}".to_owned(),
        migrate_on_start: false,
        user: None,
        tls: None,
        connect_timeout: PATIENCE,
        request_timeout: PATIENCE,
        resolve_timeout: PATIENCE,
        keep_left: PATIENCE,
    };
    migrate(&settings).await.unwrap();
    let bare = Arc::new(Bare::prepare(&settings).await);
    let store = ScyllaStore::start(settings);
    store.ready(PATIENCE).await.unwrap();
    let store = Arc::new(store);
    for writers in [1, 64] {
        // The server compiles what it runs often.
        ours(&store, writers).await;
        theirs(&bare, writers).await;
        let mut ratios = Vec::new();
        for _ in 0..ROUNDS {
            let (ours, theirs) = (ours(&store, writers).await, theirs(&bare, writers).await);
            println!("{writers:2} writers: {ours:6.0}/s, bare {theirs:6.0}/s");
            ratios.push(ours / theirs);
        }
        ratios.sort_by(f64::total_cmp);
        let (low, median, high) = (ratios[0], ratios[ROUNDS / 2], ratios[ROUNDS - 1]);
        println!("{writers:2} writers: {median:.2}x bare ({low:.2}-{high:.2})");
    }
}

async fn ours(store: &Arc<ScyllaStore>, writers: usize) -> f64 {
    rate(writers, async |until: Instant| {
        let user = somebody();
        let mut revision = Revision::new(0);
        while Instant::now() < until {
            let key = PairKey::try_from("key".to_owned()).unwrap();
            let change = UserChange {
                version: Version::new(revision.get()),
                pairs: [(key, Some(PairValue::try_from(text()).unwrap()))].into(),
                ..UserChange::default()
            };
            revision = store.users().commit(user, revision, change).await.unwrap();
        }
        revision.get()
    })
    .await
}

async fn theirs(bare: &Arc<Bare>, writers: usize) -> f64 {
    rate(writers, async |until: Instant| {
        let user = somebody();
        let (guild, user) = (user.guild.get() as i64, user.user.get() as i64);
        let mut revision = 0_i64;
        while Instant::now() < until {
            bare.commit(guild, user, revision).await;
            revision += 1;
        }
        revision.unsigned_abs()
    })
    .await
}

/// How many of something are done in a second by so many at once.
async fn rate<F: Future<Output = u64>>(writers: usize, write: impl Fn(Instant) -> F) -> f64 {
    let began = Instant::now();
    let all = futures_util::future::join_all((0..writers).map(|_| write(began + ROUND)));
    let made: u64 = all.await.into_iter().sum();
    made as f64 / began.elapsed().as_secs_f64()
}

fn somebody() -> UserKey {
    UserKey {
        guild: GuildId::try_from(1).unwrap(),
        user: UserId::try_from(rand::random::<u64>().max(1)).unwrap(),
    }
}

fn text() -> String {
    "value ".repeat(20)
}

impl Bare {
    async fn prepare(settings: &ScyllaSettings) -> Self {
        let builder = SessionBuilder::new().known_nodes(&settings.nodes);
        let session = builder.use_keyspace(KEYSPACE, false).build().await.unwrap();
        let first = "UPDATE users SET revision = ?, version = ?, member_version = ? \
                     WHERE guild_id = ? AND user_id = ? IF revision = null";
        let next = "UPDATE users SET revision = ?, version = ?, member_version = ? \
                    WHERE guild_id = ? AND user_id = ? IF revision = ?";
        let mark = "INSERT INTO users (guild_id, user_id, row_kind, position, key, made_revision, \
                    commit_id) VALUES (?, ?, 0, ?, '', ?, ?)";
        let pair = "INSERT INTO users (guild_id, user_id, row_kind, position, key, value) \
                    VALUES (?, ?, 1, 0, 'key', ?)";
        Self {
            first: session.prepare(first).await.unwrap(),
            next: session.prepare(next).await.unwrap(),
            mark: session.prepare(mark).await.unwrap(),
            pair: session.prepare(pair).await.unwrap(),
            session,
        }
    }

    async fn commit(&self, guild: i64, user: i64, revision: i64) {
        let made = revision + 1;
        let id = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
        let mark = (guild, user, made % 16, made, id);
        let pair = (guild, user, text());
        let mut batch = Batch::new(BatchType::Logged);
        let head = if revision == 0 {
            &self.first
        } else {
            &self.next
        };
        batch.append_statement(head.clone());
        batch.append_statement(self.mark.clone());
        batch.append_statement(self.pair.clone());
        let answer = if revision == 0 {
            let head = (made, revision, 0_i64, guild, user);
            self.session.batch(&batch, (head, mark, pair)).await
        } else {
            let head = (made, revision, 0_i64, guild, user, revision);
            self.session.batch(&batch, (head, mark, pair)).await
        };
        answer.unwrap();
    }
}
