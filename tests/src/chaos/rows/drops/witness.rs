//! What the server itself says about the sessions of a pool.

use crate::chaos::stack::{StackOptions, configuration};
use crdb_exec::{ExecutorExt as _, Row as _};
use crdb_facade::Database;
use crdb_facade::config::Node;
use crdb_testkit::{Engine, EngineKind};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Watches the sessions of one application.
pub(super) struct Witness {
    db: Database,
    application: String,
    text: &'static str,
}

/// Sessions of the application, and transactions of theirs in which nothing happens.
const ON_POSTGRESQL: &str = "SELECT count(*), count(*) FILTER (WHERE state LIKE 'idle in transaction%') \
     FROM pg_stat_activity WHERE application_name = $1";

/// The same, by `SHOW`: since v26.1 the tables of `crdb_internal` are refused.
const ON_COCKROACHDB: &str = "SELECT \
     (SELECT count(*) FROM [SHOW CLUSTER SESSIONS] WHERE application_name = $1 AND status <> 'CLOSED'), \
     (SELECT count(*) FROM [SHOW CLUSTER TRANSACTIONS] WHERE application_name = $1)";

impl Witness {
    pub(super) async fn open(
        engine: &Engine,
        database: &str,
        application: String,
    ) -> anyhow::Result<Self> {
        let options = StackOptions {
            tls: false,
            sessions: 1,
            ..StackOptions::default()
        };
        let nodes = vec![Node::new(engine.host(), engine.port())];
        let config = configuration(engine, database, nodes, options)?.build()?;
        Ok(Self {
            db: Database::open(config).await?,
            application,
            text: match engine.kind() {
                EngineKind::CockroachDb => ON_COCKROACHDB,
                _ => ON_POSTGRESQL,
            },
        })
    }

    /// Waits until the application has at most `sessions` and none of them is in a transaction; what it has when that does
    /// not come true `within` that time.
    pub(super) async fn expect(
        &self,
        sessions: i64,
        within: Duration,
    ) -> anyhow::Result<Option<String>> {
        let deadline = Instant::now() + within;
        loop {
            let row = self
                .db
                .executor()
                .fetch_one(self.text, &[&self.application])
                .await?;
            let (there, open): (i64, i64) = (row.get(0)?, row.get(1)?);
            if there <= sessions && open == 0 {
                return Ok(None);
            }
            if Instant::now() >= deadline {
                let seen = format!("{there} sessions, {open} open transactions after {within:?}");
                return Ok(Some(seen));
            }
            sleep(Duration::from_millis(1)).await;
        }
    }
}
