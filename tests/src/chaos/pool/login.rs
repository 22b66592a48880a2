//! Sessions of crdb-auth in the pool, as a user of these two layers would write it.

use std::time::Duration;

use crdb_auth::{
    Cleanliness, Config, ConfigBuilder, ConnectionString, Endpoint, ErrorKind, Session, TlsConfig,
};
use crdb_pool::{Condition, Connector, ErrorClass, NodeAddress};
use crdb_testkit::Engine;

/// Longer than what the pool allows, which is what counts.
const BOUND: Duration = Duration::from_secs(30);

/// Opens sessions of crdb-auth for crdb-pool.
#[derive(Debug)]
pub struct Login(crdb_auth::Connector);

impl Login {
    /// Logs in as the engine's URL says.
    ///
    /// # Errors
    /// When what the URL names cannot be read.
    pub fn new(engine: &Engine) -> anyhow::Result<Self> {
        let url: ConnectionString = engine.url(engine.database()).parse()?;
        Self::with(engine, url.config())
    }

    /// Logs in as quickly as the engine allows, without a password and without TLS: for rows that open many sessions.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn quick(engine: &Engine) -> anyhow::Result<Self> {
        match engine.try_login(crdb_testkit::Login::Trust) {
            Some(login) => {
                let user = Config::builder().user(login.user());
                Self::with(engine, user.tls(TlsConfig::disabled()))
            }
            None => Self::new(engine),
        }
    }

    /// Logs in as `config` says, to the engine's own database.
    ///
    /// # Errors
    /// When the configuration contradicts itself, or what it names cannot be read.
    pub fn with(engine: &Engine, config: ConfigBuilder) -> anyhow::Result<Self> {
        let config = config.database(engine.database()).build()?;
        Ok(Self(crdb_auth::Connector::new(config)?))
    }
}

impl Connector for Login {
    type Session = Session;
    type Error = crdb_auth::Error;

    async fn connect(&self, node: &NodeAddress) -> Result<Session, crdb_auth::Error> {
        self.0
            .connect(&Endpoint::new(node.host(), node.port()))
            .await
    }

    async fn check(&self, session: &mut Session) -> Result<(), crdb_auth::Error> {
        session.ping(BOUND).await
    }

    fn condition(&self, session: &mut Session) -> Condition {
        if session
            .end()
            .is_some_and(|end| end.kind() == ErrorKind::Draining)
        {
            return Condition::Draining;
        }
        match session.cleanliness() {
            Cleanliness::Clean => Condition::Clean,
            Cleanliness::Dirty(_) => Condition::NeedsReset,
            _ => Condition::Broken,
        }
    }

    fn lend(&self, session: &mut Session) {
        session.start_borrow();
    }

    fn take_back(&self, session: &mut Session) {
        drop(session.end_borrow());
    }

    fn mark_clean(&self, session: &mut Session) {
        session.mark_clean();
    }

    async fn reset(&self, session: &mut Session) -> Result<(), crdb_auth::Error> {
        if session.cleanliness() == Cleanliness::Clean {
            // Asked for where something may be left that cannot be seen.
            session.mark_dirty();
        }
        session.reset(BOUND).await.map(|_renewal| ())
    }

    fn classify(&self, error: &crdb_auth::Error) -> ErrorClass {
        match error.kind() {
            ErrorKind::Draining => ErrorClass::Draining,
            ErrorKind::TooManyConnections => ErrorClass::Overloaded,
            ErrorKind::Authentication | ErrorKind::Credential | ErrorKind::UnknownDatabase => {
                ErrorClass::Authentication
            }
            _ => ErrorClass::Dead,
        }
    }
}

/// Asks for one row.
///
/// # Errors
/// When the server does not give it.
///
/// # Cancel safety
/// Dropping the future leaves the session unfinished.
pub async fn ask(session: &Session) -> Result<(), tokio_postgres::Error> {
    let call = session.begin_call();
    let answer = call.client().query_one("SELECT 1", &[]).await;
    if answer.is_ok() {
        call.finish();
    }
    answer.map(drop)
}

/// What a failed statement says about the session's node.
#[must_use]
pub fn class_of(error: &tokio_postgres::Error) -> ErrorClass {
    match error.code() {
        Some(code) if code.code() == "57P01" => ErrorClass::Draining,
        Some(_) => ErrorClass::Harmless,
        None => ErrorClass::Dead,
    }
}
