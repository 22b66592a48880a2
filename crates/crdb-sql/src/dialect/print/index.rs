//! Printing indexes and partitions.

use std::fmt::{self, Display, Formatter};

use super::super::ast::{
    CreateIndex, HashSharding, IndexColumn, IndexDefinition, IndexKind, IndexTarget,
    IndexVisibility, Interleave, ListPartition, PartitionBy, RangePartition, StorageParameter,
};
use super::{Before, list, when};

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
        let kind = match self.kind {
            IndexKind::Forward => "",
            IndexKind::Inverted => "INVERTED ",
            IndexKind::Vector => "VECTOR ",
        };
        write!(f, "{}{kind}INDEX", when(self.unique, "UNIQUE "))
    }

    /// From the columns on.
    pub(super) fn print_body(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "({}){}", list(&self.columns), Before(" ", &self.hash))?;
        if !self.storing.is_empty() {
            write!(f, " STORING ({})", list(&self.storing))?;
        }
        write!(
            f,
            "{}{}",
            Before(" ", &self.interleave),
            Before(" PARTITION BY ", &self.partition_by)
        )?;
        print_parameters(f, &self.parameters)?;
        write!(
            f,
            "{}{}",
            Before(" WHERE ", &self.filter),
            Before(" ", &self.visibility)
        )
    }
}

/// ` WITH (a = b)`, if there are any.
pub(super) fn print_parameters(
    f: &mut Formatter<'_>,
    parameters: &[StorageParameter],
) -> fmt::Result {
    if parameters.is_empty() {
        Ok(())
    } else {
        write!(f, " WITH ({})", list(parameters))
    }
}

impl Display for IndexColumn {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.target {
            IndexTarget::Column(name) => name.fmt(f)?,
            IndexTarget::Expr(expr) => expr.fmt(f)?,
        }
        write!(
            f,
            "{}{}{}",
            Before(" ", &self.class),
            Before(" ", &self.direction),
            Before(" ", &self.nulls)
        )
    }
}

impl Display for HashSharding {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "USING HASH{}",
            Before(" WITH BUCKET_COUNT = ", &self.buckets)
        )
    }
}

impl Display for Interleave {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let behavior = match self.cascade {
            None => "",
            Some(true) => " CASCADE",
            Some(false) => " RESTRICT",
        };
        write!(
            f,
            "INTERLEAVE IN PARENT {} ({}){behavior}",
            self.parent,
            list(&self.columns)
        )
    }
}

impl Display for PartitionBy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("NOTHING"),
            Self::List {
                columns,
                partitions,
            } => write!(f, "LIST ({}) ({})", list(columns), list(partitions)),
            Self::Range {
                columns,
                partitions,
            } => write!(f, "RANGE ({}) ({})", list(columns), list(partitions)),
        }
    }
}

impl Display for ListPartition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let inner = Before(" PARTITION BY ", &self.partition_by);
        write!(
            f,
            "PARTITION {} VALUES IN ({}){inner}",
            self.name,
            list(&self.values)
        )
    }
}

impl Display for RangePartition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let inner = Before(" PARTITION BY ", &self.partition_by);
        write!(
            f,
            "PARTITION {} VALUES FROM ({}) TO ({}){inner}",
            self.name,
            list(&self.from),
            list(&self.to)
        )
    }
}

impl Display for StorageParameter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.name, self.value)
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
