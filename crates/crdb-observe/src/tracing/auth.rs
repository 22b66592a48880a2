use std::sync::atomic::Ordering;

use tracing::{Level, event};

use super::Tracing;

impl crdb_auth::Observer for Tracing {
    fn connected(&self, event: &crdb_auth::Connected<'_>) {
        let is_postgresql = event.facts.engine() == crdb_auth::Engine::PostgreSql;
        self.is_postgresql.store(is_postgresql, Ordering::Relaxed);
        event!(
            target: "crdb::auth",
            Level::DEBUG,
            {
            db.system.name = self.system(),
            server.address = event.endpoint.host,
            server.port = event.endpoint.port,
            tls = event.tls,
            duration = event.timings.total.as_secs_f64(),
            },
            "connected"
        );
    }

    fn connect_failed(&self, event: &crdb_auth::ConnectFailed<'_>) {
        event!(
            target: "crdb::auth",
            Level::WARN,
            {
            db.system.name = self.system(),
            server.address = event.endpoint.host,
            server.port = event.endpoint.port,
            "error.type" = event.error.kind().as_str(),
            duration = event.timings.total.as_secs_f64(),
            },
            "connecting failed: {}",
            event.error
        );
    }

    fn cancelled(&self, event: &crdb_auth::Cancelled<'_>) {
        event!(
            target: "crdb::auth",
            Level::DEBUG,
            {
            db.system.name = self.system(),
            server.address = event.endpoint.host,
            server.port = event.endpoint.port,
            "error.type" = event.error.map(|error| error.kind().as_str()),
            duration = event.elapsed.as_secs_f64(),
            },
            "cancel sent"
        );
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
