//! Serenity's real client against the simulator.

use serenity::all::{
    ChunkGuildFilter, ClientBuilder, Context, EventHandler, GatewayIntents, Guild,
    GuildMembersChunkEvent, HttpBuilder, Presence, Ready, ResumedEvent,
};
use serenity::async_trait;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::{quiet, soon, start};
use lantern::simulator::{Simulator, SimulatorConfig};

enum Seen {
    Ready(Box<Ready>),
    Guild(Box<Guild>, Context),
    Chunk(GuildMembersChunkEvent),
    Presence(Box<Presence>),
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
                Seen::Resumed => {}
            }
        }
    })
    .await;
    task.abort();
    simulator.stop().await;
}
