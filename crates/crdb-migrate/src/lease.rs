//! One runner at a time: a row with an owner, an expiry by the server's clock, and a token that grows with each owner.
//!
//! Every write of a runner checks in its own transaction that the token is still its own, so that a runner that has lost
//! its lease cannot commit. The expiry only says when another runner may try; nothing is decided by a client's clock but
//! when to stop early.
//!
//! Heartbeats write a row of their own. On a server with snapshots, a transaction that lasts longer than the pause between
//! two heartbeats could not write the row any more that they have written meanwhile (40001), however often it is tried.

mod heartbeat;

use std::time::Duration;

use crdb_exec::{
    Error as ExecError, ErrorKind as ExecErrorKind, Executor, ExecutorExt, Isolation,
    PooledExecutor, Row, SessionSource, TransactionOptions,
};
use rand::RngExt;
use tokio::time::{Instant, sleep};

use crate::error::{Error, ErrorKind};
use crate::observer::{Observer, WaitEvent};
use crate::options::Options;
use crate::tables::Tables;

pub(crate) use heartbeat::Heartbeat;

/// How often a transaction of the runner's own is tried.
pub(crate) const ATTEMPTS: u32 = 20;

/// How long a transaction of the runner's own may take.
pub(crate) const OWN_LIMIT: Duration = Duration::from_secs(30);

/// A lease that was just taken.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) token: i64,
    /// When the statement that took it was sent, by this machine's monotonic clock.
    pub(crate) since: Instant,
    /// Sessions of earlier runners that may still be working.
    pub(crate) earlier: Vec<String>,
}

/// The row of the table that every write of a runner checks.
pub(crate) const GUARDED: i64 = 1;

/// The row that heartbeats write.
pub(crate) const RENEWED: i64 = 2;

/// What a look at the lease found.
enum Look {
    Taken(Taken),
    Held { owner: String },
}

/// Options of the runner's own transactions: serializable on CockroachDB, and the default of PostgreSQL, where an UPDATE
/// waits for the row and then sees its newest version.
pub(crate) fn own_transaction(name: &str, engine: crdb_exec::Engine) -> TransactionOptions {
    let options = TransactionOptions::new().name(name).timeout(OWN_LIMIT);
    match engine {
        crdb_exec::Engine::CockroachDb => options.isolation(Isolation::Serializable),
        _ => options.isolation(Isolation::ReadCommitted),
    }
}

/// Waits until the lease is free and takes it for `session`.
pub(crate) async fn take<S: SessionSource>(
    db: &PooledExecutor<S>,
    engine: crdb_exec::Engine,
    tables: &Tables,
    session: &str,
    options: &Options,
    observer: &dyn Observer,
) -> Result<Taken, Error> {
    let began = Instant::now();
    let mut failures = 0;
    loop {
        match try_take(db, engine, tables, session, options).await {
            Ok(Look::Taken(taken)) => return Ok(taken),
            Ok(Look::Held { owner }) => {
                let waited = began.elapsed();
                observer.waiting(&WaitEvent {
                    owner: &owner,
                    waited,
                });
                if waited >= options.wait {
                    return Err(Error::new(
                        ErrorKind::Busy,
                        format!(
                            "another runner has had the lease for the {} s that this one waited: {owner}",
                            waited.as_secs()
                        ),
                    )
                    .remedy("let it finish and run again"));
                }
            }
            // A commit whose outcome is unknown may have taken the lease: it runs out, or the next look finds its own session.
            Err(error)
                if (error.is_retryable() || error.is_outcome_unknown()) && failures < ATTEMPTS =>
            {
                failures += 1;
            }
            Err(error) => return Err(Error::database("taking the lease", error)),
        }
        let pause = (options.lease / 10).clamp(Duration::from_millis(20), Duration::from_secs(1));
        let pause = pause.mul_f64(rand::rng().random_range(0.5..1.5));
        sleep(pause).await;
    }
}

async fn try_take<S: SessionSource>(
    db: &PooledExecutor<S>,
    engine: crdb_exec::Engine,
    tables: &Tables,
    session: &str,
    options: &Options,
) -> Result<Look, ExecError> {
    let since = Instant::now();
    let transaction = db
        .begin(&own_transaction("take_migration_lease", engine))
        .await?;
    let work = async {
        let read = format!(
            "SELECT id, token, owner, sessions, expires_at <= now() AS expired FROM {} ORDER BY id FOR UPDATE",
            tables.lease
        );
        let rows = transaction.fetch_all(read.as_str(), &[]).await?;
        let (mut token, mut owner, mut sessions, mut expired) =
            (0, String::new(), String::new(), true);
        for row in &rows {
            if row.get::<i64>("id")? == GUARDED {
                token = row.get::<i64>("token")?;
                owner = row.get("owner")?;
                sessions = row.get("sessions")?;
            }
            expired &= row.get::<bool>("expired")?;
        }
        let earlier: Vec<String> = sessions.split_whitespace().map(str::to_owned).collect();
        // Its own session: an earlier try whose answer was lost.
        let own = earlier.last().is_some_and(|last| last == session);
        if !expired && !own {
            return Ok(Look::Held { owner });
        }
        let token = token + 1;
        let earlier: Vec<String> = earlier
            .into_iter()
            .filter(|earlier| earlier != session)
            .collect();
        let mut all = earlier.clone();
        all.push(session.to_owned());
        let write = format!(
            "UPDATE {} SET token = $1::INT8, owner = $2::TEXT, sessions = $3::TEXT, \
             expires_at = now() + $4::FLOAT8 * INTERVAL '1 second', writes = writes + 1",
            tables.lease
        );
        let seconds = options.lease.as_secs_f64();
        transaction
            .execute(
                write.as_str(),
                &[&token, &options.owner_name(), &all.join(" "), &seconds],
            )
            .await?;
        Ok(Look::Taken(Taken {
            token,
            since,
            earlier,
        }))
    };
    match work.await {
        Ok(look @ Look::Taken(_)) => transaction.commit().await.map(|()| look),
        Ok(held) => {
            transaction.rollback().await;
            Ok(held)
        }
        Err(error) => {
            transaction.rollback().await;
            Err(error)
        }
    }
}

/// Why a guarded transaction did not commit.
#[derive(Debug)]
pub(crate) enum Guarded {
    /// The token has grown: another runner owns the lease.
    Lost,
    /// The database failed.
    Failed(ExecError),
}

impl From<ExecError> for Guarded {
    fn from(error: ExecError) -> Self {
        Self::Failed(error)
    }
}

/// Fails the transaction unless the token is still the runner's own. The row is locked from here to the end of the
/// transaction, so it comes last.
pub(crate) async fn guard(
    transaction: &impl Executor,
    tables: &Tables,
    token: i64,
) -> Result<(), Guarded> {
    let text = format!(
        "UPDATE {} SET writes = writes + 1 WHERE id = {GUARDED} AND token = $1::INT8",
        tables.lease
    );
    match transaction.execute(text.as_str(), &[&token]).await? {
        0 => Err(Guarded::Lost),
        _ => Ok(()),
    }
}

/// A statement with its parameters.
pub(crate) struct Write<'a> {
    pub(crate) text: String,
    pub(crate) parameters: Vec<&'a (dyn crdb_exec::ToSql + Sync)>,
}

/// Commits writes that set fixed values, under the token. Run again whenever that may help: doing so changes nothing.
pub(crate) async fn write<S: SessionSource>(
    db: &PooledExecutor<S>,
    engine: crdb_exec::Engine,
    tables: &Tables,
    token: i64,
    attempted: &str,
    writes: &[Write<'_>],
) -> Result<(), Error> {
    let mut attempt = 1;
    loop {
        match try_write(db, engine, tables, token, writes).await {
            Ok(()) => return Ok(()),
            Err(Guarded::Lost) => return Err(lost()),
            Err(Guarded::Failed(error)) => {
                let again = error.is_retryable() || error.is_outcome_unknown();
                if !again || attempt == ATTEMPTS || error.kind() == ExecErrorKind::Acquire {
                    return Err(Error::database(attempted, error));
                }
            }
        }
        attempt += 1;
        sleep(Duration::from_millis(10 * u64::from(attempt))).await;
    }
}

async fn try_write<S: SessionSource>(
    db: &PooledExecutor<S>,
    engine: crdb_exec::Engine,
    tables: &Tables,
    token: i64,
    writes: &[Write<'_>],
) -> Result<(), Guarded> {
    let transaction = db
        .begin(&own_transaction("write_migration_journal", engine))
        .await?;
    let work = async {
        for write in writes {
            transaction
                .execute(write.text.as_str(), &write.parameters)
                .await?;
        }
        guard(&*transaction, tables, token).await
    };
    match work.await {
        Ok(()) => Ok(transaction.commit().await?),
        Err(error) => {
            transaction.rollback().await;
            Err(error)
        }
    }
}

/// The error of a runner that has lost its lease.
pub(crate) fn lost() -> Error {
    Error::new(
        ErrorKind::LeaseLost,
        "the lease was lost: another runner has taken it over, or it could not be renewed in time",
    )
    .remedy("run again; what was begun is looked for first")
}

/// Gives the lease back, so that the next runner does not wait; nor has sessions to end, where this one's is idle.
///
/// The token grows, so that a heartbeat that is still on its way renews nothing.
pub(crate) async fn release<S: SessionSource>(
    db: &PooledExecutor<S>,
    tables: &Tables,
    token: i64,
    is_idle: bool,
) -> Result<(), ExecError> {
    let sessions = if is_idle { "sessions = ''," } else { "" };
    let text = format!(
        "UPDATE {} SET expires_at = now(), token = token + 1, {sessions} writes = writes + 1 WHERE token = $1::INT8",
        tables.lease
    );
    let statement = crdb_exec::Statement::new(&text).retry(crdb_exec::RetrySafety::Safe);
    db.execute(statement, &[&token]).await.map(drop)
}
