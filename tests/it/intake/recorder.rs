//! A core that remembers what it was told.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use lantern_actors::domain::{GuildId, Presence, Profile, ProfileUpdate, UserId};
use lantern_actors::ports::intake::{GatewayState, Intake};
use tokio::sync::watch;

/// How long a test waits for what must happen. A new session may take 5 s.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What was told so far.
#[derive(Default)]
pub struct Seen {
    pub members: HashMap<UserId, (Profile, Presence)>,
    /// Every presence told, alone or with the member, in order.
    pub presences: Vec<(UserId, Presence)>,
    /// How often each member was told as a whole.
    pub tellings: HashMap<UserId, usize>,
    pub states: Vec<GatewayState>,
}

impl Seen {
    pub fn is_live(&self) -> bool {
        self.states.last() == Some(&GatewayState::Live)
    }

    /// The `state` lines of a user's first activity, in the order told.
    pub fn lines(&self, user: UserId) -> Vec<String> {
        let presences = self.presences.iter().filter(|(who, _)| *who == user);
        presences
            .filter_map(|(_, presence)| presence.activities.first()?.state.clone())
            .collect()
    }
}

/// Records, and wakes those who wait for something.
#[derive(Default)]
pub struct Recorder(watch::Sender<Seen>);

impl Recorder {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// What `read` takes from what was told so far.
    pub fn now<T>(&self, read: impl FnOnce(&Seen) -> T) -> T {
        read(&self.0.borrow())
    }

    /// Waits until what was told fits.
    pub async fn until(&self, what: &str, fits: impl FnMut(&Seen) -> bool) {
        let mut seen = self.0.subscribe();
        let waiting = tokio::time::timeout(PATIENCE, seen.wait_for(fits)).await;
        assert!(waiting.is_ok(), "waited too long for {what}");
    }
}

impl Intake for Recorder {
    fn base(&self, _: GuildId) {}

    fn member(&self, update: ProfileUpdate, presence: Option<Presence>) {
        self.0.send_modify(|seen| {
            let user = update.id;
            *seen.tellings.entry(user).or_default() += 1;
            if let Some(presence) = &presence {
                seen.presences.push((user, presence.clone()));
            }
            let (profile, presence) = match seen.members.remove(&user) {
                Some((known, before)) => (update.apply_to(&known), presence.unwrap_or(before)),
                None => (update.into_profile(), presence.unwrap_or_default()),
            };
            seen.members.insert(user, (profile, presence));
        });
    }

    fn presence(&self, user: UserId, presence: Presence) {
        self.0.send_modify(|seen| {
            seen.presences.push((user, presence.clone()));
            if let Some((_, known)) = seen.members.get_mut(&user) {
                *known = presence;
            }
        });
    }

    fn left(&self, user: UserId) {
        self.0.send_modify(|seen| drop(seen.members.remove(&user)));
    }

    fn reconcile(&self, members: HashSet<UserId>) {
        self.0
            .send_modify(|seen| seen.members.retain(|user, _| members.contains(user)));
    }

    fn gateway(&self, state: GatewayState) {
        self.0.send_modify(|seen| seen.states.push(state));
    }
}
