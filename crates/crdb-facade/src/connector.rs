//! How the pool opens, inspects and cleans sessions.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crdb_auth::{Cleanliness, Endpoint, ErrorCategory, Renewal};
use crdb_exec::ClientSession;
use crdb_pool::{Condition, ErrorClass, NodeAddress};
use tokio::sync::Notify;

use crate::session::SessionHandle;

/// Opens sessions of [`crdb_auth`] for [`crdb_pool`].
pub struct Connector {
    login: crdb_auth::Connector,
    check_timeout: Duration,
    reset_timeout: Duration,
    statements: usize,
    attempts: Arc<Attempts>,
}

impl Connector {
    pub(crate) fn new(
        login: crdb_auth::Connector,
        check_timeout: Duration,
        reset_timeout: Duration,
        statements: usize,
    ) -> Self {
        Self {
            login,
            check_timeout,
            reset_timeout,
            statements,
            attempts: Arc::default(),
        }
    }

    pub(crate) fn attempts(&self) -> Arc<Attempts> {
        Arc::clone(&self.attempts)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("login", &self.login)
            .finish_non_exhaustive()
    }
}

/// Why the latest attempt to connect to each node failed, for whoever opens a database.
#[derive(Default)]
pub(crate) struct Attempts {
    failures: Mutex<HashMap<NodeAddress, Arc<crdb_auth::Error>>>,
    changed: Notify,
}

impl Attempts {
    fn failed(&self, node: &NodeAddress, error: &Arc<crdb_auth::Error>) {
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(node.clone(), Arc::clone(error));
        self.changed.notify_waiters();
    }

    /// Waits until as many nodes as these have failed, and says how each did.
    pub(crate) async fn all_failed(
        &self,
        nodes: usize,
    ) -> Vec<(NodeAddress, Arc<crdb_auth::Error>)> {
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

    pub(crate) fn failures(&self) -> Vec<(NodeAddress, Arc<crdb_auth::Error>)> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let mut list: Vec<_> = failures
            .iter()
            .map(|(node, error)| (node.clone(), Arc::clone(error)))
            .collect();
        list.sort_by_key(|(node, _)| node.to_string());
        list
    }
}

/// Why a session could not be opened, checked or reset: the error of [`crdb_auth`], shared.
#[derive(Clone)]
pub struct ConnectError(Arc<crdb_auth::Error>);

impl ConnectError {
    /// The error itself.
    #[must_use]
    pub fn auth(&self) -> &crdb_auth::Error {
        &self.0
    }
}

impl From<Arc<crdb_auth::Error>> for ConnectError {
    fn from(error: Arc<crdb_auth::Error>) -> Self {
        Self(error)
    }
}

impl From<crdb_auth::Error> for ConnectError {
    fn from(error: crdb_auth::Error) -> Self {
        Self(Arc::new(error))
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
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
    type Session = ClientSession<SessionHandle>;
    type Error = ConnectError;

    async fn connect(&self, node: &NodeAddress) -> Result<Self::Session, ConnectError> {
        match self.login.connect(&endpoint(node)).await {
            Ok(session) => {
                let handle = SessionHandle::new(session);
                Ok(ClientSession::with_statements(handle, self.statements))
            }
            Err(error) => {
                let error = ConnectError::from(error);
                self.attempts.failed(node, &error.0);
                Err(error)
            }
        }
    }

    async fn check(&self, session: &mut Self::Session) -> Result<(), ConnectError> {
        Ok(session.handle().session().ping(self.check_timeout).await?)
    }

    fn condition(&self, session: &mut Self::Session) -> Condition {
        let session = session.handle().session();
        // Cancels that outlive their borrower send nothing from here on.
        match session.end_borrow() {
            Cleanliness::Clean => Condition::Clean,
            Cleanliness::Dirty(_) | Cleanliness::Unfinished => Condition::NeedsReset,
            _ if session.end().is_some_and(|end| end.is_draining()) => Condition::Draining,
            _ => Condition::Broken,
        }
    }

    fn lend(&self, session: &mut Self::Session) {
        session.handle().session().start_borrow();
    }

    fn mark_clean(&self, session: &mut Self::Session) {
        session.handle().session().mark_clean();
    }

    async fn reset(&self, session: &mut Self::Session) -> Result<(), ConnectError> {
        let handle = session.handle().session();
        if handle.cleanliness() == Cleanliness::Clean {
            // Asked for where something may be left that cannot be seen.
            handle.mark_dirty();
        }
        let renewal = session
            .handle_mut()
            .session_mut()
            .reset(self.reset_timeout)
            .await?;
        if renewal != Renewal::Untouched {
            // The reset has deallocated them on the server.
            session.forget_statements();
        }
        Ok(())
    }

    fn classify(&self, error: &ConnectError) -> ErrorClass {
        classify(error.auth())
    }
}

/// What an error means for its node. What no waiting will mend (credentials, certificates, the configuration) is told at
/// once to everybody who waits.
fn classify(error: &crdb_auth::Error) -> ErrorClass {
    let kind = error.kind();
    match kind.category() {
        ErrorCategory::Draining => ErrorClass::Draining,
        ErrorCategory::Overloaded => ErrorClass::Overloaded,
        _ if kind.is_lasting() => ErrorClass::Authentication,
        _ => ErrorClass::Dead,
    }
}
