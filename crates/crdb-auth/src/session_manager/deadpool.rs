//! For deadpool.

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};

use super::SessionManager;
use crate::error::Error;
use crate::session::Session;

/// Sessions are cleaned when they are lent.
impl Manager for SessionManager {
    type Type = Session;
    type Error = Error;

    async fn create(&self) -> Result<Session, Error> {
        self.open().await
    }

    async fn recycle(&self, session: &mut Session, _metrics: &Metrics) -> RecycleResult<Error> {
        self.renew(session).await.map_err(RecycleError::Backend)
    }
}
