//! What a caller is told when a request fails.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use crdb_facade::prelude::*;

/// A status and a message that may leave the house.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    message: String,
}

impl Failure {
    pub(crate) fn not_found(what: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            message: format!("there is no such {what}"),
        }
    }

    pub(crate) fn conflict(message: &str) -> Self {
        Self {
            status: StatusCode::CONFLICT,
            message: message.to_owned(),
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
        } else if error.is_unavailable() {
            (StatusCode::SERVICE_UNAVAILABLE, "try again later")
        } else {
            (StatusCode::INTERNAL_SERVER_ERROR, "internal error")
        };
        if status.is_server_error() {
            tracing::error!(%error, "request failed");
        }
        Self {
            status,
            message: message.to_owned(),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, self.message).into_response()
    }
}
