//! When user actors start and end: on demand, when they fall, when nobody needs them.

use std::{sync::atomic::Ordering, time::Instant};

use ractor::{ActorCell, ActorId, ActorRef, ActorRuntime, ActorStatus};

use super::{
    Directory, LET_GO,
    slot::{Live, Partition, Slot},
};
use crate::{
    domain::UserId,
    user::{User, UserArguments, UserMsg, UserRecord, UserSupervisorMsg},
};

impl Directory {
    /// New actors are linked to this supervisor. The actors of an earlier one fell with it; their
    /// users are returned, for they may have lost messages.
    pub fn supervised_by(&self, supervisor: ActorCell) -> Vec<UserId> {
        *self.supervisor.write() = Some(supervisor);
        self.sweep_asked.store(false, Ordering::Relaxed);
        let mut orphans = Vec::new();
        for partition in &self.partitions {
            let mut partition = partition.lock();
            partition.started.clear();
            partition.slots.retain(|user, slot| {
                if let Some(live) = slot.live.take() {
                    // Most fell already; one that was just starting may not have noticed.
                    live.actor.kill();
                    self.gone(&live);
                    self.ask_again(slot, *user);
                    orphans.push(*user);
                }
                slot.kept.is_some()
            });
        }
        orphans
    }

    /// An actor has handled a message. With nothing more under way, it ends if the user left, or if
    /// nobody watches the user and there are more actors than may be.
    pub(crate) fn handled(&self, actor: ActorId, user: UserId, now: Instant) {
        let mut partition = self.partition(user);
        let Some(slot) = partition.slots.get_mut(&user) else {
            return;
        };
        // One that was replaced must not count down what is under way to the other.
        let live = slot.live.as_mut();
        let Some(live) = live.filter(|live| live.actor.get_id() == actor) else {
            return;
        };
        live.touched = now;
        if live.under_way > 0 {
            live.under_way -= 1;
            self.backlog.shrink(1);
        }
        if live.under_way > 0 {
            return;
        }
        if slot.kept.is_none() {
            self.let_go(slot);
            partition.slots.remove(&user);
        } else if self.actors() > self.passivation.most_actors && !self.fan_out.is_watched(user) {
            self.let_go(slot);
        }
    }

    /// An actor fell. Whose it was, if it was somebody's still.
    pub(crate) fn fell(&self, actor: ActorId) -> Option<UserId> {
        for partition in &self.partitions {
            let mut partition = partition.lock();
            let mut slots = partition.slots.iter();
            let found = slots.find(|(_, slot)| slot.is_written_by(actor));
            if let Some((user, _)) = found {
                let user = *user;
                self.bury(&mut partition, user);
                return Some(user);
            }
        }
        None
    }

    /// Forgets a dead actor, and with it a user of whom nothing was published yet.
    pub(super) fn bury(&self, partition: &mut Partition, user: UserId) {
        let Some(slot) = partition.slots.get_mut(&user) else {
            return;
        };
        if let Some(live) = slot.live.take() {
            self.gone(&live);
            self.ask_again(slot, user);
        }
        if slot.kept.is_none() {
            partition.slots.remove(&user);
        }
    }

    /// What the store answered may have died with an actor, and what was committed too.
    fn ask_again(&self, slot: &Slot, user: UserId) {
        if slot.kept.is_some() {
            self.unsaved.ask_for(user);
        }
    }

    /// Lets actors go that nobody watches and that had nothing to do for a while. Gives the users
    /// whose actor is dead, which its supervisor does not hear of one that fell while it started.
    pub(crate) fn sweep(&self, now: Instant) -> Vec<UserId> {
        self.sweep_asked.store(false, Ordering::Relaxed);
        let mut fallen = Vec::new();
        if self.stopped.get().is_some() {
            // They are being stopped, and nobody is to be told of it.
            return fallen;
        }
        for partition in &self.partitions {
            let mut partition = partition.lock();
            let first = fallen.len();
            for (user, slot) in &partition.slots {
                let live = slot.live.as_ref();
                if live.is_some_and(|live| live.actor.get_status() >= ActorStatus::Stopping) {
                    fallen.push(*user);
                }
            }
            for user in fallen.get(first..).unwrap_or_default() {
                self.bury(&mut partition, *user);
            }
            let looked_at = partition.started.len();
            self.passivate(&mut partition, looked_at, |live| {
                now.duration_since(live.touched) >= self.passivation.idle_after
            });
        }
        fallen
    }

    /// A dead actor was found: has the supervisor look for such now.
    pub(super) fn ask_for_sweep(&self) {
        if !self.sweep_asked.swap(true, Ordering::Relaxed)
            && let Some(supervisor) = &*self.supervisor.read()
        {
            // If the supervisor fell too, the root deals with all of its actors.
            let _ = supervisor.send_message(UserSupervisorMsg::Sweep);
        }
    }

    /// No actor is started any more; those that live are stopped by their supervisor.
    pub(crate) fn stop(&self) {
        let _ = self.stopped.set(());
    }

    /// The user's live actor, started if need be; `None` once the hub stops.
    pub(super) fn live<'a>(
        &self,
        partition: &'a mut Partition,
        user: UserId,
    ) -> Option<&'a mut Live> {
        let is_new = partition
            .slots
            .get(&user)
            .is_none_or(|slot| slot.live.is_none());
        if is_new {
            if self.stopped.get().is_some() {
                return None;
            }
            if self.actors() >= self.passivation.most_actors {
                self.passivate(partition, 8, |_| true);
            }
            let record = partition.slots.get(&user).and_then(Slot::record);
            let actor = self.start(user, record)?;
            partition.started.push_back((user, actor.get_id()));
            partition.slots.entry(user).or_default().live = Some(Box::new(Live {
                actor,
                under_way: 0,
                touched: Instant::now(),
            }));
        }
        partition.slots.get_mut(&user)?.live.as_deref_mut()
    }

    pub(super) fn start(
        &self,
        user: UserId,
        record: Option<UserRecord>,
    ) -> Option<ActorRef<UserMsg>> {
        let supervisor = self.supervisor.read().clone()?;
        let arguments = UserArguments {
            user,
            record,
            directory: self.myself.upgrade()?,
        };
        let _runtime = self.runtime.enter();
        let (actor, _started) =
            ActorRuntime::spawn_linked_instant(None, User, arguments, supervisor).ok()?;
        self.actors.fetch_add(1, Ordering::Relaxed);
        self.started.fetch_add(1, Ordering::Relaxed);
        Some(actor)
    }

    /// Looks at the `most` longest started actors of a partition and lets those go that have
    /// nothing under way, that nobody watches and that `may_go`.
    pub(super) fn passivate(
        &self,
        partition: &mut Partition,
        most: usize,
        may_go: impl Fn(&Live) -> bool,
    ) {
        for _ in 0..most.min(partition.started.len()) {
            let Some((user, actor)) = partition.started.pop_front() else {
                return;
            };
            let Some(slot) = partition.slots.get_mut(&user) else {
                continue;
            };
            let live = slot.live.as_ref();
            let Some(live) = live.filter(|live| live.actor.get_id() == actor) else {
                continue;
            };
            if live.under_way == 0 && may_go(live) && !self.fan_out.is_watched(user) {
                self.let_go(slot);
            } else {
                partition.started.push_back((user, actor));
            }
        }
    }

    pub(super) fn let_go(&self, slot: &mut Slot) {
        if let Some(live) = slot.live.take() {
            live.actor.stop(Some(LET_GO.to_owned()));
            self.gone(&live);
        }
    }

    /// An actor is no longer in the directory.
    pub(super) fn gone(&self, live: &Live) {
        self.actors.fetch_sub(1, Ordering::Relaxed);
        self.backlog.shrink(live.under_way as usize);
    }
}
