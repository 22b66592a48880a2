//! Statements that write rows.

use super::expr::Expr;
use super::name::{Ident, ObjectName};
use super::object::DropBehavior;
use super::query::{Limit, OrderBy, Query, SelectItem, TableName, TableRef, With};

tree! {
    /// `INSERT` or `UPSERT`.
    pub struct Insert: Display {
        /// `WITH ..`
        pub with: Option<With> => "" .. " ",
        /// Whether it is `UPSERT`.
        pub upsert: bool => "UPSERT INTO " .. "INSERT INTO ",
        /// Into which table.
        pub table: TableName as Write => "",
        /// `AS a`
        pub alias: Option<Ident> => " AS ",
        /// Into which columns; all when empty.
        pub columns: Vec<Ident> => " (" .. ")",
        /// `OVERRIDING ..`
        pub overriding: Option<Overriding> => " ",
        /// Which rows.
        pub source: InsertSource => "",
        /// `ON CONFLICT ..`
        pub on_conflict: Option<Conflict> => " ",
        /// `RETURNING ..`
        pub returning: Option<Returning> => " ",
    }

    /// Which rows are inserted.
    #[non_exhaustive]
    pub enum InsertSource: Display {
        /// `DEFAULT VALUES`
        Default => " DEFAULT VALUES",
        /// `VALUES ..` or any query
        Query(Box<Query>) => " ",
    }

    /// `ON CONFLICT ..`.
    pub struct Conflict: Display {
        /// With what.
        pub target: ConflictTarget => "ON CONFLICT",
        /// What is done.
        pub action: ConflictAction => "",
    }

    /// With what an insert conflicts.
    #[non_exhaustive]
    pub enum ConflictTarget: Display {
        /// With anything.
        Any,
        /// `(a, b) WHERE c`
        Columns {
            /// The columns.
            columns: Vec<Ident> => " (" .. ")",
            /// The predicate of a partial index.
            filter: Option<Expr> => " WHERE ",
        },
        /// `ON CONSTRAINT a`
        Constraint(Ident) => " ON CONSTRAINT ",
    }

    /// What is done on a conflict.
    #[non_exhaustive]
    pub enum ConflictAction: Display {
        /// `DO NOTHING`
        Nothing => " DO NOTHING",
        /// `DO UPDATE SET ..`
        Update {
            /// What is set.
            assignments: Vec<Assignment> => " DO UPDATE SET ",
            /// `WHERE ..`
            filter: Option<Expr> => " WHERE ",
        },
    }

    /// `a = 1`, `a[1] = 1` or `(a, b) = (1, 2)`.
    pub struct Assignment: Shown {
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
    #[non_exhaustive]
    pub enum Returning: Display {
        /// `RETURNING NOTHING`
        Nothing => "RETURNING NOTHING",
        /// `RETURNING a, b`
        Items(Vec<SelectItem>) => "RETURNING ",
    }

    /// `UPDATE`.
    pub struct Update: Display {
        /// `WITH ..`
        pub with: Option<With> => "" .. " ",
        /// Which table.
        pub table: TableName as Write => "UPDATE ",
        /// `AS a`
        pub alias: Option<Ident> => " AS ",
        /// What is set.
        pub assignments: Vec<Assignment> => " SET ",
        /// `FROM ..`
        pub from: Vec<TableRef> => " FROM ",
        /// `WHERE ..`
        pub filter: Option<Expr> => " WHERE ",
        /// `ORDER BY ..`
        pub order_by: Vec<OrderBy> => " ORDER BY ",
        /// `LIMIT ..`
        pub limit: Option<Limit> => " ",
        /// `RETURNING ..`
        pub returning: Option<Returning> => " ",
    }

    /// `DELETE`.
    pub struct Delete: Shown {
        /// `WITH ..`
        pub with: Option<With>,
        /// `BATCH (SIZE a)`: the sizes.
        pub batch: Option<Vec<Expr>>,
        /// From which table.
        pub table: TableName as Write,
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
    pub struct Truncate: Display {
        /// Which tables.
        pub tables: Vec<ObjectName> as Write => "TRUNCATE TABLE ",
        /// `CASCADE`, `RESTRICT`
        pub behavior: Option<DropBehavior> => " ",
    }
}

words! {
    /// What of an identity column is overridden.
    pub enum Overriding {
        System = OVERRIDING SYSTEM VALUE,
        User = OVERRIDING USER VALUE,
    }
}
