//! Gathers finished spans as the bytes that are sent, and sends them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::{Context, InstrumentationScope};
use opentelemetry_http::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use prost::Message as _;

use super::destination::Destination;
use super::protobuf::{nested, text};
use super::{Error, environment, failed, span_bytes};

/// Encodes each sampled span where it ends, into the request that a thread sends. The thread ends when this is dropped or shut down.
pub(super) struct Spans(Arc<Shared>);

struct Shared {
    limits: Limits,
    state: Mutex<State>,
    /// The thread has something to do.
    wanted: Condvar,
}

/// OpenTelemetry's variables for batches of spans, `OTEL_BSP_*`, and its defaults.
struct Limits {
    /// As many spans as a request has at most.
    batch: usize,
    /// As many as wait at most; later ones are dropped.
    queue: usize,
    /// As long as a span waits for others.
    delay: Duration,
}

#[derive(Default)]
struct State {
    service: Arc<Service>,
    full: VecDeque<Batch>,
    /// The batch that spans are added to.
    open: Batch,
    dropped: u64,
    /// Told when all that has gathered until then is sent.
    requests: Vec<Sender<Result<(), String>>>,
    is_shut_down: bool,
}

/// Whose spans they are.
#[derive(Default)]
struct Service {
    /// The message `Resource`.
    resource: Vec<u8>,
    schema_url: String,
}

/// Spans of one request.
#[derive(Default)]
struct Batch {
    count: usize,
    scopes: Vec<Scope>,
}

/// Spans of one instrumentation scope: each is a field of the message `ScopeSpans`.
struct Scope {
    scope: InstrumentationScope,
    spans: Vec<u8>,
}

impl Limits {
    fn of_environment() -> Self {
        let number = environment::number::<usize>;
        let queue = number("OTEL_BSP_MAX_QUEUE_SIZE").unwrap_or(2048).max(1);
        let batch = number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE").unwrap_or(512);
        let delay = environment::number("OTEL_BSP_SCHEDULE_DELAY").unwrap_or(5000);
        Self {
            batch: batch.clamp(1, queue),
            queue,
            delay: Duration::from_millis(delay),
        }
    }
}

impl Spans {
    /// Starts the thread, which sends a request again until `patience` has passed.
    pub(super) fn start(destination: Destination, patience: Duration) -> Result<Self, Error> {
        let shared = Arc::new(Shared {
            limits: Limits::of_environment(),
            state: Mutex::default(),
            wanted: Condvar::new(),
        });
        let of_thread = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("crdb-otlp-spans".to_owned())
            .spawn(move || run(&of_thread, &destination, patience))
            .map_err(|error| failed("starting to send spans", error))?;
        Ok(Self(shared))
    }

    /// Has all sent that has gathered, and waits for it.
    fn send(&self, within: Duration, then_end: bool) -> OTelSdkResult {
        let (sent, answer) = channel();
        let mut state = self.0.lock();
        if state.is_shut_down {
            return Err(OTelSdkError::AlreadyShutdown);
        }
        state.is_shut_down = then_end;
        state.requests.push(sent);
        drop(state);
        self.0.wanted.notify_one();
        match answer.recv_timeout(within) {
            Ok(sent) => sent.map_err(OTelSdkError::InternalFailure),
            Err(RecvTimeoutError::Timeout) => Err(OTelSdkError::Timeout(within)),
            Err(RecvTimeoutError::Disconnected) => {
                let ended = "the thread that sends spans has ended".to_owned();
                Err(OTelSdkError::InternalFailure(ended))
            }
        }
    }
}

impl SpanProcessor for Spans {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        let limits = &self.0.limits;
        let mut state = self.0.lock();
        if state.is_shut_down {
            return;
        }
        if state.full.len() * limits.batch + state.open.count >= limits.queue {
            state.dropped += 1;
            return;
        }
        state.open.add(&span);
        if state.open.count == limits.batch {
            let full = std::mem::take(&mut state.open);
            state.full.push_back(full);
            drop(state);
            self.0.wanted.notify_one();
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.send(super::FLUSH_LIMIT, false)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.send(timeout, true)
    }

    fn set_resource(&mut self, resource: &Resource) {
        let mut service = Service {
            resource: Vec::new(),
            schema_url: resource.schema_url().unwrap_or_default().to_owned(),
        };
        for (key, value) in resource {
            span_bytes::pair(&mut service.resource, 1, key.as_str(), value);
        }
        self.0.lock().service = Arc::new(service);
    }
}

impl Drop for Spans {
    fn drop(&mut self) {
        self.0.lock().is_shut_down = true;
        self.0.wanted.notify_one();
    }
}

impl fmt::Debug for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spans").finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is something to do.
    fn next(&self) -> Work {
        let idle = |state: &mut State| {
            state.full.is_empty() && state.requests.is_empty() && !state.is_shut_down
        };
        let (mut state, _) = self
            .wanted
            .wait_timeout_while(self.lock(), self.limits.delay, idle)
            .unwrap_or_else(PoisonError::into_inner);
        let requests = std::mem::take(&mut state.requests);
        let mut batches = Vec::new();
        if requests.is_empty() && !state.is_shut_down {
            batches.extend(state.full.pop_front());
        } else {
            batches.extend(state.full.drain(..));
        }
        // Alone after its delay, and with all others where all are asked for.
        if batches.is_empty() || !requests.is_empty() || state.is_shut_down {
            batches.push(std::mem::take(&mut state.open));
        }
        Work {
            service: Arc::clone(&state.service),
            batches,
            dropped: std::mem::take(&mut state.dropped),
            requests,
            is_last: state.is_shut_down,
        }
    }
}

/// What the thread does in one turn.
struct Work {
    service: Arc<Service>,
    batches: Vec<Batch>,
    dropped: u64,
    requests: Vec<Sender<Result<(), String>>>,
    is_last: bool,
}

impl Batch {
    fn add(&mut self, span: &SpanData) {
        let scope = &span.instrumentation_scope;
        let known = self.scopes.iter().position(|of| of.scope == *scope);
        let index = known.unwrap_or_else(|| {
            self.scopes.push(Scope {
                scope: scope.clone(),
                spans: Vec::new(),
            });
            self.scopes.len() - 1
        });
        if let Some(of) = self.scopes.get_mut(index) {
            nested(&mut of.spans, 2, |out| span_bytes::span(out, span));
            self.count += 1;
        }
    }

    /// The request, `ExportTraceServiceRequest`.
    fn message(&self, service: &Service) -> Vec<u8> {
        let spans: usize = self.scopes.iter().map(|of| of.spans.len()).sum();
        let mut out = Vec::with_capacity(spans + service.resource.len() + 1024);
        nested(&mut out, 1, |out| {
            nested(out, 1, |out| out.extend_from_slice(&service.resource));
            for of in &self.scopes {
                nested(out, 2, |out| of.message(out));
            }
            text(out, 3, &service.schema_url);
        });
        out
    }
}

impl Scope {
    fn message(&self, out: &mut Vec<u8>) {
        let scope = &self.scope;
        nested(out, 1, |out| {
            text(out, 1, scope.name());
            text(out, 2, scope.version().unwrap_or_default());
            span_bytes::attributes(out, 3, scope.attributes());
        });
        out.extend_from_slice(&self.spans);
        text(out, 3, scope.schema_url().unwrap_or_default());
    }
}

fn run(shared: &Shared, destination: &Destination, patience: Duration) {
    // What sending calls is not traced, which would be sent again.
    let _suppressed = Context::enter_telemetry_suppressed_scope();
    let _ending = Ending(shared);
    let mut losses = Losses::default();
    loop {
        let work = shared.next();
        let mut sent = Ok(());
        for batch in work.batches.iter().filter(|batch| batch.count > 0) {
            let message = batch.message(&work.service);
            let this = send(destination, &message, patience).map_err(|loss| {
                losses.count(loss.rejected.unwrap_or(batch.count as u64), &loss.why);
                loss.why
            });
            sent = sent.and(this);
        }
        losses.count(work.dropped, "they came faster than they could be sent");
        losses.say(work.is_last);
        for request in work.requests {
            // Who has stopped waiting does not want to know.
            drop(request.send(sent.clone()));
        }
        if work.is_last {
            return;
        }
    }
}

/// Ends the processor with its thread, also where that panics: later spans do not gather, and no caller waits.
struct Ending<'a>(&'a Shared);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_shut_down = true;
        state.requests.clear();
    }
}

/// Why spans did not arrive.
#[derive(Debug)]
struct Loss {
    why: String,
    /// How many, where it is not all of the request.
    rejected: Option<u64>,
}

fn send(destination: &Destination, message: &[u8], patience: Duration) -> Result<(), Loss> {
    let answer = destination
        .post_again(message, patience)
        .map_err(|why| Loss {
            why: why.to_string(),
            rejected: None,
        })?;
    accepted(answer)
}

/// What a collector that took a request says of its spans.
fn accepted(answer: Bytes) -> Result<(), Loss> {
    // An answer that cannot be read says nothing against what it answers.
    let answer = ExportTraceServiceResponse::decode(answer).unwrap_or_default();
    match answer.partial_success {
        Some(part) if part.rejected_spans > 0 => Err(Loss {
            why: format!(
                "the collector rejected {} of the spans: {}",
                part.rejected_spans, part.error_message
            ),
            rejected: Some(part.rejected_spans.unsigned_abs()),
        }),
        _ => Ok(()),
    }
}

/// Spans that did not arrive, for the log.
#[derive(Default)]
struct Losses {
    spans: u64,
    why: String,
    said: Option<Instant>,
}

impl Losses {
    /// How often the log has a line at most.
    const INTERVAL: Duration = Duration::from_secs(60);

    fn count(&mut self, spans: u64, why: &str) {
        if spans > 0 {
            self.spans += spans;
            why.clone_into(&mut self.why);
        }
    }

    fn say(&mut self, at_once: bool) {
        let is_due = self.said.is_none_or(|said| said.elapsed() > Self::INTERVAL);
        if self.spans > 0 && (is_due || at_once) {
            let Self { spans, why, .. } = std::mem::take(self);
            tracing::warn!(target: "crdb::otlp", spans, why, "spans were not sent");
            self.said = Some(Instant::now());
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use opentelemetry::trace::{
        SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
    };
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};

    use super::*;

    /// A processor without a thread.
    fn idle(batch: usize, queue: usize) -> Spans {
        Spans(Arc::new(Shared {
            limits: Limits {
                batch,
                queue,
                delay: Duration::ZERO,
            },
            state: Mutex::default(),
            wanted: Condvar::new(),
        }))
    }

    fn span(flags: TraceFlags) -> SpanData {
        let (trace, id) = (TraceId::from(1), SpanId::from(1));
        SpanData {
            span_context: SpanContext::new(trace, id, flags, false, TraceState::NONE),
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Client,
            name: "statement".into(),
            start_time: std::time::UNIX_EPOCH,
            end_time: std::time::UNIX_EPOCH,
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::default(),
        }
    }

    #[test]
    fn a_full_queue_drops_and_counts_what_is_new_and_unsampled_spans_do_not_count() {
        let spans = idle(2, 5);
        for _ in 0..8 {
            spans.on_end(span(TraceFlags::SAMPLED));
            spans.on_end(span(TraceFlags::NOT_SAMPLED));
        }
        let mut counts = Vec::new();
        let mut dropped = 0;
        for _ in 0..3 {
            let work = spans.0.next();
            dropped += work.dropped;
            counts.extend(work.batches.iter().map(|batch| batch.count));
        }
        assert_eq!((counts.as_slice(), dropped), ([2, 2, 1].as_slice(), 3));
    }

    #[test]
    fn no_caller_waits_for_a_thread_that_has_ended() {
        let spans = idle(2, 5);
        let (sent, answer) = channel();
        spans.0.lock().requests.push(sent);
        drop(Ending(&spans.0));
        assert_eq!(
            answer.recv_timeout(Duration::from_secs(60)),
            Err(RecvTimeoutError::Disconnected)
        );
        let refused = spans.force_flush();
        assert!(
            matches!(refused, Err(OTelSdkError::AlreadyShutdown)),
            "{refused:?}"
        );
    }

    #[test]
    fn as_many_spans_are_lost_as_the_collector_says() {
        let part = |rejected_spans| ExportTraceServiceResponse {
            partial_success: Some(ExportTracePartialSuccess {
                rejected_spans,
                error_message: "too old".to_owned(),
            }),
        };
        let of = |answer: ExportTraceServiceResponse| accepted(answer.encode_to_vec().into());
        let loss = of(part(3)).unwrap_err();
        assert_eq!(loss.rejected, Some(3));
        assert!(loss.why.contains("too old"), "{}", loss.why);
        assert!(of(part(0)).is_ok());
        assert!(accepted(Bytes::new()).is_ok());
    }
}
