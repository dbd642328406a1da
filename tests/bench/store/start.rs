//! How long a start takes with members that are stored, and the memory then.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

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
        Activity, ActivityAsset, ActivityId, ActivityKind, GuildId, Member, Platforms, Presence,
        Profile, Status, Timestamp, UserFlags, UserId, Version,
    },
    ports::store::{Store, StoredMember},
};
use poem::EndpointExt as _;
use tokio::sync::watch;

use crate::{
    child::{self, Child},
    folder,
    report::spread,
};

const ROUNDS: usize = 5;
/// How many members are stored at once.
const STEP: u64 = 500;
const FIRST: u64 = 100_000_000_000_000_000;

/// The folder is left as by SIGKILL, so each start reads the journal too.
pub fn measure(members: usize) {
    let folder = folder();
    let filling = Child::start(&format!("fill {} {members}", folder.path().display()));
    assert_eq!(filling.greeting[0], "filled");
    drop(filling);
    let (mut first, mut all, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let mut server = Child::start(&format!("serve {}", folder.path().display()));
        let port = server.greeting[0].parse().unwrap();
        while !is_served(port, FIRST) {
            std::thread::sleep(Duration::from_millis(1));
        }
        first.push(began.elapsed().as_secs_f64());
        assert_eq!(server.ask("restored", 0), [members as f64]);
        all.push(began.elapsed().as_secs_f64());
        assert!(is_served(port, FIRST + members as u64 - 1));
        memory.push(server.resident_kib() as f64 / 1_024.0);
    }
    let size = folder_mib(folder.path());
    println!("\nStart with {members} stored members, {size:.0} MiB, {ROUNDS} rounds");
    for (what, values, unit) in [
        ("until the first is served", first, "s"),
        ("until all are", all, "s"),
        ("memory then", memory, "MiB"),
    ] {
        let (low, median, high) = spread(&values);
        println!("  {what:28}{median:7.2} {unit} ({low:.2}-{high:.2})");
    }
}

fn folder_mib(folder: &Path) -> f64 {
    let disk = std::process::Command::new("du")
        .arg("-sk")
        .arg(folder)
        .output();
    let said = String::from_utf8(disk.unwrap().stdout).unwrap();
    said.split_whitespace()
        .next()
        .unwrap()
        .parse::<f64>()
        .unwrap()
        / 1_024.0
}

fn is_served(port: u16, user: u64) -> bool {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let request = format!("GET /api/v1/users/{user} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    &status == b"HTTP/1.1 200"
}

fn open(folder: &str) -> Arc<EmbeddedStore> {
    Arc::new(EmbeddedStore::open(&EmbeddedConfig::at(folder)).unwrap())
}

fn guild() -> GuildId {
    GuildId::try_from(1).unwrap()
}

/// In a child: stores members.
#[tokio::main]
pub async fn fill(folder: &str, members: &str) {
    let store = open(folder);
    let end = FIRST + members.parse::<u64>().unwrap();
    let mut from = FIRST;
    while from < end {
        let to = end.min(from + STEP);
        let step = (from..to).map(|id| StoredMember::Present(member(id)));
        store.members().keep(guild(), step.collect()).await.unwrap();
        from = to;
    }
    println!("filled");
    std::future::pending::<()>().await;
}

/// In a child: the server without Discord.
pub fn serve(folder: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_stop, stopped) = watch::channel(false);
    let store = open(folder);
    let hub = runtime.block_on(async {
        let shards = Shards::start(2, &SocketLimits::default()).unwrap();
        let hub = Hub::start(HubConfig::default(), shards.clone(), shards.clone(), store);
        let hub = hub.await.unwrap();
        hub.restore(guild());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap().port());
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
        hub
    });
    child::obey(|what, _| match what {
        "restored" => {
            runtime.block_on(hub.restored());
            Some(vec![hub.directory().monitored() as f64])
        }
        other => panic!("unknown request {other}"),
    });
}

fn member(id: u64) -> Member {
    let asset = |name: &str| ActivityAsset::new(Some(name.to_owned()), Some(name.to_owned()));
    let moment = Timestamp::from_unix_ms(1_620_000_000_000);
    Member {
        user_version: lantern_actors::domain::Version::default(),
        profile: Profile {
            id: UserId::try_from(id).unwrap(),
            username: format!("member{id}"),
            discriminator: 0,
            global_name: Some("A member".to_owned()),
            avatar: Some("0123456789abcdef0123456789abcdef".to_owned()),
            bot: false,
            flags: UserFlags::default(),
            server_tag: None,
        },
        presence: Presence {
            status: Status::Online,
            platforms: Platforms {
                desktop: Status::Online,
                ..Platforms::default()
            },
            activities: vec![Activity {
                id: ActivityId::from(1_234_567_890_123),
                kind: ActivityKind::Playing,
                name: "A game".to_owned(),
                state: Some("In a lobby".to_owned()),
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
        },
        monitoring_since: moment,
        last_seen_at: None,
        version: Version::new(1_700_000_000_000_000),
    }
}
