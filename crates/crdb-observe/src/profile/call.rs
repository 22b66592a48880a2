//! A call under way, and what is learnt of it on the way.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::table::Key;

/// A statement or a transaction that has begun.
#[derive(Debug)]
pub(super) struct Call {
    /// Where its statistics go.
    key: Key,
    /// How many parameters it has.
    parameters: usize,
    /// The transaction that a statement belongs to.
    #[cfg_attr(
        not(feature = "pool"),
        allow(dead_code, reason = "only the pool tells of waiting")
    )]
    parent: Option<Arc<Call>>,
    spent: Mutex<Spent>,
}

/// A node, which is written out only for what is slow.
#[cfg(feature = "pool")]
pub(super) type Node = crdb_pool::NodeAddress;
#[cfg(not(feature = "pool"))]
pub(super) type Node = std::convert::Infallible;

/// Where a call's time has gone so far.
#[derive(Debug, Default)]
pub(super) struct Spent {
    /// Waiting for a session.
    pub(super) waiting: Duration,
    /// Attempts that failed and were made again, without their waiting, and the pauses between.
    pub(super) retrying: Duration,
    /// How often it lost against another transaction.
    pub(super) collisions: u64,
    /// The node of the last session.
    pub(super) node: Option<Node>,
    /// The last attempt that ended, and what it had waited.
    attempt: Duration,
    waiting_before: Duration,
}

thread_local! {
    /// The innermost call whose step runs on this thread.
    static CURRENT: RefCell<Option<Arc<Call>>> = const { RefCell::new(None) };
}

/// Puts back what was current before.
struct Restore(Option<Arc<Call>>);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

impl Call {
    /// Begins within the call that is current.
    pub(super) fn begin(key: Key, parameters: usize) -> Arc<Self> {
        Arc::new(Self {
            key,
            parameters,
            parent: Self::current(),
            spent: Mutex::default(),
        })
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    pub(super) const fn parameters(&self) -> usize {
        self.parameters
    }

    /// The innermost call whose step runs on this thread.
    pub(super) fn current() -> Option<Arc<Self>> {
        CURRENT.with_borrow(Clone::clone)
    }

    /// Runs a step of this call.
    pub(super) fn within(self: &Arc<Self>, step: &mut dyn FnMut()) {
        let _restore = Restore(CURRENT.replace(Some(Arc::clone(self))));
        step();
    }

    fn lock(&self) -> MutexGuard<'_, Spent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the time went. It is asked once, at the end.
    pub(super) fn spent(&self) -> Spent {
        std::mem::take(&mut *self.lock())
    }

    /// It, and the transaction around it, have waited for a session.
    #[cfg(feature = "pool")]
    pub(super) fn waited(&self, time: Duration, node: Option<&Node>) {
        let mut call = Some(self);
        while let Some(this) = call {
            let mut spent = this.lock();
            spent.waiting = spent.waiting.saturating_add(time);
            if let Some(node) = node {
                spent.node = Some(node.clone());
            }
            drop(spent);
            call = this.parent.as_deref();
        }
    }

    /// One run of it has ended.
    pub(super) fn attempt_ended(&self, took: Duration) {
        self.lock().attempt = took;
    }

    /// The run that has ended is made again after this pause.
    pub(super) fn retry(&self, pause: Duration, is_collision: bool) {
        let mut spent = self.lock();
        let waited = spent.waiting.saturating_sub(spent.waiting_before);
        let lost = spent.attempt.saturating_sub(waited).saturating_add(pause);
        spent.retrying = spent.retrying.saturating_add(lost);
        spent.waiting_before = spent.waiting;
        spent.collisions += u64::from(is_collision);
    }
}
