//! Cancels what a session runs, and keeps account of the cancels.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::watch;

/// What [`Cancel::cancel`] gives: whether the server has dealt with the request.
pub type CancelFuture<'a> =
    Pin<Box<dyn Future<Output = Result<(), Box<dyn StdError + Send + Sync>>> + Send + 'a>>;

/// Sends a CancelRequest to the server of one session.
///
/// `crdb-auth`'s `Canceller` does it over TLS, on a connection of its own to the very same server.
pub trait Cancel: Send + Sync + 'static {
    /// Sends the request and waits until the server has closed the connection that carried it, within a bound of its own.
    ///
    /// `sent` is to be set before the request's first byte is written: from then on it may reach the server.
    fn cancel<'a>(&'a self, sent: &'a AtomicBool) -> CancelFuture<'a>;
}

impl Cancel for crdb_auth::Canceller {
    fn cancel<'a>(&'a self, sent: &'a AtomicBool) -> CancelFuture<'a> {
        Box::pin(async move {
            crdb_auth::Canceller::cancel(self, sent)
                .await
                .map_err(Into::into)
        })
    }
}

/// The cancels of one session.
pub(super) struct Cancels {
    how: Option<Arc<dyn Cancel>>,
    /// Those that are on their way.
    pending: watch::Sender<usize>,
    /// Counts loans, so that a cancel meant for an earlier one is recognised.
    loan: AtomicU64,
    /// One may have reached the server, and the session has not been seen idle since.
    sent: AtomicBool,
    /// How many may have reached the server since the session began.
    count: AtomicU64,
    /// One may have reached the server, and it is not known when it will act.
    astray: AtomicBool,
}

impl Cancels {
    pub(super) fn new(how: Option<Arc<dyn Cancel>>) -> Self {
        Self {
            how,
            pending: watch::Sender::new(0),
            loan: AtomicU64::new(0),
            sent: AtomicBool::new(false),
            count: AtomicU64::new(0),
            astray: AtomicBool::new(false),
        }
    }

    /// From here on handles of the loan until now send nothing. Those that have begun are counted: a cancel counts
    /// itself before it looks which loan it is.
    pub(super) fn next_loan(&self) {
        self.loan.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn is_possible(&self) -> bool {
        self.how.is_some()
    }

    pub(super) fn is_pending(&self) -> bool {
        *self.pending.borrow() > 0
    }

    pub(super) fn was_sent(&self) -> bool {
        self.sent.load(Ordering::Acquire)
    }

    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    pub(super) fn is_astray(&self) -> bool {
        self.astray.load(Ordering::Acquire)
    }

    /// Every cancel that was sent has acted, or will not act any more.
    pub(super) fn settled(&self) {
        self.sent.store(false, Ordering::Release);
    }

    /// Waits until no cancel is on its way.
    pub(super) async fn wait(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        drop(
            self.pending
                .subscribe()
                .wait_for(|pending| *pending == 0)
                .await,
        );
    }
}

/// Ends the account of one cancel, also when its future is dropped.
struct Account<'a> {
    cancels: &'a Cancels,
    sent: AtomicBool,
    answered: bool,
}

impl Drop for Account<'_> {
    fn drop(&mut self) {
        if self.sent.load(Ordering::Acquire) {
            self.cancels.sent.store(true, Ordering::Release);
            self.cancels.count.fetch_add(1, Ordering::AcqRel);
            if !self.answered {
                self.cancels.astray.store(true, Ordering::Release);
            }
        }
        self.cancels.pending.send_modify(|pending| *pending -= 1);
    }
}

/// Cancels what its session runs, in the loan in which the handle was taken.
///
/// The server cancels whatever the session runs when the request arrives, which need not be what was meant. So a session
/// that was cancelled is not clean until it has been [reset](crate::Session::reset).
#[derive(Clone)]
pub struct CancelHandle {
    cancels: Arc<Cancels>,
    loan: u64,
}

impl CancelHandle {
    pub(super) fn new(cancels: &Arc<Cancels>) -> Self {
        Self {
            loan: cancels.loan.load(Ordering::SeqCst),
            cancels: Arc::clone(cancels),
        }
    }

    /// Sends the request and waits until the server has taken it. The statement, if one runs, then fails with SQLSTATE
    /// 57014. After the end of the loan in which the handle was taken, nothing is sent.
    ///
    /// # Errors
    /// Why the request could not be sent, or was not answered. That the server cannot cancel is an error as well.
    ///
    /// # Cancel safety
    /// Dropping the future before the request is written changes nothing. After that the session can only be dropped,
    /// because the request may hit any later statement.
    pub async fn cancel(&self) -> Result<(), Box<dyn StdError + Send + Sync>> {
        let Some(how) = &self.cancels.how else {
            return Err("this session has no way to cancel".into());
        };
        self.cancels.pending.send_modify(|pending| *pending += 1);
        let mut account = Account {
            cancels: &self.cancels,
            sent: AtomicBool::new(false),
            answered: false,
        };
        if self.cancels.loan.load(Ordering::SeqCst) != self.loan {
            return Ok(());
        }
        let result = how.cancel(&account.sent).await;
        account.answered = result.is_ok();
        result
    }
}

impl fmt::Debug for CancelHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CancelHandle")
    }
}
