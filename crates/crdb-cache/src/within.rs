//! A transaction that reads from a cache where it is asked to.

use crate::executor::CachedExecutor;
use crate::row::{CachedRow, CachedRows};
use crdb_exec::{
    Error, Executor, Parameters, PooledExecutor, Session, SessionSource, Statement, Transaction,
    TransactionRows,
};
use std::fmt;

/// A transaction, some of whose reads may be answered from memory. Made by [`CachedExecutor::within`].
pub struct CachedTransaction<'t, S: SessionSource> {
    cached: CachedExecutor<PooledExecutor<S>>,
    transaction: &'t Transaction<S>,
}

impl<S: SessionSource> CachedExecutor<PooledExecutor<S>> {
    /// The transaction as an executor that answers from memory what a statement's rule allows, as long as the transaction has
    /// [changed nothing](Transaction::has_changed). Everything else runs in the transaction. Nothing that it reads is kept, and it never
    /// waits for a load: that would need another session beside its own.
    ///
    /// # What it is for
    /// What a transaction reads besides its subject: exchange rates, settings. An answer from memory is of another time than the
    /// transaction, and no conflict with a change of it is noticed: a write that follows from it is as right as the answer was old. Read in
    /// the transaction itself what has to be true when it commits.
    ///
    /// The transaction has to be one of the executor behind the cache, whose options ask to
    /// [note changes](crdb_exec::TransactionOptions::note_changes); else everything runs in it.
    ///
    /// ```
    /// use crdb_cache::CachedExecutor;
    /// use crdb_exec::{
    ///     CacheRule, Error, ExecutorExt, PooledExecutor, Row, SessionSource, Statement, TransactionOptions,
    /// };
    /// use std::time::Duration;
    ///
    /// const RATE: Statement<'static> = Statement::new("SELECT rate FROM exchange WHERE currency = $1")
    ///     .cached(CacheRule::new(Duration::from_secs(60)));
    ///
    /// async fn pay<S: SessionSource>(
    ///     db: &CachedExecutor<PooledExecutor<S>>,
    ///     currency: &str,
    /// ) -> Result<u64, Error> {
    ///     let options = TransactionOptions::new().name("pay").note_changes();
    ///     db.origin()
    ///         .transact(&options, async |tx| {
    ///             let rate: f64 = db.within(tx).fetch_one(RATE, &[&currency]).await?.get(0)?;
    ///             tx.execute("INSERT INTO payment VALUES ($1, $2)", &[&currency, &rate]).await
    ///         })
    ///         .await
    /// }
    /// ```
    #[must_use]
    pub fn within<'t>(&self, transaction: &'t Transaction<S>) -> CachedTransaction<'t, S> {
        CachedTransaction {
            cached: self.clone(),
            transaction,
        }
    }
}

impl<S: SessionSource> fmt::Debug for CachedTransaction<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedTransaction").finish_non_exhaustive()
    }
}

impl<S: SessionSource> CachedTransaction<'_, S> {
    fn kept(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> Option<std::sync::Arc<crate::row::StoredRows>> {
        if self.transaction.has_changed() {
            return None;
        }
        self.cached.kept(statement, parameters, limit)
    }
}

impl<S: SessionSource> Executor for CachedTransaction<'_, S> {
    type Row = CachedRow<<S::Session as Session>::Row>;
    type Rows<'a>
        = CachedRows<TransactionRows<'a, S::Session>>
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
    ) -> Result<Vec<Self::Row>, Error> {
        if let Some(rows) = self.kept(statement, parameters, limit) {
            return Ok((0..rows.len())
                .map(|row| CachedRow::stored(&rows, row))
                .collect());
        }
        let rows = self.transaction.fetch_at_most(statement, parameters, limit);
        Ok(rows.await?.into_iter().map(CachedRow::read).collect())
    }

    async fn execute_statement(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<u64, Error> {
        self.transaction
            .execute_statement(statement, parameters)
            .await
    }

    async fn fetch_statement_stream(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<Self::Rows<'_>, Error> {
        if let Some(rows) = self.kept(statement, parameters, usize::MAX) {
            return Ok(CachedRows::stored(rows));
        }
        let rows = self
            .transaction
            .fetch_statement_stream(statement, parameters)
            .await?;
        Ok(CachedRows::read(rows))
    }
}
