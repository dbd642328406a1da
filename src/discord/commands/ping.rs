//! `/ping`: how far Discord is, and how many users are monitored.

use std::time::{Duration, Instant};

use serenity::all::{CreateCommand, InstallationContext, InteractionContext};

use super::{
    command::{Call, Command},
    desk::Desk,
    reply::Reply,
};

/// How long Discord's REST side may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The command.
pub(super) struct Ping;

#[serenity::async_trait]
impl Command for Ping {
    fn name(&self) -> &'static str {
        "ping"
    }

    fn definition(&self) -> CreateCommand {
        CreateCommand::new(self.name())
            .description("How far Discord is from Lantern, and how many members it monitors")
            .integration_types(vec![InstallationContext::Guild])
            .contexts(vec![InteractionContext::Guild])
    }

    async fn run(&self, desk: &Desk, _: &Call) -> Option<Reply> {
        let asked = Instant::now();
        let rest = tokio::time::timeout(PATIENCE, desk.http.get_gateway()).await;
        let rest = match rest {
            Ok(Ok(_)) => milliseconds(asked.elapsed()),
            Ok(Err(_)) | Err(_) => "no answer".to_owned(),
        };
        let gateway = match *desk.round_trip.lock() {
            Some(round_trip) => milliseconds(round_trip),
            None => "not measured yet".to_owned(),
        };
        let users = desk.hub.directory().monitored();
        Some(Reply::done(format!(
            "Pong!\nGateway: {gateway}\nREST: {rest}\nMonitored users: {users}"
        )))
    }
}

fn milliseconds(duration: Duration) -> String {
    format!("{} ms", duration.as_millis().max(1))
}
