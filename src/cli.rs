//! The command line: what can be asked of `lantern`, and the commands that only look.
//!
//! `serve` and `simulate` are in `run`, `export` and `import` in `transfer`, `backup`, `restore`,
//! `commands` and `migrate` in files of their own; `check-config` and `openapi` are here.

mod backup;
mod commands;
mod migrate;
mod run;
mod transfer;

pub use self::{
    backup::{backup, restore},
    commands::{CommandsArgs, commands},
    migrate::migrate,
    run::{serve, simulate},
    transfer::{ExportArgs, ImportArgs, export, import},
};

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};
use rustix::{fs::Mode, process::umask};

use crate::{
    api,
    config::{Base, Loaded},
};

/// Mirrors the Discord presence of a guild's members to REST and WebSocket clients in real time.
#[derive(Debug, Parser)]
#[command(name = "lantern", version, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What `lantern` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Connect to Discord and serve its members' presence.
    #[command(
        long_about = "Connects to Discord and serves its members' presence over REST and WebSocket.\n\n\
            The bot's token is read from DISCORD_BOT_TOKEN or the configuration. The bot needs the \
            presence intent and the server members intent. With --demo neither a token nor Discord \
            is needed: a simulated Discord runs inside."
    )]
    Serve(ServeArgs),
    /// Run a Discord of simulated members that bots can log in to.
    #[command(
        long_about = "Runs a Discord of simulated members: gateway v10 and the REST routes that a \
            bot uses, over real HTTP and WebSocket. Point a bot, or `lantern serve` with api_url \
            of [discord], at it. GET /control tells how to change what its members do."
    )]
    Simulate(SimulateArgs),
    /// Register the bot's slash commands with Discord, or take them out.
    #[command(
        long_about = "Registers the bot's slash commands with Discord, or takes them out. `lantern \
            serve` answers them, but does not register them by itself; only the demo does, in its \
            simulated guild. The bot's token is read from DISCORD_BOT_TOKEN or the configuration."
    )]
    Commands(CommandsArgs),
    /// Copy the embedded store into a file, also while it is in use.
    #[command(
        long_about = "Copies the embedded store, as of one moment, into a file. If a lantern has the \
            store open, that one sends the copy and goes on meanwhile; otherwise the folder is \
            read. The file appears when it is complete and was checked."
    )]
    Backup(BackupArgs),
    /// Make an embedded store from a backup.
    #[command(
        long_about = "Makes the embedded store anew from a file that `lantern backup` wrote. The \
            folder of the store must be empty or not exist; it appears when all of the backup was \
            checked and is on disk."
    )]
    Restore(BackupArgs),
    /// Create the keyspace and tables of the ScyllaDB store, or bring them up to date.
    #[command(
        long_about = "Creates the keyspace and tables that [scylla] of the configuration names, in \
            ScyllaDB or Apache Cassandra, or brings them up to date. It is safe to run again, and \
            on several machines at once: one works, the others wait. A schema that is newer than \
            this program is refused. Says what it did."
    )]
    Migrate(ConfigArgs),
    /// Write everything that is stored to a file.
    #[command(
        long_about = "Writes everything that the configured store holds to a file of text, which \
            `lantern import` reads into a store of any kind. The file appears when it is whole."
    )]
    Export(ExportArgs),
    /// Read an export into the store.
    #[command(
        long_about = "Reads a file that `lantern export` wrote into the configured store, while \
            Lantern does not run on it. The file is checked as a whole before anything is \
            written, and the store is compared with the file afterwards. If it was cut off, \
            repeat it with --merge."
    )]
    Import(ImportArgs),
    /// Say what is wrong with the configuration, or where each value comes from.
    #[command(
        long_about = "Reads the configuration as `lantern serve` would. If something is wrong, \
            tells every problem and exits with status 1. Otherwise lists every setting, its value \
            (secrets hidden) and where it comes from."
    )]
    CheckConfig(ConfigArgs),
    /// Print the OpenAPI document of the REST interface.
    Openapi,
}

/// Which configuration.
#[derive(Debug, Clone, Default, Args)]
pub struct ConfigArgs {
    /// Configuration file (TOML) laid over the defaults; the environment (LANTERN__SECTION__KEY,
    /// DISCORD_BOT_TOKEN) is laid over it.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `lantern backup` and `lantern restore`.
#[derive(Debug, Clone, Args)]
pub struct BackupArgs {
    /// The backup.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Which configuration: its `path` of \[store\] is the folder.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `lantern serve`.
#[derive(Debug, Clone, Args)]
#[command(mut_group("Population", |group| group.requires("demo")))]
pub struct ServeArgs {
    /// Which configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Where clients connect, instead of the configured address (127.0.0.1:8080).
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Run a simulated Discord inside and mirror that.
    #[arg(long)]
    pub demo: bool,
    /// Where the simulated Discord of the demo listens.
    #[arg(
        long,
        value_name = "ADDR",
        default_value = "127.0.0.1:8081",
        requires = "demo"
    )]
    pub simulator_listen: SocketAddr,
    /// A host, besides 127.0.0.1 and localhost, by which the simulated Discord's control API may be
    /// asked for, from other machines too. May be given more than once.
    #[arg(long, value_name = "HOST", requires = "demo")]
    pub control_host: Vec<String>,
    /// What the simulated Discord of the demo is like.
    #[command(flatten)]
    pub population: Population,
}

/// `lantern simulate`.
#[derive(Debug, Clone, Args)]
pub struct SimulateArgs {
    /// Where bots connect.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8081")]
    pub listen: SocketAddr,
    /// A host, besides 127.0.0.1 and localhost, by which the control API may be asked for, from
    /// other machines too. May be given more than once.
    #[arg(long, value_name = "HOST")]
    pub control_host: Vec<String>,
    /// What it is like.
    #[command(flatten)]
    pub population: Population,
    /// The bot token that is accepted.
    #[arg(long, value_name = "TOKEN", default_value = "simulated-token")]
    pub token: String,
}

/// What a simulated Discord is like. The same seed gives the same members and the same stream.
#[derive(Debug, Clone, Copy, Args)]
pub struct Population {
    /// How many members the simulated guild has.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub members: u32,
    /// How many presence updates happen in a second, all members together.
    #[arg(long, value_name = "R", default_value_t = 5.0, value_parser = rate)]
    pub rate: f64,
    /// Which members and which stream of updates.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.0..=1_000_000.0).contains(&rate) => Ok(rate),
        _ => Err("a number from 0 to 1000000 is needed".to_owned()),
    }
}

/// What this process writes from now on is its user's alone, also what the storage engine writes.
pub fn keep_files_private() {
    let _before = umask(Mode::RWXG | Mode::RWXO);
}

/// `lantern check-config`.
pub fn check_config(args: &ConfigArgs) -> ExitCode {
    let loaded = Loaded::load(Base::Defaults, args.config.as_deref(), environment());
    let (text, code) = match &loaded {
        Ok(loaded) => (summary(loaded), ExitCode::SUCCESS),
        Err(error) => (format!("{error}\n"), ExitCode::FAILURE),
    };
    let printed = match loaded {
        Ok(_) => io::stdout().write_all(text.as_bytes()),
        Err(_) => io::stderr().write_all(text.as_bytes()),
    };
    printed.map_or(ExitCode::FAILURE, |()| code)
}

/// `lantern openapi`.
pub fn openapi() -> ExitCode {
    let printed = io::stdout().write_all(api::document().as_bytes());
    printed.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

/// The environment's variables; those that are not Unicode are none of ours.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn summary(loaded: &Loaded) -> String {
    let widest = |width: fn(&crate::config::Setting) -> usize| {
        loaded.settings.iter().map(width).max().unwrap_or_default()
    };
    let keys = widest(|setting| setting.key.len());
    let values = widest(|setting| setting.value.len());
    let mut text: String = loaded
        .settings
        .iter()
        .map(|setting| {
            let (key, value, origin) = (&setting.key, &setting.value, &setting.origin);
            format!("{key:keys$}  {value:values$}  {origin}\n")
        })
        .collect();
    if loaded.config.discord.token.is_none() {
        text.push_str(
            "\nNo token is set: `lantern serve` needs DISCORD_BOT_TOKEN, `lantern serve --demo` does not.\n",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_has_the_promised_defaults() {
        Cli::command().debug_assert();
        let cli = Cli::try_parse_from(["lantern", "simulate"]).unwrap();
        let Command::Simulate(simulate) = cli.command else {
            panic!("{cli:?}");
        };
        assert_eq!(simulate.listen.to_string(), "127.0.0.1:8081");
        assert_eq!(simulate.population.members, 200);
        assert_eq!(simulate.population.rate, 5.0);
        assert_eq!(simulate.population.seed, 1);
        assert_eq!(simulate.token, "simulated-token");
    }

    #[test]
    fn demo_options_need_the_demo() {
        let lone = ["lantern", "serve", "--simulator-listen", "127.0.0.1:0"];
        assert!(Cli::try_parse_from(lone).is_err());
        assert!(Cli::try_parse_from(["lantern", "serve", "--members", "9"]).is_err());
        assert!(Cli::try_parse_from(["lantern", "serve"]).is_ok());
        let with_demo = [
            "lantern",
            "serve",
            "--demo",
            "--members",
            "9",
            "--rate",
            "0.5",
        ];
        assert!(Cli::try_parse_from(with_demo).is_ok());
        assert!(Cli::try_parse_from(["lantern", "simulate", "--rate", "-1"]).is_err());
    }

    #[test]
    fn exports_and_imports_name_a_file() {
        let guilds = ["--guild", "5", "--guild", "6", "-"];
        let cli = Cli::try_parse_from([&["lantern", "export"], guilds.as_slice()].concat());
        let Command::Export(export) = cli.unwrap().command else {
            panic!("another command");
        };
        assert_eq!(export.guild.len(), 2);
        assert_eq!(export.file.to_str(), Some("-"));
        assert!(Cli::try_parse_from(["lantern", "import", "--merge", "file"]).is_ok());
        assert!(Cli::try_parse_from(["lantern", "import"]).is_err());
        assert!(Cli::try_parse_from(["lantern", "export", "--guild", "x", "-"]).is_err());
    }
}
