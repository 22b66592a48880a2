//! A database behind its cache.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use crdb_cache::{Cache, CachedExecutor, CachedRow, CachedRows, CommitToken};
use crdb_exec::{
    CommitTime, Effect, Executor, Parameters, PooledExecutor, PooledRows, Rows, Statement,
    TransactionBody, TransactionRows,
};
use futures_util::Stream;

use crate::config::keys;
use crate::query::Query;
use crate::session::{Session, SessionRow};
use crate::source::Source;
use crate::{Config, Database, Error, Transaction};

/// The cache of a database, and the executor that all its handles share.
pub(crate) struct DatabaseCache {
    cache: Cache,
    executor: CachedExecutor<PooledExecutor<Source>>,
}

impl DatabaseCache {
    /// The cache that the configuration asks for.
    pub(crate) fn new(
        config: &Config,
        executor: &PooledExecutor<Source>,
        observer: Option<Arc<dyn crdb_cache::Observer>>,
    ) -> Self {
        let mut builder = Cache::builder()
            .max_bytes(u64::from(config.get(keys::cache::MAX_MIB)) << 20)
            .max_entry_bytes((config.get(keys::cache::MAX_ENTRY_KIB) as usize) << 10);
        if let Some(observer) = observer {
            builder = builder.observer(observer);
        }
        let cache = builder.build();
        Self {
            executor: cache.over(executor.clone()),
            cache,
        }
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.cache
    }
}

/// A [`Database`] whose answers may come from memory: those of queries that say so in their header (`-- cache: 10s`). Everything else
/// runs on the database. Made by [`Database::cached`], best once for each request.
///
/// What is read through a handle includes what was written through the same handle before, also by its
/// [`transact`](Self::transact). What other handles write is seen when an answer is too old, or at once with their
/// [`token`](Self::token).
///
/// ```no_run
/// use crdb_facade::prelude::*;
///
/// async fn rename(db: &Database, id: i64, name: &str) -> Result<String, Error> {
///     let request = db.cached();
///     request.query("customers.rename").bind("id", id).bind("name", name).execute().await?;
///     // Not a name from before.
///     Ok(request.query("customers.get").bind("id", id).fetch_one().await?.get("name")?)
/// }
/// ```
pub struct CachedDatabase {
    db: Database,
    cache: Cache,
    executor: CachedExecutor<PooledExecutor<Source>>,
    seen: Arc<Mutex<CommitToken>>,
}

impl CachedDatabase {
    pub(crate) fn new(db: Database, cache: &DatabaseCache) -> Self {
        Self {
            db,
            cache: cache.cache.clone(),
            executor: cache.executor.clone(),
            seen: Arc::default(),
        }
    }

    /// Finds the query of this name, as [`Database::query`].
    pub fn query(&self, name: &str) -> Query<'_, Self> {
        Query::named(self, self.db.queries(), name)
    }

    /// Takes a statement as text, as [`Database::sql`]. Its answer is never kept: a text has no header to allow it.
    pub fn sql(&self, text: &str) -> Query<'_, Self> {
        Query::text(self, text)
    }

    /// As [`Database::transact`]. The transaction reads nothing from memory; what is read through this handle afterwards includes its
    /// writes.
    ///
    /// # Errors
    /// As [`Database::transact`].
    ///
    /// # Cancel safety
    /// As [`Database::transact`].
    pub async fn transact<T, F>(&self, body: F) -> Result<T, Error>
    where
        T: Send,
        F: AsyncFn(&Transaction) -> Result<T, Error>,
        F: for<'t> TransactionBody<'t, Transaction, Result<T, Error>>,
    {
        let _wrote = self.wrote();
        let options = self.db.transaction_options().note_changes();
        self.db.transact_with(&options, body).await
    }

    /// The transaction as an executor that answers from memory what a query's rule allows, as long as the transaction has changed nothing:
    /// see [`CachedExecutor::within`]. It is for what a transaction reads besides its subject, of another time than its own.
    ///
    /// ```no_run
    /// use crdb_facade::prelude::*;
    ///
    /// async fn pay(db: &Database, currency: &str) -> Result<u64, Error> {
    ///     let request = db.cached();
    ///     let paid = request.transact(async |tx| {
    ///         let rates = request.within(tx);
    ///         let row = rates.query("exchange.rate").bind("currency", currency).fetch_one().await?;
    ///         let rate: f64 = row.get("rate")?;
    ///         tx.query("payments.add").bind("rate", rate).execute().await
    ///     });
    ///     paid.await
    /// }
    /// ```
    pub fn within<'t>(&self, transaction: &'t Transaction) -> CachedTransaction<'t> {
        CachedTransaction {
            inner: self.reader().within(transaction.executor()),
            transaction,
        }
    }

    /// As [`transact`](Self::transact), and asks for the time of the commit, which costs a round trip: then the
    /// [`token`](Self::token) has a [timestamp](CommitToken::timestamp) that can be carried to another process. What was written through
    /// this handle otherwise has none, and takes it away.
    ///
    /// # Errors
    /// As [`Database::transact`].
    ///
    /// # Cancel safety
    /// As [`Database::transact`].
    pub async fn transact_with_time<T, F>(&self, body: F) -> Result<T, Error>
    where
        T: Send,
        F: AsyncFn(&Transaction) -> Result<T, Error>,
        F: for<'t> TransactionBody<'t, Transaction, Result<T, Error>>,
    {
        let time = CommitTime::new();
        let mut wrote = self.wrote();
        wrote.time = Some(time.clone());
        let options = self
            .db
            .transaction_options()
            .commit_time(&time)
            .note_changes();
        self.db.transact_with(&options, body).await
    }

    /// What is read through this handle from now on includes the commits of this token.
    pub fn read_after(&self, token: CommitToken) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = seen.and(token);
    }

    /// A token of all that was written through this handle, for another handle's [`read_after`](Self::read_after).
    #[must_use]
    pub fn token(&self) -> CommitToken {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The database behind it, which is read as it is now.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.db
    }

    /// Why answers of the query of this name are not kept, for people; `None` where they are, or where the query has not been run yet.
    ///
    /// # Errors
    /// When there is no such query.
    pub fn refusal(&self, name: &str) -> Result<Option<String>, Error> {
        let query = self.db.queries().find(name)?;
        Ok(self.refusal_of(&Statement::from(&query)))
    }

    /// As [`refusal`](Self::refusal), of a statement.
    #[must_use]
    pub fn refusal_of(&self, statement: &Statement<'_>) -> Option<String> {
        self.executor.refusal(statement)
    }

    fn reader(&self) -> CachedExecutor<PooledExecutor<Source>> {
        self.executor.reading_after(self.token())
    }

    /// Notes a write when it is dropped, whatever became of the write.
    fn wrote(&self) -> Wrote {
        Wrote {
            cache: self.cache.clone(),
            seen: Arc::clone(&self.seen),
            time: None,
        }
    }

    /// As [`wrote`](Self::wrote), if the statement may write.
    fn may_write(&self, statement: &Statement<'_>) -> Option<Wrote> {
        // A rule alone does not make it a read.
        let reads = statement.cache_rule().is_some() && self.executor.only_reads(statement)
            || Effect::of(statement.text()) == Effect::Read;
        (!reads).then(|| self.wrote())
    }
}

/// A transaction, some of whose reads may be answered from memory. Made by [`CachedDatabase::within`].
pub struct CachedTransaction<'t> {
    inner: crdb_cache::CachedTransaction<'t, Source>,
    transaction: &'t Transaction,
}

impl CachedTransaction<'_> {
    /// Finds the query of this name, as [`Database::query`].
    pub fn query(&self, name: &str) -> Query<'_, Self> {
        Query::named(self, self.transaction.queries(), name)
    }

    /// Takes a statement as text, as [`Database::sql`]. It runs in the transaction: a text has no header to allow more.
    pub fn sql(&self, text: &str) -> Query<'_, Self> {
        Query::text(self, text)
    }
}

impl fmt::Debug for CachedTransaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedTransaction").finish_non_exhaustive()
    }
}

impl Executor for CachedTransaction<'_> {
    type Row = CachedRow<SessionRow>;
    type Rows<'a>
        = CachedRows<TransactionRows<'a, Session>>
    where
        Self: 'a;

    fn is_transaction(&self) -> bool {
        true
    }

    async fn fetch_at_most(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> Result<Vec<Self::Row>, crdb_exec::Error> {
        let inner = &self.inner;
        inner.fetch_at_most(statement, parameters, limit).await
    }

    async fn execute_statement(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<u64, crdb_exec::Error> {
        self.inner.execute_statement(statement, parameters).await
    }

    async fn fetch_statement_stream(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<Self::Rows<'_>, crdb_exec::Error> {
        let inner = &self.inner;
        inner.fetch_statement_stream(statement, parameters).await
    }
}

struct Wrote {
    cache: Cache,
    seen: Arc<Mutex<CommitToken>>,
    /// Where the time of the commit is, if it was asked for.
    time: Option<CommitTime>,
}

impl Drop for Wrote {
    fn drop(&mut self) {
        let time = self.time.take().and_then(|time| time.get());
        let token = self.cache.token(time.and_then(|time| time.parse().ok()));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = seen.and(token);
    }
}

impl fmt::Debug for CachedDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedDatabase")
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}

/// The rows of a statement on a [`CachedDatabase`], one by one.
pub struct CachedStream {
    rows: CachedRows<PooledRows<Source>>,
    /// Until the statement has ended.
    wrote: Option<Wrote>,
}

impl Stream for CachedStream {
    type Item = Result<CachedRow<SessionRow>, crdb_exec::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(Pin::new(&mut self.rows).poll_next(cx));
        if !matches!(next, Some(Ok(_))) {
            self.wrote = None;
        }
        Poll::Ready(next)
    }
}

impl Rows for CachedStream {
    type Row = CachedRow<SessionRow>;

    fn rows_affected(&self) -> Option<u64> {
        self.rows.rows_affected()
    }
}

impl fmt::Debug for CachedStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedStream").finish_non_exhaustive()
    }
}

impl Executor for CachedDatabase {
    type Row = CachedRow<SessionRow>;
    type Rows<'a> = CachedStream;

    async fn fetch_at_most(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> Result<Vec<Self::Row>, crdb_exec::Error> {
        let _wrote = self.may_write(&statement);
        let reader = self.reader();
        reader.fetch_at_most(statement, parameters, limit).await
    }

    async fn execute_statement(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<u64, crdb_exec::Error> {
        let _wrote = self.wrote();
        self.db.execute_statement(statement, parameters).await
    }

    async fn fetch_statement_stream(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<CachedStream, crdb_exec::Error> {
        let wrote = self.may_write(&statement);
        let reader = self.reader();
        let rows = reader.fetch_statement_stream(statement, parameters).await?;
        Ok(CachedStream { rows, wrote })
    }
}
