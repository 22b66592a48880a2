//! The pools with real sessions on a server, behind one small interface.

mod bare;
mod ours;
mod sqlx;

use std::time::Duration;

pub(crate) use self::sqlx::encrypted;
pub use self::{
    bare::{Bb8, Deadpool, Dedicated},
    ours::Ours,
    sqlx::Sqlx,
};
use crate::{
    case::{MeasureError, Role},
    server::Server,
    tls::Tls,
};

/// Where the sessions lead, and how the pool is set.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The host's name.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Who logs in.
    pub user: String,
    /// Their password; empty where none is asked for.
    pub password: String,
    /// The database.
    pub database: String,
    /// With what they are encrypted, if they are.
    pub tls: Option<Tls>,
    /// Sessions, all of which are there from the start.
    pub sessions: u32,
    /// How long a caller waits for one.
    pub patience: Duration,
    /// Whether sessions are checked before they are lent, where that can be chosen.
    pub check: bool,
}

impl Opening {
    /// A pool of `sessions` on the server, which does not check what it lends where that can be chosen.
    #[must_use]
    pub fn on(server: &Server, sessions: u32) -> Self {
        Self {
            host: server.host().to_owned(),
            port: server.port(),
            user: server.user().to_owned(),
            password: server.password().to_owned(),
            database: server.database().to_owned(),
            tls: server.tls().cloned(),
            sessions,
            patience: Duration::from_secs(30),
            check: false,
        }
    }
}

/// A pool of real sessions.
pub trait LivePool: Clone + Send + Sync + 'static {
    /// How it is called in tables.
    const NAME: &'static str;
    /// Whose figure it is.
    const ROLE: Role;
    /// The settings under which it runs.
    const SETTINGS: &'static str;
    /// A session on loan, which goes back when it is dropped.
    type Session: Send + 'static;

    /// Opens it, with all sessions there.
    ///
    /// # Errors
    /// Where the pool or the server refuses.
    fn open(opening: Opening) -> impl Future<Output = Result<Self, MeasureError>> + Send;

    /// Takes a session.
    ///
    /// # Errors
    /// Where there is none in time.
    fn get(&self) -> impl Future<Output = Result<Self::Session, MeasureError>> + Send;

    /// A number that only this session has; `None` where a pool does not let its sessions be told apart.
    fn number(session: &Self::Session) -> Option<u64>;

    /// Asks for one row, in one round trip.
    ///
    /// # Errors
    /// Where the server does not answer.
    fn ask(session: &mut Self::Session) -> impl Future<Output = Result<(), MeasureError>> + Send;
}

/// What every session is asked.
const QUESTION: &str = "SELECT 1";
