//! Events in forms that a strict model refuses.

use super::*;
use lantern_actors::domain::UserId;

impl Bench {
    async fn event(&self, event: serde_json::Value) {
        let path = "/gateway/events";
        self.control.call(reqwest::Method::POST, path, event).await;
    }

    async fn someone(&self) -> UserId {
        self.control.members(1).await[0]
    }

    async fn until_status(&self, user: UserId, status: Status) {
        let is_so = |seen: &recorder::Seen| seen.members[&user].1.status == status;
        self.recorder.until("the presence", is_so).await;
    }
}

#[tokio::test]
async fn what_a_presence_leaves_out_of_the_user_has_not_changed() {
    let bench = Bench::live(3).await;
    let user = bench.someone().await;
    let known = bench.recorder.now(|seen| seen.members[&user].0.clone());
    assert!(known.global_name.is_some() || known.avatar.is_some());
    let event = json!({"t": "PRESENCE_UPDATE", "d": {
        "guild_id": bench.simulator.guild_id().to_string(), "status": "dnd", "activities": [],
        "client_status": {}, "user": {"id": user, "username": "renamed", "public_flags": 64},
    }});
    bench.event(event).await;
    bench.until_status(user, Status::Dnd).await;
    let told = bench.recorder.now(|seen| seen.members[&user].0.clone());
    assert_eq!((told.username.as_str(), told.flags.bits()), ("renamed", 64));
    assert_eq!(told.global_name, known.global_name);
    assert_eq!(told.avatar, known.avatar);
    assert_eq!(told.server_tag, known.server_tag);
    let event = json!({"t": "PRESENCE_UPDATE", "d": {
        "guild_id": bench.simulator.guild_id().to_string(), "status": "idle",
        "user": {"id": user, "username": "again", "global_name": null, "avatar": null},
    }});
    bench.event(event).await;
    bench.until_status(user, Status::Idle).await;
    let told = bench.recorder.now(|seen| seen.members[&user].0.clone());
    assert_eq!(told.username, "again");
    assert_eq!((told.global_name, told.avatar), (None, None));
    bench.stop().await;
}

#[tokio::test]
async fn one_place_that_no_reader_takes_costs_that_place_alone() {
    let bench = Bench::live(3).await;
    let user = bench.someone().await;
    let guild = bench.simulator.guild_id();
    for (round, odd) in [
        r#""since": 1e999"#,
        r#""state": "half of \ud83c""#,
        r#""flags": -1e400, "nonce": "\q""#,
        r#""deep": [[[[[[[[[[{"a": [[]]}]]]]]]]]]]"#,
    ]
    .into_iter()
    .enumerate()
    {
        let details = format!("round {round}");
        let raw = format!(
            r#"{{"guild_id": "{guild}", "user": {{"id": "{user}"}}, "status": "online",
            "activities": [{{"name": "osu!", "type": 0, "details": "{details}", {odd}}}]}}"#
        );
        bench
            .event(json!({"t": "PRESENCE_UPDATE", "raw": raw}))
            .await;
        bench
            .recorder
            .until(odd, |seen| {
                let activities = &seen.members[&user].1.activities;
                activities
                    .iter()
                    .any(|it| it.details.as_deref() == Some(&details))
            })
            .await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn what_is_no_event_harms_nothing() {
    let bench = Bench::live(3).await;
    let user = bench.someone().await;
    for raw in [
        "",
        "{",
        "null",
        "[]",
        "7",
        r#""text""#,
        r#"{"user": {"id": "#,
    ] {
        for kind in EventKind::ALL {
            // A session or a resumption that says nothing is believed, and so are its guilds.
            if !matches!(kind, EventKind::Ready | EventKind::Resumed) {
                let event = json!({"t": kind.as_str(), "raw": raw});
                bench.event(event).await;
            }
        }
    }
    let status = json!({"status": "dnd"});
    bench.control.put_presence(user, status).await;
    bench.until_status(user, Status::Dnd).await;
    assert_eq!(bench.gateway.stats().reconnects(), 0);
    bench.stop().await;
}
