use serde_json::json;

use super::{hub, says};

#[tokio::test]
async fn it_tells_how_far_discord_is_and_how_many_are_monitored() {
    let hub = hub().await;
    let member = hub.members().await[0];
    hub.until_live().await;
    let answer = says(&hub, member, "ping", json!({})).await;
    let line = |name: &str| {
        let mut lines = answer.lines();
        let line = lines.find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    assert_eq!(line("Monitored users: "), "4");
    for name in ["REST: ", "Gateway: "] {
        let told = line(name);
        assert!(
            told.ends_with(" ms") || told == "not measured yet",
            "{told}"
        );
    }
    assert!(line("REST: ").ends_with(" ms"));
    let name = "lantern_commands_total{command=\"ping\",outcome=\"done\"}";
    assert_eq!(hub.metric(name).await, 1);
}
