//! The bot's status: how many members are monitored.

use std::time::{Duration, Instant};

/// Decides when Discord is told, which takes five changes in 20 seconds.
#[derive(Debug)]
pub(super) struct Status {
    /// The pause between two changes; zero means that nothing is shown.
    interval: Duration,
    shown: Option<usize>,
    told_at: Option<Instant>,
}

impl Status {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            interval,
            shown: None,
            told_at: None,
        }
    }

    /// A new session shows nothing.
    pub(super) fn session_began(&mut self) {
        self.shown = None;
    }

    /// What to show from now on, if that is something else and it is not too soon.
    pub(super) fn due(&mut self, members: usize, now: Instant) -> Option<String> {
        let is_soon = self
            .told_at
            .is_some_and(|at| now.saturating_duration_since(at) < self.interval);
        if self.interval.is_zero() || self.shown == Some(members) || is_soon {
            return None;
        }
        self.shown = Some(members);
        self.told_at = Some(now);
        Some(match members {
            1 => "1 member".to_owned(),
            _ => format!("{members} members"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(20);

    #[test]
    fn a_change_is_told_at_once_and_the_next_after_a_pause() {
        let (mut status, start) = (Status::new(INTERVAL), Instant::now());
        assert_eq!(status.due(201, start).unwrap(), "201 members");
        assert_eq!(status.due(201, start + INTERVAL), None);
        let later = start + INTERVAL * 2;
        assert_eq!(status.due(2, later).unwrap(), "2 members");
        let soon = later + INTERVAL / 2;
        assert_eq!(status.due(1, soon), None);
        assert_eq!(status.due(1, later + INTERVAL).unwrap(), "1 member");
    }

    #[test]
    fn a_new_session_is_told_what_the_last_one_knew() {
        let (mut status, start) = (Status::new(INTERVAL), Instant::now());
        assert!(status.due(5, start).is_some());
        status.session_began();
        assert_eq!(status.due(5, start), None, "too soon");
        assert!(status.due(5, start + INTERVAL).is_some());
    }
}
