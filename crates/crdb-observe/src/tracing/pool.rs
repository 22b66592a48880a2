use crdb_pool::{AcquireOutcome, Token};
use tracing::field::Empty;
use tracing::{Level, Span, event};

use super::{Tracing, keep, kept};

impl crdb_pool::Observer for Tracing {
    fn begin_acquire(&self, _: &crdb_pool::AcquireBegin) -> Token {
        keep(tracing::trace_span!(
            target: "crdb::pool",
            "acquire",
            server.address = Empty,
            server.port = Empty,
            "error.type" = Empty,
            outcome = Empty,
            checked = Empty,
        ))
    }

    fn end_acquire(&self, token: Token, event: &crdb_pool::AcquireEnd<'_>) {
        let span = kept(&token).cloned().unwrap_or_else(Span::none);
        let word = match &event.outcome {
            AcquireOutcome::Acquired(acquired) => {
                span.record("server.address", acquired.address.host());
                span.record("server.port", acquired.address.port());
                span.record("checked", acquired.checked);
                "ok"
            }
            AcquireOutcome::Failed(kind) => {
                span.record("error.type", kind.as_str());
                let _entered = span.enter();
                event!(
                    target: "crdb::pool",
                    Level::WARN,
                    {
                    "error.type" = kind.as_str(),
                    duration = event.waited.as_secs_f64(),
                    },
                    "a caller got no session"
                );
                "failed"
            }
            _ => "dropped",
        };
        span.record("outcome", word);
    }

    /// The time that the lease was out is in the spans of its borrower.
    fn released(&self, _: &crdb_pool::Released<'_>) {}

    fn opened(&self, event: &crdb_pool::Opened<'_>) {
        event!(
            target: "crdb::pool",
            Level::DEBUG,
            {
            server.address = event.address.host(),
            server.port = event.address.port(),
            duration = event.took.as_secs_f64(),
            },
            "session opened"
        );
    }

    /// Not a warning: the login's own layer warns, and so does the node's leaving rotation.
    fn connect_failed(&self, event: &crdb_pool::ConnectFailed<'_>) {
        event!(
            target: "crdb::pool",
            Level::DEBUG,
            {
            server.address = event.address.host(),
            server.port = event.address.port(),
            duration = event.took.as_secs_f64(),
            },
            "no session could be opened: {}",
            event.error
        );
    }

    fn closed(&self, event: &crdb_pool::Closed<'_>) {
        event!(
            target: "crdb::pool",
            Level::DEBUG,
            {
            server.address = event.address.host(),
            server.port = event.address.port(),
            reason = event.reason.as_str(),
            age = event.age.as_secs_f64(),
            },
            "session closed"
        );
    }

    fn checked(&self, event: &crdb_pool::Checked<'_>) {
        event!(
            target: "crdb::pool",
            Level::DEBUG,
            {
            server.address = event.address.host(),
            server.port = event.address.port(),
            ok = event.ok,
            duration = event.took.as_secs_f64(),
            },
            "session checked"
        );
    }

    fn reset(&self, event: &crdb_pool::Reset<'_>) {
        event!(
            target: "crdb::pool",
            Level::DEBUG,
            {
            server.address = event.address.host(),
            server.port = event.address.port(),
            ok = event.ok,
            duration = event.took.as_secs_f64(),
            },
            "session reset"
        );
    }

    fn node_changed(&self, event: &crdb_pool::NodeChanged<'_>) {
        let (address, port) = (event.address.host(), event.address.port());
        if event.to.in_rotation() {
            event!(target: "crdb::pool", Level::INFO, { server.address = address, server.port = port }, "the node {}", event.to);
        } else {
            event!(target: "crdb::pool", Level::WARN, { server.address = address, server.port = port }, "the node {}", event.to);
        }
    }

    fn leaked(&self, event: &crdb_pool::Leaked<'_>) {
        event!(
            target: "crdb::pool",
            Level::WARN,
            {
            server.address = event.address.host(),
            server.port = event.address.port(),
            held = event.held.as_secs_f64(),
            code.file.path = event.borrowed_at.file(),
            code.line.number = event.borrowed_at.line(),
            },
            "a session was borrowed and not returned"
        );
    }
}
