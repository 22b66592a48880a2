//! Printing queries.

use std::fmt::{self, Display, Formatter};

use super::super::ast::{
    Cte, Join, JoinCondition, Limit, QueryBody, TableName, WindowFrame, WindowSpec,
};
use super::{Before, Clause, list, when};

impl Display for Cte {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        self.columns.clause(f, " (", ")")?;
        let materialized = match self.materialized {
            None => "",
            Some(true) => "MATERIALIZED ",
            Some(false) => "NOT MATERIALIZED ",
        };
        write!(f, " AS {materialized}({})", self.statement)
    }
}

impl Display for QueryBody {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Select(select) => select.fmt(f),
            Self::Values(rows) => {
                f.write_str("VALUES ")?;
                for (at, row) in rows.iter().enumerate() {
                    write!(f, "{}({})", when(at > 0, ", "), list(row))?;
                }
                Ok(())
            }
            Self::Table(table) => write!(f, "TABLE {table}"),
            Self::Nested(query) => write!(f, "({query})"),
            Self::SetOperation {
                operator,
                quantifier,
                left,
                right,
            } => write!(f, "{left} {operator} {quantifier}{right}"),
        }
    }
}

impl Display for TableName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.id {
            Some(table) => {
                write!(f, "[{}", table.id)?;
                if let Some(columns) = &table.columns {
                    write!(f, "({})", list(columns))?;
                }
                write!(f, " AS {}", self.name)?;
                table.column_names.clause(f, " (", ")")?;
                f.write_str("]")?;
            }
            None => write!(
                f,
                "{}{}{}",
                when(self.only, "ONLY "),
                self.name,
                when(self.descendants, " *")
            )?,
        }
        write!(f, "{}", Before("@", &self.hint))
    }
}

impl Display for Join {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let natural = when(self.condition == JoinCondition::Natural, "NATURAL ");
        write!(f, "{} {natural}{}", self.left, self.kind)?;
        self.hint.clause(f, "", " ")?;
        write!(f, "JOIN {}{}", self.right, self.condition)
    }
}

impl Display for Limit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("LIMIT ALL"),
            Self::Count(count) => write!(f, "LIMIT {count}"),
            Self::Fetch(count) => write!(f, "FETCH FIRST{} ROWS ONLY", Before(" ", count)),
        }
    }
}

impl Display for WindowSpec {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let clauses = [
            Before("", &self.base).to_string(),
            Before("PARTITION BY ", &self.partition_by).to_string(),
            Before("ORDER BY ", &self.order_by).to_string(),
            Before("", &self.frame).to_string(),
        ];
        let clauses = clauses.into_iter().filter(|clause| !clause.is_empty());
        write!(f, "({})", clauses.collect::<Vec<_>>().join(" "))
    }
}

impl Display for WindowFrame {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.unit)?;
        match &self.end {
            Some(end) => write!(f, "BETWEEN {} AND {end}", self.start)?,
            None => self.start.fmt(f)?,
        }
        write!(f, "{}", Before(" ", &self.exclusion))
    }
}
