//! Actors that are killed, let go and woken again.

mod passivation;

use std::collections::HashSet;

use lantern::app::AppError;
use ractor::{ActorCell, ActorId};
use serde_json::json;

use crate::harness::{Client, Closed, TestHub, eventually, game, number, within};

const UPDATES: usize = 3_000;

fn users_supervisor(hub: &TestHub) -> ActorCell {
    hub.hub().supervisors().0.unwrap()
}

fn sessions_supervisor(hub: &TestHub) -> ActorCell {
    hub.hub().supervisors().1.unwrap()
}

fn sessions(hub: &TestHub) -> HashSet<ActorId> {
    let sessions = sessions_supervisor(hub).get_children();
    sessions.iter().map(ActorCell::get_id).collect()
}

async fn kill(actor: ActorCell) {
    within("an actor is killed", actor.kill_and_wait(None))
        .await
        .unwrap();
}

/// A heartbeat is answered; updates before it are passed over.
async fn is_alive(client: &mut Client) {
    client.send(&json!({"op": 4})).await;
    loop {
        match client.next().await {
            Some((t, _)) if t == "HEARTBEAT_ACK" => return,
            Some((t, _)) if t == "PRESENCE_UPDATE" => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Reads updates until this number, none of which goes backwards.
async fn read_until(client: &mut Client, wanted: usize) {
    let (mut v, mut told) = (0, 0);
    while told < wanted {
        let update = client.expect("PRESENCE_UPDATE").await;
        assert!(update["v"].as_u64().unwrap() > v && number(&update) > told);
        v = update["v"].as_u64().unwrap();
        told = number(&update);
    }
}

#[tokio::test]
async fn a_user_actor_that_is_killed_amid_updates_ends_up_right_and_disturbs_no_other() {
    let hub = TestHub::start().await;
    let users = hub.members().await;
    let [victim, other] = [users[0], users[1]];
    let (mut victims, _) = hub.watch(victim).await;
    let (mut others, _) = hub.watch(other).await;
    let pair = [victim, other];
    let attack = async {
        let mut told = 0;
        for _ in 0..3 {
            let update = victims.until(|user| number(user) > told + 100).await;
            told = number(&update);
            kill(hub.hub().user_actor(victim).unwrap()).await;
        }
        victims.until(|user| number(user) == UPDATES - 1).await
    };
    let (_, last, ()) = tokio::join!(
        hub.control.burst(&pair, UPDATES),
        attack,
        read_until(&mut others, UPDATES)
    );
    assert_eq!(hub.user(victim).await, last);
    assert_eq!(number(&hub.user(other).await), UPDATES);
    is_alive(&mut victims).await;
    is_alive(&mut others).await;
}

#[tokio::test]
async fn a_user_actor_that_falls_too_often_is_back_when_discord_speaks() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let (mut client, before) = hub.watch(user).await;
    for _ in 0..8 {
        kill(hub.hub().user_actor(user).unwrap()).await;
    }
    assert_eq!(hub.user(user).await, before, "what was known stays");
    hub.control.playing(user, "Go").await;
    let update = client.until(|user| game(user) == "Go").await;
    assert!(update["v"].as_u64() > before["v"].as_u64());
    assert_eq!(update["metadata"], before["metadata"]);
}

/// An actor that has not told its supervisor of itself yet leaves it without a word.
#[tokio::test]
async fn a_user_actor_that_is_killed_while_it_starts_is_missed() {
    let hub = TestHub::with(3, |config| {
        config.users.idle_after_ms = 0;
        config.users.sweep_interval_ms = 100;
    })
    .await;
    let user = hub.members().await[0];
    for round in 0..2 {
        eventually("nobody has an actor", async || {
            (hub.hub().directory().actors() == 0).then_some(())
        })
        .await;
        hub.hub().user_actor(user).unwrap().kill();
        let round = format!("Round {round}");
        hub.control.playing(user, &round).await;
        hub.until_user(user, "the presence arrives", |user| game(user) == round)
            .await;
    }
}

#[tokio::test]
async fn a_session_actor_that_is_killed_closes_its_socket_and_no_other() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let (mut other, _) = hub.watch(user).await;
    let before = sessions(&hub);
    let (mut client, _) = hub.watch(user).await;
    let mine = sessions_supervisor(&hub).get_children();
    let mine = mine
        .into_iter()
        .find(|cell| !before.contains(&cell.get_id()));
    mine.unwrap().kill();
    let closed = client.closed().await;
    assert_eq!(closed.code, Some(4000));
    assert!(closed.disconnect.is_some());
    is_alive(&mut other).await;
    hub.control.playing(user, "Chess").await;
    other.expect("PRESENCE_UPDATE").await;
    assert_eq!(sessions(&hub), before);
}

#[tokio::test]
async fn the_user_supervisor_that_is_killed_amid_updates_loses_nothing() {
    let hub = TestHub::with(20, |_| {}).await;
    let users = hub.members().await;
    let mut client = hub.connect().await;
    client.init(&json!({"user_id": "All"})).await;
    let supervisor = users_supervisor(&hub);
    let attack = async {
        client.until(|user| number(user) > 200).await;
        kill(supervisor.clone()).await;
    };
    tokio::join!(hub.control.burst(&users, UPDATES), attack);
    for user in &users {
        let path = format!("/members/{user}");
        let at_discord = hub.control.get(&path).await;
        let told = number(&at_discord["presence"]);
        let right = |user: &_| number(user) == told;
        hub.until_user(*user, "what Discord says is known", right)
            .await;
    }
    assert_ne!(users_supervisor(&hub).get_id(), supervisor.get_id());
    is_alive(&mut client).await;
}

#[tokio::test]
async fn sockets_outlive_the_session_supervisor() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let mut clients = Vec::new();
    for _ in 0..30 {
        clients.push(hub.watch(user).await.0);
    }
    let mut greeting = hub.connect().await;
    for round in 0..3 {
        let supervisor = sessions_supervisor(&hub);
        kill(supervisor.clone()).await;
        eventually("there is another supervisor", async || {
            (sessions_supervisor(&hub).get_id() != supervisor.get_id()).then_some(())
        })
        .await;
        let game = format!("Round {round}");
        hub.control.playing(user, &game).await;
        for client in &mut clients {
            let update = client.expect("PRESENCE_UPDATE").await;
            assert_eq!(update["activities"][0]["name"], game);
            client.expect_silence().await;
        }
        // Who has not said INIT is greeted again.
        greeting.expect("HELLO").await;
    }
    greeting.init(&json!({"user_id": user})).await;
    assert_eq!(sessions(&hub).len(), 31);
    for client in &mut clients {
        client
            .send(&json!({"op": 14, "d": {"user_id": user}}))
            .await;
        client.expect("UNSUBSCRIBE_ACK").await;
        assert_eq!(client.closed().await.code, Some(4003));
    }
}

#[tokio::test]
async fn the_server_gives_up_when_supervisors_fall_too_often() {
    let hub = TestHub::start().await;
    let user = hub.members().await[0];
    let (mut client, _) = hub.watch(user).await;
    let fall = async {
        for round in 0.. {
            let (users, sessions) = hub.hub().supervisors();
            let supervisor = if round % 2 == 0 { users } else { sessions };
            match supervisor {
                Some(supervisor) => kill(supervisor).await,
                None => std::future::pending().await,
            }
        }
    };
    let error = within("the server gives up", async {
        tokio::select! {
            error = hub.app().failed() => error,
            () = fall => unreachable!(),
        }
    })
    .await;
    assert!(matches!(error, AppError::CoreFailed), "{error}");
    let (closed, ()) = tokio::join!(client.closed(), hub.stop());
    let Closed { disconnect, code } = closed;
    assert_eq!(code, Some(1001));
    assert!(disconnect.is_some());
}

/// Users whose actors fall in great numbers, faster than Discord may be asked.
#[tokio::test]
async fn many_user_actors_that_fall_at_once_come_back() {
    let hub = TestHub::with(120, |_| {}).await;
    let users = hub.members().await;
    let supervisor = users_supervisor(&hub);
    for actor in supervisor.get_children() {
        actor.kill();
    }
    hub.control.burst(&users, users.len()).await;
    for (place, user) in users.iter().enumerate() {
        let right = |user: &_| number(user) == place + 1;
        hub.until_user(*user, "the presence arrives", right).await;
    }
}
