use crdb_cache::{AnswerEvent, LoadBegin, LoadEnd, LoadOutcome, Observer};
use crdb_exec::{SqlState, Token};
use opentelemetry::trace::{SpanKind, TraceContextExt as _};
use opentelemetry::{Context, KeyValue};

use super::span::{self, begin};
use super::{OpenTelemetry, kept};

impl Observer for OpenTelemetry {
    /// An event of the span that is current: a hit takes too little time for one of its own.
    fn answered(&self, event: &AnswerEvent<'_>) {
        let context = Context::current();
        let span = context.span();
        if !span.is_recording() {
            return;
        }
        let mut attributes = vec![KeyValue::new("crdb.cache.by", event.by.as_str())];
        if let Some(name) = event.name {
            attributes.push(KeyValue::new("db.query.summary", name.to_owned()));
        }
        if let Some(miss) = event.miss {
            attributes.push(KeyValue::new("crdb.cache.miss", miss.as_str()));
        }
        if let Some(age) = event.age {
            attributes.push(KeyValue::new("crdb.cache.age", age.as_secs_f64()));
        }
        span.add_event("crdb.cache.answered", attributes);
    }

    fn begin_load(&self, event: &LoadBegin<'_>) -> Token {
        let mut attributes = self.common();
        let mut name = "cache load".to_owned();
        if let Some(query) = event.name {
            name = format!("cache load {query}");
            attributes.push(KeyValue::new("db.query.summary", query.to_owned()));
        }
        // The transaction within is the client's call of the database.
        begin(&*self.spans, name, SpanKind::Internal, attributes)
    }

    fn end_load(&self, token: Token, event: &LoadEnd<'_>) {
        let Some(context) = kept(&token) else { return };
        let mut own = vec![KeyValue::new("crdb.cache.outcome", event.outcome.as_str())];
        let end = match &event.outcome {
            LoadOutcome::Failed(failure) => {
                let code = failure.sqlstate.as_ref().map(SqlState::as_str);
                own.extend(
                    code.map(|code| KeyValue::new("db.response.status_code", code.to_owned())),
                );
                span::End {
                    error: Some(failure.kind.as_str()),
                    ..span::End::DONE
                }
            }
            LoadOutcome::Dropped => span::End::DROPPED,
            _ => span::End::DONE,
        };
        end.finish(context, own);
    }

    fn within(&self, token: &Token, step: &mut dyn FnMut()) {
        let _entered = kept(token).map(|context| context.clone().attach());
        step();
    }
}
