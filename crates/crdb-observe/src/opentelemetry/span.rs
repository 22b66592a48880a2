//! Spans, and what an operation shares with those inside it.

use std::any::Any;
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
#[cfg(feature = "pool")]
use std::time::SystemTime;

use opentelemetry::trace::{Span, SpanBuilder, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};

/// Starts spans, of whichever tracer.
pub(super) trait Tracing: Send + Sync {
    /// The parent's context with a new span.
    fn start(&self, builder: SpanBuilder, parent: &Context) -> Context;
}

impl<T> Tracing for T
where
    T: Tracer + Send + Sync,
    T::Span: Span + Send + Sync + 'static,
{
    fn start(&self, builder: SpanBuilder, parent: &Context) -> Context {
        parent.with_span(self.build_with_context(builder, parent))
    }
}

/// What is kept in the context of an operation: the server of the session that was lent inside it, and of a statement what its
/// metrics call it. Its presence says that the current span is one of ours.
#[derive(Clone, Debug, Default)]
pub(super) struct Place(Arc<Inner>);

/// `server.address` and `server.port`. A clone allocates nothing.
pub(super) type Server = [KeyValue; 2];

#[derive(Debug, Default)]
struct Inner {
    server: Mutex<Option<Server>>,
    #[cfg_attr(
        not(feature = "exec"),
        allow(dead_code, reason = "only statements have it")
    )]
    query: Option<KeyValue>,
    outer: Option<Place>,
}

impl Place {
    fn within(context: &Context, query: Option<KeyValue>) -> Self {
        Self(Arc::new(Inner {
            server: Mutex::default(),
            query,
            outer: context.get::<Self>().cloned(),
        }))
    }

    #[cfg(feature = "pool")]
    pub(super) fn set_server(&self, server: Server) {
        let mut kept = self.0.server.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(server);
    }

    /// The server of the innermost operation that has borrowed a session.
    fn server(&self) -> Option<Server> {
        let server = self.0.server.lock().unwrap_or_else(PoisonError::into_inner);
        let own = server.clone();
        drop(server);
        own.or_else(|| self.0.outer.as_ref()?.server())
    }

    /// `server.address` and `server.port`, where they are known.
    pub(super) fn attributes(&self) -> impl Iterator<Item = KeyValue> + use<> {
        self.server().into_iter().flatten()
    }

    /// What the metrics of a statement call it.
    #[cfg(feature = "exec")]
    pub(super) fn query(&self) -> Option<&KeyValue> {
        self.0.query.as_ref()
    }
}

#[cfg(any(feature = "auth", feature = "pool"))]
pub(super) fn server(host: impl Into<Arc<str>>, port: u16) -> Server {
    [
        KeyValue::new("server.address", host.into()),
        KeyValue::new("server.port", i64::from(port)),
    ]
}

/// Begins an operation with a span. What is inside it finds its [`Place`].
pub(super) fn begin(
    spans: &dyn Tracing,
    name: String,
    kind: SpanKind,
    attributes: Vec<KeyValue>,
) -> Option<Box<dyn Any + Send + Sync>> {
    begin_query(spans, name, kind, attributes, None)
}

/// As [`begin`], a statement that its metrics call by this.
pub(super) fn begin_query(
    spans: &dyn Tracing,
    name: String,
    kind: SpanKind,
    attributes: Vec<KeyValue>,
    query: Option<KeyValue>,
) -> Option<Box<dyn Any + Send + Sync>> {
    let parent = Context::current();
    let place = Place::within(&parent, query);
    let context = start(spans, name, kind, attributes, &parent);
    Some(Box::new(context.with_value(place)))
}

/// Begins the span of an operation that has ended already.
#[cfg(feature = "pool")]
pub(super) fn past(
    spans: &dyn Tracing,
    name: &'static str,
    began: SystemTime,
    parent: &Context,
) -> Context {
    let builder = SpanBuilder::from_name(name)
        .with_kind(SpanKind::Internal)
        .with_start_time(began);
    spans.start(builder, parent)
}

fn start(
    spans: &dyn Tracing,
    name: impl Into<Cow<'static, str>>,
    kind: SpanKind,
    attributes: Vec<KeyValue>,
    parent: &Context,
) -> Context {
    let builder = SpanBuilder::from_name(name)
        .with_kind(kind)
        .with_attributes(attributes);
    spans.start(builder, parent)
}

/// How an operation ended, for its span and its metrics.
pub(super) struct End<'a> {
    /// The type of the error, if it failed.
    pub(super) error: Option<&'a str>,
    /// The server's code, if it answered with an error.
    pub(super) status_code: Option<&'a str>,
    pub(super) dropped: bool,
}

impl End<'_> {
    pub(super) const DONE: Self = Self {
        error: None,
        status_code: None,
        dropped: false,
    };

    pub(super) const DROPPED: Self = Self {
        dropped: true,
        ..Self::DONE
    };

    /// The attributes of an operation that failed.
    pub(super) fn attributes(&self) -> impl Iterator<Item = KeyValue> + use<> {
        let error = self
            .error
            .map(|error| KeyValue::new("error.type", self.status_code.unwrap_or(error).to_owned()));
        let status_code = self
            .status_code
            .map(|code| KeyValue::new("db.response.status_code", code.to_owned()));
        error.into_iter().chain(status_code)
    }

    /// Ends the span of an operation.
    pub(super) fn finish(&self, context: &Context, attributes: impl IntoIterator<Item = KeyValue>) {
        let span = context.span();
        span.set_attributes(attributes.into_iter().chain(self.attributes()));
        if self.error.is_some() {
            // No description: a message may hold values.
            span.set_status(Status::error(""));
        }
        if self.dropped {
            span.set_attribute(KeyValue::new("crdb.outcome", "dropped"));
        }
        span.end();
    }
}
