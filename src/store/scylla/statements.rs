//! Every statement that the store makes, prepared once.

use std::sync::Arc;

use scylla::{
    client::session::Session,
    errors::PrepareError,
    policies::retry::FallthroughRetryPolicy,
    statement::{
        Consistency,
        batch::{Batch, BatchType},
        prepared::PreparedStatement,
    },
};

/// The statements, by table.
pub(super) struct Statements {
    pub(super) members: MemberStatements,
    pub(super) users: UserStatements,
    pub(super) hints: HintStatements,
}

/// What is asked of `members`.
pub(super) struct MemberStatements {
    pub(super) load: PreparedStatement,
    pub(super) scan: PreparedStatement,
    pub(super) partitions: PreparedStatement,
    pub(super) keep_present: PreparedStatement,
    pub(super) keep_left: PreparedStatement,
}

/// What is asked of `users`.
pub(super) struct UserStatements {
    pub(super) load: PreparedStatement,
    pub(super) partitions: PreparedStatement,
    pub(super) who_made: PreparedStatement,
    pub(super) advance_first: PreparedStatement,
    pub(super) advance: PreparedStatement,
    pub(super) set_token_version: PreparedStatement,
    pub(super) mark_commit: PreparedStatement,
    pub(super) set_pair: PreparedStatement,
    pub(super) delete_pair: PreparedStatement,
    pub(super) add_event: PreparedStatement,
    pub(super) acknowledged: PreparedStatement,
    pub(super) events: PreparedStatement,
    pub(super) event_positions: PreparedStatement,
    pub(super) acknowledge_first: PreparedStatement,
    pub(super) acknowledge: PreparedStatement,
    pub(super) delete_event: PreparedStatement,
}

/// What is asked of `waiting_events`.
pub(super) struct HintStatements {
    pub(super) scan: PreparedStatement,
    pub(super) write: PreparedStatement,
    pub(super) delete: PreparedStatement,
}

impl Statements {
    /// Prepares them all.
    pub(super) async fn prepare(session: &Session) -> Result<Self, PrepareError> {
        let prepare = Preparing(session);
        Ok(Self {
            members: MemberStatements::prepare(&prepare).await?,
            users: UserStatements::prepare(&prepare).await?,
            hints: HintStatements::prepare(&prepare).await?,
        })
    }
}

/// A batch that decides. The driver must not send it a second time by itself: if the first one was
/// applied, the second is refused, and nobody would know that it was the same.
pub(super) fn deciding_batch() -> Batch {
    let mut batch = Batch::new(BatchType::Logged);
    batch.set_retry_policy(Some(Arc::new(FallthroughRetryPolicy::new())));
    batch
}

struct Preparing<'a>(&'a Session);

impl Preparing<'_> {
    /// A statement that may be sent twice: a read, or a write that has a write time.
    async fn repeatable(&self, text: &str) -> Result<PreparedStatement, PrepareError> {
        let mut statement = self.0.prepare(text).await?;
        statement.set_is_idempotent(true);
        Ok(statement)
    }

    /// A read that is answered in pages of so many rows.
    async fn paged(&self, text: &str, rows: i32) -> Result<PreparedStatement, PrepareError> {
        let mut statement = self.repeatable(text).await?;
        statement.set_page_size(rows);
        Ok(statement)
    }

    /// Part of a [`deciding_batch`].
    async fn deciding(&self, text: &str) -> Result<PreparedStatement, PrepareError> {
        self.0.prepare(text).await
    }
}

impl MemberStatements {
    async fn prepare(prepare: &Preparing<'_>) -> Result<Self, PrepareError> {
        Ok(Self {
            load: prepare
                .repeatable(
                    "SELECT user_id, version, user_version, is_member, left_at, monitoring_since, \
                     last_seen_at, profile, presence FROM members \
                     WHERE guild_id = ? AND bucket = ? AND user_id = ?",
                )
                .await?,
            scan: prepare
                .paged(
                    "SELECT user_id, version, user_version, is_member, left_at, monitoring_since, \
                     last_seen_at, profile, presence FROM members WHERE guild_id = ? AND bucket = ?",
                    500,
                )
                .await?,
            partitions: prepare
                .paged("SELECT DISTINCT guild_id, bucket FROM members", 1_000)
                .await?,
            // left_at is not read of a member, and ends by its TTL.
            keep_present: prepare
                .repeatable(
                    "INSERT INTO members (guild_id, bucket, user_id, version, user_version, is_member, \
                     monitoring_since, last_seen_at, profile, presence) \
                     VALUES (?, ?, ?, ?, ?, true, ?, ?, ?, ?) USING TIMESTAMP ?",
                )
                .await?,
            // The columns of a member are deleted, or they would be there when the TTL has ended.
            keep_left: prepare
                .repeatable(
                    "INSERT INTO members (guild_id, bucket, user_id, version, is_member, left_at, \
                     user_version, monitoring_since, last_seen_at, profile, presence) \
                     VALUES (?, ?, ?, ?, false, ?, null, null, null, null, null) \
                     USING TIMESTAMP ? AND TTL ?",
                )
                .await?,
        })
    }
}

impl UserStatements {
    async fn prepare(prepare: &Preparing<'_>) -> Result<Self, PrepareError> {
        let mut who_made = prepare
            .repeatable(
                "SELECT made_revision, commit_id FROM users WHERE guild_id = ? AND user_id = ? \
                 AND row_kind = 0 AND position = ? AND key = ''",
            )
            .await?;
        who_made.set_consistency(Consistency::Serial);
        Ok(Self {
            // A value may have 120 kB.
            load: prepare
                .paged(
                    "SELECT revision, version, member_version, token_version, row_kind, key, value \
                     FROM users WHERE guild_id = ? AND user_id = ? AND row_kind <= 1",
                    64,
                )
                .await?,
            partitions: prepare
                .paged("SELECT DISTINCT guild_id, user_id FROM users", 1_000)
                .await?,
            who_made,
            advance_first: prepare
                .deciding(
                    "UPDATE users SET revision = ?, version = ?, member_version = ? \
                     WHERE guild_id = ? AND user_id = ? IF revision = null",
                )
                .await?,
            advance: prepare
                .deciding(
                    "UPDATE users SET revision = ?, version = ?, member_version = ? \
                     WHERE guild_id = ? AND user_id = ? IF revision = ?",
                )
                .await?,
            set_token_version: prepare
                .deciding("UPDATE users SET token_version = ? WHERE guild_id = ? AND user_id = ?")
                .await?,
            mark_commit: prepare
                .deciding(
                    "INSERT INTO users (guild_id, user_id, row_kind, position, key, \
                     made_revision, commit_id) VALUES (?, ?, 0, ?, '', ?, ?)",
                )
                .await?,
            set_pair: prepare
                .deciding(
                    "INSERT INTO users (guild_id, user_id, row_kind, position, key, value) \
                     VALUES (?, ?, 1, 0, ?, ?)",
                )
                .await?,
            delete_pair: prepare
                .deciding(
                    "DELETE FROM users WHERE guild_id = ? AND user_id = ? \
                     AND row_kind = 1 AND position = 0 AND key = ?",
                )
                .await?,
            add_event: prepare
                .deciding(
                    "INSERT INTO users (guild_id, user_id, row_kind, position, key, kind, body) \
                     VALUES (?, ?, 2, ?, '', ?, ?) USING TTL ?",
                )
                .await?,
            acknowledged: prepare
                .repeatable(
                    "SELECT DISTINCT guild_id, user_id, acknowledged FROM users \
                     WHERE guild_id = ? AND user_id = ?",
                )
                .await?,
            events: prepare
                .paged(
                    "SELECT position, kind, body FROM users WHERE guild_id = ? AND user_id = ? \
                     AND row_kind = 2 AND position > ? LIMIT ?",
                    500,
                )
                .await?,
            event_positions: prepare
                .repeatable(
                    "SELECT position FROM users WHERE guild_id = ? AND user_id = ? \
                     AND row_kind = 2 AND position > ? AND position <= ? LIMIT ?",
                )
                .await?,
            acknowledge_first: prepare
                .deciding(
                    "UPDATE users SET acknowledged = ? WHERE guild_id = ? AND user_id = ? \
                     IF acknowledged = null",
                )
                .await?,
            acknowledge: prepare
                .deciding(
                    "UPDATE users SET acknowledged = ? WHERE guild_id = ? AND user_id = ? \
                     IF acknowledged = ?",
                )
                .await?,
            delete_event: prepare
                .deciding(
                    "DELETE FROM users WHERE guild_id = ? AND user_id = ? \
                     AND row_kind = 2 AND position = ? AND key = ''",
                )
                .await?,
        })
    }
}

impl HintStatements {
    async fn prepare(prepare: &Preparing<'_>) -> Result<Self, PrepareError> {
        Ok(Self {
            scan: prepare
                .paged(
                    "SELECT noun, guild_id, id, written_us FROM waiting_events WHERE bucket = ?",
                    1_000,
                )
                .await?,
            write: prepare
                .repeatable(
                    "INSERT INTO waiting_events (bucket, noun, guild_id, id, written_us) \
                     VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?",
                )
                .await?,
            delete: prepare
                .repeatable(
                    "DELETE FROM waiting_events USING TIMESTAMP ? \
                     WHERE bucket = ? AND noun = ? AND guild_id = ? AND id = ?",
                )
                .await?,
        })
    }
}
