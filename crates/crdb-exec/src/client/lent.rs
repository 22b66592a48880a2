//! Sessions over the clients that a pool of `tokio_postgres` clients lends.

use super::{ClientHandle, ClientSession};
use crate::session::{Engine, SessionOutcome};
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Error, Socket, Statement};

/// How long a request to cancel may take.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(2);

/// A client that a pool has lent. Dropping it gives the client back to its pool.
///
/// `DeadpoolSource` and `Bb8Source` use it; implement it to make a [`SessionSource`](crate::SessionSource) of another pool, whose
/// leases are [`ClientLease`]s.
pub trait LentClient: Send + Sync + 'static {
    /// The client.
    fn client(&self) -> &Client;

    /// Prepares a statement, and says whether it was there before. By default each loan prepares its statements anew.
    fn prepare(&self, text: &str) -> impl Future<Output = Result<(Statement, bool), Error>> + Send {
        async move { Ok((self.client().prepare(text).await?, false)) }
    }

    /// The server accepts the statement of this text no more: the next [`prepare`](Self::prepare) makes it anew.
    fn forget(&self, text: &str) {
        let _ = text;
    }

    /// Closes the connection instead of giving it back. Its pool may open another one.
    fn discard(self);
}

/// Opens the second connection on which a running statement is cancelled: the TLS that the pool itself connects with.
///
/// Implemented for every `MakeTlsConnect` whose parts are `Send`, `tokio_postgres::NoTls` among them.
pub trait CancelTls: Clone + Send + Sync + 'static {
    /// Asks the server to cancel what the client runs. The error does not matter: what was to be cancelled shows whether it was.
    fn cancel(
        self,
        token: tokio_postgres::CancelToken,
    ) -> impl Future<Output = Result<(), Error>> + Send + 'static;
}

impl<T> CancelTls for T
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    async fn cancel(self, token: tokio_postgres::CancelToken) -> Result<(), Error> {
        token.cancel_query(self).await
    }
}

/// A client that a pool has lent, as a session uses it.
pub struct LentHandle<L, T> {
    lent: L,
    tls: T,
    engine: Engine,
    /// Calls that have begun and not ended.
    open: AtomicU64,
}

impl<L: LentClient, T> LentHandle<L, T> {
    /// The client as its pool lends it. A statement that runs on it is not watched: when it leaves a transaction open or a setting
    /// changed, the pool's next borrower finds that.
    pub fn lent(&self) -> &L {
        &self.lent
    }
}

impl<L, T> fmt::Debug for LentHandle<L, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LentHandle")
            .field("engine", &self.engine)
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

/// A call on a [`LentHandle`].
#[derive(Debug)]
pub struct LentCall(());

impl<L: LentClient, T: CancelTls> ClientHandle for LentHandle<L, T> {
    type Call = LentCall;

    fn begin(&self, _local: bool) -> LentCall {
        self.open.fetch_add(1, Ordering::AcqRel);
        LentCall(())
    }

    fn client(&self, _call: &LentCall) -> &Client {
        self.lent.client()
    }

    fn prepare(
        &self,
        _call: &LentCall,
        text: &str,
    ) -> impl Future<Output = Result<(Statement, bool), Error>> + Send {
        self.lent.prepare(text)
    }

    fn forget(&self, text: &str) {
        self.lent.forget(text);
    }

    fn finish(&self, _call: LentCall) {
        self.open.fetch_sub(1, Ordering::AcqRel);
    }

    fn is_closed(&self) -> bool {
        self.lent.client().is_closed()
    }

    fn cancel(&self) -> impl Future<Output = ()> + Send + 'static {
        let cancel = self.tls.clone().cancel(self.lent.client().cancel_token());
        async move {
            drop(timeout(CANCEL_TIMEOUT, cancel).await);
        }
    }

    fn engine(&self) -> Engine {
        self.engine
    }
}

/// A session over a client that a pool has lent. Dropping it gives the client back.
///
/// A session that was left with a transaction open, a request unanswered, settings changed or its connection lost is not given back,
/// because these pools would lend it as it is: what runs in it is cancelled, then it is closed. Meanwhile it counts as lent.
pub struct ClientLease<L: LentClient, T: CancelTls> {
    /// There until the drop.
    session: Option<ClientSession<LentHandle<L, T>>>,
    /// Reported as lost or draining.
    condemned: AtomicBool,
}

impl<L: LentClient, T: CancelTls> ClientLease<L, T> {
    /// A session over `lent`. `tls` is what the pool connects with; cancels use it.
    pub fn new(lent: L, tls: T, engine: Engine) -> Self {
        let handle = LentHandle {
            lent,
            tls,
            engine,
            open: AtomicU64::new(0),
        };
        Self {
            session: Some(ClientSession::new(handle)),
            condemned: AtomicBool::new(false),
        }
    }

    /// Takes note of what a borrower reported: a session that was lost or whose node shuts down is not given back.
    pub fn report(&self, outcome: SessionOutcome) {
        if matches!(outcome, SessionOutcome::Lost | SessionOutcome::Draining) {
            self.condemned.store(true, Ordering::Release);
        }
    }
}

impl<L: LentClient, T: CancelTls> Deref for ClientLease<L, T> {
    type Target = ClientSession<LentHandle<L, T>>;

    #[allow(clippy::expect_used, reason = "taken in the drop alone")]
    fn deref(&self) -> &Self::Target {
        self.session.as_ref().expect("there until the drop")
    }
}

impl<L: LentClient, T: CancelTls> Drop for ClientLease<L, T> {
    fn drop(&mut self) {
        let Some(session) = self.session.take() else {
            return;
        };
        let handle = session.into_handle();
        if handle.is_closed() || *self.condemned.get_mut() {
            handle.lent.discard();
            return;
        }
        if handle.open.load(Ordering::Acquire) == 0 {
            return;
        }
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move {
                handle.cancel().await;
                handle.lent.discard();
            })),
            // The runtime has ended, and every connection with it.
            Err(_) => handle.lent.discard(),
        }
    }
}

impl<L: LentClient, T: CancelTls> fmt::Debug for ClientLease<L, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientLease")
            .field("handle", &self.session.as_ref().map(ClientSession::handle))
            .finish_non_exhaustive()
    }
}
