//! Why a caller did not get a session, and why a pool could not be built or closed.

use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use crate::node::NodeAddress;
use crate::status::Status;

/// What went wrong, for decisions; the [`Display`](fmt::Display) form is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No session came free before the deadline.
    Timeout,
    /// `max_waiters` callers were waiting already.
    TooManyWaiters,
    /// The nodes refuse our credentials, and no session is left that could come free.
    Authentication,
    /// The pool was closed, or is closing.
    Closed,
    /// The pool closed, but leases were still out when the deadline passed.
    Unreturned,
    /// A setting is out of range, or the pool was built outside a tokio runtime.
    Configuration,
    /// The topology could not name the nodes.
    Topology,
}

impl ErrorKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: &'static [Self] = &[
        Self::Timeout,
        Self::TooManyWaiters,
        Self::Authentication,
        Self::Closed,
        Self::Unreturned,
        Self::Configuration,
        Self::Topology,
    ];

    /// A short name for labels and fields. It stays the same from release to release.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::TooManyWaiters => "too_many_waiters",
            Self::Authentication => "authentication",
            Self::Closed => "closed",
            Self::Unreturned => "unreturned",
            Self::Configuration => "configuration",
            Self::Topology => "topology",
        }
    }
}

/// An error of the pool.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    status: Option<Status>,
    unreturned: Vec<Unreturned>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// A lease that was still out when the pool closed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Unreturned {
    /// The node that the session belongs to.
    pub node: NodeAddress,
    /// For how long it has been out.
    pub held: Duration,
    /// The place that borrowed it.
    pub borrowed_at: &'static Location<'static>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            status: None,
            unreturned: Vec::new(),
            source: None,
        }))
    }

    pub(crate) fn with_status(mut self, status: Status) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_source(mut self, source: Option<Arc<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = source;
        self
    }

    pub(crate) fn with_unreturned(mut self, unreturned: Vec<Unreturned>) -> Self {
        self.0.unreturned = unreturned;
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The deadline passed.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// The nodes refuse our credentials: trying again does not help until the credentials, or what the server accepts, have
    /// changed.
    #[must_use]
    pub fn is_authentication(&self) -> bool {
        self.kind() == ErrorKind::Authentication
    }

    /// The pool is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.kind() == ErrorKind::Closed
    }

    /// The latest failure of a node, as the connector reported it, for code; the message tells it.
    #[must_use]
    pub fn failure(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.0.source.as_deref()? as _)
    }

    /// The pool as it was when the caller was turned away: each node's state, its last error, how many wait.
    #[must_use]
    pub fn status(&self) -> Option<&Status> {
        self.0.status.as_ref()
    }

    /// The leases that were still out, for [`ErrorKind::Unreturned`].
    #[must_use]
    pub fn unreturned(&self) -> &[Unreturned] {
        &self.0.unreturned
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(status) = &self.0.status {
            write!(f, ": {status}")?;
        }
        for lease in &self.0.unreturned {
            write!(
                f,
                "; {} held for {:.1?}, borrowed at {}",
                lease.node, lease.held, lease.borrowed_at
            )?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.to_string())
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    /// The first cause that the message does not tell.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        untold(&self.to_string(), self.failure()?)
    }
}

/// The first of the causes that the message does not tell: a chain of errors says nothing twice.
fn untold<'a>(
    message: &str,
    first: &'a (dyn StdError + 'static),
) -> Option<&'a (dyn StdError + 'static)> {
    std::iter::successors(Some(first), |cause| (*cause).source())
        .find(|cause| !message.contains(&cause.to_string()))
}

#[cfg(test)]
mod told_once {
    use super::*;

    fn cause() -> std::io::Error {
        std::io::Error::other("the disk is full")
    }

    #[test]
    fn every_kind_is_listed_once() {
        // The discriminants count the kinds that there are: the last of the list is the last declared.
        for (index, kind) in ErrorKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, index, "{kind:?}");
        }
        assert_eq!(ErrorKind::Topology as usize + 1, ErrorKind::ALL.len());
    }

    /// Whether or not its own message tells the cause, the chain tells it once.
    #[test]
    fn an_error_of_any_kind_tells_its_cause_once() {
        for kind in ErrorKind::ALL {
            for message in ["writing it", "writing it: the disk is full"] {
                let error =
                    Error::new(*kind, message).with_source(Some(std::sync::Arc::new(cause())));
                let mut told = error.to_string();
                let mut next = error.source();
                while let Some(cause) = next {
                    told = format!("{told}: {cause}");
                    next = cause.source();
                }
                assert_eq!(
                    told.matches("the disk is full").count(),
                    1,
                    "{kind:?}: {told}"
                );
            }
        }
    }
}
