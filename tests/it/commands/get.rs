use serde_json::json;

use super::{file, hub, put, says, text, used};

#[tokio::test]
async fn a_value_is_shown_as_it_is() {
    let hub = hub().await;
    let member = hub.members().await[0];
    put(&hub, member, "greeting", "Hi *there* <@1>\n🏮").await;
    let greeting = json!({"key": "greeting"});
    let answer = says(&hub, member, "storage get data", greeting).await;
    assert_eq!(answer, "`greeting`:\n```\nHi *there* <@1>\n🏮\n```");
    put(&hub, member, "empty", "").await;
    let answer = says(&hub, member, "storage get data", json!({"key": "empty"})).await;
    assert!(answer.contains("an empty value"), "{answer}");
}

#[tokio::test]
async fn a_value_that_a_message_cannot_show_is_a_file() {
    let hub = hub().await;
    let member = hub.members().await[0];
    for value in ["x".repeat(1_990), "🏮".repeat(30_000), "a ``` b".to_owned()] {
        put(&hub, member, "long", &value).await;
        let message = used(&hub, member, "storage get data", json!({"key": "long"})).await;
        assert!(text(&message).contains("characters"), "{message}");
        let (name, bytes) = file(&message).await;
        assert_eq!(name, "long.txt");
        assert_eq!(bytes, value.as_bytes());
    }
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let hub = hub().await;
    let member = hub.members().await[0];
    let answer = says(&hub, member, "storage get data", json!({"key": "none"})).await;
    assert!(answer.contains("no pair with the key `none`"), "{answer}");
    let answer = says(&hub, member, "storage get data", json!({"key": "`no`"})).await;
    assert!(answer.contains("letters and digits"), "{answer}");
}

/// Lantern has a guild's member forgotten as soon as it hears that they left; Discord's client may
/// still have the command open.
#[tokio::test]
async fn who_is_no_member_is_told_so() {
    let hub = hub().await;
    let bot = hub.app().simulator().unwrap().bot_id();
    let bot = bot.try_into().unwrap();
    lantern_actors::ports::intake::Intake::left(hub.hub(), bot);
    crate::harness::eventually("the user is gone", async || {
        hub.hub().user(bot).is_none().then_some(())
    })
    .await;
    for (command, options) in [
        ("storage get token", json!({})),
        ("storage list", json!({})),
        ("storage reset", json!({})),
        ("storage get data", json!({"key": "a"})),
        ("storage create data", json!({"key": "a", "value": "b"})),
    ] {
        let answer = says(&hub, bot, command, options).await;
        assert!(answer.contains("not a member"), "{command}: {answer}");
    }
}
