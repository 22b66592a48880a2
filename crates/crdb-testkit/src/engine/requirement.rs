//! What a test needs of its server: it is asked, and a test that cannot run says why.

use super::Engine;
use crate::error::{Error, ErrorKind};

impl Engine {
    /// Ends the test where `CRDB_TEST_URL` names a [`QuirksProxy`](crate::QuirksProxy), because that is not like CockroachDB
    /// in this: see `docs/fidelity.md`, "Not imitated".
    ///
    /// # Panics
    /// With `did not run: needs a server of its own: `, and what is not imitated.
    #[track_caller]
    pub fn refuse_imitation(&self, what: &str) {
        if self.imitated {
            Error::needs_own_server(format_args!("the quirks proxy does not imitate {what}"))
                .end_test()
        }
    }

    /// Ends the test unless the server runs `sql`, in a connection of its own: so a test that an older release cannot pass is
    /// left out because of what the server says, and not because of its version.
    ///
    /// # Panics
    /// With `did not run: `, `what` and the server's words when it refuses.
    pub async fn require(&self, what: &str, sql: &str) {
        if let Err(error) = self.try_require(what, sql).await {
            error.end_test();
        }
    }

    /// As [`require`](Self::require), as an error.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the server refuses `sql`, [`ErrorKind::Timeout`] when it does not answer.
    pub async fn try_require(&self, what: &str, sql: &str) -> Result<(), Error> {
        match self.execute(sql).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::Database => {
                let message = format!("{} lacks {what}", self.version);
                Err(Error::new(ErrorKind::Unavailable, message).with_source(error))
            }
            Err(error) => Err(error),
        }
    }

    /// Ends the test unless cancel requests have an effect: CockroachDB has them since v22.1. It is asked once a process, with a
    /// statement that runs for 10 s where nothing cancels it.
    ///
    /// # Panics
    /// With `did not run: ` and the version when they have none.
    pub async fn require_cancel_requests(&self) {
        if let Err(error) = self.try_require_cancel_requests().await {
            error.end_test();
        }
    }

    /// As [`require_cancel_requests`](Self::require_cancel_requests), as an error.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when they have no effect, and as [`execute`](Self::execute).
    pub async fn try_require_cancel_requests(&self) -> Result<(), Error> {
        let asked = self.cancels.get_or_try_init(async || {
            let target = self.target(self.database());
            target.takes_cancel_requests().await
        });
        match asked.await? {
            true => Ok(()),
            false => {
                let message = format!("{} lacks cancel requests", self.version);
                Err(Error::new(ErrorKind::Unavailable, message))
            }
        }
    }
}
