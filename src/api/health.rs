//! `/healthz` and `/readyz`: for whoever starts, stops and balances servers.

use lantern_actors::Hub;
use poem_openapi::{ApiResponse, OpenApi, payload::PlainText};

use super::{
    problem::{Problem, ProblemJson, ProblemKind},
    tag::Tag,
};

/// Seconds after which it may be asked again.
const RETRY_AFTER_S: u32 = 1;

/// The operations.
pub(super) struct HealthRoutes(pub Hub);

#[OpenApi(tag = "Tag::Operations")]
impl HealthRoutes {
    /// Whether the server runs
    #[oai(path = "/healthz", method = "get", operation_id = "get_health")]
    async fn health(&self) -> Health {
        Health::Running(PlainText("ok\n"))
    }

    /// Whether the server knows its users
    ///
    /// Answers 503 until the guild's member list was complete for the first time. It stays ready
    /// while the connection to Discord is lost, for it still answers, with `stale` users.
    #[oai(path = "/readyz", method = "get", operation_id = "get_readiness")]
    async fn readiness(&self) -> Readiness {
        if self.0.is_complete() {
            return Readiness::Ready(PlainText("ready\n"));
        }
        let detail = "The members are still being counted.";
        let problem = Problem::new(ProblemKind::NotReady, detail);
        Readiness::NotReady(ProblemJson(problem), RETRY_AFTER_S)
    }
}

#[derive(ApiResponse)]
enum Health {
    /// It runs.
    #[oai(status = 200)]
    Running(PlainText<&'static str>),
}

#[derive(ApiResponse)]
enum Readiness {
    /// Ready.
    #[oai(status = 200)]
    Ready(PlainText<&'static str>),
    /// The members are still being counted: `not_ready`.
    #[oai(status = 503)]
    NotReady(
        ProblemJson,
        /// Seconds to wait before trying again.
        #[oai(header = "Retry-After")]
        u32,
    ),
}
