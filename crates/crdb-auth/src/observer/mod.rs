//! Observers of connects, cancels and reloads.

mod events;
mod fan_out;
mod operation;
mod partial;

use std::any::Any;

pub use events::{
    CancelBegin, CancelEnd, ConnectBegin, ConnectEnd, ConnectTimings, Connected, OperationOutcome,
    ReloadFailed, WithoutTls,
};
pub use fan_out::FanOut;
pub(crate) use operation::{CancelOperation, ConnectOperation};
pub use partial::PartialObserver;

/// What an observer keeps from the beginning of an operation to its end. `None` costs nothing.
pub type Token = Option<Box<dyn Any + Send + Sync>>;

/// Observes connects, cancels and reloads. An observer that needs only a few of these methods implements
/// [`PartialObserver`] instead.
///
/// `begin_*` gives a token, which comes back with `end_*`: exactly one end for each beginning, on the same observer. A
/// connect or cancel whose future is dropped ends with [`OperationOutcome::Dropped`].
///
/// # Contract
/// The methods run on the task that connects: they are quick, and do not block.
pub trait Observer: Send + Sync {
    /// A connect begins: name look-up, TCP, TLS and login.
    fn begin_connect(&self, event: &ConnectBegin<'_>) -> Token;

    /// The connect has ended.
    fn end_connect(&self, token: Token, event: &ConnectEnd<'_>);

    /// A cancel request is about to be sent, on a connection of its own.
    fn begin_cancel(&self, event: &CancelBegin<'_>) -> Token;

    /// The cancel request was sent, or could not be.
    fn end_cancel(&self, token: Token, event: &CancelEnd<'_>);

    /// A connection goes on without TLS because `sslmode=prefer` permits it. Called before the login.
    fn without_tls(&self, event: &WithoutTls<'_>);

    /// Certificate files have changed and cannot be used. Called at each connect while they cannot be.
    fn reload_failed(&self, event: &ReloadFailed<'_>);
}
