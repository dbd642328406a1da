//! The actor around a user's state machine: it routes, the state machine decides.

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::{Change, UserInput, UserMsg, UserRecord, UserState};
use crate::{
    directory::Directory,
    domain::{Timestamp, UserId},
    ports::Publication,
    wire::Snapshot,
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
        }
        let (directory, user) = (&state.directory, state.user);
        directory.handled(myself.get_id(), user, Instant::now());
        Ok(())
    }
}

impl UserActorState {
    fn input(
        &mut self,
        myself: &ActorRef<UserMsg>,
        input: UserInput,
        now: Timestamp,
    ) -> Result<(), ActorProcessingErr> {
        let publication: fn(Arc<Snapshot>) -> Publication = match (&mut self.present, input) {
            (Some(present), input) => match present.apply(input, now) {
                Change::Nothing => return Ok(()),
                Change::Published => Publication::Updated,
            },
            (absent @ None, UserInput::Member { profile, presence }) => {
                *absent = Some(UserState::new(profile, presence, now));
                Publication::Joined
            }
            // A presence of somebody who is not a member; the member list will tell.
            (None, UserInput::Presence(_)) => return Ok(()),
        };
        let Some(present) = &self.present else {
            return Ok(());
        };
        let document = serde_json::to_vec(&present.document(now))?;
        let snapshot = Arc::new(Snapshot::new(self.user, present.version(), &document));
        let record = rmp_serde::to_vec(present.record())?.into_boxed_slice();
        self.directory
            .publish(myself.get_id(), record, snapshot, publication);
        Ok(())
    }

    fn leave(&mut self, myself: &ActorRef<UserMsg>) {
        if self.present.take().is_some() {
            self.directory.retract(myself.get_id(), self.user);
        }
    }
}
