use tracing::field::Empty;

use crdb_data::observer::{Begin, End, Observer, Outcome, Token};

use super::{Tracing, keep, kept};

impl Observer for Tracing {
    fn begin(&self, event: &Begin<'_>) -> Token {
        keep(tracing::debug_span!(
            target: "crdb::data",
            "run",
            otel.name = event.kind.as_str(),
            otel.status_code = Empty,
            db.system.name = self.system(),
            db.collection.name = event.relation,
            "error.type" = Empty,
            outcome = Empty,
            rows = Empty,
            rejected = Empty,
        ))
    }

    fn end(&self, token: Token, event: &End<'_>) {
        let Some(span) = kept(&token) else { return };
        span.record("outcome", event.outcome.as_str());
        span.record("rows", event.rows);
        span.record("rejected", event.rejected);
        if let Outcome::Failed(kind) = event.outcome {
            span.record("otel.status_code", "ERROR");
            span.record("error.type", kind.as_str());
        }
    }

    fn within(&self, token: &Token, step: &mut dyn FnMut()) {
        match kept(token) {
            Some(span) => span.in_scope(step),
            None => step(),
        }
    }
}
