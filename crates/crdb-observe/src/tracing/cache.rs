use tracing::field::Empty;

use crdb_cache::{AnswerEvent, LoadBegin, LoadEnd, LoadOutcome, MissReason, Observer};
use crdb_exec::{SqlState, Token};

use super::{Tracing, keep, kept};

impl Observer for Tracing {
    fn answered(&self, event: &AnswerEvent<'_>) {
        tracing::debug!(
            target: "crdb::cache",
            by = event.by.as_str(),
            "db.query.summary" = event.name,
            miss = event.miss.map(MissReason::as_str),
            age = event.age.map(|age| age.as_secs_f64()),
            refused = event.refused,
            "answered"
        );
    }

    fn begin_load(&self, event: &LoadBegin<'_>) -> Token {
        keep(tracing::debug_span!(
            target: "crdb::cache",
            "load",
            otel.name = "cache load",
            otel.status_code = Empty,
            db.system.name = self.system(),
            db.query.summary = event.name,
            db.response.status_code = Empty,
            "error.type" = Empty,
            outcome = Empty,
        ))
    }

    fn end_load(&self, token: Token, event: &LoadEnd<'_>) {
        let Some(span) = kept(&token) else { return };
        span.record("outcome", event.outcome.as_str());
        if let LoadOutcome::Failed(failure) = &event.outcome {
            span.record("otel.status_code", "ERROR");
            span.record("error.type", failure.kind.as_str());
            if let Some(code) = failure.sqlstate.as_ref().map(SqlState::as_str) {
                span.record("db.response.status_code", code);
            }
        }
    }

    fn within(&self, token: &Token, step: &mut dyn FnMut()) {
        match kept(token) {
            Some(span) => span.in_scope(step),
            None => step(),
        }
    }
}
