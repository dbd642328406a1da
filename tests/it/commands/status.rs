use super::hub_with;
use crate::harness::{TestHub, eventually};

/// What the bot shows, as soon as it is this.
async fn until_shown(hub: &TestHub, text: &str) {
    let bot = hub.app().simulator().unwrap().bot_id();
    eventually("the status is shown", async || {
        let shown = hub.control.get(&format!("/members/{bot}")).await;
        let activity = &shown["presence"]["activities"][0];
        (activity["name"] == text && activity["type"] == 3).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_bot_shows_how_many_it_watches() {
    let hub = hub_with(|config| config.discord.status_interval_ms = 100).await;
    // The bot is a member too.
    until_shown(&hub, "4 members").await;
    let joined = hub.control.join().await;
    until_shown(&hub, "5 members").await;
    hub.control.leave(joined).await;
    until_shown(&hub, "4 members").await;
    // A new session shows it again.
    hub.control.gateway("invalidate").await;
    hub.control.join().await;
    until_shown(&hub, "5 members").await;
}
