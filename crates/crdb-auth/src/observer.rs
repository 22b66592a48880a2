//! Events for metrics and logs: connects, failures, cancels, reloads.

use std::time::Duration;

use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::facts::ServerFacts;

/// The duration of each part of a connect. A part that was not reached is zero.
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
    /// The whole connect.
    pub total: Duration,
}

/// A session was established.
#[derive(Debug)]
#[non_exhaustive]
pub struct Connected<'a> {
    /// The server.
    pub endpoint: &'a Endpoint,
    /// Whether TLS protects it.
    pub tls: bool,
    /// What the server reported during startup.
    pub facts: &'a ServerFacts,
    /// The duration of each part.
    pub timings: ConnectTimings,
}

/// A session could not be established.
#[derive(Debug)]
#[non_exhaustive]
pub struct ConnectFailed<'a> {
    /// The server.
    pub endpoint: &'a Endpoint,
    /// The failure.
    pub error: &'a Error,
    /// The duration of each part.
    pub timings: ConnectTimings,
}

/// A cancel request was sent, or sending it failed.
#[derive(Debug)]
#[non_exhaustive]
pub struct Cancelled<'a> {
    /// The server.
    pub endpoint: &'a Endpoint,
    /// How long the cancel took.
    pub elapsed: Duration,
    /// The failure, or `None` where the request was sent.
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
    /// The server.
    pub endpoint: &'a Endpoint,
    /// Why the attempt with TLS failed; `None` where the server has no TLS.
    pub error: Option<&'a Error>,
}

/// Receives the events of this layer. The methods run on the task that connects, and must not block.
pub trait Observer: Send + Sync {
    /// A session was established.
    fn connected(&self, event: &Connected<'_>) {
        let _ = event;
    }

    /// A session could not be established.
    fn connect_failed(&self, event: &ConnectFailed<'_>) {
        let _ = event;
    }

    /// A cancel request was sent, or sending it failed.
    fn cancelled(&self, event: &Cancelled<'_>) {
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
