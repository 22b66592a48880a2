//! A service's own steps in a session's life.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;

use crate::connector::Connector;
use crate::node::NodeAddress;

/// What a hook returns.
pub type HookFuture<'a> = Pin<Box<dyn Future<Output = Result<(), HookError>> + Send + 'a>>;

/// Why a hook failed: any error, so that `?` works on what a hook calls.
pub type HookError = Box<dyn StdError + Send + Sync>;

pub(crate) type Hook<C> = Box<
    dyn for<'a> Fn(&'a mut <C as Connector>::Session, &'a NodeAddress) -> HookFuture<'a>
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

/// A hook failed: which one, and with what.
#[derive(Debug)]
pub(crate) struct HookFailed {
    hook: &'static str,
    source: HookError,
}

impl HookFailed {
    pub(crate) fn new(hook: &'static str, source: HookError) -> Self {
        Self { hook, source }
    }
}

impl fmt::Display for HookFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} hook failed", self.hook)
    }
}

impl StdError for HookFailed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.source.as_ref())
    }
}

/// The `after_connect` hook left the session in a state that the connector does not call clean.
#[derive(Debug)]
pub(crate) struct LeftUnclean;

impl fmt::Display for LeftUnclean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the after_connect hook left the session in need of a reset: it must end what it begins, and \
             Connector::mark_clean must take what it has set for the session's ground state",
        )
    }
}

impl StdError for LeftUnclean {}
