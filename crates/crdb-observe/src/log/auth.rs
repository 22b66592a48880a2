use crdb_auth::{OperationOutcome, Token};

use super::LogLines;
use super::line::{Field, Level, Line};

impl crdb_auth::Observer for LogLines {
    fn begin_connect(&self, _: &crdb_auth::ConnectBegin<'_>) -> Token {
        None
    }

    fn end_connect(&self, _: Token, event: &crdb_auth::ConnectEnd<'_>) {
        if let OperationOutcome::Failed(error) = event.outcome {
            let line = Line::new(Level::Warn, "connect.failed", "connecting failed")
                .with("node", Field::Owned(event.endpoint.to_string()))
                .with("error", Field::Text(error.kind().as_str()))
                .with("duration", Field::Seconds(event.timings.total))
                .with("reason", Field::Owned(error.to_string()));
            self.write(&line);
        }
    }

    fn begin_cancel(&self, _: &crdb_auth::CancelBegin<'_>) -> Token {
        None
    }

    fn end_cancel(&self, _: Token, event: &crdb_auth::CancelEnd<'_>) {
        if let OperationOutcome::Failed(error) = event.outcome {
            let line = Line::new(Level::Warn, "cancel.failed", "a cancel could not be sent")
                .with("node", Field::Owned(event.endpoint.to_string()))
                .with("error", Field::Text(error.kind().as_str()));
            self.write(&line);
        }
    }

    fn without_tls(&self, event: &crdb_auth::WithoutTls<'_>) {
        let message = "a connection goes on without TLS, as sslmode=prefer permits";
        let line = Line::new(Level::Warn, "connect.without_tls", message)
            .with("node", Field::Owned(event.endpoint.to_string()))
            .with_text("error", event.error.map(|error| error.kind().as_str()));
        self.write(&line);
    }

    fn reload_failed(&self, event: &crdb_auth::ReloadFailed<'_>) {
        let message = "the certificates were replaced by unusable ones; the old ones stay in use";
        let line = Line::new(Level::Warn, "certificates.unusable", message)
            .with("reason", Field::Owned(event.error.to_string()));
        self.write(&line);
    }
}
