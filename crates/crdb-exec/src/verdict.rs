//! What a failure means for whoever wants to try again: a pure function of SQLSTATE and protocol position.

use crate::fault::{Fault, FaultKind};
use crate::sqlstate::SqlState;
use crate::statement::RetrySafety;

/// What is certain about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// It is certain that nothing took effect, and trying again may succeed.
    Retry,
    /// Trying again would not help, or would not be right. Unless the error kind says otherwise
    /// ([`PartlyCommitted`](crate::ErrorKind::PartlyCommitted), [`RowCount`](crate::ErrorKind::RowCount),
    /// [`Conversion`](crate::ErrorKind::Conversion) of a result) nothing took effect.
    Never,
    /// The effect may have been committed, or may still be.
    OutcomeUnknown,
}

/// Where in the protocol a failure was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Position {
    /// No session was had yet: nothing was sent.
    Acquire,
    /// Inside an explicit transaction, BEGIN included, COMMIT excluded.
    InTransaction,
    /// A statement that is its own transaction.
    Autocommit(RetrySafety),
    /// COMMIT, or the RELEASE that commits.
    Commit,
}

impl Position {
    /// The verdict on something that was sent and has no trustworthy answer.
    const fn unanswered(self) -> Verdict {
        match self {
            // Without a COMMIT the server can only abort.
            Self::Acquire | Self::InTransaction | Self::Autocommit(RetrySafety::Safe) => {
                Verdict::Retry
            }
            Self::Autocommit(_) | Self::Commit => Verdict::OutcomeUnknown,
        }
    }

    /// The verdict on an error after which nothing of the statement stands, unless it was a COMMIT: there an error that
    /// is not about the transaction itself leaves open how far the commit had got.
    const fn failed(self) -> Verdict {
        match self {
            Self::Commit => Verdict::OutcomeUnknown,
            _ => Verdict::Never,
        }
    }
}

/// The verdict on `fault`, met at `position`.
///
/// | what | before COMMIT in a transaction | autocommit | COMMIT |
/// | --- | --- | --- | --- |
/// | not written | retry | retry | retry |
/// | written, unanswered; 57P01, 57P02, class 08 | retry | unknown (retry when safe) | unknown |
/// | 40001, 40P01 | retry | retry | retry |
/// | 40003 | unknown | unknown (retry when safe) | unknown |
/// | 53300, 57P03, 57P05, 25P03 | retry | retry | retry |
/// | 58C00, 58C01 | retry | unknown (retry when safe) | unknown |
/// | 26000, 0A000 from a statement of the cache | retry | retry | - |
/// | XXA00 | never | never | never |
/// | 08P01, 25P01, 57014, classes 58 and XX | never | never | unknown |
/// | anything else the server says | never | never | never |
/// | a value that does not convert | never | never | - |
///
/// 40003 inside a transaction is unknown because only a RELEASE that the caller sent itself answers it there.
/// 57P01 is not taken as a refusal: a node that runs out of patience while it drains says it after cutting off what
/// was running, a commit too.
#[must_use]
pub fn verdict(fault: &Fault, position: Position) -> Verdict {
    match fault.kind() {
        FaultKind::NotWritten => Verdict::Retry,
        FaultKind::Unanswered => position.unanswered(),
        FaultKind::Conversion => Verdict::Never,
        FaultKind::Server if fault.is_stale_statement() => Verdict::Retry,
        FaultKind::Server => fault
            .sqlstate()
            .map_or(position.failed(), |state| server_verdict(state, position)),
    }
}

fn server_verdict(state: SqlState, position: Position) -> Verdict {
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
            Position::Autocommit(RetrySafety::Safe) => Verdict::Retry,
            _ => Verdict::OutcomeUnknown,
        },
        SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::RANGE_UNAVAILABLE
        | SqlState::INTERNODE_CONNECTION_FAILURE => position.unanswered(),
        SqlState::COMMITTED_WITHOUT_SCHEMA_CHANGE => Verdict::Never,
        // To a COMMIT, 25P01 says that the body has ended the transaction itself, and not how.
        SqlState::PROTOCOL_VIOLATION
        | SqlState::QUERY_CANCELED
        | SqlState::NO_ACTIVE_TRANSACTION => position.failed(),
        other => match other.class() {
            "08" => position.unanswered(),
            "58" | "XX" => position.failed(),
            _ => Verdict::Never,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::ServerError;
    use Verdict::{Never, OutcomeUnknown as Unknown, Retry};

    fn server(code: &str) -> Fault {
        Fault::server(ServerError::new(
            SqlState::new(code).unwrap(),
            "text decides nothing",
        ))
    }

    fn row(fault: &Fault) -> [Verdict; 4] {
        [
            Position::InTransaction,
            Position::Autocommit(RetrySafety::WhenCertain),
            Position::Autocommit(RetrySafety::Safe),
            Position::Commit,
        ]
        .map(|position| verdict(fault, position))
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
            ("08P01", [Never, Never, Never, Unknown]),
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

    #[test]
    fn every_loss_by_position() {
        assert_eq!(row(&Fault::not_written("gone")), [Retry; 4]);
        assert_eq!(
            row(&Fault::unanswered("gone")),
            [Retry, Unknown, Retry, Unknown]
        );
        assert_eq!(row(&Fault::conversion("does not fit")), [Never; 4]);
        assert_eq!(
            row(&server("26000").with_stale_statement()),
            [Retry, Retry, Retry, Retry]
        );
        let never = Position::Autocommit(RetrySafety::Never);
        assert_eq!(verdict(&Fault::unanswered("gone"), never), Unknown);
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
                verdict(&server(code), Position::Acquire),
                verdict_,
                "{code}"
            );
        }
    }
}
