//! How a user's actor commits decisions: one commit at a time, and everything that is asked meanwhile
//! goes into the next one. Nothing here is waited for, so presences go on.

use std::{collections::VecDeque, sync::Arc, time::SystemTime};

use ractor::{ActorRef, RpcReplyPort};
use tokio::sync::OwnedSemaphorePermit;

use super::{
    UserMsg, UserState,
    storage::{Authority, Draft, StorageAnswer, StorageError, StorageRequest},
};
use crate::{
    directory::Directory,
    domain::{Timestamp, UserId},
    ports::store::{Revision, StoreError, StoredUser, UserChange, UserKey},
    user::state::Change,
};

/// How often in a row somebody else may be first before it is given up.
const MOST_CONFLICTS: u32 = 32;

/// A request with somebody who waits for the answer.
#[derive(Debug)]
pub struct StorageCall {
    /// Who asks.
    pub authority: Authority,
    /// What.
    pub request: StorageRequest,
    /// Answered once.
    pub reply: RpcReplyPort<Result<StorageAnswer, StorageError>>,
    /// The room that it takes until then, also when nobody waits for it any more.
    pub room: OwnedSemaphorePermit,
}

impl StorageCall {
    fn answer(self, answer: Result<StorageAnswer, StorageError>) {
        // Who asked may have gone.
        let _ = self.reply.send(answer);
    }
}

/// What is being committed.
struct UnderWay {
    calls: Vec<StorageCall>,
    answers: Vec<Result<StorageAnswer, StorageError>>,
    /// The user behind it.
    behind: Arc<StoredUser>,
    has_new_pairs: bool,
}

/// The decisions of one user that are waited for.
#[derive(Default)]
pub(super) struct Commits {
    waiting: VecDeque<StorageCall>,
    under_way: Option<UnderWay>,
    /// While the store is asked: how many calls had come before.
    loading: Option<usize>,
    /// How many of those that wait came before what is known was read.
    fresh: usize,
    /// Whether what is known may be out of date: a commit's outcome is not known.
    is_doubtful: bool,
    conflicts: u32,
}

/// What the actor is surrounded by.
pub(super) struct Around<'a> {
    pub myself: &'a ActorRef<UserMsg>,
    pub directory: &'a Arc<Directory>,
    pub user: UserId,
}

impl Around<'_> {
    /// Does something in the background; the actor is sent the outcome and stays until then.
    fn spawn(&self, work: impl Future<Output = UserMsg> + Send + 'static) {
        self.directory.awaits(self.myself.get_id(), self.user);
        let myself = self.myself.clone();
        tokio::spawn(async move {
            let outcome = work.await;
            // The actor fell: its callers are told by their ports, the store is asked by the next.
            let _ = myself.cast(outcome);
        });
    }
}

impl Commits {
    /// Takes a call in.
    pub(super) fn ask(&mut self, call: StorageCall) {
        self.waiting.push_back(call);
    }

    /// The user is no member any more, or never was one.
    pub(super) fn refuse_all(&mut self) {
        // Those who ask after they came back did not wait for what is being read.
        self.loading = self.loading.map(|_| 0);
        self.fresh = 0;
        for call in self.waiting.drain(..) {
            call.answer(Err(StorageError::UnknownUser));
        }
    }

    /// Begins the next commit, if there is anything to decide and nothing in the way.
    pub(super) fn go_on(&mut self, present: &mut UserState, around: &Around<'_>) {
        let is_busy = self.under_way.is_some() || self.loading.is_some() || self.waiting.is_empty();
        // What is not settled is, soon, or its callers give up.
        let Some(key) = around.directory.key(around.user) else {
            return;
        };
        if is_busy || !present.record().is_settled() {
            return;
        }
        if self.is_doubtful {
            return self.load(key, around);
        }
        let now = Timestamp::from(SystemTime::now());
        let mut draft = Draft::new(present.record().user(), now);
        // Those that came later may know of something that was not there yet.
        let is_fresh = self.fresh > 0;
        let taken = if is_fresh {
            self.fresh
        } else {
            self.waiting.len()
        };
        self.fresh = 0;
        let taken = taken.min(self.waiting.len());
        let calls: Vec<StorageCall> = self.waiting.drain(..taken).collect();
        let answers: Vec<_> = calls
            .iter()
            .map(|call| draft.apply(call.authority, &call.request))
            .collect();
        if draft.is_empty() {
            if around.directory.store().is_shared() && !is_fresh {
                // Somebody else may have changed what this depends on.
                self.waiting.extend(calls);
                return self.load(key, around);
            }
            answer_all(calls, answers);
            return self.go_on(present, around);
        }
        let has_new_pairs = draft.changes_pairs();
        let version = match has_new_pairs {
            true => present.promise(now),
            false => present.version(),
        };
        let member_version = present.record().member().version;
        let based_on = present.record().user().revision;
        let (change, behind) = draft.finish(version, member_version);
        self.under_way = Some(UnderWay {
            calls,
            answers,
            behind,
            has_new_pairs,
        });
        self.commit(key, based_on, change, around);
    }

    fn commit(&self, key: UserKey, based_on: Revision, change: UserChange, around: &Around<'_>) {
        let store = Arc::clone(around.directory.store());
        around.spawn(async move {
            let committed = store.users().commit(key, based_on, change).await;
            UserMsg::Committed(committed.map(|_| ()))
        });
    }

    fn load(&mut self, key: UserKey, around: &Around<'_>) {
        self.loading = Some(self.waiting.len());
        let store = Arc::clone(around.directory.store());
        around.spawn(async move {
            let loaded = store.users().load(key).await;
            UserMsg::Loaded(loaded.map(Box::new))
        });
    }

    /// A commit has ended. Gives what it changed; the callers are answered by [`Answered::send`] once
    /// that is published.
    pub(super) fn committed(
        &mut self,
        outcome: Result<(), StoreError>,
        present: Option<&mut UserState>,
    ) -> (Change, Answered) {
        let Some(under_way) = self.under_way.take() else {
            return (Change::Nothing, Answered::default());
        };
        match outcome {
            Ok(()) => {
                self.conflicts = 0;
                let now = Timestamp::from(SystemTime::now());
                let change = present.map_or(Change::Nothing, |present| {
                    present.committed(under_way.behind, under_way.has_new_pairs, now)
                });
                (change, Answered(under_way.calls, under_way.answers))
            }
            Err(StoreError::Conflict) if self.conflicts < MOST_CONFLICTS => {
                self.conflicts += 1;
                self.is_doubtful = true;
                for call in under_way.calls.into_iter().rev() {
                    self.waiting.push_front(call);
                }
                (Change::Nothing, Answered::default())
            }
            Err(error) => {
                self.conflicts = 0;
                self.is_doubtful = true;
                (Change::Nothing, Answered::refusing(under_way.calls, &error))
            }
        }
    }

    /// The store has told how things are.
    pub(super) fn loaded(
        &mut self,
        outcome: Result<Box<StoredUser>, StoreError>,
        present: Option<&mut UserState>,
    ) -> (Change, Answered) {
        let covered = self.loading.take().unwrap_or_default();
        match outcome {
            Ok(user) => {
                self.is_doubtful = false;
                self.fresh = covered;
                let now = Timestamp::from(SystemTime::now());
                let change = present.map_or(Change::Nothing, |present| present.adopt(*user, now));
                (change, Answered::default())
            }
            Err(error) => {
                let calls = self.waiting.drain(..).collect();
                (Change::Nothing, Answered::refusing(calls, &error))
            }
        }
    }
}

/// Calls with their answers, which are given when what they changed is published.
#[derive(Default)]
pub(super) struct Answered(Vec<StorageCall>, Vec<Result<StorageAnswer, StorageError>>);

impl Answered {
    fn refusing(calls: Vec<StorageCall>, error: &StoreError) -> Self {
        let reason = error.to_string();
        let answers = calls
            .iter()
            .map(|_| Err(StorageError::Unavailable(reason.clone())))
            .collect();
        Self(calls, answers)
    }

    pub(super) fn send(self) {
        answer_all(self.0, self.1);
    }
}

fn answer_all(calls: Vec<StorageCall>, answers: Vec<Result<StorageAnswer, StorageError>>) {
    for (call, answer) in calls.into_iter().zip(answers) {
        call.answer(answer);
    }
}
