//! `lantern backup` and `lantern restore`.

use std::{path::PathBuf, process::ExitCode};

use super::{
    BackupArgs, environment,
    run::{failed, say},
};
use crate::{
    config::{Base, ConfigError, Loaded, StoreKind},
    store::embedded::{self, BackupSummary},
};

/// `lantern backup`.
pub fn backup(args: &BackupArgs) -> ExitCode {
    let folder = match folder(args) {
        Ok(folder) => folder,
        Err(error) => return failed(&error),
    };
    match embedded::back_up(&folder, &args.file) {
        Ok(summary) => done("Backed up", &summary, &args.file.display()),
        Err(error) => failed(&format_args!("cannot back up: {error}")),
    }
}

/// `lantern restore`.
pub fn restore(args: &BackupArgs) -> ExitCode {
    let folder = match folder(args) {
        Ok(folder) => folder,
        Err(error) => return failed(&error),
    };
    match embedded::restore(&args.file, &folder) {
        Ok(summary) => done("Restored", &summary, &folder.display()),
        Err(error) => failed(&format_args!("cannot restore: {error}")),
    }
}

fn done(what: &str, summary: &BackupSummary, place: &dyn std::fmt::Display) -> ExitCode {
    let BackupSummary {
        rows,
        bytes,
        sha256,
    } = summary;
    say(&format!(
        "{what} {rows} rows ({bytes} bytes, SHA-256 {sha256}) to {place}."
    ));
    ExitCode::SUCCESS
}

/// Why there is no folder.
#[derive(Debug, thiserror::Error)]
enum NoFolder {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("only the embedded store is backed up this way; for others there is `lantern export`")]
    OtherStore,
}

fn folder(args: &BackupArgs) -> Result<PathBuf, NoFolder> {
    let loaded = Loaded::load(Base::Defaults, args.config.config.as_deref(), environment())?;
    match loaded.config.store.kind {
        StoreKind::Embedded => Ok(loaded.config.store.path),
        StoreKind::Scylla => Err(NoFolder::OtherStore),
    }
}
