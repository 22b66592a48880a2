//! Printing transactions, variables, plans and prepared statements.

use std::fmt::{self, Display, Formatter};

use super::super::ast::{
    Execute, Explain, IsolationLevel, Prepare, SetScope, SetVariable, Transaction, TransactionMode,
    TransactionPriority,
};
use super::{Joined, Text, list, when};

impl Display for Transaction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begin(modes) if modes.is_empty() => f.write_str("BEGIN TRANSACTION"),
            Self::Begin(modes) => write!(f, "BEGIN TRANSACTION {}", list(modes)),
            Self::Commit { chain } => {
                write!(f, "COMMIT TRANSACTION{}", when(*chain, " AND CHAIN"))
            }
            Self::Rollback { chain } => {
                write!(f, "ROLLBACK TRANSACTION{}", when(*chain, " AND CHAIN"))
            }
            Self::Savepoint(name) => write!(f, "SAVEPOINT {name}"),
            Self::Release(name) => write!(f, "RELEASE SAVEPOINT {name}"),
            Self::RollbackTo(name) => write!(f, "ROLLBACK TRANSACTION TO SAVEPOINT {name}"),
            Self::Set(modes) => write!(f, "SET TRANSACTION {}", list(modes)),
            Self::SetDefaults(modes) => {
                write!(
                    f,
                    "SET SESSION CHARACTERISTICS AS TRANSACTION {}",
                    list(modes)
                )
            }
            Self::Prepare(id) => write!(f, "PREPARE TRANSACTION {}", Text(id)),
            Self::CommitPrepared(id) => write!(f, "COMMIT PREPARED {}", Text(id)),
            Self::RollbackPrepared(id) => write!(f, "ROLLBACK PREPARED {}", Text(id)),
        }
    }
}

impl Display for TransactionMode {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Isolation(level) => write!(f, "ISOLATION LEVEL {level}"),
            Self::Priority(TransactionPriority::Low) => f.write_str("PRIORITY LOW"),
            Self::Priority(TransactionPriority::Normal) => f.write_str("PRIORITY NORMAL"),
            Self::Priority(TransactionPriority::High) => f.write_str("PRIORITY HIGH"),
            Self::ReadOnly(true) => f.write_str("READ ONLY"),
            Self::ReadOnly(false) => f.write_str("READ WRITE"),
            Self::AsOf(time) => write!(f, "AS OF SYSTEM TIME {time}"),
            Self::Deferrable(yes) => write!(f, "{}DEFERRABLE", when(!*yes, "NOT ")),
        }
    }
}

impl Display for IsolationLevel {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadUncommitted => "READ UNCOMMITTED",
            Self::ReadCommitted => "READ COMMITTED",
            Self::Snapshot => "SNAPSHOT",
            Self::RepeatableRead => "REPEATABLE READ",
            Self::Serializable => "SERIALIZABLE",
        })
    }
}

impl Display for SetVariable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.scope {
            SetScope::Default => "SET ",
            SetScope::Session => "SET SESSION ",
            SetScope::Local => "SET LOCAL ",
            SetScope::Cluster => "SET CLUSTER SETTING ",
        })?;
        if self.name.is_empty() {
            return write!(f, "ROW ({})", list(&self.values));
        }
        write!(f, "{} = {}", Joined(&self.name, "."), list(&self.values))
    }
}

impl Display for Explain {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "EXPLAIN {}", when(self.analyze, "ANALYZE "))?;
        if !self.options.is_empty() {
            write!(f, "({}) ", list(&self.options))?;
        }
        self.statement.fmt(f)
    }
}

impl Display for Prepare {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "PREPARE {}", self.name)?;
        if !self.types.is_empty() {
            write!(f, " ({})", list(&self.types))?;
        }
        write!(f, " AS {}", self.statement)
    }
}

impl Display for Execute {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "EXECUTE {}", self.name)?;
        if !self.arguments.is_empty() {
            write!(f, " ({})", list(&self.arguments))?;
        }
        f.write_str(when(self.discard_rows, " DISCARD ROWS"))
    }
}
