//! The service: a database, and what surrounds every request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::routing::get;
use crdb_facade::migrate::{self, Migrations};
use crdb_facade::observe::Metrics;
use crdb_facade::observe::endpoint::Gate;
use crdb_facade::prelude::*;

use crate::audit::Audit;
use crate::readiness::ready;
use crate::requests::{self, RequestMetrics};
use crate::traces::Traces;

/// The wait before a migration that met a failure of the network is tried again.
const MIGRATE_AGAIN: Duration = Duration::from_secs(1);

/// The bank. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Service {
    shared: Arc<Shared>,
}

struct Shared {
    db: Database,
    migrations: Migrations,
    audit: Option<Audit>,
    /// Whether the API answers.
    serving: AtomicBool,
    /// Keeps the replica unready until it serves.
    start: Gate,
    requests: RequestMetrics,
    traces: Traces,
}

impl Service {
    /// A service on this database whose schema is to be as far as `migrations` say. It answers 503 until
    /// [`migrate`](Self::migrate) or [`serve`](Self::serve) is called.
    #[must_use]
    pub fn new(db: Database, migrations: Migrations, audit: Option<Audit>) -> Self {
        let start = db
            .readiness()
            .gate("start", "the schema is being brought up to date");
        if let Some(audit) = &audit {
            db.metrics().watch_audit(audit.log());
        }
        let traces = Traces::new(&db);
        let shared = Arc::new(Shared {
            db,
            migrations,
            audit,
            serving: AtomicBool::new(false),
            start,
            requests: RequestMetrics::new(),
            traces,
        });
        // Weak, because the database has the check.
        let watched = Arc::downgrade(&shared);
        shared.db.readiness().check("schema", move || {
            let service = watched.upgrade().map(|shared| Self { shared });
            async move {
                match service {
                    Some(service) => service
                        .check_schema()
                        .await
                        .map_err(|error| error.to_string()),
                    None => Err("the service has ended".to_owned()),
                }
            }
        });
        Self { shared }
    }

    /// The API, and the routes for probes and metrics.
    pub fn router(&self) -> Router {
        let around = middleware::from_fn_with_state(self.clone(), requests::around);
        crate::api::routes()
            .layer(around)
            .route("/live", get(async || StatusCode::NO_CONTENT))
            .route(
                "/ready",
                get(async |State(service): State<Self>| ready(&service).await),
            )
            .route("/metrics", get(metrics))
            .with_state(self.clone())
    }

    /// Brings the schema up to date, then serves. All replicas may do so at once: one works, the others wait. A failure of the
    /// network is waited out. A schema that is newer than this program is left as it is.
    ///
    /// # Errors
    /// What does not pass by waiting.
    ///
    /// # Cancel safety
    /// As if the program had been killed: the next runner goes on.
    pub async fn migrate(&self) -> Result<(), migrate::Error> {
        loop {
            let migrated = self.shared.db.migrate(self.shared.migrations.clone()).await;
            match migrated {
                Ok(report) => {
                    tracing::info!(applied = ?report.versions(), "the schema is up to date");
                    self.serve();
                    return Ok(());
                }
                Err(error) if error.is_transient() => {
                    tracing::warn!(%error, "migrations are tried again");
                    tokio::time::sleep(MIGRATE_AGAIN).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Answers requests from now on. Readiness waits for the schema by itself.
    pub fn serve(&self) {
        self.shared.serving.store(true, Ordering::Release);
        self.shared.start.open();
    }

    /// Tells the readiness probe that no more requests should come. Those that come are answered.
    pub fn drain(&self) {
        self.shared.db.readiness().drain();
    }

    /// Whether the API answers.
    pub(crate) fn is_serving(&self) -> bool {
        self.shared.serving.load(Ordering::Acquire)
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.shared.db
    }

    pub(crate) fn audit(&self) -> Option<&Audit> {
        self.shared.audit.as_ref()
    }

    pub(crate) fn requests(&self) -> &RequestMetrics {
        &self.shared.requests
    }

    pub(crate) fn traces(&self) -> &Traces {
        &self.shared.traces
    }

    /// Whether the schema is as far as this program needs it. A newer one passes, so that a program can go back without it.
    async fn check_schema(&self) -> Result<(), migrate::Error> {
        let Some(version) = self.shared.migrations.latest() else {
            return Ok(());
        };
        let migrator = self.shared.db.migrator(self.shared.migrations.clone());
        migrator.check_at_least(version).await
    }

    /// Closes the database and the audit log, within this time.
    ///
    /// # Errors
    /// The sessions that were not returned in time.
    ///
    /// # Cancel safety
    /// The database is closed from the first poll on.
    pub async fn close(&self, within: Duration) -> Result<(), Error> {
        let closed = self.shared.db.close(within).await;
        if let Some(audit) = self.audit() {
            audit.close().await;
        }
        closed
    }
}

impl FromRef<Service> for Database {
    fn from_ref(service: &Service) -> Self {
        service.shared.db.clone()
    }
}

async fn metrics(
    State(service): State<Service>,
) -> ([(header::HeaderName, &'static str); 1], String) {
    let mut text = service.requests().render();
    match service.database().endpoint_address() {
        // There they are scraped already.
        Some(_) => text.push_str("# EOF\n"),
        None => text.push_str(&service.database().metrics().render()),
    }
    ([(header::CONTENT_TYPE, Metrics::CONTENT_TYPE)], text)
}
