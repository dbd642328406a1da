//! Slash commands, put together with the rest.

use std::{net::SocketAddr, time::Duration};

use lantern_actors::Hub;

use super::kv_tokens;
use crate::{
    config::Config,
    discord::{
        GatewayConfig,
        commands::{Commands, CommandsConfig, Registrar},
    },
};

/// Commands, answered for the bot that `way` names. `addr` is where the server listens.
pub(super) fn start(config: &Config, way: &GatewayConfig, addr: SocketAddr, hub: &Hub) -> Commands {
    let public_url = config.server.public_url.clone();
    let settings = CommandsConfig {
        promise_after: Duration::from_millis(config.commands.promise_after_ms),
        button_lifetime: Duration::from_millis(config.commands.button_timeout_ms),
        public_url: public_url.unwrap_or_else(|| format!("http://{addr}")),
    };
    Commands::new(settings, way, hub.clone(), kv_tokens(config))
}

/// Registers the commands in the simulated guild of a demo, so that they can be tried at once. A real
/// Discord is told by `lantern commands register` alone.
pub(super) async fn register(way: &GatewayConfig) {
    let registered = async {
        let registrar = Registrar::log_in(way, way.guild_id).await?;
        registrar.register().await
    };
    if let Err(error) = registered.await {
        tracing::warn!(%error, "the demo's commands are not registered");
    }
}
