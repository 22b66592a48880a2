//! When a transaction was committed, by the server's clock.

use crate::deadline;
use crate::row::Row as _;
use crate::session::{Engine, Session};
use crate::statement::Statement;
use crate::value::Numeric;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Where a transaction leaves the time of its commit: nanoseconds since 1970 and, on CockroachDB, a fraction of ten digits that orders
/// what has the same nanoseconds.
///
/// ```
/// use crdb_exec::{CommitTime, Error, ExecutorExt, PooledExecutor, SessionSource, TransactionOptions};
///
/// async fn touch<S: SessionSource>(db: &PooledExecutor<S>) -> Result<Option<String>, Error> {
///     let time = CommitTime::new();
///     let options = TransactionOptions::new().commit_time(&time);
///     db.transact(&options, async |tx| tx.execute("UPDATE t SET seen = true", &[]).await)
///         .await?;
///     Ok(time.get())
/// }
/// ```
#[derive(Clone, Default)]
pub struct CommitTime(Arc<Mutex<Option<String>>>);

/// On CockroachDB since v23.1: the time of the session's latest commit.
const COCKROACH: Statement<'static> =
    Statement::new("SHOW COMMIT TIMESTAMP").named("crdb_exec.commit_time");

/// On PostgreSQL: its clock, after the commit.
const POSTGRES: Statement<'static> = Statement::new(
    "SELECT (extract(epoch FROM clock_timestamp())::NUMERIC * 1000000)::INT8::NUMERIC * 1000",
)
.named("crdb_exec.commit_time");

/// How long it is waited for, where the transaction has no deadline.
const LIMIT: Duration = Duration::from_secs(5);

impl CommitTime {
    /// Nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The time; `None` when nothing has been committed, or the server did not tell it: a CockroachDB before v23.1, or a connection
    /// that was lost after the commit.
    #[must_use]
    pub fn get(&self) -> Option<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Asks the session that has just committed. What goes wrong leaves the time unknown.
    pub(crate) async fn ask<S: Session>(&self, session: &S, deadline: Option<Instant>) {
        let statement = if session.engine() == Engine::CockroachDb {
            COCKROACH
        } else {
            POSTGRES
        };
        let deadline = deadline.unwrap_or_else(|| Instant::now() + LIMIT) + deadline::GRACE;
        let asked = timeout_at(deadline, session.fetch_at_most(statement, &[], 1)).await;
        let rows = asked.ok().and_then(|answer| answer.into_result().ok());
        let time = rows.and_then(|rows| rows.first()?.get::<Numeric>(0).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = time.map(|time| time.to_string());
    }
}

impl fmt::Debug for CommitTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CommitTime").field(&self.get()).finish()
    }
}
