//! Which connection gives way when there are as many as there may be.
//!
//! Nobody who asks something is to be kept out by those who ask nothing, so the place of a connection on
//! which nothing was asked yet is given to the next that comes; the one that has waited longest first.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::activity::Activity;
use crate::admission::Reservation;

/// How many are remembered before those that are gone are forgotten.
const LEAST: usize = 64;

/// The place of a connection.
pub(super) struct Seat {
    place: Mutex<Option<Reservation>>,
    activity: Arc<Activity>,
    taken: Notify,
}

impl Seat {
    pub(super) fn new(place: Reservation) -> Arc<Self> {
        Arc::new(Self {
            place: Mutex::new(Some(place)),
            activity: Arc::default(),
            taken: Notify::new(),
        })
    }

    /// What happens on the connection.
    pub(super) fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    /// Resolves when another has the place.
    pub(super) async fn is_taken(&self) {
        self.taken.notified().await;
    }
}

/// The connections on which nothing was asked yet, the oldest first, and some more.
#[derive(Default)]
pub(super) struct Seats {
    waiting: VecDeque<Weak<Seat>>,
    /// How many were left when those that are gone were forgotten last.
    left: usize,
}

impl Seats {
    /// Somebody has come.
    pub(super) fn add(&mut self, seat: &Arc<Seat>) {
        if self.waiting.len() >= LEAST.max(2 * self.left) {
            self.waiting.retain(|seat| is_waiting(seat).is_some());
            self.left = self.waiting.len();
        }
        self.waiting.push_back(Arc::downgrade(seat));
    }

    /// Frees a place, if there is one on which nothing was asked.
    pub(super) fn free_one(&mut self) -> bool {
        while let Some(seat) = self.waiting.pop_front() {
            if let Some(seat) = is_waiting(&seat)
                && seat.place.lock().take().is_some()
            {
                seat.taken.notify_one();
                return true;
            }
        }
        false
    }
}

fn is_waiting(seat: &Weak<Seat>) -> Option<Arc<Seat>> {
    seat.upgrade().filter(|seat| seat.activity.is_unasked())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::admission::{Admission, Resource};

    #[tokio::test]
    async fn who_waited_longest_without_asking_gives_way() {
        let admission = Admission::boundless();
        let mut seats = Seats::default();
        let come = |seats: &mut Seats| {
            let place = admission.connect(IpAddr::from([10, 0, 0, 1])).ok().unwrap();
            let seat = Seat::new(place);
            seats.add(&seat);
            seat
        };
        let open = || {
            let mut held = admission.held();
            held.find(|held| held.0 == Resource::Connections).unwrap().1
        };
        let kept: Vec<_> = (0..3).map(|_| come(&mut seats)).collect();
        let gone = come(&mut seats);
        drop(gone);
        kept[0].activity().begins(false);
        assert!(seats.free_one());
        kept[1].is_taken().await;
        assert_eq!(open(), 2);
        assert!(seats.free_one());
        assert!(!seats.free_one(), "who asked something keeps the place");
        assert_eq!(open(), 1);
        for _ in 0..1_000 {
            drop(come(&mut seats));
        }
        assert!(seats.waiting.len() <= LEAST);
    }
}
