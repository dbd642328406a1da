//! The store that is built in, in a folder of each test's own.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use lantern::store::embedded::{EmbeddedConfig, EmbeddedStore};
use lantern_actors::ports::store::Store;
use tempfile::TempDir;

use crate::fixture::Fixture;

pub struct EmbeddedFixture(TempDir);

#[async_trait]
impl Fixture for EmbeddedFixture {
    async fn prepare() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    async fn open(&self, keep_left: Duration) -> Arc<dyn Store> {
        let config = EmbeddedConfig {
            keep_left,
            ..EmbeddedConfig::at(self.0.path())
        };
        let opening = tokio::task::spawn_blocking(move || EmbeddedStore::open(&config));
        Arc::new(opening.await.unwrap().unwrap())
    }
}
