//! The pools that are compared, behind one small interface, so that all of them do the same work.

pub mod live;
mod ours;
mod sqlx;
mod stub;
mod stubbed;

use std::{sync::Arc, time::Duration};

pub use self::{
    ours::Ours,
    sqlx::Sqlx,
    stub::Stub,
    stubbed::{Bb8, Deadpool, Mobc, Qorb},
};
use crate::{
    case::{MeasureError, Role},
    server::Server,
};

/// How a pool is to be opened.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Opens the connections.
    pub stub: Stub,
    /// Connections that are open before the first call.
    pub idle: u32,
    /// Connections at most.
    pub max: u32,
    /// For the pool that cannot do without a real server.
    pub server: Arc<Server>,
}

/// A pool under comparison.
pub trait Pool: Clone + Send + Sync + 'static {
    /// How it is called in tables.
    const NAME: &'static str;
    /// Whose figure it is.
    const ROLE: Role;
    /// The settings under which it runs.
    const SETTINGS: &'static str;

    /// Opens it, with the idle connections there.
    ///
    /// # Errors
    /// Where it refuses.
    fn open(opening: Opening) -> impl Future<Output = Result<Self, MeasureError>> + Send;

    /// Takes a connection, keeps it for a while (`None`: not at all), and gives it back.
    ///
    /// # Errors
    /// Where it gives none.
    fn borrow(
        &self,
        keep: Option<Duration>,
    ) -> impl Future<Output = Result<(), MeasureError>> + Send;
}

/// Works with a connection, or only touches it.
pub(crate) async fn work<T>(connection: &T, keep: Option<Duration>) {
    std::hint::black_box(connection);
    if let Some(time) = keep {
        let worked = tokio::task::spawn_blocking(move || pass(time)).await;
        // It neither panics nor is it aborted.
        drop(worked);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tokio's timer counts in whole milliseconds, which makes 3 of 2; this is not an async thread"
)]
fn pass(time: Duration) {
    std::thread::sleep(time);
}

/// Waits until the idle connections are there.
async fn until_idle(idle: impl Fn() -> u32, wanted: u32) -> Result<(), MeasureError> {
    let open = async {
        while idle() < wanted {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    Ok(tokio::time::timeout(Duration::from_secs(30), open).await?)
}
