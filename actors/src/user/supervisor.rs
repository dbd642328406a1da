//! Supervises the user actors.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};

use crate::{
    directory::{Directory, LET_GO},
    domain::UserId,
    hub::ResyncSlot,
    restart::RestartBudget,
};

/// The supervisor of all user actors.
///
/// Policy: an actor that fell is started again at once from what the directory kept, and Discord is
/// asked what it said meanwhile; so at most five times in a minute for one user. After that the
/// user stays passive, with its last snapshot, until Discord next speaks of it. Actors that were
/// let go (passivated) are not started again.
#[derive(Debug)]
pub struct UserSupervisor;

const RESTARTS: usize = 5;
const RESTART_WINDOW: Duration = Duration::from_secs(60);

/// What reaches the supervisor.
#[derive(Debug)]
pub enum UserSupervisorMsg {
    /// Let actors go that nobody watches and that had nothing to do for a while, and replace those
    /// that are found dead.
    Sweep,
}

/// What the supervisor starts with.
pub struct UserSupervisorArguments {
    /// The users.
    pub directory: Arc<Directory>,
    /// The way to ask Discord again.
    pub resync: ResyncSlot,
    /// How often idle actors are looked for.
    pub sweep_interval: Duration,
}

/// What the supervisor holds.
pub struct UserSupervisorState {
    directory: Arc<Directory>,
    resync: ResyncSlot,
    /// Only of users whose actor fell.
    budgets: HashMap<UserId, RestartBudget>,
}

impl Actor for UserSupervisor {
    type Msg = UserSupervisorMsg;
    type State = UserSupervisorState;
    type Arguments = UserSupervisorArguments;

    async fn pre_start(
        &self,
        myself: ActorRef<UserSupervisorMsg>,
        arguments: UserSupervisorArguments,
    ) -> Result<UserSupervisorState, ActorProcessingErr> {
        myself.send_interval(arguments.sweep_interval, || UserSupervisorMsg::Sweep);
        Ok(UserSupervisorState {
            directory: arguments.directory,
            resync: arguments.resync,
            budgets: HashMap::new(),
        })
    }

    async fn handle(
        &self,
        _myself: ActorRef<UserSupervisorMsg>,
        message: UserSupervisorMsg,
        state: &mut UserSupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            UserSupervisorMsg::Sweep => {
                for user in state.directory.sweep(Instant::now()) {
                    tracing::warn!(%user, "a user actor was found dead");
                    state.mend(user);
                }
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _myself: ActorRef<UserSupervisorMsg>,
        event: SupervisionEvent,
        state: &mut UserSupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        let fallen = match event {
            SupervisionEvent::ActorFailed(actor, error) => {
                tracing::error!(%error, "a user actor failed");
                actor
            }
            SupervisionEvent::ActorTerminated(actor, _, reason)
                if reason.as_deref() != Some(LET_GO) =>
            {
                tracing::warn!(?reason, "a user actor was stopped");
                actor
            }
            _ => return Ok(()),
        };
        if let Some(user) = state.directory.fell(fallen.get_id()) {
            state.mend(user);
        }
        Ok(())
    }
}

impl UserSupervisorState {
    fn mend(&mut self, user: UserId) {
        let budget = self
            .budgets
            .entry(user)
            .or_insert_with(|| RestartBudget::new(RESTARTS, RESTART_WINDOW));
        if budget.spend(Instant::now()) {
            self.directory.wake(user);
        } else {
            tracing::error!(%user, "a user actor fell too often; it stays passive until Discord speaks of the user");
        }
        self.resync.members(vec![user]);
    }
}
