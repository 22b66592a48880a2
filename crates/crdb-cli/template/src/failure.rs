//! What a client gets when a request fails.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use crdb_facade::prelude::*;

#[derive(Debug)]
pub(crate) enum Failure {
    NotFound,
    Database(Error),
}

/// From the errors of the database, of generated functions and of transactions alike.
impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Database(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let error = match self {
            Self::NotFound => {
                return (StatusCode::NOT_FOUND, "there is no such note").into_response();
            }
            Self::Database(error) => error,
        };
        if error.is_unique_violation() {
            return (StatusCode::CONFLICT, "a note has this title already").into_response();
        }
        tracing::error!(%error, "request failed");
        if error.is_outcome_unknown() {
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "whether it was done is not known",
            )
                .into_response()
        } else if error.is_unavailable() || error.is_retryable() {
            (StatusCode::SERVICE_UNAVAILABLE, "try again later").into_response()
        } else {
            (StatusCode::INTERNAL_SERVER_ERROR, "internal error").into_response()
        }
    }
}
