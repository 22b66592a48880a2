use std::sync::Arc;

use opentelemetry::trace::{SpanKind, TraceContextExt};
use opentelemetry::{Context, KeyValue};

use crdb_exec::{Outcome, Token};

use super::meters::Meters;
use super::span::{End, Place, begin, begin_query};
use super::{OpenTelemetry, kept};
use crate::query_text::{fingerprint, summary};

/// What is said of every call of a statement. A clone allocates nothing.
#[derive(Clone)]
pub(super) struct Known {
    /// What its span is called; empty where its text has no summary.
    name: Arc<str>,
    summary: KeyValue,
    fingerprint: KeyValue,
    /// What its metrics call it.
    query: KeyValue,
}

impl Known {
    fn new(meters: &Meters, name: Option<&str>, text: &str) -> Self {
        let name: Arc<str> = match name {
            Some(name) => name.into(),
            None => summary(text).into(),
        };
        let fingerprint: Arc<str> = fingerprint(text).into();
        Self {
            summary: KeyValue::new("db.query.summary", Arc::clone(&name)),
            fingerprint: KeyValue::new("crdb.query.fingerprint", fingerprint),
            query: meters.query(&name),
            name,
        }
    }
}

impl<'a> From<&'a Outcome> for End<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        match outcome {
            Outcome::Failed(failure) => End {
                error: Some(failure.kind.as_str()),
                status_code: failure.sqlstate.as_ref().map(crdb_exec::SqlState::as_str),
                dropped: false,
            },
            Outcome::Dropped => End::DROPPED,
            _ => End::DONE,
        }
    }
}

/// `crdb.outcome` of what ended in a way that is neither success nor an error of the database.
fn outcome(outcome: &Outcome) -> Option<KeyValue> {
    matches!(outcome, Outcome::RolledBack)
        .then(|| KeyValue::new("crdb.outcome", outcome.as_str()))
        .or_else(|| {
            outcome
                .is_unknown()
                .then(|| KeyValue::new("crdb.outcome", outcome.as_str()))
        })
}

impl crdb_exec::Observer for OpenTelemetry {
    fn begin_statement(&self, event: &crdb_exec::StatementBegin<'_>) -> Token {
        let known = self
            .statements
            .get_or_insert_with(&(event.name, event.text), || {
                Known::new(&self.meters, event.name, event.text)
            });
        let mut attributes = self.common();
        attributes.push(known.summary);
        attributes.push(known.fingerprint);
        if let Some(query) = event.name {
            if self.query_text {
                attributes.push(KeyValue::new("db.query.text", event.text.to_owned()));
            }
            if !self.parameters.is_empty() {
                for (index, value) in event.parameters.iter().enumerate() {
                    if self.parameters.contains(&(query.to_owned(), index)) {
                        let key = format!("db.query.parameter.{index}");
                        attributes.push(KeyValue::new(key, format!("{value:?}")));
                    }
                }
            }
        }
        let span_name = if known.name.is_empty() {
            self.system().value.to_string()
        } else {
            known.name.as_ref().to_owned()
        };
        begin_query(
            &*self.spans,
            span_name,
            SpanKind::Client,
            attributes,
            Some(known.query),
        )
    }

    fn end_statement(&self, token: Token, event: &crdb_exec::StatementEnd<'_>) {
        let Some(context) = kept(&token) else { return };
        let end = End::from(&event.outcome);
        let place = context.get::<Place>();
        let server = || place.into_iter().flat_map(Place::attributes);
        let mut attributes = self.common();
        attributes.extend(place.and_then(Place::query).cloned());
        attributes.extend(server());
        attributes.extend(end.attributes());
        self.meters.operation(event.elapsed, &attributes);
        if event.outcome == Outcome::Done {
            self.meters.rows(event.rows, &attributes);
        }
        let rows = KeyValue::new("db.response.returned_rows", rows(event.rows));
        let attempts =
            (event.attempts > 1).then(|| KeyValue::new("crdb.attempts", i64::from(event.attempts)));
        let own = std::iter::once(rows).chain(attempts);
        end.finish(context, server().chain(own).chain(outcome(&event.outcome)));
    }

    fn begin_transaction(&self, event: &crdb_exec::TransactionBegin<'_>) -> Token {
        let name = event.name.unwrap_or("transaction").to_owned();
        begin(&*self.spans, name, SpanKind::Internal, self.common())
    }

    fn end_transaction(&self, token: Token, event: &crdb_exec::TransactionEnd<'_>) {
        let Some(context) = kept(&token) else { return };
        let mut attributes = vec![KeyValue::new("crdb.attempts", i64::from(event.attempts))];
        attributes.extend(outcome(&event.outcome));
        End::from(&event.outcome).finish(context, attributes);
    }

    fn begin_attempt(&self, event: &crdb_exec::AttemptBegin<'_>) -> Token {
        if !event.is_transaction && event.number == 1 {
            // The statement's own span says it all.
            return None;
        }
        let attributes = vec![KeyValue::new("crdb.attempt", i64::from(event.number))];
        begin(
            &*self.spans,
            "attempt".to_owned(),
            SpanKind::Internal,
            attributes,
        )
    }

    fn end_attempt(&self, token: Token, event: &crdb_exec::AttemptEnd<'_>) {
        let Some(context) = kept(&token) else { return };
        let mut attributes: Vec<_> = context
            .get::<Place>()
            .into_iter()
            .flat_map(Place::attributes)
            .collect();
        attributes.extend(outcome(&event.outcome));
        End::from(&event.outcome).finish(context, attributes);
    }

    fn within(&self, token: &Token, step: &mut dyn FnMut()) {
        let _attached = kept(token).map(|context| context.clone().attach());
        step();
    }

    fn retry(&self, event: &crdb_exec::RetryEvent<'_>) {
        let context = Context::current();
        // Without a span of ours the current one is the caller's.
        if context.get::<Place>().is_none() {
            return;
        }
        let failure = Outcome::Failed(event.failure);
        let mut attributes: Vec<_> = End::from(&failure).attributes().collect();
        attributes.push(KeyValue::new("crdb.attempt", i64::from(event.attempt)));
        attributes.push(KeyValue::new("crdb.retry.delay", event.delay.as_secs_f64()));
        context.span().add_event("retry", attributes);
    }

    fn retry_denied(&self, event: &crdb_exec::RetryDeniedEvent<'_>) {
        let context = Context::current();
        if context.get::<Place>().is_none() {
            return;
        }
        let failure = Outcome::Failed(event.failure);
        let attributes = End::from(&failure).attributes().collect();
        context.span().add_event("retry denied", attributes);
    }

    fn resolved(&self, event: &crdb_exec::ResolveEvent<'_>) {
        let context = Context::current();
        if context.get::<Place>().is_none() {
            return;
        }
        let outcome = match event.committed {
            Some(true) => "committed",
            Some(false) => "abandoned",
            None => "unknown",
        };
        let attributes = vec![KeyValue::new("crdb.outcome", outcome)];
        context.span().add_event("outcome resolved", attributes);
    }
}

/// The current span for [`crdb_exec::SqlComments::traceparent`], in the format of W3C Trace Context; `None` outside any span.
#[must_use]
pub fn traceparent() -> Option<String> {
    let context = Context::current();
    let span = context.span();
    let span = span.span_context();
    span.is_valid().then(|| {
        let (trace, id, flags) = (span.trace_id(), span.span_id(), span.trace_flags());
        format!("00-{trace}-{id}-{flags:02x}")
    })
}

fn rows(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
