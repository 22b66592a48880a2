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

/// A connect begins.
#[derive(Debug)]
#[non_exhaustive]
pub struct ConnectBegin<'a> {
    /// The server.
    pub endpoint: &'a Endpoint,
}

/// A connect has ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct ConnectEnd<'a> {
    /// The server.
    pub endpoint: &'a Endpoint,
    /// The duration of each part.
    pub timings: ConnectTimings,
    /// How it ended.
    pub outcome: OperationOutcome<'a, Connected<'a>>,
}

/// What a session is like that was established.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Connected<'a> {
    /// Whether TLS protects it.
    pub tls: bool,
    /// What the server reported during startup.
    pub facts: &'a ServerFacts,
}

/// How a connect or a cancel ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum OperationOutcome<'a, T> {
    /// It succeeded, with this.
    Done(T),
    /// It failed.
    Failed(&'a Error),
    /// Its future was dropped before its end.
    Dropped,
}

impl<'a, T> OperationOutcome<'a, T> {
    /// The error, if it failed.
    #[must_use]
    pub fn error(&self) -> Option<&'a Error> {
        match self {
            Self::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// A short name for labels and fields: `ok`, the [kind](crate::ErrorKind::as_str) of the error, or `dropped`. It stays
    /// the same from release to release.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Done(_) => "ok",
            Self::Failed(error) => error.kind().as_str(),
            Self::Dropped => "dropped",
        }
    }
}

/// A cancel request is about to be sent.
#[derive(Debug)]
#[non_exhaustive]
pub struct CancelBegin<'a> {
    /// The server.
    pub endpoint: &'a Endpoint,
}

/// A cancel request was sent, or could not be.
#[derive(Debug)]
#[non_exhaustive]
pub struct CancelEnd<'a> {
    /// The server.
    pub endpoint: &'a Endpoint,
    /// How long the cancel took.
    pub elapsed: Duration,
    /// How it ended. The statement that was meant may have ended before it arrived.
    pub outcome: OperationOutcome<'a, ()>,
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
