use std::sync::atomic::Ordering;

use crdb_auth::{OperationOutcome, Token};
use tracing::field::Empty;
use tracing::{Level, Span, event};

use super::{Tracing, keep, kept};

/// Fills in what every operation has at its end.
fn record<T>(span: &Span, outcome: &OperationOutcome<'_, T>) {
    let word = match outcome {
        OperationOutcome::Done(_) => "ok",
        OperationOutcome::Failed(error) => {
            span.record("otel.status_code", "ERROR");
            span.record("error.type", error.kind().as_str());
            "failed"
        }
        _ => "dropped",
    };
    span.record("outcome", word);
}

impl crdb_auth::Observer for Tracing {
    fn begin_connect(&self, event: &crdb_auth::ConnectBegin<'_>) -> Token {
        keep(tracing::debug_span!(
            target: "crdb::auth",
            "connect",
            otel.kind = "client",
            otel.status_code = Empty,
            db.system.name = self.system(),
            server.address = event.endpoint.host,
            server.port = event.endpoint.port,
            "error.type" = Empty,
            outcome = Empty,
            tls = Empty,
        ))
    }

    fn end_connect(&self, token: Token, event: &crdb_auth::ConnectEnd<'_>) {
        if let OperationOutcome::Done(connected) = &event.outcome {
            let is_postgresql = connected.facts.engine() == crdb_auth::Engine::PostgreSql;
            self.is_postgresql.store(is_postgresql, Ordering::Relaxed);
        }
        let span = kept(&token).cloned().unwrap_or_else(Span::none);
        span.record("db.system.name", self.system());
        record(&span, &event.outcome);
        if let OperationOutcome::Done(connected) = &event.outcome {
            span.record("tls", connected.tls);
        }
        if let Some(error) = event.outcome.error() {
            let _entered = span.enter();
            event!(
                target: "crdb::auth",
                Level::WARN,
                {
                db.system.name = self.system(),
                server.address = event.endpoint.host,
                server.port = event.endpoint.port,
                "error.type" = error.kind().as_str(),
                duration = event.timings.total.as_secs_f64(),
                },
                "connecting failed: {error}"
            );
        }
    }

    fn begin_cancel(&self, event: &crdb_auth::CancelBegin<'_>) -> Token {
        keep(tracing::debug_span!(
            target: "crdb::auth",
            "cancel",
            otel.kind = "client",
            otel.status_code = Empty,
            db.system.name = self.system(),
            server.address = event.endpoint.host,
            server.port = event.endpoint.port,
            "error.type" = Empty,
            outcome = Empty,
        ))
    }

    fn end_cancel(&self, token: Token, event: &crdb_auth::CancelEnd<'_>) {
        if let Some(span) = kept(&token) {
            record(span, &event.outcome);
        }
    }

    fn without_tls(&self, event: &crdb_auth::WithoutTls<'_>) {
        event!(
            target: "crdb::auth",
            Level::WARN,
            {
            db.system.name = self.system(),
            server.address = event.endpoint.host,
            server.port = event.endpoint.port,
            "error.type" = event.error.map(|error| error.kind().as_str()),
            },
            "the connection goes on without TLS, as sslmode=prefer permits: it can be read and changed on the way"
        );
    }

    fn reload_failed(&self, event: &crdb_auth::ReloadFailed<'_>) {
        event!(
            target: "crdb::auth",
            Level::WARN,
            { "error.type" = event.error.kind().as_str() },
            "the certificates were replaced by unusable ones, the old ones stay in use: {}",
            event.error
        );
    }
}
