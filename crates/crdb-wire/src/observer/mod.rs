//! Observers of batches, COPY, and what the server says unasked.

mod events;
mod fan_out;
mod notification;
mod operation;
mod partial;

pub use events::{
    BatchBegin, BatchEnd, CopyBegin, CopyDirection, CopyEnd, Ended, Failure, Outcome,
};
pub use fan_out::FanOut;
pub use notification::Notification;
pub(crate) use operation::Operation;
pub use partial::PartialObserver;

use std::any::Any;

use crate::server_error::ServerError;

/// What an observer keeps from the beginning of an operation to its end. `None` costs nothing.
pub type Token = Option<Box<dyn Any + Send + Sync>>;

/// Observes batches, COPY, and what the server says unasked. An observer that needs only a few of these methods
/// implements [`PartialObserver`] instead.
///
/// `begin_*` gives a token, which comes back with `end_*`: exactly one end for each beginning, on the same observer. An
/// operation that is dropped or given up ends with [`Outcome::Dropped`]. Single statements are not reported here: the layer
/// that runs them does.
///
/// # Contract
/// The methods are called by the task that runs the operation, or that moves the connection's bytes: they are quick, and
/// do not block.
pub trait Observer: Send + Sync + 'static {
    /// A batch begins.
    fn begin_batch(&self, event: &BatchBegin<'_>) -> Token;

    /// The batch has ended.
    fn end_batch(&self, token: Token, event: &BatchEnd<'_>);

    /// A COPY from or to the client begins.
    fn begin_copy(&self, event: &CopyBegin<'_>) -> Token;

    /// The COPY has ended.
    fn end_copy(&self, token: Token, event: &CopyEnd<'_>);

    /// The server sent a notice or a warning. It may hold values, as an error may.
    fn notice(&self, notice: &ServerError);

    /// The server sent a notification of a channel that the session listens to. Only PostgreSQL sends them.
    fn notification(&self, notification: &Notification<'_>);

    /// The connection has ended.
    fn ended(&self, event: &Ended<'_>);
}
