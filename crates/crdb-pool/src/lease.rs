//! A session on loan.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use crate::connector::{Connector, ErrorClass};
use crate::core::Failed;
use crate::node::{NodeAddress, NodeId};
use crate::shell::{Borrowed, Inner, now};

/// A session that belongs to the caller until it is dropped.
///
/// Dropping it asks the connector for the session's [`condition`](Connector::condition). A clean one is at once ready for the
/// next borrower, without a round trip; one that needs it is reset in the background; a broken one is closed. Dropping works
/// outside of a runtime, too.
#[must_use = "the session goes back to the pool when the lease is dropped"]
pub struct Lease<C: Connector> {
    /// Present until the lease is dropped.
    borrowed: Option<Borrowed<C>>,
}

impl<C: Connector> Lease<C> {
    #[inline]
    pub(crate) fn new(borrowed: Borrowed<C>) -> Self {
        Self {
            borrowed: Some(borrowed),
        }
    }

    /// The node that the session belongs to.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.borrowed().pooled().node
    }

    /// Where that node listens.
    #[must_use]
    pub fn address(&self) -> &NodeAddress {
        &self.borrowed().pooled().address
    }

    /// The session's number, which no other session of this pool has or had: counted from 0 in the order in which they were
    /// opened.
    ///
    /// It tells sessions apart where the server does not: CockroachDB gives no process id, or 0, before v22.1.
    #[must_use]
    pub fn session_number(&self) -> u64 {
        self.borrowed().pooled().number
    }

    /// How long ago the session was opened.
    #[must_use]
    pub fn age(&self) -> Duration {
        now().saturating_duration_since(self.borrowed().pooled().born)
    }

    /// Reports what an error means that was seen on this session.
    ///
    /// [`Draining`](ErrorClass::Draining) and [`Dead`](ErrorClass::Dead) make the pool look at the node, and the session is
    /// closed instead of being kept. [`Overloaded`](ErrorClass::Overloaded) begins a pause before the next session is opened
    /// there. [`Authentication`](ErrorClass::Authentication) and [`Harmless`](ErrorClass::Harmless) change nothing. No report
    /// by itself takes a node out of rotation.
    pub fn report(&mut self, class: ErrorClass) {
        self.report_error(class, Reported(class));
    }

    /// As [`report`](Self::report), with the error itself, which then appears in the error of callers who wait in vain.
    pub fn report_error(
        &mut self,
        class: ErrorClass,
        error: impl std::error::Error + Send + Sync + 'static,
    ) {
        self.borrowed_mut().pooled_mut().loan.doomed |=
            matches!(class, ErrorClass::Dead | ErrorClass::Draining);
        self.borrowed().report(Failed::new(class, error));
    }

    /// Reports how long an operation took on this node. The balancer prefers nodes with short times.
    ///
    /// Without it the time until the session is returned is taken, which says less, because it contains the borrower's own.
    pub fn record_latency(&mut self, took: Duration) {
        self.borrowed_mut().pooled_mut().loan.measured = true;
        let node = self.node();
        self.inner().lock().measured(node, took);
    }

    /// Closes the session instead of giving it back.
    pub fn discard(mut self) {
        self.borrowed_mut().pooled_mut().loan.doomed = true;
    }

    fn borrowed(&self) -> &Borrowed<C> {
        #[expect(clippy::expect_used, reason = "only `drop` takes it out")]
        self.borrowed
            .as_ref()
            .expect("a session until the lease is dropped")
    }

    fn borrowed_mut(&mut self) -> &mut Borrowed<C> {
        #[expect(clippy::expect_used, reason = "only `drop` takes it out")]
        self.borrowed
            .as_mut()
            .expect("a session until the lease is dropped")
    }

    fn inner(&self) -> &Arc<Inner<C>> {
        self.borrowed().inner()
    }
}

impl<C: Connector> Deref for Lease<C> {
    type Target = C::Session;

    fn deref(&self) -> &C::Session {
        &self.borrowed().pooled().session
    }
}

impl<C: Connector> DerefMut for Lease<C> {
    fn deref_mut(&mut self) -> &mut C::Session {
        &mut self.borrowed_mut().pooled_mut().session
    }
}

impl<C: Connector> Drop for Lease<C> {
    fn drop(&mut self) {
        if let Some(borrowed) = self.borrowed.take() {
            borrowed.release();
        }
    }
}

impl<C: Connector> fmt::Debug for Lease<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("node", &self.node())
            .field("address", self.address())
            .finish_non_exhaustive()
    }
}

/// What a borrower reported, without the error.
#[derive(Debug)]
struct Reported(ErrorClass);

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            ErrorClass::Draining => "a borrower was told that the node is shutting down",
            ErrorClass::Overloaded => "a borrower was told that the node is overloaded",
            ErrorClass::Authentication => {
                "a borrower was told that the node refuses our credentials"
            }
            ErrorClass::Dead => "a borrower lost its session",
            ErrorClass::Harmless => "a borrower reported an error that says nothing about the node",
        })
    }
}

impl std::error::Error for Reported {}
