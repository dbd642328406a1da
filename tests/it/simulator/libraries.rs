//! Serenity's real client against the simulator.

use serde_json::{Value, json};
use serenity::all::{
    ChunkGuildFilter, ClientBuilder, Command, Context, CreateAttachment, CreateCommand,
    CreateInteractionResponse, CreateInteractionResponseFollowup, CreateInteractionResponseMessage,
    EventHandler, GatewayIntents, Guild, GuildMembersChunkEvent, HttpBuilder, Interaction, Member,
    OnlineStatus, Presence, Ready, ResumedEvent,
};
use serenity::async_trait;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::rest::{control, put_presence};
use super::{quiet, soon, start};
use lantern_simulator::{Simulator, SimulatorConfig};

enum Seen {
    Ready(Box<Ready>),
    Guild(Box<Guild>, Context),
    Chunk(GuildMembersChunkEvent),
    Presence(Box<Presence>),
    Answered,
    Resumed,
}

struct Handler(UnboundedSender<Seen>);

#[async_trait]
impl EventHandler for Handler {
    async fn ready(&self, _: Context, ready: Ready) {
        _ = self.0.send(Seen::Ready(Box::new(ready)));
    }

    async fn guild_create(&self, ctx: Context, guild: Guild, _: Option<bool>) {
        _ = self.0.send(Seen::Guild(Box::new(guild), ctx));
    }

    async fn guild_members_chunk(&self, _: Context, chunk: GuildMembersChunkEvent) {
        _ = self.0.send(Seen::Chunk(chunk));
    }

    async fn presence_update(&self, _: Context, presence: Presence) {
        _ = self.0.send(Seen::Presence(Box::new(presence)));
    }

    async fn interaction_create(&self, ctx: Context, interaction: Interaction) {
        let Interaction::Command(command) = interaction else {
            return;
        };
        let reply = CreateInteractionResponseMessage::new().content("pong");
        let reply = CreateInteractionResponse::Message(reply);
        command
            .create_response(&ctx, reply)
            .await
            .expect("the reply is taken");
        let file = CreateAttachment::bytes("png", "card.png");
        let more = CreateInteractionResponseFollowup::new().add_file(file);
        command
            .create_followup(&ctx, more)
            .await
            .expect("the follow-up is taken");
        _ = self.0.send(Seen::Answered);
    }

    async fn resume(&self, _: Context, _: ResumedEvent) {
        _ = self.0.send(Seen::Resumed);
    }
}

async fn log_in(simulator: &Simulator) -> (UnboundedReceiver<Seen>, JoinHandle<()>) {
    let (sender, seen) = unbounded_channel();
    let http = HttpBuilder::new("simulated-token")
        .proxy(simulator.api_url())
        .ratelimiter_disabled(true)
        .build();
    let intents =
        GatewayIntents::GUILDS | GatewayIntents::GUILD_MEMBERS | GatewayIntents::GUILD_PRESENCES;
    let builder = ClientBuilder::new_with_http(http, intents).event_handler(Handler(sender));
    let mut client = builder.await.expect("the client is built");
    let task = tokio::spawn(async move { client.start().await.expect("the client runs") });
    (seen, task)
}

#[tokio::test(flavor = "multi_thread")]
async fn serenity_logs_in_and_sees_everything() {
    let simulator = start(SimulatorConfig {
        rate: 50.0,
        ..quiet(1_500)
    })
    .await;
    let (mut seen, task) = log_in(&simulator).await;
    let (mut ready, mut guild, mut members, mut presences) = (false, false, 0, 0);
    soon("all events", async {
        while !(ready && guild && members == 1_501 && presences >= 5) {
            match seen.recv().await.expect("the client is alive") {
                Seen::Ready(event) => ready = event.user.id.get() == simulator.bot_id(),
                Seen::Guild(event, ctx) => {
                    assert_eq!(event.member_count, 1_501);
                    assert!(event.members.len() > 500 && event.presences.len() > 500);
                    ctx.shard.chunk_guild(
                        event.id,
                        None,
                        true,
                        ChunkGuildFilter::None,
                        Some("all".to_owned()),
                    );
                    guild = true;
                }
                Seen::Chunk(chunk) => {
                    assert_eq!(chunk.nonce.as_deref(), Some("all"));
                    members += chunk.members.len();
                }
                Seen::Presence(presence) => {
                    assert_eq!(
                        presence.guild_id.map(|id| id.get()),
                        Some(simulator.guild_id())
                    );
                    presences += 1;
                }
                Seen::Resumed | Seen::Answered => {}
            }
        }
    })
    .await;
    task.abort();
    simulator.stop().await;
}

async fn until(
    seen: &mut UnboundedReceiver<Seen>,
    what: &str,
    test: impl Fn(&Seen) -> bool,
) -> Seen {
    soon(what, async {
        loop {
            let event = seen.recv().await.expect("the client is alive");
            if test(&event) {
                return event;
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn serenity_resumes_after_a_drop_and_misses_nothing() {
    let simulator = start(quiet(20)).await;
    let (mut seen, task) = log_in(&simulator).await;
    let mut session = None;
    soon("the guild", async {
        loop {
            match seen.recv().await.expect("the client is alive") {
                Seen::Ready(ready) => session = Some(ready.session_id),
                Seen::Guild(..) => return,
                _ => {}
            }
        }
    })
    .await;
    control(&simulator, "POST", "/gateway", json!({"action": "drop"})).await;
    put_presence(&simulator, json!({"status": "dnd"})).await;
    // Serenity runs handlers side by side, so any may be first, and READY's may come after the guild's.
    let (mut resumed, mut replayed) = (false, false);
    while !(resumed && replayed) {
        match until(&mut seen, "RESUMED and what was missed", |_| true).await {
            Seen::Resumed => resumed = true,
            Seen::Presence(it) => replayed |= it.status == OnlineStatus::DoNotDisturb,
            Seen::Ready(ready) => {
                let first = session.get_or_insert(ready.session_id.clone());
                assert_eq!(*first, ready.session_id);
            }
            _ => {}
        }
    }
    task.abort();
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn serenity_answers_a_command() {
    let simulator = start(quiet(20)).await;
    let (mut seen, task) = log_in(&simulator).await;
    let guild = until(&mut seen, "the guild", |event| {
        matches!(event, Seen::Guild(..))
    })
    .await;
    let Seen::Guild(_, ctx) = guild else { return };
    let command = CreateCommand::new("ping").description("Says pong");
    Command::create_global_command(&ctx, command)
        .await
        .expect("the command is registered");
    let fire = json!({"type": "command", "name": "ping", "followups": 1});
    let (status, outcome) = control(&simulator, "POST", "/interactions", fire).await;
    assert_eq!(
        (status, &outcome["message"]["content"]),
        (200, &json!("pong")),
        "{outcome}"
    );
    let file = &outcome["followups"][0]["attachments"][0];
    assert_eq!(
        (&file["filename"], &file["size"]),
        (&json!("card.png"), &json!(3))
    );
    until(&mut seen, "the handler's end", |event| {
        matches!(event, Seen::Answered)
    })
    .await;
    let url = file["url"].as_str().expect("an address");
    let bytes = reqwest::get(url)
        .await
        .expect("an answer")
        .bytes()
        .await
        .expect("the file");
    assert_eq!(bytes, "png");
    task.abort();
    simulator.stop().await;
}

#[tokio::test]
async fn serenity_can_read_every_member_and_presence() {
    let simulator = start(quiet(900)).await;
    let (_, page) = control(&simulator, "GET", "/members?limit=1000", Value::Null).await;
    let members = page["members"].as_array().expect("a list");
    assert_eq!(members.len(), 901);
    for member in members {
        let mut with_guild = member.clone();
        with_guild["guild_id"] = json!(simulator.guild_id().to_string());
        serde_json::from_value::<Member>(with_guild)
            .unwrap_or_else(|error| panic!("{error}: {member}"));
        let presence = member["presence"].clone();
        serde_json::from_value::<Presence>(presence)
            .unwrap_or_else(|error| panic!("{error}: {member}"));
    }
    simulator.stop().await;
}
