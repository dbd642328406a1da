//! Counters of the gateway intake, for metrics.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::event::EventKind;

/// What the intake has counted since it started. Every figure only grows.
#[derive(Debug)]
pub struct GatewayStats {
    kinds: BTreeMap<EventKind, KindStats>,
    parts_lost: AtomicU64,
    sessions: AtomicU64,
    resumes: AtomicU64,
    censuses: AtomicU64,
}

#[derive(Debug, Default)]
struct KindStats {
    received: AtomicU64,
    unparsed: AtomicU64,
    salvaged: AtomicU64,
}

impl Default for GatewayStats {
    fn default() -> Self {
        Self {
            kinds: EventKind::ALL
                .into_iter()
                .map(|kind| (kind, KindStats::default()))
                .collect(),
            parts_lost: AtomicU64::new(0),
            sessions: AtomicU64::new(0),
            resumes: AtomicU64::new(0),
            censuses: AtomicU64::new(0),
        }
    }
}

impl GatewayStats {
    /// Events of this kind.
    pub fn received(&self, kind: EventKind) -> u64 {
        self.of(kind, |stats| &stats.received)
    }

    /// Events of this kind in which something had another form than it should.
    pub fn unparsed(&self, kind: EventKind) -> u64 {
        self.of(kind, |stats| &stats.unparsed)
    }

    /// Of those, events that were read all the same, but for that.
    pub fn salvaged(&self, kind: EventKind) -> u64 {
        self.of(kind, |stats| &stats.salvaged)
    }

    /// Members, presences and activities inside of events that could not be used.
    pub fn parts_lost(&self) -> u64 {
        self.parts_lost.load(Ordering::Relaxed)
    }

    /// How often the connection came back, resumed or anew.
    pub fn reconnects(&self) -> u64 {
        self.sessions().saturating_sub(1) + self.resumes()
    }

    /// New sessions, the first included.
    pub fn sessions(&self) -> u64 {
        self.sessions.load(Ordering::Relaxed)
    }

    /// Resumed sessions.
    pub fn resumes(&self) -> u64 {
        self.resumes.load(Ordering::Relaxed)
    }

    /// Complete member lists received.
    pub fn censuses(&self) -> u64 {
        self.censuses.load(Ordering::Relaxed)
    }

    pub(super) fn count_received(&self, kind: EventKind) {
        self.count(kind, |stats| &stats.received);
    }

    pub(super) fn count_unparsed(&self, kind: EventKind) {
        self.count(kind, |stats| &stats.unparsed);
    }

    pub(super) fn count_salvaged(&self, kind: EventKind, parts_lost: u64) {
        self.count(kind, |stats| &stats.salvaged);
        self.parts_lost.fetch_add(parts_lost, Ordering::Relaxed);
    }

    pub(super) fn count_session(&self) {
        self.sessions.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_resume(&self) {
        self.resumes.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_census(&self) {
        self.censuses.fetch_add(1, Ordering::Relaxed);
    }

    fn of(&self, kind: EventKind, counter: impl Fn(&KindStats) -> &AtomicU64) -> u64 {
        self.kinds
            .get(&kind)
            .map_or(0, |stats| counter(stats).load(Ordering::Relaxed))
    }

    fn count(&self, kind: EventKind, counter: impl Fn(&KindStats) -> &AtomicU64) {
        if let Some(stats) = self.kinds.get(&kind) {
            counter(stats).fetch_add(1, Ordering::Relaxed);
        }
    }
}
