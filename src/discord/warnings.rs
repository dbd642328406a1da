//! Warnings about events that have an odd form, one per kind and minute.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::event::EventKind;

const PAUSE: Duration = Duration::from_secs(60);

/// What was warned of, and when.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    kinds: BTreeMap<EventKind, Warned>,
}

#[derive(Debug)]
struct Warned {
    at: Instant,
    /// Events since then that were not warned of.
    silent: u64,
}

impl Warnings {
    /// Whether to warn now: gives back how many events there were since the last warning.
    pub(super) fn due(&mut self, kind: EventKind, now: Instant) -> Option<u64> {
        match self.kinds.get_mut(&kind) {
            Some(warned) if now.duration_since(warned.at) < PAUSE => {
                warned.silent += 1;
                None
            }
            Some(warned) => {
                let silent = std::mem::take(&mut warned.silent);
                warned.at = now;
                Some(silent + 1)
            }
            None => {
                self.kinds.insert(kind, Warned { at: now, silent: 0 });
                Some(1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_warned_of_once_a_minute() {
        let mut warnings = Warnings::default();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(warnings.due(EventKind::PresenceUpdate, start), Some(1));
        assert_eq!(warnings.due(EventKind::PresenceUpdate, after(1)), None);
        assert_eq!(warnings.due(EventKind::PresenceUpdate, after(59)), None);
        assert_eq!(warnings.due(EventKind::MemberAdd, after(59)), Some(1));
        assert_eq!(warnings.due(EventKind::PresenceUpdate, after(60)), Some(3));
    }
}
