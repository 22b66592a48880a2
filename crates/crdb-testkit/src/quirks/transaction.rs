//! What a session knows about its transaction, and what that makes of a statement. Pure.

use std::time::{Duration, Instant};

use super::failure::Failure;
use super::injection::Opportunity;
use super::statement::{Class, Statement};
use super::version::CockroachVersion;

/// A transaction's state as the client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// No explicit transaction; there may be an implicit one, of the statements since the last Sync.
    Idle,
    Open,
    Failed,
    /// `RELEASE SAVEPOINT cockroach_restart` has committed it; COMMIT is still to come.
    Released,
}

impl State {
    /// The byte of ReadyForQuery.
    pub(super) fn status(self) -> u8 {
        match self {
            Self::Idle => b'I',
            Self::Open | Self::Released => b'T',
            Self::Failed => b'E',
        }
    }

    pub(super) fn of(status: u8) -> Self {
        match status {
            b'T' => Self::Open,
            b'E' => Self::Failed,
            _ => Self::Idle,
        }
    }
}

/// A session's transaction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transaction {
    pub(super) state: State,
    since: Instant,
    /// Statements that ran in it, explicit or implicit.
    executed: u32,
    /// Those of them that are neither control of the transaction nor of the session.
    statements: u32,
    written: bool,
    /// Rows that it has written, by the tags of its statements.
    rows: u64,
    /// Retry errors that a setting has asked for.
    injected: u32,
    /// A write that waits for COMMIT has lost.
    doomed: bool,
    /// A schema change in it will not be carried through.
    schema_failed: bool,
    /// A schema change has raised it to SERIALIZABLE.
    raised: bool,
    /// It began with `SAVEPOINT cockroach_restart`.
    pub(super) restartable: bool,
}

/// What decides how a statement is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) version: CockroachVersion,
    /// The setting `autocommit_before_ddl`.
    pub(super) commits_before_ddl: bool,
}

/// What is to be done with a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// PostgreSQL runs it.
    Run,
    /// It fails.
    Refuse(Failure),
    /// It does nothing but warn that there is no transaction, and completes with this tag.
    Warn(&'static str),
    /// It ends the implicit transaction.
    EndImplicit { commit: bool },
    /// A COMMIT or ROLLBACK after the release has committed: the answer is COMMIT.
    EndReleased,
    /// The transaction is committed now, and its COMMIT is still to come.
    Release,
    /// The transaction is rolled back to `cockroach_restart`.
    RollBackToRestart,
    /// What came before it is committed first.
    CommitFirst,
}

impl Transaction {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            state: State::Idle,
            since: now,
            executed: 0,
            statements: 0,
            written: false,
            rows: 0,
            injected: 0,
            doomed: false,
            schema_failed: false,
            raised: false,
            restartable: false,
        }
    }

    /// Takes over a state that PostgreSQL reported.
    pub(super) fn set(&mut self, state: State, now: Instant) {
        if (self.state == State::Idle) != (state == State::Idle) {
            *self = Self::new(now);
        }
        self.state = state;
    }

    /// The implicit transaction has ended, by a Sync or otherwise.
    pub(super) fn end_implicit(&mut self, now: Instant) {
        if self.state == State::Idle {
            *self = Self::new(now);
        }
    }

    /// Remembers a statement that ran.
    pub(super) fn ran(&mut self, class: &Class) {
        if *class == Class::ShowCommitTimestamp {
            return;
        }
        self.executed += 1;
        self.written |= matches!(class, Class::Write | Class::CopyIn | Class::Ddl);
        match class {
            Class::Data
            | Class::Write
            | Class::Ddl
            | Class::CopyIn
            | Class::ForceRetry(_)
            | Class::Savepoint
            | Class::RollbackTo(_) => {
                self.statements += 1;
            }
            Class::RestartSavepoint => self.restartable = true,
            _ => {}
        }
    }

    /// A statement has written so many rows.
    pub(super) fn wrote(&mut self, rows: u64) {
        self.rows = self.rows.saturating_add(rows);
    }

    /// How many rows it has written.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// How many statements have run in it.
    pub(super) fn executed(&self) -> u32 {
        self.executed
    }

    /// Whether it has written anything.
    pub(super) fn has_written(&self) -> bool {
        self.written
    }

    /// Whether it has done more than control itself and the session.
    pub(super) fn has_worked(&self) -> bool {
        self.statements > 0
    }

    /// A schema change raises it to SERIALIZABLE.
    pub(super) fn raise(&mut self) {
        self.raised = true;
    }

    pub(super) fn is_raised(&self) -> bool {
        self.raised
    }

    /// Makes its COMMIT fail with 40001.
    pub(super) fn doom(&mut self) {
        self.doomed = true;
    }

    pub(super) fn is_doomed(&self) -> bool {
        self.doomed
    }

    /// Makes its COMMIT fail with XXA00.
    pub(super) fn schema_failed(&mut self) {
        self.schema_failed = true;
    }

    pub(super) fn has_schema_failed(&self) -> bool {
        self.schema_failed
    }

    /// Whether a retry error that a setting asks for still comes: three times.
    pub(super) fn takes_injected_retry(&mut self) -> bool {
        let takes = self.injected < 3;
        self.injected += u32::from(takes);
        takes
    }

    /// Whether something has run in an explicit or implicit transaction that is not over.
    pub(super) fn has_begun(&self) -> bool {
        self.state == State::Open || self.executed > 0
    }

    /// What CockroachDB does with a statement of this class.
    pub(super) fn decide(&self, class: &Class, rules: Rules) -> Decision {
        use Decision::{
            CommitFirst, EndImplicit, EndReleased, Refuse, Release, RollBackToRestart, Run, Warn,
        };
        let none = |tag: &'static str| {
            if rules.commits_before_ddl {
                Warn(tag)
            } else {
                Refuse(Failure::new(rules.version.not_begun(), NOT_BEGUN))
            }
        };
        match (self.state, class) {
            (_, Class::Empty) => Run,
            (State::Released, Class::Commit { .. } | Class::Rollback { .. }) => EndReleased,
            (State::Released, Class::ShowCommitTimestamp) => Run,
            (State::Released, _) => Refuse(Failure::new(
                "25000",
                "current transaction is committed, commands ignored until end of transaction block",
            )),
            (State::Open, Class::Begin) => Refuse(Failure::new(
                rules.version.begun_twice(),
                "there is already a transaction in progress",
            )),
            (State::Idle, Class::Commit { .. }) if self.executed > 0 => {
                EndImplicit { commit: true }
            }
            (State::Idle, Class::Rollback { .. }) if self.executed > 0 => {
                EndImplicit { commit: false }
            }
            (State::Idle, Class::Commit { .. }) => none("COMMIT"),
            (State::Idle, Class::Rollback { .. }) => none("ROLLBACK"),
            (State::Idle, Class::Savepoint | Class::RestartSavepoint) => none("SAVEPOINT"),
            (State::Idle, Class::Release | Class::RestartRelease) => none("RELEASE"),
            (State::Idle, Class::SetTransaction) if self.executed == 0 => none("SET TRANSACTION"),
            (State::Idle, Class::RollbackTo(name)) => Refuse(Failure::new(
                "3B001",
                format!("savepoint {name:?} does not exist"),
            )),
            (State::Open, Class::RestartSavepoint) if self.statements > 0 && !self.restartable => {
                Refuse(Failure::new(
                    "42601",
                    "SAVEPOINT \"cockroach_restart\" needs to be the first statement in a transaction",
                ))
            }
            (State::Failed, Class::RestartSavepoint) if self.restartable => RollBackToRestart,
            (State::Open, Class::RestartRelease) if self.restartable => Release,
            (State::Idle | State::Open, Class::Ddl)
                if rules.commits_before_ddl && self.has_begun() =>
            {
                CommitFirst
            }
            _ => Run,
        }
    }

    /// What may be made to fail when `statement` runs; `alone` says that it is its own implicit transaction, if there is
    /// no explicit one.
    pub(super) fn opportunity(&self, statement: &Statement, alone: bool) -> Opportunity {
        let data = matches!(statement.class, Class::Data | Class::Write | Class::CopyIn);
        let autocommit = alone && matches!(statement.class, Class::Data | Class::Write);
        match self.state {
            State::Idle => Opportunity {
                statement: data,
                commit: autocommit,
                autocommit,
                schema: statement.class == Class::Ddl,
            },
            State::Open => Opportunity {
                statement: data,
                commit: matches!(
                    statement.class,
                    Class::Commit { .. } | Class::RestartRelease
                ),
                autocommit: false,
                schema: statement.class == Class::Ddl,
            },
            State::Failed | State::Released => Opportunity::default(),
        }
    }

    /// How `crdb_internal.force_retry` ends: after a wait, because the server retries by itself as long as nothing has
    /// been answered in the transaction, or none when it fails.
    pub(super) fn forced_retry(&self, milliseconds: u64, now: Instant) -> Option<Duration> {
        let wanted = Duration::from_millis(milliseconds);
        match self.state {
            State::Open => {
                let left = wanted.saturating_sub(now.duration_since(self.since));
                (left.is_zero() || self.statements == 0).then_some(left)
            }
            _ => Some(wanted),
        }
    }
}

/// What CockroachDB says of COMMIT and its like outside a transaction.
pub(super) const NOT_BEGUN: &str = "there is no transaction in progress";

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Rules = Rules {
        version: CockroachVersion::V22_2,
        commits_before_ddl: false,
    };
    const NEW: Rules = Rules {
        version: CockroachVersion::V26_2,
        commits_before_ddl: true,
    };

    fn transaction(state: State) -> Transaction {
        let now = Instant::now();
        let mut transaction = Transaction::new(now);
        transaction.set(state, now);
        transaction
    }

    #[test]
    fn ending_what_did_not_begin_is_an_error_and_later_a_warning() {
        let idle = transaction(State::Idle);
        for class in [
            Class::Commit { chain: false },
            Class::Rollback { chain: false },
            Class::Savepoint,
        ] {
            assert!(
                matches!(idle.decide(&class, OLD), Decision::Refuse(failure) if failure.code == "XXUUU")
            );
            let off = Rules {
                commits_before_ddl: false,
                ..NEW
            };
            assert!(
                matches!(idle.decide(&class, off), Decision::Refuse(failure) if failure.code == "25P01")
            );
            assert!(matches!(idle.decide(&class, NEW), Decision::Warn(_)));
        }
    }

    #[test]
    fn an_implicit_transaction_can_be_ended_and_is_committed_before_ddl() {
        let mut idle = transaction(State::Idle);
        assert_eq!(idle.decide(&Class::Ddl, NEW), Decision::Run);
        idle.ran(&Class::Write);
        assert_eq!(idle.decide(&Class::Ddl, NEW), Decision::CommitFirst);
        assert_eq!(idle.decide(&Class::Ddl, OLD), Decision::Run);
        assert_eq!(
            idle.decide(&Class::Rollback { chain: false }, OLD),
            Decision::EndImplicit { commit: false }
        );
        idle.end_implicit(Instant::now());
        assert_eq!(idle.decide(&Class::Ddl, NEW), Decision::Run);
    }

    #[test]
    fn a_restart_savepoint_must_come_first() {
        let mut open = transaction(State::Open);
        assert_eq!(open.decide(&Class::RestartSavepoint, NEW), Decision::Run);
        open.ran(&Class::Session);
        assert_eq!(open.decide(&Class::RestartSavepoint, NEW), Decision::Run);
        open.ran(&Class::Data);
        assert!(matches!(
            open.decide(&Class::RestartSavepoint, NEW),
            Decision::Refuse(_)
        ));
    }

    #[test]
    fn a_released_transaction_takes_nothing_but_its_end() {
        let released = transaction(State::Released);
        assert_eq!(
            released.decide(&Class::Rollback { chain: false }, NEW),
            Decision::EndReleased
        );
        assert!(
            matches!(released.decide(&Class::Data, NEW), Decision::Refuse(failure) if failure.code == "25000")
        );
        assert_eq!(released.state.status(), b'T');
    }

    #[test]
    fn a_forced_retry_fails_only_after_something_was_answered() {
        let now = Instant::now();
        let mut open = Transaction::new(now);
        open.set(State::Open, now);
        assert_eq!(open.forced_retry(50, now), Some(Duration::from_millis(50)));
        open.ran(&Class::Data);
        assert_eq!(open.forced_retry(50, now), None);
        assert_eq!(
            open.forced_retry(50, now + Duration::from_millis(50)),
            Some(Duration::ZERO)
        );
    }
}
