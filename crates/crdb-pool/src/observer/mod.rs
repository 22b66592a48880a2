//! Observers of the pool.

mod acquiring;
mod events;
mod fan_out;
mod partial;

use std::any::Any;

pub(crate) use acquiring::Acquiring;
pub use events::{
    AcquireBegin, AcquireEnd, AcquireOutcome, Acquired, Checked, CloseReason, Closed,
    ConnectFailed, Leaked, NodeChanged, Opened, Released, Reset,
};
pub use fan_out::FanOut;
pub use partial::PartialObserver;

/// What an observer keeps from the beginning of an operation to its end. `None` costs nothing.
pub type Token = Option<Box<dyn Any + Send + Sync>>;

/// Observes the pool. An observer that needs only a few of these methods implements [`PartialObserver`]
/// instead.
///
/// `begin_acquire` gives a token, which comes back with `end_acquire`: exactly one end for each beginning, on the same
/// observer. An acquire whose future is dropped ends with [`AcquireOutcome::Dropped`]. What the pool does by itself, in the
/// background, is reported once, when it has ended, with the time that it took.
///
/// # Contract
/// The methods are called on the task that caused the event, without any lock held. They are quick, and do not block.
pub trait Observer: Send + Sync {
    /// A caller asks for a session.
    fn begin_acquire(&self, event: &AcquireBegin) -> Token;
    /// The caller got a session, or went away without one.
    fn end_acquire(&self, token: Token, event: &AcquireEnd<'_>);
    /// A session was opened.
    fn opened(&self, event: &Opened<'_>);
    /// A session could not be opened.
    fn connect_failed(&self, event: &ConnectFailed<'_>);
    /// A session was closed.
    fn closed(&self, event: &Closed<'_>);
    /// A session was returned.
    fn released(&self, event: &Released<'_>);
    /// A session was checked with a round trip.
    fn checked(&self, event: &Checked<'_>);
    /// A session was reset.
    fn reset(&self, event: &Reset<'_>);
    /// A node entered or left rotation.
    fn node_changed(&self, event: &NodeChanged<'_>);
    /// A lease has been out for longer than `leak_after`.
    fn leaked(&self, event: &Leaked<'_>);
}
