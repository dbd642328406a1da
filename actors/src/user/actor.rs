//! The actor around a user's state machine: it routes, the state machine decides.

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::runtime::{Handle, RuntimeFlavor};

use super::{
    Change, UserInput, UserMsg, UserRecord, UserState,
    commits::{Answered, Around, Commits},
    decide, decided,
};
use crate::{
    directory::Directory,
    domain::{Timestamp, UserId},
    wire::LARGE,
};

/// A user actor; what it needs to know lives in its state.
#[derive(Debug)]
pub struct User;

/// What a user actor starts with.
pub struct UserArguments {
    /// Whose actor it is.
    pub user: UserId,
    /// What was kept when the last actor of this user was let go or fell.
    pub record: Option<UserRecord>,
    /// Where what is published is kept, and from where messages come.
    pub directory: Arc<Directory>,
}

/// What a user actor holds.
pub struct UserActorState {
    user: UserId,
    directory: Arc<Directory>,
    /// `None` before the first sight of the member, and after they left.
    present: Option<UserState>,
    commits: Commits,
}

impl Actor for User {
    type Msg = UserMsg;
    type State = UserActorState;
    type Arguments = UserArguments;

    async fn pre_start(
        &self,
        _myself: ActorRef<UserMsg>,
        arguments: UserArguments,
    ) -> Result<UserActorState, ActorProcessingErr> {
        Ok(UserActorState {
            user: arguments.user,
            directory: arguments.directory,
            present: arguments.record.map(UserState::from_record),
            commits: Commits::default(),
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<UserMsg>,
        message: UserMsg,
        state: &mut UserActorState,
    ) -> Result<(), ActorProcessingErr> {
        let now = Timestamp::from(SystemTime::now());
        match message {
            UserMsg::Input(input) => state.input(&myself, *input, now)?,
            UserMsg::Leave => state.leave(&myself),
            UserMsg::Storage(call) => state.commits.ask(*call),
            UserMsg::Committed(outcome) => {
                let done = state.commits.committed(outcome, state.present.as_mut());
                state.done(&myself, done)?;
            }
            UserMsg::Loaded(outcome) => {
                let done = state.commits.loaded(outcome, state.present.as_mut());
                state.done(&myself, done)?;
            }
        }
        state.go_on(&myself);
        let (directory, user) = (&state.directory, state.user);
        directory.handled(myself.get_id(), user, Instant::now());
        Ok(())
    }
}

/// Does work that is long on a thread that serves nobody else meanwhile, where the runtime has one.
fn off_worker<T>(is_long: bool, work: impl FnOnce() -> T) -> T {
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    match flavor {
        Ok(RuntimeFlavor::MultiThread) if is_long => tokio::task::block_in_place(work),
        _ => work(),
    }
}

impl UserActorState {
    fn input(
        &mut self,
        myself: &ActorRef<UserMsg>,
        input: UserInput,
        now: Timestamp,
    ) -> Result<(), ActorProcessingErr> {
        if let Some(decision) = decide(&mut self.present, input, now)? {
            self.directory.keep(myself.get_id(), decision);
        }
        Ok(())
    }

    /// Publishes what a commit or a load has changed, then answers who asked for it.
    fn done(
        &mut self,
        myself: &ActorRef<UserMsg>,
        (change, answered): (Change, Answered),
    ) -> Result<(), ActorProcessingErr> {
        if let Some(present) = &self.present {
            // A version that the member got by this has to be stored with it.
            let is_unsaved = present.record().member().version > present.record().user().version;
            // Encoding large pairs would hold up everybody whom this thread serves.
            let is_large = present.record().user().pairs_bytes() >= LARGE;
            let decision = off_worker(is_large, || decided(present, is_unsaved, change))?;
            if let Some(decision) = decision {
                self.directory.keep(myself.get_id(), decision);
            }
        }
        answered.send();
        Ok(())
    }

    fn go_on(&mut self, myself: &ActorRef<UserMsg>) {
        let around = Around {
            myself,
            directory: &self.directory,
            user: self.user,
        };
        match &mut self.present {
            Some(present) => self.commits.go_on(present, &around),
            None => self.commits.refuse_all(),
        }
    }

    fn leave(&mut self, myself: &ActorRef<UserMsg>) {
        if self.present.take().is_some() {
            self.directory.retract(myself.get_id(), self.user);
        }
    }
}
