//! The `lantern` program.

use std::process::ExitCode;

use clap::Parser;
use lantern::cli::{self, Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    cli::keep_files_private();
    match cli.command {
        Command::Serve(args) => cli::serve(&args),
        Command::Simulate(args) => cli::simulate(&args),
        Command::Commands(args) => cli::commands(&args),
        Command::Backup(args) => cli::backup(&args),
        Command::Restore(args) => cli::restore(&args),
        Command::CheckConfig(args) => cli::check_config(&args),
        Command::Migrate(args) => cli::migrate(&args),
        Command::Openapi => cli::openapi(),
        Command::Export(args) => cli::export(&args),
        Command::Import(args) => cli::import(&args),
    }
}
