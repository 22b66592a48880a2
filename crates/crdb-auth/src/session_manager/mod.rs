//! Sessions for a service that keeps its own pool: of bb8 or of deadpool.

#[cfg(feature = "bb8")]
mod bb8;
#[cfg(feature = "deadpool")]
mod deadpool;

use std::time::Duration;

use crate::connector::Connector;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::session::{Cleanliness, Session};

/// Opens sessions on one endpoint, and cleans them before they are lent again, for a pool of
/// [bb8](https://docs.rs/bb8) (feature `bb8`) or [deadpool](https://docs.rs/deadpool) (feature `deadpool`).
///
/// A session that a borrower left clean, as far as the wire tells, costs one round trip when it is lent again; one that was
/// changed or dropped in the middle of a statement is [reset](Session::reset); one that has ended is replaced. Calls that go
/// through [`Session::begin_call`] are watched; using [`Session::client`] costs a reset.
///
/// These pools know one server: give them a balancer, or use crdb-pool, which knows the nodes.
///
/// ```no_run
/// # #[cfg(feature = "bb8")]
/// # async fn example(connector: crdb_auth::Connector) -> Result<(), Box<dyn std::error::Error>> {
/// use crdb_auth::{Endpoint, SessionManager};
///
/// let manager = SessionManager::new(connector, Endpoint::new("crdb.example.org", 26257));
/// let pool = bb8::Pool::builder().max_size(10).build(manager).await?;
/// let session = pool.get().await?;
/// let call = session.begin_call();
/// let row = call.client().query_one("SELECT 1", &[]).await;
/// call.finish();
/// # row?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SessionManager {
    connector: Connector,
    endpoint: Endpoint,
    check_timeout: Duration,
    reset_timeout: Duration,
}

impl SessionManager {
    /// Sessions that `connector` opens on `endpoint`.
    #[must_use]
    pub fn new(connector: Connector, endpoint: Endpoint) -> Self {
        Self {
            connector,
            endpoint,
            check_timeout: Duration::from_secs(1),
            reset_timeout: Duration::from_secs(2),
        }
    }

    /// How long the check of a clean session may take. Default 1 s.
    #[must_use]
    pub fn check_timeout(mut self, timeout: Duration) -> Self {
        self.check_timeout = timeout;
        self
    }

    /// How long a reset may take. Default 2 s.
    #[must_use]
    pub fn reset_timeout(mut self, timeout: Duration) -> Self {
        self.reset_timeout = timeout;
        self
    }

    /// Opens a session.
    async fn open(&self) -> Result<Session, Error> {
        let session = self.connector.connect(&self.endpoint).await?;
        session.start_borrow();
        Ok(session)
    }

    /// Makes a session that was returned fit for the next borrower.
    async fn renew(&self, session: &mut Session) -> Result<(), Error> {
        match session.end_borrow() {
            Cleanliness::Clean => session.ping(self.check_timeout).await?,
            Cleanliness::Dirty(_) | Cleanliness::Unfinished => {
                session.reset(self.reset_timeout).await?;
            }
            Cleanliness::Broken => {}
        }
        if session.cleanliness() == Cleanliness::Clean {
            session.start_borrow();
            return Ok(());
        }
        Err(session.end().unwrap_or_else(|| {
            let endpoint = &self.endpoint;
            let message = format!("using a session with {endpoint} again: it cannot be made clean");
            Error::new(ErrorKind::Closed, message)
        }))
    }
}
