//! What a client gets when a request fails.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use crdb_facade::prelude::*;

/// A status and a message, which shows nothing of the inside.
pub(crate) struct Failure(StatusCode, &'static str);

/// The copies of the book are all lent.
pub(crate) const ALL_LENT: Failure = Failure(StatusCode::CONFLICT, "every copy is lent");

/// From the errors of the database, of generated functions and of transactions alike.
impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let status = StatusCode::from_u16(error.http_status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if status.is_server_error() {
            tracing::error!(%error, "request failed");
        }
        let reason = status.canonical_reason();
        Self(status, reason.unwrap_or("the request failed"))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}
