//! Pools of deadpool-postgres and bb8 as sources of sessions: what one borrower leaves, the next does not find.

use crate::polled::polled;
use crdb_exec::{
    Bb8Source, DeadpoolSource, Error, ErrorKind, ExecutorExt, PooledExecutor, RetrySafety, Row,
    SessionSource, SqlState, Statement, TransactionOptions,
};
use crdb_testkit::{Database, Engine, QuirksOptions, QuirksProxy};
use std::time::Duration;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};

type Bb8Pool = bb8::Pool<bb8_postgres::PostgresConnectionManager<NoTls>>;
type Deadpool = deadpool_postgres::Pool;

/// A database with a table, on a server that may be imitated.
struct Fixture {
    database: Database,
    engine: &'static Engine,
    config: Config,
    _proxy: Option<QuirksProxy>,
}

impl Fixture {
    async fn postgresql() -> Self {
        Self::new(None).await
    }

    /// PostgreSQL that answers as CockroachDB.
    async fn imitated() -> Self {
        let engine = Engine::shared_postgres().await;
        let proxy = QuirksProxy::start(engine, QuirksOptions::default()).await;
        let proxy = proxy.unwrap();
        proxy.require_cancel_requests().await;
        Self::new(Some(proxy)).await
    }

    async fn new(proxy: Option<QuirksProxy>) -> Self {
        let engine = Engine::shared_postgres().await;
        let database = engine.create_database().await;
        let mut config = Config::new();
        let (host, port) = match &proxy {
            Some(proxy) => (proxy.host(), proxy.port()),
            None => (engine.host(), engine.port()),
        };
        config
            .host(host)
            .port(port)
            .user(engine.user())
            .password(engine.password())
            .dbname(database.name())
            .ssl_mode(SslMode::Disable);
        let fixture = Self {
            database,
            engine,
            config,
            _proxy: proxy,
        };
        fixture
            .sql("CREATE TABLE t (id INT8 PRIMARY KEY, n INT8 NOT NULL)")
            .await;
        fixture.sql("INSERT INTO t VALUES (1, 0)").await;
        fixture
    }

    fn deadpool(&self) -> Deadpool {
        let manager = deadpool_postgres::Manager::new(self.config.clone(), NoTls);
        Deadpool::builder(manager).max_size(1).build().unwrap()
    }

    async fn bb8(&self) -> Bb8Pool {
        let manager = bb8_postgres::PostgresConnectionManager::new(self.config.clone(), NoTls);
        let pool = bb8::Pool::builder().max_size(1).retry_connection(false);
        pool.build(manager).await.unwrap()
    }

    /// One statement on another connection, straight to the server.
    async fn sql(&self, text: &str) -> Option<String> {
        let answer = self.engine.execute_in(self.database.name(), text);
        answer.await.unwrap()
    }

    /// Waits until this many sessions run `pg_sleep`.
    async fn wait_for_sleepers(&self, count: &str) {
        let sleepers = "SELECT count(*)::TEXT FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
             AND query LIKE 'SELECT pg_sleep%'";
        let wait = async {
            while self.sql(sleepers).await.as_deref() != Some(count) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(60), wait).await;
        assert!(waited.is_ok(), "never saw {count} sessions that sleep");
    }
}

/// The next borrower gets its own reply, and no lock stays.
async fn is_clean<S: SessionSource>(db: &PooledExecutor<S>, number: i64) {
    let row = db.fetch_one("SELECT $1::INT8", &[&number]).await.unwrap();
    assert_eq!(row.get::<i64>(0).unwrap(), number);
    let update = Statement::new("UPDATE t SET n = n WHERE id = 1").timeout(Duration::from_secs(60));
    db.execute(update, &[]).await.unwrap();
}

async fn add<S: SessionSource>(db: &PooledExecutor<S>) -> Result<i64, Error> {
    db.transact(&TransactionOptions::new(), async |tx| {
        tx.execute("UPDATE t SET n = n + 1 WHERE id = 1", &[])
            .await?;
        tx.savepoint(async |tx| tx.fetch_one("SELECT n FROM t WHERE id = 1", &[]).await)
            .await?
            .get(0)
    })
    .await
}

/// What holds for each pool. It has one session.
async fn suite<S: SessionSource>(fixture: &Fixture, source: S) {
    let db = PooledExecutor::new(source);
    assert_eq!(add(&db).await.unwrap(), 1);

    // Dropped after each number of polls.
    let mut completed = false;
    for polls in 0..10_000 {
        completed = polled(add(&db), polls).await.is_some();
        is_clean(&db, polls as i64).await;
        if completed {
            break;
        }
    }
    assert!(completed, "a transaction needed 10,000 polls");

    // A statement that is dropped while it runs is cancelled.
    let mut sleeping = Box::pin(db.execute("SELECT pg_sleep(600)", &[]));
    tokio::select! {
        ended = &mut sleeping => panic!("{ended:?}"),
        () = fixture.wait_for_sleepers("1") => {}
    }
    drop(sleeping);
    is_clean(&db, 1).await;
    fixture.wait_for_sleepers("0").await;

    // So is one whose time is up.
    let late = Statement::new("SELECT pg_sleep(600)").timeout(Duration::from_millis(50));
    let error = db.execute(late, &[]).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    is_clean(&db, 2).await;
    fixture.wait_for_sleepers("0").await;

    // A session that ended is replaced. Whether its end has been noticed already is not certain: hence `Safe`.
    let others = "SELECT count(pg_terminate_backend(pid))::TEXT FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert_eq!(fixture.sql(others).await.as_deref(), Some("1"));
    let again = Statement::new("SELECT n FROM t").retry(RetrySafety::Safe);
    db.fetch_one(again, &[]).await.unwrap();
    is_clean(&db, 3).await;

    // A server's error is its own.
    let error = db
        .execute("INSERT INTO t VALUES (1, 1)", &[])
        .await
        .unwrap_err();
    assert_eq!(error.sqlstate(), Some(SqlState::UNIQUE_VIOLATION));
    is_clean(&db, 4).await;

    // A prepared statement that a change of the schema made stale is prepared again.
    let all = "SELECT * FROM t";
    assert_eq!(db.fetch_one(all, &[]).await.unwrap().len(), 2);
    fixture.sql("ALTER TABLE t ADD COLUMN m INT8").await;
    assert_eq!(db.fetch_one(all, &[]).await.unwrap().len(), 3);
    fixture.sql("ALTER TABLE t DROP COLUMN m").await;
    assert_eq!(db.fetch_one(all, &[]).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn deadpool_on_postgresql() {
    let fixture = Fixture::postgresql().await;
    let source = DeadpoolSource::new(fixture.deadpool(), NoTls);
    suite(&fixture, source).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deadpool_on_an_imitated_cockroachdb() {
    let fixture = Fixture::imitated().await;
    let source = DeadpoolSource::new(fixture.deadpool(), NoTls);
    suite(&fixture, source).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bb8_on_postgresql() {
    let fixture = Fixture::postgresql().await;
    let source = Bb8Source::new(fixture.bb8().await, NoTls);
    suite(&fixture, source).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bb8_on_an_imitated_cockroachdb() {
    let fixture = Fixture::imitated().await;
    let source = Bb8Source::new(fixture.bb8().await, NoTls);
    suite(&fixture, source).await;
}

/// The program's other borrowers go on using the pool, and share its prepared statements.
#[tokio::test(flavor = "multi_thread")]
async fn deadpool_keeps_prepared_statements() {
    let fixture = Fixture::postgresql().await;
    let pool = fixture.deadpool();
    let db = PooledExecutor::new(DeadpoolSource::new(pool.clone(), NoTls));
    for _ in 0..3 {
        db.fetch_one("SELECT n FROM t", &[]).await.unwrap();
    }
    let client = pool.get().await.unwrap();
    assert_eq!(client.statement_cache.size(), 1);
    let prepared =
        "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT n FROM t'";
    let row = client.query_one(prepared, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 1);
}

/// All places are taken: the caller is told that it waited too long, and the place is free afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_pool_is_waited_for_until_the_deadline() {
    let fixture = Fixture::postgresql().await;
    let (deadpool, bb8) = (fixture.deadpool(), fixture.bb8().await);
    let first = PooledExecutor::new(DeadpoolSource::new(deadpool.clone(), NoTls));
    let second = PooledExecutor::new(Bb8Source::new(bb8.clone(), NoTls));
    let soon = Statement::new("SELECT 1").timeout(Duration::from_millis(50));
    let taken = (deadpool.get().await.unwrap(), bb8.get().await.unwrap());
    for error in [
        first.execute(soon, &[]).await.unwrap_err(),
        second.execute(soon, &[]).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        assert!(!error.is_outcome_unknown(), "{error}");
    }
    drop(taken);
    is_clean(&first, 1).await;
    is_clean(&second, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_refused_is_not_tried_again() {
    let mut fixture = Fixture::postgresql().await;
    fixture.config.password("wrong");
    let source = DeadpoolSource::new(fixture.deadpool(), NoTls);
    let error = PooledExecutor::new(source)
        .execute("SELECT 1", &[])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Acquire, "{error}");
    assert!(!error.is_retryable(), "{error}");
}
