//! What sockets, the gateway intake, commands and the store add to `/metrics`.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use crate::{
    admission::Admission,
    api::metrics::{Collector, counter, family, gauge, sample},
    discord::{EventKind, GatewayStats, commands::CommandStats},
    socket::Shards,
    store::embedded::WriterStats,
    tcp, telemetry,
};
use lantern_actors::wire::pinned_bytes;
use lantern_card::Cards;

/// The numbers of cards and of the pictures inside them.
pub fn cards(cards: Arc<Cards>) -> Collector {
    Box::new(move |out| {
        let (drawn, pictures) = (cards.counts(), cards.pictures().counts());
        let name = "lantern_cards_total";
        let help = "Cards that were drawn, by format, and those that had been drawn before.";
        family(out, "counter", name, help);
        for (label, count) in [
            ("svg", &drawn.svg),
            ("png", &drawn.png),
            ("kept", &drawn.kept),
        ] {
            sample(
                out,
                name,
                &format!("{{drawn=\"{label}\"}}"),
                count.load(Relaxed),
            );
        }
        let name = "lantern_card_pictures_total";
        let help = "Pictures for cards, by what came of it: kept, fetched, failed.";
        family(out, "counter", name, help);
        let counts = [
            ("kept", &pictures.kept),
            ("fetched", &pictures.fetched),
            ("failed", &pictures.failed),
        ];
        for (label, count) in counts {
            sample(
                out,
                name,
                &format!("{{outcome=\"{label}\"}}"),
                count.load(Relaxed),
            );
        }
    })
}

/// The numbers of the log.
pub fn log() -> Collector {
    Box::new(|out| {
        let name = "lantern_log_lines_dropped_total";
        let help = "Lines of the log that could not be written, or not in time.";
        counter(out, name, help, telemetry::lines_dropped());
        let name = "lantern_log_lines_left_out_total";
        let help = "Lines of the log that were counted only, because many like them came before.";
        counter(out, name, help, telemetry::lines_left_out());
    })
}

/// The numbers of the presence sockets.
pub fn sockets(shards: Arc<Shards>) -> Collector {
    Box::new(move |out| {
        let stats = shards.stats();
        gauge(
            out,
            "lantern_sockets_open",
            "Presence sockets that are open.",
            *stats.open.borrow(),
        );
        gauge(
            out,
            "lantern_subscriptions",
            "Pairs of a socket and a user that it names, and sockets that watch everybody.",
            shards.subscriptions(),
        );
        gauge(
            out,
            "lantern_queued_messages",
            "Messages that wait for sockets that are full.",
            stats.queued.load(Relaxed),
        );
        gauge(
            out,
            "lantern_pinned_bytes",
            "Bytes of large texts that were replaced and that somebody still has to be sent.",
            pinned_bytes(),
        );
        for (name, help, value) in [
            (
                "lantern_sockets_opened_total",
                "Presence sockets ever opened.",
                &stats.opened,
            ),
            (
                "lantern_publications_total",
                "Publications taken in, once for each fan-out shard.",
                &stats.publications,
            ),
            (
                "lantern_deliveries_total",
                "Messages handed to sockets by the fan-out.",
                &stats.deliveries,
            ),
            (
                "lantern_delivery_writes_total",
                "System calls that wrote them.",
                &stats.writes,
            ),
            (
                "lantern_sockets_full_total",
                "How often a socket was found full.",
                &stats.full,
            ),
            (
                "lantern_client_messages_total",
                "Messages from clients.",
                &stats.received,
            ),
            (
                "lantern_sockets_closed_by_client_total",
                "Sockets that their client closed or lost.",
                &stats.closed_by_client,
            ),
        ] {
            counter(out, name, help, value.load(Relaxed));
        }
        let name = "lantern_sockets_closed_total";
        family(
            out,
            "counter",
            name,
            "Sockets that the server closed, by close code.",
        );
        for (code, count) in stats.closes() {
            sample(out, name, &format!("{{code=\"{}\"}}", code.number()), count);
        }
    })
}

/// How near the limits are, and what was refused.
pub fn admission(admission: Arc<Admission>) -> Collector {
    Box::new(move |out| {
        let name = "lantern_admitted";
        family(out, "gauge", name, "What clients hold of what is limited.");
        for (resource, held, _) in admission.held() {
            let labels = format!("{{resource=\"{}\"}}", resource.name());
            sample(out, name, &labels, held);
        }
        let name = "lantern_admitted_limit";
        family(out, "gauge", name, "How much of it clients may hold.");
        for (resource, _, limit) in admission.held() {
            let labels = format!("{{resource=\"{}\"}}", resource.name());
            sample(out, name, &labels, limit);
        }
        let name = "lantern_refused_total";
        let help = "What was not let in, by the limit that was reached.";
        family(out, "counter", name, help);
        for (refusal, count) in admission.refused() {
            let labels = format!("{{reason=\"{}\"}}", refusal.reason());
            sample(out, name, &labels, count);
        }
        gauge(
            out,
            "lantern_addresses_remembered",
            "Client addresses whose shares are counted.",
            admission.addresses(),
        );
    })
}

/// What the kernel holds for clients that do not read, and what was done about it.
pub fn tcp(listener: SocketAddr, shards: Arc<Shards>) -> Collector {
    Box::new(move |out| {
        if let Some(bytes) = tcp::unacknowledged_bytes(listener) {
            gauge(
                out,
                "lantern_unsent_bytes",
                "Bytes of HTTP connections and sockets that the kernel holds, closed ones too.",
                bytes,
            );
        }
        let name = "lantern_connections_reset_total";
        let help =
            "Connections that were reset when they ended, because their client took nothing.";
        family(out, "counter", name, help);
        let sockets = shards.stats().reset.load(Relaxed);
        for (label, count) in [("http", tcp::http_resets()), ("socket", sockets)] {
            sample(out, name, &format!("{{kind=\"{label}\"}}"), count);
        }
    })
}

/// The numbers of an embedded store.
pub fn embedded_store(stats: Arc<WriterStats>) -> Collector {
    Box::new(move |out| {
        gauge(
            out,
            "lantern_store_waiting",
            "Requests that wait for the store's writer.",
            stats.waiting.load(Relaxed),
        );
        for (name, help, value) in [
            (
                "lantern_store_commits_total",
                "Decisions that were committed.",
                &stats.commits,
            ),
            (
                "lantern_store_conflicts_total",
                "Commits that were refused because another was first.",
                &stats.conflicts,
            ),
            (
                "lantern_store_members_total",
                "Members whose latest presence was stored.",
                &stats.members,
            ),
            (
                "lantern_store_batches_total",
                "Batches that were written, each with all that had gathered.",
                &stats.batches,
            ),
            (
                "lantern_store_failures_total",
                "How often the store could not write and had to be opened again.",
                &stats.failures,
            ),
        ] {
            counter(out, name, help, value.load(Relaxed));
        }
        let busy = Duration::from_micros(stats.busy_us.load(Relaxed));
        counter(
            out,
            "lantern_store_busy_seconds_total",
            "How long the writer was writing and waiting for the disk.",
            busy.as_secs_f64(),
        );
    })
}

/// The numbers of the connection to Discord, once there is one.
pub fn gateway(stats: impl Fn() -> Option<Arc<GatewayStats>> + Send + Sync + 'static) -> Collector {
    Box::new(move |out| {
        let Some(stats) = stats() else {
            return;
        };
        type Count = fn(&GatewayStats, EventKind) -> u64;
        let by_kind: [(&str, &str, Count); 3] = [
            (
                "lantern_gateway_events_total",
                "Events from Discord.",
                GatewayStats::received,
            ),
            (
                "lantern_gateway_unparsed_total",
                "Events whose form is not known.",
                GatewayStats::unparsed,
            ),
            (
                "lantern_gateway_salvaged_total",
                "Events of unknown form that were read field by field.",
                GatewayStats::salvaged,
            ),
        ];
        for (name, help, count) in by_kind {
            family(out, "counter", name, help);
            for kind in EventKind::ALL {
                let labels = format!("{{event=\"{}\"}}", kind.as_str());
                sample(out, name, &labels, count(&stats, kind));
            }
        }
        for (name, help, value) in [
            (
                "lantern_gateway_parts_lost_total",
                "Activities, members and presences of Discord that could not be used.",
                stats.parts_lost(),
            ),
            (
                "lantern_gateway_reconnects_total",
                "Connections to the gateway after the first.",
                stats.reconnects(),
            ),
            (
                "lantern_gateway_sessions_total",
                "Gateway sessions.",
                stats.sessions(),
            ),
            (
                "lantern_gateway_resumes_total",
                "Sessions that were resumed.",
                stats.resumes(),
            ),
            (
                "lantern_gateway_censuses_total",
                "Complete counts of the members.",
                stats.censuses(),
            ),
        ] {
            counter(out, name, help, value);
        }
    })
}

/// The numbers of slash commands.
pub fn commands(stats: Arc<CommandStats>) -> Collector {
    Box::new(move |out| {
        let name = "lantern_commands_total";
        family(
            out,
            "counter",
            name,
            "Slash commands and their buttons that were used, by what came of it.",
        );
        for (command, outcome, count) in stats.commands() {
            let outcome = outcome.as_str();
            let labels = format!("{{command=\"{command}\",outcome=\"{outcome}\"}}");
            sample(out, name, &labels, count);
        }
        for (name, help, value) in [
            (
                "lantern_commands_promised_total",
                "Answers that took so long that Discord was told to wait.",
                stats.promised(),
            ),
            (
                "lantern_commands_turned_away_total",
                "Interactions that were not looked at, because too many were under way.",
                stats.turned_away(),
            ),
            (
                "lantern_command_completions_total",
                "How often what somebody typed was completed.",
                stats.completions(),
            ),
        ] {
            counter(out, name, help, value);
        }
    })
}
