//! The whole stack.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crdb_exec::{
    Executor, Parameters, PooledExecutor, PooledRows, Statement, TransactionBody,
    TransactionOptions,
};
use crdb_observe::Metrics;
use crdb_pool::{Pool, Status};
use crdb_sql::{Changes, Repository};

use crate::adapted::{Adapted, Adopted};
use crate::builder::DatabaseBuilder;
use crate::connector::Connector;
use crate::lanes::{SharedLanes, may_share};
use crate::observing::Observing;
use crate::queries::Queries;
use crate::query::Query;
use crate::session::SessionRow;
use crate::source::Source;
use crate::transaction::Transaction;
use crate::{Config, Error};

/// CockroachDB, ready for queries: configuration, login, pool, SQL files, transactions and metrics, wired.
///
/// Cheap to clone; clones share everything. It is a [`crdb_exec::Executor`] too, so whatever is generic over
/// executors (generated code, [`crdb_exec::ExecutorExt`]) takes `&database`.
///
/// Dropping the last clone closes the pool without waiting for sessions that are lent; [`close`](Self::close) waits.
#[derive(Clone)]
pub struct Database {
    shared: Arc<Shared>,
}

struct Shared {
    config: Config,
    queries: Arc<Queries>,
    executor: PooledExecutor<Source>,
    /// Where `exec.lanes` asks for them.
    lanes: Option<PooledExecutor<SharedLanes>>,
    transaction: TransactionOptions,
    observing: Observing,
    auth: crdb_auth::Connector,
    #[cfg(feature = "cache")]
    cache: crate::cached::DatabaseCache,
}

impl Shared {
    /// The lanes, if there are any and this statement may run on one.
    fn lanes_for(&self, statement: &Statement<'_>) -> Option<&PooledExecutor<SharedLanes>> {
        self.lanes.as_ref().filter(|_| may_share(statement))
    }
}

impl Database {
    /// Opens a database: loads the SQL files, builds every layer, and logs in once (`auth.check_at_open`), so that what
    /// is wrong shows here rather than with the first query.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) when something that the configuration names is not
    /// there (a password's file, a variable, a certificate),
    /// [`ErrorKind::SqlFiles`](crate::ErrorKind::SqlFiles), and every kind of a failed login. All within
    /// `auth.connect_timeout`.
    ///
    /// # Cancel safety
    /// Dropping the future closes what was opened.
    pub async fn open(config: Config) -> Result<Self, Error> {
        Self::builder(config).open().await
    }

    /// Opens a database with parts of your own: observers, an embedded repository, hooks.
    pub fn builder(config: Config) -> DatabaseBuilder {
        DatabaseBuilder::new(config)
    }

    pub(crate) fn new(
        config: Config,
        queries: Arc<Queries>,
        (executor, lanes): (PooledExecutor<Source>, Option<PooledExecutor<SharedLanes>>),
        transaction: TransactionOptions,
        observing: Observing,
        auth: crdb_auth::Connector,
        #[cfg(feature = "cache")] cache: crate::cached::DatabaseCache,
    ) -> Self {
        let shared = Arc::new(Shared {
            config,
            queries,
            executor,
            lanes,
            transaction,
            observing,
            auth,
            #[cfg(feature = "cache")]
            cache,
        });
        let metrics = &shared.observing.metrics;
        // Not the pool itself: metrics that outlive the database must not keep it open.
        let watched = Arc::downgrade(&shared);
        metrics.watch_pool(move || Some(watched.upgrade()?.executor.source().pool().status()));
        let watched = Arc::downgrade(&shared);
        metrics.watch_credentials(move || Some(watched.upgrade()?.auth.time_left()));
        if shared.lanes.is_some() {
            let watched = Arc::downgrade(&shared);
            metrics.watch_lanes(move || Some(watched.upgrade()?.lanes.as_ref()?.source().status()));
        }
        #[cfg(feature = "endpoint")]
        {
            let watched = Arc::downgrade(&shared);
            shared.observing.readiness.check("database", move || {
                let db = watched.upgrade().map(|shared| Self { shared });
                async move {
                    match db {
                        Some(db) => crate::readiness::check(&db).await,
                        None => Err("the database was closed".to_owned()),
                    }
                }
            });
            shared.observing.opened.open();
        }
        Self { shared }
    }

    /// Opens the database of a connection string: `postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=..`, with the defaults for
    /// everything else. Several hosts are separated by commas. The port is 26257 unless the string says otherwise.
    ///
    /// ```no_run
    /// # use crdb_facade::{Database, Error};
    /// # async fn example() -> Result<(), Error> {
    /// let db = Database::connect("postgresql://app@db1,db2,db3/bank?sslrootcert=certs/ca.crt").await?;
    /// let version: String = db.sql("SELECT version()").fetch_one().await?.get(0)?;
    /// # Ok(()) }
    /// # use crdb_facade::Row as _;
    /// ```
    ///
    /// # Errors
    /// As [`open`](Self::open).
    ///
    /// # Cancel safety
    /// Dropping the future closes what was opened.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Self::open(Config::builder().set_text("auth.url", url).build()?).await
    }

    /// Finds the query of this name; each run of it is its own transaction. Give it its arguments with [`Query::bind`], then fetch
    /// or execute it.
    pub fn query(&self, name: &str) -> Query<'_, Self> {
        Query::named(self, &self.shared.queries, name)
    }

    /// Takes a statement as text, with `:name` parameters; each run of it is its own transaction.
    ///
    /// ```no_run
    /// # use crdb_facade::{Database, Error, Row as _};
    /// # async fn example(db: &Database) -> Result<(), Error> {
    /// let open = db
    ///     .sql("SELECT count(*) FROM accounts WHERE owner = :owner AND status = ANY(:states)")
    ///     .bind("owner", 7)
    ///     .bind("states", vec!["open", "frozen"])
    ///     .fetch_one()
    ///     .await?
    ///     .get::<i64>(0)?;
    /// # Ok(()) }
    /// ```
    pub fn sql(&self, text: &str) -> Query<'_, Self> {
        Query::text(self, text)
    }

    /// Runs `body` in a transaction with the [options of the configuration](Self::transaction_options), and commits it.
    ///
    /// It is run again, after a jittered wait, when it is certain that nothing took effect: a serialization failure, a connection
    /// lost before COMMIT. So it must have no effect but through the transaction that it is given. An error that it returns rolls
    /// the transaction back.
    ///
    /// ```no_run
    /// use crdb_facade::{Database, Error};
    ///
    /// async fn transfer(db: &Database, from: i64, to: i64, cents: i64) -> Result<(), Error> {
    ///     db.transact(async |tx| {
    ///         tx.query("accounts.debit").bind("id", from).bind("cents", cents).execute().await?;
    ///         tx.query("accounts.credit").bind("id", to).bind("cents", cents).execute().await?;
    ///         Ok(())
    ///     })
    ///     .await
    /// }
    /// ```
    ///
    /// # Errors
    /// The error of `body`; else the reason why it could not be run or committed, with its [verdict](Error::verdict).
    ///
    /// # Cancel safety
    /// Dropping the future rolls the transaction back, unless COMMIT had been sent: then the outcome is unknown.
    pub async fn transact<T, F>(&self, body: F) -> Result<T, Error>
    where
        T: Send,
        F: AsyncFn(&Transaction) -> Result<T, Error>,
        F: for<'t> TransactionBody<'t, Transaction, Result<T, Error>>,
    {
        self.transact_as(&self.shared.transaction, body).await
    }

    /// As [`transact`](Self::transact), with options of its own; [`transaction_options`](Self::transaction_options) is where
    /// to start from.
    ///
    /// # Errors
    /// As [`transact`](Self::transact).
    ///
    /// # Cancel safety
    /// As [`transact`](Self::transact).
    pub async fn transact_with<T, F>(
        &self,
        options: &TransactionOptions,
        body: F,
    ) -> Result<T, Error>
    where
        T: Send,
        F: AsyncFn(&Transaction) -> Result<T, Error>,
        F: for<'t> TransactionBody<'t, Transaction, Result<T, Error>>,
    {
        self.transact_as(options, body).await
    }

    /// As [`transact_with`](Self::transact_with), with an error type of your own, which is made of [`Error`]. Rust needs the
    /// type: by the function that it is returned from, or at the closure.
    ///
    /// ```no_run
    /// use crdb_facade::{Database, Error, Row as _};
    ///
    /// enum TransferError {
    ///     Insufficient,
    ///     Database(Error),
    /// }
    ///
    /// impl From<Error> for TransferError {
    ///     fn from(error: Error) -> Self {
    ///         Self::Database(error)
    ///     }
    /// }
    ///
    /// async fn withdraw(db: &Database, id: i64, cents: i64) -> Result<i64, TransferError> {
    ///     db.transact_as(&db.transaction_options(), async |tx| -> Result<i64, TransferError> {
    ///         let row = tx.query("accounts.withdraw").bind("id", id).bind("cents", cents).fetch_one().await?;
    ///         let left: i64 = row.get("left").map_err(Error::from)?;
    ///         if left < 0 {
    ///             return Err(TransferError::Insufficient);
    ///         }
    ///         Ok(left)
    ///     })
    ///     .await
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`transact`](Self::transact).
    ///
    /// # Cancel safety
    /// As [`transact`](Self::transact).
    pub async fn transact_as<T, E, F>(&self, options: &TransactionOptions, body: F) -> Result<T, E>
    where
        T: Send,
        E: From<Error> + Send,
        F: AsyncFn(&Transaction) -> Result<T, E>,
        F: for<'t> TransactionBody<'t, Transaction, Result<T, E>>,
    {
        let wrap = |inner| Transaction::new(inner, Arc::clone(&self.shared.queries));
        let run = self
            .shared
            .executor
            .transact_as(options, wrap, Adapted(body));
        run.await.map_err(Adopted::into_inner)
    }

    /// How transactions are run by default: section `exec` of the configuration.
    #[must_use]
    pub fn transaction_options(&self) -> TransactionOptions {
        self.shared.transaction.clone()
    }

    /// A handle that answers from memory what a query's header allows (`-- cache: 10s`), and sees what it has written itself: best one
    /// for each request.
    #[cfg(feature = "cache")]
    #[must_use]
    pub fn cached(&self) -> crate::CachedDatabase {
        crate::CachedDatabase::new(self.clone(), &self.shared.cache)
    }

    /// The cache behind [`cached`](Self::cached): to invalidate tables, and to see how large it is.
    #[cfg(feature = "cache")]
    #[must_use]
    pub fn cache(&self) -> &crdb_cache::Cache {
        self.shared.cache.cache()
    }

    #[cfg(feature = "cache")]
    pub(crate) fn queries(&self) -> &Arc<Queries> {
        &self.shared.queries
    }

    /// The executor over the pool's sessions, for statements without a name and for what the shortcuts here do not cover. It uses no
    /// lanes: only the calls of this type do.
    #[must_use]
    pub fn executor(&self) -> &PooledExecutor<Source> {
        &self.shared.executor
    }

    /// The named queries as they are now.
    #[must_use]
    pub fn repository(&self) -> Arc<Repository> {
        self.shared.queries.snapshot()
    }

    /// Reads the SQL files of `sql.directory` again, and says what has changed; `None` where the queries do not come from
    /// there. Calls under way keep the text that they began with.
    ///
    /// # Errors
    /// [`ErrorKind::SqlFiles`](crate::ErrorKind::SqlFiles) with every problem of every file; the old queries stay in use.
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether the new queries come into use.
    pub async fn reload_queries(&self) -> Result<Option<Changes>, Error> {
        let queries = Arc::clone(&self.shared.queries);
        // Files may be slow: not on the async thread.
        tokio::task::spawn_blocking(move || queries.reload())
            .await
            .map_err(Error::interrupted)?
    }

    /// The pool.
    #[must_use]
    pub fn pool(&self) -> &Pool<Connector> {
        self.source().pool()
    }

    /// The pool at this moment.
    #[must_use]
    pub fn pool_status(&self) -> Status {
        self.pool().status()
    }

    /// Checks that a session can be had within this time: for a readiness probe. A session that has not been used for
    /// a moment is asked for a sign of life first, so the network and the server are part of the answer.
    ///
    /// ```no_run
    /// # use crdb_facade::Database;
    /// # use std::time::Duration;
    /// async fn ready(db: &Database) -> bool {
    ///     db.check(Duration::from_secs(2)).await.is_ok()
    /// }
    /// ```
    ///
    /// # Errors
    /// Why no session could be had; [`Error::is_unavailable`] is true for what may pass.
    ///
    /// # Cancel safety
    /// Dropping the future gives the session back.
    pub async fn check(&self, within: Duration) -> Result<(), Error> {
        let now = std::time::Instant::now();
        let options = crdb_pool::AcquireOptions {
            deadline: now.checked_add(within),
            avoid: None,
        };
        drop(self.pool().acquire_with(options).await?);
        Ok(())
    }

    /// What was counted and measured, where `observe.metrics` is on. [`Metrics::render`] gives the text for Prometheus.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.shared.observing.metrics
    }

    #[cfg(feature = "migrate")]
    pub(crate) fn migrate_observer(&self) -> Arc<dyn crdb_migrate::Observer> {
        Arc::clone(&self.shared.observing.migrate)
    }

    /// What `observe` asks for, as an observer of loads and exports: `Load::into_table("t").observer(db.data_observer())`.
    #[cfg(feature = "data")]
    #[must_use]
    pub fn data_observer(&self) -> Arc<dyn crdb_data::observer::Observer> {
        Arc::clone(&self.shared.observing.data)
    }

    /// Which queries cost most and where their time goes, where `observe.profile` is on.
    #[cfg(feature = "profile")]
    #[must_use]
    pub fn profile(&self) -> Option<&Arc<crdb_observe::profile::Profile>> {
        self.shared.observing.profile.as_ref()
    }

    /// What sends to the collector of `observe.otlp.endpoint`, for spans, metrics and log records of the service's own; `None` where that is
    /// not set. A statement within a span of its [tracers](crdb_observe::otlp::Otlp::tracers) has that span as its parent. What has
    /// gathered is sent by [`close`](Self::close).
    #[cfg(feature = "otlp")]
    #[must_use]
    pub fn otlp(&self) -> Option<&crdb_observe::otlp::Otlp> {
        self.shared.observing.otlp()
    }

    /// Whether the service should get requests: what `/ready` answers by. It follows the pool: not ready without a node in rotation, without
    /// a session within 2 s, or closed. A full pool is ready: it works, and its load would only move on to the next. Add checks of your
    /// own; ask it where the service has a router of its own; [drain](crdb_observe::endpoint::Readiness::drain) it first when the service
    /// stops.
    #[cfg(feature = "endpoint")]
    #[must_use]
    pub fn readiness(&self) -> &Arc<crdb_observe::endpoint::Readiness> {
        &self.shared.observing.readiness
    }

    /// Where `observe.endpoint.listen` has `/metrics`, `/health` and `/ready` served, with the port that was chosen for 0; `None` where it is
    /// not set.
    #[cfg(feature = "endpoint")]
    #[must_use]
    pub fn endpoint_address(&self) -> Option<std::net::SocketAddr> {
        let endpoint = self.shared.observing.endpoint.as_ref()?;
        Some(endpoint.address())
    }

    /// The configuration that this was opened with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// Turns new calls away and waits until the sessions that are lent have been returned, for as long as `within` at
    /// most. May be called again to wait for longer. From the first call on the service is not ready. What has gathered for a collector is
    /// sent, within the rest of the time.
    ///
    /// # Errors
    /// [`ErrorKind::Unreturned`](crate::ErrorKind::Unreturned) lists the sessions that are still out, and the places that
    /// borrowed them. They are closed when they are returned.
    ///
    /// # Cancel safety
    /// The database is closed from the first poll on; dropping the future only stops the waiting.
    pub async fn close(&self, within: Duration) -> Result<(), Error> {
        let began = std::time::Instant::now();
        #[cfg(feature = "endpoint")]
        self.readiness().drain();
        let closed = self.pool().close(within).await;
        let left = || within.saturating_sub(began.elapsed());
        #[cfg(feature = "profile")]
        self.shared.observing.end_inspection(left()).await;
        self.shared.observing.flush(left()).await;
        Ok(closed?)
    }

    fn source(&self) -> &Source {
        self.shared.executor.source()
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("pool", &self.pool_status().to_string())
            .finish_non_exhaustive()
    }
}

impl Executor for Database {
    type Row = SessionRow;
    type Rows<'a> = PooledRows<Source>;

    async fn fetch_at_most(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> Result<Vec<SessionRow>, crdb_exec::Error> {
        match self.shared.lanes_for(&statement) {
            Some(lanes) => lanes.fetch_at_most(statement, parameters, limit).await,
            None => {
                self.shared
                    .executor
                    .fetch_at_most(statement, parameters, limit)
                    .await
            }
        }
    }

    async fn execute_statement(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<u64, crdb_exec::Error> {
        match self.shared.lanes_for(&statement) {
            Some(lanes) => lanes.execute_statement(statement, parameters).await,
            None => {
                self.shared
                    .executor
                    .execute_statement(statement, parameters)
                    .await
            }
        }
    }

    fn fetch_statement_stream(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<PooledRows<Source>, crdb_exec::Error>> + Send {
        self.shared
            .executor
            .fetch_statement_stream(statement, parameters)
    }
}
