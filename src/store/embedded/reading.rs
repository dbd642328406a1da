//! Reading: on a thread that may wait for the disk, and from one moment's snapshot.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use fjall::{Guard, Keyspace, Readable};
use futures_util::stream;
use lantern_actors::{
    domain::GuildId,
    ports::store::{Scan, StoreError},
};
use tokio::sync::mpsc;

use super::{
    EmbeddedStore,
    engine::{Engine, EngineError},
    rows,
};

/// How many items of a scan may wait for their reader.
const AHEAD: usize = 256;

/// Seconds since the epoch.
pub(super) fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

pub(super) fn failed(error: fjall::Error) -> StoreError {
    EngineError::from(error).into()
}

/// The key and value that an iterator came to.
pub(super) fn entry(guard: Guard) -> Result<(fjall::UserKey, fjall::UserValue), StoreError> {
    guard.into_inner().map_err(failed)
}

impl EmbeddedStore {
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(Arc<Engine>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let engine = self.shelf.engine()?;
        tokio::task::spawn_blocking(move || work(engine))
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("the reader was ended".to_owned())))
    }

    /// Items as a thread finds them; it ends when the scan is dropped.
    pub(super) fn scanning<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine, &mut Finds<T>) -> Result<(), StoreError> + Send + 'static,
    ) -> Scan<'static, T> {
        let engine = match self.shelf.engine() {
            Ok(engine) => engine,
            Err(error) => return Box::pin(stream::once(async { Err(error) })),
        };
        let (send, receive) = mpsc::channel(AHEAD);
        tokio::task::spawn_blocking(move || {
            let mut finds = Finds { send };
            if let Err(error) = work(&engine, &mut finds) {
                let _ = finds.send.blocking_send(Err(error));
            }
        });
        Box::pin(stream::unfold(receive, async |mut receive| {
            let item = receive.recv().await?;
            Some((item, receive))
        }))
    }
}

/// Where a scan puts what it finds.
pub(super) struct Finds<T> {
    send: mpsc::Sender<Result<T, StoreError>>,
}

impl<T> Finds<T> {
    /// False when nobody reads any more.
    pub(super) fn put(&mut self, item: T) -> bool {
        self.send.blocking_send(Ok(item)).is_ok()
    }
}

/// The guilds with any row, found by jumping from one to the next.
pub(super) fn guilds(engine: &Engine) -> Result<Vec<GuildId>, StoreError> {
    let snapshot = engine.database.snapshot();
    let mut found = Vec::new();
    for keyspace in [&engine.members, &engine.users] {
        let mut from = [0; 8];
        while let Some(guild) = next_guild(&snapshot, keyspace, from)? {
            found.push(guild);
            match guild.get().checked_add(1) {
                Some(next) => from = next.to_be_bytes(),
                None => break,
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn next_guild(
    snapshot: &impl Readable,
    keyspace: &Keyspace,
    from: [u8; 8],
) -> Result<Option<GuildId>, StoreError> {
    let Some(guard) = snapshot.range(keyspace, from..).next() else {
        return Ok(None);
    };
    let key = guard.key().map_err(failed)?;
    rows::read_user_key(&key).map(|key| Some(key.guild))
}
