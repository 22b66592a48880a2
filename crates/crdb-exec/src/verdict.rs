//! What a failure means for a caller that wants to try again: a pure function of the request's answer, the protocol
//! position and the engine.

use crate::effect::Effect;
use crate::fault::{Fault, FaultKind};
use crate::session::Engine;
use crate::sqlstate::SqlState;
use crate::statement::{RetrySafety, Statement};

/// What is certain about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// It is certain that nothing took effect, and trying again may succeed.
    Retry,
    /// Trying again would not help, or would not be right. Unless the error kind says otherwise
    /// ([`PartlyCommitted`](crate::ErrorKind::PartlyCommitted), [`NoRow`](crate::ErrorKind::NoRow), [`SeveralRows`](crate::ErrorKind::SeveralRows),
    /// [`Conversion`](crate::ErrorKind::Conversion) of a result) and beyond [`committed_rows`](crate::Error::committed_rows),
    /// nothing took effect.
    Never,
    /// The effect may have been committed, or may still be.
    OutcomeUnknown,
}

impl Verdict {
    /// A lasting name in snake case, for labels of metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Never => "never",
            Self::OutcomeUnknown => "outcome_unknown",
        }
    }
}

/// Where in the protocol a failure was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Position {
    /// No session was had yet: nothing was sent.
    Acquire,
    /// Inside an explicit transaction, BEGIN included, COMMIT excluded.
    InTransaction,
    /// In the body of a transaction that has been ended by a statement of its own, so that it may be committed.
    AfterEnd,
    /// A statement that is its own transaction.
    Autocommit {
        /// What may be done when its outcome is unknown.
        retry: RetrySafety,
        /// What its text can do.
        effect: Effect,
    },
    /// COMMIT.
    Commit(CommitErrors),
}

/// Whether an error that answers COMMIT says for certain that nothing is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CommitErrors {
    /// It does, unless its SQLSTATE says otherwise.
    Certain,
    /// Only 40001 does. CockroachDB before v26.1 may commit a READ COMMITTED or REPEATABLE READ transaction and answer an
    /// error that is not marked as ambiguous (cockroachdb/cockroach#152010).
    Doubtful,
}

impl Position {
    /// The position of a statement that is its own transaction.
    #[must_use]
    pub fn autocommit(statement: &Statement<'_>) -> Self {
        Self::Autocommit {
            retry: statement.retry_safety(),
            effect: Effect::of(statement.text()),
        }
    }

    /// The verdict on something that was sent and has no trustworthy answer.
    const fn unanswered(self) -> Verdict {
        match self {
            // Without a COMMIT the server can only abort.
            Self::Acquire
            | Self::InTransaction
            | Self::Autocommit {
                retry: RetrySafety::Safe,
                ..
            } => Verdict::Retry,
            Self::AfterEnd | Self::Autocommit { .. } | Self::Commit(_) => Verdict::OutcomeUnknown,
        }
    }

    /// The verdict on an error after which nothing of the statement stands, unless it was a COMMIT: there an error that
    /// is not about the transaction itself leaves open how far the commit had got.
    const fn failed(self) -> Verdict {
        match self {
            Self::Commit(_) => Verdict::OutcomeUnknown,
            _ => Verdict::Never,
        }
    }

    /// The verdict on an error that CockroachDB may give after it has committed a statement of its own transaction.
    fn replaced(self, engine: Engine) -> Verdict {
        match self {
            Self::Autocommit {
                retry: RetrySafety::Safe,
                ..
            }
            | Self::Autocommit {
                effect: Effect::Read,
                ..
            } => Verdict::Never,
            Self::Autocommit { .. } if engine == Engine::CockroachDb => Verdict::OutcomeUnknown,
            other => other.failed(),
        }
    }
}

/// The verdict on `fault`, met at `position` on a server of this engine.
///
/// | what | before COMMIT in a transaction | autocommit | COMMIT |
/// | --- | --- | --- | --- |
/// | refused by the client | never | never | - |
/// | not written | retry | retry | retry |
/// | written, unanswered; 57P01, 57P02, class 08 | retry | unknown (retry when safe) | unknown |
/// | 40001 | retry | retry | retry |
/// | 40P01, 53300, 57P03, 57P05, 25P03 | retry | retry | retry (1) |
/// | 40003 | unknown | unknown (retry when safe) | unknown |
/// | 58C00, 58C01 | retry | unknown (retry when safe) | unknown |
/// | 26000, 0A000 from a statement of the cache | retry | retry | - |
/// | XXA00 | never | never | never |
/// | 57014, other codes of the classes 58 and XX | never | never; on CockroachDB unknown (2) | unknown |
/// | 08P01 | never | unknown (never when safe) | unknown |
/// | 25P01 | never | never | unknown |
/// | anything else the server says | never | never | never (1) |
///
/// 1. Unknown where the errors of COMMIT are [doubtful](CommitErrors::Doubtful).
/// 2. Never when it is safe or only reads. CockroachDB answers 57014 also to a statement that it has committed: of INSERTs
///    that ran into `statement_timeout`, 84 to 90 % were in the table.
///
/// After a statement has ended the transaction that it ran in, everything is unknown. So is every error of a statement that
/// may commit [in parts](Effect::Partial), unless it came before anything was executed; when it is safe, it is retried where
/// another statement would be.
///
/// 40003 inside a transaction is unknown because only a RELEASE that the caller sent itself answers it there.
/// 57P01 is not taken as a refusal: a node that runs out of patience while it drains says it after cutting off what
/// was running, a commit too.
#[must_use]
pub fn verdict(fault: &Fault, position: Position, engine: Engine) -> Verdict {
    if position == Position::AfterEnd {
        return Verdict::OutcomeUnknown;
    }
    match fault.kind() {
        FaultKind::Refused => Verdict::Never,
        FaultKind::NotWritten => Verdict::Retry,
        FaultKind::Unanswered => position.unanswered(),
        FaultKind::Server if fault.is_stale_plan() => Verdict::Retry,
        FaultKind::Server => {
            let verdict = fault.sqlstate().map_or(position.failed(), |state| {
                server_verdict(state, position, engine)
            });
            match position {
                Position::Autocommit {
                    effect: Effect::Partial,
                    retry,
                } if !fault.is_before_execution() => match (retry, verdict) {
                    (RetrySafety::Safe, Verdict::Retry) => Verdict::Retry,
                    _ => Verdict::OutcomeUnknown,
                },
                Position::Commit(CommitErrors::Doubtful)
                    if !matches!(
                        fault.sqlstate(),
                        Some(
                            SqlState::SERIALIZATION_FAILURE
                                | SqlState::COMMITTED_WITHOUT_SCHEMA_CHANGE
                        )
                    ) =>
                {
                    Verdict::OutcomeUnknown
                }
                _ => verdict,
            }
        }
    }
}

fn server_verdict(state: SqlState, position: Position, engine: Engine) -> Verdict {
    if position == Position::Acquire {
        return match state {
            SqlState::TOO_MANY_CONNECTIONS
            | SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW => Verdict::Retry,
            other if other.class() == "08" && other != SqlState::PROTOCOL_VIOLATION => {
                Verdict::Retry
            }
            _ => Verdict::Never,
        };
    }
    match state {
        SqlState::SERIALIZATION_FAILURE
        | SqlState::DEADLOCK_DETECTED
        | SqlState::TOO_MANY_CONNECTIONS
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::IDLE_SESSION_TIMEOUT
        | SqlState::IDLE_IN_TRANSACTION_TIMEOUT
        | SqlState::CONNECTION_REFUSED
        | SqlState::CONNECTION_REJECTED => Verdict::Retry,
        SqlState::STATEMENT_COMPLETION_UNKNOWN => match position {
            Position::Autocommit {
                retry: RetrySafety::Safe,
                ..
            } => Verdict::Retry,
            _ => Verdict::OutcomeUnknown,
        },
        SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::RANGE_UNAVAILABLE
        | SqlState::INTERNODE_CONNECTION_FAILURE => position.unanswered(),
        SqlState::COMMITTED_WITHOUT_SCHEMA_CHANGE => Verdict::Never,
        SqlState::QUERY_CANCELED => position.replaced(engine),
        // What the two sides understood of each other is not known any more.
        SqlState::PROTOCOL_VIOLATION => match position {
            Position::Autocommit {
                retry: RetrySafety::Safe,
                ..
            } => Verdict::Never,
            Position::Autocommit { .. } => Verdict::OutcomeUnknown,
            other => other.failed(),
        },
        // To a COMMIT, 25P01 says that the body has ended the transaction itself, and not how.
        SqlState::NO_ACTIVE_TRANSACTION => position.failed(),
        other => match other.class() {
            "08" => position.unanswered(),
            "58" | "XX" => position.replaced(engine),
            _ => Verdict::Never,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Written;
    use crate::fault::ServerError;
    use Verdict::{Never, OutcomeUnknown as Unknown, Retry};

    fn server(code: &str) -> Fault {
        Fault::server(ServerError::new(
            SqlState::new(code).unwrap(),
            "text decides nothing",
        ))
    }

    const fn autocommit(retry: RetrySafety, effect: Effect) -> Position {
        Position::Autocommit { retry, effect }
    }

    fn row_on(fault: &Fault, engine: Engine) -> [Verdict; 4] {
        [
            Position::InTransaction,
            autocommit(RetrySafety::WhenCertain, Effect::Atomic),
            autocommit(RetrySafety::Safe, Effect::Atomic),
            Position::Commit(CommitErrors::Certain),
        ]
        .map(|position| verdict(fault, position, engine))
    }

    fn row(fault: &Fault) -> [Verdict; 4] {
        row_on(fault, Engine::PostgreSql)
    }

    /// Columns: in a transaction, autocommit, autocommit and safe, COMMIT.
    #[test]
    fn every_sqlstate_by_position() {
        let table: &[(&str, [Verdict; 4])] = &[
            ("40001", [Retry, Retry, Retry, Retry]),
            ("40P01", [Retry, Retry, Retry, Retry]),
            ("40003", [Unknown, Unknown, Retry, Unknown]),
            ("40002", [Never, Never, Never, Never]),
            ("57P01", [Retry, Unknown, Retry, Unknown]),
            ("57P02", [Retry, Unknown, Retry, Unknown]),
            ("57P03", [Retry, Retry, Retry, Retry]),
            ("57P05", [Retry, Retry, Retry, Retry]),
            ("53300", [Retry, Retry, Retry, Retry]),
            ("53200", [Never, Never, Never, Never]),
            ("25P01", [Never, Never, Never, Unknown]),
            ("25P02", [Never, Never, Never, Never]),
            ("25P03", [Retry, Retry, Retry, Retry]),
            ("08000", [Retry, Unknown, Retry, Unknown]),
            ("08003", [Retry, Unknown, Retry, Unknown]),
            ("08006", [Retry, Unknown, Retry, Unknown]),
            ("08007", [Retry, Unknown, Retry, Unknown]),
            ("08001", [Retry, Retry, Retry, Retry]),
            ("08004", [Retry, Retry, Retry, Retry]),
            ("08P01", [Never, Unknown, Never, Unknown]),
            ("58C00", [Retry, Unknown, Retry, Unknown]),
            ("58C01", [Retry, Unknown, Retry, Unknown]),
            ("58030", [Never, Never, Never, Unknown]),
            ("XXA00", [Never, Never, Never, Never]),
            ("XXUUU", [Never, Never, Never, Unknown]),
            ("XX000", [Never, Never, Never, Unknown]),
            ("XXC02", [Never, Never, Never, Unknown]),
            ("57014", [Never, Never, Never, Unknown]),
            ("55000", [Never, Never, Never, Never]),
            ("55P03", [Never, Never, Never, Never]),
            ("23505", [Never, Never, Never, Never]),
            ("42601", [Never, Never, Never, Never]),
            ("0A000", [Never, Never, Never, Never]),
            ("26000", [Never, Never, Never, Never]),
        ];
        for (code, expected) in table {
            assert_eq!(row(&server(code)), *expected, "{code}");
        }
    }

    /// CockroachDB may answer these to an autocommit statement that it has committed.
    #[test]
    fn cockroachdb_replaces_the_result_of_a_committed_statement() {
        for code in ["57014", "58030", "XXUUU", "XX000"] {
            let fault = server(code);
            let expected = [Never, Unknown, Never, Unknown];
            assert_eq!(row_on(&fault, Engine::CockroachDb), expected, "{code}");
            let read = autocommit(RetrySafety::WhenCertain, Effect::Read);
            assert_eq!(verdict(&fault, read, Engine::CockroachDb), Never, "{code}");
        }
    }

    #[test]
    fn a_statement_that_commits_in_parts_leaves_every_error_open() {
        let partial = autocommit(RetrySafety::WhenCertain, Effect::Partial);
        for code in ["40001", "23505", "P0001"] {
            let fault = server(code);
            assert_eq!(
                verdict(&fault, partial, Engine::PostgreSql),
                Unknown,
                "{code}"
            );
            let parsed = server(code).with_before_execution();
            assert_ne!(
                verdict(&parsed, partial, Engine::PostgreSql),
                Unknown,
                "{code}"
            );
        }
        let safe = autocommit(RetrySafety::Safe, Effect::Partial);
        assert_eq!(verdict(&server("40001"), safe, Engine::PostgreSql), Retry);
    }

    #[test]
    fn after_a_transaction_has_ended_everything_is_unknown() {
        for fault in [
            Fault::refused("does not fit"),
            Fault::lost(Written::Not, "gone"),
            Fault::lost(Written::Wholly, "gone"),
            server("40001"),
            server("23505"),
        ] {
            let verdict = verdict(&fault, Position::AfterEnd, Engine::PostgreSql);
            assert_eq!(verdict, Unknown, "{fault}");
        }
    }

    #[test]
    fn doubtful_errors_of_commit_are_unknown_but_for_40001() {
        let doubtful = Position::Commit(CommitErrors::Doubtful);
        for (code, expected) in [
            ("40001", Retry),
            ("XXA00", Never),
            ("40P01", Unknown),
            ("23505", Unknown),
            ("53300", Unknown),
        ] {
            let fault = server(code);
            assert_eq!(
                verdict(&fault, doubtful, Engine::CockroachDb),
                expected,
                "{code}"
            );
        }
    }

    #[test]
    fn every_loss_by_position() {
        assert_eq!(row(&Fault::lost(Written::Not, "gone")), [Retry; 4]);
        for written in [Written::Partly, Written::Wholly] {
            assert_eq!(
                row(&Fault::lost(written, "gone")),
                [Retry, Unknown, Retry, Unknown]
            );
        }
        assert_eq!(row(&Fault::refused("does not fit")), [Never; 4]);
        assert_eq!(
            row(&server("26000").with_stale_plan()),
            [Retry, Retry, Retry, Retry]
        );
        let never = autocommit(RetrySafety::Never, Effect::Atomic);
        let lost = Fault::lost(Written::Wholly, "gone");
        assert_eq!(verdict(&lost, never, Engine::PostgreSql), Unknown);
    }

    #[test]
    fn before_a_session_is_had_only_refusals_of_the_moment_are_retried() {
        let expected = [
            ("53300", Retry),
            ("57P01", Retry),
            ("57P03", Retry),
            ("08006", Retry),
            ("28P01", Never),
            ("28000", Never),
            ("3D000", Never),
            ("XXC02", Never),
            ("08P01", Never),
        ];
        for (code, verdict_) in expected {
            assert_eq!(
                verdict(&server(code), Position::Acquire, Engine::CockroachDb),
                verdict_,
                "{code}"
            );
        }
    }
}
