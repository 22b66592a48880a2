//! A logged-in session as the executor uses it.

use crdb_auth::OwnedCall;
use crdb_exec::{ClientHandle, Engine, TransactionStatus};

/// Lets crdb-exec run on a session of crdb-auth: the client with its wire tap, call guard and cancel.
#[derive(Debug)]
pub struct SessionHandle {
    session: crdb_auth::Session,
}

impl SessionHandle {
    pub(crate) fn new(session: crdb_auth::Session) -> Self {
        Self { session }
    }

    /// The session underneath. Using its client directly costs a reset when the session is returned.
    #[must_use]
    pub fn session(&self) -> &crdb_auth::Session {
        &self.session
    }

    pub(crate) fn session_mut(&mut self) -> &mut crdb_auth::Session {
        &mut self.session
    }
}

impl ClientHandle for SessionHandle {
    type Call = OwnedCall;

    fn begin(&self, local: bool) -> OwnedCall {
        let mut call = self.session.begin_owned_call();
        if local {
            call.settings_are_local();
        }
        call
    }

    fn client(&self, call: &OwnedCall) -> &tokio_postgres::Client {
        self.session.client_for(call)
    }

    fn finish(&self, call: OwnedCall) {
        call.finish();
    }

    fn command_tag(&self) -> Option<String> {
        self.session
            .tap()
            .last_command_tag()
            .map(|tag| tag.as_str().to_owned())
    }

    fn transaction_status(&self) -> Option<TransactionStatus> {
        match self.session.tap().transaction_status() {
            crdb_auth::TransactionStatus::Idle => Some(TransactionStatus::Idle),
            crdb_auth::TransactionStatus::InTransaction => Some(TransactionStatus::InTransaction),
            crdb_auth::TransactionStatus::Failed => Some(TransactionStatus::Failed),
            // A status of a later release of crdb-auth: not known here.
            _ => None,
        }
    }

    fn is_closed(&self) -> bool {
        self.session.is_closed()
    }

    fn cancel(&self) -> impl Future<Output = ()> + Send + 'static {
        let handle = self.session.cancel_handle();
        async move {
            // Whether it worked shows in what the cancelled statement answers; the observer of crdb-auth is told.
            drop(handle.cancel().await);
        }
    }

    fn engine(&self) -> Engine {
        match self.session.facts().engine() {
            crdb_auth::Engine::CockroachDb => Engine::CockroachDb,
            _ => Engine::PostgreSql,
        }
    }
}
