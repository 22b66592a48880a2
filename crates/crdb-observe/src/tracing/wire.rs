use tracing::field::Empty;
use tracing::{Level, Span, event};

use crdb_wire::{Outcome, Token};

use super::{Tracing, keep, kept};

/// Fills in what every operation has at its end.
fn record(span: &Span, outcome: &Outcome<'_>) {
    let word = match outcome {
        Outcome::Done => "ok",
        Outcome::Failed(_) => "failed",
        _ => "dropped",
    };
    span.record("outcome", word);
    if let Outcome::Failed(failure) = outcome {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", failure.kind.as_str());
        if let Some(state) = failure.sqlstate {
            span.record("db.response.status_code", state);
        }
    }
}

impl crdb_wire::Observer for Tracing {
    fn begin_batch(&self, event: &crdb_wire::BatchBegin<'_>) -> Token {
        keep(tracing::debug_span!(
            target: "crdb::wire",
            "batch",
            otel.name = "BATCH",
            otel.kind = "client",
            otel.status_code = Empty,
            db.system.name = self.system(),
            db.operation.name = "BATCH",
            db.operation.batch.size = event.statements,
            db.response.status_code = Empty,
            "error.type" = Empty,
            outcome = Empty,
            atomic = event.atomic,
        ))
    }

    fn end_batch(&self, token: Token, event: &crdb_wire::BatchEnd<'_>) {
        if let Some(span) = kept(&token) {
            record(span, &event.outcome);
        }
    }

    fn begin_copy(&self, event: &crdb_wire::CopyBegin<'_>) -> Token {
        keep(tracing::debug_span!(
            target: "crdb::wire",
            "copy",
            otel.name = "COPY",
            otel.kind = "client",
            otel.status_code = Empty,
            db.system.name = self.system(),
            db.operation.name = "COPY",
            db.response.status_code = Empty,
            db.response.returned_rows = Empty,
            "error.type" = Empty,
            outcome = Empty,
            direction = event.direction.as_str(),
            bytes = Empty,
        ))
    }

    fn end_copy(&self, token: Token, event: &crdb_wire::CopyEnd<'_>) {
        if let Some(span) = kept(&token) {
            record(span, &event.outcome);
            span.record("db.response.returned_rows", event.rows);
            span.record("bytes", event.bytes);
        }
    }

    /// Without the message, which may hold values.
    fn notice(&self, notice: &crdb_wire::ServerError) {
        event!(
            target: "crdb::wire",
            Level::DEBUG,
            {
            db.system.name = self.system(),
            db.response.status_code = notice.sqlstate(),
            severity = notice.severity(),
            },
            "notice"
        );
    }

    fn notification(&self, notification: &crdb_wire::Notification<'_>) {
        event!(
            target: "crdb::wire",
            Level::TRACE,
            {
            db.system.name = self.system(),
            channel = notification.channel,
            },
            "notification"
        );
    }

    fn ended(&self, event: &crdb_wire::Ended<'_>) {
        event!(
            target: "crdb::wire",
            Level::DEBUG,
            {
            db.system.name = self.system(),
            peer = event.peer,
            },
            "connection ended"
        );
    }
}
