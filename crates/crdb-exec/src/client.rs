//! Sessions over `tokio_postgres::Client`.

mod cache;
mod convert;
mod row;
mod session;

pub use row::ClientRow;
pub use session::{ClientCursor, ClientSession};

use crate::session::{Engine, TransactionStatus};
use std::future::Future;

/// A `tokio_postgres::Client` with somebody who knows what goes on in it: the part of a connection that
/// [`ClientSession`] needs.
///
/// Whoever can watch the protocol answers [`command_tag`](Self::command_tag) and
/// [`transaction_status`](Self::transaction_status); without them a transaction is still never reported committed when a
/// statement in it has failed, but one whose result was only half read has to be rolled back, because nobody can tell
/// whether the rest of it was an error.
pub trait ClientHandle: Send + Sync + 'static {
    /// One call on the client. While it is there, and for good if it is dropped without [`finish`](Self::finish), the
    /// session counts as unfinished: a reply may be on its way, or a request not even sent.
    type Call: Send + Sync + 'static;

    /// Begins a call. `local` promises that every SET in it is SET LOCAL, which leaves nothing behind.
    fn begin(&self, local: bool) -> Self::Call;

    /// The client, for a call.
    fn client(&self, call: &Self::Call) -> &tokio_postgres::Client;

    /// The call's reply has been read to its end.
    fn finish(&self, call: Self::Call);

    /// The command tag of the last CommandComplete that was read, also after the connection has ended.
    fn command_tag(&self) -> Option<String> {
        None
    }

    /// What the last ReadyForQuery said.
    fn transaction_status(&self) -> Option<TransactionStatus> {
        None
    }

    /// Whether the connection has ended, or the server has announced its end (57P01 unasked).
    fn is_closed(&self) -> bool;

    /// Asks the server to cancel what runs, on another connection. It has its own time limit.
    fn cancel(&self) -> impl Future<Output = ()> + Send + 'static;

    /// The database at the other end.
    fn engine(&self) -> Engine;
}
