use std::panic::Location;
use std::time::Duration;

use crate::error::ErrorKind;
use crate::node::{NodeAddress, NodeId};
use crate::status::NodeState;

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

/// A caller asks for a session.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AcquireBegin {
    /// The node that the caller would rather not have.
    pub avoid: Option<NodeId>,
}

/// A caller got a session, or went away without one.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AcquireEnd<'a> {
    /// From the call to the lease or to giving up, checks included. Zero where an idle session was there and needed no check.
    pub waited: Duration,
    /// How it ended.
    pub outcome: AcquireOutcome<'a>,
}

/// How an acquire ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum AcquireOutcome<'a> {
    /// The caller got a session.
    Acquired(Acquired<'a>),
    /// It failed.
    Failed(ErrorKind),
    /// The caller dropped the future.
    Dropped,
}

impl AcquireOutcome<'_> {
    /// A short name for labels and fields: `ok`, the [kind](ErrorKind::as_str) of the error, or `dropped`. It stays the same
    /// from release to release.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Acquired(_) => "ok",
            Self::Failed(kind) => kind.as_str(),
            Self::Dropped => "dropped",
        }
    }
}

/// The session that a caller got.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Acquired<'a> {
    /// Where.
    pub node: NodeId,
    /// Its address.
    pub address: &'a NodeAddress,
    /// Whether a round trip was spent on checking it.
    pub checked: bool,
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
