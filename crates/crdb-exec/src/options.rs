//! How a transaction is to be run.

use crate::backoff::Backoff;
use crate::commit_time::CommitTime;
use crate::error::{Error, ErrorKind};
use crate::idempotency::IdempotencyKey;
use crate::retry::{LimitedAttempts, RetryPolicy};
use crate::session::{Engine, ServerVersion};
use crate::verdict::{CommitErrors, Verdict};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// How transactions are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Isolation {
    /// As if one ran after the other. What CockroachDB does by default.
    Serializable,
    /// One snapshot for the whole transaction. CockroachDB runs it as serializable unless its cluster allows it (v24.3+).
    RepeatableRead,
    /// One snapshot for each statement. CockroachDB from v23.2; before, it runs as serializable.
    ReadCommitted,
}

/// Which of two transactions that collide goes on (CockroachDB). PostgreSQL has none, so there it changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Priority {
    /// Gives way.
    Low,
    /// The default.
    Normal,
    /// Makes others give way.
    High,
}

/// A time in the past that a read-only transaction sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AsOf {
    /// As recent as the nearest replica surely has (about 4.2 s on CockroachDB). On PostgreSQL, which has no such
    /// replicas, it reads the present.
    FollowerRead,
    /// This long ago. PostgreSQL cannot do that: [`ErrorKind::Unsupported`].
    Ago(Duration),
}

/// How a transaction is to be run. The default is the server's isolation, read and write, 16 attempts, and the executor's
/// timeout.
///
/// ```
/// use std::time::Duration;
/// use crdb_exec::{Isolation, TransactionOptions};
///
/// let options = TransactionOptions::new()
///     .name("transfer")
///     .isolation(Isolation::Serializable)
///     .timeout(Duration::from_secs(5));
/// assert_eq!(options.max_attempts(), 16);
/// ```
#[derive(Clone, Debug)]
pub struct TransactionOptions {
    name: Option<String>,
    isolation: Option<Isolation>,
    isolation_on: Option<(Engine, Isolation)>,
    priority: Option<Priority>,
    read_only: bool,
    as_of: Option<AsOf>,
    timeout: Option<Duration>,
    attempts: LimitedAttempts,
    policy: Option<Arc<dyn RetryPolicy>>,
    idempotency: Option<IdempotencyKey>,
    commit_time: Option<CommitTime>,
    notes_changes: bool,
}

/// The first CockroachDB that has `autocommit_before_ddl` (cockroach#118440).
pub(crate) const KNOWS_COMMIT_BEFORE_DDL: ServerVersion = ServerVersion::new(24, 1, 0);

/// The first CockroachDB whose `autocommit_before_ddl` is on by default.
pub(crate) const COMMITS_BEFORE_DDL: ServerVersion = ServerVersion::new(25, 1, 0);

impl Default for TransactionOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl TransactionOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self {
            name: None,
            isolation: None,
            isolation_on: None,
            priority: None,
            read_only: false,
            as_of: None,
            timeout: None,
            attempts: LimitedAttempts::new(
                crate::defaults::TRANSACTION_ATTEMPTS,
                Backoff::default(),
            ),
            policy: None,
            idempotency: None,
            commit_time: None,
            notes_changes: false,
        }
    }

    /// The name under which the transaction is seen in errors, metrics and traces.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The isolation; without it the session's default.
    #[must_use]
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = Some(isolation);
        self
    }

    /// The isolation on servers of this engine; on others it is as if this were not said. The engine is known only once there is a
    /// session. It goes before [`isolation`](Self::isolation).
    #[must_use]
    pub fn isolation_on(mut self, engine: Engine, isolation: Isolation) -> Self {
        self.isolation_on = Some((engine, isolation));
        self
    }

    fn isolation_of(&self, engine: Engine) -> Option<Isolation> {
        match self.isolation_on {
            Some((on, isolation)) if on == engine => Some(isolation),
            _ => self.isolation,
        }
    }

    /// The priority.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Refuses writes.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Reads the past; implies [`read_only`](Self::read_only).
    #[must_use]
    pub fn read_as_of(mut self, as_of: AsOf) -> Self {
        self.as_of = Some(as_of);
        self.read_only = true;
        self
    }

    /// How long the whole may take, with all attempts and waits. It travels to the server with BEGIN.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How often it is run at most; at least 1.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts.set_attempts(attempts);
        self
    }

    /// How long to wait between attempts.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.attempts.set_backoff(backoff);
        self
    }

    /// Decides about retries instead of [`attempts`](Self::attempts), [`backoff`](Self::backoff) and the executor's policy.
    #[must_use]
    pub fn retry_policy(mut self, policy: Arc<dyn RetryPolicy>) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Makes the work happen at most once for this key, and lets an unknown outcome be resolved. The key's table has to
    /// exist: see [`IdempotencyKey`].
    #[must_use]
    pub fn idempotency(mut self, key: IdempotencyKey) -> Self {
        self.idempotency = Some(key);
        self
    }

    /// Asks for the time of the commit after it, which costs a round trip, and leaves it there. That it cannot be had is no failure
    /// of the transaction.
    #[must_use]
    pub fn commit_time(mut self, time: &CommitTime) -> Self {
        self.commit_time = Some(time.clone());
        self
    }

    pub(crate) const fn asks_commit_time(&self) -> Option<&CommitTime> {
        self.commit_time.as_ref()
    }

    /// Looks at the text of each statement of the body, which takes about a microsecond, so that
    /// [`Transaction::has_changed`](crate::Transaction::has_changed) can tell.
    #[must_use]
    pub const fn note_changes(mut self) -> Self {
        self.notes_changes = true;
        self
    }

    pub(crate) const fn notes_changes(&self) -> bool {
        self.notes_changes
    }

    /// How often it is run at most.
    #[must_use]
    pub const fn max_attempts(&self) -> u32 {
        self.attempts.attempts()
    }

    pub(crate) fn label(&self) -> &str {
        self.name.as_deref().unwrap_or("transaction")
    }

    pub(crate) fn given_name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(crate) const fn own_timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// The policy of its own, if it was given one.
    pub(crate) fn own_policy(&self) -> Option<&dyn RetryPolicy> {
        self.policy.as_deref()
    }

    pub(crate) const fn limited_attempts(&self) -> &LimitedAttempts {
        &self.attempts
    }

    pub(crate) const fn key(&self) -> Option<&IdempotencyKey> {
        self.idempotency.as_ref()
    }

    /// Whether the errors of this transaction's COMMIT are certain.
    pub(crate) fn commit_errors(
        &self,
        engine: Engine,
        version: Option<ServerVersion>,
    ) -> CommitErrors {
        const MENDED: ServerVersion = ServerVersion::new(26, 1, 0);
        let serializable = self.isolation_of(engine) == Some(Isolation::Serializable);
        let mended = version.is_some_and(|version| version >= MENDED);
        if engine == Engine::PostgreSql || serializable || mended {
            CommitErrors::Certain
        } else {
            // Without an isolation of its own it has the session's default, which may be any.
            CommitErrors::Doubtful
        }
    }

    /// The text that begins the transaction, with the time left as the server's `statement_timeout`.
    ///
    /// CockroachDB commits a transaction before DDL in it unless `autocommit_before_ddl` is off, which the text turns off
    /// for this transaction where it is on by default.
    pub(crate) fn begin(
        &self,
        engine: Engine,
        version: Option<ServerVersion>,
        left: Option<Duration>,
    ) -> Result<String, Error> {
        let mut text = String::from("BEGIN");
        let mut separator = " ";
        let mut mode = |mode: &str| {
            text.push_str(separator);
            text.push_str(mode);
            separator = ", ";
        };
        match self.isolation_of(engine) {
            Some(Isolation::Serializable) => mode("ISOLATION LEVEL SERIALIZABLE"),
            Some(Isolation::RepeatableRead) => mode("ISOLATION LEVEL REPEATABLE READ"),
            Some(Isolation::ReadCommitted) => mode("ISOLATION LEVEL READ COMMITTED"),
            None => {}
        }
        if engine == Engine::CockroachDb {
            match self.priority {
                Some(Priority::Low) => mode("PRIORITY LOW"),
                Some(Priority::Normal) => mode("PRIORITY NORMAL"),
                Some(Priority::High) => mode("PRIORITY HIGH"),
                None => {}
            }
        }
        if self.read_only {
            mode("READ ONLY");
        }
        match (self.as_of, engine) {
            (None, _) | (Some(AsOf::FollowerRead), Engine::PostgreSql) => {}
            (Some(AsOf::FollowerRead), Engine::CockroachDb) => {
                mode("AS OF SYSTEM TIME follower_read_timestamp()");
            }
            (Some(AsOf::Ago(ago)), Engine::CockroachDb) => {
                mode(&format!(
                    "AS OF SYSTEM TIME '-{}.{:06}s'",
                    ago.as_secs(),
                    ago.subsec_micros()
                ));
            }
            (Some(AsOf::Ago(_)), Engine::PostgreSql) => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    Verdict::Never,
                    format!("beginning {}", self.label()),
                )
                .with_advice("PostgreSQL cannot read a time in the past"));
            }
        }
        if let Some(left) = left {
            // Zero would mean no limit.
            let millis = left.as_millis().clamp(1, i32::MAX as u128);
            // Writing into a String does not fail.
            let _ = write!(text, "; SET LOCAL statement_timeout = {millis}");
        }
        if engine == Engine::CockroachDb
            && version.is_some_and(|version| version >= COMMITS_BEFORE_DDL)
        {
            text.push_str("; SET LOCAL autocommit_before_ddl = off");
        }
        if engine == Engine::CockroachDb && version.is_some_and(loses_buffered_writes) {
            text.push_str("; SET LOCAL kv_transaction_buffered_writes_enabled = off");
        }
        Ok(text)
    }
}

/// Whether a rollback to a savepoint may lose earlier writes of the transaction where buffered writes, a preview, have been turned on.
///
/// That was mended in v25.4.4 and v26.1.1 (cockroachdb/cockroach#161972), and of the same kind is what a `lock_timeout` leads to
/// (cockroachdb/cockroach#172270): in which patch releases that was mended is not known, so it holds for all of them. From v26.2 on writes
/// are buffered by default, and turning that off would slow every transaction down.
fn loses_buffered_writes(version: ServerVersion) -> bool {
    const BEGAN: ServerVersion = ServerVersion::new(25, 2, 0);
    const BY_DEFAULT: ServerVersion = ServerVersion::new(26, 2, 0);
    (BEGAN..BY_DEFAULT).contains(&version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(options: &TransactionOptions, engine: Engine) -> String {
        options.begin(engine, None, None).unwrap()
    }

    #[test]
    fn options_are_rendered_for_each_engine() {
        let plain = TransactionOptions::new();
        assert_eq!(begin(&plain, Engine::CockroachDb), "BEGIN");
        let all = TransactionOptions::new()
            .isolation(Isolation::Serializable)
            .priority(Priority::High)
            .read_as_of(AsOf::FollowerRead);
        assert_eq!(
            begin(&all, Engine::CockroachDb),
            "BEGIN ISOLATION LEVEL SERIALIZABLE, PRIORITY HIGH, READ ONLY, \
             AS OF SYSTEM TIME follower_read_timestamp()"
        );
        assert_eq!(
            begin(&all, Engine::PostgreSql),
            "BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY"
        );
    }

    #[test]
    fn an_isolation_can_be_for_one_engine() {
        let options = TransactionOptions::new()
            .isolation(Isolation::ReadCommitted)
            .isolation_on(Engine::CockroachDb, Isolation::Serializable);
        assert_eq!(
            begin(&options, Engine::CockroachDb),
            "BEGIN ISOLATION LEVEL SERIALIZABLE"
        );
        assert_eq!(
            begin(&options, Engine::PostgreSql),
            "BEGIN ISOLATION LEVEL READ COMMITTED"
        );
    }

    #[test]
    fn a_time_in_the_past_is_for_cockroachdb_only() {
        let past = TransactionOptions::new().read_as_of(AsOf::Ago(Duration::from_millis(10_250)));
        assert_eq!(
            begin(&past, Engine::CockroachDb),
            "BEGIN READ ONLY, AS OF SYSTEM TIME '-10.250000s'"
        );
        let error = past.begin(Engine::PostgreSql, None, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn the_time_left_travels_with_begin_and_is_never_zero() {
        let options = TransactionOptions::new();
        assert_eq!(
            options
                .begin(Engine::CockroachDb, None, Some(Duration::from_millis(1500)))
                .unwrap(),
            "BEGIN; SET LOCAL statement_timeout = 1500"
        );
        assert_eq!(
            options
                .begin(Engine::CockroachDb, None, Some(Duration::from_nanos(1)))
                .unwrap(),
            "BEGIN; SET LOCAL statement_timeout = 1"
        );
    }

    #[test]
    fn writes_are_not_buffered_where_a_savepoint_would_lose_them() {
        let begin = |engine, version: (u16, u16, u16)| {
            let version = Some(ServerVersion::new(version.0, version.1, version.2));
            let text = TransactionOptions::new().begin(engine, version, None);
            text.unwrap()
                .contains("kv_transaction_buffered_writes_enabled = off")
        };
        for version in [
            (25, 2, 0),
            (25, 2, 19),
            (25, 3, 0),
            (25, 4, 0),
            (25, 4, 3),
            (25, 4, 4),
            (26, 1, 0),
            (26, 1, 1),
        ] {
            assert!(begin(Engine::CockroachDb, version), "{version:?}");
            assert!(!begin(Engine::PostgreSql, version), "{version:?}");
        }
        for version in [(24, 3, 9), (25, 1, 9), (26, 2, 0)] {
            assert!(!begin(Engine::CockroachDb, version), "{version:?}");
        }
    }

    #[test]
    fn ddl_does_not_commit_where_it_would_by_default() {
        let options = TransactionOptions::new();
        let begin = |engine, minor| {
            let version = Some(ServerVersion::new(25, minor, 3));
            options.begin(engine, version, None).unwrap()
        };
        assert_eq!(
            begin(Engine::CockroachDb, 1),
            "BEGIN; SET LOCAL autocommit_before_ddl = off"
        );
        assert_eq!(begin(Engine::CockroachDb, 0), "BEGIN");
        assert_eq!(begin(Engine::PostgreSql, 1), "BEGIN");
    }
}
