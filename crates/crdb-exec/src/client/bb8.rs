//! A pool of bb8 as a source of sessions.

use super::connect::{acquire_error, engine_of};
use super::lent::{CancelTls, ClientLease, LentClient, LentHandle};
use super::session::ClientSession;
use crate::session::{AcquireError, AcquireOptions, Engine, NodeId, SessionOutcome, SessionSource};
use bb8::{ManageConnection, Pool, PooledConnection, RunError};
use futures_util::FutureExt as _;
use std::fmt;
use std::sync::{Arc, OnceLock};
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout_at;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Error, NoTls};

/// Lends the sessions of a [`bb8::Pool`] of `tokio_postgres` clients (feature `bb8`), such as those of bb8-postgres. The rest of a program
/// may go on using the pool.
///
/// ```no_run
/// # async fn example<M>(pool: bb8::Pool<M>) -> Result<(), crdb_exec::Error>
/// # where M: bb8::ManageConnection<Connection = tokio_postgres::Client, Error = tokio_postgres::Error> {
/// use crdb_exec::{Bb8Source, ExecutorExt, PooledExecutor};
/// use tokio_postgres::NoTls;
///
/// // The TLS that the pool was made with; statements that run too long are cancelled over it.
/// let db = PooledExecutor::new(Bb8Source::new(pool, NoTls));
/// let deleted = db.execute("DELETE FROM basket WHERE created_at < now() - INTERVAL '30 days'", &[]).await?;
/// # drop(deleted);
/// # Ok(())
/// # }
/// ```
///
/// bb8's clients keep no statements, so each loan prepares its own: one round trip more for a statement outside a transaction. What
/// another borrower left in a session is there. The pool's clients tell neither command tags nor versions of the server, so an outcome
/// is more often unknown than with a session of crdb-wire; see [`ClientHandle`](super::ClientHandle).
///
/// The whole cluster counts as one node: this pool cannot avoid one that has failed.
pub struct Bb8Source<M: ManageConnection, T> {
    pool: Pool<M>,
    tls: T,
    /// Asked of the first session.
    engine: Arc<OnceLock<Engine>>,
}

impl<M, T> Bb8Source<M, T>
where
    M: ManageConnection<Connection = Client, Error = Error>,
    T: CancelTls,
{
    /// A source over `pool`, which connects with `tls`.
    pub fn new(pool: Pool<M>, tls: T) -> Self {
        Self {
            pool,
            tls,
            engine: Arc::default(),
        }
    }

    /// The pool.
    pub fn pool(&self) -> &Pool<M> {
        &self.pool
    }
}

impl<M: ManageConnection, T: Clone> Clone for Bb8Source<M, T> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            tls: self.tls.clone(),
            engine: Arc::clone(&self.engine),
        }
    }
}

impl<M: ManageConnection, T> fmt::Debug for Bb8Source<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bb8Source")
            .field("state", &self.pool.state())
            .field("engine", &self.engine.get())
            .finish_non_exhaustive()
    }
}

/// A client that a [`bb8::Pool`] has lent.
pub struct Bb8Client<M: ManageConnection>(PooledConnection<'static, M>);

impl<M: ManageConnection> fmt::Debug for Bb8Client<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bb8Client").finish_non_exhaustive()
    }
}

impl<M> LentClient for Bb8Client<M>
where
    M: ManageConnection<Connection = Client, Error = Error>,
{
    fn client(&self) -> &Client {
        &self.0
    }

    /// bb8 gives no connection away, so it gets back a client that has ended, which it drops.
    fn discard(mut self) {
        if self.0.is_closed() {
            return;
        }
        match ended_client() {
            Some(ended) => *self.0 = ended,
            // Rather a place less in the pool than a session that is not clean.
            None => std::mem::forget(self.0),
        }
    }
}

/// A client of a connection in memory that has ended.
fn ended_client() -> Option<Client> {
    /// AuthenticationOk and ReadyForQuery.
    const WELCOME: &[u8] = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";
    let connect = async {
        let (client_side, mut server_side) = tokio::io::duplex(1024);
        server_side.write_all(WELCOME).await.ok()?;
        let mut config = tokio_postgres::Config::new();
        config.user("ended").ssl_mode(SslMode::Disable);
        // The connection is dropped, and so ends.
        let (client, _connection) = config.connect_raw(client_side, NoTls).await.ok()?;
        Some(client)
    };
    // Everything is there already: nothing of it waits, but for a task whose turn is used up.
    tokio::task::coop::unconstrained(connect)
        .now_or_never()
        .flatten()
}

impl<M, T> SessionSource for Bb8Source<M, T>
where
    M: ManageConnection<Connection = Client, Error = Error>,
    T: CancelTls,
{
    type Session = ClientSession<LentHandle<Bb8Client<M>, T>>;
    type Lease = ClientLease<Bb8Client<M>, T>;

    async fn acquire(&self, options: AcquireOptions) -> Result<Self::Lease, AcquireError> {
        let lend = async {
            let connection = self.pool.get_owned().await.map_err(refused)?;
            let engine = match self.engine.get() {
                Some(engine) => *engine,
                None => {
                    let engine = engine_of(&connection).await?;
                    *self.engine.get_or_init(|| engine)
                }
            };
            Ok(ClientLease::new(
                Bb8Client(connection),
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

fn refused(error: RunError<Error>) -> AcquireError {
    match error {
        RunError::TimedOut => AcquireError::timed_out(error),
        RunError::User(error) => acquire_error(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_client_in_memory_has_ended() {
        assert!(ended_client().is_some_and(|client| client.is_closed()));
    }
}
