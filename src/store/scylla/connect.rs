//! Makes a session with the database.

use std::{sync::Arc, time::Duration};

use scylla::{
    client::{
        execution_profile::ExecutionProfile, session::Session, session_builder::SessionBuilder,
    },
    policies::speculative_execution::SimpleSpeculativeExecutionPolicy,
    statement::{Consistency, SerialConsistency},
};

use super::settings::ScyllaSettings;

/// How long one node may take before an idempotent request is sent to a second one too.
const SECOND_NODE_AFTER: Duration = Duration::from_millis(200);

/// How often a connection on which nothing happens is tried out.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// Makes a session that uses no keyspace yet; `Err` is a sentence for a person.
pub(super) async fn connect(settings: &ScyllaSettings) -> Result<Session, String> {
    let builder = builder(settings);
    let building = builder.build();
    // Each step has its own time-out in the driver; a node that accepts and is silent could use them
    // all up, one after the other.
    let patience = settings.connect_timeout + settings.request_timeout;
    let nodes = settings.nodes.join(", ");
    match tokio::time::timeout(patience, building).await {
        Ok(Ok(session)) => Ok(session),
        Ok(Err(error)) => Err(format!(
            "cannot connect to the database at {nodes}: {error}"
        )),
        Err(_) => Err(format!(
            "the database at {nodes} accepts connections but does not answer"
        )),
    }
}

fn builder(settings: &ScyllaSettings) -> SessionBuilder {
    let profile = ExecutionProfile::builder()
        .consistency(Consistency::Quorum)
        .serial_consistency(Some(SerialConsistency::Serial))
        .request_timeout(Some(settings.request_timeout))
        // Only for statements that are marked as idempotent; the same holds for retries.
        .speculative_execution_policy(Some(Arc::new(SimpleSpeculativeExecutionPolicy {
            max_retry_count: 1,
            retry_interval: SECOND_NODE_AFTER,
        })))
        .build();
    let mut builder = SessionBuilder::new()
        .known_nodes(&settings.nodes)
        .default_execution_profile_handle(profile.into_handle())
        .connection_timeout(settings.connect_timeout)
        .keepalive_interval(KEEPALIVE_INTERVAL)
        .keepalive_timeout(settings.request_timeout)
        .keyspaces_to_fetch([&settings.keyspace])
        .tls_context(settings.tls.as_ref().map(|tls| Arc::clone(&tls.0)));
    if let Some((user, password)) = &settings.user {
        builder = builder.user(user, password.reveal());
    }
    builder
}
