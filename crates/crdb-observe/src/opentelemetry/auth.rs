use std::sync::atomic::Ordering;

use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;

use crdb_auth::{Endpoint, OperationOutcome, Token};

use super::span::{End, begin, server};
use super::{OpenTelemetry, kept};

impl OpenTelemetry {
    fn begin_at(&self, name: &str, endpoint: &Endpoint) -> Token {
        let mut attributes = self.common();
        attributes.extend(server(&*endpoint.host, endpoint.port));
        begin(&*self.spans, name.to_owned(), SpanKind::Client, attributes)
    }
}

fn end_of<T>(outcome: &OperationOutcome<'_, T>) -> End<'static> {
    match outcome {
        OperationOutcome::Done(_) => End::DONE,
        OperationOutcome::Failed(error) => End {
            error: Some(error.kind().as_str()),
            ..End::DONE
        },
        _ => End::DROPPED,
    }
}

impl crdb_auth::Observer for OpenTelemetry {
    fn begin_connect(&self, event: &crdb_auth::ConnectBegin<'_>) -> Token {
        self.begin_at("connect", event.endpoint)
    }

    fn end_connect(&self, token: Token, event: &crdb_auth::ConnectEnd<'_>) {
        let mut attributes = Vec::new();
        if let OperationOutcome::Done(connected) = &event.outcome {
            let is_postgresql = connected.facts.engine() == crdb_auth::Engine::PostgreSql;
            self.is_postgresql.store(is_postgresql, Ordering::Relaxed);
            attributes.push(self.system());
            attributes.push(KeyValue::new("crdb.tls", connected.tls));
        }
        if let Some(context) = kept(&token) {
            end_of(&event.outcome).finish(context, attributes);
        }
    }

    fn begin_cancel(&self, event: &crdb_auth::CancelBegin<'_>) -> Token {
        self.begin_at("cancel", event.endpoint)
    }

    fn end_cancel(&self, token: Token, event: &crdb_auth::CancelEnd<'_>) {
        if let Some(context) = kept(&token) {
            end_of(&event.outcome).finish(context, Vec::new());
        }
    }

    fn without_tls(&self, _: &crdb_auth::WithoutTls<'_>) {}

    fn reload_failed(&self, _: &crdb_auth::ReloadFailed<'_>) {}
}
