//! The store for many nodes: ScyllaDB, or Apache Cassandra, through the scylla driver.
//!
//! Tables and what reads them are described in `schema.cql` at the root. A user is a partition; a
//! commit is one conditional batch in it (`commit`). Members are written without a condition, their
//! version being the write time (`members`). The connection is made in the background (`link`):
//! until there is one, every call is answered [`StoreError::Unavailable`] at once.

mod commit;
mod connect;
mod errors;
mod events;
mod hints;
mod link;
mod members;
mod migrate;
mod pages;
mod schema;
mod settings;
mod statements;
mod users;
mod values;

use std::{collections::BTreeSet, time::Duration};

use async_trait::async_trait;
use futures_util::TryStreamExt;
use lantern_actors::{
    domain::GuildId,
    ports::store::{Events, Members, Store, StoreError, Users},
};

use self::{errors::unreadable, link::Link, pages::pages, values::guild_id};
pub use self::{
    migrate::{MigrateError, Migration, migrate},
    settings::{ScyllaSettings, SettingsError, Tls},
};

/// The store in ScyllaDB.
pub struct ScyllaStore {
    link: Link,
}

impl ScyllaStore {
    /// Starts to connect. The store is there at once and becomes available when the database does.
    pub fn start(settings: ScyllaSettings) -> Self {
        Self {
            link: Link::start(settings),
        }
    }

    /// Waits until the store is available; after `patience`, says why it is not.
    pub async fn ready(&self, patience: Duration) -> Result<(), StoreError> {
        self.link.ready(patience).await
    }
}

#[async_trait]
impl Store for ScyllaStore {
    fn members(&self) -> &dyn Members {
        &self.link
    }

    fn users(&self) -> &dyn Users {
        &self.link
    }

    fn events(&self) -> &dyn Events {
        &self.link
    }

    async fn guilds(&self) -> Result<Vec<GuildId>, StoreError> {
        let mut guilds = BTreeSet::new();
        let of_members = pages(&self.link, |on| &on.members.partitions, ());
        let of_users = pages(&self.link, |on| &on.users.partitions, ());
        let mut of_members = std::pin::pin!(of_members);
        while let Some(page) = of_members.try_next().await? {
            for row in page.rows::<(i64, i16)>().map_err(unreadable)? {
                guilds.insert(guild_id(row.map_err(unreadable)?.0)?);
            }
        }
        let mut of_users = std::pin::pin!(of_users);
        while let Some(page) = of_users.try_next().await? {
            for row in page.rows::<(i64, i64)>().map_err(unreadable)? {
                guilds.insert(guild_id(row.map_err(unreadable)?.0)?);
            }
        }
        Ok(guilds.into_iter().collect())
    }

    fn kind(&self) -> &'static str {
        "scylla"
    }

    /// Whether there is a connection; whether the database answers is seen by asking.
    fn is_available(&self) -> bool {
        self.link.call().is_ok()
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn close(&self) {
        self.link.close().await;
    }
}
