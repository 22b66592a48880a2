use super::{Begin, End, Observer, Token};

/// An [`Observer`] of ends. Everything that implements this is an [`Observer`].
///
/// ```
/// use std::sync::Arc;
/// use crdb_data::observer::{End, PartialObserver};
/// use crdb_data::Load;
///
/// struct Log;
///
/// impl PartialObserver for Log {
///     fn ended(&self, event: &End<'_>) {
///         println!("{} of {}: {}", event.kind.as_str(), event.relation, event.outcome.as_str());
///     }
/// }
///
/// let load = Load::into_table("accounts").observer(Arc::new(Log));
/// # let _ = load;
/// ```
pub trait PartialObserver: Send + Sync {
    /// A load or an export has ended.
    fn ended(&self, event: &End<'_>);
}

impl<T: PartialObserver> Observer for T {
    fn begin(&self, _: &Begin<'_>) -> Token {
        None
    }

    fn end(&self, _: Token, event: &End<'_>) {
        self.ended(event);
    }

    fn within(&self, _: &Token, step: &mut dyn FnMut()) {
        step();
    }
}
