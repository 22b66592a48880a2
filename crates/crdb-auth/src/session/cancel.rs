//! Cancelling from outside, over a connection of its own.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::state::State;
use crate::canceller::Canceller;
use crate::error::Error;

/// Cancels what its session runs.
///
/// The request travels over its own connection to the very same server, inside TLS if the session
/// is. The server cancels whatever the session runs when the request arrives, which need not be
/// what was meant: so a session that was cancelled is not clean until it has been
/// [`reset`](crate::Session::reset), and broken when it is not known whether the request arrived.
///
/// CockroachDB takes the request and acts on it at some later time. So there a session whose cancel
/// has not ended a statement is broken too: it could end the next borrower's.
#[derive(Clone)]
pub struct CancelHandle {
    canceller: Canceller,
    state: Arc<State>,
    borrow: u64,
}

/// Ends the account of one cancel, also when its future is dropped.
struct Account<'a> {
    state: &'a State,
    sent: AtomicBool,
    answered: bool,
}

impl Drop for Account<'_> {
    fn drop(&mut self) {
        self.state
            .cancel_ends(self.sent.load(Ordering::Acquire), self.answered);
    }
}

impl CancelHandle {
    pub(super) fn new(canceller: Canceller, state: Arc<State>) -> Self {
        Self {
            borrow: state.borrow(),
            canceller,
            state,
        }
    }

    /// Sends the request and waits until the server has taken it. The statement, if one runs,
    /// then fails with SQLSTATE 57014.
    ///
    /// Once the borrow in which the handle was taken has ended ([`Session::end_borrow`](crate::Session::end_borrow),
    /// [`Session::reset`](crate::Session::reset)), nothing is sent: what was meant is over, and the session may be
    /// another caller's.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported): the server gave no key (CockroachDB before v22.1). Otherwise as
    /// [`Connector::connect`](crate::Connector::connect), within the same `connect_timeout`.
    ///
    /// # Cancel safety
    /// Dropping the future before the request is written changes nothing; after that the session
    /// is [`Cleanliness::Broken`](crate::Cleanliness::Broken), because the request may hit any
    /// later statement.
    pub async fn cancel(&self) -> Result<(), Error> {
        self.state.cancel_begins();
        let mut account = Account {
            state: &self.state,
            sent: AtomicBool::new(false),
            answered: false,
        };
        if self.state.borrow() != self.borrow {
            return Ok(());
        }
        let result = self.canceller.cancel(&account.sent).await;
        account.answered = result.is_ok();
        result
    }
}

impl fmt::Debug for CancelHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelHandle")
            .field("canceller", &self.canceller)
            .finish_non_exhaustive()
    }
}
