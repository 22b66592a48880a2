use tracing::field::Empty;
use tracing::{Level, Span, event};

use crdb_exec::{Outcome, SqlState, Token};

use super::{Tracing, keep, kept};

/// Fills in what every operation has at its end.
fn record(span: &Span, outcome: &Outcome) {
    span.record("outcome", outcome.as_str());
    if let Some(failure) = outcome.failure() {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", failure.kind.as_str());
        if let Some(state) = &failure.sqlstate {
            span.record("db.response.status_code", state.as_str());
        }
    }
}

impl Tracing {
    fn warn_of_unknown(&self, what: &str, name: Option<&str>, outcome: &Outcome) {
        if outcome.is_unknown() {
            event!(
                target: "crdb::exec",
                Level::WARN,
                {
                db.system.name = self.system(),
                db.query.summary = name,
                },
                "it is not known whether this {what} took effect"
            );
        }
    }
}

impl crdb_exec::Observer for Tracing {
    fn begin_statement(&self, event: &crdb_exec::StatementBegin<'_>) -> Token {
        keep(tracing::debug_span!(
            target: "crdb::exec",
            "statement",
            otel.name = event.name.unwrap_or("statement"),
            otel.kind = "client",
            otel.status_code = Empty,
            db.system.name = self.system(),
            db.query.summary = event.name,
            db.response.status_code = Empty,
            db.response.returned_rows = Empty,
            "error.type" = Empty,
            outcome = Empty,
            attempts = Empty,
            in_transaction = event.in_transaction,
        ))
    }

    fn end_statement(&self, token: Token, event: &crdb_exec::StatementEnd<'_>) {
        let tell = || {
            if let Some(span) = kept(&token) {
                record(span, &event.outcome);
                span.record("db.response.returned_rows", event.rows);
                span.record("attempts", event.attempts);
            }
            self.warn_of_unknown("statement", event.name, &event.outcome);
        };
        within(&token, tell);
    }

    fn begin_transaction(&self, event: &crdb_exec::TransactionBegin<'_>) -> Token {
        keep(tracing::debug_span!(
            target: "crdb::exec",
            "transaction",
            otel.name = event.name.unwrap_or("transaction"),
            otel.kind = "internal",
            otel.status_code = Empty,
            db.system.name = self.system(),
            db.query.summary = event.name,
            db.response.status_code = Empty,
            "error.type" = Empty,
            outcome = Empty,
            attempts = Empty,
        ))
    }

    fn end_transaction(&self, token: Token, event: &crdb_exec::TransactionEnd<'_>) {
        let tell = || {
            if let Some(span) = kept(&token) {
                record(span, &event.outcome);
                span.record("attempts", event.attempts);
            }
            self.warn_of_unknown("transaction", event.name, &event.outcome);
        };
        within(&token, tell);
    }

    fn begin_attempt(&self, event: &crdb_exec::AttemptBegin<'_>) -> Token {
        if !event.is_transaction && event.number == 1 {
            // The statement's own span says it all.
            return None;
        }
        keep(tracing::trace_span!(
            target: "crdb::exec",
            "attempt",
            otel.status_code = Empty,
            db.response.status_code = Empty,
            "error.type" = Empty,
            outcome = Empty,
            number = event.number,
        ))
    }

    fn end_attempt(&self, token: Token, event: &crdb_exec::AttemptEnd<'_>) {
        if let Some(span) = kept(&token) {
            record(span, &event.outcome);
        }
    }

    fn within(&self, token: &Token, step: &mut dyn FnMut()) {
        within(token, step);
    }

    fn retry(&self, event: &crdb_exec::RetryEvent<'_>) {
        event!(
            target: "crdb::exec",
            Level::DEBUG,
            {
            db.system.name = self.system(),
            db.query.summary = event.name,
            db.response.status_code = event.failure.sqlstate.as_ref().map(SqlState::as_str),
            "error.type" = event.failure.kind.as_str(),
            is_transaction = event.is_transaction,
            attempt = event.attempt,
            delay = event.delay.as_secs_f64(),
            },
            "trying again"
        );
    }

    fn retry_denied(&self, event: &crdb_exec::RetryDeniedEvent<'_>) {
        event!(
            target: "crdb::exec",
            Level::WARN,
            {
            db.system.name = self.system(),
            db.query.summary = event.name,
            "error.type" = event.failure.kind.as_str(),
            },
            "not tried again: the retry budget is used up"
        );
    }

    fn resolved(&self, event: &crdb_exec::ResolveEvent<'_>) {
        event!(
            target: "crdb::exec",
            Level::INFO,
            {
            db.system.name = self.system(),
            db.query.summary = event.name,
            committed = event.committed,
            duration = event.elapsed.as_secs_f64(),
            },
            "an unknown outcome was looked up by its idempotency key"
        );
    }
}

/// Runs `work` inside the operation's span, if it has one.
fn within(token: &Token, work: impl FnOnce()) {
    match kept(token) {
        Some(span) => span.in_scope(work),
        None => work(),
    }
}
