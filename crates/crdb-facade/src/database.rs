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
use tracing::Instrument;

use crate::builder::DatabaseBuilder;
use crate::connector::Connector;
use crate::query::Query;
use crate::session::SessionRow;
use crate::source::Source;
use crate::{Config, Error};

/// A transaction of a [`Database`]: what the body of [`Database::transact`] runs its statements on.
pub type Transaction = crdb_exec::Transaction<Source>;

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
    executor: PooledExecutor<Source>,
    transaction: TransactionOptions,
    metrics: Arc<Metrics>,
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
        executor: PooledExecutor<Source>,
        transaction: TransactionOptions,
        metrics: Arc<Metrics>,
    ) -> Self {
        let shared = Arc::new(Shared {
            config,
            executor,
            transaction,
            metrics,
        });
        // Not the pool itself: metrics that outlive the database must not keep it open.
        let watched = Arc::downgrade(&shared);
        shared
            .metrics
            .watch_pool(move || Some(watched.upgrade()?.executor.source().pool().status()));
        Self { shared }
    }

    /// The query of this name, each run of it its own transaction. Give it its arguments with [`Query::bind`], then fetch
    /// or execute it.
    pub fn query(&self, name: &str) -> Query<'_, Self> {
        Query::new(self, self.source().queries(), name)
    }

    /// Runs `body` in a transaction with the [options of the configuration](Self::transaction_options), as often as is
    /// right: see [`PooledExecutor::transact`].
    ///
    /// ```no_run
    /// use crdb_facade::{Database, Error, QueryTransaction};
    ///
    /// async fn transfer(db: &Database, from: i64, to: i64, cents: i64) -> Result<(), Error> {
    ///     db.transact(async |tx| {
    ///         tx.query("accounts.debit").bind("id", &from).bind("cents", &cents).execute().await?;
    ///         tx.query("accounts.credit").bind("id", &to).bind("cents", &cents).execute().await?;
    ///         Ok(())
    ///     })
    ///     .await
    /// }
    /// ```
    ///
    /// # Errors
    /// What `body` fails with, or an error of the executor made into it.
    ///
    /// # Cancel safety
    /// Dropping the future rolls the transaction back, unless COMMIT had been sent: then the outcome is unknown.
    pub async fn transact<T, E, F>(&self, body: F) -> Result<T, E>
    where
        T: Send,
        E: From<crdb_exec::Error> + Send,
        F: AsyncFn(&Transaction) -> Result<T, E>,
        F: for<'t> TransactionBody<'t, Transaction, Result<T, E>>,
    {
        self.transact_with(&self.shared.transaction, body).await
    }

    /// As [`transact`](Self::transact), with options of your own; [`transaction_options`](Self::transaction_options) is where
    /// to start from.
    ///
    /// # Errors
    /// As [`transact`](Self::transact).
    ///
    /// # Cancel safety
    /// As [`transact`](Self::transact).
    pub async fn transact_with<T, E, F>(
        &self,
        options: &TransactionOptions,
        body: F,
    ) -> Result<T, E>
    where
        T: Send,
        E: From<crdb_exec::Error> + Send,
        F: AsyncFn(&Transaction) -> Result<T, E>,
        F: for<'t> TransactionBody<'t, Transaction, Result<T, E>>,
    {
        let span = self.source().queries().span("transaction");
        self.shared
            .executor
            .transact(options, body)
            .instrument(span)
            .await
    }

    /// How transactions are run unless told otherwise: section `exec` of the configuration.
    #[must_use]
    pub fn transaction_options(&self) -> TransactionOptions {
        self.shared.transaction.clone()
    }

    /// The executor, for statements without a name and for what the shortcuts here do not cover.
    #[must_use]
    pub fn executor(&self) -> &PooledExecutor<Source> {
        &self.shared.executor
    }

    /// The named queries as they are now.
    #[must_use]
    pub fn repository(&self) -> Arc<Repository> {
        self.source().queries().snapshot()
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
        let queries = Arc::clone(self.source().queries());
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

    /// What was counted and measured, where `observe.metrics` is on. [`Metrics::render`] gives the text for Prometheus.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.shared.metrics
    }

    /// The configuration that this was opened with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// Turns new calls away and waits until the sessions that are lent have been returned, for as long as `within` at
    /// most. May be called again to wait for longer.
    ///
    /// # Errors
    /// [`ErrorKind::Unreturned`](crate::ErrorKind::Unreturned) lists the sessions that are still out, and the places that
    /// borrowed them. They are closed when they are returned.
    ///
    /// # Cancel safety
    /// The database is closed from the first poll on; dropping the future only stops the waiting.
    pub async fn close(&self, within: Duration) -> Result<(), Error> {
        Ok(self.pool().close(within).await?)
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

    fn fetch_at_most(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<SessionRow>, crdb_exec::Error>> + Send {
        self.shared
            .executor
            .fetch_at_most(statement, parameters, limit)
    }

    fn run(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<u64, crdb_exec::Error>> + Send {
        self.shared.executor.run(statement, parameters)
    }

    fn stream(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<PooledRows<Source>, crdb_exec::Error>> + Send {
        self.shared.executor.stream(statement, parameters)
    }
}
