//! Printing transactions, variables, plans and prepared statements.

use std::fmt::{self, Display, Formatter};

use super::super::ast::{SetScope, SetVariable, Transaction};
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
