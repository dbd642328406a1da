//! Why an export or an import failed, in sentences that say what to do.

use std::io;

use lantern_actors::{
    domain::GuildId,
    ports::store::{StoreError, UserKey},
};

/// Why an export or an import failed.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The file is not a whole export.
    #[error("line {line}: {problem}")]
    File {
        /// Where, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// The file cannot be read or written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// Another program changes the store meanwhile.
    #[error(
        "somebody else writes to this store (is Lantern running on it?): stop it, and repeat the import with --merge"
    )]
    Contended,
    /// The store holds something of these guilds, and that was not asked for.
    #[error(
        "the store already holds something of {}: with --merge newer members and all users that are there stay, the rest is added",
        guilds(.0)
    )]
    Holds(Vec<GuildId>),
    /// An import into this store was cut off within a user.
    #[error(
        "user {} of guild {} is there only in part, because an import was cut off: repeat that import with --merge",
        .0.user,
        .0.guild
    )]
    Unfinished(UserKey),
    /// A user is too large for a line.
    #[error(
        "user {} of guild {} has {bytes} bytes of pairs and undelivered events, more than a line may have",
        user.user,
        user.guild
    )]
    TooLong {
        /// Who.
        user: UserKey,
        /// The length of the line.
        bytes: usize,
    },
    /// The store does not hold what was imported.
    #[error(
        "the store does not hold what was imported ({0}); was somebody else writing to it? Keep the file, and repeat the import with --merge"
    )]
    Differs(String),
}

impl TransferError {
    pub(super) fn file(line: u64, problem: impl ToString) -> Self {
        Self::File {
            line,
            problem: problem.to_string(),
        }
    }
}

fn guilds(guilds: &[GuildId]) -> String {
    let names: Vec<String> = guilds.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [one] => format!("guild {one}"),
        many => format!("guilds {}", many.join(", ")),
    }
}
