//! What the core is told and Discord asked, event by event.

use std::time::Duration;

use lantern_actors::domain::Timestamp;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::*;

/// What the core was told, in order, in a few words.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock())
    }
}

fn status(presence: &Presence) -> &'static str {
    presence.status.as_str()
}

impl Intake for Told {
    fn base(&self, _: GuildId) {}

    fn member(&self, update: ProfileUpdate, presence: Option<Presence>) {
        let status = presence.as_ref().map_or("?", status);
        let name = update.username.as_deref().unwrap_or("?");
        self.0
            .lock()
            .push(format!("{} is {name} {status}", update.id));
    }

    fn presence(&self, user: UserId, presence: Presence) {
        self.0
            .lock()
            .push(format!("{user} is {}", status(&presence)));
    }

    fn left(&self, user: UserId) {
        self.0.lock().push(format!("{user} left"));
    }

    fn reconcile(&self, members: HashSet<UserId>) {
        let mut members: Vec<u64> = members.into_iter().map(UserId::get).collect();
        members.sort_unstable();
        self.0.lock().push(format!("all are {members:?}"));
    }

    fn gateway(&self, state: GatewayState) {
        self.0.lock().push(format!("{state:?}"));
    }
}

struct Bench {
    handler: Handler,
    asks: mpsc::UnboundedSender<Ask>,
    told: Arc<Told>,
    now: Moment,
}

impl Bench {
    fn new(guild: Option<u64>) -> Self {
        let told = Arc::new(Told::default());
        let config = GatewayConfig {
            guild_id: guild.map(|id| GuildId::try_from(id).unwrap()),
            ..GatewayConfig::new("token")
        };
        let now = Moment::now();
        let intake = Arc::clone(&told) as Arc<dyn Intake>;
        let (handler, asks) = Handler::new(&config, intake, Arc::default(), now);
        Self {
            handler,
            asks,
            told,
            now,
        }
    }

    /// After the first member sync, with the members 2 and 3, of whom 3 is online.
    fn live() -> Self {
        let mut bench = Self::new(None);
        bench.event("READY", ready(&["1"])).unwrap();
        let nonce = bench.guild_is_there();
        bench
            .event("GUILD_MEMBERS_CHUNK", chunk(&nonce, &[2, 3], &[3]))
            .unwrap();
        bench.told.take();
        bench
    }

    fn event(&mut self, kind: &str, data: Value) -> Result<Option<Request>, GatewayError> {
        let outcome = self
            .handler
            .event(EventKind::named(kind), &data, self.now)?;
        Ok(outcome.request)
    }

    fn guild_is_there(&mut self) -> String {
        let guild = json!({"id": "1", "unavailable": false, "members": []});
        match self.event("GUILD_CREATE", guild) {
            Ok(Some(Request::Everybody { nonce })) => nonce,
            other => panic!("{other:?}"),
        }
    }

    fn after(&mut self, pause: Duration) -> Option<Request> {
        self.now.instant += pause;
        self.now.wall = Timestamp::from_unix_ms(
            self.now.wall.unix_ms() + i64::try_from(pause.as_millis()).unwrap(),
        );
        self.handler.tick(self.now)
    }
}

fn ready(guilds: &[&str]) -> Value {
    let guilds: Vec<Value> = guilds
        .iter()
        .map(|id| json!({"id": id, "unavailable": true}))
        .collect();
    json!({
        "v": 10, "user": {"id": "9", "username": "bot", "discriminator": "0", "avatar": null},
        "guilds": guilds, "session_id": "s", "resume_gateway_url": "ws://localhost",
        "application": {"id": "9", "flags": 0}
    })
}

fn user(id: u64) -> Value {
    json!({"id": id.to_string(), "username": format!("u{id}"), "discriminator": "0"})
}

fn presence(id: u64, status: &str) -> Value {
    json!({"guild_id": "1", "user": {"id": id.to_string()}, "status": status,
        "activities": [], "client_status": {}})
}

fn chunk(nonce: &str, members: &[u64], online: &[u64]) -> Value {
    let members: Vec<Value> = members
        .iter()
        .map(|id| json!({"user": user(*id)}))
        .collect();
    let presences: Vec<Value> = online.iter().map(|id| presence(*id, "online")).collect();
    json!({"guild_id": "1", "nonce": nonce, "chunk_index": 0, "chunk_count": 1,
        "members": members, "presences": presences})
}

#[test]
fn a_session_counts_everybody_and_then_is_live() {
    let mut bench = Bench::new(None);
    assert_eq!(bench.event("READY", ready(&["1"])).unwrap(), None);
    let nonce = bench.guild_is_there();
    assert!(bench.told.take().is_empty());
    bench
        .event("GUILD_MEMBERS_CHUNK", chunk(&nonce, &[2, 3], &[3]))
        .unwrap();
    assert_eq!(
        bench.told.take(),
        [
            "2 is u2 offline",
            "3 is u3 online",
            "all are [2, 3]",
            "Live"
        ]
    );
}

#[test]
fn the_base_guild_is_the_wanted_or_the_only_one() {
    let refusal = |guild: Option<u64>, guilds: &[&str]| {
        Bench::new(guild)
            .event("READY", ready(guilds))
            .unwrap_err()
            .to_string()
    };
    assert!(refusal(Some(7), &["1", "2"]).contains("not in guild 7"));
    assert!(refusal(None, &["1", "2"]).ends_with(": 1, 2"));
    assert!(refusal(None, &[]).contains("in no guild"));
    let mut bench = Bench::new(Some(2));
    bench.event("READY", ready(&["1", "2"])).unwrap();
    assert_eq!(bench.handler.base().borrow().map(GuildId::get), Some(2));
}

#[test]
fn other_guilds_do_not_count() {
    let mut bench = Bench::live();
    let mut elsewhere = presence(2, "online");
    elsewhere["guild_id"] = json!("99");
    bench.event("PRESENCE_UPDATE", elsewhere).unwrap();
    let member = json!({"guild_id": "99", "user": user(5)});
    bench
        .event(
            "GUILD_MEMBER_REMOVE",
            json!({"guild_id": "99", "user": user(2)}),
        )
        .unwrap();
    bench.event("GUILD_MEMBER_ADD", member).unwrap();
    assert!(bench.told.take().is_empty());
}

#[test]
fn members_come_change_and_go() {
    let mut bench = Bench::live();
    bench
        .event(
            "GUILD_MEMBER_ADD",
            json!({"guild_id": "1", "user": user(4)}),
        )
        .unwrap();
    let renamed = json!({"id": "2", "username": "new", "discriminator": "0"});
    bench
        .event(
            "GUILD_MEMBER_UPDATE",
            json!({"guild_id": "1", "user": renamed}),
        )
        .unwrap();
    bench.event("PRESENCE_UPDATE", presence(2, "idle")).unwrap();
    bench
        .event(
            "GUILD_MEMBER_REMOVE",
            json!({"guild_id": "1", "user": user(3)}),
        )
        .unwrap();
    assert_eq!(
        bench.told.take(),
        ["4 is u4 ?", "2 is new ?", "2 is idle", "3 left"]
    );
}

#[test]
fn discord_is_asked_what_a_new_member_is_doing() {
    let mut bench = Bench::live();
    bench
        .event(
            "GUILD_MEMBER_ADD",
            json!({"guild_id": "1", "user": user(4)}),
        )
        .unwrap();
    bench.told.take();
    let Some(Request::Users(question)) = bench.after(Duration::from_millis(250)) else {
        panic!("nobody is asked for");
    };
    assert_eq!(question.users, [UserId::try_from(4).unwrap()]);
    let answer = chunk(&question.nonce, &[4], &[4]);
    bench.event("GUILD_MEMBERS_CHUNK", answer).unwrap();
    assert_eq!(bench.told.take(), ["4 is u4 online"]);
}

#[test]
fn a_presence_may_bring_what_changed_of_the_user_but_not_back_into_the_guild() {
    let mut bench = Bench::live();
    bench.event("PRESENCE_UPDATE", presence(2, "dnd")).unwrap();
    let mut renamed = presence(2, "dnd");
    renamed["user"] = json!({"id": "2", "username": "new"});
    bench.event("PRESENCE_UPDATE", renamed.clone()).unwrap();
    assert_eq!(bench.told.take(), ["2 is dnd", "2 is new dnd"]);
    bench
        .event(
            "GUILD_MEMBER_REMOVE",
            json!({"guild_id": "1", "user": user(2)}),
        )
        .unwrap();
    bench.event("PRESENCE_UPDATE", renamed).unwrap();
    assert_eq!(bench.told.take(), ["2 left"]);
}

/// The list is older than the event, whose other fields it completes.
#[test]
fn a_name_told_while_the_list_is_on_its_way_stays() {
    let mut bench = Bench::live();
    bench.event("READY", ready(&["1"])).unwrap();
    let nonce = bench.guild_is_there();
    let mut renamed = presence(2, "dnd");
    renamed["user"] = json!({"id": "2", "username": "new"});
    bench.event("PRESENCE_UPDATE", renamed).unwrap();
    bench.told.take();
    let answer = chunk(&nonce, &[2, 3], &[]);
    bench.event("GUILD_MEMBERS_CHUNK", answer).unwrap();
    assert_eq!(bench.told.take()[..2], ["2 is new ?", "3 is u3 offline"]);
}

#[test]
fn an_event_that_does_not_say_its_guild_is_about_the_only_one() {
    for (guilds, told) in [(&["1"][..], &["2 is idle"][..]), (&["1", "7"], &[])] {
        let mut bench = Bench::new(Some(1));
        bench.event("READY", ready(guilds)).unwrap();
        let nonce = bench.guild_is_there();
        let answer = chunk(&nonce, &[2, 3], &[3]);
        bench.event("GUILD_MEMBERS_CHUNK", answer).unwrap();
        bench.told.take();
        let mut odd = presence(2, "idle");
        odd["guild_id"] = json!([]);
        bench.event("PRESENCE_UPDATE", odd).unwrap();
        assert_eq!(bench.told.take(), told);
    }
}

#[test]
fn a_login_whose_guilds_cannot_be_read_waits_for_the_guild() {
    let mut bench = Bench::new(None);
    let mut odd = ready(&["1"]);
    odd["guilds"] = json!("all of them");
    bench.event("READY", odd).unwrap();
    assert_eq!(*bench.handler.base().borrow(), None);
    let nonce = bench.guild_is_there();
    assert_eq!(bench.handler.base().borrow().map(GuildId::get), Some(1));
    let answer = chunk(&nonce, &[2, 3], &[]);
    bench.event("GUILD_MEMBERS_CHUNK", answer).unwrap();
    assert_eq!(bench.told.take().last().unwrap(), "Live");
}

#[test]
fn a_user_that_is_gone_when_asked_for_has_left() {
    let mut bench = Bench::live();
    bench
        .asks
        .send(Ask::Member(UserId::try_from(3).unwrap()))
        .unwrap();
    let Some(Request::Users(question)) = bench.after(Duration::from_millis(250)) else {
        panic!("nobody is asked for");
    };
    let mut answer = chunk(&question.nonce, &[], &[]);
    answer["not_found"] = json!(["3"]);
    bench.event("GUILD_MEMBERS_CHUNK", answer).unwrap();
    assert_eq!(bench.told.take(), ["3 left"]);
}

/// The core may have lost the word that somebody left, with the actor that had to hear it.
#[test]
fn who_is_known_to_have_left_is_told_to_have_left_when_asked_for() {
    let mut bench = Bench::live();
    let gone = json!({"guild_id": "1", "user": user(3)});
    bench.event("GUILD_MEMBER_REMOVE", gone).unwrap();
    bench.told.take();
    bench
        .asks
        .send(Ask::Member(UserId::try_from(3).unwrap()))
        .unwrap();
    let Some(Request::Users(question)) = bench.after(Duration::ZERO) else {
        panic!("nobody is asked for");
    };
    let mut answer = chunk(&question.nonce, &[], &[]);
    answer["not_found"] = json!(["3"]);
    bench.event("GUILD_MEMBERS_CHUNK", answer).unwrap();
    assert_eq!(bench.told.take(), ["3 left"]);
}

/// Chunks that came already may be among what the core lost.
#[test]
fn a_recount_starts_a_running_sync_anew() {
    let mut bench = Bench::new(None);
    bench.event("READY", ready(&["1"])).unwrap();
    let first = bench.guild_is_there();
    bench.asks.send(Ask::Everybody).unwrap();
    let Some(Request::Everybody { nonce }) = bench.after(Duration::ZERO) else {
        panic!("the list is not asked for");
    };
    bench.told.take();
    let late = chunk(&first, &[2, 3], &[]);
    bench.event("GUILD_MEMBERS_CHUNK", late).unwrap();
    assert_eq!(bench.told.take(), [""; 0]);
    let answer = chunk(&nonce, &[2], &[]);
    bench.event("GUILD_MEMBERS_CHUNK", answer).unwrap();
    assert!(bench.told.take().contains(&"all are [2]".to_owned()));
}

#[test]
fn a_new_session_is_away_until_its_sync_and_drops_who_left_meanwhile() {
    let mut bench = Bench::live();
    bench.event("READY", ready(&["1"])).unwrap();
    let nonce = bench.guild_is_there();
    bench
        .event("GUILD_MEMBERS_CHUNK", chunk(&nonce, &[3], &[]))
        .unwrap();
    let told = bench.told.take();
    assert!(told[0].starts_with("Away"), "{told:?}");
    assert_eq!(told[1..], ["3 is u3 offline", "all are [3]", "Live"]);
}

#[test]
fn a_resumed_session_keeps_everything() {
    let mut bench = Bench::live();
    bench.handler.connection_lost();
    bench
        .event("PRESENCE_UPDATE", presence(2, "online"))
        .unwrap();
    bench.event("RESUMED", json!({})).unwrap();
    let told = bench.told.take();
    assert!(told[0].starts_with("Away"), "{told:?}");
    assert_eq!(told[1..], ["2 is online", "Live"]);
    assert_eq!(bench.handler.stats.resumes(), 1);
}

#[test]
fn a_guild_that_is_not_reachable_loses_nobody() {
    let mut bench = Bench::live();
    bench
        .event("GUILD_DELETE", json!({"id": "1", "unavailable": true}))
        .unwrap();
    let told = bench.told.take();
    assert!(told.len() == 1 && told[0].starts_with("Away"), "{told:?}");
    let nonce = bench.guild_is_there();
    bench
        .event("GUILD_MEMBERS_CHUNK", chunk(&nonce, &[2, 3], &[]))
        .unwrap();
    assert_eq!(bench.told.take().last().unwrap(), "Live");
}

#[test]
fn a_stalled_list_is_asked_for_again() {
    let mut bench = Bench::new(None);
    bench.event("READY", ready(&["1"])).unwrap();
    let first = bench.guild_is_there();
    let patience = GatewayConfig::new("").patience;
    assert_eq!(bench.after(patience / 2), None);
    let Some(Request::Everybody { nonce }) = bench.after(patience) else {
        panic!("the list is not asked for");
    };
    assert_ne!(nonce, first);
}

#[test]
fn a_list_that_discord_refuses_is_asked_for_when_it_allows_it() {
    let mut bench = Bench::new(None);
    bench.event("READY", ready(&["1"])).unwrap();
    let nonce = bench.guild_is_there();
    let limited = json!({
        "opcode": 8, "retry_after": 26.3, "meta": {"guild_id": "1", "nonce": nonce}
    });
    bench.event("RATE_LIMITED", limited).unwrap();
    assert_eq!(bench.after(Duration::from_secs(26)), None);
    let Some(Request::Everybody { nonce }) = bench.after(Duration::from_millis(400)) else {
        panic!("the list is not asked for");
    };
    let answer = chunk(&nonce, &[2, 3], &[]);
    bench.event("GUILD_MEMBERS_CHUNK", answer).unwrap();
    assert_eq!(bench.told.take().last().unwrap(), "Live");
}

#[test]
fn a_limit_of_which_nothing_can_be_read_is_waited_out() {
    let mut bench = Bench::new(None);
    bench.event("READY", ready(&["1"])).unwrap();
    bench.guild_is_there();
    let limited = json!({"opcode": 8, "retry_after": "soon", "meta": null});
    bench.event("RATE_LIMITED", limited).unwrap();
    assert_eq!(bench.after(Duration::from_secs(29)), None);
    assert!(bench.after(Duration::from_secs(2)).is_some());
}

#[test]
fn events_with_an_odd_form_are_counted_and_read_all_the_same() {
    let mut bench = Bench::live();
    let mut odd = presence(2, "online");
    odd["activities"] = json!([{"name": "osu!", "type": 0, "created_at": "soon"}]);
    bench.event("PRESENCE_UPDATE", odd).unwrap();
    bench
        .event("PRESENCE_UPDATE", json!({"guild_id": "1"}))
        .unwrap();
    assert_eq!(bench.told.take(), ["2 is online"]);
    let stats = &bench.handler.stats;
    assert_eq!(stats.received(EventKind::PresenceUpdate), 2);
    assert_eq!(stats.unparsed(EventKind::PresenceUpdate), 2);
    assert_eq!(stats.salvaged(EventKind::PresenceUpdate), 1);
}
