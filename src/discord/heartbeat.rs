//! When the client sends a heartbeat, and when a missing answer means that the connection is lost.

use std::time::{Duration, Instant};

/// The heartbeats of one connection.
#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    /// How long an answer may take.
    timeout: Duration,
    next: Instant,
    /// When the oldest heartbeat that was not answered was sent.
    unanswered: Option<Instant>,
    round_trip: Option<Duration>,
}

impl Heartbeat {
    /// The first one is sent after a random part of the interval (`jitter`, 0 to 1), as Discord
    /// asks: <https://docs.discord.com/developers/events/gateway#heartbeat-interval>.
    pub(super) fn new(interval: Duration, timeout: Duration, jitter: f64, now: Instant) -> Self {
        Self {
            interval,
            timeout,
            next: now + interval.mul_f64(jitter.clamp(0.0, 1.0)),
            unanswered: None,
            round_trip: None,
        }
    }

    /// Whether a heartbeat is to be sent now.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        now >= self.next
    }

    /// Whether an answer is overdue: the connection is lost.
    pub(super) fn is_lost(&self, now: Instant) -> bool {
        self.unanswered
            .is_some_and(|sent| now.saturating_duration_since(sent) >= self.timeout)
    }

    /// One was sent.
    pub(super) fn sent(&mut self, now: Instant) {
        self.next = now + self.interval;
        self.unanswered.get_or_insert(now);
    }

    /// Discord answered.
    pub(super) fn answered(&mut self, now: Instant) {
        if let Some(sent) = self.unanswered.take() {
            self.round_trip = Some(now.saturating_duration_since(sent));
        }
    }

    /// How long the last answer took.
    pub(super) fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(41);
    const TIMEOUT: Duration = Duration::from_secs(10);

    #[test]
    fn an_unanswered_heartbeat_is_loss_after_the_timeout() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, TIMEOUT, 0.5, start);
        let first = start + INTERVAL / 2;
        assert!(!heartbeat.is_due(start));
        assert!(heartbeat.is_due(first) && !heartbeat.is_lost(first));
        heartbeat.sent(first);
        assert!(!heartbeat.is_lost(first + TIMEOUT / 2));
        assert!(heartbeat.is_lost(first + TIMEOUT));
    }

    #[test]
    fn an_answer_gives_the_round_trip_and_time_until_the_next() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, TIMEOUT, 0.0, start);
        heartbeat.sent(start);
        heartbeat.answered(start + TIMEOUT / 10);
        assert_eq!(heartbeat.round_trip(), Some(TIMEOUT / 10));
        assert!(!heartbeat.is_due(start + TIMEOUT) && heartbeat.is_due(start + INTERVAL));
        assert!(!heartbeat.is_lost(start + TIMEOUT));
    }

    #[test]
    fn a_heartbeat_sent_on_demand_does_not_renew_the_wait_for_an_answer() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, TIMEOUT, 0.0, start);
        heartbeat.sent(start);
        heartbeat.sent(start + TIMEOUT / 2);
        assert!(heartbeat.is_lost(start + TIMEOUT));
    }
}
