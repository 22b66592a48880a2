//! A transaction of a database.

use std::fmt;
use std::sync::Arc;

use crdb_exec::{Engine, Executor, Parameters, Statement, TransactionBody, TransactionRows};
use tokio::time::Instant;

use crate::Error;
use crate::adapted::{Adapted, Adopted};
use crate::queries::Queries;
use crate::query::Query;
use crate::session::{Session, SessionRow};
use crate::source::Source;

/// A transaction of a [`Database`](crate::Database): the body of [`Database::transact`](crate::Database::transact) runs its
/// statements on it.
///
/// It is a [`crdb_exec::Executor`] too, so generated functions take `tx` as they take `&db`.
pub struct Transaction {
    inner: crdb_exec::Transaction<Source>,
    queries: Arc<Queries>,
}

impl Transaction {
    pub(crate) fn new(inner: crdb_exec::Transaction<Source>, queries: Arc<Queries>) -> Self {
        Self { inner, queries }
    }

    #[cfg(feature = "cache")]
    pub(crate) fn queries(&self) -> &Queries {
        &self.queries
    }

    /// Finds the query of this name. Give it its arguments with [`Query::bind`], then fetch or execute it.
    pub fn query(&self, name: &str) -> Query<'_, Self> {
        Query::named(self, &self.queries, name)
    }

    /// Takes a statement as text, with `:name` parameters.
    pub fn sql(&self, text: &str) -> Query<'_, Self> {
        Query::text(self, text)
    }

    /// Runs `body` under a savepoint: when it fails, only its own work is undone, and the transaction goes on.
    ///
    /// The body runs its statements on the transaction that it is given; until it has ended, statements on `self` are refused.
    ///
    /// ```no_run
    /// # use crdb_facade::{Error, Transaction};
    /// async fn add(tx: &Transaction, number: &str) -> Result<bool, Error> {
    ///     let added = tx
    ///         .savepoint(async |tx| tx.query("accounts.open").bind("number", number).execute().await)
    ///         .await;
    ///     match added {
    ///         Ok(_) => Ok(true),
    ///         Err(error) if error.is_unique_violation() => Ok(false),
    ///         Err(error) => Err(error),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// The error of `body`; else as [`crdb_exec::Transaction::savepoint`].
    ///
    /// # Cancel safety
    /// Dropping the future leaves a part of the body's work in the transaction, which therefore cannot be committed.
    pub async fn savepoint<T, E, F>(&self, body: F) -> Result<T, E>
    where
        T: Send,
        E: From<Error> + Send,
        F: AsyncFn(&Self) -> Result<T, E>,
        F: for<'t> TransactionBody<'t, Self, Result<T, E>>,
    {
        let wrap = |inner| Self::new(inner, Arc::clone(&self.queries));
        let done = self.inner.savepoint_as(wrap, Adapted(body)).await;
        done.map_err(Adopted::into_inner)
    }

    /// The database at the other end.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.inner.engine()
    }

    /// When the transaction has to be over, if it has to.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.inner.deadline()
    }

    /// The executor's transaction, for what has no shortcut here.
    #[must_use]
    pub fn executor(&self) -> &crdb_exec::Transaction<Source> {
        &self.inner
    }
}

impl Executor for Transaction {
    type Row = SessionRow;
    type Rows<'a> = TransactionRows<'a, Session>;

    fn fetch_at_most(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<SessionRow>, crdb_exec::Error>> + Send {
        self.inner.fetch_at_most(statement, parameters, limit)
    }

    fn execute_statement(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<u64, crdb_exec::Error>> + Send {
        self.inner.execute_statement(statement, parameters)
    }

    fn fetch_statement_stream(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<Self::Rows<'_>, crdb_exec::Error>> + Send {
        self.inner.fetch_statement_stream(statement, parameters)
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").finish_non_exhaustive()
    }
}
