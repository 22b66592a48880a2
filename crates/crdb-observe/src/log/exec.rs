use std::time::Duration;

use crdb_exec::{Failure, Outcome, SqlState, Token};

use super::LogLines;
use super::line::{Field, Level, Line};

fn failure<'a>(line: Line<'a>, failure: &'a Failure) -> Line<'a> {
    line.with("error", Field::Text(failure.kind.as_str()))
        .with_text("sqlstate", failure.sqlstate.as_ref().map(SqlState::as_str))
}

/// How a statement or transaction ended, where that is worth a line.
struct Ended<'a> {
    label: &'static str,
    slow: (&'static str, &'static str),
    unknown: (&'static str, &'static str),
    name: Option<&'a str>,
    elapsed: Duration,
    attempts: u32,
    outcome: &'a Outcome,
}

impl LogLines {
    fn ended(&self, ended: &Ended<'_>) {
        // An outcome that is unknown is said once, whether it was slow or not.
        let (event, message) = if ended.outcome.is_unknown() {
            ended.unknown
        } else if ended.elapsed >= self.slow {
            ended.slow
        } else {
            return;
        };
        let line = Line::new(Level::Warn, event, message)
            .with_text(ended.label, ended.name)
            .with("duration", Field::Seconds(ended.elapsed))
            .with("attempts", Field::Number(ended.attempts.into()))
            .with("outcome", Field::Text(ended.outcome.as_str()));
        match ended.outcome.failure() {
            Some(error) => self.write(&failure(line, error)),
            None => self.write(&line),
        }
    }
}

impl crdb_exec::Observer for LogLines {
    fn begin_statement(&self, _: &crdb_exec::StatementBegin<'_>) -> Token {
        None
    }

    fn end_statement(&self, _: Token, event: &crdb_exec::StatementEnd<'_>) {
        self.ended(&Ended {
            label: "query",
            slow: ("statement.slow", "a statement was slow"),
            unknown: (
                "statement.unknown",
                "it is not known whether this statement took effect",
            ),
            name: event.name,
            elapsed: event.elapsed,
            attempts: event.attempts,
            outcome: &event.outcome,
        });
    }

    fn begin_transaction(&self, _: &crdb_exec::TransactionBegin<'_>) -> Token {
        None
    }

    fn end_transaction(&self, _: Token, event: &crdb_exec::TransactionEnd<'_>) {
        self.ended(&Ended {
            label: "transaction",
            slow: ("transaction.slow", "a transaction was slow"),
            unknown: (
                "transaction.unknown",
                "it is not known whether this transaction took effect",
            ),
            name: event.name,
            elapsed: event.elapsed,
            attempts: event.attempts,
            outcome: &event.outcome,
        });
    }

    fn begin_attempt(&self, _: &crdb_exec::AttemptBegin<'_>) -> Token {
        None
    }

    /// An attempt that fails and is made again has the line of its retry.
    fn end_attempt(&self, _: Token, _: &crdb_exec::AttemptEnd<'_>) {}

    fn within(&self, _: &Token, step: &mut dyn FnMut()) {
        step();
    }

    fn retry(&self, event: &crdb_exec::RetryEvent<'_>) {
        let label = if event.is_transaction {
            "transaction"
        } else {
            "query"
        };
        let line = Line::new(Level::Info, "retry", "trying again")
            .with_text(label, event.name)
            .with("attempt", Field::Number(event.attempt.into()))
            .with("delay", Field::Seconds(event.delay));
        self.write(&failure(line, &event.failure));
    }

    fn retry_denied(&self, event: &crdb_exec::RetryDeniedEvent<'_>) {
        let label = if event.is_transaction {
            "transaction"
        } else {
            "query"
        };
        let message = "not tried again: the retry budget is used up";
        let line = Line::new(Level::Warn, "retry.denied", message).with_text(label, event.name);
        self.write(&failure(line, &event.failure));
    }

    fn resolved(&self, event: &crdb_exec::ResolveEvent<'_>) {
        let result = match event.committed {
            Some(true) => "committed",
            Some(false) => "abandoned",
            None => "unknown",
        };
        let message = "an unknown outcome was looked up by its idempotency key";
        let line = Line::new(Level::Info, "outcome.resolved", message)
            .with_text("transaction", event.name)
            .with("result", Field::Text(result))
            .with("duration", Field::Seconds(event.elapsed));
        self.write(&line);
    }
}
