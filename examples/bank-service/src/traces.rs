//! The span of a request: within its caller's trace, and the parent of the spans of its statements.

use axum::http::{HeaderMap, StatusCode};
use crdb_facade::prelude::*;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{
    SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracer;

/// Begins and ends the spans of requests.
pub(crate) struct Traces {
    /// None where the configuration names no collector.
    tracer: Option<SdkTracer>,
    /// Reads `traceparent` and `tracestate`: <https://www.w3.org/TR/trace-context/>.
    headers: TraceContextPropagator,
}

impl Traces {
    /// Spans go where those of the database go.
    pub(crate) fn new(db: &Database) -> Self {
        Self {
            tracer: db.otlp().map(|otlp| otlp.tracers().tracer("bank-service")),
            headers: TraceContextPropagator::new(),
        }
    }

    /// The context to answer a request in. Headers that say nothing, or nothing that is right, begin a trace of its own. A caller that
    /// does not sample its trace gets no spans.
    pub(crate) fn begin(&self, method: &'static str, route: &str, headers: &HeaderMap) -> Context {
        let caller = HeaderExtractor(headers);
        let caller = self.headers.extract_with_context(&Context::new(), &caller);
        let Some(tracer) = &self.tracer else {
            return caller;
        };
        let span = tracer
            .span_builder(format!("{method} {route}"))
            .with_kind(SpanKind::Server)
            .with_attributes([
                KeyValue::new("http.request.method", method),
                KeyValue::new("http.route", route.to_owned()),
            ])
            .start_with_context(tracer, &caller);
        caller.with_span(span)
    }
}

/// Ends the span of a request that was answered. One that was not, because its client has gone, ends with its context.
pub(crate) fn end(context: &Context, status: StatusCode) {
    let span = context.span();
    let code = i64::from(status.as_u16());
    span.set_attribute(KeyValue::new("http.response.status_code", code));
    if status.is_server_error() {
        span.set_attribute(KeyValue::new("error.type", status.as_str().to_owned()));
        span.set_status(Status::error(""));
    }
    span.end();
}

/// The id of the trace that a request is part of, for its line of the log.
pub(crate) fn id(context: &Context) -> Option<String> {
    let span = context.span();
    let span = span.span_context();
    span.is_valid().then(|| span.trace_id().to_string())
}
