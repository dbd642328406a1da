//! `lantern serve` and `lantern simulate`: start, say where to look, and stop when asked to.

use std::{io::Write, net::SocketAddr, process::ExitCode};

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};

use super::{Population, ServeArgs, SimulateArgs, environment};
use crate::{
    app::App,
    config::{Base, Config, Loaded},
    simulator::{Simulator, SimulatorConfig},
    telemetry,
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
    telemetry::start(&config.log);
    allow_many_sockets();
    let demo = args
        .demo
        .then(|| simulator_config(args.simulator_listen, args.population));
    match run(serving(&config, demo)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// `lantern simulate`.
pub fn simulate(args: &SimulateArgs) -> ExitCode {
    let log = match Loaded::load(Base::Demo, None, environment()) {
        Ok(loaded) => loaded.config.log,
        Err(error) => return failed(&error),
    };
    telemetry::start(&log);
    allow_many_sockets();
    let config = SimulatorConfig {
        token: args.token.clone(),
        ..simulator_config(args.listen, args.population)
    };
    match run(simulating(config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn run(program: impl Future<Output = Outcome>) -> Outcome {
    Runtime::new()?.block_on(program)
}

async fn serving(config: &Config, demo: Option<SimulatorConfig>) -> Outcome {
    let population = demo.as_ref().map(|demo| (demo.seed, demo.rate));
    let app = App::start(config, demo).await?;
    if app.simulator().is_none() {
        say(&format!(
            "Lantern listens on http://{} and connects to Discord.",
            app.addr()
        ));
    }
    let asked = stop_asked()?;
    tokio::pin!(asked);
    tokio::select! {
        () = app.hub().completed() => say(&welcome(&app, population)),
        error = app.failed() => return stop_and_fail(app, error).await,
        () = &mut asked => {}
    }
    tokio::select! {
        error = app.failed() => return stop_and_fail(app, error).await,
        () = &mut asked => {}
    }
    say("Stopping.");
    app.stop().await;
    Ok(())
}

async fn stop_and_fail(app: App, error: crate::app::AppError) -> Outcome {
    app.stop().await;
    Err(error.into())
}

async fn simulating(config: SimulatorConfig) -> Outcome {
    let token = config.token.clone();
    let simulator = Simulator::start(config).await?;
    let url = simulator.api_url();
    say(&format!(
        "A simulated Discord is running; Ctrl-C stops it.\n\n\
         \x20 API      {url}/api/v10      bot token: {token}\n\
         \x20 Control  {url}/control\n\n\
         Mirror it:  LANTERN__DISCORD__API_URL={url} DISCORD_BOT_TOKEN={token} lantern serve"
    ));
    stop_asked()?.await;
    say("Stopping.");
    simulator.stop().await;
    Ok(())
}

/// Resolves at Ctrl-C or SIGTERM.
fn stop_asked() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

fn welcome(app: &App, population: Option<(u64, f64)>) -> String {
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
    }
    text
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

/// Each socket is a file descriptor, and the usual soft limit of 1,024 is for programs that still
/// use select(2).
fn allow_many_sockets() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
}

fn say(text: &str) {
    // Nobody may be reading any more.
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn failed(error: &dyn std::fmt::Display) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "lantern: {error}");
    ExitCode::FAILURE
}
