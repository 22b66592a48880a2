//! The attempts at one call.

use crate::error::{Effort, Error};
use crate::observer::Failure;
use crate::retry::RetryPolicy;
use crate::session::NodeId;
use std::time::Duration;
use tokio::time::Instant;

/// An attempt that failed, and where.
pub(crate) struct Failed {
    pub(crate) error: Error,
    pub(crate) node: Option<NodeId>,
}

/// Whether and when to try again.
pub(crate) struct Attempts<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) is_transaction: bool,
    pub(crate) started: Instant,
    pub(crate) made: u32,
    /// When the latest attempt began.
    pub(crate) began: Instant,
    /// `None` never tries again.
    pub(crate) policy: Option<&'a dyn RetryPolicy>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) timeout: Option<Duration>,
    /// Why the latest attempt failed after which there is another.
    pub(crate) last: Option<Failure>,
}

impl Attempts<'_> {
    /// Another attempt begins.
    pub(crate) fn begin(&mut self) {
        self.made += 1;
        self.began = Instant::now();
    }

    /// What a time-out says of them.
    pub(crate) fn effort(&self) -> Effort {
        Effort {
            timeout: self.timeout,
            attempts: self.made,
            last: self.last.map(|failure| (failure.kind, failure.sqlstate)),
        }
    }
}
