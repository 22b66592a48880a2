use super::{
    AcquireBegin, AcquireEnd, Checked, Closed, ConnectFailed, Leaked, NodeChanged, Observer,
    Opened, Released, Reset, Token,
};

/// An [`Observer`] of some events: each method does nothing unless it is implemented. Everything that implements this is
/// an [`Observer`].
pub trait PartialObserver: Send + Sync {
    /// A caller got a session, or went away without one.
    fn acquire_ended(&self, event: &AcquireEnd<'_>) {
        let _ = event;
    }

    /// A session was opened.
    fn opened(&self, event: &Opened<'_>) {
        let _ = event;
    }

    /// A session could not be opened.
    fn connect_failed(&self, event: &ConnectFailed<'_>) {
        let _ = event;
    }

    /// A session was closed.
    fn closed(&self, event: &Closed<'_>) {
        let _ = event;
    }

    /// A session was returned.
    fn released(&self, event: &Released<'_>) {
        let _ = event;
    }

    /// A session was checked with a round trip.
    fn checked(&self, event: &Checked<'_>) {
        let _ = event;
    }

    /// A session was reset.
    fn reset(&self, event: &Reset<'_>) {
        let _ = event;
    }

    /// A node entered or left rotation.
    fn node_changed(&self, event: &NodeChanged<'_>) {
        let _ = event;
    }

    /// A lease has been out for longer than `leak_after`.
    fn leaked(&self, event: &Leaked<'_>) {
        let _ = event;
    }
}

impl<T: PartialObserver> Observer for T {
    fn begin_acquire(&self, _: &AcquireBegin) -> Token {
        None
    }

    fn end_acquire(&self, _: Token, event: &AcquireEnd<'_>) {
        self.acquire_ended(event);
    }

    fn opened(&self, event: &Opened<'_>) {
        PartialObserver::opened(self, event);
    }

    fn connect_failed(&self, event: &ConnectFailed<'_>) {
        PartialObserver::connect_failed(self, event);
    }

    fn closed(&self, event: &Closed<'_>) {
        PartialObserver::closed(self, event);
    }

    fn released(&self, event: &Released<'_>) {
        PartialObserver::released(self, event);
    }

    fn checked(&self, event: &Checked<'_>) {
        PartialObserver::checked(self, event);
    }

    fn reset(&self, event: &Reset<'_>) {
        PartialObserver::reset(self, event);
    }

    fn node_changed(&self, event: &NodeChanged<'_>) {
        PartialObserver::node_changed(self, event);
    }

    fn leaked(&self, event: &Leaked<'_>) {
        PartialObserver::leaked(self, event);
    }
}
