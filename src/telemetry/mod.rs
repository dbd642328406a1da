//! The log: to standard error, so that standard output stays for answers.
//!
//! A log that cannot be written never stops anything. Whoever logs hands the line to a queue with a
//! limit (`outlet`), and one thread writes. What is said again and again is said a few times and
//! then counted (`repeats`).

mod outlet;
mod repeats;

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::IsTerminal,
    panic::{self, PanicHookInfo},
    sync::{Arc, OnceLock},
    time::Duration,
};

use tracing_subscriber::{
    EnvFilter, filter::ParseError, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use self::{outlet::Outlet, repeats::Repeats};
use crate::config::LogConfig;

/// How long the end of the program waits for its log to be written.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The one log of the process.
static LOG: OnceLock<Log> = OnceLock::new();

/// The log, for its end and its numbers.
#[derive(Clone)]
pub struct Log {
    outlet: Arc<Outlet>,
    repeats: Arc<Repeats>,
}

impl Log {
    fn new() -> Self {
        let log = Self {
            outlet: Arc::default(),
            repeats: Arc::default(),
        };
        let repeats = Arc::clone(&log.repeats);
        if let Err(error) = outlet::write_to_stderr(&log.outlet, move || repeats.tell()) {
            log.outlet.put(&format!("the log has no thread: {error}\n"));
        }
        log
    }

    /// Says one thing more, and waits for a moment until everything is written.
    pub fn end_with(&self, sentence: Option<&str>) {
        self.repeats.tell_all();
        if let Some(sentence) = sentence {
            self.outlet.put(&format!("{sentence}\n"));
        }
        self.outlet.flush(LAST_WORDS);
    }
}

/// Starts logging as configured. Only the first call counts; tests make many.
pub fn start(config: &LogConfig) -> Log {
    // The configuration has been validated, so the fallback is for values made in code.
    let filter = parse_filter(&config.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = LOG.get_or_init(Log::new);
    let lines = fmt::layer()
        .with_writer(Arc::clone(&log.outlet))
        // It would be told by `eprintln!`, which panics where there is no standard error.
        .log_internal_errors(false)
        // Colours are for people, not for files.
        .with_ansi(std::io::stderr().is_terminal());
    let started = tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .with(Arc::clone(&log.repeats).layer())
        .try_init();
    match started {
        Ok(()) => panic::set_hook(Box::new(panicked)),
        Err(_) => tracing::debug!("the log was started before"),
    }
    log.clone()
}

/// Tells of a panic as the standard library does. Its own way waits for whoever reads.
fn panicked(panic: &PanicHookInfo<'_>) {
    let Some(log) = LOG.get() else {
        return;
    };
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("<unnamed>");
    let place = panic.location().map(ToString::to_string);
    let payload = panic.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = text.unwrap_or("something that is no text");
    let backtrace = Backtrace::capture();
    let backtrace = match backtrace.status() {
        BacktraceStatus::Captured => format!("\nstack backtrace:\n{backtrace}"),
        _ => String::new(),
    };
    log.outlet.put(&format!(
        "thread '{name}' panicked at {}:\n{message}{backtrace}\n",
        place.unwrap_or_default()
    ));
}

/// How many lines were lost because they could not be written, or not in time.
pub fn lines_dropped() -> u64 {
    LOG.get().map_or(0, |log| log.outlet.dropped())
}

/// How many lines were left out because others like them had just been written.
pub fn lines_left_out() -> u64 {
    LOG.get().map_or(0, |log| log.repeats.left_out())
}

/// Reads a log filter as the configuration has it.
pub(crate) fn parse_filter(text: &str) -> Result<EnvFilter, ParseError> {
    EnvFilter::builder().parse(text)
}
