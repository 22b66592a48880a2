use std::time::Instant;

use super::{AcquireBegin, AcquireEnd, AcquireOutcome, Acquired, Observer, Token};
use crate::error::ErrorKind;
use crate::node::{NodeAddress, NodeId};
use crate::shell::now;

/// An acquire that is reported to the observer. Dropped before its end, it ends as dropped. Without an observer it does
/// nothing.
pub(crate) struct Acquiring<'a> {
    /// Until the end has been reported.
    begun: Option<(&'a dyn Observer, Token)>,
    started: Instant,
}

impl<'a> Acquiring<'a> {
    #[inline]
    pub(crate) fn begin(
        observer: Option<&'a dyn Observer>,
        avoid: Option<NodeId>,
        started: Instant,
    ) -> Self {
        Self {
            begun: observer
                .map(|observer| (observer, observer.begin_acquire(&AcquireBegin { avoid }))),
            started,
        }
    }

    /// The caller has got a session of this node.
    #[inline]
    pub(crate) fn acquired(
        mut self,
        node: NodeId,
        address: &NodeAddress,
        checked: bool,
        at: Instant,
    ) {
        self.report(at, || {
            AcquireOutcome::Acquired(Acquired {
                node,
                address,
                checked,
            })
        });
    }

    #[cold]
    pub(crate) fn failed(mut self, kind: ErrorKind) {
        self.report(now(), || AcquireOutcome::Failed(kind));
    }

    #[inline]
    fn report<'e>(&mut self, at: Instant, outcome: impl FnOnce() -> AcquireOutcome<'e>) {
        if let Some((observer, token)) = self.begun.take() {
            let event = AcquireEnd {
                waited: at.saturating_duration_since(self.started),
                outcome: outcome(),
            };
            observer.end_acquire(token, &event);
        }
    }
}

impl Drop for Acquiring<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.begun.is_some() {
            self.report(now(), || AcquireOutcome::Dropped);
        }
    }
}
