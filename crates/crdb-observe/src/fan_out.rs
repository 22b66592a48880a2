//! One observer that is several.

use std::fmt;
use std::sync::Arc;

/// Hands each event to several observers of the same layer, in order.
///
/// `O` is a layer's observer trait: `FanOut<dyn crdb_pool::Observer>`.
pub struct FanOut<O: ?Sized>(Vec<Arc<O>>);

impl<O: ?Sized> FanOut<O> {
    /// All of these, in this order.
    pub fn new(observers: impl IntoIterator<Item = Arc<O>>) -> Self {
        Self(observers.into_iter().collect())
    }

    /// Whether there is no observer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<O: ?Sized> Clone for FanOut<O> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<O: ?Sized> fmt::Debug for FanOut<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FanOut").field(&self.0.len()).finish()
    }
}

/// Every method of an observer trait, handed on.
#[cfg(any(feature = "auth", feature = "pool", feature = "exec"))]
macro_rules! fan_out {
    ($layer:ident { $($method:ident($event:ty);)+ }) => {
        impl $layer::Observer for FanOut<dyn $layer::Observer> {
            $(fn $method(&self, event: $event) {
                for observer in &self.0 {
                    observer.$method(event);
                }
            })+
        }
    };
}

#[cfg(feature = "auth")]
fan_out!(crdb_auth {
    connected(&crdb_auth::Connected<'_>);
    connect_failed(&crdb_auth::ConnectFailed<'_>);
    cancelled(&crdb_auth::Cancelled<'_>);
    without_tls(&crdb_auth::WithoutTls<'_>);
    reload_failed(&crdb_auth::ReloadFailed<'_>);
});

#[cfg(feature = "pool")]
fan_out!(crdb_pool {
    opened(&crdb_pool::Opened<'_>);
    connect_failed(&crdb_pool::ConnectFailed<'_>);
    closed(&crdb_pool::Closed<'_>);
    acquired(&crdb_pool::Acquired<'_>);
    acquire_failed(&crdb_pool::AcquireFailed);
    released(&crdb_pool::Released<'_>);
    checked(&crdb_pool::Checked<'_>);
    reset(&crdb_pool::Reset<'_>);
    node_changed(&crdb_pool::NodeChanged<'_>);
    leaked(&crdb_pool::Leaked<'_>);
});

#[cfg(feature = "exec")]
fan_out!(crdb_exec {
    statement(&crdb_exec::StatementEvent<'_>);
    transaction(&crdb_exec::TransactionEvent<'_>);
    retry(&crdb_exec::RetryEvent<'_>);
    resolved(&crdb_exec::ResolveEvent<'_>);
    retry_denied(Option<&str>);
});
