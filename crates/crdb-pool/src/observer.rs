//! The events that the pool reports.

use std::panic::Location;
use std::time::Duration;

use crate::error::ErrorKind;
use crate::node::{NodeAddress, NodeId};
use crate::status::NodeState;

/// Sees what happens in the pool. Every method does nothing by default.
///
/// Methods are called on the task that caused the event, without any lock held. They must not block.
pub trait Observer: Send + Sync {
    /// A session was opened.
    fn opened(&self, _event: &Opened<'_>) {}
    /// A session could not be opened.
    fn connect_failed(&self, _event: &ConnectFailed<'_>) {}
    /// A session was closed.
    fn closed(&self, _event: &Closed<'_>) {}
    /// A caller got a session.
    fn acquired(&self, _event: &Acquired<'_>) {}
    /// A caller went away without a session.
    fn acquire_failed(&self, _event: &AcquireFailed) {}
    /// A session was returned.
    fn released(&self, _event: &Released<'_>) {}
    /// A session was checked with a round trip.
    fn checked(&self, _event: &Checked<'_>) {}
    /// A session was reset.
    fn reset(&self, _event: &Reset<'_>) {}
    /// A node entered or left rotation.
    fn node_changed(&self, _event: &NodeChanged<'_>) {}
    /// A lease has been out for longer than `leak_after`.
    fn leaked(&self, _event: &Leaked<'_>) {}
}

/// A session was opened.
#[derive(Debug)]
#[non_exhaustive]
pub struct Opened<'a> {
    /// Where.
    pub node: NodeId,
    /// Its address.
    pub address: &'a NodeAddress,
    /// How long it took, the `after_connect` hook included.
    pub took: Duration,
}

/// A session could not be opened.
#[derive(Debug)]
#[non_exhaustive]
pub struct ConnectFailed<'a> {
    /// Where.
    pub node: NodeId,
    /// Its address.
    pub address: &'a NodeAddress,
    /// How long the attempt took.
    pub took: Duration,
    /// Why.
    pub error: &'a (dyn std::error::Error + 'static),
}

/// A session was closed.
#[derive(Debug)]
#[non_exhaustive]
pub struct Closed<'a> {
    /// Where.
    pub node: NodeId,
    /// Its address.
    pub address: &'a NodeAddress,
    /// Why.
    pub reason: CloseReason,
    /// How old it was.
    pub age: Duration,
}

/// Why a session was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// It had not been used for `idle_timeout`.
    Idle,
    /// It had reached its own `max_lifetime`.
    Lifetime,
    /// It was broken when it was returned, lent or looked at.
    Broken,
    /// A check, a reset or a hook failed, or took too long.
    Failed,
    /// Its borrower said so.
    Discarded,
    /// Its node is out of rotation.
    NodeOut,
    /// Another node has too few sessions, this one too many.
    Rebalanced,
    /// The pool was made smaller.
    Resized,
    /// The pool is closing.
    PoolClosed,
}

impl CloseReason {
    /// A short name for labels and fields. It stays the same from release to release.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Lifetime => "lifetime",
            Self::Broken => "broken",
            Self::Failed => "failed",
            Self::Discarded => "discarded",
            Self::NodeOut => "node_out",
            Self::Rebalanced => "rebalanced",
            Self::Resized => "resized",
            Self::PoolClosed => "pool_closed",
        }
    }
}

/// A caller got a session.
#[derive(Debug)]
#[non_exhaustive]
pub struct Acquired<'a> {
    /// Where.
    pub node: NodeId,
    /// Its address.
    pub address: &'a NodeAddress,
    /// From the call to the lease, checks included.
    pub waited: Duration,
    /// Whether a round trip was spent on checking it.
    pub checked: bool,
}

/// A caller went away without a session.
#[derive(Debug)]
#[non_exhaustive]
pub struct AcquireFailed {
    /// Why.
    pub kind: ErrorKind,
    /// After how long.
    pub waited: Duration,
}

/// A session was returned.
#[derive(Debug)]
#[non_exhaustive]
pub struct Released<'a> {
    /// Where.
    pub node: NodeId,
    /// Its address.
    pub address: &'a NodeAddress,
    /// How long it was out.
    pub held: Duration,
}

/// A session was checked with a round trip.
#[derive(Debug)]
#[non_exhaustive]
pub struct Checked<'a> {
    /// Where.
    pub node: NodeId,
    /// Its address.
    pub address: &'a NodeAddress,
    /// How long it took.
    pub took: Duration,
    /// Whether it worked.
    pub ok: bool,
}

/// A session was reset.
#[derive(Debug)]
#[non_exhaustive]
pub struct Reset<'a> {
    /// Where.
    pub node: NodeId,
    /// Its address.
    pub address: &'a NodeAddress,
    /// How long it took.
    pub took: Duration,
    /// Whether it is clean now; it was closed if not.
    pub ok: bool,
}

/// A node entered or left rotation.
#[derive(Debug)]
#[non_exhaustive]
pub struct NodeChanged<'a> {
    /// Which.
    pub node: NodeId,
    /// Its address.
    pub address: &'a NodeAddress,
    /// What it was.
    pub from: NodeState,
    /// What it is.
    pub to: NodeState,
}

/// A lease has been out for too long.
#[derive(Debug)]
#[non_exhaustive]
pub struct Leaked<'a> {
    /// The session's node.
    pub node: NodeId,
    /// Its address.
    pub address: &'a NodeAddress,
    /// For how long it has been out.
    pub held: Duration,
    /// The place that borrowed it.
    pub borrowed_at: &'static Location<'static>,
}
