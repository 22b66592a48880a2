//! A table behind proxies, reached by the whole stack.

use crdb_facade::config::{Config, Node, keys};
use crdb_facade::exec::{ExecutorExt as _, IdempotencyKey, PooledExecutor};
use crdb_facade::{Database, Row as _, Source};
use crdb_testkit::{Engine, EngineKind, FaultProxy, QuirksOptions, QuirksProxy};

/// The executor of the whole stack. Its errors carry the verdicts.
pub(crate) type Executor = PooledExecutor<Source>;

/// A transaction on it.
pub(crate) type Transaction = crdb_facade::exec::Transaction<Source>;

/// A table `t` on one server, reached through proxies.
pub(crate) struct Bed {
    /// What an assertion that fails is about.
    pub(crate) name: &'static str,
    /// Whether the server is CockroachDB, or behaves like it.
    pub(crate) is_cockroach: bool,
    /// In front of everything.
    pub(crate) fault: FaultProxy,
    /// Behind it, where PostgreSQL is given CockroachDB's habits.
    pub(crate) quirks: Option<QuirksProxy>,
    /// The stack under test, through the proxies.
    pub(crate) db: Executor,
    engine: &'static Engine,
    database: crdb_testkit::Database,
}

impl Bed {
    /// One for each server: PostgreSQL, PostgreSQL with CockroachDB's habits, and a CockroachDB that is found.
    pub(crate) async fn all() -> Vec<Self> {
        let mut beds = vec![
            Self::new("PostgreSQL", Engine::shared_postgres().await, false).await,
            Self::habits().await,
        ];
        let found = Engine::shared().await;
        if found.kind() == EngineKind::CockroachDb {
            beds.push(Self::new("CockroachDB", found, false).await);
        }
        beds
    }

    /// PostgreSQL with CockroachDB's habits.
    pub(crate) async fn habits() -> Self {
        Self::new("habits", Engine::shared_postgres().await, true).await
    }

    /// PostgreSQL as it is.
    pub(crate) async fn postgres() -> Self {
        Self::new("PostgreSQL", Engine::shared_postgres().await, false).await
    }

    /// The shared PostgreSQL behind this proxy.
    pub(crate) async fn behind(quirks: QuirksProxy) -> Self {
        Self::with("habits", Engine::shared_postgres().await, Some(quirks)).await
    }

    async fn new(name: &'static str, engine: &'static Engine, habits: bool) -> Self {
        let quirks = if habits {
            Some(
                QuirksProxy::start(engine, QuirksOptions::default())
                    .await
                    .unwrap(),
            )
        } else {
            None
        };
        Self::with(name, engine, quirks).await
    }

    async fn with(
        name: &'static str,
        engine: &'static Engine,
        quirks: Option<QuirksProxy>,
    ) -> Self {
        let database = engine.create_database().await;
        for text in [
            "CREATE TABLE t (n INT8 NOT NULL)",
            // Fails with the SQLSTATE that it is given.
            "CREATE FUNCTION fail(code TEXT) RETURNS INT8 LANGUAGE plpgsql AS $$ \
             BEGIN RAISE EXCEPTION 'as asked' USING ERRCODE = code; END $$",
            IdempotencyKey::SCHEMA,
        ] {
            engine.execute_in(database.name(), text).await.unwrap();
        }
        let fault = match &quirks {
            Some(quirks) => FaultProxy::start(quirks.host(), quirks.port()).unwrap(),
            None => FaultProxy::start(engine.host(), engine.port()).unwrap(),
        };
        let db = open(&database, fault.host(), fault.port()).await;
        Self {
            name,
            is_cockroach: quirks.is_some() || engine.kind() == EngineKind::CockroachDb,
            fault,
            quirks,
            db,
            engine,
            database,
        }
    }

    /// Ends the test unless the server, or the release that is imitated, runs this.
    pub(crate) async fn require(&self, what: &str, sql: &str) {
        match &self.quirks {
            Some(quirks) => quirks.require(what, sql).await,
            None => self.engine.require(what, sql).await,
        }
    }

    /// Runs a statement of its own, straight on the server.
    pub(crate) async fn sql(&self, text: &str) -> Option<String> {
        self.engine
            .execute_in(self.database.name(), text)
            .await
            .unwrap()
    }

    /// How many rows the table has.
    pub(crate) async fn rows(&self) -> i64 {
        self.sql("SELECT count(*) FROM t")
            .await
            .and_then(|count| count.parse().ok())
            .unwrap()
    }

    /// Another stack on the same table, with settings of its own.
    pub(crate) async fn reopen(&self, session: &[(&str, &str)]) -> Executor {
        for (name, value) in session {
            let text = format!(
                "ALTER DATABASE {} SET {name} = '{value}'",
                self.database.name()
            );
            self.engine.execute(&text).await.unwrap();
        }
        open(&self.database, self.fault.host(), self.fault.port()).await
    }

    /// A setting as the next borrower of the only session finds it.
    pub(crate) async fn shown(&self, name: &str) -> String {
        let row = self
            .db
            .fetch_one(&format!("SHOW {name}"), &[])
            .await
            .unwrap();
        row.get::<String>(0).unwrap()
    }
}

async fn open(database: &crdb_testkit::Database, host: &str, port: u16) -> Executor {
    let config = Config::builder()
        .set(keys::auth::URL, Some(database.url().into()))
        .set(keys::auth::NODES, vec![Node::new(host, port)])
        // One session, so that the next borrower has the same.
        .set(keys::pool::MAX_SIZE, 1_u32)
        .build()
        .unwrap();
    let database = Database::open(config).await.unwrap();
    database.executor().clone()
}
