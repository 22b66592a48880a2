//! What a client gets when a request fails.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use crdb_facade::prelude::*;

/// A status, and a message that shows nothing of the inside.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    message: String,
    /// For the log, where it is the fault of the service.
    cause: Option<Error>,
}

/// Marks an answer to a request of which it is not known whether it took effect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unknown;

impl Failure {
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, &format!("there is no such {what}"))
    }

    pub(crate) fn conflict(message: &str) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    pub(crate) fn unprocessable(message: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    fn new(status: StatusCode, message: &str) -> Self {
        Self {
            status,
            message: message.to_owned(),
            cause: None,
        }
    }
}

/// From the errors of the database, of generated functions and of transactions alike.
impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error: Error = error.into();
        let (status, message) = if error.is_unique_violation() {
            (StatusCode::CONFLICT, "it exists already")
        } else if error.is_foreign_key_violation() {
            (
                StatusCode::UNPROCESSABLE_ENTITY,
                "it refers to what does not exist",
            )
        } else if error.is_check_violation() {
            (StatusCode::UNPROCESSABLE_ENTITY, "a value is out of bounds")
        } else if error.is_outcome_unknown() {
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "whether it was done is not known; repeat it with the same Idempotency-Key",
            )
        } else if error.is_unavailable() || error.is_retryable() {
            (StatusCode::SERVICE_UNAVAILABLE, "try again later")
        } else {
            (StatusCode::INTERNAL_SERVER_ERROR, "internal error")
        };
        Self {
            cause: status.is_server_error().then_some(error),
            ..Self::new(status, message)
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.message).into_response();
        // Here and not where it was made: inside a transaction that may have been an attempt of several.
        if let Some(error) = self.cause {
            tracing::error!(%error, "request failed");
            if error.is_outcome_unknown() {
                response.extensions_mut().insert(Unknown);
            }
        }
        response
    }
}
