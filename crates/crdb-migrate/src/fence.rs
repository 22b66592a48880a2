//! Ending a server session for certain, so that what it ran has ended too.
//!
//! A schema change of CockroachDB is a transaction of its own and cannot be guarded by the lease's token. So a runner ends the
//! sessions of the runner before it, and waits until they are gone, before it looks what they left.

use std::time::Duration;

use crdb_exec::{Engine, Error as ExecError, Executor, ExecutorExt, Row, Statement};
use tokio::time::{Instant, sleep};

use crate::error::{Error, ErrorKind};

/// How long a session may take to end after CANCEL SESSION.
const LIMIT: Duration = Duration::from_secs(60);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// The session that runs this statement, by a name that no later session has.
///
/// `SHOW session_id` on CockroachDB; on PostgreSQL the process and when it began, because process ids come again.
pub(crate) async fn own_session(db: &impl Executor, engine: Engine) -> Result<String, ExecError> {
    let text = match engine {
        Engine::CockroachDb => "SHOW session_id",
        _ => {
            "SELECT pid::TEXT || '/' || (extract(epoch FROM backend_start) * 1000000)::INT8::TEXT \
             FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()"
        }
    };
    db.fetch_one(text, &[]).await?.get(0)
}

/// Ends a session and waits until it is gone. One that is gone already is no error.
pub(crate) async fn end_session(
    db: &impl Executor,
    engine: Engine,
    session: &str,
) -> Result<(), Error> {
    let attempted = || format!("ending the session {session} of the runner before this one");
    let until = Instant::now() + LIMIT;
    loop {
        if !is_there(db, engine, session)
            .await
            .map_err(|error| Error::database(&attempted(), error))?
        {
            return Ok(());
        }
        let ended = end(db, engine, session).await;
        if Instant::now() >= until {
            let error = Error::new(ErrorKind::Database, attempted()).remedy(
                "it is still there after 60 s: end it by hand, or grant the runner's user the right to (CANCELQUERY, pg_signal_backend)",
            );
            return Err(match ended {
                Err(source) => error.because(source),
                Ok(()) => error,
            });
        }
        sleep(PAUSE).await;
    }
}

async fn is_there(db: &impl Executor, engine: Engine, session: &str) -> Result<bool, ExecError> {
    match engine {
        Engine::CockroachDb => {
            // All columns: `status` is not there before v22.2.
            let text = "SELECT * FROM [SHOW CLUSTER SESSIONS] WHERE session_id = $1::TEXT";
            let rows = db.fetch_all(safe(text), &[&session]).await?;
            rows.iter()
                .try_fold(false, |open, row| Ok(open || is_open(row)?))
        }
        _ => {
            let Some((process, began)) = of_postgresql(session) else {
                return Ok(false);
            };
            let text = "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE pid = $1::INT4 \
                        AND (backend_start IS NULL OR (extract(epoch FROM backend_start) * 1000000)::INT8 = $2::INT8)";
            let found = db.fetch_one(safe(text), &[&process, &began]).await?;
            Ok(found.get::<i64>(0)? > 0)
        }
    }
}

/// Whether a row of `SHOW CLUSTER SESSIONS` is that of a session that can still do something: a server that remembers sessions
/// which have ended may list them, as `CLOSED` (cockroach#78650).
fn is_open(row: &impl Row) -> Result<bool, ExecError> {
    if row.position("status").is_none() {
        return Ok(true);
    }
    let status = row.get::<Option<&str>>("status")?;
    Ok(status.is_none_or(|status| !status.eq_ignore_ascii_case("closed")))
}

async fn end(db: &impl Executor, engine: Engine, session: &str) -> Result<(), ExecError> {
    match engine {
        Engine::CockroachDb => {
            // A literal: the statement takes no placeholders everywhere. Ids are hexadecimal.
            let id: String = session
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .collect();
            let text = format!("CANCEL SESSION '{id}'");
            db.execute(safe(&text), &[]).await.map(drop)
        }
        _ => {
            let Some((process, began)) = of_postgresql(session) else {
                return Ok(());
            };
            let text = "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
                        WHERE pid = $1::INT4 AND (extract(epoch FROM backend_start) * 1000000)::INT8 = $2::INT8";
            db.execute(safe(text), &[&process, &began]).await.map(drop)
        }
    }
}

/// A statement that does the same when it runs twice.
fn safe(text: &str) -> Statement<'_> {
    Statement::new(text).retry(crdb_exec::RetrySafety::Safe)
}

fn of_postgresql(session: &str) -> Option<(i32, i64)> {
    let (process, began) = session.split_once('/')?;
    Some((process.parse().ok()?, began.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crdb_exec::Column;

    /// A row of SHOW CLUSTER SESSIONS with these columns, all text.
    struct Shown(&'static [(&'static str, Option<&'static str>)]);

    impl Row for Shown {
        fn len(&self) -> usize {
            self.0.len()
        }

        fn column(&self, index: usize) -> Option<Column<'_>> {
            let (name, _) = self.0.get(index)?;
            Some(Column::new(name, &crdb_exec::Type::TEXT))
        }

        fn value(&self, index: usize) -> Option<&[u8]> {
            self.0.get(index)?.1.map(str::as_bytes)
        }
    }

    #[test]
    fn a_session_that_is_listed_as_closed_is_gone() {
        for (row, open) in [
            (Shown(&[("session_id", Some("a"))]), true),
            (
                Shown(&[("session_id", Some("a")), ("status", Some("ACTIVE"))]),
                true,
            ),
            (
                Shown(&[("status", Some("IDLE")), ("session_id", Some("a"))]),
                true,
            ),
            (Shown(&[("status", None)]), true),
            (
                Shown(&[("session_id", Some("a")), ("status", Some("CLOSED"))]),
                false,
            ),
        ] {
            assert_eq!(is_open(&row).ok(), Some(open), "{:?}", row.0);
        }
    }
}
