//! A pool of deadpool-postgres as a source of sessions.

use super::connect::{acquire_error, engine_of};
use super::lent::{CancelTls, ClientLease, LentClient, LentHandle};
use super::session::ClientSession;
use crate::session::{AcquireError, AcquireOptions, Engine, NodeId, SessionOutcome, SessionSource};
use deadpool_postgres::{Object, Pool, PoolError};
use std::fmt;
use std::sync::{Arc, OnceLock};
use tokio::time::timeout_at;
use tokio_postgres::{Client, Error, Statement};

/// Lends the sessions of a [`deadpool_postgres::Pool`] (feature `deadpool-postgres`), which the rest of a program may go on using.
///
/// ```no_run
/// # async fn example(pool: deadpool_postgres::Pool) -> Result<(), crdb_exec::Error> {
/// use crdb_exec::{DeadpoolSource, ExecutorExt, PooledExecutor, TransactionOptions};
/// use tokio_postgres::NoTls;
///
/// // The TLS that the pool was made with; statements that run too long are cancelled over it.
/// let db = PooledExecutor::new(DeadpoolSource::new(pool, NoTls));
/// db.transact(&TransactionOptions::new(), async |tx| {
///     tx.execute("UPDATE account SET balance = balance - 1 WHERE id = 1", &[]).await?;
///     tx.execute("UPDATE account SET balance = balance + 1 WHERE id = 2", &[]).await
/// })
/// .await?;
/// # Ok(())
/// # }
/// ```
///
/// Prepared statements are kept by the pool's own statement cache, for all who borrow its clients. What another borrower left in a session
/// is there: `RecyclingMethod::Clean` takes it away. The pool's clients tell neither command tags nor versions of the server, so an
/// outcome is more often unknown than with a session of crdb-wire; see [`ClientHandle`](super::ClientHandle).
///
/// The whole cluster counts as one node: this pool cannot avoid one that has failed.
#[derive(Clone)]
pub struct DeadpoolSource<T> {
    pool: Pool,
    tls: T,
    /// Asked of the first session.
    engine: Arc<OnceLock<Engine>>,
}

impl<T: CancelTls> DeadpoolSource<T> {
    /// A source over `pool`, which connects with `tls`.
    pub fn new(pool: Pool, tls: T) -> Self {
        Self {
            pool,
            tls,
            engine: Arc::default(),
        }
    }

    /// The pool.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }
}

impl<T> fmt::Debug for DeadpoolSource<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadpoolSource")
            .field("status", &self.pool.status())
            .field("engine", &self.engine.get())
            .finish_non_exhaustive()
    }
}

/// A client that a [`deadpool_postgres::Pool`] has lent.
#[derive(Debug)]
pub struct DeadpoolClient(Object);

impl LentClient for DeadpoolClient {
    fn client(&self) -> &Client {
        &self.0
    }

    async fn prepare(&self, text: &str) -> Result<(Statement, bool), Error> {
        // The cache does not say what it had, and nothing else prepares on this client meanwhile.
        let before = self.0.statement_cache.size();
        let statement = self.0.prepare_cached(text).await?;
        Ok((statement, self.0.statement_cache.size() == before))
    }

    fn forget(&self, text: &str) {
        drop(self.0.statement_cache.remove(text, &[]));
    }

    fn discard(self) {
        drop(Object::take(self.0));
    }
}

impl<T: CancelTls> SessionSource for DeadpoolSource<T> {
    type Session = ClientSession<LentHandle<DeadpoolClient, T>>;
    type Lease = ClientLease<DeadpoolClient, T>;

    async fn acquire(&self, options: AcquireOptions) -> Result<Self::Lease, AcquireError> {
        let lend = async {
            let object = self.pool.get().await.map_err(refused)?;
            let engine = match self.engine.get() {
                Some(engine) => *engine,
                None => {
                    let engine = engine_of(&object).await?;
                    *self.engine.get_or_init(|| engine)
                }
            };
            Ok(ClientLease::new(
                DeadpoolClient(object),
                self.tls.clone(),
                engine,
            ))
        };
        match options.deadline {
            Some(deadline) => timeout_at(deadline, lend)
                .await
                .unwrap_or_else(|late| Err(AcquireError::timed_out(late))),
            None => lend.await,
        }
    }

    fn node(&self, _lease: &Self::Lease) -> NodeId {
        NodeId::new(0)
    }

    fn report(&self, lease: &Self::Lease, outcome: SessionOutcome) {
        lease.report(outcome);
    }
}

fn refused(error: PoolError) -> AcquireError {
    match error {
        PoolError::Timeout(_) => AcquireError::timed_out(error),
        PoolError::Backend(error) => acquire_error(error),
        _ => AcquireError::refused(error),
    }
}
