//! How often a bot may ask for all members of a guild.
//!
//! Since October 2025 Discord takes one such request in 30 seconds for a guild and bot, whatever
//! session it comes by, and answers a further one with RATE_LIMITED. There is one guild and one
//! bot here, and so one limit.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// The request that was taken last, and for how long there is no other.
#[derive(Debug)]
pub struct MembersLimit(Mutex<Window>);

#[derive(Debug)]
struct Window {
    length: Duration,
    last: Option<Instant>,
}

impl Window {
    /// How long the next request has to wait.
    fn left(&self, now: Instant) -> Option<Duration> {
        let since = now.saturating_duration_since(self.last?);
        let left = self.length.saturating_sub(since);
        (!left.is_zero()).then_some(left)
    }
}

impl MembersLimit {
    /// One request in so long; zero limits nothing.
    pub fn new(window: Duration) -> Self {
        Self(Mutex::new(Window {
            length: window,
            last: None,
        }))
    }

    /// Takes a request, or tells how long to wait. One that is refused does not count.
    pub fn take(&self, now: Instant) -> Result<(), Duration> {
        let mut window = self.0.lock();
        match window.left(now) {
            Some(left) => Err(left),
            None => {
                window.last = Some(now);
                Ok(())
            }
        }
    }

    /// Another length, which also counts for the request that was taken last.
    pub fn set_window(&self, length: Duration) {
        self.0.lock().length = length;
    }

    /// The length, and how long the next request has to wait.
    pub fn state(&self, now: Instant) -> (Duration, Option<Duration>) {
        let window = self.0.lock();
        (window.length, window.left(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn one_request_is_taken_in_a_window() {
        let (limit, start) = (MembersLimit::new(30 * SECOND), Instant::now());
        assert_eq!(limit.take(start), Ok(()));
        assert_eq!(limit.take(start + 4 * SECOND), Err(26 * SECOND));
        assert_eq!(limit.take(start + 29 * SECOND), Err(SECOND));
        assert_eq!(limit.take(start + 30 * SECOND), Ok(()));
        assert_eq!(limit.take(start + 30 * SECOND), Err(30 * SECOND));
    }

    #[test]
    fn without_a_window_everything_is_taken() {
        let (limit, now) = (MembersLimit::new(Duration::ZERO), Instant::now());
        assert_eq!((limit.take(now), limit.take(now)), (Ok(()), Ok(())));
    }

    #[test]
    fn another_window_counts_at_once() {
        let (limit, now) = (MembersLimit::new(30 * SECOND), Instant::now());
        assert_eq!(limit.take(now), Ok(()));
        limit.set_window(5 * SECOND);
        assert_eq!(limit.state(now), (5 * SECOND, Some(5 * SECOND)));
        assert_eq!(limit.take(now + 5 * SECOND), Ok(()));
        limit.set_window(Duration::ZERO);
        assert_eq!(limit.take(now + 5 * SECOND), Ok(()));
    }
}
