//! What the program cannot do without: the accept loop, the fan-out shards, the writer of the store.
//!
//! Such a part holds a [`Pulse`] as long as it runs. Whatever ends it, a return, a panic or a task
//! that is cancelled, drops the pulse, and whoever holds the [`Vital`] hears of it: the program then
//! ends with a sentence. It never goes on serving as if nothing had happened.

use tokio::sync::watch;

/// Tells when a part has ended.
#[derive(Clone, Debug)]
pub struct Vital {
    part: &'static str,
    pulse: watch::Receiver<()>,
}

/// Held by a part that runs.
#[derive(Debug)]
pub struct Pulse(#[allow(dead_code, reason = "dropping it is what it is for")] watch::Sender<()>);

impl Vital {
    /// A part that is going to run, named as in "the accept loop".
    pub fn new(part: &'static str) -> (Self, Pulse) {
        let (sender, pulse) = watch::channel(());
        (Self { part, pulse }, Pulse(sender))
    }

    /// Resolves when the part has ended, and says which one it is.
    pub async fn ended(&self) -> &'static str {
        let mut pulse = self.pulse.clone();
        while pulse.changed().await.is_ok() {}
        self.part
    }
}

/// Resolves when the first of these parts has ended, and says which one; never if there are none.
pub async fn first_ended(parts: &[Vital]) -> &'static str {
    if parts.is_empty() {
        return std::future::pending().await;
    }
    let endings = parts.iter().map(|part| Box::pin(part.ended()));
    let (part, ..) = futures_util::future::select_all(endings).await;
    part
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_part_that_ends_is_noticed_whatever_ends_it() {
        let (vital, pulse) = Vital::new("a thread that panics");
        let thread = std::thread::spawn(move || {
            let _pulse = pulse;
            // As a panic does, without its words in the output of the tests.
            std::panic::resume_unwind(Box::new(()));
        });
        assert_eq!(vital.ended().await, "a thread that panics");
        assert!(thread.join().is_err());

        let (vital, pulse) = Vital::new("a task that is cancelled");
        let task = tokio::spawn(async move {
            let _pulse = pulse;
            std::future::pending::<()>().await;
        });
        assert_eq!(vital.ended().now_or_never(), None);
        task.abort();
        assert_eq!(vital.ended().await, "a task that is cancelled");
    }

    #[tokio::test]
    async fn the_first_that_ends_is_named() {
        let (one, _running) = Vital::new("one");
        let (two, pulse) = Vital::new("two");
        let parts = [one, two];
        assert_eq!(first_ended(&parts).now_or_never(), None);
        drop(pulse);
        assert_eq!(first_ended(&parts).await, "two");
        assert_eq!(first_ended(&[]).now_or_never(), None);
    }
}
