//! Events in an embedded store.

use std::ops::Bound;

use async_trait::async_trait;
use fjall::Readable;
use lantern_actors::ports::store::{
    AggregateId, EventPosition, Events, Scan, StoreError, StoredEvent,
};

use super::{
    EmbeddedStore,
    reading::{entry, failed, now_s},
    rows::{self, EventRow},
};

#[async_trait]
impl Events for EmbeddedStore {
    fn waiting(&self) -> Scan<'_, AggregateId> {
        self.scanning(|engine, finds| {
            let snapshot = engine.database.snapshot();
            let mut after = Bound::Unbounded;
            // Jumps from each aggregate to the next, however many events wait there.
            while let Some(guard) = snapshot
                .range(&engine.events, (after, Bound::Unbounded))
                .next()
            {
                let key = guard.key().map_err(failed)?;
                let (aggregate, _) = rows::read_event_key(&key)?;
                if !finds.put(aggregate) {
                    break;
                }
                let last = EventPosition::from_number(u64::MAX);
                after = Bound::Excluded(rows::event_key(aggregate, last));
            }
            Ok(())
        })
    }

    async fn read(
        &self,
        aggregate: AggregateId,
        after: Option<EventPosition>,
        most: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        EmbeddedStore::read(self, move |engine| {
            let first = match after {
                None => Bound::Included(rows::aggregate_key(aggregate)),
                Some(after) => Bound::Excluded(rows::event_key(aggregate, after)),
            };
            let last = rows::event_key(aggregate, EventPosition::from_number(u64::MAX));
            let now_s = now_s();
            let mut events = Vec::new();
            for guard in engine.events.range((first, Bound::Included(last))) {
                if events.len() == most {
                    break;
                }
                let (key, row) = entry(guard)?;
                let (_, position) = rows::read_event_key(&key)?;
                let row: EventRow = rows::read(&row)?;
                if row.expires_s > now_s {
                    events.push(StoredEvent {
                        position,
                        kind: row.kind,
                        body: row.body,
                    });
                }
            }
            Ok(events)
        })
        .await
    }

    async fn acknowledge(
        &self,
        aggregate: AggregateId,
        through: EventPosition,
    ) -> Result<(), StoreError> {
        self.writer.acknowledge(aggregate, through).await
    }
}
