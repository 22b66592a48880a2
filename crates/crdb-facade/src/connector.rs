//! How the pool opens, inspects and cleans sessions.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crdb_auth::{Endpoint, ErrorCategory};
use crdb_pool::{Condition, ErrorClass, NodeAddress};
use crdb_wire::{Cleanliness, End};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::error::{ErrorKind, chain};
use crate::session::Session;

/// Opens sessions of [`crdb_wire`] on logins of [`crdb_auth`], for [`crdb_pool`].
pub struct Connector {
    login: crdb_auth::Connector,
    check_timeout: Duration,
    reset_timeout: Duration,
    wire: crdb_wire::Config,
}

impl Connector {
    pub(crate) fn new(
        login: crdb_auth::Connector,
        check_timeout: Duration,
        reset_timeout: Duration,
        wire: crdb_wire::Config,
    ) -> Self {
        Self {
            login,
            check_timeout,
            reset_timeout,
            wire,
        }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("login", &self.login)
            .finish_non_exhaustive()
    }
}

/// Why the latest attempt to open a session on each node failed, in the login or in a hook, for the error of a database that
/// cannot be opened.
#[derive(Default)]
pub(crate) struct Attempts {
    failures: Mutex<HashMap<NodeAddress, ConnectError>>,
    changed: Notify,
}

impl Attempts {
    /// Waits until as many nodes as these have failed, and says how each did.
    pub(crate) async fn all_failed(&self, nodes: usize) -> Vec<(NodeAddress, ConnectError)> {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // From here on, so that a failure between the look and the wait is not missed.
            changed.as_mut().enable();
            let failures = self.failures();
            if failures.len() >= nodes {
                return failures;
            }
            changed.await;
        }
    }

    pub(crate) fn failures(&self) -> Vec<(NodeAddress, ConnectError)> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let mut list: Vec<_> = failures
            .iter()
            .map(|(node, error)| (node.clone(), error.clone()))
            .collect();
        list.sort_by_key(|(node, _)| node.to_string());
        list
    }
}

impl crdb_pool::PartialObserver for Attempts {
    fn connect_failed(&self, event: &crdb_pool::ConnectFailed<'_>) {
        let error = match event.error.downcast_ref::<ConnectError>() {
            Some(error) => error.clone(),
            None => ConnectError(Cause::Hook(chain(event.error).into())),
        };
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(event.address.clone(), error);
        self.changed.notify_waiters();
    }
}

/// Why a session could not be opened, checked or reset: the error of [`crdb_auth`] or of [`crdb_wire`], shared, or what the
/// pool says of a hook.
#[derive(Clone)]
pub struct ConnectError(Cause);

#[derive(Clone)]
enum Cause {
    Login(Arc<crdb_auth::Error>),
    Connection(Arc<crdb_wire::Error>),
    /// A hook failed or took too long: the pool's error, whole.
    Hook(Arc<str>),
}

impl ConnectError {
    /// The error of the login, if that failed.
    #[must_use]
    pub fn auth(&self) -> Option<&crdb_auth::Error> {
        match &self.0 {
            Cause::Login(error) => Some(error),
            Cause::Connection(_) | Cause::Hook(_) => None,
        }
    }

    /// The error of the connection, if that failed after the login.
    #[must_use]
    pub fn wire(&self) -> Option<&crdb_wire::Error> {
        match &self.0 {
            Cause::Login(_) | Cause::Hook(_) => None,
            Cause::Connection(error) => Some(error),
        }
    }

    /// What sort of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &self.0 {
            Cause::Login(error) => ErrorKind::of_auth(error.kind()),
            Cause::Connection(error) => ErrorKind::of_wire(error),
            Cause::Hook(_) => ErrorKind::Other,
        }
    }
}

impl From<crdb_auth::Error> for ConnectError {
    fn from(error: crdb_auth::Error) -> Self {
        Self(Cause::Login(Arc::new(error)))
    }
}

impl From<crdb_wire::Error> for ConnectError {
    fn from(error: crdb_wire::Error) -> Self {
        Self(Cause::Connection(Arc::new(error)))
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Login(error) => error.fmt(f),
            Cause::Connection(error) => error.fmt(f),
            Cause::Hook(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Login(error) => fmt::Debug::fmt(error, f),
            Cause::Connection(error) => fmt::Debug::fmt(error, f),
            Cause::Hook(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Cause::Login(error) => error.source(),
            Cause::Connection(error) => error.source(),
            Cause::Hook(_) => None,
        }
    }
}

/// A node of the pool as crdb-auth names it.
pub(crate) fn endpoint(node: &NodeAddress) -> Endpoint {
    let endpoint = Endpoint::new(node.host(), node.port());
    match node.ip() {
        Some(ip) => endpoint.at(ip),
        None => endpoint,
    }
}

impl crdb_pool::Connector for Connector {
    type Session = Session;
    type Error = ConnectError;

    async fn connect(&self, node: &NodeAddress) -> Result<Session, ConnectError> {
        let stream = self.login.open(&endpoint(node)).await?;
        let tls = stream.is_tls();
        let wire = crdb_wire::Session::start_with(stream, self.wire.clone());
        Ok(Session::new(wire, tls))
    }

    async fn check(&self, session: &mut Session) -> Result<(), ConnectError> {
        let deadline = after(self.check_timeout);
        Ok(session.wire().ping(deadline).await?)
    }

    fn condition(&self, session: &mut Session) -> Condition {
        let wire = session.wire();
        // Cancels that outlive their borrower send nothing from here on.
        match wire.end_loan() {
            Cleanliness::Clean => Condition::Clean,
            Cleanliness::Dirty(_) | Cleanliness::Unfinished => Condition::NeedsReset,
            _ => match wire.end() {
                Some(End::Server(error)) if is_shutdown(error.sqlstate()) => Condition::Draining,
                _ => Condition::Broken,
            },
        }
    }

    fn lend(&self, session: &mut Session) {
        session.wire().begin_loan();
    }

    fn take_back(&self, session: &mut Session) {
        // Cancels that outlive their borrower send nothing from here on.
        session.wire().end_loan();
    }

    fn mark_clean(&self, session: &mut Session) {
        session.wire().mark_ground();
    }

    async fn reset(&self, session: &mut Session) -> Result<(), ConnectError> {
        let (wire, deadline) = (session.wire(), after(self.reset_timeout));
        if wire.cleanliness() == Cleanliness::Clean {
            // Asked for where something may be left that cannot be seen.
            wire.renew(deadline).await?;
        } else {
            wire.reset(deadline).await?;
        }
        Ok(())
    }

    fn classify(&self, error: &ConnectError) -> ErrorClass {
        match &error.0 {
            Cause::Login(error) => classify(error),
            Cause::Hook(_) => ErrorClass::Harmless,
            Cause::Connection(error) => match error.sqlstate() {
                Some(state) if is_shutdown(state) => ErrorClass::Draining,
                Some("53300") => ErrorClass::Overloaded,
                Some("3D000") => ErrorClass::Authentication,
                // The server answers: what it refuses says nothing about the node.
                Some(_) => ErrorClass::Harmless,
                None => ErrorClass::Dead,
            },
        }
    }
}

/// The server shuts down, or is about to start.
fn is_shutdown(sqlstate: &str) -> bool {
    matches!(sqlstate, "57P01" | "57P02" | "57P03")
}

/// The instant that is so far away, or as far as instants go.
fn after(timeout: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(86_400 * 365);
    Instant::now() + timeout.min(FAR)
}

/// What an error means for its node. What no waiting will mend (credentials, certificates, the configuration) is told at
/// once to every caller that waits.
fn classify(error: &crdb_auth::Error) -> ErrorClass {
    let kind = error.kind();
    match kind.category() {
        ErrorCategory::Draining => ErrorClass::Draining,
        ErrorCategory::Overloaded => ErrorClass::Overloaded,
        _ if kind.is_permanent() => ErrorClass::Authentication,
        _ => ErrorClass::Dead,
    }
}
