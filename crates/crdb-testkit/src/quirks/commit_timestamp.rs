//! `SHOW COMMIT TIMESTAMP`.

use std::io;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::failure::Failure;
use super::perform::{Outcome, Way};
use super::session::Session;
use super::statement::Statement;
use super::transaction::State;

/// Where PostgreSQL keeps the time that is shown.
const KEPT_AS: &str = "crdb_testkit.commit_timestamp";

/// What PostgreSQL runs to show it, in whichever format the client wants.
pub(super) fn shown() -> String {
    format!("SELECT current_setting('{KEPT_AS}')::numeric AS commit_timestamp")
}

impl Session {
    /// Notes that a transaction has committed now.
    pub(super) fn committed(&mut self) {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_nanos());
        // No two commits of a session have the same time.
        let after = self.committed_at.map_or(0, |earlier| earlier + 1);
        self.committed_at = Some(now.max(after));
    }

    /// Answers with the time of the latest commit. In an explicit transaction it commits first, and COMMIT is still to
    /// come, as after `RELEASE SAVEPOINT cockroach_restart`.
    pub(super) async fn show_commit_timestamp(
        &mut self,
        statement: &Statement,
        way: Way<'_>,
    ) -> io::Result<Outcome> {
        match self.transaction.state {
            State::Open => {
                if let Some(error) = self.backend.run_in_batch("COMMIT").await? {
                    return self.relay_failure(error).await;
                }
                self.committed();
                self.transaction.set(State::Released, Instant::now());
                if let Way::Portal { bind, .. } = way {
                    // The portal went with the transaction.
                    self.backend.bind_quietly(bind).await?;
                }
            }
            State::Idle if self.transaction.has_begun() => {
                let message =
                    "cannot use SHOW COMMIT TIMESTAMP in multi-statement implicit transaction";
                return self.fail(&Failure::new("0A000", message)).await;
            }
            _ => {}
        }
        let Some(committed_at) = self.committed_at else {
            return self
                .fail(&Failure::new("25000", "no previous transaction"))
                .await;
        };
        let keep = format!("SET {KEPT_AS} = '{committed_at}.0000000000'");
        self.backend.run_in_batch(&keep).await?;
        self.execute(statement, way).await
    }
}
