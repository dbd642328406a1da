//! Slash commands: what members of the guild can do from within Discord.
//!
//! One file per command, with what Discord shows of it, what it does, what it completes while it is
//! being typed and what its buttons do (`command::Command`). To add one, write its file and put it
//! into `ALL`. The gateway's thread only hands interactions over (`Commands::answer`); they are
//! answered by tasks of the program's own runtime, each in time for Discord (`answering`).

mod answering;
mod command;
mod desk;
mod ping;
mod questions;
mod registration;
mod reply;
mod stats;
mod storage;

use self::command::Command;

pub use self::{
    desk::{Commands, CommandsConfig},
    registration::{Change, Changed, Registrar, RegistrationError},
    stats::{CommandStats, Outcome},
};

/// Every command.
const ALL: [&dyn Command; 2] = [&ping::Ping, &storage::Storage];

/// The command of this name.
fn named(name: &str) -> Option<&'static dyn Command> {
    ALL.into_iter().find(|command| command.name() == name)
}
