//! A snapshot of the pool.

use std::fmt;
use std::time::Duration;

use crate::connector::ErrorClass;
use crate::node::{NodeAddress, NodeId};

/// The pool at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// Sessions that may be open at most.
    pub max_size: u32,
    /// Sessions that wait for a borrower.
    pub idle: u32,
    /// Sessions that are lent, or being checked or reset.
    pub in_use: u32,
    /// Sessions that are being opened.
    pub opening: u32,
    /// Callers that wait for a session.
    pub waiting: usize,
    /// Whether the pool takes no more callers.
    pub closed: bool,
    /// Each node.
    pub nodes: Vec<NodeStatus>,
}

impl Status {
    /// Sessions that exist or are being opened.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.idle
            .saturating_add(self.in_use)
            .saturating_add(self.opening)
    }
}

/// Why a node is out of rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutCause {
    /// Too many failures in a row.
    Failing,
    /// It said that it is shutting down.
    Draining,
    /// It does not accept our credentials.
    Authentication,
}

impl OutCause {
    /// A short name for labels and fields. It stays the same from release to release.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Draining => "draining",
            Self::Authentication => "authentication",
        }
    }
}

/// One node at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NodeStatus {
    /// The pool's name for it.
    pub id: NodeId,
    /// Where it listens.
    pub address: NodeAddress,
    /// Whether it gets work.
    pub state: NodeState,
    /// Sessions that wait for a borrower.
    pub idle: u32,
    /// Sessions that are lent, or being checked or reset.
    pub in_use: u32,
    /// Sessions that are being opened, probes included.
    pub opening: u32,
    /// The moving average that the balancer goes by; `None` before anything was measured.
    pub latency: Option<Duration>,
    /// The latest failure there.
    pub last_error: Option<LastError>,
}

/// Whether a node gets work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NodeState {
    /// In rotation.
    Up,
    /// In rotation again, and getting more work bit by bit.
    Recovering,
    /// Out of rotation.
    Out(OutCause),
    /// Out of rotation, and being probed.
    Probing(OutCause),
    /// No longer part of the topology: its sessions are closed as they are returned.
    Removed,
}

impl NodeState {
    /// A short name for labels and fields, without the cause. It stays the same from release to release.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Recovering => "recovering",
            Self::Out(_) => "out",
            Self::Probing(_) => "probing",
            Self::Removed => "removed",
        }
    }

    /// Whether the node gets work.
    #[must_use]
    pub fn in_rotation(self) -> bool {
        matches!(self, Self::Up | Self::Recovering)
    }
}

/// A failure that a node was charged with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LastError {
    /// What it meant.
    pub class: ErrorClass,
    /// Its text, with the texts of its sources.
    pub message: String,
    /// How long ago it happened.
    pub age: Duration,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} sessions open ({} in use, {} idle, {} being opened), {} waiting",
            self.size(),
            self.max_size,
            self.in_use,
            self.idle,
            self.opening,
            self.waiting
        )?;
        if self.nodes.is_empty() {
            f.write_str("; no nodes are known")?;
        }
        for node in &self.nodes {
            write!(f, "; {node}")?;
        }
        Ok(())
    }
}

impl fmt::Display for NodeStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} ({} in use, {} idle)",
            self.address, self.state, self.in_use, self.idle
        )?;
        match &self.last_error {
            Some(error) => write!(f, ", last error {:.1?} ago: {}", error.age, error.message),
            None => Ok(()),
        }
    }
}

impl fmt::Display for NodeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (position, cause) = match self {
            Self::Up => return f.write_str("is up"),
            Self::Recovering => return f.write_str("is recovering"),
            Self::Removed => return f.write_str("has left the topology"),
            Self::Out(cause) => ("is out of rotation", cause),
            Self::Probing(cause) => ("is out of rotation and being probed", cause),
        };
        f.write_str(position)?;
        f.write_str(match cause {
            OutCause::Failing => " after failures",
            OutCause::Draining => " because it drains",
            OutCause::Authentication => " because it refuses our credentials",
        })
    }
}
