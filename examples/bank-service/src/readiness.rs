//! Whether this replica should be given requests.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::service::Service;

/// How long a readiness probe waits for a session.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// Where the program is between its start and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// The schema is being brought up to date. The API answers 503.
    Starting = 0,
    /// Requests are answered.
    Serving = 1,
    /// Requests are still answered; the readiness probe says that no more should come.
    Draining = 2,
}

/// The phase, shared by all requests.
#[derive(Debug)]
pub(crate) struct CurrentPhase(AtomicU8);

impl CurrentPhase {
    pub(crate) fn new() -> Self {
        Self(AtomicU8::new(Phase::Starting as u8))
    }

    pub(crate) fn get(&self) -> Phase {
        match self.0.load(Ordering::Acquire) {
            0 => Phase::Starting,
            1 => Phase::Serving,
            _ => Phase::Draining,
        }
    }

    /// Goes forward; a phase never comes back.
    pub(crate) fn advance(&self, phase: Phase) {
        self.0.fetch_max(phase as u8, Ordering::AcqRel);
    }
}

/// 204 where requests should come here; else 503, and why.
pub(crate) async fn ready(service: &Service) -> Response {
    let not_ready = |why: &str| (StatusCode::SERVICE_UNAVAILABLE, why.to_owned()).into_response();
    match service.phase() {
        Phase::Starting => return not_ready("starting: the schema is being brought up to date\n"),
        Phase::Draining => return not_ready("draining\n"),
        Phase::Serving => {}
    }
    if let Err(error) = service.database().check(READY_WITHIN).await {
        tracing::warn!(%error, "not ready: no session");
        return not_ready("no session of the database could be had\n");
    }
    let schema = tokio::time::timeout(READY_WITHIN, service.check_schema()).await;
    match schema {
        Ok(Ok(())) => StatusCode::NO_CONTENT.into_response(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready: the schema");
            not_ready("the schema is older than this program\n")
        }
        Err(_) => not_ready("the database does not say how far its schema is\n"),
    }
}
