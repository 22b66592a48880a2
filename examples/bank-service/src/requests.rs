//! What surrounds every request of the API: the phase, spans, a line of the log, a measurement, an entry of the audit log.

use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use crdb_facade::observe::audit::Outcome;
use opentelemetry::context::FutureExt as _;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tracing::Instrument as _;

use crate::failure::Unknown;
use crate::service::Service;
use crate::traces;

/// Longer headers are not taken over.
const LONGEST_HEADER: usize = 128;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    route: String,
    method: &'static str,
    status: u16,
}

/// How many requests there were, how they ended and how long they took: `bank_request_seconds`.
pub(crate) struct RequestMetrics {
    registry: Registry,
    seconds: Family<Labels, Histogram, fn() -> Histogram>,
}

impl RequestMetrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("bank");
        let seconds: Family<Labels, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(buckets);
        registry.register(
            "request_seconds",
            "Requests of the API, by route, method and status",
            Family::clone(&seconds),
        );
        Self { registry, seconds }
    }

    fn record(&self, labels: &Labels, took: Duration) {
        self.seconds
            .get_or_create(labels)
            .observe(took.as_secs_f64());
    }

    /// OpenMetrics text without its last line, so that more may follow.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        // Writing into a String does not fail.
        let _ = encode(&mut text, &self.registry);
        text.truncate(text.trim_end_matches("# EOF\n").len());
        text
    }
}

fn buckets() -> Histogram {
    Histogram::new([
        0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
    ])
}

/// Runs a request of the API.
pub(crate) async fn around(
    State(service): State<Service>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let route = path.map_or_else(|| "unknown".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().clone();
    let id = request_id(request.headers());
    let principal = header_text(request.headers(), "x-forwarded-user").unwrap_or("anonymous");
    let entry = Entry {
        principal: principal.to_owned(),
        request: id.clone(),
        action: format!("{method} {route}"),
    };
    let named = name(&method);
    let context = service.traces().begin(named, &route, request.headers());
    let trace_id = traces::id(&context);
    let span = tracing::info_span!("request", %method, route, request_id = id, trace_id);

    let started = Instant::now();
    let mut response = async {
        let response = if !service.is_serving() {
            (
                StatusCode::SERVICE_UNAVAILABLE,
                [(header::RETRY_AFTER, "1")],
                "starting",
            )
                .into_response()
        } else {
            next.run(request).await
        };
        let response = match entry.written(&service, &method, response).await {
            Ok(response) => response,
            Err(refused) => refused,
        };
        let milliseconds = started.elapsed().as_secs_f64() * 1e3;
        let status = response.status().as_u16();
        tracing::info!(status, milliseconds, "answered");
        response
    }
    .instrument(span)
    .with_context(context.clone())
    .await;
    traces::end(&context, response.status());

    let labels = Labels {
        route,
        method: named,
        status: response.status().as_u16(),
    };
    service.requests().record(&labels, started.elapsed());
    if let Ok(id) = id.parse() {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

/// What the audit log says of a request.
struct Entry {
    principal: String,
    request: String,
    action: String,
}

impl Entry {
    /// Writes the entry of a request that may have changed something, before its answer goes out. A request that is not in the log
    /// is not acknowledged.
    async fn written(
        &self,
        service: &Service,
        method: &Method,
        response: Response,
    ) -> Result<Response, Response> {
        let Some(audit) = service.audit().filter(|_| !method.is_safe()) else {
            return Ok(response);
        };
        let outcome = if response.extensions().get::<Unknown>().is_some() {
            Outcome::Unknown
        } else if response.status().is_success() {
            Outcome::Done
        } else {
            Outcome::Failed
        };
        let written = audit
            .append(&self.principal, &self.request, &self.action, outcome)
            .await;
        match written {
            Ok(()) => Ok(response),
            Err(error) => {
                tracing::error!(%error, "the audit log could not be written");
                Err((
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "the audit log could not be written; repeat the request with the same Idempotency-Key",
                )
                    .into_response())
            }
        }
    }
}

/// What metrics and spans call a method. A client may make up others, of which there is no end.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}

/// The caller's id where it sends one, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    header_text(headers, "x-request-id").map_or_else(
        || crdb_facade::uuid::Uuid::new_v4().to_string(),
        ToOwned::to_owned,
    )
}

fn header_text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let text = headers.get(name)?.to_str().ok()?;
    (1..=LONGEST_HEADER).contains(&text.len()).then_some(text)
}
