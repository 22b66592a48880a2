//! What a statement is to its script: whether it may have an effect, and what it does to the transaction.

use crdb_facade::exec::Effect;
use crdb_sql::dialect;
use crdb_sql::dialect::ast::{StatementKind, Transaction, UtilityKind};

/// What a statement does, as far as its text tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It reads, or sets up the session.
    Neutral,
    /// It may write.
    Writes,
    /// `COMMIT`, and what CockroachDB takes for it.
    Commit,
    /// `SAVEPOINT`.
    Savepoint(String),
    /// `ROLLBACK TO SAVEPOINT`.
    RollbackTo(String),
}

/// The savepoint whose release commits a transaction of CockroachDB.
const RESTART: &str = "cockroach_restart";

impl Step {
    /// Reads the statement. One that cannot be read may write.
    pub(super) fn of(text: &str) -> Self {
        let Ok(statement) = dialect::parse_one(text) else {
            return Self::by_effect(text);
        };
        match &statement.kind {
            StatementKind::Transaction(transaction) => match transaction {
                Transaction::Commit { .. } => Self::Commit,
                Transaction::Release(name) if name.to_string() == RESTART => Self::Commit,
                Transaction::Savepoint(name) => Self::Savepoint(name.to_string()),
                Transaction::RollbackTo(name) => Self::RollbackTo(name.to_string()),
                Transaction::CommitPrepared(_) | Transaction::RollbackPrepared(_) => Self::Writes,
                _ => Self::Neutral,
            },
            StatementKind::Set(set) if set.scope != dialect::ast::SetScope::Cluster => {
                Self::Neutral
            }
            StatementKind::Explain(explain) if !explain.analyze => Self::Neutral,
            StatementKind::Prepare(_) => Self::Neutral,
            StatementKind::Utility(utility)
                if matches!(
                    utility.kind,
                    UtilityKind::Show
                        | UtilityKind::Reset
                        | UtilityKind::Discard
                        | UtilityKind::Deallocate
                        | UtilityKind::Cursor
                ) =>
            {
                Self::Neutral
            }
            _ => Self::by_effect(text),
        }
    }

    fn by_effect(text: &str) -> Self {
        match Effect::of(text) {
            Effect::Read => Self::Neutral,
            _ => Self::Writes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_apart() {
        for (text, step) in [
            ("SELECT 1", Step::Neutral),
            ("SET statement_timeout = '1s'", Step::Neutral),
            ("BEGIN", Step::Neutral),
            ("ROLLBACK", Step::Neutral),
            ("INSERT INTO t VALUES (1)", Step::Writes),
            ("SELECT nextval('s')", Step::Writes),
            ("SET CLUSTER SETTING a.b = 1", Step::Writes),
            ("what is this", Step::Writes),
            ("END", Step::Commit),
            ("RELEASE SAVEPOINT cockroach_restart", Step::Commit),
            ("SAVEPOINT \"A b\"", Step::Savepoint("\"A b\"".to_owned())),
            (
                "ROLLBACK TO SAVEPOINT \"A b\"",
                Step::RollbackTo("\"A b\"".to_owned()),
            ),
        ] {
            assert_eq!(Step::of(text), step, "{text}");
        }
    }
}
