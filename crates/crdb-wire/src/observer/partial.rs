use super::{BatchBegin, BatchEnd, CopyBegin, CopyEnd, Ended, Notification, Observer, Token};
use crate::server_error::ServerError;

/// An [`Observer`] of some events: each method does nothing unless it is implemented. Everything that implements this is
/// an [`Observer`].
pub trait PartialObserver: Send + Sync + 'static {
    /// A batch has ended.
    fn batch_ended(&self, event: &BatchEnd<'_>) {
        let _ = event;
    }

    /// A COPY from or to the client has ended.
    fn copy_ended(&self, event: &CopyEnd<'_>) {
        let _ = event;
    }

    /// The server sent a notice or a warning. It may hold values, as an error may.
    fn notice(&self, notice: &ServerError) {
        let _ = notice;
    }

    /// The server sent a notification of a channel that the session listens to. Only PostgreSQL sends them.
    fn notification(&self, notification: &Notification<'_>) {
        let _ = notification;
    }

    /// The connection has ended.
    fn ended(&self, event: &Ended<'_>) {
        let _ = event;
    }
}

impl<T: PartialObserver> Observer for T {
    fn begin_batch(&self, _: &BatchBegin<'_>) -> Token {
        None
    }

    fn end_batch(&self, _: Token, event: &BatchEnd<'_>) {
        self.batch_ended(event);
    }

    fn begin_copy(&self, _: &CopyBegin<'_>) -> Token {
        None
    }

    fn end_copy(&self, _: Token, event: &CopyEnd<'_>) {
        self.copy_ended(event);
    }

    fn notice(&self, notice: &ServerError) {
        PartialObserver::notice(self, notice);
    }

    fn notification(&self, notification: &Notification<'_>) {
        PartialObserver::notification(self, notification);
    }

    fn ended(&self, event: &Ended<'_>) {
        PartialObserver::ended(self, event);
    }
}
