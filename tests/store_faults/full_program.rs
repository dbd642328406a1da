//! The whole program on a disk that fills.

use std::path::Path;

use lantern_actors::{
    domain::UserId,
    ports::store::{Store, StoredMember, UserKey},
};
use serde_json::{Value, json};

use crate::{
    decisions::open,
    disk::{SmallDisk, on_small_disk},
    folder::DEMO,
    harness::{Client, Control, game},
    program::Program,
};

#[test]
fn presence_goes_on_while_the_disk_is_full_and_is_stored_when_it_is_not() {
    let test = "full_program::presence_goes_on_while_the_disk_is_full_and_is_stored_when_it_is_not";
    on_small_disk(test, 24, |disk| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(serve_on(disk));
    });
}

async fn serve_on(disk: &SmallDisk) {
    let folder = disk.path().join("store");
    let environment = [("LANTERN__STORE__PATH", folder.to_str().unwrap())];
    let mut demo = Program::start(&DEMO, &environment);
    let said = demo.says("'Authorization: lt_kv_").await.to_owned();
    let (api, _) = said.split_once("/control/members/").unwrap();
    let api = api
        .rsplit(' ')
        .next()
        .unwrap()
        .trim_matches('\'')
        .to_owned();
    let control = Control::at(&api, 0);
    let user = control.members().await[0];
    let rest = format!("http://{}/api/v1/users/{user}", demo.addr());
    let rest = async || -> Value { reqwest::get(&rest).await.unwrap().json().await.unwrap() };
    let said = demo.says("\n").await.to_owned();
    let token = said.split("'Authorization: ").nth(1).unwrap();
    let token = token.split('\'').next().unwrap().to_owned();
    let pair = said.split("curl -X PUT ").last().unwrap();
    let pair = pair.split(' ').next().unwrap().to_owned();
    let put = async |value: &'static str| {
        let request = reqwest::Client::new().put(&pair).body(value);
        let answer = request.header("authorization", &token).send().await;
        let answer = answer.unwrap();
        (
            answer.status().as_u16(),
            answer.headers().contains_key("retry-after"),
        )
    };
    assert_eq!(put("before").await, (200, false));
    let mut client = Client::connect(demo.addr(), "").await;
    client.init(&json!({"user_id": user})).await;
    control.playing(user, "Before").await;
    client.until(|user| game(user) == "Before").await;

    disk.fill();
    let mut round = 0;
    let full = demo.logs("the store cannot write");
    let playing = async {
        loop {
            round += 1;
            let name = format!("Round {round}");
            control.playing(user, &name).await;
            client.until(|user| game(user) == name).await;
            assert_eq!(game(&rest().await), name);
        }
    };
    tokio::select! {
        () = full => {}
        () = playing => {}
    }
    for _ in 0..3 {
        assert_eq!(put("meanwhile").await, (503, true));
    }
    for number in 0..20 {
        let name = format!("Full {number}");
        control.playing(user, &name).await;
        client.until(|user| game(user) == name).await;
        assert_eq!(game(&rest().await), name);
    }

    disk.empty();
    demo.logs("the store can write again").await;
    demo.logs("the store answers again").await;
    assert_eq!(put("after").await, (200, false));
    let log = demo.kill().await;
    assert_eq!(log.matches("the store cannot write").count(), 1, "{log}");
    assert!(!log.contains("panicked"), "{log}");
    assert_eq!(stored_game(&folder, user).await, "Full 19");

    let mut again = Program::start(&DEMO, &environment);
    again.says("Live page").await;
    again.kill().await;
}

/// What the store says that somebody plays.
async fn stored_game(folder: &Path, user: UserId) -> String {
    let store = open(folder).unwrap();
    let guild = store.guilds().await.unwrap()[0];
    let member = store.members().load(UserKey { guild, user }).await;
    store.close().await;
    match member.unwrap().unwrap() {
        StoredMember::Present(member) => member.presence.activities[0].name.clone(),
        StoredMember::Left { .. } => panic!("who plays has not left"),
    }
}
