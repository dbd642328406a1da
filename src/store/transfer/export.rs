//! From a store to a file.

use std::io::Write;

use indicatif::ProgressBar;
use lantern_actors::{domain::GuildId, ports::store::Store};
use sha2::{Digest, Sha256};

use super::{
    contents::Contents,
    error::TransferError,
    inventory,
    line::{End, Line, MAX_LINE_BYTES, Start},
};

/// Writes everything that a store holds of these guilds, and says what that was. The bar counts lines.
///
/// Each member and each user is whole. What changes meanwhile is in the file as it was before or
/// after, so an export of a store that nobody writes to is exact.
pub async fn export(
    store: &dyn Store,
    guilds: Vec<GuildId>,
    out: &mut dyn Write,
    bar: &ProgressBar,
) -> Result<Contents, TransferError> {
    let mut file = File {
        out,
        hash: Sha256::new(),
        contents: Contents::default(),
    };
    file.write(&Line::Start(Start::of(guilds.clone())))?;
    inventory::for_each(store, &guilds, |line| {
        bar.inc(1);
        file.write(&line)
    })
    .await?;
    file.end()
}

/// An export that is being written.
struct File<'a> {
    out: &'a mut dyn Write,
    hash: Sha256,
    contents: Contents,
}

impl File<'_> {
    fn write(&mut self, line: &Line) -> Result<(), TransferError> {
        let bytes = line.to_bytes()?;
        if let Line::User(user) = line {
            if user.is_unfinished() {
                return Err(TransferError::Unfinished(user.key()));
            }
            if bytes.len() > MAX_LINE_BYTES {
                return Err(TransferError::TooLong {
                    user: user.key(),
                    bytes: bytes.len(),
                });
            }
        }
        self.contents.add(line)?;
        self.hash.update(&bytes);
        self.out.write_all(&bytes)?;
        Ok(())
    }

    fn end(self) -> Result<Contents, TransferError> {
        let end = End::of(&self.contents, self.hash.finalize().into());
        self.out.write_all(&Line::End(end).to_bytes()?)?;
        self.out.flush()?;
        Ok(self.contents)
    }
}
