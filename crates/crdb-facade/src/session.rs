//! A logged-in session as the executor uses it.

use crdb_auth::OwnedCall;
use crdb_exec::{ClientHandle, CommandTag, Engine, Observed, ServerVersion, TransactionStatus};

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

    fn observe(
        &self,
        call: &OwnedCall,
        answered: bool,
    ) -> impl Future<Output = Observed> + Send + 'static {
        let replies = call.replies();
        async move {
            if answered {
                // An error is told before the ReadyForQuery that follows it.
                replies.settled().await;
            }
            let tags = replies
                .tags()
                .into_iter()
                .map(|tag| CommandTag::new(tag.as_str()))
                .collect();
            let status = replies.status().and_then(|status| match status {
                crdb_auth::TransactionStatus::Idle => Some(TransactionStatus::Idle),
                crdb_auth::TransactionStatus::InTransaction => {
                    Some(TransactionStatus::InTransaction)
                }
                crdb_auth::TransactionStatus::Failed => Some(TransactionStatus::Failed),
                // A status of a later release of crdb-auth: not known here.
                _ => None,
            });
            Observed::new(tags, status, replies.were_idle())
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

    fn version(&self) -> Option<ServerVersion> {
        let version = self.session.facts().version()?;
        Some(ServerVersion::new(
            version.major,
            version.minor,
            version.patch,
        ))
    }
}
