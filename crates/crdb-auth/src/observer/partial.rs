use super::{
    CancelBegin, CancelEnd, ConnectBegin, ConnectEnd, Observer, ReloadFailed, Token, WithoutTls,
};

/// An [`Observer`] of some events: each method does nothing unless it is implemented. Everything that implements this is
/// an [`Observer`].
///
/// ```
/// use crdb_auth::{ConnectEnd, OperationOutcome, PartialObserver};
///
/// struct Log;
///
/// impl PartialObserver for Log {
///     fn connect_ended(&self, event: &ConnectEnd<'_>) {
///         if let OperationOutcome::Failed(error) = event.outcome {
///             eprintln!("{} after {:?}: {error}", event.endpoint, event.timings.total);
///         }
///     }
/// }
/// ```
pub trait PartialObserver: Send + Sync {
    /// A connect has ended.
    fn connect_ended(&self, event: &ConnectEnd<'_>) {
        let _ = event;
    }

    /// A cancel request was sent, or could not be.
    fn cancel_ended(&self, event: &CancelEnd<'_>) {
        let _ = event;
    }

    /// A connection goes on without TLS because `sslmode=prefer` permits it. Called before the login.
    fn without_tls(&self, event: &WithoutTls<'_>) {
        let _ = event;
    }

    /// Certificate files have changed and cannot be used. Called at each connect while they cannot be.
    fn reload_failed(&self, event: &ReloadFailed<'_>) {
        let _ = event;
    }
}

impl<T: PartialObserver> Observer for T {
    fn begin_connect(&self, _: &ConnectBegin<'_>) -> Token {
        None
    }

    fn end_connect(&self, _: Token, event: &ConnectEnd<'_>) {
        self.connect_ended(event);
    }

    fn begin_cancel(&self, _: &CancelBegin<'_>) -> Token {
        None
    }

    fn end_cancel(&self, _: Token, event: &CancelEnd<'_>) {
        self.cancel_ended(event);
    }

    fn without_tls(&self, event: &WithoutTls<'_>) {
        PartialObserver::without_tls(self, event);
    }

    fn reload_failed(&self, event: &ReloadFailed<'_>) {
        PartialObserver::reload_failed(self, event);
    }
}
