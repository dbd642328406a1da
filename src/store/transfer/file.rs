//! An export that becomes a file, as a whole or not at all.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, BufWriter},
    path::{Path, PathBuf},
};

use indicatif::ProgressBar;
use lantern_actors::{domain::GuildId, ports::store::Store};

use super::{contents::Contents, error::TransferError, export};
use crate::store::private;

/// Bytes that are written at once.
const BUFFER_BYTES: usize = 1024 * 1024;

/// Exports to a file that does not exist. It is written beside its name, with `.part` after it, and
/// gets its name when it is whole and on disk.
pub async fn export_to(
    store: &dyn Store,
    guilds: Vec<GuildId>,
    path: &Path,
    bar: &ProgressBar,
) -> Result<Contents, TransferError> {
    private::expect_free(path)?;
    let mut part = OsString::from(path);
    part.push(".part");
    let part = PathBuf::from(part);
    let written = write(store, guilds, path, &part, bar).await;
    if written.is_err() {
        // What is wrong is told already.
        let _ = fs::remove_file(&part);
    }
    written
}

async fn write(
    store: &dyn Store,
    guilds: Vec<GuildId>,
    path: &Path,
    part: &Path,
    bar: &ProgressBar,
) -> Result<Contents, TransferError> {
    let file = private::create_file(part)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", part.display())))?;
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, &file);
    let contents = export::export(store, guilds, &mut out, bar).await?;
    drop(out);
    file.sync_all()?;
    fs::rename(part, path)?;
    // The name is on disk only when its folder is.
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(contents)
}
