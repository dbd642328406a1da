//! Every command line in the README works, on the built program instead of `cargo run`, on ports and
//! folders of the test's own.

use std::path::Path;

use clap::{CommandFactory as _, Parser as _, error::ErrorKind};
use lantern::cli::Cli;
use rustix::process::Signal;
use tokio::process::Command;

use super::README;
use crate::{
    harness::{eventually, within},
    process::program::Program,
};

/// Blocks of shell commands, in order, without what they are indented by.
fn blocks() -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = README.lines();
    while let Some(line) = lines.next() {
        let Some(indent) = line.strip_suffix("```sh") else {
            continue;
        };
        let inside = lines.by_ref().take_while(|line| !line.ends_with("```"));
        let inside: Vec<&str> = inside
            .map(|line| line.strip_prefix(indent).unwrap_or(line))
            .collect();
        blocks.push(inside.join("\n"));
    }
    blocks
}

/// The demo, and where it is.
struct Demo {
    program: Program,
    addr: String,
    simulator: String,
    token: String,
}

impl Demo {
    async fn start() -> Self {
        let args = [
            "serve",
            "--demo",
            "--listen",
            "127.0.0.1:0",
            "--simulator-listen",
            "127.0.0.1:0",
        ];
        let mut program = Program::start(&args, &[]);
        let said = program.says("'Authorization: lt_kv_").await.to_owned();
        let said = said + program.says("'\n").await;
        let after = |label: &str| {
            let rest = said.split(label).nth(1).unwrap();
            rest.split(['\'', '\n', '/']).next().unwrap().to_owned()
        };
        Self {
            addr: after("Live page  http://"),
            simulator: after("Control    http://"),
            token: after("Authorization: "),
            program,
        }
    }

    /// Lets a further bot of its simulated Discord ask for all members at once.
    async fn lift_limits(&self) {
        let url = format!("http://{}/control/gateway/limits", self.simulator);
        let body = r#"{"members_request_window_ms": 0}"#;
        let request = reqwest::Client::new().put(url).body(body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }

    /// Runs a block in bash, where `curl` fails if what it asks for does. What is printed has to be what
    /// the comments say.
    async fn run(&self, block: &str, folder: &Path) {
        let block = block
            .replace("127.0.0.1:8080", &self.addr)
            .replace("127.0.0.1:8081", &self.simulator)
            .replace("lt_kv_...", &self.token);
        let script = format!(
            "set -eu\ncurl() {{ command curl -sS --fail-with-body \"$@\"; echo; }}\n{block}\n"
        );
        let running = Command::new("bash")
            .args(["-c", &script])
            .current_dir(folder)
            .output();
        let output = within("the commands end", running).await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{block}\n{said}{errors}");
        let mut rest = said.as_str();
        let comments = block.lines().filter_map(|line| line.split_once("   # "));
        for (_, promised) in comments {
            let (_, after) = rest
                .split_once(promised)
                .unwrap_or_else(|| panic!("{promised} of {said}"));
            rest = after;
        }
    }
}

/// `lantern serve` as the bot of a simulated Discord becomes ready.
async fn serves(api_url: &str) {
    let environment = [
        ("LANTERN__DISCORD__API_URL", api_url),
        ("LANTERN__SERVER__LISTEN", "127.0.0.1:0"),
        ("DISCORD_BOT_TOKEN", "simulated-token"),
    ];
    let mut server = Program::start(&["serve"], &environment);
    server.says("http://").await;
    let ready = format!("http://{}/readyz", server.addr());
    eventually("it is ready", async || {
        let answer = reqwest::get(&ready).await.ok()?;
        (answer.status() == 200).then_some(())
    })
    .await;
    server.stop(Signal::INT).await;
}

#[tokio::test]
async fn every_block_of_commands_works() {
    let has_curl = Command::new("curl").arg("--version").output().await;
    if has_curl.is_err() && std::env::var_os("CI").is_none() {
        println!("curl is missing: the README's commands were skipped");
        return;
    }
    let demo = Demo::start().await;
    demo.lift_limits().await;
    let folder = tempfile::tempdir().unwrap();
    let mut simulator = None;
    let (mut run, mut known) = (0, 0);
    for block in blocks() {
        match block.as_str() {
            // What runs here.
            "cargo run -- serve --demo" | "tests/run" => known += 1,
            "cargo run -- simulate" => {
                let mut program = Program::start(&["simulate", "--listen", "127.0.0.1:0"], &[]);
                program.says("http://").await;
                simulator = Some(program);
                known += 1;
            }
            "LANTERN__DISCORD__API_URL=http://127.0.0.1:8081 DISCORD_BOT_TOKEN=simulated-token cargo run -- serve" =>
            {
                let simulator = simulator
                    .take()
                    .expect("the simulator comes before its bot");
                serves(&format!("http://{}", simulator.addr())).await;
                simulator.stop(Signal::INT).await;
                known += 1;
            }
            "cargo build --release\nDISCORD_BOT_TOKEN=… target/release/lantern serve" => {
                serves(&format!("http://{}", demo.simulator)).await;
                known += 1;
            }
            _ => {
                demo.run(&block, folder.path()).await;
                run += 1;
            }
        }
    }
    assert!(run >= 7 && known == 5, "{run} {known}");
    for picture in ["card.svg", "card.png"] {
        assert!(
            folder.path().join(picture).metadata().unwrap().len() > 5_000,
            "{picture}"
        );
    }
    demo.program.stop(Signal::INT).await;
}

#[test]
fn command_lines_in_the_text_are_understood() {
    let commands: Vec<String> = Cli::command()
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    let mut understood = 0;
    for code in README.split('`').skip(1).step_by(2) {
        let words: Vec<&str> = code.split_whitespace().collect();
        let args = match words.as_slice() {
            ["cargo", "run", "--", args @ ..] | ["lantern", args @ ..] => args,
            ["DISCORD_BOT_TOKEN=…", "target/release/lantern", args @ ..] => args,
            _ => continue,
        };
        if !args
            .first()
            .is_some_and(|first| commands.iter().any(|name| name == first) || *first == "help")
        {
            continue;
        }
        let args = args.iter().map(|arg| if *arg == "ID" { "1" } else { *arg });
        match Cli::try_parse_from(std::iter::once("lantern").chain(args)) {
            Ok(_) => understood += 1,
            Err(error) if error.kind() == ErrorKind::DisplayHelp => understood += 1,
            Err(error) => panic!("{code}: {error}"),
        }
    }
    assert!(understood >= 12, "{understood}");
}
