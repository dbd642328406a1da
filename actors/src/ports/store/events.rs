//! Events on their way to the outside: committed with the decision that caused them, read in order
//! by a consumer, and gone when it has acknowledged them.

use std::time::Duration;

use async_trait::async_trait;

use super::{Revision, Scan, StoreError, UserKey};

/// Names an aggregate that events came from.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum AggregateId {
    /// A user.
    User(UserKey),
}

/// The place of an event among those of its aggregate.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EventPosition {
    /// The commit that it came with.
    pub revision: Revision,
    /// Which of that commit's events it is.
    pub index: u16,
}

/// Bits of a position's number that hold the index.
const INDEX_BITS: u32 = 16;

impl EventPosition {
    /// The position as one number of the same order: 47 bits for the revision, 16 for the index, so
    /// that it fits a signed 64-bit integer.
    pub fn number(self) -> u64 {
        (self.revision.get() << INDEX_BITS) | u64::from(self.index)
    }

    /// The position with this number.
    pub fn from_number(number: u64) -> Self {
        Self {
            revision: Revision::new(number >> INDEX_BITS),
            index: (number & u64::from(u16::MAX)) as u16,
        }
    }
}

/// An event to be committed. A commit may hold 65,536 of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewEvent {
    /// What happened, as consumers name it: `offer_redeemed`.
    pub kind: String,
    /// The particulars, usually JSON.
    pub body: String,
    /// How long it is kept if nobody acknowledges it; in whole seconds, at least one.
    pub keep_for: Duration,
}

/// An event that waits for its consumer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredEvent {
    /// Its place.
    pub position: EventPosition,
    /// What happened.
    pub kind: String,
    /// The particulars.
    pub body: String,
}

/// The events of all aggregates. Each is delivered at least once: a consumer that was killed before
/// it acknowledged reads it again.
#[async_trait]
pub trait Events: Send + Sync {
    /// Aggregates with events that wait: none is missing whose commit had returned, but some may be
    /// named whose events are gone already. For a consumer that starts; while it runs, it is told.
    fn waiting(&self) -> Scan<'_, AggregateId>;

    /// The events of one aggregate after a position, oldest first, at most so many.
    async fn read(
        &self,
        aggregate: AggregateId,
        after: Option<EventPosition>,
        most: usize,
    ) -> Result<Vec<StoredEvent>, StoreError>;

    /// Removes the events of an aggregate up to and with this position. It is safe to repeat.
    async fn acknowledge(
        &self,
        aggregate: AggregateId,
        through: EventPosition,
    ) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_keep_the_order_of_positions(
            one in (0..1_u64 << 47, any::<u16>()),
            other in (0..1_u64 << 47, any::<u16>())
        ) {
            let [one, other] = [one, other].map(|(revision, index)| EventPosition {
                revision: Revision::new(revision),
                index,
            });
            prop_assert_eq!(one.cmp(&other), one.number().cmp(&other.number()));
            prop_assert_eq!(EventPosition::from_number(one.number()), one);
            prop_assert!(i64::try_from(one.number()).is_ok());
        }
    }
}
