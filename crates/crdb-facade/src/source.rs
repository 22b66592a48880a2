//! The pool as a source of sessions for the executor.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicU8, Ordering};

use crdb_exec::{AcquireError, AcquireOptions, NodeId, SessionOutcome, SessionSource};
use crdb_pool::{ErrorClass, Pool};

use crate::connector::Connector;
use crate::session::Session;

/// Lends the executor sessions from a pool.
#[derive(Clone)]
pub struct Source {
    pool: Pool<Connector>,
}

impl Source {
    pub(crate) fn new(pool: Pool<Connector>) -> Self {
        Self { pool }
    }

    /// The pool.
    #[must_use]
    pub fn pool(&self) -> &Pool<Connector> {
        &self.pool
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

/// A session of the pool, on loan.
pub struct Lease {
    lease: crdb_pool::Lease<Connector>,
    /// What the borrower reported, told to the pool when the session is returned.
    outcome: AtomicU8,
}

const FINE: u8 = 0;
const LOST: u8 = 1;
const DRAINING: u8 = 2;
const OVERLOADED: u8 = 3;

impl Deref for Lease {
    type Target = Session;

    fn deref(&self) -> &Self::Target {
        &self.lease
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let class = match self.outcome.load(Ordering::Relaxed) {
            LOST => ErrorClass::Dead,
            DRAINING => ErrorClass::Draining,
            OVERLOADED => ErrorClass::Overloaded,
            _ => return,
        };
        self.lease.report(class);
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("node", self.lease.address())
            .finish_non_exhaustive()
    }
}

impl SessionSource for Source {
    type Session = Session;
    type Lease = Lease;

    async fn acquire(&self, options: AcquireOptions) -> Result<Lease, AcquireError> {
        let wanted = crdb_pool::AcquireOptions {
            deadline: options.deadline.map(Into::into),
            avoid: options
                .avoid
                .map(|node| crdb_pool::NodeId::from_u64(node.get())),
        };
        match self.pool.acquire_with(wanted).await {
            Ok(lease) => Ok(Lease {
                lease,
                outcome: AtomicU8::new(FINE),
            }),
            Err(error) => Err(match error.kind() {
                crdb_pool::ErrorKind::Timeout => AcquireError::timed_out(error),
                crdb_pool::ErrorKind::Topology => AcquireError::unavailable(error),
                _ => AcquireError::refused(error),
            }),
        }
    }

    fn node(&self, lease: &Lease) -> NodeId {
        NodeId::new(lease.lease.node().as_u64())
    }

    fn report(&self, lease: &Lease, outcome: SessionOutcome) {
        let outcome = match outcome {
            SessionOutcome::Lost => LOST,
            SessionOutcome::Draining => DRAINING,
            SessionOutcome::Overloaded => OVERLOADED,
            _ => return,
        };
        lease.outcome.store(outcome, Ordering::Relaxed);
    }

    /// A hook that runs before each loan may set the session up for its caller.
    fn sessions_differ(&self) -> bool {
        self.pool.has_before_acquire()
    }
}
