//! Observers of loads and exports.

mod fan_out;
mod operation;
mod partial;

pub use fan_out::FanOut;
pub(crate) use operation::Operation;
pub use partial::PartialObserver;

use std::any::Any;
use std::time::Duration;

use crate::error::ErrorKind;

/// What an observer keeps from the beginning of an operation to its end: a span, an earlier reading of a clock. `None`
/// costs nothing.
pub type Token = Option<Box<dyn Any + Send + Sync>>;

/// A load or an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Rows go into a table.
    Load,
    /// Rows come out of one.
    Export,
}

impl Kind {
    /// A short name for labels and fields: `load`, `export`. It stays the same from release to release.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Export => "export",
        }
    }
}

/// A load or an export begins.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Begin<'a> {
    /// What begins.
    pub kind: Kind,
    /// The table, or what is exported, as the caller named it.
    pub relation: &'a str,
}

/// A load or an export has ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct End<'a> {
    /// What has ended.
    pub kind: Kind,
    /// The table, or what was exported, as the caller named it.
    pub relation: &'a str,
    /// From the call to its end.
    pub elapsed: Duration,
    /// Rows that this run loaded or exported; 0 where it did not come to its end.
    pub rows: u64,
    /// Rows that this run found bad.
    pub rejected: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a load or an export ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It is complete.
    Done,
    /// It failed.
    Failed(ErrorKind),
    /// Its future was dropped.
    Dropped,
}

impl Outcome {
    /// A short name for labels and fields: `ok`, `failed`, `dropped`. It stays the same from release to release.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Done => "ok",
            Self::Failed(_) => "failed",
            Self::Dropped => "dropped",
        }
    }
}

/// Observes loads and exports. An observer that needs only the end implements [`PartialObserver`] instead.
///
/// `begin` gives a token, which comes back with `end`: exactly one end for each beginning, on the same observer. One whose future is dropped ends
/// with [`Outcome::Dropped`]. The statements within are reported to the executor's observer.
///
/// # Contract
/// - The methods are called on the task that runs the load or the export: they are quick, and do not block.
/// - [`within`](Self::within) calls `step` once.
pub trait Observer: Send + Sync {
    /// A load or an export begins.
    fn begin(&self, event: &Begin<'_>) -> Token;

    /// It has ended.
    fn end(&self, token: Token, event: &End<'_>);

    /// Runs one step of what `token` stands for, by calling `step`: an observer with spans enters its span around the call. Called for each
    /// poll of an operation whose token is `Some`.
    fn within(&self, token: &Token, step: &mut dyn FnMut());
}
