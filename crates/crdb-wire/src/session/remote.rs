//! What a session must know of the server at the other end of its stream.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crdb_auth::{Engine, Version};

use super::cancel::Cancel;

/// The server at the other end of a stream. With an `AuthenticatedStream` of `crdb-auth` it is known
/// ([`Session::start`](crate::Session::start)); with another stream the caller says it.
#[derive(Clone)]
pub struct Remote {
    pub(super) name: Arc<str>,
    pub(super) engine: Engine,
    pub(super) version: Option<Version>,
    pub(super) parameters: Arc<BTreeMap<String, String>>,
    pub(super) cancel: Option<Arc<dyn Cancel>>,
    pub(super) exact_failures: bool,
}

impl Remote {
    /// A server with this name in messages.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, engine: Engine) -> Self {
        Self {
            name: name.into(),
            engine,
            version: None,
            parameters: Arc::default(),
            cancel: None,
            exact_failures: false,
        }
    }

    /// The server's version.
    #[must_use]
    pub fn version(mut self, version: Option<Version>) -> Self {
        self.version = version;
        self
    }

    /// What the server reported at startup, by name.
    #[must_use]
    pub fn parameters(mut self, parameters: Arc<BTreeMap<String, String>>) -> Self {
        self.parameters = parameters;
        self
    }

    /// How to cancel what the session runs. Without it nothing can be cancelled.
    #[must_use]
    pub fn cancel(mut self, cancel: impl Cancel) -> Self {
        self.cancel = Some(Arc::new(cancel));
        self
    }

    /// Whether a write that fails has taken nothing of what it was given. It is so for sockets, and not for TLS. Default:
    /// no, so that a request that was given to a failed write counts as written.
    #[must_use]
    pub fn atomic_writes(mut self, exact: bool) -> Self {
        self.exact_failures = exact;
        self
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("name", &self.name)
            .field("engine", &self.engine)
            .field("cancels", &self.cancel.is_some())
            .finish_non_exhaustive()
    }
}
