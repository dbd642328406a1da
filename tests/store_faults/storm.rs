//! SIGKILL in the middle of a storm of commits, a hundred times over in one folder.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use lantern_actors::ports::store::{AggregateId, Store, StoreError};
use rand::{Rng, RngCore};

use crate::{
    child::{Child, random, say},
    decisions::{self, decide, guild, last_event, left, member, member_version, open, user},
};

const LIVES: u64 = 100;
const USERS: u64 = 20;
const TASKS: u64 = 12;
/// How many commits a life has at the most before it ends.
const LONGEST: u64 = 50;
/// One life in so many ends while it opens the store.
const SHORT_LIVES: u64 = 8;

#[test]
fn a_hundred_kills_lose_nothing_that_was_acknowledged() {
    let seed = std::env::var("LANTERN_FAULT_SEED").map_or_else(
        |_| rand::rng().next_u64() >> 32,
        |seed| seed.parse().unwrap(),
    );
    println!("LANTERN_FAULT_SEED={seed}");
    let folder = tempfile::tempdir().unwrap();
    let mut random = random(seed, 0);
    let mut told = Told::default();
    for life in 0..LIVES {
        let role = format!("storm {} {seed} {life}", folder.path().display());
        let mut child = Child::start(&role);
        assert_eq!(child.told().unwrap(), "opening");
        if random.random_range(0..SHORT_LIVES) > 0 {
            let mut left = random.random_range(1..=LONGEST);
            while left > 0 {
                let line = child.told().expect("it lives until it is killed");
                left -= u64::from(told.take(&line));
            }
        }
        child.kill();
        // What it told before it ended counts too.
        while let Some(line) = child.told() {
            told.take(&line);
        }
        // Not each time, so that a killed store is also opened by somebody who will be killed.
        if random.random_bool(0.5) || life + 1 == LIVES {
            told.verify(folder.path());
        }
    }
    let commits: usize = told.users.values().map(|user| user.commits.len()).sum();
    println!("{commits} commits were told of in {LIVES} lives");
}

/// What the children told.
#[derive(Default)]
struct Told {
    users: BTreeMap<u64, OfUser>,
    /// The greatest versions that were kept.
    members: BTreeMap<u64, u64>,
}

#[derive(Default)]
struct OfUser {
    /// Revisions and their texts.
    commits: BTreeMap<u64, String>,
    /// Events up to here are acknowledged.
    gone: u64,
    /// Events up to here may be.
    going: u64,
}

impl Told {
    /// Whether it was a commit.
    fn take(&mut self, line: &str) -> bool {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| words[at].parse::<u64>().unwrap();
        match words[0] {
            "committed" => {
                let user = self.users.entry(number(1)).or_default();
                let before = user.commits.insert(number(2), words[3].to_owned());
                assert_eq!(before, None, "a revision was given twice: {line}");
                return true;
            }
            "going" | "gone" => {
                let user = self.users.entry(number(1)).or_default();
                let mark = match words[0] {
                    "going" => &mut user.going,
                    _ => &mut user.gone,
                };
                *mark = number(2).max(*mark);
            }
            "kept" => {
                let version = self.members.entry(number(1)).or_default();
                *version = number(2).max(*version);
            }
            "opening" => {}
            other => panic!("{other}"),
        }
        false
    }

    #[tokio::main(flavor = "current_thread")]
    async fn verify(&self, folder: &Path) {
        let store = open(folder).unwrap();
        for (number, told) in &self.users {
            told.verify(*number, &left(&*store, user(*number)).await);
        }
        for (number, version) in &self.members {
            let stored = member_version(&*store, *number).await;
            assert!(stored >= *version, "member {number}: {stored} < {version}");
        }
        store.close().await;
    }
}

impl OfUser {
    fn verify(&self, number: u64, left: &decisions::Left) {
        let newest = self
            .commits
            .last_key_value()
            .map_or(0, |(newest, _)| *newest);
        assert!(
            left.revision >= newest,
            "user {number} is back at {left:?} from {newest}"
        );
        if let Some(text) = self.commits.get(&left.revision) {
            assert_eq!(&left.text, text, "user {number}");
        }
        let first = left
            .events
            .first()
            .map_or(left.revision + 1, |event| event.0);
        let may_be_first = self.gone + 1..=self.going.max(self.gone) + 1;
        assert!(
            may_be_first.contains(&first),
            "events of user {number} begin at {first}, not in {may_be_first:?}"
        );
        for (revision, text) in &left.events {
            let told = self.commits.get(revision);
            assert!(
                told.is_none_or(|told| told == text),
                "user {number}: {revision}"
            );
        }
    }
}

/// In the child: commits until it is killed.
#[tokio::main(worker_threads = 2)]
pub async fn rage(folder: &str, seed: u64, life: u64) {
    say("opening");
    let store = open(Path::new(folder)).unwrap();
    let tasks = (0..TASKS).map(|task| {
        let mut random = random(seed, 1 + life * TASKS + task);
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for count in 0_u64.. {
                let who = random.random_range(1..=USERS);
                match random.random_range(0..10) {
                    0 => keep(&*store, life, count).await,
                    1 => consume(&*store, who).await,
                    _ => {
                        // Some batches are longer than a page of the disk.
                        let rest = "x".repeat(random.random_range(0..400));
                        commit(&*store, who, &format!("{life}-{task}-{count}-{rest}")).await;
                    }
                }
            }
        })
    });
    futures_util::future::join_all(tasks.collect::<Vec<_>>()).await;
}

async fn commit(store: &dyn Store, who: u64, text: &str) {
    loop {
        match decide(store, user(who), text).await {
            Ok(revision) => return say(&format!("committed {who} {revision} {text}")),
            Err(StoreError::Conflict) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

async fn keep(store: &dyn Store, life: u64, count: u64) {
    let version = (life << 32) + count + 1;
    let numbers = 1..=8;
    let members = numbers.clone().map(|number| member(number, version));
    store
        .members()
        .keep(guild(), members.collect())
        .await
        .unwrap();
    for number in numbers {
        say(&format!("kept {number} {version}"));
    }
}

/// As a consumer of events that has delivered what there was.
async fn consume(store: &dyn Store, who: u64) {
    let revision = store.users().load(user(who)).await.unwrap().revision.get();
    if revision == 0 {
        return;
    }
    say(&format!("going {who} {revision}"));
    let events = store.events();
    let through = last_event(revision);
    let done = events.acknowledge(AggregateId::User(user(who)), through);
    done.await.unwrap();
    say(&format!("gone {who} {revision}"));
}
