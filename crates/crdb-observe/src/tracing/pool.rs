use tracing::{Level, event};

use super::Tracing;

impl crdb_pool::Observer for Tracing {
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

    fn acquire_failed(&self, event: &crdb_pool::AcquireFailed) {
        event!(
            target: "crdb::pool",
            Level::WARN,
            {
            "error.type" = event.kind.as_str(),
            duration = event.waited.as_secs_f64(),
            },
            "a caller got no session"
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
