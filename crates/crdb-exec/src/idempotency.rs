//! Doing a piece of work at most once, and finding out afterwards whether it was done.

use crate::error::{Error, ErrorKind};
use crate::executor::{Executor, ExecutorExt};
use crate::row::Row;
use crate::statement::{RetrySafety, Statement};
use crate::verdict::Verdict;
use rand::{Rng, RngExt};
use std::fmt;
use std::time::Duration;

/// Names a piece of work that must happen at most once.
///
/// The transaction writes the key and its owner (the call that runs it) into a table, so key and work are committed together
/// or not at all. When the outcome of COMMIT is unknown, asking with a SELECT would miss a commit that is still in flight;
/// so the key is resolved by *inserting it as abandoned*: if the transaction's own row is there, it is committed; if the
/// insert succeeds, it never will be, because its own insert must now fail. Two calls with the same key that run at the same
/// time are told apart by the owner: one commits, the other gets
/// [`ErrorKind::AlreadyCommitted`](crate::ErrorKind::AlreadyCommitted).
///
/// [`create_table`](Self::create_table) makes the table, or a migration with [`SCHEMA`](Self::SCHEMA);
/// [`prune`](Self::prune) removes old keys.
///
/// ```
/// use crdb_exec::{IdempotencyKey, TransactionOptions};
///
/// let options = TransactionOptions::new().idempotency(IdempotencyKey::new("transfer/8f14e45f"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The table that keys are kept in, in SQL that CockroachDB and PostgreSQL both understand.
    ///
    /// `owner` is the call that wrote the row last, or empty for a key that [`resolve`](crate::PooledExecutor::resolve) has
    /// closed for good. `created_at` is when that was.
    pub const SCHEMA: &'static str = "\
CREATE TABLE IF NOT EXISTS crdb_idempotency_key (
    key TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    abandoned BOOL NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
)";

    /// Keys younger than this are never pruned: a transaction that uses one may still be running.
    pub const MIN_AGE: Duration = Duration::from_secs(60 * 60);

    /// Creates the table that keys are kept in, unless it is there.
    ///
    /// # Errors
    /// As the executor.
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether the table is created. It may be called again.
    pub async fn create_table(executor: &impl Executor) -> Result<(), Error> {
        let create = Statement::new(Self::SCHEMA)
            .named("crdb_exec.create_key_table")
            .retry(RetrySafety::Safe);
        executor.execute(create, &[]).await?;
        Ok(())
    }

    /// Removes the keys that were last written longer ago than `older_than`, and gives their number. Work whose key is gone
    /// is done again when it is asked for again: `older_than` is the longest time after which a caller still repeats a
    /// request.
    ///
    /// It removes keys in pages of a thousand, each a statement of its own, by the server's clock.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] for less than [`MIN_AGE`](Self::MIN_AGE); else as the executor. What was removed before an
    /// error stays removed.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the rest of the old keys for the next time.
    pub async fn prune(executor: &impl Executor, older_than: Duration) -> Result<u64, Error> {
        let attempted = "pruning idempotency keys";
        if older_than < Self::MIN_AGE {
            return Err(Error::new(ErrorKind::Refused, Verdict::Never, attempted)
                .with_advice("keys are kept for an hour at least, because work under them may still be running"));
        }
        let prune = Statement::new(PRUNE)
            .named("crdb_exec.prune_keys")
            .retry(RetrySafety::Safe);
        // A hundred years are within what every server's clock can go back.
        let seconds = older_than.as_secs().min(100 * 365 * 24 * 60 * 60);
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        let mut after = String::new();
        let mut pruned = 0;
        loop {
            let row = executor.fetch_one(prune, &[&after, &seconds]).await?;
            pruned += u64::try_from(row.get::<i64>(1usize)?).unwrap_or_default();
            match row.get::<Option<String>>(0usize)? {
                Some(last) => after = last,
                None => return Ok(pruned),
            }
        }
    }

    /// A key. It should be made once for each piece of work, by the caller that asks for the work (a request id), and be the same
    /// each time that work is asked for.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdempotencyKey({:?})", self.0)
    }
}

/// What became of the work of an [`IdempotencyKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// It is committed.
    Committed,
    /// It is not committed and never will be: the key is used up.
    Abandoned,
}

/// The owner of a key that was resolved from outside a transaction and abandoned: it is closed for good.
pub(crate) const CLOSED: &str = "";

impl Resolution {
    /// A lasting name in snake case, for labels of metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Abandoned => "abandoned",
        }
    }
}

/// Writes the key as part of the work. No row is affected when its work is committed or the key is closed. A key that a call
/// has only abandoned for its own lost run is free: that run can never commit any more.
pub(crate) const CLAIM: &str = "\
INSERT INTO crdb_idempotency_key AS k (key, owner, abandoned) VALUES ($1, $2, false) \
ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, abandoned = false, created_at = now() \
WHERE k.abandoned AND k.owner <> ''";

/// What is written under a key that could not be claimed.
pub(crate) const LOOK: &str = "SELECT abandoned FROM crdb_idempotency_key WHERE key = $1";

/// Abandons the key unless its work is committed, waiting for a transaction that is writing it, and says what is written now. Running
/// it twice gives the same.
pub(crate) const RESOLVE: &str = "\
INSERT INTO crdb_idempotency_key AS k (key, owner, abandoned) VALUES ($1, $2, true) \
ON CONFLICT (key) DO UPDATE SET \
owner = CASE WHEN k.abandoned AND k.owner <> '' THEN excluded.owner ELSE k.owner END, \
created_at = CASE WHEN k.abandoned THEN now() ELSE k.created_at END \
RETURNING abandoned, owner";

/// Removes the old ones of the thousand keys after `$1`, and gives the last of these and how many were removed. The age is
/// asked of the row again when it is removed: it may have been claimed since.
const PRUNE: &str = "\
WITH page AS (SELECT key, created_at FROM crdb_idempotency_key WHERE key > $1 ORDER BY key LIMIT 1000), \
gone AS (DELETE FROM crdb_idempotency_key WHERE key IN (SELECT key FROM page) \
AND created_at < now() - $2::INT8 * INTERVAL '1 second' RETURNING key) \
SELECT max(key), (SELECT count(*) FROM gone)::INT8 FROM page";

/// A name for one call that no other call has.
pub(crate) fn owner(rng: &mut dyn Rng) -> String {
    format!("{:032x}", rng.random::<u128>())
}
