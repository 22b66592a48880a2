//! Printing indexes and partitions.

use std::fmt::{self, Display, Formatter};

use super::super::ast::{CreateIndex, IndexDefinition, IndexVisibility};
use super::{Before, Clause, list, when};

impl Display for CreateIndex {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("CREATE ")?;
        self.index.print_head(f)?;
        f.write_str(when(self.concurrently, " CONCURRENTLY"))?;
        f.write_str(when(self.if_not_exists, " IF NOT EXISTS"))?;
        write!(
            f,
            "{} ON {}{} ",
            Before(" ", &self.index.name),
            self.table,
            Before(" USING ", &self.method)
        )?;
        self.index.print_body(f)
    }
}

impl Display for IndexDefinition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.print_head(f)?;
        write!(f, "{} ", Before(" ", &self.name))?;
        self.print_body(f)
    }
}

impl IndexDefinition {
    /// `UNIQUE INVERTED INDEX`.
    fn print_head(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}INDEX", when(self.unique, "UNIQUE "), self.kind)
    }

    /// From the columns on.
    pub(super) fn print_body(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "({}){}", list(&self.columns), Before(" ", &self.hash))?;
        self.storing.clause(f, " STORING (", ")")?;
        write!(
            f,
            "{}{}",
            Before(" ", &self.interleave),
            Before(" PARTITION BY ", &self.partition_by)
        )?;
        self.parameters.clause(f, " WITH (", ")")?;
        write!(
            f,
            "{}{}",
            Before(" WHERE ", &self.filter),
            Before(" ", &self.visibility)
        )
    }
}

impl Display for IndexVisibility {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Visible => f.write_str("VISIBLE"),
            Self::NotVisible => f.write_str("NOT VISIBLE"),
            Self::Partial(part) => write!(f, "VISIBILITY {part}"),
        }
    }
}
