//! What a session knows about its transaction, and what that makes of a statement. Pure.

use std::time::{Duration, Instant};

use super::failure::Failure;
use super::injection::Opportunity;
use super::statement::{Class, Statement};
use super::version::CockroachVersion;

/// A transaction's state as the client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
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
    /// Statements that ran in it, control of the transaction and of the session left aside.
    statements: u32,
    /// It began with `SAVEPOINT cockroach_restart`.
    pub(super) restartable: bool,
}

/// What is to be done with a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// PostgreSQL runs it.
    Run,
    /// It fails.
    Refuse(Failure),
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
            statements: 0,
            restartable: false,
        }
    }

    /// Takes over a state that PostgreSQL reported.
    pub(super) fn set(&mut self, state: State, now: Instant) {
        if self.state == State::Idle && state != State::Idle {
            *self = Self {
                state,
                ..Self::new(now)
            };
        }
        self.state = state;
        if state == State::Idle {
            self.restartable = false;
        }
    }

    /// Remembers a statement that ran.
    pub(super) fn ran(&mut self, class: &Class) {
        match class {
            Class::Data | Class::Ddl | Class::CopyIn | Class::ForceRetry(_) | Class::Savepoint => {
                self.statements += 1;
            }
            Class::RestartSavepoint => self.restartable = true,
            _ => {}
        }
    }

    /// What CockroachDB does with a statement of this class.
    pub(super) fn decide(&self, class: &Class, version: CockroachVersion) -> Decision {
        use Decision::{CommitFirst, EndReleased, Refuse, Release, RollBackToRestart, Run};
        let none = || {
            Refuse(Failure::uncategorized(
                "there is no transaction in progress",
            ))
        };
        match (self.state, class) {
            (_, Class::Empty) => Run,
            (State::Released, Class::Commit | Class::Rollback) => EndReleased,
            (State::Released, _) => Refuse(Failure::new(
                "25000",
                "current transaction is committed, commands ignored until end of transaction block",
            )),
            (State::Open, Class::Begin) => Refuse(Failure::uncategorized(
                "there is already a transaction in progress",
            )),
            (State::Idle, Class::Commit | Class::Rollback) if version.commits_before_ddl() => Run,
            (
                State::Idle,
                Class::Commit
                | Class::Rollback
                | Class::Savepoint
                | Class::RestartSavepoint
                | Class::RestartRelease,
            ) => none(),
            (State::Open, Class::RestartSavepoint) if self.statements > 0 && !self.restartable => {
                Refuse(Failure::new(
                    "42601",
                    "SAVEPOINT \"cockroach_restart\" needs to be the first statement in a transaction",
                ))
            }
            (State::Failed, Class::RestartSavepoint) if self.restartable => RollBackToRestart,
            (State::Open, Class::RestartRelease) if self.restartable => Release,
            (State::Open, Class::Ddl) if version.commits_before_ddl() => CommitFirst,
            _ => Run,
        }
    }

    /// What may be made to fail when `statement` runs.
    pub(super) fn opportunity(&self, statement: &Statement) -> Opportunity {
        let data = matches!(statement.class, Class::Data | Class::CopyIn);
        let commits_all = statement.last == Some(Class::Commit);
        match self.state {
            State::Idle => Opportunity {
                statement: data || commits_all,
                commit: commits_all || (statement.class == Class::Data && statement.last.is_none()),
            },
            State::Open => Opportunity {
                statement: data,
                commit: matches!(statement.class, Class::Commit | Class::RestartRelease)
                    || commits_all,
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

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: CockroachVersion = CockroachVersion::V23_1;
    const NEW: CockroachVersion = CockroachVersion::V25_2;

    fn transaction(state: State) -> Transaction {
        let now = Instant::now();
        let mut transaction = Transaction::new(now);
        transaction.set(state, now);
        transaction
    }

    #[test]
    fn ending_what_did_not_begin_is_an_error_and_later_a_warning() {
        let idle = transaction(State::Idle);
        for class in [Class::Commit, Class::Rollback] {
            assert!(
                matches!(idle.decide(&class, OLD), Decision::Refuse(failure) if failure.code == "XXUUU")
            );
            assert_eq!(idle.decide(&class, NEW), Decision::Run);
        }
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
            released.decide(&Class::Rollback, NEW),
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
