//! The real server: from a user actor to the sockets.

use std::{sync::Arc, time::Duration};

use ::lantern::{
    admission::Admission,
    api::Gate,
    auth::Failures,
    server::{self, Routes, ServerLimits},
    socket::{Shards, SocketLimits, Upgrader},
    store::embedded::{EmbeddedConfig, EmbeddedStore},
};
use lantern_actors::{
    Hub, HubConfig,
    domain::{
        Activity, ActivityAsset, ActivityId, ActivityKind, Platforms, Presence, Profile, Status,
        Timestamp, UserFlags, UserId,
    },
    ports::Intake as _,
    user::UserState,
};
use poem::EndpointExt as _;
use tokio::sync::watch;

use crate::child;

pub fn run() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let user = UserId::try_from(123_456_789_012_345_678).unwrap();
    let (_stop, stopped) = watch::channel(false);
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(&EmbeddedConfig::at(folder.path())).unwrap();
    let store = Arc::new(store);
    let hub = runtime.block_on(async {
        let shards = Shards::start(2, &SocketLimits::default()).unwrap();
        let mut config = HubConfig::default();
        config.sessions.heartbeat_interval = Duration::from_secs(3_600);
        let hub = Hub::start(config, shards.clone(), shards.clone(), store)
            .await
            .unwrap();
        hub.member(profile(user).into(), Some(presence(0)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let admission = Admission::boundless();
        let routes = Routes {
            hub: hub.clone(),
            admission: Arc::clone(&admission),
            gate: Arc::new(Gate::new(None, Failures::new(1), Arc::clone(&admission))),
            sockets: Upgrader::new(hub.clone(), shards, admission),
            api: Arc::new(poem::Route::new().map_to_response().boxed()),
        };
        tokio::spawn(server::serve(
            listener,
            routes,
            ServerLimits::default(),
            stopped,
        ));
        println!("{port} {user}");
        hub
    });
    let mut number = 0;
    child::obey(|what, count| match what {
        "publish" => {
            for _ in 0..count {
                number += 1;
                hub.presence(user, presence(number));
            }
            None
        }
        other => panic!("unknown request {other}"),
    });
}

/// The user's document, as REST answers with.
pub fn document() -> Vec<u8> {
    let user = UserId::try_from(123_456_789_012_345_678).unwrap();
    let now = Timestamp::from_unix_ms(1_620_000_000_000);
    let state = UserState::new(profile(user), Some(presence(0)), now);
    serde_json::to_vec(&state.document()).unwrap()
}

fn profile(id: UserId) -> Profile {
    Profile {
        id,
        username: "example".to_owned(),
        discriminator: 0,
        global_name: Some("Example".to_owned()),
        avatar: Some("0123456789abcdef0123456789abcdef".to_owned()),
        bot: false,
        flags: UserFlags::default(),
        server_tag: None,
    }
}

/// A presence whose document is always as long.
fn presence(number: u32) -> Presence {
    let asset = |name: &str| ActivityAsset::new(Some(name.to_owned()), Some(name.to_owned()));
    let moment = Timestamp::from_unix_ms(1_620_000_000_000);
    Presence {
        status: Status::Online,
        platforms: Platforms {
            desktop: Status::Online,
            ..Platforms::default()
        },
        activities: vec![Activity {
            id: ActivityId::from(1_234_567_890_123),
            kind: ActivityKind::Playing,
            name: "A game".to_owned(),
            state: Some(format!("Round {number:08}")),
            details: Some("In a match".to_owned()),
            application_id: "123456789012345678".parse().ok(),
            created_at: moment,
            start: Some(moment),
            end: None,
            large_image: asset("1234567890123456"),
            small_image: asset("6543210987654321"),
            emoji: None,
            sync_id: None,
        }],
    }
}
