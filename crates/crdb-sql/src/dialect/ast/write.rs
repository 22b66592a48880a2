//! Statements that write rows.

use super::expr::Expr;
use super::name::{Ident, ObjectName};
use super::object::DropBehavior;
use super::query::{Limit, OrderBy, Query, SelectItem, TableName, TableRef, With};

/// `INSERT` or `UPSERT`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Insert {
    /// `WITH ..`
    pub with: Option<With>,
    /// Whether it is `UPSERT`.
    pub upsert: bool,
    /// Into which table.
    pub table: TableName,
    /// `AS a`
    pub alias: Option<Ident>,
    /// Into which columns; all when empty.
    pub columns: Vec<Ident>,
    /// `OVERRIDING ..`
    pub overriding: Option<Overriding>,
    /// Which rows.
    pub source: InsertSource,
    /// `ON CONFLICT ..`
    pub on_conflict: Option<Conflict>,
    /// `RETURNING ..`
    pub returning: Option<Returning>,
}

/// Which rows are inserted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InsertSource {
    /// `DEFAULT VALUES`
    Default,
    /// `VALUES ..` or any query
    Query(Box<Query>),
}

/// What of an identity column is overridden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Overriding {
    /// `OVERRIDING SYSTEM VALUE`
    System,
    /// `OVERRIDING USER VALUE`
    User,
}

/// `ON CONFLICT ..`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Conflict {
    /// With what.
    pub target: ConflictTarget,
    /// What is done.
    pub action: ConflictAction,
}

/// With what an insert conflicts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConflictTarget {
    /// With anything.
    Any,
    /// `(a, b) WHERE c`
    Columns {
        /// The columns.
        columns: Vec<Ident>,
        /// The predicate of a partial index.
        filter: Option<Expr>,
    },
    /// `ON CONSTRAINT a`
    Constraint(Ident),
}

/// What is done on a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConflictAction {
    /// `DO NOTHING`
    Nothing,
    /// `DO UPDATE SET ..`
    Update {
        /// What is set.
        assignments: Vec<Assignment>,
        /// `WHERE ..`
        filter: Option<Expr>,
    },
}

/// `a = 1`, `a[1] = 1` or `(a, b) = (1, 2)`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Assignment {
    /// One column, or several in parentheses.
    pub columns: Vec<Ident>,
    /// `[1]` behind one column: only an element is set.
    pub subscripts: Vec<super::expr::Subscript>,
    /// Whether the columns are in parentheses.
    pub tuple: bool,
    /// The value: for several columns a tuple or a query.
    pub value: Expr,
}

/// What a write returns.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Returning {
    /// `RETURNING NOTHING`
    Nothing,
    /// `RETURNING a, b`
    Items(Vec<SelectItem>),
}

/// `UPDATE`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Update {
    /// `WITH ..`
    pub with: Option<With>,
    /// Which table.
    pub table: TableName,
    /// `AS a`
    pub alias: Option<Ident>,
    /// What is set.
    pub assignments: Vec<Assignment>,
    /// `FROM ..`
    pub from: Vec<TableRef>,
    /// `WHERE ..`
    pub filter: Option<Expr>,
    /// `ORDER BY ..`
    pub order_by: Vec<OrderBy>,
    /// `LIMIT ..`
    pub limit: Option<Limit>,
    /// `RETURNING ..`
    pub returning: Option<Returning>,
}

/// `DELETE`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Delete {
    /// `WITH ..`
    pub with: Option<With>,
    /// `BATCH (SIZE a)`: the sizes.
    pub batch: Option<Vec<Expr>>,
    /// From which table.
    pub table: TableName,
    /// `AS a`
    pub alias: Option<Ident>,
    /// `USING ..`
    pub using: Vec<TableRef>,
    /// `WHERE ..`
    pub filter: Option<Expr>,
    /// `ORDER BY ..`
    pub order_by: Vec<OrderBy>,
    /// `LIMIT ..`
    pub limit: Option<Limit>,
    /// `RETURNING ..`
    pub returning: Option<Returning>,
}

/// `TRUNCATE`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Truncate {
    /// Which tables.
    pub tables: Vec<ObjectName>,
    /// `CASCADE`, `RESTRICT`
    pub behavior: Option<DropBehavior>,
}
