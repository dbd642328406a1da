//! The stores: the port `lantern_actors::ports::store` over what keeps bytes.

pub mod transfer;

use std::sync::Arc;

use lantern_actors::ports::store::Store;

use crate::config::Config;

/// The store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No store is built into this program.
    #[error("this Lantern has no store yet")]
    Missing,
}

/// Opens the configured store.
pub async fn open(_config: &Config) -> Result<Arc<dyn Store>, OpenError> {
    Err(OpenError::Missing)
}
