//! Whether what is served is what Discord says, told to the core when it changes.

use std::time::Instant;

use lantern_actors::domain::Timestamp;
use lantern_actors::ports::intake::GatewayState;

/// A moment on both clocks: one to measure with, one to publish.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) instant: Instant,
    pub(super) wall: Timestamp,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self {
            instant: Instant::now(),
            wall: std::time::SystemTime::now().into(),
        }
    }
}

/// Follows the connection.
#[derive(Debug)]
pub(super) struct Liveness {
    /// The state that was told last.
    told: GatewayState,
    /// When Discord was last heard.
    last_heard: Timestamp,
    /// Whether there is a session, and everything missed was replayed.
    in_session: bool,
}

impl Liveness {
    pub(super) fn new(now: Moment) -> Self {
        Self {
            told: GatewayState::Connecting,
            last_heard: now.wall,
            in_session: false,
        }
    }

    /// Something came from Discord: an event, or the answer to a heartbeat.
    pub(super) fn heard(&mut self, now: Moment) {
        self.last_heard = now.wall;
    }

    /// A session began or goes on.
    pub(super) fn connected(&mut self) {
        self.in_session = true;
    }

    /// The connection is lost. Gives the state back if it changed.
    pub(super) fn lost(&mut self) -> Option<GatewayState> {
        self.in_session = false;
        self.state(false)
    }

    /// Gives the state back if it changed; `complete`: all members are known as they are.
    pub(super) fn state(&mut self, complete: bool) -> Option<GatewayState> {
        let state = match self.told {
            _ if complete && self.in_session => GatewayState::Live,
            GatewayState::Live => GatewayState::Away {
                since: self.last_heard,
            },
            before => before,
        };
        (state != self.told).then(|| {
            self.told = state;
            state
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment {
            instant: Instant::now(),
            wall: Timestamp::from_unix_ms(seconds * 1_000),
        }
    }

    fn live(since: i64) -> Liveness {
        let mut liveness = Liveness::new(at(0));
        liveness.heard(at(since));
        liveness.connected();
        assert_eq!(liveness.state(false), None);
        assert_eq!(liveness.state(true), Some(GatewayState::Live));
        liveness
    }

    #[test]
    fn a_connection_that_never_was_is_connecting() {
        let mut liveness = Liveness::new(at(0));
        assert_eq!(liveness.lost(), None);
        assert_eq!(liveness.state(true), None);
    }

    #[test]
    fn a_lost_connection_is_away_since_discord_was_heard_last() {
        let mut liveness = live(10);
        liveness.heard(at(50));
        let away = Some(GatewayState::Away { since: at(50).wall });
        assert_eq!(liveness.lost(), away);
        assert_eq!(liveness.lost(), None);
        assert_eq!(
            liveness.state(true),
            None,
            "what is replayed is not all yet"
        );
        liveness.connected();
        assert_eq!(liveness.state(true), Some(GatewayState::Live));
    }

    #[test]
    fn a_new_session_is_away_until_everybody_is_known() {
        let mut liveness = live(10);
        let away = Some(GatewayState::Away { since: at(10).wall });
        assert_eq!(liveness.state(false), away);
        assert_eq!(liveness.state(false), None);
        assert_eq!(liveness.state(true), Some(GatewayState::Live));
    }
}
