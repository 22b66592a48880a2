//! What this side knows of a session's calls and cancels.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use tokio::sync::watch;

#[derive(Debug)]
pub(super) struct State {
    /// Calls begun and not finished, dropped ones included.
    open_calls: AtomicUsize,
    touched: AtomicBool,
    cancels: watch::Sender<usize>,
    /// Counts borrows, so that a cancel meant for an earlier one is recognised.
    borrow: AtomicU64,
    cancelled: AtomicBool,
    /// Cancels whose request may have reached the server, since the session began.
    sent: AtomicU64,
    /// A cancel is on its way and it will not be known when it arrives.
    doomed: AtomicBool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            open_calls: AtomicUsize::new(0),
            touched: AtomicBool::new(false),
            cancels: watch::Sender::new(0),
            borrow: AtomicU64::new(0),
            cancelled: AtomicBool::new(false),
            sent: AtomicU64::new(0),
            doomed: AtomicBool::new(false),
        }
    }
}

impl State {
    pub(super) fn touch(&self) {
        self.touched.store(true, Ordering::Release);
    }

    pub(super) fn is_touched(&self) -> bool {
        self.touched.load(Ordering::Acquire)
    }

    pub(super) fn call_begins(&self) {
        self.open_calls.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn call_finishes(&self) {
        // A call that outlives a reset, which counts it as ended, must not be counted twice.
        let _ = self
            .open_calls
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |open| {
                open.checked_sub(1)
            });
    }

    pub(super) fn borrow(&self) -> u64 {
        self.borrow.load(Ordering::SeqCst)
    }

    /// From here on cancels of the borrow until now send nothing. Those that have begun are
    /// counted: a cancel counts itself before it looks which borrow it is.
    pub(super) fn end_borrow(&self) {
        self.borrow.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn cancel_begins(&self) {
        self.cancels.send_modify(|count| *count += 1);
    }

    /// `sent`: the request may have reached the server. `answered`: the server has dealt with it.
    pub(super) fn cancel_ends(&self, sent: bool, answered: bool) {
        if sent {
            self.cancelled.store(true, Ordering::Release);
            self.sent.fetch_add(1, Ordering::AcqRel);
            if !answered {
                self.doomed.store(true, Ordering::Release);
            }
        }
        self.cancels.send_modify(|count| *count -= 1);
    }

    /// Waits until no cancel is on its way.
    pub(super) async fn cancels_settled(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        drop(self.cancels.subscribe().wait_for(|count| *count == 0).await);
    }

    pub(super) fn is_unfinished(&self) -> bool {
        self.open_calls.load(Ordering::Acquire) > 0 || *self.cancels.borrow() > 0
    }

    pub(super) fn was_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    pub(super) fn cancels_sent(&self) -> u64 {
        self.sent.load(Ordering::Acquire)
    }

    pub(super) fn is_doomed(&self) -> bool {
        self.doomed.load(Ordering::Acquire)
    }

    /// The session is like new, and everything that was begun on it has ended.
    pub(super) fn renew(&self) {
        self.open_calls.store(0, Ordering::Release);
        self.touched.store(false, Ordering::Release);
        self.cancelled.store(false, Ordering::Release);
    }

    pub(super) fn start_borrow(&self) {
        self.touched.store(false, Ordering::Release);
    }
}
