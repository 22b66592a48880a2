//! A database for one test, on PostgreSQL or behind the quirks proxy.

use std::sync::Arc;
use std::time::Duration;

use crdb_exec::{Engine, ExecutorExt, PooledExecutor, Row, ServerVersion};
use crdb_migrate::{Migrations, Migrator, Options};
use crdb_testkit::{
    CockroachVersion, Database, Engine as TestEngine, Login, QuirksOptions, QuirksProxy,
};
use tokio_postgres::Config;

use crate::source::Plain;

pub(crate) struct Bed {
    pub(crate) db: PooledExecutor<Plain>,
    pub(crate) config: Arc<Config>,
    pub(crate) kind: Engine,
    pub(crate) proxy: Option<QuirksProxy>,
    pub(crate) database: Database,
    pub(crate) engine: &'static TestEngine,
}

pub(crate) const BOTH: [Engine; 2] = [Engine::PostgreSql, Engine::CockroachDb];

impl Bed {
    pub(crate) async fn new(kind: Engine) -> Self {
        Self::with(kind, QuirksOptions::default()).await
    }

    /// Behind a proxy that speaks like this release, whichever one the tests run against.
    pub(crate) async fn since(version: CockroachVersion) -> Self {
        let quirks = QuirksOptions::default().version(version);
        Self::with(Engine::CockroachDb, quirks).await
    }

    /// As [`since`](Self::since), with sessions that know the release: 23.1 for `V23_1`.
    pub(crate) async fn knowing(version: CockroachVersion, (major, minor): (u16, u16)) -> Self {
        let mut bed = Self::since(version).await;
        let source = Plain::new(Arc::clone(&bed.config), bed.kind);
        let source = source.of(ServerVersion::new(major, minor, 0));
        bed.db = PooledExecutor::new(source);
        bed
    }

    pub(crate) async fn with(kind: Engine, quirks: QuirksOptions) -> Self {
        let engine = TestEngine::shared_postgres().await;
        let database = engine.create_database().await;
        let proxy = match kind {
            Engine::CockroachDb => Some(QuirksProxy::start(engine, quirks).await.unwrap()),
            _ => None,
        };
        let port = proxy.as_ref().map_or(engine.port(), QuirksProxy::port);
        let mut config = Config::new();
        config
            .host("localhost")
            .port(port)
            // Without a password, whose check would take most of the time of a short test.
            .user(engine.login(Login::Trust).user())
            .dbname(database.name());
        let config = Arc::new(config);
        let db = PooledExecutor::builder(Plain::new(Arc::clone(&config), kind))
            .retry_reserve(10_000)
            .build();
        Self {
            db,
            config,
            kind,
            proxy,
            database,
            engine,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.config.get_ports()[0]
    }

    pub(crate) fn user(&self) -> &str {
        self.config.get_user().unwrap()
    }

    /// Another database beside it.
    pub(crate) async fn scratch(&self) -> PooledExecutor<Plain> {
        let database = self.engine.create_database().await;
        let mut config = (*self.config).clone();
        config.dbname(database.name());
        PooledExecutor::new(Plain::new(Arc::new(config), self.kind))
    }

    /// A database of this name beside it.
    pub(crate) fn named(&self, name: &str) -> PooledExecutor<Plain> {
        let mut config = (*self.config).clone();
        config.dbname(name);
        PooledExecutor::new(Plain::new(Arc::new(config), self.kind))
    }

    /// Lets the runner's user create databases, or not.
    pub(crate) async fn may_create_databases(&self, may: bool) {
        let word = if may { "CREATEDB" } else { "NOCREATEDB" };
        let text = format!("ALTER ROLE {} {word}", self.user());
        self.engine.execute(&text).await.unwrap();
    }

    pub(crate) fn migrator(&self, files: &[(&str, &str)]) -> Migrator<Plain> {
        Migrator::new(self.db.clone(), Migrations::from_embedded(files).unwrap()).options(options())
    }

    /// The one value of a query, as text.
    pub(crate) async fn ask(&self, text: &str) -> String {
        let text = format!("SELECT ({text})::TEXT");
        let row = self.db.fetch_one(text.as_str(), &[]).await.unwrap();
        row.get::<Option<String>>(0).unwrap().unwrap_or_default()
    }

    /// How many sessions run a statement like this, asked of PostgreSQL itself: CockroachDB's `pg_stat_activity` is empty.
    pub(crate) async fn running(&self, like: &str) -> i64 {
        let text = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
             AND state = 'active' AND query LIKE '{like}'"
        );
        let answer = self.engine.execute_in(self.database.name(), &text);
        answer.await.unwrap().unwrap().parse().unwrap()
    }

    /// As if the lease of a runner that is gone had run out.
    pub(crate) async fn lease_runs_out(&self) {
        self.run("UPDATE crdb_migration_lease SET expires_at = now()")
            .await;
    }

    /// What a statement is refused with.
    pub(crate) async fn db_error(&self, text: &str) -> crdb_exec::Error {
        self.db.execute(text, &[]).await.unwrap_err()
    }

    pub(crate) async fn run(&self, text: &str) {
        self.db.execute(text, &[]).await.unwrap();
    }
}

/// A lease that no slow machine loses. Where it has to run out, tests say so.
pub(crate) fn options() -> Options {
    Options::new()
        .lease(Duration::from_secs(60))
        .wait(Duration::from_secs(120))
}
