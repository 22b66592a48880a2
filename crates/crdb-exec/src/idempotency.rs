//! Doing a piece of work at most once, and finding out afterwards whether it was done.

use rand::{Rng, RngExt};
use std::fmt;

/// Names a piece of work that must happen at most once.
///
/// The transaction writes the key into a table, so key and work are committed together or not at all. When the outcome
/// of COMMIT is unknown, asking with a SELECT would miss a commit that is still in flight; so the key is resolved by
/// *inserting it as abandoned*: if the transaction's own row is there, it is committed; if the insert succeeds, it never
/// will be, because its own insert must now fail.
///
/// [`Self::SCHEMA`] is the table. Old rows may be deleted once no transaction that could use their key can still be
/// running or be tried again: keep them for days.
///
/// ```
/// use crdb_exec::{IdempotencyKey, TransactionOptions};
///
/// let options = TransactionOptions::new().idempotency(IdempotencyKey::new("transfer/8f14e45f"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The table that keys are kept in, in SQL that CockroachDB and PostgreSQL both understand. `owner` is the call that
    /// wrote the row last; only that call may run work again that it has itself abandoned.
    pub const SCHEMA: &'static str = "\
CREATE TABLE IF NOT EXISTS crdb_idempotency_key (
    key TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    abandoned BOOL NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
)";

    /// A key. It should be made once for each piece of work, by whoever asks for the work (a request id), and be the same
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

/// Writes the key as part of the work. No row is affected when the key is there already, unless this same call has
/// abandoned it before.
pub(crate) const CLAIM: &str = "\
INSERT INTO crdb_idempotency_key AS k (key, owner, abandoned) VALUES ($1, $2, false) \
ON CONFLICT (key) DO UPDATE SET abandoned = false WHERE k.abandoned AND k.owner = excluded.owner";

/// What is written under a key that could not be claimed.
pub(crate) const LOOK: &str = "SELECT abandoned FROM crdb_idempotency_key WHERE key = $1";

/// Abandons the key unless its work is committed, waiting for whoever is writing it. Running it twice gives the same.
pub(crate) const RESOLVE: &str = "\
INSERT INTO crdb_idempotency_key AS k (key, owner, abandoned) VALUES ($1, $2, true) \
ON CONFLICT (key) DO UPDATE SET owner = CASE WHEN k.abandoned THEN excluded.owner ELSE k.owner END \
RETURNING abandoned";

/// A name for one call that no other call has.
pub(crate) fn owner<R: Rng + ?Sized>(rng: &mut R) -> String {
    format!("{:032x}", rng.random::<u128>())
}
