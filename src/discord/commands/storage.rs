//! `/storage`: a member's pairs and token, from within Discord. A file per subcommand.

mod create;
mod delete;
mod get;
mod keys;
mod list;
mod reset;
mod update;
mod words;

use std::sync::Arc;

use lantern_actors::{
    domain::UserId,
    ports::store::StoredUser,
    user::{Authority, StorageAnswer, StorageError, StorageRequest},
};
use serenity::all::{
    CommandOptionType, CreateCommand, CreateCommandOption, InstallationContext, InteractionContext,
};

use super::{
    command::{Call, Command, Press},
    desk::Desk,
    reply::Reply,
};

/// The command.
pub(super) struct Storage;

#[serenity::async_trait]
impl Command for Storage {
    fn name(&self) -> &'static str {
        "storage"
    }

    fn definition(&self) -> CreateCommand {
        CreateCommand::new(self.name())
            .description("Your key-value storage, which websites can read")
            .integration_types(vec![InstallationContext::Guild])
            .contexts(vec![InteractionContext::Guild])
            .add_option(create::definition())
            .add_option(get::definition())
            .add_option(update::definition())
            .add_option(delete::definition())
            .add_option(list::definition())
            .add_option(reset::definition())
    }

    async fn run(&self, desk: &Desk, call: &Call) -> Option<Reply> {
        let reply = match call.subcommand.as_str() {
            "create token" => create::token(desk, call).await,
            "create data" => create::data(desk, call).await,
            "get token" => get::token(desk, call).await,
            "get data" => get::data(desk, call),
            "update data" => update::data(desk, call).await,
            "delete data" => delete::data(desk, call).await,
            "list" => list::list(desk, call),
            "reset" => reset::ask(desk, call),
            _ => return None,
        };
        Some(reply.unwrap_or_else(|refusal| refusal))
    }

    fn complete(&self, desk: &Desk, call: &Call) -> Vec<String> {
        match pairs_of(desk, call.user) {
            Ok(user) => keys::complete(user.pairs.keys(), call.typed()),
            // Who has none is told so when they send the command.
            Err(_) => Vec::new(),
        }
    }

    async fn press(&self, desk: &Desk, press: &Press) -> Option<Reply> {
        reset::press(desk, press).await
    }
}

/// What was done, or why it was not: both are said to who asked.
type Said = Result<Reply, Reply>;

fn group(name: &str, description: &str) -> CreateCommandOption {
    CreateCommandOption::new(CommandOptionType::SubCommandGroup, name, description)
}

fn subcommand(name: &str, description: &str) -> CreateCommandOption {
    CreateCommandOption::new(CommandOptionType::SubCommand, name, description)
}

/// The pairs of who asks, and their token's version.
fn pairs_of(desk: &Desk, user: UserId) -> Result<Arc<StoredUser>, Reply> {
    match desk.hub.decided(user) {
        Some(Ok(decided)) => Ok(decided),
        Some(Err(_)) => Err(words::refusal(&StorageError::NotReady)),
        None if desk.hub.is_gone(user) => Err(words::refusal(&StorageError::UnknownUser)),
        None => Err(words::refusal(&StorageError::NotReady)),
    }
}

/// Has the core decide for who asks: they are who they are, because Discord says so.
async fn decide(
    desk: &Desk,
    user: UserId,
    request: StorageRequest,
) -> Result<StorageAnswer, StorageError> {
    desk.hub.storage(user, Authority::Owner, request).await
}
