//! `lantern serve` and `lantern simulate`: start, say where to look, and stop when asked to.

use std::{io::Write, net::SocketAddr, process::ExitCode};

use lantern_actors::domain::UserId;
use lantern_simulator::{Simulator, SimulatorConfig, SimulatorError};
use tokio::{
    runtime::Runtime,
    signal::unix::{Signal, SignalKind, signal},
};

use super::{Population, ServeArgs, SimulateArgs, environment};
use crate::{
    app::{App, AppError},
    config::{Base, Config, Loaded},
    server,
    telemetry::{self, Log},
};

/// `lantern serve`.
pub fn serve(args: &ServeArgs) -> ExitCode {
    let base = if args.demo {
        Base::Demo
    } else {
        Base::Defaults
    };
    let config = match Loaded::load(base, args.config.config.as_deref(), environment()) {
        Ok(loaded) => with_arguments(loaded.config, args),
        Err(error) => return failed(&error),
    };
    let log = telemetry::start(&config.log);
    server::allow_many_sockets();
    let demo = args.demo.then(|| SimulatorConfig {
        control_hosts: args.control_host.clone(),
        ..simulator_config(args.simulator_listen, args.population)
    });
    ended(&log, run(serving(&config, demo)))
}

/// `lantern simulate`.
pub fn simulate(args: &SimulateArgs) -> ExitCode {
    let log = match Loaded::load(Base::Demo, None, environment()) {
        Ok(loaded) => loaded.config.log,
        Err(error) => return failed(&error),
    };
    let log = telemetry::start(&log);
    server::allow_many_sockets();
    let config = SimulatorConfig {
        token: args.token.clone(),
        control_hosts: args.control_host.clone(),
        ..simulator_config(args.listen, args.population)
    };
    ended(&log, run(simulating(config)))
}

pub(super) type Outcome = Result<(), Box<dyn std::error::Error>>;

pub(super) fn run(program: impl Future<Output = Outcome>) -> Outcome {
    Runtime::new()?.block_on(program)
}

async fn serving(config: &Config, demo: Option<SimulatorConfig>) -> Outcome {
    // From here on a signal is an orderly stop, also while starting.
    let mut asked = StopAsked::new()?;
    let population = demo.as_ref().map(|demo| (demo.seed, demo.rate));
    let app = App::start(config, demo)
        .await
        .map_err(|error| match error {
            AppError::Simulator(error) => no_simulator(error, "--simulator-listen"),
            error => error.into(),
        })?;
    if app.simulator().is_none() {
        say(&format!(
            "Lantern listens on http://{} and connects to Discord.",
            app.addr()
        ));
    }
    let running = async {
        tokio::select! {
            () = app.hub().completed() => say(&welcome(&app, population).await),
            error = app.failed() => return error,
        }
        app.failed().await
    };
    tokio::select! {
        error = running => return stop_and_fail(app, error).await,
        () = asked.again() => {}
    }
    say("Stopping; once more stops at once.");
    tokio::select! {
        () = app.stop() => Ok(()),
        () = asked.again() => Err("stopped at once, clients were not told".into()),
    }
}

async fn stop_and_fail(app: App, error: AppError) -> Outcome {
    app.stop().await;
    Err(error.into())
}

async fn simulating(config: SimulatorConfig) -> Outcome {
    let token = config.token.clone();
    let mut asked = StopAsked::new()?;
    let simulator = Simulator::start(config)
        .await
        .map_err(|error| no_simulator(error, "--listen"))?;
    let url = simulator.api_url();
    say(&format!(
        "A simulated Discord is running; Ctrl-C stops it.\n\n\
         \x20 API      {url}/api/v10      bot token: {token}\n\
         \x20 Control  {url}/control\n\n\
         Mirror it:  LANTERN__DISCORD__API_URL={url} DISCORD_BOT_TOKEN={token} lantern serve"
    ));
    asked.again().await;
    say("Stopping.");
    simulator.stop().await;
    Ok(())
}

/// What to do about a simulator that does not start. `option` says where it listens.
fn no_simulator(error: SimulatorError, option: &str) -> Box<dyn std::error::Error> {
    let is_address = matches!(
        error,
        SimulatorError::AddressInUse(_) | SimulatorError::Listen { .. }
    );
    let error = AppError::Simulator(error);
    if is_address {
        format!("{error}; choose another address with {option}").into()
    } else {
        error.into()
    }
}

/// Hears Ctrl-C and SIGTERM.
struct StopAsked {
    interrupt: Signal,
    terminate: Signal,
}

impl StopAsked {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Resolves at the next signal.
    async fn again(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

async fn welcome(app: &App, population: Option<(u64, f64)>) -> String {
    let url = format!("http://{}", app.addr());
    let users = app.hub().directory().monitored();
    let mut text = match population {
        Some((seed, rate)) => format!(
            "Lantern mirrors {users} members of a simulated guild (seed {seed}, {rate} updates a second); Ctrl-C stops it.\n"
        ),
        None => format!("Lantern mirrors {users} members; Ctrl-C stops it.\n"),
    };
    text += &format!("\n  Live page  {url}/");
    if let Some(simulator) = app.simulator() {
        let member = simulator.first_member();
        text += &format!("\n  One user   curl {url}/api/v1/users/{member}");
    }
    text += &format!("\n  Socket     ws://{}/socket", app.addr());
    text += &format!("\n  Reference  {url}/docs");
    if let Some(simulator) = app.simulator() {
        let control = format!("{}/control", simulator.api_url());
        let member = simulator.first_member();
        text += &format!(
            "\n  Control    {control}\n\nChange what a member does, and watch it arrive:\n\n  \
             curl -X PUT {control}/members/{member}/presence -d '{{\"status\":\"dnd\"}}'"
        );
        text += &storing(app, member, &url).await;
    }
    text
}

/// How to change a member's storage, with their token.
async fn storing(app: &App, member: u64, url: &str) -> String {
    let Ok(user) = UserId::try_from(member) else {
        return String::new();
    };
    match app.kv_token(user).await {
        Some(token) => format!(
            "\n\nStore a pair for that member, with the member's token:\n\n  \
             curl -X PUT {url}/api/v1/users/{member}/storage/city -d Oslo \\\n    \
             -H 'Authorization: {token}'"
        ),
        None => String::new(),
    }
}

fn with_arguments(mut config: Config, args: &ServeArgs) -> Config {
    if let Some(listen) = args.listen {
        config.server.listen = listen;
    }
    config
}

fn simulator_config(listen: SocketAddr, population: Population) -> SimulatorConfig {
    SimulatorConfig {
        listen,
        members: population.members,
        rate: population.rate,
        seed: population.seed,
        ..SimulatorConfig::default()
    }
}

pub(super) fn say(text: &str) {
    // Nobody may be reading any more.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// The end of a program that has a log: the sentence that says why is its last line.
pub(super) fn ended(log: &Log, outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => {
            log.end_with(None);
            ExitCode::SUCCESS
        }
        Err(error) => {
            log.end_with(Some(&format!("lantern: {error}")));
            ExitCode::FAILURE
        }
    }
}

/// The end of a program that has no log yet.
pub(super) fn failed(error: &dyn std::fmt::Display) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "lantern: {error}");
    ExitCode::FAILURE
}
