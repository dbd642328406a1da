//! `lantern commands register` and `unregister`, and what the demo registers.

use lantern_simulator::Simulator;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    harness::{TestHub, still},
    process::program::{Ended, run},
};

struct Bot {
    simulator: Simulator,
}

impl Bot {
    async fn start() -> Self {
        let simulator = Simulator::start(still()).await.unwrap();
        Self { simulator }
    }

    async fn lantern(&self, args: &[&str]) -> Ended {
        let url = self.simulator.api_url();
        let environment = [
            ("LANTERN__DISCORD__API_URL", url.as_str()),
            ("DISCORD_BOT_TOKEN", "simulated-token"),
        ];
        run(&[&["commands"], args].concat(), &environment).await
    }

    async fn says(&self, args: &[&str]) -> String {
        let ended = self.lantern(args).await;
        assert!(ended.succeeded, "{}", ended.errors);
        ended.says
    }

    fn scope(&self, guild: Option<u64>) -> String {
        let application = self.simulator.application_id();
        match guild {
            Some(guild) => format!("/applications/{application}/guilds/{guild}/commands"),
            None => format!("/applications/{application}/commands"),
        }
    }

    async fn rest(&self, method: Method, path: &str, body: Value) -> Value {
        rest(&self.simulator, method, path, body).await
    }

    /// The registered commands: names, ids and versions.
    async fn there(&self, guild: Option<u64>) -> Vec<(String, String, String)> {
        let list = self
            .rest(Method::GET, &self.scope(guild), Value::Null)
            .await;
        let text = |command: &Value, key: &str| command[key].as_str().unwrap().to_owned();
        let list = list.as_array().unwrap().iter();
        list.map(|it| (text(it, "name"), text(it, "id"), text(it, "version")))
            .collect()
    }
}

async fn rest(simulator: &Simulator, method: Method, path: &str, body: Value) -> Value {
    let url = format!("{}/api/v10{path}", simulator.api_url());
    let request = reqwest::Client::new().request(method, url);
    let request = request.header("authorization", "Bot simulated-token");
    let response = request.json(&body).send().await.unwrap();
    assert!(response.status().is_success(), "{path}");
    let text = response.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

#[tokio::test]
async fn what_is_as_it_should_be_is_left_alone() {
    let bot = Bot::start().await;
    let guild = bot.simulator.guild_id();
    let guild_text = guild.to_string();
    for (scope, arguments) in [
        (None, vec![]),
        (Some(guild), vec!["--guild", guild_text.as_str()]),
    ] {
        let register = [&["register"], arguments.as_slice()].concat();
        let unregister = [&["unregister"], arguments.as_slice()].concat();
        let said = bot.says(&register).await;
        assert!(
            said.contains("/ping     registered\n  /storage  registered"),
            "{said}"
        );
        let before = bot.there(scope).await;
        assert_eq!(before.len(), 2);

        let said = bot.says(&register).await;
        assert!(
            said.contains("/ping     unchanged\n  /storage  unchanged"),
            "{said}"
        );
        assert_eq!(bot.there(scope).await, before);

        // Somebody has changed one of them, and registered one of their own.
        let path = bot.scope(scope);
        let ping = format!("{path}/{}", before[0].1);
        bot.rest(Method::PATCH, &ping, json!({"description": "Old"}))
            .await;
        let own = json!({"name": "own", "description": "Mine"});
        bot.rest(Method::POST, &path, own).await;
        let said = bot.says(&register).await;
        assert!(
            said.contains("/ping     updated\n  /storage  unchanged"),
            "{said}"
        );
        assert!(
            said.contains("/own      not Lantern's, left alone"),
            "{said}"
        );
        let after = bot.there(scope).await;
        assert_eq!(after[0].1, before[0].1, "it keeps its id");
        assert_ne!(after[0].2, before[0].2);
        assert_eq!(after[1], before[1]);

        let said = bot.says(&unregister).await;
        assert!(said.contains("/storage  unregistered"), "{said}");
        let left: Vec<String> = bot.there(scope).await.into_iter().map(|it| it.0).collect();
        assert_eq!(left, ["own"]);
    }
    bot.simulator.stop().await;
}

#[tokio::test]
async fn what_cannot_be_is_said_in_a_sentence() {
    let bot = Bot::start().await;
    let ended = bot.lantern(&["register", "--guild", "5"]).await;
    assert!(!ended.succeeded);
    assert!(
        ended.errors.contains("is not in guild 5"),
        "{}",
        ended.errors
    );
    let url = bot.simulator.api_url();
    let wrong = [
        ("LANTERN__DISCORD__API_URL", url.as_str()),
        ("DISCORD_BOT_TOKEN", "wrong"),
    ];
    let ended = run(&["commands", "register"], &wrong).await;
    assert!(
        !ended.succeeded && ended.errors.contains("DISCORD_BOT_TOKEN"),
        "{}",
        ended.errors
    );
    let ended = run(&["commands", "register"], &[]).await;
    assert!(
        !ended.succeeded && ended.errors.contains("no bot token"),
        "{}",
        ended.errors
    );
    bot.simulator.stop().await;
    let nobody = [
        ("LANTERN__DISCORD__API_URL", url.as_str()),
        ("DISCORD_BOT_TOKEN", "x"),
    ];
    let ended = run(&["commands", "unregister"], &nobody).await;
    assert!(
        !ended.succeeded && ended.errors.contains("cannot be reached"),
        "{}",
        ended.errors
    );
}

/// So that commands can be tried at once. Only in its guild, which is where they are at once.
#[tokio::test]
async fn the_demo_registers_its_commands() {
    let hub = TestHub::start().await;
    let simulator = hub.app().simulator().unwrap();
    let application = simulator.application_id();
    let guild = simulator.guild_id();
    let path = format!("/applications/{application}/guilds/{guild}/commands");
    let list = rest(simulator, Method::GET, &path, Value::Null).await;
    assert_eq!(list.as_array().unwrap().len(), 2);
}
