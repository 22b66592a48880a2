//! Printing queries.

use std::fmt::{self, Display, Formatter};

use super::super::ast::{
    Cte, Direction, Distinct, FrameBound, FrameExclusion, FrameUnit, IndexFlag, IndexHint,
    IndexRef, Join, JoinCondition, JoinHint, JoinKind, Limit, LockStrength, LockWait, Locking,
    NamedWindow, NullsOrder, Offset, OrderBy, OrderTarget, Query, QueryBody, Select, SelectItem,
    SetOperator, SetQuantifier, TableAlias, TableFunction, TableName, TableRef, TableSource,
    TableSourceKind, Window, WindowFrame, WindowSpec, With,
};
use super::{Before, list, when};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(with) = &self.with {
            write!(f, "{with} ")?;
        }
        self.body.fmt(f)?;
        if !self.order_by.is_empty() {
            write!(f, " ORDER BY {}", list(&self.order_by))?;
        }
        write!(
            f,
            "{}{}",
            Before(" ", &self.limit),
            Before(" ", &self.offset)
        )?;
        for locking in &self.locking {
            write!(f, " {locking}")?;
        }
        f.write_str(when(self.for_read_only, " FOR READ ONLY"))
    }
}

impl Display for With {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "WITH {}{}",
            when(self.recursive, "RECURSIVE "),
            list(&self.ctes)
        )
    }
}

impl Display for Cte {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        if !self.columns.is_empty() {
            write!(f, " ({})", list(&self.columns))?;
        }
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
            } => {
                let operator = match operator {
                    SetOperator::Union => "UNION",
                    SetOperator::Except => "EXCEPT",
                    SetOperator::Intersect => "INTERSECT",
                };
                let quantifier = match quantifier {
                    SetQuantifier::None => "",
                    SetQuantifier::All => "ALL ",
                    SetQuantifier::Distinct => "DISTINCT ",
                };
                write!(f, "{left} {operator} {quantifier}{right}")
            }
        }
    }
}

impl Display for Select {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("SELECT")?;
        match &self.distinct {
            Distinct::None => {}
            Distinct::All => f.write_str(" ALL")?,
            Distinct::Rows => f.write_str(" DISTINCT")?,
            Distinct::On(exprs) => write!(f, " DISTINCT ON ({})", list(exprs))?,
        }
        if !self.items.is_empty() {
            write!(f, " {}", list(&self.items))?;
        }
        if !self.from.is_empty() {
            write!(f, " FROM {}", list(&self.from))?;
        }
        write!(
            f,
            "{}{}",
            Before(" AS OF SYSTEM TIME ", &self.as_of),
            Before(" WHERE ", &self.filter)
        )?;
        if !self.group_by.is_empty() {
            write!(f, " GROUP BY {}", list(&self.group_by))?;
        }
        write!(f, "{}", Before(" HAVING ", &self.having))?;
        if !self.windows.is_empty() {
            write!(f, " WINDOW {}", list(&self.windows))?;
        }
        Ok(())
    }
}

impl Display for SelectItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Star(_) => f.write_str("*"),
            Self::Expr { expr, alias, .. } => write!(f, "{expr}{}", Before(" AS ", alias)),
        }
    }
}

impl Display for TableRef {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(source) => source.fmt(f),
            Self::Join(join) => join.fmt(f),
        }
    }
}

impl Display for TableSource {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(when(self.lateral, "LATERAL "))?;
        match &self.kind {
            TableSourceKind::Table(table) => table.fmt(f)?,
            TableSourceKind::Query(query) => write!(f, "({query})")?,
            TableSourceKind::Function(function) => function.fmt(f)?,
            TableSourceKind::RowsFrom(functions) => write!(f, "ROWS FROM ({})", list(functions))?,
            TableSourceKind::Statement(statement) => write!(f, "[{statement}]")?,
            TableSourceKind::Nested(inner) => write!(f, "({inner})")?,
        }
        write!(
            f,
            "{}{}",
            when(self.ordinality, " WITH ORDINALITY"),
            Before(" AS ", &self.alias)
        )
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
                if !table.column_names.is_empty() {
                    write!(f, " ({})", list(&table.column_names))?;
                }
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

impl Display for IndexHint {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => index.fmt(f),
            Self::Flags(flags) => write!(f, "{{{}}}", super::Joined(flags, ",")),
        }
    }
}

impl Display for IndexRef {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Id(id) => write!(f, "[{id}]"),
        }
    }
}

impl Display for IndexFlag {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForceIndex(index) => write!(f, "FORCE_INDEX={index}"),
            Self::ForceZigzag(index) => write!(f, "FORCE_ZIGZAG{}", Before("=", index)),
            Self::Family(id) => write!(f, "FAMILY=[{id}]"),
            Self::Direction(direction) => direction.fmt(f),
            Self::Word(keyword) => f.write_str(keyword.as_str()),
        }
    }
}

impl Display for TableAlias {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        if self.columns.is_empty() {
            return Ok(());
        }
        f.write_str(" (")?;
        for (at, (name, data_type)) in self.columns.iter().enumerate() {
            write!(f, "{}{name}{}", when(at > 0, ", "), Before(" ", data_type))?;
        }
        f.write_str(")")
    }
}

impl Display for TableFunction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.call, Before(" AS ", &self.alias))
    }
}

impl Display for Join {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}",
            self.left,
            when(self.condition == JoinCondition::Natural, "NATURAL ")
        )?;
        f.write_str(match self.kind {
            JoinKind::Plain => "",
            JoinKind::Inner => "INNER ",
            JoinKind::Left => "LEFT ",
            JoinKind::Right => "RIGHT ",
            JoinKind::Full => "FULL ",
            JoinKind::Cross => "CROSS ",
        })?;
        f.write_str(match self.hint {
            None => "",
            Some(JoinHint::Hash) => "HASH ",
            Some(JoinHint::Merge) => "MERGE ",
            Some(JoinHint::Lookup) => "LOOKUP ",
            Some(JoinHint::Inverted) => "INVERTED ",
            Some(JoinHint::Straight) => "STRAIGHT ",
        })?;
        write!(f, "JOIN {}", self.right)?;
        match &self.condition {
            JoinCondition::None | JoinCondition::Natural => Ok(()),
            JoinCondition::On(condition) => write!(f, " ON {condition}"),
            JoinCondition::Using(columns) => write!(f, " USING ({})", list(columns)),
        }
    }
}

impl Display for OrderBy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.target {
            OrderTarget::Expr(expr) => expr.fmt(f)?,
            OrderTarget::PrimaryKey(table) => write!(f, "PRIMARY KEY {table}")?,
            OrderTarget::Index { table, index } => write!(f, "INDEX {table}@{index}")?,
        }
        write!(
            f,
            "{}{}",
            Before(" ", &self.direction),
            Before(" ", &self.nulls)
        )
    }
}

impl Display for Direction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ascending => "ASC",
            Self::Descending => "DESC",
        })
    }
}

impl Display for NullsOrder {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::First => "NULLS FIRST",
            Self::Last => "NULLS LAST",
        })
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

impl Display for Offset {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "OFFSET {}{}", self.count, when(self.rows, " ROWS"))
    }
}

impl Display for Locking {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.strength {
            LockStrength::Update => "FOR UPDATE",
            LockStrength::NoKeyUpdate => "FOR NO KEY UPDATE",
            LockStrength::Share => "FOR SHARE",
            LockStrength::KeyShare => "FOR KEY SHARE",
        })?;
        if !self.tables.is_empty() {
            write!(f, " OF {}", list(&self.tables))?;
        }
        f.write_str(match self.wait {
            LockWait::Block => "",
            LockWait::Skip => " SKIP LOCKED",
            LockWait::Error => " NOWAIT",
        })
    }
}

impl Display for Window {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Spec(spec) => spec.fmt(f),
        }
    }
}

impl Display for NamedWindow {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} AS {}", self.name, self.spec)
    }
}

impl Display for WindowSpec {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        f.write_str("(")?;
        if let Some(base) = &self.base {
            base.fmt(f)?;
            separator = " ";
        }
        if !self.partition_by.is_empty() {
            write!(f, "{separator}PARTITION BY {}", list(&self.partition_by))?;
            separator = " ";
        }
        if !self.order_by.is_empty() {
            write!(f, "{separator}ORDER BY {}", list(&self.order_by))?;
            separator = " ";
        }
        if let Some(frame) = &self.frame {
            write!(f, "{separator}{frame}")?;
        }
        f.write_str(")")
    }
}

impl Display for WindowFrame {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.unit {
            FrameUnit::Rows => "ROWS ",
            FrameUnit::Range => "RANGE ",
            FrameUnit::Groups => "GROUPS ",
        })?;
        match &self.end {
            Some(end) => write!(f, "BETWEEN {} AND {end}", self.start)?,
            None => self.start.fmt(f)?,
        }
        f.write_str(match self.exclusion {
            None => "",
            Some(FrameExclusion::CurrentRow) => " EXCLUDE CURRENT ROW",
            Some(FrameExclusion::Group) => " EXCLUDE GROUP",
            Some(FrameExclusion::Ties) => " EXCLUDE TIES",
            Some(FrameExclusion::NoOthers) => " EXCLUDE NO OTHERS",
        })
    }
}

impl Display for FrameBound {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnboundedPreceding => f.write_str("UNBOUNDED PRECEDING"),
            Self::Preceding(distance) => write!(f, "{distance} PRECEDING"),
            Self::CurrentRow => f.write_str("CURRENT ROW"),
            Self::Following(distance) => write!(f, "{distance} FOLLOWING"),
            Self::UnboundedFollowing => f.write_str("UNBOUNDED FOLLOWING"),
        }
    }
}
