//! `lantern commands`: which slash commands Discord offers to members.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use lantern_actors::domain::GuildId;

use super::{
    ConfigArgs, environment,
    run::{Outcome, failed, run, say},
};
use crate::{
    app,
    config::{Base, Config, Loaded},
    discord::commands::{Change, Changed, Registrar},
};

/// `lantern commands`.
#[derive(Debug, Clone, Args)]
#[command(arg_required_else_help = true)]
pub struct CommandsArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: CommandsAction,
}

/// What can be done with commands.
#[derive(Debug, Clone, Subcommand)]
pub enum CommandsAction {
    /// Tell Discord which commands there are.
    #[command(
        long_about = "Tells Discord which commands there are. Those that it has already are left \
            alone, and so are commands that are not Lantern's. Says what it did. Commands of one \
            guild are there at once; global ones may take a moment to appear."
    )]
    Register(ScopeArgs),
    /// Take Lantern's commands out of Discord.
    #[command(
        long_about = "Takes Lantern's commands out of Discord; others are left alone. Says what it \
            did."
    )]
    Unregister(ScopeArgs),
}

/// Whose commands.
#[derive(Debug, Clone, Args)]
pub struct ScopeArgs {
    /// The commands of this guild alone, instead of those that the bot has in all of its guilds.
    #[arg(long, value_name = "ID")]
    pub guild: Option<GuildId>,
    /// Which configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `lantern commands`.
pub fn commands(args: &CommandsArgs) -> ExitCode {
    let (CommandsAction::Register(scope) | CommandsAction::Unregister(scope)) = &args.action;
    let config = match Loaded::load(
        Base::Defaults,
        scope.config.config.as_deref(),
        environment(),
    ) {
        Ok(loaded) => loaded.config,
        Err(error) => return failed(&error),
    };
    match run(change(&args.action, &config, scope.guild)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

async fn change(action: &CommandsAction, config: &Config, guild: Option<GuildId>) -> Outcome {
    let way = app::way_to_discord(config)?;
    let registrar = Registrar::log_in(&way, guild).await?;
    let changes = match action {
        CommandsAction::Register(_) => registrar.register().await?,
        CommandsAction::Unregister(_) => registrar.unregister().await?,
    };
    say(&report(&changes, guild));
    Ok(())
}

fn report(changes: &[Changed], guild: Option<GuildId>) -> String {
    let mut text = match guild {
        Some(guild) => format!("Commands of guild {guild}:"),
        None => "Global commands:".to_owned(),
    };
    if changes.is_empty() {
        text.push_str("\n  there are none");
    }
    let widest = changes.iter().map(|changed| changed.name.len()).max();
    let width = widest.unwrap_or_default();
    for Changed { name, change } in changes {
        let done = match change {
            Change::Registered => "registered",
            Change::Updated => "updated",
            Change::Unchanged => "unchanged",
            Change::Unregistered => "unregistered",
            Change::Foreign => "not Lantern's, left alone",
        };
        text.push_str(&format!("\n  /{name:width$}  {done}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_said_of_each_command() {
        let changed = |name: &str, change| Changed {
            name: name.to_owned(),
            change,
        };
        let changes = [
            changed("ping", Change::Unchanged),
            changed("storage", Change::Registered),
        ];
        let text = report(&changes, None);
        assert_eq!(
            text,
            "Global commands:\n  /ping     unchanged\n  /storage  registered"
        );
        let guild = GuildId::try_from(5).ok();
        assert_eq!(report(&[], guild), "Commands of guild 5:\n  there are none");
    }
}
