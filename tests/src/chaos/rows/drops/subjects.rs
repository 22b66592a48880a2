//! The futures that are dropped. Each asks small questions, and is done within milliseconds when it is left alone.

use anyhow::{Context as _, ensure};
use crdb_exec::{ExecutorExt as _, IdempotencyKey, Row as _, Statement, TransactionOptions};
use crdb_facade::{Config, Database, Error, Transaction};
use crdb_pool::AcquireOptions;
use crdb_sql::Repository;
use futures_util::TryStreamExt as _;
use futures_util::future::{BoxFuture, FutureExt as _};
use std::time::{Duration, Instant};

/// A public future of pool, executor or facade.
pub(super) struct Subject {
    pub(super) name: &'static str,
    /// Begins it on a database, with a number that its reply must have, and the worker whose row it may change.
    pub(super) begin: for<'a> fn(&'a Database, i64, i64) -> Work<'a>,
    /// Whether the database cannot be used afterwards.
    pub(super) ends_the_database: bool,
}

type Work<'a> = BoxFuture<'a, anyhow::Result<()>>;

macro_rules! subjects {
    ($($name:literal: |$db:ident, $number:ident, $worker:ident| $body:block $(ends $ends:literal)?;)*) => {
        /// Each of them.
        pub(super) const SUBJECTS: &[Subject] = &[$(Subject {
            name: $name,
            begin: |$db, $number, $worker| async move {
                let (_, _) = ($number, $worker);
                $body
            }.boxed(),
            ends_the_database: false $(|| $ends)?,
        }),*];
    };
}

const QUERIES: &str = "\
-- name: echo :one
SELECT :number::INT8 AS number;

-- name: count :exec
UPDATE drops SET n = n + 1 WHERE id = :worker;
";

/// Opens a database with the queries that are called by name.
pub(super) async fn open(config: Config) -> anyhow::Result<Database> {
    let repository = Repository::from_embedded(&[("drops.sql", QUERIES)])?;
    let database = Database::builder(config).repository(repository);
    Ok(database.open().await?)
}

/// Makes the tables, with a row for each worker.
pub(super) async fn prepare(db: &Database, workers: u64) -> anyhow::Result<()> {
    let executor = db.executor();
    let table = "CREATE TABLE drops (id INT8 PRIMARY KEY, n INT8 NOT NULL)";
    executor.execute(table, &[]).await?;
    executor.execute(IdempotencyKey::SCHEMA, &[]).await?;
    for worker in 0..i64::try_from(workers)? {
        let row = "INSERT INTO drops VALUES ($1, 0)";
        executor.execute(row, &[&worker]).await?;
    }
    Ok(())
}

fn within(time: Duration) -> AcquireOptions {
    AcquireOptions {
        deadline: Some(Instant::now() + time),
        avoid: None,
    }
}

const LONG: Duration = Duration::from_secs(5);

subjects! {
    "Pool::acquire": |db, number, worker| {
        drop(db.pool().acquire().await?);
        Ok(())
    };
    "Pool::acquire_with, in the queue": |db, number, worker| {
        let held = db.pool().acquire().await?;
        let give_back = async {
            tokio::task::yield_now().await;
            drop(held);
        };
        let (got, ()) = futures_util::future::join(db.pool().acquire_with(within(LONG)), give_back).await;
        drop(got?);
        Ok(())
    };
    "Pool::acquire_with, connecting": |db, number, worker| {
        db.pool().acquire().await?.discard();
        drop(db.pool().acquire_with(within(LONG)).await?);
        Ok(())
    };
    "execute": |db, number, worker| {
        let update = "UPDATE drops SET n = n + 1 WHERE id = $1";
        let rows = db.executor().execute(update, &[&worker]).await?;
        ensure!(rows == 1, "{rows} rows");
        Ok(())
    };
    "fetch_one": |db, number, worker| {
        let row = db.executor().fetch_one("SELECT $1::INT8", &[&number]).await?;
        expect(row.get(0)?, number)
    };
    "fetch_optional": |db, number, worker| {
        let text = "SELECT $1::INT8 + n - n FROM drops WHERE id = $2";
        let row = db.executor().fetch_optional(text, &[&number, &worker]).await?;
        expect(row.context("a row")?.get(0)?, number)
    };
    "fetch_all": |db, number, worker| {
        let text = "SELECT $1::INT8 + n FROM generate_series(0, 9) AS s (n)";
        let rows = db.executor().fetch_all(text, &[&number]).await?;
        expect(rows.last().context("a row")?.get(0)?, number + 9)
    };
    "fetch, a stream": |db, number, worker| {
        let text = "SELECT $1::INT8 + n FROM generate_series(0, 999) AS s (n)";
        let rows = db.executor().fetch_stream(text, &[&number]).await?;
        let rows: Vec<_> = rows.try_collect().await?;
        expect(rows.last().context("a row")?.get(0)?, number + 999)
    };
    "execute with a timeout": |db, number, worker| {
        let sleep = Statement::new("SELECT pg_sleep(0.005)").timeout(Duration::from_millis(2));
        // It is cancelled, or just in time.
        drop(db.executor().execute(sleep, &[]).await);
        Ok(())
    };
    "Query::fetch_one, by name": |db, number, worker| {
        let row = db.query("drops.echo").bind("number", number).fetch_one().await?;
        expect(row.get(0)?, number)
    };
    "Query::execute, by name": |db, number, worker| {
        let rows = db.query("drops.count").bind("worker", worker).execute().await?;
        ensure!(rows == 1, "{rows} rows");
        Ok(())
    };
    "transact": |db, number, worker| {
        let work = async |tx: &_| change(tx, number, worker).await;
        expect(db.transact(work).await?, number)
    };
    "transact with an idempotency key": |db, number, worker| {
        let key = IdempotencyKey::new(format!("{worker}-{number}"));
        let options = TransactionOptions::new().idempotency(key);
        let work = async |tx: &_| change(tx, number, worker).await;
        expect(db.transact_with(&options, work).await?, number)
    };
    "resolve": |db, number, worker| {
        let key = IdempotencyKey::new(format!("{worker}-{number}"));
        db.executor().resolve(&key).await?;
        Ok(())
    };
    "Database::close": |db, number, worker| {
        db.close(LONG).await?;
        Ok(())
    } ends true;
    "Database::open": |db, number, worker| {
        let opened = open(db.config().clone()).await?;
        opened.close(LONG).await?;
        Ok(())
    };
}

/// The steps of a transaction, one of them within a savepoint.
async fn change(tx: &Transaction, number: i64, worker: i64) -> Result<i64, Error> {
    let update = "UPDATE drops SET n = n + 1 WHERE id = $1";
    tx.execute(update, &[&worker]).await?;
    tx.savepoint(async |tx| {
        let row = tx
            .query("drops.echo")
            .bind("number", number)
            .fetch_one()
            .await?;
        Ok(row.get(0)?)
    })
    .await
}

fn expect(got: i64, number: i64) -> anyhow::Result<()> {
    ensure!(got == number, "the reply {got} to the question {number}");
    Ok(())
}
