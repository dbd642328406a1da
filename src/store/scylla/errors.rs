//! The driver's errors as the port's.

use std::fmt::Display;

use lantern_actors::ports::store::StoreError;
use scylla::errors::{DbError, ExecutionError, RequestAttemptError};

/// A request that got no answer, or a bad one.
pub(super) fn unavailable(error: ExecutionError) -> StoreError {
    StoreError::Unavailable(match &error {
        ExecutionError::RequestTimeout(after) => {
            format!(
                "the database did not answer within {} ms",
                after.as_millis()
            )
        }
        ExecutionError::ConnectionPoolError(_) | ExecutionError::EmptyPlan => {
            format!("there is no connection to the database: {error}")
        }
        _ => format!("the database answered with an error: {error}"),
    })
}

/// An answer whose columns are not those that were asked for.
pub(super) fn unreadable(error: impl Display) -> StoreError {
    StoreError::Corrupt(format!("the database's answer: {error}"))
}

/// Whether the database certainly did nothing. Everything else may have happened, and also what the
/// database says was not possible: its coordinator may find that out half-way.
pub(super) fn is_refusal(error: &ExecutionError) -> bool {
    match error {
        ExecutionError::BadQuery(_)
        | ExecutionError::EmptyPlan
        | ExecutionError::PrepareError(_)
        | ExecutionError::ConnectionPoolError(_) => true,
        ExecutionError::LastAttemptError(error) => matches!(
            error,
            RequestAttemptError::SerializationError(_)
                | RequestAttemptError::CqlRequestSerialization(_)
                | RequestAttemptError::UnableToAllocStreamId
                | RequestAttemptError::DbError(
                    DbError::SyntaxError
                        | DbError::Invalid
                        | DbError::Unauthorized
                        | DbError::AuthenticationError
                        | DbError::ConfigError
                        | DbError::IsBootstrapping,
                    _
                )
        ),
        _ => false,
    }
}
