//! Spans, and what an operation shares with those inside it.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

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

/// What is kept in the context of an operation: the server of the session that was lent inside it. Its presence says that the
/// current span is one of ours.
#[derive(Clone, Debug, Default)]
pub(super) struct Place(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    server: Mutex<Option<(Arc<str>, u16)>>,
    outer: Option<Place>,
}

impl Place {
    pub(super) fn within(context: &Context) -> Self {
        Self(Arc::new(Inner {
            server: Mutex::default(),
            outer: context.get::<Self>().cloned(),
        }))
    }

    pub(super) fn set_server(&self, host: &str, port: u16) {
        let mut server = self.0.server.lock().unwrap_or_else(PoisonError::into_inner);
        *server = Some((host.into(), port));
    }

    /// The server of the innermost operation that has borrowed a session.
    pub(super) fn server(&self) -> Option<(Arc<str>, u16)> {
        let server = self.0.server.lock().unwrap_or_else(PoisonError::into_inner);
        let own = server.clone();
        drop(server);
        own.or_else(|| self.0.outer.as_ref()?.server())
    }

    /// `server.address` and `server.port`, where they are known.
    pub(super) fn attributes(&self) -> impl Iterator<Item = KeyValue> + use<> {
        self.server()
            .into_iter()
            .flat_map(|(host, port)| server(&host, port))
    }
}

pub(super) fn server(host: &str, port: u16) -> [KeyValue; 2] {
    [
        KeyValue::new("server.address", host.to_owned()),
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
    let parent = Context::current();
    let builder = SpanBuilder::from_name(name)
        .with_kind(kind)
        .with_attributes(attributes);
    let place = Place::within(&parent);
    Some(Box::new(spans.start(builder, &parent).with_value(place)))
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
    pub(super) fn finish(&self, context: &Context, attributes: Vec<KeyValue>) {
        let span = context.span();
        span.set_attributes(attributes);
        span.set_attributes(self.attributes());
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
