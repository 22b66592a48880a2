//! Whether this replica should be given requests.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::service::Service;

/// 204 where requests should come here; else 503, and what stands against it. Why is in the log: this port is for the public.
pub(crate) async fn ready(service: &Service) -> Response {
    let report = service.database().readiness().report().await;
    if report.ready {
        return StatusCode::NO_CONTENT.into_response();
    }
    let mut answer = "not ready:".to_owned();
    for check in report.checks.iter().filter(|check| !check.ready) {
        let reason = check.reason.as_deref().unwrap_or_default();
        tracing::warn!(check = check.name, reason, "not ready");
        answer.push(' ');
        answer.push_str(check.name);
    }
    answer.push('\n');
    (StatusCode::SERVICE_UNAVAILABLE, answer).into_response()
}
