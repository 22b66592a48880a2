//! Where lanes come from.

use std::error::Error as StdError;
use std::future::Future;

use crate::session::Session;

/// Opens the connections of [`Lanes`](crate::Lanes).
pub trait LaneSource: Send + Sync + 'static {
    /// A session, or something that holds one, such as one that is lent by a pool. It is dropped when its lane ends.
    type Session: AsRef<Session> + Send + Sync + 'static;
    /// Why a session could not be opened.
    type Error: Into<Box<dyn StdError + Send + Sync>>;

    /// Opens a session that is clean and idle. It should have a deadline of its own.
    fn open(&self) -> impl Future<Output = Result<Self::Session, Self::Error>> + Send;
}
