//! Sessions over `tokio_postgres::Client`.

#[cfg(feature = "bb8")]
mod bb8;
mod cache;
#[cfg(any(feature = "bb8", feature = "deadpool-postgres"))]
mod connect;
mod convert;
#[cfg(feature = "deadpool-postgres")]
mod deadpool;
mod lent;
mod row;
mod session;

#[cfg(feature = "bb8")]
pub use bb8::{Bb8Client, Bb8Source};
#[cfg(feature = "deadpool-postgres")]
pub use deadpool::{DeadpoolClient, DeadpoolSource};
pub use lent::{CancelTls, ClientLease, LentCall, LentClient, LentHandle};
pub use row::ClientRow;
pub use session::{ClientCursor, ClientSession};

use crate::answer::{Tags, TransactionStatus};
use crate::session::{Engine, ServerVersion};
use std::future::Future;

/// The part of a connection that [`ClientSession`] needs: a `tokio_postgres::Client`, and what is known beside it.
///
/// `tokio_postgres` gives neither command tags nor the transaction status. A handle that watches the protocol says them in
/// [`observe`](Self::observe). Without them a transaction is still never reported committed when a statement in it has
/// failed, but the session is careful where it cannot know: one whose result was only half read is rolled back, and a
/// statement whose text may end the transaction is taken to have ended it.
pub trait ClientHandle: Send + Sync + 'static {
    /// One call on the client. While it is there, and for good if it is dropped without [`finish`](Self::finish), the
    /// session counts as unfinished: a reply may be on its way, or a request not even sent.
    type Call: Send + Sync + 'static;

    /// Begins a call. `local` promises that every SET in it is SET LOCAL, which leaves nothing behind.
    fn begin(&self, local: bool) -> Self::Call;

    /// The client, for a call.
    fn client(&self, call: &Self::Call) -> &tokio_postgres::Client;

    /// Prepares a statement that the session has not kept. `true` says that the statement was there before: a handle whose client
    /// outlives the session keeps statements for the next one.
    fn prepare(
        &self,
        call: &Self::Call,
        text: &str,
    ) -> impl Future<Output = Result<(tokio_postgres::Statement, bool), tokio_postgres::Error>> + Send
    {
        async move { Ok((self.client(call).prepare(text).await?, false)) }
    }

    /// The server accepts the statement of this text no more: the next [`prepare`](Self::prepare) makes it anew.
    fn forget(&self, text: &str) {
        let _ = text;
    }

    /// What has been seen of the protocol since the call began. When the server has `answered` the call, it waits for the
    /// ReadyForQuery that closes it; else the connection is lost, and it gives what had come before.
    fn observe(
        &self,
        call: &Self::Call,
        answered: bool,
    ) -> impl Future<Output = Observed> + Send + 'static {
        let _ = (call, answered);
        std::future::ready(Observed::default())
    }

    /// The call's reply has been read to its end.
    fn finish(&self, call: Self::Call);

    /// Whether the connection has ended, or the server has announced its end (57P01 unasked).
    fn is_closed(&self) -> bool;

    /// Asks the server to cancel what runs, on another connection. It has its own timeout.
    fn cancel(&self) -> impl Future<Output = ()> + Send + 'static;

    /// The database at the other end.
    fn engine(&self) -> Engine;

    /// The server's version, where it is known.
    fn version(&self) -> Option<ServerVersion> {
        None
    }
}

/// What a [`ClientHandle`] has seen of the protocol during a call. Nothing, by default.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Observed {
    /// The command tags that came.
    pub tags: Tags,
    /// The status of the last ReadyForQuery that came.
    pub status: Option<TransactionStatus>,
    /// Whether the status of any ReadyForQuery that came was idle.
    pub was_idle: bool,
}

impl Observed {
    /// These tags, the last status, and whether any was idle.
    #[must_use]
    pub fn new(tags: Tags, status: Option<TransactionStatus>, was_idle: bool) -> Self {
        Self {
            tags,
            status,
            was_idle,
        }
    }
}
