//! How the connection is doing, told to the core when it changes.

use std::time::{Duration, Instant};

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

/// What serenity shows of its connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Link {
    /// It holds one.
    Up,
    /// It is about to make one.
    Down,
}

/// Follows the connection.
#[derive(Debug)]
pub(super) struct Connection {
    /// The state told last.
    told: GatewayState,
    /// When Discord was last heard.
    last_word: Moment,
    /// Since when its silence counts: that, or later, for a new connection has its full time.
    heard: Moment,
    link: Link,
    /// The round trip of the last heartbeat; every acknowledgement changes it, and it is gone when
    /// serenity makes a new connection.
    round_trip: Option<Duration>,
    /// How long Discord may be silent.
    silence: Duration,
}

impl Connection {
    pub(super) fn new(silence: Duration, now: Moment) -> Self {
        Self {
            told: GatewayState::Connecting,
            last_word: now,
            heard: now,
            link: Link::Down,
            round_trip: None,
            silence,
        }
    }

    /// There is no connection. The next one has its full time to be heard.
    pub(super) fn no_session(&mut self, now: Moment) -> Option<GatewayState> {
        let state = self.state(false);
        self.heard = now;
        self.link = Link::Down;
        self.round_trip = None;
        state
    }

    /// An event came. Gives the state back if it changed; `complete` says that all members are
    /// known as they are.
    pub(super) fn event(&mut self, complete: bool, now: Moment) -> Option<GatewayState> {
        self.link = Link::Up;
        let changed = self.state(complete);
        self.last_word = now;
        self.heard = now;
        changed
    }

    /// Looks at the connection from time to time.
    pub(super) fn look(
        &mut self,
        complete: bool,
        link: Link,
        round_trip: Option<Duration>,
        now: Moment,
    ) -> Option<GatewayState> {
        self.link = link;
        if round_trip != self.round_trip {
            self.round_trip = round_trip;
            self.heard = now;
            if round_trip.is_some() {
                self.last_word = now;
            }
        }
        let silent = self.silent_for(now.instant) >= self.silence;
        self.state(complete && link == Link::Up && !silent)
    }

    /// How long Discord has not been heard, a new connection not counted before it began.
    pub(super) fn silent_for(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.heard.instant)
    }

    fn state(&mut self, live: bool) -> Option<GatewayState> {
        let state = match self.told {
            _ if live => GatewayState::Live,
            GatewayState::Live => GatewayState::Away {
                since: self.last_word.wall,
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

    const SILENCE: Duration = Duration::from_secs(65);

    fn at(seconds: u64) -> Moment {
        use std::sync::LazyLock;
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        let wall = Timestamp::from_unix_ms(i64::try_from(seconds * 1_000).unwrap());
        Moment {
            instant: *START + Duration::from_secs(seconds),
            wall,
        }
    }

    fn round_trip(ms: u64) -> Option<Duration> {
        Some(Duration::from_millis(ms))
    }

    fn live(since: u64) -> Connection {
        let mut connection = Connection::new(SILENCE, at(0));
        assert_eq!(connection.event(false, at(since)), None);
        assert_eq!(connection.event(true, at(since)), Some(GatewayState::Live));
        connection
    }

    #[test]
    fn a_connection_that_never_was_is_connecting() {
        let mut connection = Connection::new(SILENCE, at(0));
        assert_eq!(connection.look(false, Link::Down, None, at(500)), None);
        assert_eq!(connection.no_session(at(501)), None);
    }

    #[test]
    fn a_broken_connection_is_away_since_it_was_heard_last() {
        let mut connection = live(10);
        let away = Some(GatewayState::Away { since: at(10).wall });
        assert_eq!(connection.look(true, Link::Down, None, at(12)), away);
        assert_eq!(connection.look(true, Link::Down, None, at(13)), None);
        assert_eq!(connection.event(true, at(20)), Some(GatewayState::Live));
    }

    #[test]
    fn silence_is_away_and_a_heartbeat_is_a_word() {
        let mut connection = live(10);
        assert_eq!(connection.look(true, Link::Up, round_trip(5), at(50)), None);
        assert_eq!(
            connection.look(true, Link::Up, round_trip(5), at(114)),
            None
        );
        let away = Some(GatewayState::Away { since: at(50).wall });
        assert_eq!(
            connection.look(true, Link::Up, round_trip(5), at(115)),
            away
        );
        let back = connection.look(true, Link::Up, round_trip(6), at(116));
        assert_eq!(back, Some(GatewayState::Live));
    }

    #[test]
    fn a_connection_that_serenity_gives_up_is_away_since_discord_was_heard() {
        let mut connection = live(10);
        assert_eq!(connection.look(true, Link::Up, round_trip(5), at(50)), None);
        let away = Some(GatewayState::Away { since: at(50).wall });
        assert_eq!(connection.look(true, Link::Down, None, at(100)), away);
        assert_eq!(
            connection.silent_for(at(101).instant),
            Duration::from_secs(1)
        );
    }

    #[test]
    fn a_new_session_is_away_until_everybody_is_known() {
        let mut connection = live(10);
        let away = Some(GatewayState::Away { since: at(10).wall });
        assert_eq!(connection.event(false, at(30)), away);
        assert_eq!(connection.event(false, at(31)), None);
        assert_eq!(connection.event(true, at(32)), Some(GatewayState::Live));
    }
}
