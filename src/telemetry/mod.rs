//! The log: to standard error, so that standard output stays for answers.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, filter::ParseError};

use crate::config::LogConfig;

/// Starts logging as configured. Only the first call counts; tests make many.
pub fn start(config: &LogConfig) {
    // The configuration has been validated, so the fallback is for values made in code.
    let filter = parse_filter(&config.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // Colours are for people, not for files.
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
    if started.is_err() {
        tracing::debug!("the log was started before");
    }
}

/// Reads a log filter as the configuration has it.
pub(crate) fn parse_filter(text: &str) -> Result<EnvFilter, ParseError> {
    EnvFilter::builder().parse(text)
}
