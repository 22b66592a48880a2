//! What can be watched.

use std::time::Duration;

use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::facts::ServerFacts;

/// How long the parts of a connect took. What was not reached is zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectTimings {
    /// Resolving the name.
    pub resolve: Duration,
    /// The TCP connection.
    pub tcp: Duration,
    /// SSLRequest and the TLS handshake.
    pub tls: Duration,
    /// Startup and authentication until ReadyForQuery.
    pub login: Duration,
    /// All of it.
    pub total: Duration,
}

/// A session was established.
#[derive(Debug)]
#[non_exhaustive]
pub struct Connected<'a> {
    /// Where.
    pub endpoint: &'a Endpoint,
    /// Whether TLS protects it.
    pub tls: bool,
    /// What the server said of itself.
    pub facts: &'a ServerFacts,
    /// How long it took.
    pub timings: ConnectTimings,
}

/// A session could not be established.
#[derive(Debug)]
#[non_exhaustive]
pub struct ConnectFailed<'a> {
    /// Where.
    pub endpoint: &'a Endpoint,
    /// Why.
    pub error: &'a Error,
    /// How long it took.
    pub timings: ConnectTimings,
}

/// A cancel was sent, or could not be.
#[derive(Debug)]
#[non_exhaustive]
pub struct Cancelled<'a> {
    /// Where.
    pub endpoint: &'a Endpoint,
    /// How long it took.
    pub elapsed: Duration,
    /// Why it failed, if it did.
    pub error: Option<&'a Error>,
}

/// Certificate files have changed and cannot be used; the previous ones stay in use.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReloadFailed<'a> {
    /// What is wrong with them.
    pub error: &'a Error,
}

/// A connection goes on without TLS, as `sslmode=prefer` permits: everything on it can be read and changed on the way.
#[derive(Debug)]
#[non_exhaustive]
pub struct WithoutTls<'a> {
    /// Where.
    pub endpoint: &'a Endpoint,
    /// Why the attempt with TLS failed; `None` where the server has no TLS.
    pub error: Option<&'a Error>,
}

/// Told of what happens in this layer. Called on the task that does the work: must not block.
pub trait Observer: Send + Sync {
    /// A session was established.
    fn connected(&self, event: &Connected<'_>) {
        let _ = event;
    }

    /// A session could not be established.
    fn connect_failed(&self, event: &ConnectFailed<'_>) {
        let _ = event;
    }

    /// A cancel was sent, or could not be.
    fn cancelled(&self, event: &Cancelled<'_>) {
        let _ = event;
    }

    /// A connection goes on without TLS because `sslmode=prefer` permits it. Told before the login.
    fn without_tls(&self, event: &WithoutTls<'_>) {
        let _ = event;
    }

    /// Certificate files have changed and cannot be used. Told at every connect while it is so.
    fn reload_failed(&self, event: &ReloadFailed<'_>) {
        let _ = event;
    }
}
