use tracing::level_filters::LevelFilter;
use tracing::{Level, Span, event};

use crdb_exec::{Failure, SqlState, Verdict};

use super::Tracing;

impl Tracing {
    /// Fills in the span of the call, where the caller runs in one.
    fn record(rows: Option<u64>, failure: Option<&Failure>) {
        // No subscriber is interested, so there is no span.
        if LevelFilter::current() == LevelFilter::OFF {
            return;
        }
        let span = Span::current();
        if let Some(rows) = rows {
            span.record("db.response.returned_rows", rows);
        }
        if let Some(failure) = failure {
            span.record("otel.status_code", "ERROR");
            span.record("error.type", failure.kind.as_str());
            if let Some(state) = &failure.sqlstate {
                span.record("db.response.status_code", state.as_str());
            }
        }
    }
}

impl crdb_exec::Observer for Tracing {
    fn statement(&self, event: &crdb_exec::StatementEvent<'_>) {
        if !event.in_transaction {
            Self::record(Some(event.rows), event.failure.as_ref());
        }
        let sqlstate = event.failure.as_ref().and_then(|failure| failure.sqlstate);
        event!(
            target: "crdb::exec",
            Level::DEBUG,
            {
            db.system.name = self.system(),
            db.query.summary = event.name,
            db.response.status_code = sqlstate.as_ref().map(SqlState::as_str),
            db.response.returned_rows = event.rows,
            "error.type" = event.failure.as_ref().map(|failure| failure.kind.as_str()),
            in_transaction = event.in_transaction,
            attempts = event.attempts,
            duration = event.elapsed.as_secs_f64(),
            },
            "statement"
        );
        self.warn_of_unknown("statement", event.name, event.failure.as_ref());
    }

    fn transaction(&self, event: &crdb_exec::TransactionEvent<'_>) {
        Self::record(None, event.failure.as_ref());
        let sqlstate = event.failure.as_ref().and_then(|failure| failure.sqlstate);
        event!(
            target: "crdb::exec",
            Level::DEBUG,
            {
            db.system.name = self.system(),
            db.query.summary = event.name,
            db.response.status_code = sqlstate.as_ref().map(SqlState::as_str),
            "error.type" = event.failure.as_ref().map(|failure| failure.kind.as_str()),
            committed = event.committed,
            attempts = event.attempts,
            duration = event.elapsed.as_secs_f64(),
            },
            "transaction"
        );
        self.warn_of_unknown("transaction", event.name, event.failure.as_ref());
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

    fn retry_denied(&self, name: Option<&str>) {
        event!(
            target: "crdb::exec",
            Level::WARN,
            {
            db.system.name = self.system(),
            db.query.summary = name,
            },
            "not tried again: the retry budget is used up"
        );
    }
}

impl Tracing {
    fn warn_of_unknown(&self, what: &str, name: Option<&str>, failure: Option<&Failure>) {
        if failure.is_some_and(|failure| failure.verdict == Verdict::OutcomeUnknown) {
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
