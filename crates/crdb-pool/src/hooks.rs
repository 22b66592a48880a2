//! A service's own steps in a session's life.

use std::pin::Pin;

use crate::connector::Connector;
use crate::node::NodeAddress;

/// What a hook returns.
pub type HookFuture<'a, E> = Pin<Box<dyn Future<Output = Result<(), E>> + Send + 'a>>;

pub(crate) type Hook<C> = Box<
    dyn for<'a> Fn(
            &'a mut <C as Connector>::Session,
            &'a NodeAddress,
        ) -> HookFuture<'a, <C as Connector>::Error>
        + Send
        + Sync,
>;

pub(crate) struct Hooks<C: Connector> {
    pub(crate) after_connect: Option<Hook<C>>,
    pub(crate) before_acquire: Option<Hook<C>>,
    pub(crate) after_release: Option<Hook<C>>,
}

impl<C: Connector> Default for Hooks<C> {
    fn default() -> Self {
        Self {
            after_connect: None,
            before_acquire: None,
            after_release: None,
        }
    }
}
