//! `/metrics`: numbers in Prometheus' text format 0.0.4.
//!
//! Other parts add theirs as a [`Collector`], written with [`gauge`] and [`counter`].

use std::fmt::{Display, Write};
use std::sync::{Arc, atomic::Ordering};

use lantern_actors::ports::GatewayState;
use poem::{IntoResponse, Response};
use poem_openapi::{ApiResponse, OpenApi, payload::Payload, registry::MetaSchemaRef, types::Type};
use tokio::sync::Mutex;

use super::{ServerContext, VERSION, tag::Tag};

/// Appends numbers to the text.
pub type Collector = Box<dyn Fn(&mut String) + Send + Sync>;

/// Appends a number that goes up and down.
pub fn gauge(out: &mut String, name: &str, help: &str, value: impl Display) {
    family(out, "gauge", name, help);
    sample(out, name, "", value);
}

/// Appends a number that only grows; its name ends in `_total`.
pub fn counter(out: &mut String, name: &str, help: &str, value: impl Display) {
    family(out, "counter", name, help);
    sample(out, name, "", value);
}

/// Appends what comes before the samples of one name. `kind` is `gauge` or `counter`.
pub fn family(out: &mut String, kind: &str, name: &str, help: &str) {
    // Writing into a String cannot fail.
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// Appends one sample. `labels` is empty or as in `{state="live"}`.
pub fn sample(out: &mut String, name: &str, labels: &str, value: impl Display) {
    let _ = writeln!(out, "{name}{labels} {value}");
}

/// The operations.
pub(super) struct MetricsRoutes {
    context: Arc<ServerContext>,
    /// Held while the numbers are gathered. Some are asked of the kernel, which takes milliseconds
    /// with many connections, so whoever asks often waits for themselves alone.
    gathering: Mutex<()>,
}

impl MetricsRoutes {
    pub(super) fn new(context: Arc<ServerContext>) -> Self {
        Self {
            context,
            gathering: Mutex::const_new(()),
        }
    }
}

#[OpenApi(tag = "Tag::Operations")]
impl MetricsRoutes {
    /// Numbers for Prometheus
    #[oai(path = "/metrics", method = "get", operation_id = "get_metrics")]
    async fn metrics(&self) -> Metrics {
        let _alone = self.gathering.lock().await;
        let context = Arc::clone(&self.context);
        let text = tokio::task::spawn_blocking(move || text(&context)).await;
        Metrics::Ok(PrometheusText(text.unwrap_or_default()))
    }
}

#[derive(ApiResponse)]
enum Metrics {
    /// The numbers.
    #[oai(status = 200)]
    Ok(PrometheusText),
}

struct PrometheusText(String);

impl Payload for PrometheusText {
    const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    fn schema_ref() -> MetaSchemaRef {
        String::schema_ref()
    }
}

impl IntoResponse for PrometheusText {
    fn into_response(self) -> Response {
        self.0.with_content_type(Self::CONTENT_TYPE).into_response()
    }
}

fn text(context: &ServerContext) -> String {
    let mut out = String::with_capacity(4_096);
    let hub = &context.hub;
    family(
        &mut out,
        "gauge",
        "lantern_build_info",
        "The version that runs.",
    );
    let version = format!("{{version=\"{VERSION}\"}}");
    sample(&mut out, "lantern_build_info", &version, 1);
    let uptime = context.started.elapsed().as_secs_f64();
    gauge(
        &mut out,
        "lantern_uptime_seconds",
        "How long the server has been running.",
        uptime,
    );
    let users = hub.directory();
    gauge(
        &mut out,
        "lantern_users_monitored",
        "Users that are monitored.",
        users.monitored(),
    );
    gauge(
        &mut out,
        "lantern_store_up",
        "Whether the store can be used: 1, or 0 while it cannot.",
        u8::from(hub.store().is_available()),
    );
    gauge(
        &mut out,
        "lantern_members_unsaved",
        "Members whose latest presence is not stored yet.",
        users.unsaved_members(),
    );
    gauge(
        &mut out,
        "lantern_user_actors",
        "User actors that live now.",
        users.actors(),
    );
    counter(
        &mut out,
        "lantern_user_actors_started_total",
        "User actors that were ever started.",
        users.actors_started(),
    );
    gauge(
        &mut out,
        "lantern_ready",
        "Whether the member list has been complete.",
        u8::from(hub.is_complete()),
    );
    let name = "lantern_storage_requests_total";
    family(
        &mut out,
        "counter",
        name,
        "Changes of users' storage that were asked for, by what became of them.",
    );
    let counts = hub.storage_counts();
    for (outcome, count) in [
        ("done", &counts.done),
        ("refused", &counts.refused),
        ("unavailable", &counts.unavailable),
    ] {
        let labels = format!("{{outcome=\"{outcome}\"}}");
        sample(&mut out, name, &labels, count.load(Ordering::Relaxed));
    }
    gateway(&mut out, hub.gateway_state());
    for collect in &context.collectors {
        collect(&mut out);
    }
    out
}

fn gateway(out: &mut String, state: GatewayState) {
    let name = "lantern_gateway_state";
    family(
        out,
        "gauge",
        name,
        "How the connection to Discord is doing: 1 for the current state.",
    );
    for (label, is_current) in [
        ("connecting", state == GatewayState::Connecting),
        ("live", state == GatewayState::Live),
        ("away", matches!(state, GatewayState::Away { .. })),
    ] {
        let labels = format!("{{state=\"{label}\"}}");
        sample(out, name, &labels, u8::from(is_current));
    }
}
