//! The root supervisor.

use std::time::{Duration, Instant};

use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};

use super::Hub;
use crate::{
    directory::LET_GO,
    restart::RestartBudget,
    session::SessionSupervisor,
    user::{UserSupervisor, UserSupervisorArguments},
};

/// The root of the supervision tree.
///
/// Policy: a supervisor that fell is started again, at most five times in ten seconds for both
/// together; then the root gives up and the process ends with an error. User actors fall with their
/// supervisor: users keep their snapshots, and Discord is asked for everybody anew. Session actors
/// fall with theirs, but sockets belong to the shards and stay open: each is given a new session.
#[derive(Debug)]
pub struct Root;

const RESTARTS: usize = 5;
const RESTART_WINDOW: Duration = Duration::from_secs(10);

/// The root is sent nothing; it only watches.
#[derive(Debug)]
pub enum RootMsg {}

/// What the root starts with.
pub struct RootArguments {
    pub hub: Hub,
    pub sweep_interval: Duration,
}

/// What the root holds.
pub struct RootState {
    hub: Hub,
    sweep_interval: Duration,
    budget: RestartBudget,
}

impl Actor for Root {
    type Msg = RootMsg;
    type State = RootState;
    type Arguments = RootArguments;

    async fn pre_start(
        &self,
        myself: ActorRef<RootMsg>,
        arguments: RootArguments,
    ) -> Result<RootState, ActorProcessingErr> {
        let state = RootState {
            hub: arguments.hub,
            sweep_interval: arguments.sweep_interval,
            budget: RestartBudget::new(RESTARTS, RESTART_WINDOW),
        };
        state.start_users(&myself.get_cell()).await?;
        state.start_sessions(&myself.get_cell()).await?;
        Ok(state)
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<RootMsg>,
        event: SupervisionEvent,
        state: &mut RootState,
    ) -> Result<(), ActorProcessingErr> {
        let fallen = match event {
            SupervisionEvent::ActorFailed(actor, error) => {
                tracing::error!(%error, "a supervisor failed");
                actor
            }
            SupervisionEvent::ActorTerminated(actor, _, reason) => {
                tracing::error!(?reason, "a supervisor was stopped");
                actor
            }
            _ => return Ok(()),
        };
        state.mend(&myself.get_cell(), &fallen).await
    }

    async fn post_stop(
        &self,
        myself: ActorRef<RootMsg>,
        state: &mut RootState,
    ) -> Result<(), ActorProcessingErr> {
        let hub = &state.hub.inner;
        let users = hub.user_supervisor.write().take();
        let sessions = hub.session_supervisor.write().take();
        if let Some(users) = users {
            let reason = Some(LET_GO.to_owned());
            users.stop_children_and_wait(reason, None).await;
        }
        if let Some(sessions) = sessions {
            sessions.stop_children_and_wait(None, None).await;
        }
        myself.stop_children_and_wait(None, None).await;
        Ok(())
    }
}

impl RootState {
    async fn mend(
        &mut self,
        root: &ActorCell,
        fallen: &ActorCell,
    ) -> Result<(), ActorProcessingErr> {
        if !self.budget.spend(Instant::now()) {
            return Err("supervisors fell too often".into());
        }
        let was_users = self
            .hub
            .inner
            .user_supervisor
            .read()
            .as_ref()
            .is_some_and(|cell| cell.get_id() == fallen.get_id());
        if was_users {
            self.start_users(root).await?;
        } else {
            self.start_sessions(root).await?;
        }
        Ok(())
    }

    async fn start_users(&self, root: &ActorCell) -> Result<(), SpawnErr> {
        let hub = &self.hub.inner;
        let arguments = UserSupervisorArguments {
            directory: hub.directory.clone(),
            resync: hub.resync.clone(),
            sweep_interval: self.sweep_interval,
        };
        let (users, _) = Actor::spawn_linked(None, UserSupervisor, arguments, root.clone()).await?;
        *hub.user_supervisor.write() = Some(users.get_cell());
        let orphans = hub.directory.supervised_by(users.get_cell());
        if !orphans.is_empty()
            && let Some(resync) = hub.resync.0.get()
        {
            resync.everybody();
        }
        Ok(())
    }

    async fn start_sessions(&self, root: &ActorCell) -> Result<(), SpawnErr> {
        let hub = &self.hub.inner;
        let (sessions, _) =
            Actor::spawn_linked(None, SessionSupervisor, hub.sockets.clone(), root.clone()).await?;
        self.sessions_under(sessions.get_cell());
        Ok(())
    }

    /// From now on sessions start under this supervisor. Those before it have fallen with theirs,
    /// and none can start until the order to adopt their sockets is queued.
    fn sessions_under(&self, supervisor: ActorCell) {
        let hub = &self.hub.inner;
        let mut current = hub.session_supervisor.write();
        *current = Some(supervisor);
        hub.sockets.adopt(self.hub.clone());
    }
}
