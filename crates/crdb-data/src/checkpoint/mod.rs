//! What has been done of a load or a batch, kept in the database beside it.

mod ranges;

pub(crate) use ranges::Ranges;

use std::sync::Arc;

use crdb_exec::{
    Engine, ExecutorExt as _, IdempotencyKey, Isolation, PooledExecutor, RetrySafety, Row as _,
    SessionSource, Statement, Transaction, TransactionOptions,
};

use crate::error::{Error, ErrorKind};
use crate::fault::ChunkRetries;

/// The tables that loads are kept in, in SQL that CockroachDB and PostgreSQL both understand.
///
/// `run` is the process that loads now: a chunk is committed only while it is still its own. `start` and `finish` are bytes of a file, or
/// rows of a stream.
pub(crate) const SCHEMA: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS crdb_data_load (name TEXT PRIMARY KEY, run TEXT NOT NULL, target TEXT NOT NULL, \
     source TEXT NOT NULL, created_at TIMESTAMPTZ NOT NULL DEFAULT now())",
    "CREATE TABLE IF NOT EXISTS crdb_data_chunk (load TEXT NOT NULL, start INT8 NOT NULL, finish INT8 NOT NULL, \
     rows INT8 NOT NULL, rejected INT8 NOT NULL, PRIMARY KEY (load, start))",
];

const MISSING: &str = "SELECT to_regclass('crdb_data_load') IS NULL OR to_regclass('crdb_data_chunk') IS NULL \
                       OR to_regclass('crdb_idempotency_key') IS NULL";

const CLAIM: &str = "INSERT INTO crdb_data_load (name, run, target, source) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (name) DO UPDATE SET run = excluded.run RETURNING target, source";

const DONE: &str =
    "SELECT start, finish, rows, rejected FROM crdb_data_chunk WHERE load = $1 ORDER BY start";

/// No row is affected once another run has taken over. The lock makes that run wait for this transaction; CockroachDB's
/// serializable isolation does the same without it.
const MARK: &str = "INSERT INTO crdb_data_chunk (load, start, finish, rows, rejected) \
                    SELECT name, $3::INT8, $4::INT8, $5::INT8, $6::INT8 FROM crdb_data_load WHERE name = $1 AND run = $2 FOR SHARE";

/// A part of an input that is committed as a whole: bytes of a file, rows of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u64,
    pub(crate) finish: u64,
    pub(crate) rows: u64,
    pub(crate) rejected: u64,
}

/// How often a claim whose outcome is unknown is made again.
const ATTEMPTS: u32 = 8;

/// A statement that only reads.
fn read<'a>(text: &'a str, name: &'a str) -> Statement<'a> {
    Statement::new(text).named(name).retry(RetrySafety::Safe)
}

/// The load of one run.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    pub(crate) load: String,
    pub(crate) run: String,
    pub(crate) engine: Engine,
    /// What earlier runs have loaded.
    pub(crate) done: Ranges,
    pub(crate) rows: u64,
    pub(crate) rejected: u64,
}

pub(crate) async fn create_tables<S: SessionSource>(
    executor: &PooledExecutor<S>,
) -> Result<(), Error> {
    let failed =
        |error| Error::database_failed("creating the tables that loads are kept in", error);
    let missing = executor
        .fetch_one(read(MISSING, "crdb_data.find_tables"), &[])
        .await
        .map_err(failed)?
        .get::<bool>(0usize)?;
    if missing {
        for text in SCHEMA {
            let create = Statement::new(text)
                .named("crdb_data.create_tables")
                .retry(RetrySafety::Safe);
            executor.execute(create, &[]).await.map_err(failed)?;
        }
        IdempotencyKey::create_table(executor)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

impl Checkpoint {
    /// Takes a load over. Whatever an earlier run of it has under way can no longer be committed when this returns.
    pub(crate) async fn claim<S: SessionSource>(
        executor: &PooledExecutor<S>,
        load: &str,
        run: String,
        target: &str,
        source: &str,
    ) -> Result<Self, Error> {
        let options = TransactionOptions::new().name("crdb_data.claim");
        let mut attempts = 0;
        let (engine, known): (_, (String, String)) = loop {
            attempts += 1;
            let claimed = executor
                .transact(&options, async |tx| -> Result<_, crdb_exec::Error> {
                    let row = tx
                        .fetch_one(CLAIM, &[&load, &run, &target, &source])
                        .await?;
                    Ok((tx.engine(), (row.get(0usize)?, row.get(1usize)?)))
                })
                .await;
            match claimed {
                Ok(claimed) => break claimed,
                // Claiming twice is claiming once.
                Err(error) if error.is_outcome_unknown() && attempts < ATTEMPTS => {}
                Err(error) => {
                    let claiming = format!("claiming the load \"{load}\"");
                    return Err(Error::database_failed(claiming, error));
                }
            }
        };
        let other = |what: &str, was: &str, is: &str| {
            Error::new(
                ErrorKind::Changed,
                format!("the load \"{load}\" began with the {what} {was}, not with {is}"),
            )
            .with_advice("give the new load another name, or forget the old one")
        };
        if known.0 != target {
            return Err(other("table and columns", &known.0, target));
        }
        if known.1 != source {
            return Err(other("input", &known.1, source));
        }
        let rows = executor
            .fetch_all(read(DONE, "crdb_data.done"), &[&load])
            .await
            .map_err(|error| {
                Error::database_failed(format!("reading what \"{load}\" has loaded"), error)
            })?;
        let mut done = Vec::with_capacity(rows.len());
        let (mut loaded, mut rejected) = (0, 0);
        for row in &rows {
            let number = |index: usize| row.get::<i64>(index).map(i64::unsigned_abs);
            done.push((number(0)?, number(1)?));
            loaded += number(2)?;
            rejected += number(3)?;
        }
        Ok(Self {
            load: load.to_owned(),
            run,
            engine,
            done: Ranges::of(done),
            rows: loaded,
            rejected,
        })
    }

    /// How the transaction of a part is run.
    pub(crate) fn options(&self, span: &Span) -> TransactionOptions {
        let key = format!("{}{}-{}", self.key_prefix(), span.start, span.finish);
        self.plain_options(span.rows)
            .idempotency(IdempotencyKey::new(key))
    }

    /// How a transaction of so many rows is run, for a trial that is rolled back.
    pub(crate) fn plain_options(&self, rows: u64) -> TransactionOptions {
        let options = TransactionOptions::new()
            .name("crdb_data.load")
            .retry_policy(Arc::new(ChunkRetries::of(rows)));
        match self.engine {
            Engine::CockroachDb => options.isolation(Isolation::Serializable),
            _ => options,
        }
    }

    fn key_prefix(&self) -> String {
        format!("crdb_data/{}/", self.run)
    }

    /// Notes within a part's transaction that it is done. Says whether the load is still this run's.
    pub(crate) async fn mark<S: SessionSource>(
        &self,
        tx: &Transaction<S>,
        span: &Span,
    ) -> Result<bool, crdb_exec::Error> {
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let (start, finish) = (number(span.start), number(span.finish));
        let (rows, rejected) = (number(span.rows), number(span.rejected));
        let statement = Statement::new(MARK).named("crdb_data.mark");
        let marked = tx
            .execute(
                statement,
                &[&self.load, &self.run, &start, &finish, &rows, &rejected],
            )
            .await?;
        Ok(marked == 1)
    }

    /// Removes what only a run that is under way needs; `whole`: the load itself as well.
    pub(crate) async fn clean<S: SessionSource>(
        &self,
        executor: &PooledExecutor<S>,
        whole: bool,
    ) -> Result<(), Error> {
        let failed = |error| {
            Error::database_failed(
                format!("cleaning up after the load \"{}\"", self.load),
                error,
            )
        };
        let (first, last) = (self.key_prefix(), format!("crdb_data/{}0", self.run));
        let keys = Statement::new("DELETE FROM crdb_idempotency_key WHERE key >= $1 AND key < $2")
            .named("crdb_data.clean")
            .retry(RetrySafety::Safe);
        executor
            .execute(keys, &[&first, &last])
            .await
            .map_err(failed)?;
        if whole {
            forget(executor, &self.load).await?;
        }
        Ok(())
    }
}

/// Forgets what a load has loaded.
pub(crate) async fn forget<S: SessionSource>(
    executor: &PooledExecutor<S>,
    load: &str,
) -> Result<(), Error> {
    for text in [
        "DELETE FROM crdb_data_load WHERE name = $1",
        "DELETE FROM crdb_data_chunk WHERE load = $1",
    ] {
        let statement = Statement::new(text)
            .named("crdb_data.forget")
            .retry(RetrySafety::Safe);
        executor
            .execute(statement, &[&load])
            .await
            .map_err(|error| {
                Error::database_failed(format!("forgetting the load \"{load}\""), error)
            })?;
    }
    Ok(())
}
