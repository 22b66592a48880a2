//! Printing transactions, variables, plans and prepared statements.

use std::fmt::{self, Display, Formatter};

use super::super::ast::{SetVariable, Transaction};
use super::{Joined, list};

impl Display for Transaction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begin(modes) if modes.is_empty() => f.write_str("BEGIN TRANSACTION"),
            _ => self.declared(f),
        }
    }
}

impl Display for SetVariable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.scope.fmt(f)?;
        if self.name.is_empty() {
            return write!(f, "ROW ({})", list(&self.values));
        }
        write!(f, "{} = {}", Joined(&self.name, "."), list(&self.values))
    }
}
