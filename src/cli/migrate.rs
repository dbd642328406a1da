//! `lantern migrate`: the schema of the ScyllaDB store.

use std::process::ExitCode;

use super::{
    ConfigArgs, environment,
    run::{Outcome, ended, failed, run, say},
};
use crate::{
    config::{Base, Config, Loaded, StoreKind},
    store::scylla::{self, ScyllaSettings},
    telemetry,
};

/// `lantern migrate`.
pub fn migrate(args: &ConfigArgs) -> ExitCode {
    let loaded = Loaded::load(Base::Defaults, args.config.as_deref(), environment());
    let config = match loaded {
        Ok(loaded) => loaded.config,
        Err(error) => return failed(&error),
    };
    let log = telemetry::start(&config.log);
    ended(&log, run(migrating(&config)))
}

async fn migrating(config: &Config) -> Outcome {
    let settings = ScyllaSettings::try_from(config)?;
    let migration = scylla::migrate(&settings).await?;
    say(&format!("Done: {migration}."));
    if config.store.kind != StoreKind::Scylla {
        say("`kind` of [store] is \"embedded\": set it to \"scylla\" for Lantern to use it.");
    }
    Ok(())
}
